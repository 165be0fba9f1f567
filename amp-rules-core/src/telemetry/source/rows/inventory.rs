//! Who is alive, from heartbeats.
//!
//! Input: rows that beat and times at which an entity started anew, in any order. Output: [`EntityHeartbeats`]s, sorted by entity. An
//! entity without a beat has no life, whatever else was heard of it. Memory grows with entities and bins.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::filter::place;
use super::row::Row;
use crate::telemetry::entity::Entity;
use crate::telemetry::request::InventoryRequest;
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::EntityHeartbeats;
use crate::time::{Time, ticks_of};

/// Lines that say "started anew" this close to one another speak of one start.
const ONE_START: Duration = Duration::from_secs(120);

/// An inventory request that is being answered.
#[derive(Debug)]
pub(super) struct InventoryFold {
    every: Duration,
    attributes: Vec<(String, Path)>,
    restart_marker: Option<String>,
    lives: HashMap<Entity, Alive>,
    starts: HashMap<Entity, BTreeSet<Time>>,
}

#[derive(Debug)]
struct Alive {
    beats: BTreeSet<Time>,
    first: Time,
    last: Time,
    attributes: BTreeMap<String, (Time, String)>,
}

impl InventoryFold {
    /// Nobody seen yet.
    pub(super) fn new(request: &InventoryRequest) -> Self {
        Self {
            every: request.every,
            attributes: request.attributes.clone(),
            restart_marker: request.restart_marker.clone(),
            lives: HashMap::new(),
            starts: HashMap::new(),
        }
    }

    /// The regex of a line that says that its entity started anew.
    pub(super) fn restart_marker(&self) -> Option<&str> {
        self.restart_marker.as_deref()
    }

    /// The width of a bin.
    pub(super) fn every(&self) -> Duration {
        self.every
    }

    /// Sees a heartbeat.
    pub(super) fn add(&mut self, table: &Table, row: &Row, entity: &Entity, metric: Option<&str>) {
        let at = row.time();
        let fresh = || Alive { beats: BTreeSet::new(), first: at, last: at, attributes: BTreeMap::new() };
        let alive = self.lives.entry(entity.clone()).or_insert_with(fresh);
        alive.beats.insert(at.floor(self.every));
        alive.first = alive.first.min(at);
        alive.last = alive.last.max(at);
        for (name, path) in &self.attributes {
            let Some(text) = row.text(place(table, path, metric)) else { continue };
            match alive.attributes.get_mut(name) {
                // Of two texts at one instant the greater stands, so that the order of rows does not matter.
                Some(known) if (known.0, known.1.as_str()) >= (at, &*text) => {}
                Some(known) => *known = (at, text.into_owned()),
                None => {
                    alive.attributes.insert(name.clone(), (at, text.into_owned()));
                }
            }
        }
    }

    /// Hears that an entity started anew.
    pub(super) fn started(&mut self, entity: &Entity, at: Time) {
        self.starts.entry(entity.clone()).or_default().insert(at);
    }

    /// The lives.
    pub(super) fn finish(mut self) -> Vec<EntityHeartbeats> {
        let life = |(entity, alive): (Entity, Alive)| EntityHeartbeats {
            beats: alive.beats.into_iter().collect(),
            first: alive.first,
            last: alive.last,
            attributes: alive.attributes.into_iter().map(|(name, (_, text))| (name, text)).collect(),
            starts: self.starts.remove(&entity).map(starts_of).unwrap_or_default(),
            entity,
        };
        let mut lives: Vec<_> = self.lives.into_iter().map(life).collect();
        lives.sort_by(|one, other| one.entity.cmp(&other.entity));
        lives
    }
}

/// The first instant of each run of instants that follow one another within two minutes: lines that say "started anew"
/// so close together speak of one start.
#[must_use]
pub fn starts_of(instants: BTreeSet<Time>) -> Vec<Time> {
    let mut firsts = Vec::new();
    let mut before = None;
    for at in instants {
        if before.is_none_or(|before| at.ticks_since(before) > ticks_of(ONE_START)) {
            firsts.push(at);
        }
        before = Some(at);
    }
    firsts
}
