//! Heartbeats and restarts per entity.
//!
//! Input: heartbeat rows and the times of restart markers, in any order. Output: [`EntityHeartbeats`], sorted by entity. An
//! entity without a heartbeat is not listed, even if it has restarts. Memory grows with entities and bins.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::filter::cell_path;
use super::memory::{of_entity, of_text};
use super::row::Row;
use crate::telemetry::entity::Entity;
use crate::telemetry::request::InventoryRequest;
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::EntityHeartbeats;
use crate::time::{Time, ticks_of};

/// Restart markers at most this far apart belong to one restart.
const ONE_RESTART: Duration = Duration::from_secs(120);

/// An inventory request that is being answered.
#[derive(Debug)]
pub(super) struct InventoryAggregator {
    every: Duration,
    attributes: Vec<(String, Path)>,
    restart_marker: Option<String>,
    entities: HashMap<Entity, Heartbeats>,
    starts: HashMap<Entity, BTreeSet<Time>>,
    /// The estimated memory in bytes.
    held: u64,
}

#[derive(Debug)]
struct Heartbeats {
    beats: BTreeSet<Time>,
    first: Time,
    last: Time,
    attributes: BTreeMap<String, (Time, String)>,
}

impl InventoryAggregator {
    /// No heartbeats yet.
    pub(super) fn new(request: &InventoryRequest) -> Self {
        Self {
            every: request.every,
            attributes: request.attributes.clone(),
            restart_marker: request.restart_marker.clone(),
            entities: HashMap::new(),
            starts: HashMap::new(),
            held: 0,
        }
    }

    /// The regex of a line that its entity writes when it starts.
    pub(super) fn restart_marker(&self) -> Option<&str> {
        self.restart_marker.as_deref()
    }

    /// The width of a bin.
    pub(super) fn every(&self) -> Duration {
        self.every
    }

    /// Adds a heartbeat row.
    pub(super) fn add(&mut self, table: &Table, row: &Row, entity: &Entity, metric: Option<&str>) {
        let at = row.time();
        let held = &mut self.held;
        let heartbeats = self.entities.entry(entity.clone()).or_insert_with(|| {
            *held += of_entity(entity) + 128;
            Heartbeats { beats: BTreeSet::new(), first: at, last: at, attributes: BTreeMap::new() }
        });
        if heartbeats.beats.insert(at.floor(self.every)) {
            *held += 16;
        }
        heartbeats.first = heartbeats.first.min(at);
        heartbeats.last = heartbeats.last.max(at);
        for (name, path) in &self.attributes {
            let Some(text) = row.text(cell_path(table, path, metric)) else { continue };
            match heartbeats.attributes.get_mut(name) {
                // Of two texts at one instant the greater wins, so that the order of rows does not matter.
                Some(known) if (known.0, known.1.as_str()) >= (at, &*text) => {}
                Some(known) => {
                    *held += (text.len() as u64).saturating_sub(known.1.len() as u64);
                    *known = (at, text.into_owned());
                }
                None => {
                    *held += 64 + of_text(name) + of_text(&text);
                    heartbeats.attributes.insert(name.clone(), (at, text.into_owned()));
                }
            }
        }
    }

    /// Adds the time of a restart marker of an entity.
    pub(super) fn add_start(&mut self, entity: &Entity, at: Time) {
        if self.starts.entry(entity.clone()).or_default().insert(at) {
            self.held += of_entity(entity);
        }
    }

    /// The estimated memory in bytes.
    pub(super) fn held(&self) -> u64 {
        self.held
    }

    /// The heartbeats, sorted by entity.
    pub(super) fn finish(mut self) -> Vec<EntityHeartbeats> {
        let finished = |(entity, heartbeats): (Entity, Heartbeats)| EntityHeartbeats {
            beats: heartbeats.beats.into_iter().collect(),
            first: heartbeats.first,
            last: heartbeats.last,
            attributes: heartbeats.attributes.into_iter().map(|(name, (_, text))| (name, text)).collect(),
            starts: self.starts.remove(&entity).map(starts_of).unwrap_or_default(),
            entity,
        };
        let mut all: Vec<_> = self.entities.into_iter().map(finished).collect();
        all.sort_by(|one, other| one.entity.cmp(&other.entity));
        all
    }
}

/// The restarts that restart markers at these instants stand for.
///
/// Markers that follow one another within two minutes belong to one restart, which is dated by the first of them.
#[must_use]
pub fn starts_of(instants: BTreeSet<Time>) -> Vec<Time> {
    let mut firsts = Vec::new();
    let mut before = None;
    for at in instants {
        if before.is_none_or(|before| at.ticks_since(before) > ticks_of(ONE_RESTART)) {
            firsts.push(at);
        }
        before = Some(at);
    }
    firsts
}
