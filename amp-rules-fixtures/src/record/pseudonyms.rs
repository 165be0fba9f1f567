//! Replaces identifiers by pseudonyms, the same identifier by the same pseudonym in every table.
//!
//! Input: first every text in which identifiers will be replaced, then the texts again. Output: texts without identifiers.
//! Pseudonyms are numbered in the order of the identifiers, so they do not depend on the order of rows and sort like the
//! originals. They keep the format: the pseudonym of a GUID is a GUID, that of an IP address is an IP address. A pseudonym
//! that the texts already contain, or that an earlier record assigned, is never assigned to another identifier.
//!
//! A text with pseudonyms is searched again until nothing is found, so that recording a record changes nothing. What is found
//! around a pseudonym becomes a part of it; what is found apart from them, and was not collected, gets the number 0.

mod collect;
mod forms;
mod memory;
mod replace;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use regex::RegexSet;

use self::forms::{Numbers, class_of, counted, dashed, numbers_in};
use self::memory::Memory;
use self::words::Words;
use super::find::{self, Class as IdentifierKind};

/// The minimum length of a name in characters. Shorter ones are too common to be replaced in every text.
const MIN_NAME: usize = 4;

/// The minimum length in bytes of a secret that is replaced wherever it occurs as a word. Shorter ones may be common words.
const MIN_SECRET: usize = 8;

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
    /// The names that are replaced in every text. Others are replaced in resource ids only. In lower case.
    anywhere: BTreeSet<String>,
    /// The search for names and accounts.
    words: Option<Words>,
    /// The search for secrets in other texts.
    secrets: Option<Words>,
    /// Property names without identifiers, at most `collect::MAX_PLAIN`, so that each is searched once.
    plain: BTreeSet<String>,
    /// The cell that is being replaced.
    place: Option<Place>,
    /// Texts whose identifiers were added.
    added: Memory<()>,
    /// Texts that were replaced.
    redacted: Memory<Redacted>,
}

/// A text with pseudonyms.
#[derive(Clone, Debug)]
struct Redacted {
    text: String,
    /// The identifiers that were replaced, one per occurrence.
    keys: Vec<Key>,
    /// The given words within longer words that remain.
    within: Vec<String>,
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
            anywhere: BTreeSet::new(),
            words: None,
            secrets: None,
            plain: BTreeSet::new(),
            place: None,
            added: Memory::default(),
            redacted: Memory::default(),
        };
        for (original, replacement) in known {
            numbers_in(replacement, &mut map.taken);
            // A text that is no pseudonym was not written by a record.
            let Some(class) = class_of(replacement) else { continue };
            if class == IdentifierKind::Name {
                map.anywhere.insert(class.canonical(original));
            }
            if class != IdentifierKind::Host {
                map.entries.entry((class, class.canonical(original))).or_default();
            }
            map.known.insert(original.clone(), replacement.clone());
        }
        map
    }

    /// Assigns pseudonyms to all identifiers.
    pub(super) fn assign(&mut self) {
        self.redacted = Memory::default();
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
        words.retain(|(_, name)| self.anywhere.contains(name));
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
mod again;
#[cfg(test)]
mod tests;
