//! Every pattern at every entity, without a place for each of them.
//!
//! Input: per pattern a [`EntityMap`] of states. Output: [`Instances`], numbered in the order of patterns and entities. A walk
//! over those that hold, or are unknown, costs what it finds and a look at each pattern.

use std::ops::Deref;
use std::rc::Rc;
use std::time::Duration;

use crate::diagnosis::Onset;
use crate::evaluate::entities::entity_set::{EntityMap, EntitySet};
use crate::evaluate::timeline::{Timeline, Truth};
use crate::telemetry::entity::Entity;
use crate::time::{Time, ticks_of};

/// What is so of a pattern at an entity, and of all that are like it.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) steps: Timeline,
    pub(crate) truth: Truth,
    /// Merged stretches of truth, where it is true.
    pub(crate) episodes: Vec<Episode>,
    /// How coarse the numbers are that show it.
    pub(crate) grain: Duration,
    pub(crate) active: bool,
    pub(crate) flapping: bool,
    /// Whether it is so because somebody reported it; then neither its onset nor its end is known.
    pub(crate) reported: bool,
    /// Whether it is what `noise_unless` says it is: `False` noise, `Unknown` unresolved, `True` an ordinary instance.
    pub(crate) escalated: Truth,
}

/// A stretch of truth, near ones merged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Episode {
    pub(crate) onset: Onset,
    pub(crate) last: Time,
}

impl State {
    /// The onset of its last episode.
    pub(crate) fn onset(&self) -> Onset {
        if self.reported {
            return Onset { earliest: Time::MIN, latest: Time::MAX };
        }
        self.episodes.last().map_or(Onset { earliest: Time::MIN, latest: Time::MAX }, |episode| episode.onset)
    }

    /// Between which instants it must have begun: its onset, widened by how coarse the numbers are that show it.
    pub(crate) fn began(&self) -> Onset {
        let onset = self.onset();
        Onset {
            earliest: onset.earliest.saturating_add_ticks(-ticks_of(self.grain)),
            latest: onset.latest.saturating_add_ticks(ticks_of(self.grain)),
        }
    }

    /// When it was last seen.
    pub(crate) fn last(&self) -> Time {
        if self.reported { Time::MAX } else { self.episodes.last().map_or(Time::MIN, |episode| episode.last) }
    }

    /// The first evidence of its last episode.
    pub(crate) fn first_seen(&self) -> Time {
        if self.reported { Time::MIN } else { self.onset().latest }
    }
}

/// A pattern at one entity; reads like its state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instance<'i> {
    pub(crate) pattern: usize,
    pub(crate) entity: &'i Entity,
    state: &'i State,
}

impl Deref for Instance<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state
    }
}

/// All instances.
#[derive(Debug, Default)]
pub(crate) struct Instances {
    /// Per pattern the number of its first instance, and the states at its roster.
    blocks: Vec<(usize, Rc<EntityMap<State>>)>,
    count: usize,
}

impl Instances {
    /// Of every pattern, in order.
    pub(crate) fn new(blocks: impl IntoIterator<Item = Rc<EntityMap<State>>>) -> Self {
        let mut all = Self::default();
        for block in blocks {
            let start = all.count;
            all.count += block.roster().entities().len();
            all.blocks.push((start, block));
        }
        all
    }

    /// The instance of a number.
    pub(crate) fn get(&self, number: usize) -> Option<Instance<'_>> {
        let pattern = self.blocks.partition_point(|(start, _)| *start <= number).checked_sub(1)?;
        // Patterns without instances start where the next one does, so the last of those that start here is the one.
        let (start, block) = self.blocks.get(pattern)?;
        let (entity, state) = block.at(number - start)?;
        Some(Instance { pattern, entity, state })
    }

    /// The states of a pattern.
    pub(crate) fn block(&self, pattern: usize) -> Option<&Rc<EntityMap<State>>> {
        self.blocks.get(pattern).map(|(_, block)| block)
    }

    /// Who has an instance of a pattern; their numbers follow upon the first one's.
    pub(crate) fn roster(&self, pattern: usize) -> Option<(usize, &EntitySet)> {
        self.blocks.get(pattern).map(|(start, block)| (*start, block.roster().as_ref()))
    }

    /// The instances of a pattern with their numbers, in order.
    pub(crate) fn of(&self, pattern: usize) -> impl Iterator<Item = (usize, Instance<'_>)> {
        let numbers = self.roster(pattern).map_or(0..0, |(start, roster)| start..start + roster.entities().len());
        numbers.filter_map(|number| Some((number, self.get(number)?)))
    }

    /// The instances whose state is wanted with their numbers, in order.
    pub(crate) fn those(&self, wanted: impl Fn(&State) -> bool) -> impl Iterator<Item = (usize, Instance<'_>)> {
        self.blocks.iter().enumerate().flat_map(move |(pattern, (start, block))| {
            block.places(&wanted).into_iter().filter_map(move |place| {
                let (entity, state) = block.at(place)?;
                Some((start + place, Instance { pattern, entity, state }))
            })
        })
    }

    /// The true ones.
    pub(crate) fn holding(&self) -> impl Iterator<Item = (usize, Instance<'_>)> {
        self.those(|state| state.truth.is_true())
    }

    /// Every state there is, with its pattern; those that entities share come once.
    pub(crate) fn states(&self) -> impl Iterator<Item = (usize, &State)> {
        self.blocks
            .iter()
            .enumerate()
            .flat_map(|(pattern, (_, block))| block.values().map(move |state| (pattern, state)))
    }
}
