//! Secrets and personal data in the notations of logs, configuration, code, headers, URLs and tables.
//!
//! Each text is written once, as a person would; the notations that a program makes of it are in [`super::notations`].

use super::corpus::trials;
use super::kind::Class;
use super::notations::{covers, json, percent};
use super::random::{Random, base64};
use super::search::find;

/// The ranges between the marks, and the text without them.
fn marked(sample: &str) -> (String, Vec<std::ops::Range<usize>>) {
    let (mut text, mut ranges) = (String::new(), Vec::new());
    let mut rest = sample;
    while let Some((before, after)) = rest.split_once('«') {
        let (secret, next) = after.split_once('»').unwrap();
        text.push_str(before);
        ranges.push(text.len()..text.len() + secret.len());
        text.push_str(secret);
        rest = next;
    }
    text.push_str(rest);
    (text, ranges)
}

#[test]
fn trials_are_found() {
    let mut problems = Vec::new();
    for (seed, (_, sample)) in trials().iter().enumerate() {
        let (text, ranges) = marked(&Random(seed as u64 + 77).expand(sample));
        // Hosts are replaced on request only.
        let found: Vec<_> = find(&text, None).into_iter().filter(|one| one.class != Class::Host).collect();
        for range in ranges {
            if !covers(&found, range) {
                let found: Vec<_> = found.iter().map(|one| (one.kind, &text[one.range.clone()])).collect();
                problems.push(format!("{text}\n    {found:?}"));
                break;
            }
        }
    }
    assert!(problems.is_empty(), "{} of {}\n{}", problems.len(), trials().len(), problems.join("\n"));
}

#[test]
fn trials_are_found_in_messages() {
    type Wrap = (&'static str, fn(&str) -> String);
    let wrap: [Wrap; 4] = [
        ("JSON", |text| format!("{{\"message\":\"{}\",\"n\":1}}", json(text))),
        ("JSON in JSON", |text| format!("{{\"m\":\"{}\"}}", json(&format!("{{\"message\":\"{}\"}}", json(text))))),
        ("base64", |text| format!("payload: {}", base64(&format!("the line: {text}")))),
        ("percent", |text| format!("GET /x?log={}", percent(text))),
    ];
    let mut problems = Vec::new();
    for (seed, (_, sample)) in trials().iter().enumerate() {
        let (text, ranges) = marked(&Random(seed as u64 + 77).expand(sample));
        for (name, wrap) in wrap {
            let whole = wrap(&text);
            let mut left = whole.clone();
            for one in find(&whole, None).into_iter().rev().filter(|one| one.class != Class::Host) {
                left.replace_range(one.range, "□");
            }
            let secret = |range: &std::ops::Range<usize>| match name {
                "JSON" => json(&text[range.clone()]),
                "JSON in JSON" => json(&json(&text[range.clone()])),
                "percent" => percent(&text[range.clone()]),
                _ => base64(&format!("the line: {text}")),
            };
            if ranges.iter().any(|range| left.contains(&secret(range))) {
                problems.push(format!("{name}: {whole}\n    {left}"));
            }
        }
    }
    assert!(problems.is_empty(), "{} of {}\n{}", problems.len(), trials().len() * 4, problems.join("\n"));
}
