//! What a request sees of a row before it looks at what it asks for: inside or outside, whose, and whether it passes.
//!
//! Input: the reading of a request and a row. Output: [`ScopeMatch`]. Requests of one plan mostly read alike, so a lens is shared
//! by all that do and looks at each row once.

use std::collections::{BTreeMap, HashMap};

use super::filter::{Filter, Verdict};
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
    keys: Vec<(String, Place)>,
}

/// Where an entity key stands.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// Where the table says, which may differ by metric.
    Table,
    /// In this column.
    Column(Path),
}

/// What a lens sees of a row.
#[derive(Clone, Debug)]
pub(super) enum ScopeMatch {
    /// Outside the window, or of another subject.
    OutOfScope,
    /// It lacks an entity key.
    MissingKey,
    /// A row of somebody, and whether it passes the filter. Keys that stand in the line are not part of the entity yet.
    Entity(Entity, Verdict),
}

impl RowScope {
    /// Compiles a reading; keys that come from the line are left to the line.
    ///
    /// # Errors
    ///
    /// What is wrong with a regex of the filter, in words.
    pub(super) fn new(reading: &Reading, sources: &BTreeMap<String, KeySource>) -> Result<Self, String> {
        Ok(Self {
            subject: reading.subject.clone(),
            window: reading.window,
            conditions: reading.filter.clone(),
            filter: Filter::new(&reading.table, &reading.filter)?,
            keys: places(reading, sources),
        })
    }

    /// Whether a request reads through this lens.
    pub(super) fn serves(&self, reading: &Reading, sources: &BTreeMap<String, KeySource>) -> bool {
        self.window == reading.window
            && self.subject == reading.subject
            && self.conditions == reading.filter
            && self.keys == places(reading, sources)
    }

    /// The conditions of the reading.
    pub(super) fn filter(&self) -> &Filter {
        &self.filter
    }

    /// What the lens sees of a row of a metric, by its canonical name.
    pub(super) fn look(&self, table: &Table, row: &Row, metric: Option<&str>) -> ScopeMatch {
        if !self.window.contains(row.time()) || !row.is_of(table, metric, &self.subject) {
            return ScopeMatch::OutOfScope;
        }
        let values = self.keys.iter().map(|(key, place)| {
            let path = match place {
                Place::Table => table.key_path(key, metric)?,
                Place::Column(path) => path,
            };
            let text = row.text(path).filter(|text| !text.is_empty())?;
            Some((key.clone(), if table.folded_keys.contains(key) { text.to_lowercase() } else { text.into_owned() }))
        });
        match values.collect::<Option<Vec<_>>>() {
            Some(values) => ScopeMatch::Entity(Entity::new(values), self.filter.judge(table, row, metric)),
            None => ScopeMatch::MissingKey,
        }
    }
}

fn places(reading: &Reading, sources: &BTreeMap<String, KeySource>) -> Vec<(String, Place)> {
    let place = |key: &String| match sources.get(key) {
        None => Some((key.clone(), Place::Table)),
        Some(KeySource::Column(path)) => Some((key.clone(), Place::Column(path.clone()))),
        Some(KeySource::Json(_) | KeySource::Capture(_)) => None,
    };
    reading.keys.iter().filter_map(place).collect()
}

/// Which tested columns some row of each entity carried.
#[derive(Debug, Default)]
pub(super) struct Carried {
    entities: HashMap<Entity, Vec<bool>>,
}

impl Carried {
    /// Notes what a row of an entity carries.
    pub(super) fn note(&mut self, filter: &Filter, entity: &Entity, carried: impl Iterator<Item = bool>) {
        match self.entities.get_mut(entity) {
            Some(known) => known.iter_mut().zip(carried).for_each(|(known, carried)| *known |= carried),
            None => {
                let mut carried: Vec<_> = carried.collect();
                carried.resize(filter.names().len(), false);
                self.entities.insert(entity.clone(), carried);
            }
        }
    }

    /// The entities with the columns that none of their rows carried, sorted.
    pub(super) fn lacking(&self, filter: &Filter) -> Vec<(Entity, String)> {
        let lacks = |(entity, carried): (&Entity, &Vec<bool>)| {
            let names = filter.names().zip(carried.clone()).filter(|(_, carried)| !carried);
            names.map(|(name, _)| (entity.clone(), name.to_owned())).collect::<Vec<_>>()
        };
        let mut lacking: Vec<_> = self.entities.iter().flat_map(lacks).collect();
        lacking.sort();
        lacking.dedup();
        lacking
    }
}
