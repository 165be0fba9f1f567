//! What stands for what: identifiers and their replacements, the same by the same in every table.
//!
//! Input: first every text that will be replaced, then the texts once more. Output: texts without identifiers. Replacements
//! are numbered in the order of what they replace, so they depend neither on the order of rows nor on anything else, and
//! sort as it did. They keep the form: an id is an id, an address an address.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::Row;
use regex::RegexSet;
use serde_json::Value;

use super::find::{self, Kind};

/// Names shorter than this are too common to replace in every text.
const SHORTEST_NAME: usize = 4;

/// Columns and attributes that name a machine.
const MACHINES: &[&str] = &["computer", "host", "hostname", "node", "nodename", "machine"];

/// One identifier, and how often it was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// What it is.
    pub kind: Kind,
    /// What was replaced.
    pub original: String,
    /// What stands for it.
    pub replacement: String,
    /// How many times.
    pub times: u64,
}

/// Identifiers and what stands for them.
#[derive(Debug)]
pub struct Book {
    /// By kind and spelling.
    entries: BTreeMap<(Kind, String), (String, u64)>,
    /// Texts of rules: what stands in them is no secret.
    protected: String,
    /// The same as they are looked for in lines.
    tests: RegexSet,
    /// Hosts by whose names rules tell lines apart.
    kept: BTreeSet<String>,
    names: bool,
    words: Option<(AhoCorasick, Vec<String>)>,
}

impl Book {
    /// A book that knows nothing yet.
    pub(super) fn new(protected: String, tests: RegexSet, names: bool) -> Self {
        Self { entries: BTreeMap::new(), protected, tests, kept: BTreeSet::new(), names, words: None }
    }

    /// A word that somebody wants replaced wherever it stands alone.
    pub(super) fn word(&mut self, word: &str) {
        if !word.is_empty() {
            self.entries.entry((Kind::Name, word.to_lowercase())).or_default();
        }
    }

    /// A value of the subject. Of a resource id every name in it is one, of any other value the whole.
    pub(super) fn subject(&mut self, value: &str) {
        if !self.names {
            return;
        }
        let parts: Vec<&str> = value.split('/').collect();
        if !value.starts_with('/') {
            return self.name(value);
        }
        // `/subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME/…`: names follow their types.
        let mut at = 1;
        while let (Some(kind), Some(name)) = (parts.get(at), parts.get(at + 1)) {
            if kind.eq_ignore_ascii_case("providers") {
                at += 2;
                continue;
            }
            if !kind.eq_ignore_ascii_case("subscriptions") {
                self.name(name);
            }
            at += 2;
        }
    }

    fn name(&mut self, name: &str) {
        if name.chars().count() >= SHORTEST_NAME && !self.protected.contains(name) {
            self.word(name);
        }
    }

    /// The machines that a row names.
    pub(super) fn hosts_of(&mut self, table: &Table, row: &Row) {
        if !self.names {
            return;
        }
        let is_machine = |name: &str| MACHINES.iter().any(|known| known.eq_ignore_ascii_case(name));
        let columns = table.columns.keys().filter(|name| is_machine(name)).filter_map(|name| table.resolve(name));
        let attributes = table.attributes.iter().filter(|(name, _)| is_machine(name)).map(|(_, path)| path.clone());
        let named: Vec<String> =
            columns.chain(attributes).filter_map(|path| row.text(&path).map(Cow::into_owned)).collect();
        named.iter().for_each(|name| self.name(name));
    }

