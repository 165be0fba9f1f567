//! Recording a record again changes nothing, no secret remains, and the order of texts does not matter.

use super::super::find::corpus;
use super::super::find::random::Random;
use super::*;

fn recorded(texts: &[String], names: bool) -> Vec<String> {
    recorded_with_map(texts, names).0
}

fn recorded_with_map(texts: &[String], names: bool) -> (Vec<String>, PseudonymMap) {
    let mut map = PseudonymMap::new(String::new(), RegexSet::empty(), names, &BTreeMap::new());
    texts.iter().for_each(|text| map.add_text(text, None));
    map.assign();
    let texts = texts.iter().map(|text| map.redact_text(text, None)).collect();
    (texts, map)
}

/// Whether a text contains a word that is not part of a longer one.
fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        !before.into_iter().chain(after).any(char::is_alphanumeric)
    })
}

#[track_caller]
fn check(text: &str, names: bool, want: &str) {
    let first = recorded(&[text.to_owned()], names);
    assert_eq!(first, [want]);
    assert_eq!(recorded(&first, names), [want]);
}

#[test]
fn text_attached_to_a_pseudonym_is_no_identifier() {
    check("user=bob+ and", false, "user=account-1 and");
    check("Authorization: Bearer jbMP5Vo1YsWmQjWV=iO80eSP5YHViw3GJ", false, "Authorization: Bearer REDACTED-1");
    check("GET /%10.1.2.3", false, "GET /%198.18.0.1");
    for end in ["", "\\n-\\nEND", " -x"] {
        for line in ["\n", "\\n", "\\\\n", "\r\n"] {
            let text = format!("-----BEGIN CERTIFICATE-----{line}REDACTED-5{end}");
            check(&text, false, &text);
        }
    }
    check("-----BEGIN CERTIFICATE-----\\nMIIBqR7tY2uI", false, "-----BEGIN CERTIFICATE-----\\nREDACTED-1");
}

#[test]
fn the_rest_of_a_host_after_an_address_is_a_host() {
    check("dial 10-0-0-3.shop.pod.cluster.local", true, "dial 198-18-0-1.host-1.pod.cluster.local");
    check("dial 10-0-0-3.shop.pod.cluster.local", false, "dial 198-18-0-1.shop.pod.cluster.local");
    check("node ip-10-1-2-7.ec2.internal", true, "node ip-198-18-0-1.ec2.internal");
    check("dial tcp 10.0.0.3.nip.io:80", true, "dial tcp 198.18.0.1.nip.io:80");
}

/// A sample without its marks, with a few random changes.
fn damaged(random: &mut Random, samples: &[(String, String)]) -> String {
    const PARTS: [&str; 26] = [
        "",
        "",
        "",
        " ",
        "+",
        "https",
        ",",
        "\n",
        "@",
        "/",
        ":",
        "=",
        "\"",
        "&",
        "\\n",
        "%",
        ".",
        "-",
        "://",
        "account-2",
        "REDACTED-3",
        "user1@example.com",
        "\\",
        ";",
        "password=",
        "198.18.0.1",
    ];
    let mut text = String::new();
    for _ in 0..=random.below(3) {
        let (_, sample) = &samples[random.below(samples.len())];
        text.push_str(&random.expand(&sample.replace(['«', '»'], "")));
        text.push_str(PARTS[random.below(PARTS.len())]);
    }
    for _ in 0..random.below(4) {
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let start = random.below(boundaries.len());
        let end = (start + random.below(5)).min(boundaries.len() - 1);
        let part = PARTS[random.below(PARTS.len())];
        text.replace_range(boundaries[start]..boundaries[end], part);
    }
    text
}

#[test]
fn damaged_texts_keep_no_secret_and_do_not_change_again() {
    let cases = std::env::var("AMP_RULES_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(500);
    let samples: Vec<_> = [corpus::kinds(), corpus::trials(), corpus::harmless()].concat();
    let mut problems = Vec::new();
    for seed in 0..cases {
        let mut random = Random(seed);
        let texts: Vec<String> = (0..=random.below(3)).map(|_| damaged(&mut random, &samples)).collect();
        let names = seed % 2 == 1;
        let (first, map) = recorded_with_map(&texts, names);
        let again = recorded(&first, names);
        if first != again {
            problems.push(format!("{seed} {names}: {texts:?}\n    {first:?}\n    {again:?}"));
        }
        let secrets =
            map.replaced().filter(|one| one.kind == IdentifierKind::Secret && one.original.len() >= MIN_SECRET);
        for secret in secrets.filter(|secret| first.iter().any(|text| contains_word(text, &secret.original))) {
            problems.push(format!("{seed} {names}: {texts:?}\n    {first:?}\n    remains: {}", secret.original));
        }
        let reversed: Vec<String> = texts.iter().rev().cloned().collect();
        if !recorded(&reversed, names).iter().rev().eq(&first) {
            problems.push(format!("{seed} {names}: {texts:?}\n    another order\n    {first:?}"));
        }
    }
    assert!(problems.is_empty(), "{} of {cases}\n{}", problems.len(), problems.join("\n"));
}
