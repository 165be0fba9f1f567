//! Which of the columns that a request tests are present in rows.
//!
//! Input: rows of entities, file by file. Output: per entity the columns that none of its rows has, and gaps where rows of
//! an entity are from a file in which no row has a column that it has elsewhere.

use std::collections::{BTreeMap, HashMap};

use super::memory::of_entity;
use crate::telemetry::entity::Entity;
use crate::telemetry::source::data::{Gap, GapReason};
use crate::time::{Time, Window};

/// The tested columns in rows, by their index among the tested columns.
#[derive(Debug, Default)]
pub(super) struct ColumnPresence {
    /// Per entity, whether any of its rows has the column.
    entities: HashMap<Entity, Vec<bool>>,
    /// Whether any row of the file that is being read has the column.
    in_file: Vec<bool>,
    /// Per entity, the times of its first and last row in that file.
    ranges: HashMap<Entity, (Time, Time)>,
    /// The columns that no row of a file has, with the rows of an entity in the file.
    absent: Vec<(usize, Entity, Window)>,
    /// The estimated memory in bytes.
    held: u64,
}

impl ColumnPresence {
    /// Records which tested columns a row of an entity has.
    pub(super) fn record(&mut self, entity: &Entity, at: Time, present: impl Iterator<Item = bool>) {
        let present: Vec<bool> = present.collect();
        self.in_file.resize(present.len(), false);
        self.in_file.iter_mut().zip(&present).for_each(|(known, present)| *known |= present);
        match self.ranges.get_mut(entity) {
            Some((first, last)) => (*first, *last) = ((*first).min(at), (*last).max(at)),
            None => {
                self.held += of_entity(entity) + 16;
                self.ranges.insert(entity.clone(), (at, at));
            }
        }
        match self.entities.get_mut(entity) {
            Some(known) => known.iter_mut().zip(&present).for_each(|(known, present)| *known |= present),
            None => {
                self.held += of_entity(entity) + present.len() as u64;
                self.entities.insert(entity.clone(), present);
            }
        }
    }

    /// Ends a file: rows that follow are from another one.
    pub(super) fn end_of_file(&mut self) {
        let ranges = std::mem::take(&mut self.ranges);
        for (index, _) in std::mem::take(&mut self.in_file).iter().enumerate().filter(|(_, present)| !**present) {
            self.held += ranges.keys().map(|entity| of_entity(entity) + 24).sum::<u64>();
            self.absent.extend(ranges.iter().map(|(entity, (first, last))| {
                (index, entity.clone(), Window { from: *first, to: last.saturating_add_ticks(1) })
            }));
        }
    }

    /// The estimated memory in bytes.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// Per entity the tested columns that none of its rows has, sorted; then the gaps of files that lack a column. `names` are
    /// the names of the tested columns.
    pub(super) fn finish(mut self, names: &[String]) -> (Vec<(Entity, String)>, Vec<Gap>) {
        self.end_of_file();
        let lacking = |(entity, present): (&Entity, &Vec<bool>)| {
            let missing = names.iter().zip(present.clone()).filter(|(_, present)| !present);
            missing.map(|(name, _)| (entity.clone(), name.clone())).collect::<Vec<_>>()
        };
        let mut columns: Vec<_> = self.entities.iter().flat_map(lacking).collect();
        columns.sort();
        columns.dedup();
        let mut gaps: BTreeMap<Window, Vec<Entity>> = BTreeMap::new();
        for (index, entity, rows) in self.absent {
            if self.entities.get(&entity).is_some_and(|present| present.get(index) == Some(&true)) {
                gaps.entry(rows).or_default().push(entity);
            }
        }
        let gaps = gaps.into_iter().map(|(range, mut entities)| {
            entities.sort();
            entities.dedup();
            Gap { reason: GapReason::MissingColumn, range: Some(range), entities: Some(entities) }
        });
        (columns, gaps.collect())
    }
}
