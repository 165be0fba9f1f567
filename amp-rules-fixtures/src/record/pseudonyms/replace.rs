//! Replaces the identifiers of texts and cells.

use std::ops::Range;

use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::Row;
use serde_json::{Map, Value};

use super::super::cells;
use super::super::find::{Class as IdentifierKind, encode_base64, find, layers, resource_names, texts_in_base64};
use super::words::{Occurrence, Words};
use super::{Key, Place, PseudonymMap, Redacted, forms};

/// The maximum number of base64 texts within each other in which names are replaced.
const MAX_DEPTH: usize = 2;

/// What is replaced in a text: the range, the text in its place, and the identifiers in it.
type Change = (Range<usize>, String, Vec<Key>);

/// The maximum number of searches of a text that has pseudonyms already.
const MAX_ROUNDS: usize = 8;

impl PseudonymMap {
    /// Replaces the identifiers of a row. `number`: that of the row in the table of the record, from 1.
    pub(in super::super) fn redact_row(&mut self, table: &Table, number: u64, row: &Row) -> Map<String, Value> {
        let cells = row.cells();
        let mut out = Map::new();
        for (name, cell) in cells {
            let column = if table.columns.contains_key(name) { name.clone() } else { self.redact_text(name, None) };
            self.place = Some(Place { table: table.name.clone(), row: number, column: column.clone() });
            out.insert(column, self.redact_value(&cells::context(cells, name, cell), cell));
        }
        self.place = None;
        out
    }

    /// Replaces the identifiers of a text. `key`: the column or the property of which it is the value, if any.
    pub(in super::super) fn redact_text(&mut self, text: &str, key: Option<&str>) -> String {
        let redacted = match self.redacted.get(text, key) {
            Some(known) => known.clone(),
            None => {
                let new = self.redacted(text, key, 0);
                self.redacted.insert(text, key, new.clone());
                new
            }
        };
        for key in &redacted.keys {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            entry.times += 1;
            if entry.place.is_none() && key.0 == IdentifierKind::Doubtful {
                entry.place.clone_from(&self.place);
            }
        }
        for word in redacted.within {
            if let Some((_, _, count)) = self.given.iter_mut().find(|(_, known, _)| *known == word) {
                *count += 1;
            }
        }
        redacted.text
    }

    /// The text with its identifiers replaced, without counting them.
    pub(in super::super) fn replaced_text(&self, text: &str, key: Option<&str>) -> String {
        self.redacted(text, key, 0).text
    }

    fn redacted(&self, text: &str, key: Option<&str>, depth: usize) -> Redacted {
        let (changes, within) = self.changes(text, key, depth);
        if changes.is_empty() {
            return Redacted { text: text.to_owned(), keys: Vec::new(), within };
        }
        let keys = changes.iter().flat_map(|(_, _, keys)| keys.clone()).collect();
        let mut redacted = Redacted { text: String::new(), keys, within };
        let mut pseudonyms;
        let is_whole = changes.first().is_some_and(|(range, _, _)| *range == (0..text.len()));
        (redacted.text, pseudonyms) = apply(text, changes, &[]);
        if is_whole {
            return redacted;
        }
        // What surrounds a pseudonym may be found where its original was not: `REDACTED-1x` as a value without its quotes.
        for _ in 0..MAX_ROUNDS {
            let changes = self.later_changes(&redacted.text, key, &pseudonyms);
            if changes.is_empty() {
                break;
            }
            redacted.keys.extend(changes.iter().flat_map(|(_, _, keys)| keys.clone()));
            (redacted.text, pseudonyms) = apply(&redacted.text, changes, &pseudonyms);
        }
        redacted
    }

