//! A synthetic secret of every kind, assembled at run time, is found in every notation.

use std::collections::BTreeSet;
use std::ops::Range;

use super::corpus;
use super::kind::{Class, Found};
use super::random::{Random, base64};
use super::search::{find, kinds, of_kind};

pub(super) fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

pub(super) fn json(text: &str) -> String {
    let quoted = serde_json::to_string(text).unwrap();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The parts of `ranges` that lie within `secret` cover it.
fn is_covered(secret: Range<usize>, ranges: impl Iterator<Item = Range<usize>>) -> bool {
    let mut at = secret.start;
    for range in ranges {
        if range.start <= at && range.end > at {
            at = range.end;
        }
    }
    at >= secret.end
}

/// Whether finds cover a range.
pub(super) fn covers(found: &[Found], range: Range<usize>) -> bool {
    is_covered(range, found.iter().map(|one| one.range.clone()))
}

/// The sample before the secret, the secret, and the rest.
fn parts(sample: &str) -> [String; 3] {
    let (before, rest) = sample.split_once('«').unwrap();
    let (secret, after) = rest.split_once('»').unwrap();
    [before, secret, after].map(str::to_owned)
}

#[test]
fn every_kind_has_a_sample_and_finds_it() {
    let samples = corpus::kinds();
    let sampled: BTreeSet<&str> = samples.iter().map(|(name, _)| name.as_str()).collect();
    let mut problems = Vec::new();
    for (name, _, _) in kinds() {
        if !sampled.contains(name) {
            problems.push(format!("{name}: no sample"));
        }
    }
    for (seed, (name, sample)) in corpus::kinds().iter().enumerate() {
        let text = Random(seed as u64 + 1).expand(sample);
        let [before, secret, after] = parts(&text);
        let whole = format!("{before}{secret}{after}");
        let range = before.len()..before.len() + secret.len();
        if !is_covered(range, of_kind(name, &whole).into_iter()) {
            problems.push(format!("{name}: {whole}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn samples_are_found_in_every_notation() {
    /// Name, start, end, and how the sample is written between them.
    type Notation = (&'static str, &'static str, &'static str, fn(&str) -> String);
    let encode: [Notation; 8] = [
        ("log line", "2025-08-04T12:00:00Z E0804 pod/x-1 failed: ", " (retry 3 of 5)", str::to_owned),
        ("cell", "", "", str::to_owned),
        ("JSON", "{\"level\":\"error\",\"message\":\"", "\",\"code\":7}", json),
        ("JSON in JSON", "{\\\"a\\\":{\\\"message\\\":\\\"", "\\\"}}", |text| json(&json(text))),
        ("YAML", "list:\n  - ", "\n  - b: 1\n", str::to_owned),
        ("URL", "GET https://h.example.com/p?x=", "&y=1", percent),
        ("twice percent-encoded", "GET https://h.example.com/p?x=", "&y=1", |text| percent(&percent(text))),
        ("quotes", "error \"", "\" at line 3", |text| text.replace('"', "\\\"")),
    ];
    let mut problems = Vec::new();
    for (seed, (name, sample)) in corpus::kinds().iter().enumerate() {
        for round in 0..4 {
            let text = Random(seed as u64 * 7 + round).expand(sample);
            let [before, secret, after] = parts(&text);
            for (notation, start, end, encode) in encode {
                let start = format!("{start}{}", encode(&before));
                let whole = format!("{start}{}{}{end}", encode(&secret), encode(&after));
                let range = start.len()..start.len() + encode(&secret).len();
                let found = find(&whole, None);
                let ordered = found.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start);
                if !is_covered(range, found.iter().map(|one| one.range.clone())) || !ordered {
                    problems.push(format!("{name} in {notation}: {whole}\n    {found:?}"));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{} problems\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn pseudonyms_are_not_found_again() {
    let mut problems = Vec::new();
    for (seed, (name, sample)) in corpus::kinds().iter().enumerate() {
        let [before, secret, after] = parts(&Random(seed as u64 + 1).expand(sample));
        let mut text = format!("{before}{secret}{after}");
        for one in find(&text, None).into_iter().rev() {
            let pseudonym = match one.class {
                Class::Id => "00000000-0000-4000-8000-000000000001",
                Class::Mail => "user1@example.com",
                Class::Address if text[one.range.clone()].contains(':') => "2001:db8::1",
                Class::Address => "198.18.0.1",
                Class::Mac => "02:00:00:00:00:01",
                Class::Account => "account-1",
                Class::Host => "host-1.example.com",
                Class::Secret | Class::Personal | Class::Name | Class::Doubtful => "REDACTED-1",
            };
            let pseudonym = one.class.in_notation_of(&text[one.range.clone()], pseudonym);
            text.replace_range(one.range, &pseudonym);
        }
        let again: Vec<_> = find(&text, None).into_iter().filter(|one| one.class != Class::Host).collect();
        if !again.is_empty() {
            problems.push(format!("{name}: {text}\n    {again:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn base64_of_a_secret_is_found_whole() {
    for (seed, sample) in [
        "{\"user\":\"a\",\"password\":\"@{a9}\"}",
        "mail @{c6}@contoso.com from 10.1.2.3",
        "{\"auths\":{\"r.io\":{\"auth\":\"@{a20}\"}}}",
    ]
    .iter()
    .enumerate()
    {
        let secret = base64(&Random(seed as u64).expand(sample));
        for text in [format!("payload={secret}"), format!("{{\"data\":\"{secret}\"}}"), base64(&secret)] {
            let start = text.find(&secret).unwrap_or(0);
            let length = if start == 0 { text.len() } else { secret.len() };
            let found = find(&text, None);
            assert!(is_covered(start..start + length, found.iter().map(|one| one.range.clone())), "{text} {found:?}");
        }
    }
}
