//! What the map replaces, and by what.

use super::*;

fn map(texts: &[&str], names: bool) -> PseudonymMap {
    let tests = RegexSet::new([r"lookup \S*ksm\S* failed"]).unwrap();
    let mut map = PseudonymMap::new("named-by-a-rule.example.com".to_owned(), tests, names, &BTreeMap::new());
    map.add_word("Contoso");
    map.add_subject("/subscriptions/1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed/resourceGroups/shop-rg/providers/Microsoft.ContainerService/managedClusters/shop-prod");
    texts.iter().for_each(|text| map.add_text(text, None));
    map.assign();
    map
}

fn redacted(map: &mut PseudonymMap, cell: &serde_json::Value) -> serde_json::Value {
    map.redact_value("customDimensions", cell)
}

/// The same texts after those of an earlier record.
fn map_after(known: &[(&str, &str)], texts: &[&str]) -> PseudonymMap {
    let known = known.iter().map(|(original, pseudonym)| ((*original).to_owned(), (*pseudonym).to_owned())).collect();
    let mut map = PseudonymMap::new(String::new(), RegexSet::empty(), false, &known);
    texts.iter().for_each(|text| map.add_text(text, None));
    map.assign();
    map
}

#[test]
fn every_spelling_of_an_identifier_gets_one_pseudonym() {
    let text =
        "1B9D6BCD-BBFD-4B2D-9B5D-AB8DFBBD4BED at 10.0.0.9, a@b.example.com, 0a9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";
    let other = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed A@B.example.com CONTOSO contosos";
    let mut map = map(&[text, other], false);
    assert_eq!(
        map.redact_text(text, None),
        "00000000-0000-4000-8000-000000000002 at 198.18.0.1, user1@example.com, 00000000-0000-4000-8000-000000000001"
    );
    assert_eq!(map.redact_text(other, None), "00000000-0000-4000-8000-000000000002 user1@example.com name-1 contosos");
    let found: Vec<(IdentifierKind, u64)> = map.replaced().map(|one| (one.kind, one.times)).collect();
    assert_eq!(
        found,
        [
            (IdentifierKind::Id, 1),
            (IdentifierKind::Id, 2),
            (IdentifierKind::Mail, 2),
            (IdentifierKind::Address, 1),
            (IdentifierKind::Name, 1)
        ]
    );
}

#[test]
fn names_are_replaced_on_request_only() {
    let text =
        "shop-prod in SHOP-RG asks eu.shop.example.com and named-by-a-rule.example.com of Microsoft.ContainerService";
    assert_eq!(map(&[text], false).redact_text(text, None), text);
    assert_eq!(
        map(&[text], true).redact_text(text, None),
        "name-2 in name-3 asks host-1.shop.example.com and named-by-a-rule.example.com of Microsoft.ContainerService"
    );
}

#[test]
fn a_host_that_a_line_test_depends_on_is_kept_in_every_line() {
    let texts =
        ["at a-ksm-1.shop.example.com", "lookup a-ksm-1.shop.example.com failed", "lookup b.shop.example.com failed"];
    let mut map = map(&texts, true);
    assert_eq!(
        texts.map(|text| map.redact_text(text, None)),
        [texts[0], texts[1], "lookup host-1.shop.example.com failed"]
    );
}

#[test]
fn secrets_personal_numbers_and_doubtful_texts_are_numbered_together() {
    // A word that ends within a secret does not keep the rest of the secret.
    let mut overlap = map(&["password=x+Contoso.fish9"], false);
    overlap.add_word("password=x+contoso");
    overlap.assign();
    assert_eq!(overlap.redact_text("password=x+Contoso.fish9", None), "name-2REDACTED-1");
    let texts = ["password=swordfish", "phone: 0151 2345 6789", "see qR7tY2uI9oP4aS6dF8gH1jK", "a swordfish swam"];
    let mut map = map(&texts, false);
    assert_eq!(
        texts.map(|text| map.redact_text(text, None)),
        ["password=REDACTED-1", "phone: REDACTED-2", "see REDACTED-3", "a REDACTED-1 swam"]
    );
}

