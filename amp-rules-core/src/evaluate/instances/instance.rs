//! Every pattern at every entity, numbered.
//!
//! Input: per pattern an [`EntityMap`] of states. Output: [`Instances`], numbered in the order of patterns and entities without
//! a stored entry for each number. Iterating over the instances that hold, or are unknown, costs what it yields plus one look
//! at each pattern.

use std::ops::Deref;
use std::rc::Rc;

use super::state::PatternState;
use crate::evaluate::entities::{EntityMap, EntitySet};
use crate::telemetry::entity::Entity;

/// A pattern at one entity. Dereferences to its state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instance<'i> {
    pub(crate) pattern: usize,
    pub(crate) entity: &'i Entity,
    state: &'i PatternState,
}

impl<'i> Instance<'i> {
    /// Its state, for as long as the instances exist.
    pub(crate) fn state(&self) -> &'i PatternState {
        self.state
    }
}

impl Deref for Instance<'_> {
    type Target = PatternState;

    fn deref(&self) -> &PatternState {
        self.state
    }
}

/// All instances of all patterns.
#[derive(Debug, Default)]
pub(crate) struct Instances {
    /// Per pattern the number of its first instance, and its states.
    patterns: Vec<(usize, Rc<EntityMap<PatternState>>)>,
    count: usize,
}

impl Instances {
    /// The instances of the given states, one entry per pattern in order.
    pub(crate) fn new(states: impl IntoIterator<Item = Rc<EntityMap<PatternState>>>) -> Self {
        let mut all = Self::default();
        for states in states {
            let start = all.count;
            all.count += states.entity_set().entities().len();
            all.patterns.push((start, states));
        }
        all
    }

    /// The instance with a number.
    pub(crate) fn get(&self, number: usize) -> Option<Instance<'_>> {
        // A pattern without instances starts at the same number as the next one, so the last pattern that starts here has it.
        let pattern = self.patterns.partition_point(|(start, _)| *start <= number).checked_sub(1)?;
        let (start, states) = self.patterns.get(pattern)?;
        let (entity, state) = states.at(number - start)?;
        Some(Instance { pattern, entity, state })
    }

    /// The states of a pattern.
    pub(crate) fn states_of(&self, pattern: usize) -> Option<&Rc<EntityMap<PatternState>>> {
        self.patterns.get(pattern).map(|(_, states)| states)
    }

    /// The number of a pattern's first instance, and its entities; their instances have consecutive numbers.
    pub(crate) fn entity_set(&self, pattern: usize) -> Option<(usize, &EntitySet)> {
        self.patterns.get(pattern).map(|(start, states)| (*start, states.entity_set().as_ref()))
    }

    /// The instances of a pattern with their numbers, in order.
    pub(crate) fn of_pattern(&self, pattern: usize) -> impl Iterator<Item = (usize, Instance<'_>)> {
        let numbers = self.entity_set(pattern).map_or(0..0, |(start, set)| start..start + set.entities().len());
        numbers.filter_map(|number| Some((number, self.get(number)?)))
    }

    /// The instances whose state passes a test, with their numbers, in order.
    pub(crate) fn matching(&self, test: impl Fn(&PatternState) -> bool) -> impl Iterator<Item = (usize, Instance<'_>)> {
        self.patterns.iter().enumerate().flat_map(move |(pattern, (start, states))| {
            states.positions(&test).into_iter().filter_map(move |position| {
                let (entity, state) = states.at(position)?;
                Some((start + position, Instance { pattern, entity, state }))
            })
        })
    }

    /// The instances that hold, with their numbers, in order.
    pub(crate) fn holding(&self) -> impl Iterator<Item = (usize, Instance<'_>)> {
        self.matching(|state| state.truth.is_true())
    }

    /// Every stored state with its pattern; a state that entities share comes once.
    pub(crate) fn distinct_states(&self) -> impl Iterator<Item = (usize, &PatternState)> {
        let patterns = self.patterns.iter().enumerate();
        patterns.flat_map(|(pattern, (_, states))| states.values().map(move |state| (pattern, state)))
    }
}
