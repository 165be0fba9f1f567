//! Collects the identifiers of rows and texts.

use std::borrow::Cow;
use std::ops::Range;

use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::Row;
use serde_json::Value;

use super::super::cells;
use super::super::find::{self, Class as IdentifierKind, find, layers, resource_names};
use super::forms::{self, Numbers, numbers_in};
use super::{Key, MIN_NAME, PseudonymMap};

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

impl PseudonymMap {
    /// Adds a word, to be replaced wherever it is not part of a longer word.
    pub(in super::super) fn add_word(&mut self, word: &str) {
        let normal = IdentifierKind::Name.canonical(word);
        if !normal.is_empty() && !self.given.iter().any(|(_, known, _)| *known == normal) {
            self.given.push((word.to_owned(), normal.clone(), 0));
            self.anywhere.insert(normal.clone());
            self.entries.entry((IdentifierKind::Name, normal)).or_default();
        }
    }

    /// Adds a value of the subject: the names in a resource id, or the value itself.
    pub(in super::super) fn add_subject(&mut self, value: &str) {
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
            if !kind.eq_ignore_ascii_case("subscriptions") && !find::is_pseudonym(name) {
                self.add_resource_name(name);
            }
            at += 2;
        }
    }

    /// Adds a name that is replaced in every text, unless it is too short, a pseudonym, or part of a rule.
    fn add_name(&mut self, name: &str) {
        if name.chars().count() >= MIN_NAME && !find::is_pseudonym(name) && !self.protected.contains(name) {
            let name = IdentifierKind::Name.canonical(name);
            self.anywhere.insert(name.clone());
            self.entries.entry((IdentifierKind::Name, name)).or_default();
        }
    }

    /// Adds a name in a resource id. It is replaced in resource ids even if it is too short for other texts.
    fn add_resource_name(&mut self, name: &str) {
        self.entries.entry((IdentifierKind::Name, IdentifierKind::Name.canonical(name))).or_default();
        self.add_name(name);
    }

    /// Adds the identifiers of a row.
    pub(in super::super) fn add_row(&mut self, table: &Table, row: &Row) {
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
    pub(in super::super) fn add_cell(&mut self, key: &str, cell: &Value) {
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
    pub(in super::super) fn add_text(&mut self, text: &str, key: Option<&str>) {
        if self.added.get(text, key).is_some() {
            return;
        }
        self.added.insert(text, key, ());
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
            resource_names(text)
                .into_iter()
                .filter_map(|range| text.get(range))
                .for_each(|name| self.add_resource_name(name));
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
    pub(super) fn key(&self, kind: IdentifierKind, found: &str, decoded: Option<String>) -> Option<Key> {
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
    pub(super) fn key_of_number(&self, key: &str, number: &str) -> Option<Key> {
        let lower = key.to_lowercase();
        if !NUMBER_KEYS.iter().any(|part| lower.contains(part)) {
            return None;
        }
        let one = find(number, Some(key)).into_iter().find(|one| one.range == (0..number.len()))?;
        matches!(one.class, IdentifierKind::Secret | IdentifierKind::Personal)
            .then(|| (one.class, one.class.canonical(number)))
    }
}
