//! Replaces identifiers by pseudonyms, the same identifier by the same pseudonym in every table.
//!
//! Input: first every text in which identifiers will be replaced, then the texts again. Output: texts without identifiers.
//! Pseudonyms are numbered in the order of the identifiers, so they do not depend on the order of rows and sort like the
//! originals. They keep the format: the pseudonym of a GUID is a GUID, that of an IP address is an IP address.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::Row;
use regex::RegexSet;
use serde_json::{Map, Value};

use super::find::{self, Class as IdentifierKind, find, resource_names};

/// The minimum length of a name in characters. Shorter ones are too common to be replaced in every text.
const MIN_NAME: usize = 4;

/// The minimum length in bytes of a secret that is replaced wherever it occurs as a word. Shorter ones may be common words.
const MIN_SECRET: usize = 8;

/// The minimum length in bytes of a secret or a personal number that a rule may contain.
const MIN_PROTECTED: usize = 6;

/// Parts of property names, in lower case, whose numbers may be personal numbers or secrets. Other numbers remain.
const NUMBER_KEYS: &[&str] = &[
    "card", "ssn", "social", "phone", "mobile", "msisdn", "fax", "passport", "password", "passwd", "pwd", "cvv", "cvc",
];

/// The maximum number of property names without identifiers that are remembered.
const MAX_PLAIN: usize = 10_000;

/// Columns and attributes that contain host names, compared without case.
const HOST_COLUMNS: &[&str] = &["computer", "host", "hostname", "node", "nodename", "machine"];

/// A replaced identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The kind of identifier.
    pub kind: IdentifierKind,
    /// The normalized identifier: in lower case unless it is a secret, a GUID with dashes.
    pub original: String,
    /// The pseudonym.
    pub replacement: String,
    /// The number of replaced occurrences.
    pub times: u64,
}

/// Identifiers with their pseudonyms.
#[derive(Debug)]
pub struct PseudonymMap {
    /// The pseudonym and the number of replaced occurrences, by kind and normalized identifier.
    entries: BTreeMap<(IdentifierKind, String), (String, u64)>,
    /// Texts of rules. Identifiers in them are not replaced.
    protected: String,
    /// The line tests of rules.
    tests: RegexSet,
    /// Hosts that are not replaced, since the match of a line test depends on them. In lower case.
    kept: BTreeSet<String>,
    /// Whether names of hosts and resources are replaced.
    names: bool,
    /// The search for names, with the names by its index.
    words: Option<(AhoCorasick, Vec<String>)>,
    /// The search for secrets in other texts, with the secrets by its index.
    secrets: Option<(AhoCorasick, Vec<String>)>,
    /// Property names without identifiers, at most [`MAX_PLAIN`], so that each is searched once.
    plain: BTreeSet<String>,
}

impl PseudonymMap {
    /// A map without identifiers.
    pub(super) fn new(protected: String, tests: RegexSet, names: bool) -> Self {
        Self {
            entries: BTreeMap::new(),
            protected,
            tests,
            kept: BTreeSet::new(),
            names,
            words: None,
            secrets: None,
            plain: BTreeSet::new(),
        }
    }

    /// Adds a word, to be replaced wherever it is not part of a longer word.
    pub(super) fn add_word(&mut self, word: &str) {
        if !word.is_empty() {
            self.entries.entry((IdentifierKind::Name, word.to_lowercase())).or_default();
        }
    }

    /// Adds a value of the subject: the names in a resource id, or the value itself.
    pub(super) fn add_subject(&mut self, value: &str) {
        if !self.names {
            return;
        }
        let parts: Vec<&str> = value.split('/').collect();
        if !value.starts_with('/') {
            return self.add_name(value);
        }
        // `/subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME/…`: a name follows its type.
        let mut at = 1;
        while let (Some(kind), Some(name)) = (parts.get(at), parts.get(at + 1)) {
            if kind.eq_ignore_ascii_case("providers") {
                at += 2;
                continue;
            }
            if !kind.eq_ignore_ascii_case("subscriptions") {
                self.add_name(name);
            }
            at += 2;
        }
    }

    /// Adds a name, unless it is too short, a pseudonym, or part of a rule.
    fn add_name(&mut self, name: &str) {
        if name.chars().count() >= MIN_NAME && !find::is_pseudonym(name) && !self.protected.contains(name) {
            self.add_word(name);
        }
    }