    /// Learns what is to be replaced in a cell.
    pub(super) fn learn(&mut self, cell: &Value) {
        match cell {
            Value::String(text) => self.learn_texts([text]),
            Value::Array(items) => items.iter().for_each(|item| self.learn(item)),
            Value::Object(object) => object.values().for_each(|item| self.learn(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    pub(super) fn learn_texts<'t>(&mut self, texts: impl IntoIterator<Item = &'t String>) {
        for text in texts {
            find::each(text, |kind, range| {
                if self.names && kind == Kind::Host {
                    self.keep_or_not(text, range.clone());
                }
                if let Some(key) = text.get(range).and_then(|found| self.key(kind, found)) {
                    self.entries.entry(key).or_default();
                }
            });
        }
    }

    /// Keeps a host where a rule would see another text without its name.
    fn keep_or_not(&mut self, text: &str, range: Range<usize>) {
        let Some(host) = text.get(range.clone()) else { return };
        let known = host.to_lowercase();
        if self.kept.contains(&known) {
            return;
        }
        let mut without = text.to_owned();
        without.replace_range(range, &self::host(&known, 1, 1, &self.protected));
        let matches = |text: &str| self.tests.matches(text).into_iter().collect::<Vec<_>>();
        if matches(text) != matches(&without) {
            self.entries.remove(&(Kind::Host, known.clone()));
            self.kept.insert(known);
        }
    }

    /// Under what an identifier is known; nothing where it stays.
    fn key(&self, kind: Kind, found: &str) -> Option<(Kind, String)> {
        match kind {
            Kind::Host if !self.names || self.kept.contains(&found.to_lowercase()) => None,
            _ if self.protected.contains(found) => None,
            // How these are spelled does not matter.
            Kind::Id | Kind::Mail | Kind::Host | Kind::Name => Some((kind, found.to_lowercase())),
            Kind::Address => Some((kind, canonical(found))),
            Kind::Secret => Some((kind, found.to_owned())),
        }
    }

    /// Gives everything that was learned its replacement.
    pub(super) fn number(&mut self) {
        let mut counts: BTreeMap<Kind, u32> = BTreeMap::new();
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
                Kind::Secret => format!("{}{number:0digits$}", find::REPLACED),
                Kind::Id => format!("00000000-0000-4000-8000-{number:012}"),
                Kind::Mail => format!("user{number:0digits$}@example.com"),
                Kind::Address => address(original, number),
                Kind::Host => host(original, number, digits, protected),
                Kind::Name => format!("name-{number:0digits$}"),
            };
        }
        let words: Vec<String> =
            self.entries.keys().filter(|(kind, _)| *kind == Kind::Name).map(|(_, word)| word.clone()).collect();
        // A set of words that is too large to search for is no set of names of one cluster.
        self.words = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostLongest)
            .build(&words)
            .ok()
            .filter(|_| !words.is_empty())
            .map(|search| (search, words));
    }

    /// A text without identifiers.
    pub fn text(&mut self, text: &str) -> String {
        let mut found: Vec<(Range<usize>, (Kind, String))> = Vec::new();
        if let Some((search, words)) = &self.words {
            for hit in search.find_iter(text) {
                let word = words.get(hit.pattern().as_usize()).filter(|_| stands_alone(text, hit.range()));
                found.extend(word.map(|word| (hit.range(), (Kind::Name, word.clone()))));
            }
        }
        find::each(text, |kind, range| {
            if let Some(key) = text.get(range.clone()).and_then(|found| self.key(kind, found)) {
                found.push((range, key));
            }
        });
        // Of two that overlap the one that begins first is replaced, of two that begin together the longer.
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

    /// A cell without identifiers; names of properties stay.
    #[must_use]
    pub fn redacted(&mut self, cell: &Value) -> Value {
        match cell {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.redacted(item)).collect(),
            Value::Object(object) => object.iter().map(|(name, item)| (name.clone(), self.redacted(item))).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => cell.clone(),
        }
    }

    /// Everything that was replaced at least once, by kind and spelling.
    pub fn replaced(&self) -> impl Iterator<Item = Replaced> {
        self.entries.iter().filter(|(_, (_, times))| *times > 0).map(|((kind, original), (replacement, times))| {
            Replaced { kind: *kind, original: original.clone(), replacement: replacement.clone(), times: *times }
        })
    }
}

