//! The properties of the latest row per entity, the values that each had before, and when there were rows.
//!
//! Input: rows, in any order. Output: [`Properties`], sorted by entity. Rows of one instant are ordered by their ids. Memory
//! grows with rows, because the values depend on all of them: per row, its time, its id and the number of
//! its state are kept (equal states are kept once).

use std::collections::HashMap;

use super::filter::cell_path;
use super::memory::{of_entity, of_text};
use super::row::Row;
use crate::telemetry::entity::Entity;
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::{PROPERTY_BIN, Properties, Property};
use crate::time::Time;

/// The text of each requested property; `None` if the row lacks it.
type State = Vec<Option<String>>;

/// A properties request that is being answered.
#[derive(Debug)]
pub(super) struct PropertiesAggregator {
    paths: Vec<Path>,
    states: HashMap<State, usize>,
    entities: HashMap<Entity, Vec<(Time, Box<str>, usize)>>,
    /// The estimated memory in bytes.
    held: u64,
}

impl PropertiesAggregator {
    /// No rows yet.
    pub(super) fn new(names: &[(String, Path)]) -> Self {
        Self {
            paths: names.iter().map(|(_, path)| path.clone()).collect(),
            states: HashMap::new(),
            entities: HashMap::new(),
            held: 0,
        }
    }

    /// Adds a row of an entity.
    pub(super) fn add(&mut self, table: &Table, row: &Row, entity: &Entity, metric: Option<&str>) {
        let texts =
            self.paths.iter().map(|path| row.text(cell_path(table, path, metric)).map(|text| text.into_owned()));
        let texts: State = texts.collect();
        let next = self.states.len();
        let state = match self.states.get(&texts) {
            Some(known) => *known,
            None => {
                self.held += texts.iter().flatten().map(|text| 32 + of_text(text)).sum::<u64>();
                self.states.insert(texts, next);
                next
            }
        };
        let id: Box<str> = row.row_id(table).into();
        let rows = self.entities.entry(entity.clone()).or_default();
        self.held += 16 + of_text(&id) + if rows.is_empty() { of_entity(entity) } else { 0 };
        rows.push((row.time(), id, state));
    }

    /// The estimated memory in bytes.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// The latest row of each entity.
    pub(super) fn finish(self) -> Vec<Properties> {
        let mut states: Vec<_> = self.states.into_iter().collect();
        states.sort_by_key(|(_, number)| *number);
        let states: Vec<_> = states.into_iter().map(|(state, _)| state).collect();
        // Rows without an identity may be equal in time and id; their content is then equal too.
        let latest = |(entity, mut rows): (Entity, Vec<(Time, Box<str>, usize)>)| {
            rows.sort_by(|one, other| {
                (one.0, &one.1, states.get(one.2)).cmp(&(other.0, &other.1, states.get(other.2)))
            });
            let (at, row, _) = rows.last()?;
            let property = |index: usize| {
                let value = |state: usize| states.get(state)?.get(index)?.as_deref();
                Property::of_rows(rows.iter().map(|(at, _, state)| (*at, value(*state))))
            };
            let mut firsts: Vec<Time> = rows.iter().map(|(at, ..)| *at).collect();
            firsts.dedup_by_key(|at| at.floor(PROPERTY_BIN));
            Some(Properties {
                entity,
                rows: firsts,
                at: *at,
                row: row.to_string(),
                states: (0..self.paths.len()).map(property).collect(),
            })
        };
        let mut found: Vec<_> = self.entities.into_iter().filter_map(latest).collect();
        found.sort_by(|one, other| one.entity.cmp(&other.entity));
        found
    }
}
