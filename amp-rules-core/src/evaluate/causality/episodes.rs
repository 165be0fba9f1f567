//! The episodes that causality relates, and which of them still last.
//!
//! Input: instances and edges. Output: [`Episodes`]. Facts, noise and episodes of which it is unknown whether they are noise do
//! not take part. A number for the whole window has no end of its own: it lasts unless all its causes are over.

use std::collections::{BTreeMap, BTreeSet};

use super::edge_index::EdgeIndex;
use crate::evaluate::instances::Instances;
use crate::evaluate::timeline::Truth;
use crate::rules::model::Class;
use crate::rules::rule_set::RuleSet;

/// The episodes that take part, by instance.
#[derive(Debug)]
pub(super) struct Episodes {
    /// Per instance the positions of its episodes, in order of time; never empty.
    episodes: BTreeMap<usize, Vec<usize>>,
    /// The instances whose last episode lasts.
    active: BTreeSet<usize>,
    /// The instances without a time.
    timeless: BTreeSet<usize>,
}

impl Episodes {
    pub(super) fn new(rules: &RuleSet, instances: &Instances, edges: &EdgeIndex<'_>) -> Self {
        let is_fact = |pattern: usize| rules.patterns.get(pattern).is_none_or(|rule| rule.pattern.class == Class::Fact);
        let mut all = Self { episodes: BTreeMap::new(), active: BTreeSet::new(), timeless: BTreeSet::new() };
        let mut depends_on_causes: Vec<usize> = Vec::new();
        for (number, instance) in instances.holding().filter(|(_, instance)| !is_fact(instance.pattern)) {
            let episodes = instance.episodes.iter().enumerate();
            let positions: Vec<usize> =
                episodes.filter(|(_, episode)| episode.escalated.is_true()).map(|(position, _)| position).collect();
            let Some(&last) = positions.last() else { continue };
            if instance.is_active && last + 1 == instance.episodes.len() {
                all.active.insert(number);
            }
            if instance.episodes.iter().any(|episode| episode.is_timeless) {
                all.timeless.insert(number);
                if !instance.is_reported {
                    depends_on_causes.push(number);
                }
            }
            all.episodes.insert(number, positions);
        }
        let causes: Vec<(usize, Vec<usize>)> = depends_on_causes
            .into_iter()
            .map(|number| (number, causes_of(instances, edges, number, |cause| all.episodes.contains_key(&cause))))
            .filter(|(_, causes)| !causes.is_empty())
            .collect();
        // Over with its causes, which may be numbers of the same kind.
        loop {
            let lasts = |cause: &usize| all.active.contains(cause) || is_unresolved(instances, *cause);
            let is_over =
                |(number, causes): &&(usize, Vec<usize>)| all.active.contains(number) && !causes.iter().any(lasts);
            let over: Vec<usize> = causes.iter().filter(is_over).map(|(number, _)| *number).collect();
            if over.is_empty() {
                return all;
            }
            all.active.retain(|number| !over.contains(number));
        }
    }

    /// The instances that take part, in order.
    pub(super) fn numbers(&self) -> impl Iterator<Item = usize> {
        self.episodes.keys().copied()
    }

    /// The positions of the episodes of an instance that take part.
    pub(super) fn of(&self, number: usize) -> &[usize] {
        self.episodes.get(&number).map(Vec::as_slice).unwrap_or_default()
    }

    /// The instances that last, with the position of the episode that does.
    pub(super) fn active(&self) -> impl Iterator<Item = (usize, usize)> {
        self.active.iter().filter_map(|number| Some((*number, *self.of(*number).last()?)))
    }

    /// Whether the last episode of an instance lasts.
    pub(super) fn is_active(&self, number: usize) -> bool {
        self.active.contains(&number)
    }

    /// Whether the episodes of an instance have times of their own.
    pub(super) fn has_time(&self, number: usize) -> bool {
        !self.timeless.contains(&number)
    }
}

/// Whether an instance holds and lasts, and it is unknown whether it is noise.
fn is_unresolved(instances: &Instances, number: usize) -> bool {
    instances
        .get(number)
        .is_some_and(|one| one.truth.is_true() && one.is_active && matches!(one.escalated, Truth::Unknown(_)))
}

/// The instances that have an edge to an instance, and take part or may do so.
fn causes_of(
    instances: &Instances,
    edges: &EdgeIndex<'_>,
    number: usize,
    takes_part: impl Fn(usize) -> bool,
) -> Vec<usize> {
    let Some(effect) = instances.get(number) else { return Vec::new() };
    let joined =
        edges.edges_into(effect.pattern).flat_map(|edge| edges.joined(edge.from, effect.entity, edge.edge.reach));
    joined.filter(|cause| *cause != number && (takes_part(*cause) || is_unresolved(instances, *cause))).collect()
}