#[test]
fn pseudonyms_have_the_notation_of_the_original() {
    let texts = [
        "ether 00:0d:3a:1b:1f:2c and 00-0D-3A-1B-1F-2C",
        "1b9d6bcdbbfd4b2d9b5dab8dfbbd4bed is 1B9D6BCD-BBFD-4B2D-9B5D-AB8DFBBD4BED",
        "node ip-10-1-2-7.ec2.internal has 10.1.2.7",
        "open /home/jdoe/.kube/config",
    ];
    let mut map = map(&texts, false);
    assert_eq!(
        texts.map(|text| map.redact_text(text, None)),
        [
            "ether 02:00:00:00:00:01 and 02:00:00:00:00:01",
            "00000000000040008000000000000001 is 00000000-0000-4000-8000-000000000001",
            "node ip-198-18-0-1.ec2.internal has 198.18.0.1",
            "open /home/account-1/.kube/config",
        ]
    );
    let ids: Vec<String> =
        map.replaced().filter(|one| one.kind == IdentifierKind::Id).map(|one| one.original).collect();
    assert_eq!(ids, ["1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed"]);
}

#[test]
fn property_names_and_numbers_are_replaced() {
    let cell = serde_json::json!({
        "a@b.example.com": [1, "swordfish"],
        "password": "swordfish",
        "cardNumber": 4_111_111_111_111_111_u64,
        "count": 4_111_111_111_111_111_u64,
    });
    let mut map = map(&[], false);
    map.add_cell("customDimensions", &cell);
    map.assign();
    let want = serde_json::json!({
        "user1@example.com": [1, "REDACTED-1"],
        "password": "REDACTED-1",
        "cardNumber": "REDACTED-2",
        "count": 4_111_111_111_111_111_u64,
    });
    assert_eq!(redacted(&mut map, &cell), want);
}

#[test]
fn names_in_resource_ids_are_replaced_on_request() {
    let texts = ["/resourceGroups/other-rg/providers/Microsoft.Compute/disks/data-7", "attach data-7"];
    assert_eq!(texts.map(|text| map(&texts, false).redact_text(text, None)), texts);
    assert_eq!(map(&texts, true).redact_text(texts[1], None), "attach name-2");
}

#[test]
fn short_names_are_replaced_in_resource_ids_only() {
    let texts = ["/resourceGroups/rg1/providers/Microsoft.Compute/disks/d", "rg1 and d"];
    let mut map = map(&texts, true);
    assert_eq!(
        texts.map(|text| map.redact_text(text, None)),
        ["/resourceGroups/name-3/providers/Microsoft.Compute/disks/name-2", "rg1 and d"]
    );
}

#[test]
fn replaced_identifiers_do_not_remain() {
    let text = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed 10.1.2.3 fe80::77 x@y.example.com password=swordfish";
    let redacted = map(&[text], true).redact_text(text, None);
    for part in ["1b9d6bcd", "10.1.2.3", "fe80", "x@y", "swordfish"] {
        assert!(!redacted.contains(part), "{redacted}");
    }
}

#[test]
fn a_pseudonym_of_the_input_is_never_given_to_another_value() {
    let texts = [
        "password=REDACTED-1 and token=REDACTED-3",
        "password=swordfish passwd=dogfish77 pwd=catfish99",
        "00000000-0000-4000-8000-000000000001 is not 1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
        "198.18.0.1 and ip-198-18-0-2.ec2.internal are not 10.1.2.3, user1%40example.com is not a@contoso.com",
        "02:00:00:00:00:01 is not 00:0d:3a:1b:1f:2c, /home/account-1/x is not /home/jdoe/x",
    ];
    let mut map = map(&texts, false);
    assert_eq!(
        texts.map(|text| map.redact_text(text, None)),
        [
            "password=REDACTED-1 and token=REDACTED-3",
            "password=REDACTED-5 passwd=REDACTED-4 pwd=REDACTED-2",
            "00000000-0000-4000-8000-000000000001 is not 00000000-0000-4000-8000-000000000002",
            "198.18.0.1 and ip-198-18-0-2.ec2.internal are not 198.18.0.3, user1%40example.com is not user2@example.com",
            "02:00:00:00:00:01 is not 02:00:00:00:00:02, /home/account-1/x is not /home/account-2/x",
        ]
    );
}

