//! Replaces identifiers by pseudonyms, the same identifier by the same pseudonym in every table.
//!
//! Input: first every text in which identifiers will be replaced, then the texts again. Output: texts without identifiers.
//! Pseudonyms are numbered in the order of the identifiers, so they do not depend on the order of rows and sort like the
//! originals. They keep the format: the pseudonym of a GUID is a GUID, that of an IP address is an IP address. A pseudonym
//! that the texts already contain, or that an earlier record assigned, is never assigned to another identifier.

mod forms;
mod replace;
mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::Row;
use regex::RegexSet;
use serde_json::Value;

use self::forms::{Numbers, class_of, counted, dashed, numbers_in};
use self::words::Words;
use super::cells;
use super::find::{self, Class as IdentifierKind, find, layers, resource_names};

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

/// A random text of no known kind that was replaced. It may be a secret or something harmless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubtful {
    /// The pseudonym.
    pub replacement: String,
    /// The length and the alphabet of the text.
    pub shape: String,
    /// Where it occurs first in the record; `None` if only in the `incident.yaml`.
    pub place: Option<Place>,
    /// The number of replaced occurrences.
    pub times: u64,
}

/// A cell of a record.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Place {
    /// The table.
    pub table: String,
    /// The number of the row in the table of the record, from 1.
    pub row: u64,
    /// The column; in a dynamic column, with the property: `customDimensions.note`.
    pub column: String,
}

/// A word that the caller gave to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenWord {
    /// The word as given.
    pub word: String,
    /// The number of replaced occurrences.
    pub times: u64,
    /// The number of occurrences within longer words. These remain.
    pub within: u64,
}

/// The kind and the normalized form of an identifier.
type Key = (IdentifierKind, String);

/// The pseudonym of an identifier, and its use.
#[derive(Clone, Debug, Default)]
struct Entry {
    replacement: String,
    times: u64,
    /// The first cell, of a doubtful text.
    place: Option<Place>,
}

/// Identifiers with their pseudonyms.
#[derive(Debug)]
pub struct PseudonymMap {
    entries: BTreeMap<Key, Entry>,
    /// The pseudonyms of an earlier record, by normalized identifier.
    known: BTreeMap<String, String>,
    /// The numbers of pseudonyms in the input and of the earlier record.
    taken: Numbers,
    /// Texts of rules. Identifiers in them are not replaced.
    protected: String,
    /// The line tests of rules.
    tests: RegexSet,
    /// Hosts that are not replaced, since the match of a line test depends on them. In lower case.
    kept: BTreeSet<String>,
    /// Whether names of hosts and resources are replaced.
    names: bool,
    /// The given words, with their normalized forms, and how often each occurs within longer words.
    given: Vec<(String, String, u64)>,
    /// The search for names and accounts.
    words: Option<Words>,
    /// The search for secrets in other texts.
    secrets: Option<Words>,
    /// Property names without identifiers, at most [`MAX_PLAIN`], so that each is searched once.
    plain: BTreeSet<String>,
    /// The cell that is being replaced.
    place: Option<Place>,
}

impl PseudonymMap {
    /// A map without identifiers. `known`: the pseudonyms of an earlier record, by identifier.
    pub(super) fn new(protected: String, tests: RegexSet, names: bool, known: &BTreeMap<String, String>) -> Self {
        let mut map = Self {
            entries: BTreeMap::new(),
            known: BTreeMap::new(),
            taken: Numbers::new(),
            protected,
            tests,
            kept: BTreeSet::new(),
            names,
            given: Vec::new(),
            words: None,
            secrets: None,
            plain: BTreeSet::new(),
            place: None,
        };
        for (original, replacement) in known {
            numbers_in(replacement, &mut map.taken);
            // A text that is no pseudonym was not written by a record.
            let Some(class) = class_of(replacement) else { continue };
            if class != IdentifierKind::Host {
                map.entries.entry((class, class.canonical(original))).or_default();
            }
            map.known.insert(original.clone(), replacement.clone());
        }
        map
    }

    /// Adds a word, to be replaced wherever it is not part of a longer word.
    pub(super) fn add_word(&mut self, word: &str) {
        let normal = IdentifierKind::Name.canonical(word);
        if !normal.is_empty() && !self.given.iter().any(|(_, known, _)| *known == normal) {
            self.given.push((word.to_owned(), normal.clone(), 0));
            self.entries.entry((IdentifierKind::Name, normal)).or_default();
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
            self.entries.entry((IdentifierKind::Name, IdentifierKind::Name.canonical(name))).or_default();
        }
    }

    /// Adds the identifiers of a row.
    pub(super) fn add_row(&mut self, table: &Table, row: &Row) {
        if self.names {
            self.add_hosts(table, row);
        }
        let cells = row.cells();
        for (column, cell) in cells {
            if !table.columns.contains_key(column) {
                self.add_property(column);
            }
            self.add_cell(&cells::context(cells, column, cell), cell);
        }
    }

