//! Whether a row is in the scope of a request: in its window and subject, of which entity, and whether it passes the filter.
//!
//! Input: the reading of a request and a row. Output: a [`ScopeMatch`]. Most requests of a plan have the same reading, so they
//! share a scope, and a row is matched once.

use std::collections::BTreeMap;

use super::filter::{Filter, Verdict};
use super::row::Row;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::{Condition, KeySource};
use crate::telemetry::request::Reading;
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::GapReason;
use crate::time::Window;

/// The reading of one or more requests, compiled.
#[derive(Debug)]
pub(super) struct RowScope {
    subject: BTreeMap<String, String>,
    window: Window,
    conditions: Vec<Condition>,
    filter: Filter,
    keys: Vec<(String, KeyLocation)>,
    /// The keys of the subject that are not among `keys`.
    only_of_subject: Vec<String>,
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
    /// It has none of the entity keys that it would need: it is a row of something else.
    OtherEntity,
    /// It is a row of this entity; the verdict is whether it passes the filter. Keys whose values come from the line are not
    /// part of the entity yet, nor is a key that the row lacks; with one missing, the verdict is not [`Verdict::True`].
    Entity(Entity, Verdict),
}

impl RowScope {
    /// Compiles a reading; keys whose values come from the line are left out.
    ///
    /// # Errors
    ///
    /// Why a regex of the filter does not compile.
    pub(super) fn new(reading: &Reading, sources: &BTreeMap<String, KeySource>) -> Result<Self, String> {
        let is_requested = |key: &&String| reading.keys.contains(key);
        Ok(Self {
            only_of_subject: reading.subject.keys().filter(|key| !is_requested(key)).cloned().collect(),
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

    /// The names of the columns that the conditions test, in their order.
    pub(super) fn names(&self) -> Vec<String> {
        self.conditions.iter().map(|condition| condition.name.clone()).collect()
    }

    /// The conditions of the reading.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Whether an entity of the scope has all keys that are columns of a row.
    pub(super) fn is_whole(&self, entity: &Entity) -> bool {
        entity.keys().count() == self.keys.len()
    }

    /// Matches a row; `metric` is the canonical name of the row's metric if that metric has its keys in other columns.
    pub(super) fn match_row(&self, table: &Table, row: &Row, metric: Option<&str>) -> ScopeMatch {
        let is_within = self.window.contains(row.time());
        let overlaps = row.interval().is_some_and(|(from, to)| from < self.window.to && to >= self.window.from);
        if !(is_within || overlaps) || !row.may_be_of_subject(table, metric, &self.subject) {
            return ScopeMatch::OutOfScope;
        }
        let mut values = Vec::with_capacity(self.keys.len());
        for (key, path) in self.key_paths(table, metric) {
            if let Some(text) = path.and_then(|path| row.text(path)).filter(|text| !text.is_empty()) {
                let folded = table.folded_keys.contains(key);
                values.push((key.to_owned(), if folded { text.to_lowercase() } else { text.into_owned() }));
            }
        }
        let verdict = match self.filter.evaluate(table, row, metric) {
            // It may have been within the window.
            Verdict::True if !is_within => Verdict::Unknown(GapReason::TimeRange),
            verdict => verdict,
        };
        let has = |key: &String| table.key_path(key, metric).is_none_or(|path| row.text(path).is_some());
        if values.len() == self.keys.len() && self.only_of_subject.iter().all(has) {
            return ScopeMatch::Entity(Entity::new(values), verdict);
        }
        if !self.may_lack_keys(table, row, metric) {
            return ScopeMatch::OtherEntity;
        }
        let verdict = if verdict == Verdict::False { verdict } else { Verdict::Unknown(GapReason::MissingColumn) };
        ScopeMatch::Entity(Entity::new(values), verdict)
    }

    /// The keys of the request with their paths in the rows of a metric.
    fn key_paths<'s>(
        &'s self,
        table: &'s Table,
        metric: Option<&str>,
    ) -> impl Iterator<Item = (&'s str, Option<&'s Path>)> {
        self.keys.iter().map(move |(key, location)| match location {
            KeyLocation::Table => (key.as_str(), table.key_path(key, metric)),
            KeyLocation::Column(path) => (key.as_str(), Some(path)),
        })
    }

    /// The paths of the keys of the subject and of the request that the row lacks.
    fn missing_keys<'s>(
        &'s self,
        table: &'s Table,
        row: &'s Row,
        metric: Option<&str>,
    ) -> impl Iterator<Item = &'s Path> {
        let of_request = self.key_paths(table, metric).filter_map(|(_, path)| path);
        let of_subject = self.only_of_subject.iter().filter_map(move |key| table.key_path(key, metric));
        let paths = of_request.chain(of_subject);
        paths.filter(|path| row.text(path).is_none_or(|text| text.is_empty()))
    }

    /// Whether a row that lacks keys may be one of the request's entities, so that it must not count as absent: it lacks one
    /// key and has another key of the table, or the whole column with the properties that hold its keys cannot be read. Other rows
    /// are of something that has no such keys, or of a metric that has them in other columns.
    fn may_lack_keys(&self, table: &Table, row: &Row, metric: Option<&str>) -> bool {
        let name = table.metric_name.as_ref().filter(|_| metric.is_none()).and_then(|path| row.text(path));
        let has_keys_elsewhere = name.is_some_and(|name| {
            let mut special = table
                .metric_keys
                .iter()
                .filter(|(_, special)| self.keys.iter().any(|(key, _)| special.contains_key(key)));
            special.any(|(metric, _)| table.spellings(metric).iter().any(|spelling| *spelling == name))
        });
        if has_keys_elsewhere {
            return false;
        }
        let has_all_paths = self.key_paths(table, metric).all(|(_, path)| path.is_some());
        let missing: Vec<&Path> = self.missing_keys(table, row, metric).collect();
        let has = |path: &Path| row.text(path).is_some_and(|text| !text.is_empty());
        let has_another = || table.keys.values().any(has);
        let lacks_bag = || missing.iter().any(|path| path.parts().len() > 1 && row.is_unreadable_bag(path.column()));
        has_all_paths && ((missing.len() == 1 && has_another()) || lacks_bag())
    }

    /// The paths of the cells that decide whether the row is one of the request and that the row lacks.
    pub(super) fn missing<'s>(
        &'s self,
        table: &'s Table,
        row: &'s Row,
        metric: Option<&'s str>,
    ) -> impl Iterator<Item = &'s Path> {
        self.missing_keys(table, row, metric).chain(self.filter.missing(table, row, metric))
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
