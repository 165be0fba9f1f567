//! Texts of telemetry that resemble identifiers and secrets, and pseudonyms, are not found.

use super::corpus::harmless;
use super::kind::Class;
use super::search::find;

#[test]
fn false_friends_are_not_found() {
    let mut problems = Vec::new();
    for (_, text) in harmless() {
        let found = find(&text, None);
        let wrong: Vec<_> = found
            .iter()
            .filter(|one| one.class != Class::Host)
            .map(|one| (one.kind, &text[one.range.clone()]))
            .collect();
        if !wrong.is_empty() {
            problems.push(format!("{text}\n    {wrong:?}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn finds_keep_their_class() {
    use Class::{Account, Address, Host, Id, Mail, Secret};
    let id = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";
    for (text, want) in [
        (format!("/subscriptions/{id}/resourceGroups/g"), vec![(Id, id)]),
        (format!("tenant_{id}.log and {{{id}}}"), vec![(Id, id), (Id, id)]),
        (format!("InstrumentationKey={id};"), vec![(Id, id)]),
        ("mail a.b+c@shop.example.com now".to_owned(), vec![(Mail, "a.b+c@shop.example.com")]),
        (r#"{"a@b.example.com":1}"#.to_owned(), vec![(Mail, "a@b.example.com")]),
        ("dial tcp 10.0.3.7:443: refused".to_owned(), vec![(Address, "10.0.3.7")]),
        ("from 10.0.3.7. Then".to_owned(), vec![(Address, "10.0.3.7")]),
        (
            "route 10.0.0.0/16 to 10.0.0.4-10.0.0.9".to_owned(),
            vec![(Address, "10.0.0.0"), (Address, "10.0.0.4"), (Address, "10.0.0.9")],
        ),
        (
            "10.0.3.7_8080 node-10.0.3.8 10.0.3.9.nip.io".to_owned(),
            vec![(Address, "10.0.3.7"), (Address, "10.0.3.8"), (Address, "10.0.3.9")],
        ),
        ("[fe80::1c2d]:80".to_owned(), vec![(Address, "fe80::1c2d")]),
        ("Authorization: Bearer abcdefghijklmnop123".to_owned(), vec![(Secret, "abcdefghijklmnop123")]),
        ("jwt eyJhbGciOiJI.eyJzdWIi.c2ln ok".to_owned(), vec![(Secret, "eyJhbGciOiJI.eyJzdWIi.c2ln")]),
        ("https://x?sig=AbC%2Fdef123&se=1".to_owned(), vec![(Secret, "AbC%2Fdef123")]),
        ("contoso\\anna".to_owned(), vec![(Account, "contoso\\anna")]),
        ("see contoso\\anna or win\\x64".to_owned(), vec![]),
        ("owned by contoso\\anna.".to_owned(), vec![(Account, "contoso\\anna")]),
        (r#"{"password":"hunter22"}"#.to_owned(), vec![(Secret, "hunter22")]),
        ("login a\\nbob@b.example.com".to_owned(), vec![(Mail, "bob@b.example.com")]),
        (
            "get https://amw-shop-x1.eastus-1.metrics.ingest.monitor.azure.com/v1".to_owned(),
            vec![(Host, "amw-shop-x1.eastus-1.metrics.ingest.monitor.azure.com")],
        ),
    ] {
        let found = find(&text, None);
        let found: Vec<(Class, &str)> = found.iter().map(|one| (one.class, &text[one.range.clone()])).collect();
        assert_eq!(found, want, "{text}");
    }
}
