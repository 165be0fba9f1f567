//! Replaces identifiers by pseudonyms, the same identifier by the same pseudonym in every table.
//!
//! Input: first every text in which identifiers will be replaced, then the texts again. Output: texts without identifiers.
//! Pseudonyms are numbered in the order of the identifiers, so they do not depend on the order of rows and sort like the
//! originals. They keep the format: the pseudonym of a GUID is a GUID, that of an IP address is an IP address.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::Row;
use regex::RegexSet;
use serde_json::Value;

use super::identifiers::{self, IdentifierKind};

/// The minimum length of a name in characters. Shorter ones are too common to be replaced in every text.
const MIN_NAME: usize = 4;

/// Columns and attributes that contain host names, compared without case.
const HOST_COLUMNS: &[&str] = &["computer", "host", "hostname", "node", "nodename", "machine"];

/// A replaced identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The kind of identifier.
    pub kind: IdentifierKind,
    /// The identifier, in lower case unless it is a secret.
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
}

impl PseudonymMap {
    /// A map without identifiers.
    pub(super) fn new(protected: String, tests: RegexSet, names: bool) -> Self {
        Self { entries: BTreeMap::new(), protected, tests, kept: BTreeSet::new(), names, words: None }
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

    /// Adds a name, unless it is too short or part of a rule.
    fn add_name(&mut self, name: &str) {
        if name.chars().count() >= MIN_NAME && !self.protected.contains(name) {
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

    /// Adds the identifiers of a cell.
    pub(super) fn add_cell(&mut self, cell: &Value) {
        match cell {
            Value::String(text) => self.add_texts([text]),
            Value::Array(items) => items.iter().for_each(|item| self.add_cell(item)),
            Value::Object(object) => object.values().for_each(|item| self.add_cell(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Adds the identifiers of texts.
    pub(super) fn add_texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t String>) {
        for text in texts {
            identifiers::each(text, |kind, range| {
                if self.names && kind == IdentifierKind::Host {
                    self.keep_if_tested(text, range.clone());
                }
                if let Some(key) = text.get(range).and_then(|found| self.key(kind, found)) {
                    self.entries.entry(key).or_default();
                }
            });
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
    fn key(&self, kind: IdentifierKind, found: &str) -> Option<(IdentifierKind, String)> {
        match kind {
            IdentifierKind::Host if !self.names || self.kept.contains(&found.to_lowercase()) => None,
            _ if self.protected.contains(found) => None,
            // These ignore case.
            IdentifierKind::Id | IdentifierKind::Mail | IdentifierKind::Host | IdentifierKind::Name => {
                Some((kind, found.to_lowercase()))
            }
            IdentifierKind::Address => Some((kind, canonical(found))),
            IdentifierKind::Secret => Some((kind, found.to_owned())),
        }
    }

    /// Assigns pseudonyms to all identifiers.
    pub(super) fn assign(&mut self) {
        let mut counts: BTreeMap<IdentifierKind, u32> = BTreeMap::new();
        for (kind, _) in self.entries.keys() {
            *counts.entry(*kind).or_default() += 1;
        }
        let mut last = None;
        let mut number = 0_u32;
        let protected = &self.protected;
        for ((kind, original), (replacement, _)) in &mut self.entries {
            number = if last == Some(*kind) { number + 1 } else { 1 };
            last = Some(*kind);
            let digits = counts.get(kind).map_or(1, |count| count.to_string().len());
            *replacement = match kind {
                IdentifierKind::Secret => format!("{}{number:0digits$}", identifiers::REPLACED),
                IdentifierKind::Id => format!("00000000-0000-4000-8000-{number:012}"),
                IdentifierKind::Mail => format!("user{number:0digits$}@example.com"),
                IdentifierKind::Address => address(original, number),
                IdentifierKind::Host => host(original, number, digits, protected),
                IdentifierKind::Name => format!("name-{number:0digits$}"),
            };
        }
        let words: Vec<String> = self
            .entries
            .keys()
            .filter(|(kind, _)| *kind == IdentifierKind::Name)
            .map(|(_, word)| word.clone())
            .collect();
        // The names of one cluster are far below the limits of the search.
        self.words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(&words)
            .ok()
            .filter(|_| !words.is_empty())
            .map(|search| (search, words));
    }

    /// Replaces the identifiers of a text.
    pub(super) fn redact_text(&mut self, text: &str) -> String {
        let mut found: Vec<(Range<usize>, (IdentifierKind, String))> = Vec::new();
        if let Some((search, words)) = &self.words {
            for hit in search.find_iter(text) {
                let word = words.get(hit.pattern().as_usize()).filter(|_| is_separate(text, hit.range()));
                found.extend(word.map(|word| (hit.range(), (IdentifierKind::Name, word.clone()))));
            }
        }
        identifiers::each(text, |kind, range| {
            if let Some(key) = text.get(range.clone()).and_then(|found| self.key(kind, found)) {
                found.push((range, key));
            }
        });
        // Of overlapping identifiers, the first is replaced; if they start together, the longer one.
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        for (range, key) in found {
            if range.start < done {
                continue;
            }
            let Some((replacement, times)) = self.entries.get_mut(&key) else { continue };
            out.push_str(text.get(done..range.start).unwrap_or_default());
            out.push_str(replacement);
            *times += 1;
            done = range.end;
        }
        out.push_str(text.get(done..).unwrap_or_default());
        out
    }

    /// Replaces the identifiers of a cell. Names of properties remain.
    #[must_use]
    pub(super) fn redact(&mut self, cell: &Value) -> Value {
        match cell {
            Value::String(text) => Value::String(self.redact_text(text)),
            Value::Array(items) => items.iter().map(|item| self.redact(item)).collect(),
            Value::Object(object) => object.iter().map(|(name, item)| (name.clone(), self.redact(item))).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => cell.clone(),
        }
    }

    /// The identifiers that were replaced at least once, sorted by kind and identifier.
    pub fn replaced(&self) -> impl Iterator<Item = Replacement> {
        self.entries.iter().filter(|(_, (_, times))| *times > 0).map(|((kind, original), (replacement, times))| {
            Replacement { kind: *kind, original: original.clone(), replacement: replacement.clone(), times: *times }
        })
    }
}

/// The standard notation of an IP address.
fn canonical(address: &str) -> String {
    let four = address.parse::<Ipv4Addr>().map(|one| one.to_string());
    four.or_else(|_| address.parse::<Ipv6Addr>().map(|one| one.to_string())).unwrap_or_else(|_| address.to_owned())
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
        map.add_texts(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
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
            map.redact_text(text),
            "00000000-0000-4000-8000-000000000002 at 198.18.0.1, user1@example.com, 00000000-0000-4000-8000-000000000001"
        );
        assert_eq!(map.redact_text(other), "00000000-0000-4000-8000-000000000002 user1@example.com name-1 contosos");
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
        assert_eq!(map(&[text], false).redact_text(text), text);
        assert_eq!(
            map(&[text], true).redact_text(text),
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
            texts.map(|text| map.redact_text(text)),
            [texts[0], texts[1], "lookup host-1.shop.example.com failed"]
        );
    }

    #[test]
    fn replaced_identifiers_do_not_remain() {
        let text = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed 10.1.2.3 fe80::77 x@y.example.com password=swordfish";
        let redacted = map(&[text], true).redact_text(text);
        for part in ["1b9d6bcd", "10.1.2.3", "fe80", "x@y", "swordfish"] {
            assert!(!redacted.contains(part), "{redacted}");
        }
    }
}