#[test]
fn pseudonyms_of_an_earlier_record_are_kept() {
    let known = [
        ("swordfish", "REDACTED-1"),
        ("10.1.2.3", "198.18.0.7"),
        ("1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "00000000-0000-4000-8000-000000000009"),
    ];
    let texts =
        ["password=angelfish host 10.1.2.4", "from 10.1.2.3: a swordfish swam, 1b9d6bcdbbfd4b2d9b5dab8dfbbd4bed"];
    let mut map = map_after(&known, &texts);
    assert_eq!(
        texts.map(|text| map.redact_text(text, None)),
        ["password=REDACTED-2 host 198.18.0.1", "from 198.18.0.7: a REDACTED-1 swam, 00000000000040008000000000000009",]
    );
}

#[test]
fn one_value_has_one_pseudonym_also_as_another_kind() {
    let texts =
        ["ssn=078051120", "password=078051120", "see qR7tY2uI9oP4aS6dF8gH1jK", "token: qR7tY2uI9oP4aS6dF8gH1jK"];
    let mut map = map(&texts, false);
    let got = texts.map(|text| map.redact_text(text, None));
    assert_eq!(got, ["ssn=REDACTED-1", "password=REDACTED-1", "see REDACTED-2", "token: REDACTED-2"]);
}

#[test]
fn given_words_are_found_in_any_case_and_encoding_and_reported() {
    let mut map = PseudonymMap::new(String::new(), RegexSet::empty(), false, &BTreeMap::new());
    ["M\u{fc}ller Gmbh", "shop", "SHOP", "absent"].iter().for_each(|word| map.add_word(word));
    map.assign();
    let text =
        r#"of M\u00dcLLER GMBH, m%C3%BCller%20gmbh, \nShop, shop-a and shopping; {"x":"bcO8bGxlciBnbWJoIHNob3A="}"#;
    let encoded = find::encode_base64("of m\u{fc}ller gmbh and shops", false);
    let got = map.redact_text(text, None);
    assert_eq!(got, r#"of name-2, name-2, \nname-3, name-3-a and shopping; {"x":"bmFtZS0yIG5hbWUtMw=="}"#);
    let got = map.redact_text(&format!("x {encoded} y"), None);
    assert_eq!(got, format!("x {} y", find::encode_base64("of name-2 and shops", false)));
    let given: Vec<(String, u64, u64)> = map.given().into_iter().map(|one| (one.word, one.times, one.within)).collect();
    assert_eq!(given, [("M\u{fc}ller Gmbh".to_owned(), 4, 0), ("shop".to_owned(), 3, 1), ("absent".to_owned(), 0, 0)]);
}

#[test]
fn a_longer_name_hides_no_shorter_one() {
    let mut map = map(&[], false);
    ["shop", "shop-prod"].iter().for_each(|word| map.add_word(word));
    map.assign();
    assert_eq!(map.redact_text("shop-production shop-prod", None), "name-2-production name-3");
}

#[test]
fn neighbours_decide_what_a_value_is() {
    let cell = serde_json::json!({
        "settings": [{"name": "AccountKey", "value": "swordfish"}, {"name": "color", "value": "blue-green"}],
        "args": ["--password", "dogfish"],
        "table": {"columns": ["who", "password"], "rows": [["fish", "catfish"]]},
    });
    let mut map = map(&[], false);
    map.add_cell("customDimensions", &cell);
    map.assign();
    let want = serde_json::json!({
        "settings": [{"name": "AccountKey", "value": "REDACTED-3"}, {"name": "color", "value": "blue-green"}],
        "args": ["--password", "REDACTED-2"],
        "table": {"columns": ["who", "password"], "rows": [["fish", "REDACTED-1"]]},
    });
    assert_eq!(redacted(&mut map, &cell), want);
}

#[test]
fn notations_of_one_value_as_property_names_keep_their_values() {
    let cell = serde_json::json!({"a@b.example.com": 1, "A@B.example.com": 2});
    let mut map = map(&[], false);
    map.add_cell("customDimensions", &cell);
    map.assign();
    let want = serde_json::json!({"user1@example.com": 2, "user1@example.com (2)": 1});
    assert_eq!(redacted(&mut map, &cell), want);
}