    /// Adds the values of the host columns of a row.
    pub(super) fn add_hosts(&mut self, table: &Table, row: &Row) {
        if !self.names {
            return;
        }
        let is_host_column = |name: &str| HOST_COLUMNS.iter().any(|known| known.eq_ignore_ascii_case(name));
        let columns = table.columns.keys().filter(|name| is_host_column(name)).filter_map(|name| table.resolve(name));
        let attributes = table.attributes.iter().filter(|(name, _)| is_host_column(name)).map(|(_, path)| path.clone());
        let named: Vec<String> =
            columns.chain(attributes).filter_map(|path| row.text(&path).map(Cow::into_owned)).collect();
        named.iter().for_each(|name| self.add_name(name));
    }

    /// Adds the identifiers of a cell. `key`: its column, or the name of the property.
    pub(super) fn add_cell(&mut self, key: &str, cell: &Value) {
        match cell {
            Value::String(text) => self.add_text(text, Some(key)),
            Value::Number(number) => {
                if let Some(key) = self.key_of_number(key, &number.to_string()) {
                    self.entries.entry(key).or_default();
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.add_cell(key, item)),
            Value::Object(object) => {
                for (name, item) in object {
                    self.add_property(name);
                    self.add_cell(name, item);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// Adds the identifiers of the name of a property.
    fn add_property(&mut self, name: &str) {
        if self.plain.contains(name) {
            return;
        }
        if self.plain.len() < MAX_PLAIN && find(name, None).is_empty() && resource_names(name).is_empty() {
            self.plain.insert(name.to_owned());
        } else {
            self.add_text(name, None);
        }
    }

    /// Adds the identifiers of a text. `key`: the column or the property of which it is the value, if any.
    pub(super) fn add_text(&mut self, text: &str, key: Option<&str>) {
        for one in find(text, key) {
            if self.names && one.class == IdentifierKind::Host {
                self.keep_if_tested(text, one.range.clone());
            }
            if let Some(key) = text.get(one.range).and_then(|found| self.key(one.class, found, one.decoded)) {
                self.entries.entry(key).or_default();
            }
        }
        if self.names {
            resource_names(text).into_iter().filter_map(|range| text.get(range)).for_each(|name| self.add_name(name));
        }
    }

    /// Keeps a host if replacing it would change which line tests match the text.
    fn keep_if_tested(&mut self, text: &str, range: Range<usize>) {
        let Some(host) = text.get(range.clone()) else { return };
        let known = host.to_lowercase();
        if self.kept.contains(&known) {
            return;
        }
        let mut without = text.to_owned();
        without.replace_range(range, &self::host(&known, 1, 1, &self.protected));
        let matches = |text: &str| self.tests.matches(text).into_iter().collect::<Vec<_>>();
        if matches(text) != matches(&without) {
            self.entries.remove(&(IdentifierKind::Host, known.clone()));
            self.kept.insert(known);
        }
    }

    /// The kind and the normalized form of an identifier; `None` if it is not replaced.
    fn key(&self, kind: IdentifierKind, found: &str, decoded: Option<String>) -> Option<(IdentifierKind, String)> {
        let may_be_protected = match kind {
            IdentifierKind::Host if !self.names || self.kept.contains(&found.to_lowercase()) => return None,
            // A rule contains most short texts by chance.
            IdentifierKind::Secret | IdentifierKind::Personal => found.len() >= MIN_PROTECTED,
            _ => true,
        };
        (!(may_be_protected && self.protected.contains(found)))
            .then(|| (kind, kind.canonical(decoded.as_deref().unwrap_or(found))))
    }

    /// The same for a number: a personal number or a secret by the name of its property.
    fn key_of_number(&self, key: &str, number: &str) -> Option<(IdentifierKind, String)> {
        let lower = key.to_lowercase();
        if !NUMBER_KEYS.iter().any(|part| lower.contains(part)) {
            return None;
        }
        let one = find(number, Some(key)).into_iter().find(|one| one.range == (0..number.len()))?;
        matches!(one.class, IdentifierKind::Secret | IdentifierKind::Personal)
            .then(|| (one.class, one.class.canonical(number)))
    }

    /// Assigns pseudonyms to all identifiers.
    pub(super) fn assign(&mut self) {
        // Classes with the same pseudonyms are numbered together. Entries are sorted by class, and not all of these are adjacent.
        let counted = |kind: IdentifierKind| match kind {
            IdentifierKind::Personal | IdentifierKind::Doubtful => IdentifierKind::Secret,
            _ => kind,
        };
        let mut counts: BTreeMap<IdentifierKind, u32> = BTreeMap::new();
        for (kind, _) in self.entries.keys() {
            *counts.entry(counted(*kind)).or_default() += 1;
        }
        let mut numbers: BTreeMap<IdentifierKind, u32> = BTreeMap::new();
        let protected = &self.protected;
        for ((kind, original), (replacement, _)) in &mut self.entries {
            let number = numbers.entry(counted(*kind)).or_default();
            *number += 1;
            let number = *number;
            let digits = counts.get(&counted(*kind)).map_or(1, |count| count.to_string().len());
            *replacement = match kind {
                IdentifierKind::Secret | IdentifierKind::Personal | IdentifierKind::Doubtful => {
                    format!("{}{number:0digits$}", find::REPLACED)
                }
                IdentifierKind::Id => format!("00000000-0000-4000-8000-{number:012}"),
                IdentifierKind::Mail => format!("user{number:0digits$}@example.com"),
                IdentifierKind::Address => address(original, number),
                IdentifierKind::Mac => mac(number),
                IdentifierKind::Account => format!("account-{number:0digits$}"),
                IdentifierKind::Host => host(original, number, digits, protected),
                IdentifierKind::Name => format!("name-{number:0digits$}"),
            };
        }
        let of_kind = |wanted: IdentifierKind, min: usize| -> Vec<String> {
            let all = self.entries.keys().filter(|(kind, word)| *kind == wanted && word.len() >= min);
            all.map(|(_, word)| word.clone()).collect()
        };
        // The names and secrets of one cluster are far below the limits of the search.
        let search = |words: Vec<String>, builder: &mut AhoCorasickBuilder| {
            builder.build(&words).ok().filter(|_| !words.is_empty()).map(|search| (search, words))
        };
        self.words = search(
            of_kind(IdentifierKind::Name, 0),
            AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::LeftmostLongest),
        );
        self.secrets = search(of_kind(IdentifierKind::Secret, MIN_SECRET), &mut AhoCorasick::builder());
    }

    /// Replaces the identifiers of a text. `key`: the column or the property of which it is the value, if any.
    pub(super) fn redact_text(&mut self, text: &str, key: Option<&str>) -> String {
        let mut found: Vec<(Range<usize>, (IdentifierKind, String))> = Vec::new();
        let mut add = |words: &[String], kind: IdentifierKind, hit: aho_corasick::Match| {
            let word = words.get(hit.pattern().as_usize()).filter(|_| is_separate(text, hit.range()));
            found.extend(word.map(|word| (hit.range(), (kind, word.clone()))));
        };
        if let Some((search, words)) = &self.words {
            search.find_iter(text).for_each(|hit| add(words, IdentifierKind::Name, hit));
        }
        if let Some((search, words)) = &self.secrets {
            search.find_overlapping_iter(text).for_each(|hit| add(words, IdentifierKind::Secret, hit));
        }
        let is_plain = key.is_none() && self.plain.contains(text);
        for one in if is_plain { Vec::new() } else { find(text, key) } {
            let known = text.get(one.range.clone()).and_then(|found| self.key(one.class, found, one.decoded));
            found.extend(known.map(|key| (one.range, key)));
        }
        // Of overlapping identifiers, the first is replaced; if they start together, the longer one. What remains of the other
        // is replaced too, unless it is a host.
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (range, key) in found {
            if range.end <= done || (range.start < done && key.0 == IdentifierKind::Host) {
                continue;
            }
            let range = range.start.max(done)..range.end;
            let Some((replacement, times)) = self.entries.get_mut(&key) else { continue };
            out.push_str(text.get(done..range.start).unwrap_or_default());
            out.push_str(&key.0.in_notation_of(text.get(range.clone()).unwrap_or_default(), replacement));
            *times += 1;
            done = range.end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }

    /// Replaces the identifiers of a cell, also in names of properties. `key`: its column, or the name of the property.
    pub(super) fn redact(&mut self, key: &str, cell: &Value) -> Value {
        self.redact_value(key, cell, true)
    }

    /// Replaces the identifiers of a report. The names of its fields remain.
    pub(super) fn redact_report(&mut self, report: &Value) -> Value {
        self.redact_value("", report, false)
    }

    fn redact_value(&mut self, key: &str, cell: &Value, properties: bool) -> Value {
        match cell {
            Value::String(text) => Value::String(self.redact_text(text, Some(key))),
            Value::Number(number) => {
                let known = self.key_of_number(key, &number.to_string());
                let entry = known.and_then(|known| self.entries.get_mut(&known));
                entry.map_or_else(
                    || cell.clone(),
                    |(replacement, times)| {
                        *times += 1;
                        Value::String(replacement.clone())
                    },
                )
            }
            Value::Array(items) => items.iter().map(|item| self.redact_value(key, item, properties)).collect(),
            Value::Object(object) => {
                let mut all = Map::new();
                for (name, item) in object {
                    let item = self.redact_value(name, item, properties);
                    all.insert(if properties { self.redact_text(name, None) } else { name.clone() }, item);
                }
                Value::Object(all)
            }
            Value::Null | Value::Bool(_) => cell.clone(),
        }
    }

    /// The identifiers that were replaced at least once, sorted by kind and identifier.
    pub fn replaced(&self) -> impl Iterator<Item = Replacement> {
        self.entries.iter().filter(|(_, (_, times))| *times > 0).map(|((kind, original), (replacement, times))| {
            let original = if *kind == IdentifierKind::Id { dashed(original) } else { original.clone() };
            Replacement { kind: *kind, original, replacement: replacement.clone(), times: *times }
        })
    }
}

/// A GUID with dashes. Other texts are unchanged.
fn dashed(id: &str) -> String {
    match [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| id.get(part)) {
        [Some(a), Some(b), Some(c), Some(d), Some(e)] if id.len() == 32 => [a, b, c, d, e].join("-"),
        _ => id.to_owned(),
    }
}

/// An address that is not in use: of 198.18.0.0/15 (benchmarks, RFC 2544), then of 240.0.0.0/4 (reserved, RFC 1112); an IPv6
/// address of 2001:db8::/32 (documentation, RFC 3849).
fn address(original: &str, number: u32) -> String {
    if original.contains(':') {
        return Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(number)).to_string();
    }
    let benchmarks = u32::from(Ipv4Addr::new(198, 18, 0, 0));
    let future = u32::from(Ipv4Addr::new(240, 0, 0, 0));
    Ipv4Addr::from(if number < 1 << 17 { benchmarks + number } else { future.wrapping_add(number) }).to_string()
}

/// A hardware address that is not in use: locally administered, unicast (IEEE 802).
fn mac(number: u32) -> String {
    let [_, first, second, third] = number.to_be_bytes();
    format!("02:00:00:{first:02x}:{second:02x}:{third:02x}")
}

/// A host name with the longest ending that a rule contains, else with the last three parts of the original.
fn host(original: &str, number: u32, digits: usize, protected: &str) -> String {
    let mut ending = original;
    while let Some((_, rest)) = ending.split_once('.') {
        ending = rest;
        if ending.contains('.') && (protected.contains(ending) || ending.matches('.').count() < 3) {
            break;
        }
    }
    format!("host-{number:0digits$}.{ending}")
}

/// Whether a range of a text is not part of a longer word.
fn is_separate(text: &str, range: Range<usize>) -> bool {
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let after = text.get(range.end..).and_then(|after| after.chars().next());
    !before.into_iter().chain(after).any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(texts: &[&str], names: bool) -> PseudonymMap {
        let tests = RegexSet::new([r"lookup \S*ksm\S* failed"]).unwrap();
        let mut map = PseudonymMap::new("named-by-a-rule.example.com".to_owned(), tests, names);
        map.add_word("Contoso");
        map.add_subject("/subscriptions/1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed/resourceGroups/shop-rg/providers/Microsoft.ContainerService/managedClusters/shop-prod");
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
        assert_eq!(
            map.redact_text(other, None),
            "00000000-0000-4000-8000-000000000002 user1@example.com name-1 contosos"
        );
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
        let text = "shop-prod in SHOP-RG asks eu.shop.example.com and named-by-a-rule.example.com of Microsoft.ContainerService";
        assert_eq!(map(&[text], false).redact_text(text, None), text);
        assert_eq!(
            map(&[text], true).redact_text(text, None),
            "name-2 in name-3 asks host-1.shop.example.com and named-by-a-rule.example.com of Microsoft.ContainerService"
        );
    }

    #[test]
    fn a_host_that_a_line_test_depends_on_is_kept_in_every_line() {
        let texts = [
            "at a-ksm-1.shop.example.com",
            "lookup a-ksm-1.shop.example.com failed",
            "lookup b.shop.example.com failed",
        ];
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
        assert_eq!(map.redact("customDimensions", &cell), want);
        let mut want_report = cell.clone();
        want_report["a@b.example.com"][1] = "REDACTED-1".into();
        want_report["password"] = "REDACTED-1".into();
        want_report["cardNumber"] = "REDACTED-2".into();
        assert_eq!(map.redact_report(&cell), want_report);
    }

    #[test]
    fn names_in_resource_ids_are_replaced_on_request() {
        let texts = ["/resourceGroups/other-rg/providers/Microsoft.Compute/disks/data-7", "attach data-7"];
        assert_eq!(texts.map(|text| map(&texts, false).redact_text(text, None)), texts);
        assert_eq!(map(&texts, true).redact_text(texts[1], None), "attach name-2");
    }

    #[test]
    fn replaced_identifiers_do_not_remain() {
        let text = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed 10.1.2.3 fe80::77 x@y.example.com password=swordfish";
        let redacted = map(&[text], true).redact_text(text, None);
        for part in ["1b9d6bcd", "10.1.2.3", "fe80", "x@y", "swordfish"] {
            assert!(!redacted.contains(part), "{redacted}");
        }
    }
}
