//! Whether a row is in the scope of a request: in its window and subject, of which entity, and whether it passes the filter.
//!
//! Input: the reading of a request and a row. Output: a [`ScopeMatch`]. Most requests of a plan have the same reading, so they
//! share a scope, and a row is matched once.

use std::collections::{BTreeMap, HashMap};

use super::filter::{Filter, Verdict};
use super::memory::of_entity;
use super::row::Row;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::{Condition, KeySource};
use crate::telemetry::request::Reading;
use crate::telemetry::schema::{Path, Table};
use crate::time::Window;

/// The reading of one or more requests, compiled.
#[derive(Debug)]
pub(super) struct RowScope {
    subject: BTreeMap<String, String>,
    window: Window,
    conditions: Vec<Condition>,
    filter: Filter,
    keys: Vec<(String, KeyLocation)>,
}

/// Where the value of an entity key is found.
#[derive(Clone, Debug, PartialEq)]
enum KeyLocation {
    /// Where the table declares it, which may differ by metric.
    Table,
    /// In this column.
    Column(Path),
}

/// How a row matches a scope.
#[derive(Clone, Debug)]
pub(super) enum ScopeMatch {
    /// It is outside the window, or of another subject.
    OutOfScope,
    /// It lacks an entity key.
    MissingKey,
    /// It is a row of this entity; the verdict is whether it passes the filter. Keys whose values come from the line are not
    /// part of the entity yet.
    Entity(Entity, Verdict),
}

impl RowScope {
    /// Compiles a reading; keys whose values come from the line are left out.
    ///
    /// # Errors
    ///
    /// Why a regex of the filter does not compile.
    pub(super) fn new(reading: &Reading, sources: &BTreeMap<String, KeySource>) -> Result<Self, String> {
        Ok(Self {
            subject: reading.subject.clone(),
            window: reading.window,
            conditions: reading.filter.clone(),
            filter: Filter::new(&reading.table, &reading.filter)?,
            keys: key_locations(reading, sources),
        })
    }

    /// Whether this is the scope of a request with that reading.
    pub(super) fn serves(&self, reading: &Reading, sources: &BTreeMap<String, KeySource>) -> bool {
        self.window == reading.window
            && self.subject == reading.subject
            && self.conditions == reading.filter
            && self.keys == key_locations(reading, sources)
    }

    /// The conditions of the reading.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Matches a row; `metric` is the canonical name of the row's metric if that metric has its keys in other columns.
    pub(super) fn match_row(&self, table: &Table, row: &Row, metric: Option<&str>) -> ScopeMatch {
        let is_within = self.window.contains(row.time());
        let overlaps = row.interval().is_some_and(|(from, to)| from < self.window.to && to >= self.window.from);
        if !(is_within || overlaps) || !row.matches_subject(table, metric, &self.subject) {
            return ScopeMatch::OutOfScope;
        }
        let values = self.keys.iter().map(|(key, location)| {
            let path = match location {
                KeyLocation::Table => table.key_path(key, metric)?,
                KeyLocation::Column(path) => path,
            };
            let text = row.text(path).filter(|text| !text.is_empty())?;
            Some((key.clone(), if table.folded_keys.contains(key) { text.to_lowercase() } else { text.into_owned() }))
        });
        match values.collect::<Option<Vec<_>>>() {
            Some(values) => {
                let verdict = match self.filter.evaluate(table, row, metric) {
                    // It may have been within the window.
                    Verdict::True if !is_within => Verdict::Unknown,
                    verdict => verdict,
                };
                ScopeMatch::Entity(Entity::new(values), verdict)
            }
            None => ScopeMatch::MissingKey,
        }
    }
}

fn key_locations(reading: &Reading, sources: &BTreeMap<String, KeySource>) -> Vec<(String, KeyLocation)> {
    let location = |key: &String| match sources.get(key) {
        None => Some((key.clone(), KeyLocation::Table)),
        Some(KeySource::Column(path)) => Some((key.clone(), KeyLocation::Column(path.clone()))),
        Some(KeySource::Json(_) | KeySource::Capture(_)) => None,
    };
    reading.keys.iter().filter_map(location).collect()
}

/// Per entity, which of the columns that a filter tests are present in any of its rows.
#[derive(Debug, Default)]
pub(super) struct ColumnPresence {
    entities: HashMap<Entity, Vec<bool>>,
    /// The estimated memory in bytes.
    held: u64,
}

impl ColumnPresence {
    /// Records which tested columns a row of an entity has.
    pub(super) fn record(&mut self, filter: &Filter, entity: &Entity, present: impl Iterator<Item = bool>) {
        match self.entities.get_mut(entity) {
            Some(known) => known.iter_mut().zip(present).for_each(|(known, present)| *known |= present),
            None => {
                let mut present: Vec<_> = present.collect();
                present.resize(filter.names().len(), false);
                self.held += of_entity(entity) + present.len() as u64;
                self.entities.insert(entity.clone(), present);
            }
        }
    }

    /// The estimated memory in bytes.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// Per entity the tested columns that none of its rows had, sorted.
    pub(super) fn missing_columns(&self, filter: &Filter) -> Vec<(Entity, String)> {
        let missing = |(entity, present): (&Entity, &Vec<bool>)| {
            let names = filter.names().zip(present.clone()).filter(|(_, present)| !present);
            names.map(|(name, _)| (entity.clone(), name.to_owned())).collect::<Vec<_>>()
        };
        let mut columns: Vec<_> = self.entities.iter().flat_map(missing).collect();
        columns.sort();
        columns.dedup();
        columns
    }
}