fn canonical(address: &str) -> String {
    let four = address.parse::<Ipv4Addr>().map(|one| one.to_string());
    four.or_else(|_| address.parse::<Ipv6Addr>().map(|one| one.to_string())).unwrap_or_else(|_| address.to_owned())
}

/// An address that nobody has: from the ranges that are set aside for benchmarks, then for the future; of the version 6
/// from the one for documentation.
fn address(original: &str, number: u32) -> String {
    if original.contains(':') {
        return Ipv6Addr::from((0x2001_0db8_u128 << 96) + u128::from(number)).to_string();
    }
    let benchmarks = u32::from(Ipv4Addr::new(198, 18, 0, 0));
    let future = u32::from(Ipv4Addr::new(240, 0, 0, 0));
    Ipv4Addr::from(if number < 1 << 17 { benchmarks + number } else { future.wrapping_add(number) }).to_string()
}

/// A host with the ending that a rule speaks of, or that of its service.
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

/// Whether a word is not part of a longer one.
fn stands_alone(text: &str, range: Range<usize>) -> bool {
    let before = text.get(..range.start).and_then(|before| before.chars().next_back());
    let after = text.get(range.end..).and_then(|after| after.chars().next());
    !before.into_iter().chain(after).any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(texts: &[&str], names: bool) -> Book {
        let tests = RegexSet::new([r"lookup \S*ksm\S* failed"]).unwrap();
        let mut book = Book::new("named-by-a-rule.example.com".to_owned(), tests, names);
        book.word("Contoso");
        book.subject("/subscriptions/1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed/resourceGroups/shop-rg/providers/Microsoft.ContainerService/managedClusters/shop-prod");
        book.learn_texts(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        book.number();
        book
    }

    #[test]
    fn the_same_is_replaced_by_the_same_in_every_spelling() {
        let text =
            "1B9D6BCD-BBFD-4B2D-9B5D-AB8DFBBD4BED at 10.0.0.9, a@b.example.com, 0a9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed";
        let other = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed A@B.example.com CONTOSO contosos";
        let mut book = book(&[text, other], false);
        assert_eq!(
            book.text(text),
            "00000000-0000-4000-8000-000000000002 at 198.18.0.1, user1@example.com, 00000000-0000-4000-8000-000000000001"
        );
        assert_eq!(book.text(other), "00000000-0000-4000-8000-000000000002 user1@example.com name-1 contosos");
        let told: Vec<(Kind, u64)> = book.replaced().map(|one| (one.kind, one.times)).collect();
        assert_eq!(told, [(Kind::Id, 1), (Kind::Id, 2), (Kind::Mail, 2), (Kind::Address, 1), (Kind::Name, 1)]);
    }

    #[test]
    fn names_are_replaced_on_request_only() {
        let text = "shop-prod in SHOP-RG asks eu.shop.example.com and named-by-a-rule.example.com of Microsoft.ContainerService";
        assert_eq!(book(&[text], false).text(text), text);
        assert_eq!(
            book(&[text], true).text(text),
            "name-2 in name-3 asks host-1.shop.example.com and named-by-a-rule.example.com of Microsoft.ContainerService"
        );
    }

    #[test]
    fn a_host_by_which_a_rule_knows_a_line_is_kept_in_every_line() {
        let texts = [
            "at a-ksm-1.shop.example.com",
            "lookup a-ksm-1.shop.example.com failed",
            "lookup b.shop.example.com failed",
        ];
        let mut book = book(&texts, true);
        assert_eq!(texts.map(|text| book.text(text)), [texts[0], texts[1], "lookup host-1.shop.example.com failed"]);
    }

    #[test]
    fn what_was_replaced_is_found_no_more() {
        let text = "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed 10.1.2.3 fe80::77 x@y.example.com password=swordfish";
        let redacted = book(&[text], true).text(text);
        for part in ["1b9d6bcd", "10.1.2.3", "fe80", "x@y", "swordfish"] {
            assert!(!redacted.contains(part), "{redacted}");
        }
    }
}