    /// Adds the values of the host columns of a row.
    fn add_hosts(&mut self, table: &Table, row: &Row) {
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
            Value::Array(items) => {
                if let Some(rows) = cells::rows_with_names(items) {
                    return rows.into_iter().flatten().for_each(|(key, cell)| self.add_cell(key, cell));
                }
                for (index, item) in items.iter().enumerate() {
                    self.add_cell(&cells::context_of_item(items, index, key), item);
                }
            }
            Value::Object(object) => {
                let headers = cells::Headers::of(object);
                for (name, item) in object {
                    self.add_property(name);
                    match headers.table(item) {
                        Some(rows) => rows.into_iter().flatten().for_each(|(key, cell)| self.add_cell(key, cell)),
                        None => self.add_cell(&cells::context_of_property(object, name, item, key), item),
                    }
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
        let mut numbers = Numbers::new();
        numbers_in(name, &mut numbers);
        let is_plain = numbers.is_empty() && find(name, None).is_empty() && resource_names(name).is_empty();
        if self.plain.len() < MAX_PLAIN && is_plain {
            self.plain.insert(name.to_owned());
        } else {
            self.add_text(name, None);
        }
    }

    /// Adds the identifiers of a text. `key`: the column or the property of which it is the value, if any.
    pub(super) fn add_text(&mut self, text: &str, key: Option<&str>) {
        numbers_in(text, &mut self.taken);
        layers(text).iter().for_each(|layer| numbers_in(layer.text(), &mut self.taken));
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
        without.replace_range(range, &forms::host(&known, 1, 1, &self.protected));
        let matches = |text: &str| self.tests.matches(text).into_iter().collect::<Vec<_>>();
        if matches(text) != matches(&without) {
            self.entries.remove(&(IdentifierKind::Host, known.clone()));
            self.kept.insert(known);
        }
    }

    /// The kind and the normalized form of an identifier; `None` if it is not replaced.
    fn key(&self, kind: IdentifierKind, found: &str, decoded: Option<String>) -> Option<Key> {
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
    fn key_of_number(&self, key: &str, number: &str) -> Option<Key> {
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
        let known = |kind: IdentifierKind, original: &str| {
            let shown = if kind == IdentifierKind::Id { dashed(original) } else { original.to_owned() };
            self.known.get(&shown).filter(|replacement| class_of(replacement) == Some(counted(kind)))
        };
        // One number per value: classes with the same form share their numbers.
        let mut numbers: BTreeMap<(IdentifierKind, &str), u32> = BTreeMap::new();
        let mut last: BTreeMap<IdentifierKind, u32> = BTreeMap::new();
        for (kind, original) in self.entries.keys().filter(|(kind, original)| known(*kind, original).is_none()) {
            let class = counted(*kind);
            numbers.entry((class, original)).or_insert_with(|| {
                let last = last.entry(class).or_default();
                let taken = self.taken.get(&class);
                *last += 1;
                while taken.is_some_and(|taken| taken.contains(last)) {
                    *last += 1;
                }
                *last
            });
        }
        let mut replacements = Vec::with_capacity(self.entries.len());
        for (kind, original) in self.entries.keys() {
            let class = counted(*kind);
            let new = || {
                let number = numbers.get(&(class, original.as_str())).copied().unwrap_or_default();
                let digits = last.get(&class).map_or(1, |last| last.to_string().len());
                forms::pseudonym(*kind, original, number, digits, &self.protected)
            };
            replacements.push(known(*kind, original).cloned().unwrap_or_else(new));
        }
        for (entry, replacement) in self.entries.values_mut().zip(replacements) {
            entry.replacement = replacement;
        }
        let of_kind = |wanted: IdentifierKind, min: usize| -> Vec<Key> {
            self.entries.keys().filter(|(kind, word)| *kind == wanted && word.len() >= min).cloned().collect()
        };
        let mut words = of_kind(IdentifierKind::Name, 1);
        let accounts = of_kind(IdentifierKind::Account, MIN_NAME);
        words.extend(accounts.into_iter().filter(|(_, name)| !self.protected.contains(name.as_str())));
        self.words = Words::ignoring_case(words);
        self.secrets = Words::exact(of_kind(IdentifierKind::Secret, MIN_SECRET));
    }

    /// The identifiers that were replaced at least once, sorted by kind and identifier.
    pub fn replaced(&self) -> impl Iterator<Item = Replacement> {
        self.entries.iter().filter(|(_, entry)| entry.times > 0).map(|((kind, original), entry)| {
            let original = if *kind == IdentifierKind::Id { dashed(original) } else { original.clone() };
            Replacement { kind: *kind, original, replacement: entry.replacement.clone(), times: entry.times }
        })
    }

    /// The doubtful texts that were replaced, by pseudonym.
    pub(super) fn doubtful(&self) -> Vec<Doubtful> {
        let of_class = self.entries.iter().filter(|((kind, _), _)| *kind == IdentifierKind::Doubtful);
        let mut all: Vec<Doubtful> = of_class
            .filter(|(_, entry)| entry.times > 0)
            .map(|((_, original), entry)| Doubtful {
                replacement: entry.replacement.clone(),
                shape: find::describe(original),
                place: entry.place.clone(),
                times: entry.times,
            })
            .collect();
        all.sort_by(|a, b| (a.replacement.len(), &a.replacement).cmp(&(b.replacement.len(), &b.replacement)));
        all
    }

    /// The given words with what became of them, in the given order; words that differ only in case once.
    pub(super) fn given(&self) -> Vec<GivenWord> {
        let times =
            |normal: &str| self.entries.get(&(IdentifierKind::Name, normal.to_owned())).map_or(0, |one| one.times);
        self.given
            .iter()
            .map(|(word, normal, within)| GivenWord { word: word.clone(), times: times(normal), within: *within })
            .collect()
    }
}

#[cfg(test)]
mod tests;
