//! Replaces the identifiers of texts and cells.

use std::ops::Range;

use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::Row;
use serde_json::{Map, Value};

use super::super::cells;
use super::super::find::{Class as IdentifierKind, encode_base64, find, layers, resource_names, texts_in_base64};
use super::words::{Occurrence, Words};
use super::{Key, Place, PseudonymMap};

/// The maximum number of base64 texts within each other in which names are replaced.
const MAX_DEPTH: usize = 2;

/// What is replaced in a text: the range, the text in its place, and the identifiers in it.
type Change = (Range<usize>, String, Vec<Key>);

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
        let (changes, within) = self.changes(text, key, 0);
        for key in changes.iter().flat_map(|(_, _, keys)| keys) {
            let Some(entry) = self.entries.get_mut(key) else { continue };
            entry.times += 1;
            if entry.place.is_none() && key.0 == IdentifierKind::Doubtful {
                entry.place.clone_from(&self.place);
            }
        }
        for word in within {
            if let Some((_, _, count)) = self.given.iter_mut().find(|(_, known, _)| *known == word) {
                *count += 1;
            }
        }
        changed(text, changes)
    }

    /// The text with its identifiers replaced, without counting them.
    pub(in super::super) fn replaced_text(&self, text: &str, key: Option<&str>) -> String {
        changed(text, self.changes(text, key, 0).0)
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
        let is_plain = key.is_none() && self.plain.contains(text);
        for one in if is_plain { Vec::new() } else { find(text, key) } {
            let known = text.get(one.range.clone()).and_then(|found| self.key(one.class, found, one.decoded));
            found.extend(known.map(|key| (one.range, key)));
        }
        if self.names && !is_plain {
            let names = resource_names(text).into_iter();
            found.extend(names.filter_map(|range| {
                let name = IdentifierKind::Name.canonical(text.get(range.clone())?);
                Some((range, (IdentifierKind::Name, name)))
            }));
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
            let (inside, _) = if is_free { self.changes(&inner, None, depth + 1) } else { continue };
            if !inside.is_empty() {
                let url_safe = text.get(range.clone()).is_some_and(|one| one.contains(['-', '_']));
                let keys = inside.iter().flat_map(|(_, _, keys)| keys.clone()).collect();
                more.push((range, encode_base64(&changed(&inner, inside), url_safe), keys));
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

/// The text after the changes, which are from left to right and without overlap.
fn changed(text: &str, changes: Vec<Change>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (range, new, _) in changes {
        out.push_str(text.get(done..range.start).unwrap_or_default());
        out.push_str(&new);
        done = range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}