    /// The replacements in a text, from left to right, without overlap; and the given words within longer
    /// words that remain.
    fn changes(&self, text: &str, key: Option<&str>, depth: usize) -> (Vec<Change>, Vec<String>) {
        let mut found: Vec<(Range<usize>, Key)> = Vec::new();
        let mut joined: Vec<(Range<usize>, String)> = Vec::new();
        self.each_word(text, &mut |one, range| {
            if one.is_separate {
                found.push((range, (one.class, one.word.to_owned())));
            } else if one.class == IdentifierKind::Name && self.given.iter().any(|(_, word, _)| word == one.word) {
                joined.push((range, one.word.to_owned()));
            }
        });
        if !(key.is_none() && self.plain.contains(text)) {
            self.each_find(text, key, |range, key| found.push((range, key)));
        }
        // Of overlapping identifiers, the first is replaced; if they start together, the longer one. What remains of the other
        // is replaced too, unless it is a host.
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut changes: Vec<Change> = Vec::new();
        let mut done = 0;
        for (range, key) in found {
            if range.end <= done || (range.start < done && key.0 == IdentifierKind::Host) {
                continue;
            }
            let range = range.start.max(done)..range.end;
            let Some(entry) = self.entries.get(&key) else { continue };
            let new = key.0.in_notation_of(text.get(range.clone()).unwrap_or_default(), &entry.replacement);
            done = range.end;
            changes.push((range, new, vec![key]));
        }
        if depth < MAX_DEPTH && self.words.is_some() {
            self.encoded(text, depth, &mut changes);
        }
        joined.retain(|(range, _)| !changes.iter().any(|(of, _, _)| of.start <= range.start && range.end <= of.end));
        (changes, joined.into_iter().map(|(_, word)| word).collect())
    }

    /// Calls `each` with the finds of a text that are replaced.
    fn each_find(&self, text: &str, key: Option<&str>, mut each: impl FnMut(Range<usize>, Key)) {
        for one in find(text, key) {
            if let Some(key) = text.get(one.range.clone()).and_then(|found| self.key(one.class, found, one.decoded)) {
                each(one.range, key);
            }
        }
        if self.names {
            for range in resource_names(text) {
                let name = IdentifierKind::Name.canonical(text.get(range.clone()).unwrap_or_default());
                each(range, (IdentifierKind::Name, name));
            }
        }
    }

    /// The replacements in a text that has pseudonyms already. A find that contains one becomes a part of it; another one,
    /// if it was not collected, gets the number 0.
    fn later_changes(&self, text: &str, key: Option<&str>, pseudonyms: &[Range<usize>]) -> Vec<Change> {
        let mut found: Vec<(Range<usize>, Key)> = Vec::new();
        self.each_find(text, key, |range, key| found.push((range, key)));
        found.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut changes: Vec<Change> = Vec::new();
        let (mut done, mut next) = (0, 0);
        for (mut range, key) in found {
            if range.start < done {
                continue;
            }
            while pseudonyms.get(next).is_some_and(|one| one.end <= range.start) {
                next += 1;
            }
            let inside = pseudonyms.get(next..).unwrap_or_default();
            let count = inside.iter().take_while(|one| one.start < range.end).count();
            let new = match inside.get(..count) {
                Some([first, ..]) => {
                    let last = inside.get(count - 1).unwrap_or(first);
                    range = range.start.min(first.start)..range.end.max(last.end);
                    if range == *first {
                        continue;
                    }
                    text.get(first.clone()).unwrap_or_default().to_owned()
                }
                _ => {
                    let new = self.entries.get(&key).map(|entry| entry.replacement.clone());
                    let new = new.unwrap_or_else(|| forms::pseudonym(key.0, &key.1, 0, 1, &self.protected));
                    key.0.in_notation_of(text.get(range.clone()).unwrap_or_default(), &new)
                }
            };
            done = range.end;
            let keys = if count == 0 { vec![key] } else { Vec::new() };
            changes.push((range, new, keys));
        }
        changes
    }

    /// Calls `each` with the names and secrets in a text and in its decoded layers, with their ranges in the text.
    fn each_word(&self, text: &str, each: &mut dyn FnMut(Occurrence<'_>, Range<usize>)) {
        let searches: Vec<&Words> = self.words.iter().chain(&self.secrets).collect();
        for words in &searches {
            words.each(text, |one| {
                let range = one.range.clone();
                each(one, range);
            });
        }
        if searches.is_empty() {
            return;
        }
        for layer in layers(text) {
            for words in &searches {
                words.each(layer.text(), |one| {
                    if let Some(range) = layer.original(&one.range).filter(|_| one.is_separate) {
                        each(one, range);
                    }
                });
            }
        }
    }

    /// Adds the base64 texts in which names are replaced, encoded again.
    fn encoded(&self, text: &str, depth: usize, changes: &mut Vec<Change>) {
        let mut more = Vec::new();
        for (range, inner) in texts_in_base64(text) {
            let is_free = changes.iter().all(|(taken, _, _)| taken.end <= range.start || range.end <= taken.start);
            let new = if is_free { self.redacted(&inner, None, depth + 1) } else { continue };
            if !new.keys.is_empty() {
                let url_safe = text.get(range.clone()).is_some_and(|one| one.contains(['-', '_']));
                more.push((range, encode_base64(&new.text, url_safe), new.keys));
            }
        }
        changes.extend(more);
        changes.sort_by_key(|(range, _, _)| range.start);
    }

    /// Replaces the identifiers of a cell, also in names of properties. `key`: its column, or the name of the property.
    pub(super) fn redact_value(&mut self, key: &str, cell: &Value) -> Value {
        match cell {
            Value::String(text) => Value::String(self.redact_text(text, Some(key))),
            Value::Number(number) => {
                let known = self.key_of_number(key, &number.to_string());
                let entry = known.and_then(|known| self.entries.get_mut(&known));
                entry.map_or_else(
                    || cell.clone(),
                    |entry| {
                        entry.times += 1;
                        Value::String(entry.replacement.clone())
                    },
                )
            }
            Value::Array(items) => {
                if let Some(rows) = cells::rows_with_names(items) {
                    return self.redact_rows(&rows);
                }
                let item = |(index, item): (usize, &Value)| {
                    self.redact_value(&cells::context_of_item(items, index, key), item)
                };
                items.iter().enumerate().map(item).collect()
            }
            Value::Object(object) => Value::Object(self.redact_object(key, object)),
            Value::Null | Value::Bool(_) => cell.clone(),
        }
    }

    fn redact_object(&mut self, key: &str, object: &Map<String, Value>) -> Map<String, Value> {
        let headers = cells::Headers::of(object);
        let outer = self.place.clone();
        let mut all = Map::new();
        for (name, item) in object {
            let mut new_name = self.redact_text(name, None);
            if let (Some(place), Some(outer)) = (&mut self.place, &outer) {
                let column = outer.column.split('.').next().unwrap_or_default();
                place.column = format!("{column}.{new_name}");
            }
            let item = match headers.table(item) {
                Some(rows) => self.redact_rows(&rows),
                None => self.redact_value(&cells::context_of_property(object, name, item, key), item),
            };
            // Names that are notations of one value would become one property, and values would be lost.
            while all.contains_key(&new_name) {
                new_name.push_str(" (2)");
            }
            all.insert(new_name, item);
            self.place.clone_from(&outer);
        }
        all
    }

    fn redact_rows(&mut self, rows: &[Vec<(&str, &Value)>]) -> Value {
        rows.iter().map(|row| row.iter().map(|(key, cell)| self.redact_value(key, cell)).collect::<Value>()).collect()
    }
}

/// The text after the changes, which are from left to right and without overlap, and the ranges of the pseudonyms in it.
/// `kept`: the pseudonyms in the text before. Each is apart from the changes or within one.
fn apply(text: &str, changes: Vec<Change>, kept: &[Range<usize>]) -> (String, Vec<Range<usize>>) {
    let mut out = String::with_capacity(text.len());
    let mut pseudonyms = Vec::with_capacity(changes.len() + kept.len());
    let mut kept = kept.iter().peekable();
    let mut done = 0;
    let mut copy = |range: Range<usize>, out: &mut String, pseudonyms: &mut Vec<Range<usize>>| {
        while let Some(one) = kept.next_if(|one| one.start < range.end) {
            if one.start >= range.start {
                pseudonyms.push(out.len() + one.start - range.start..out.len() + one.end - range.start);
            }
        }
        out.push_str(text.get(range).unwrap_or_default());
    };
    for (range, new, _) in changes {
        copy(done..range.start, &mut out, &mut pseudonyms);
        pseudonyms.push(out.len()..out.len() + new.len());
        out.push_str(&new);
        done = range.end;
    }
    copy(done..text.len(), &mut out, &mut pseudonyms);
    (out, pseudonyms)
}
