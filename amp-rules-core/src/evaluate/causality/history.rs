//! Incidents that are over: their episodes, in connected groups.
//!
//! Input: the graph of the present, and all episodes. Output: per past incident the episodes that belong to it.

use std::collections::BTreeMap;

use super::build::GraphInput;
use super::graph::CausalGraph;
use super::timing::{Occurrence, is_admissible};

/// The past incidents: per incident the positions of episodes by instance. An episode that takes part in the present is left
/// out.
pub(super) fn past_incidents(input: GraphInput<'_>, present: &CausalGraph) -> Vec<BTreeMap<usize, Vec<usize>>> {
    let past: BTreeMap<usize, Vec<usize>> = input
        .episodes
        .numbers()
        .filter(|number| !present.unresolved.contains(number))
        .filter_map(|number| {
            let now = present.episodes.get(&number).map(Vec::as_slice).unwrap_or_default();
            let over: Vec<usize> =
                input.episodes.of(number).iter().copied().filter(|position| !now.contains(position)).collect();
            (!over.is_empty()).then_some((number, over))
        })
        .collect();
    if past.is_empty() {
        return Vec::new();
    }
    let nodes: Vec<(usize, usize)> =
        past.iter().flat_map(|(number, positions)| positions.iter().map(move |at| (*number, *at))).collect();
    let place: BTreeMap<(usize, usize), usize> = nodes.iter().enumerate().map(|(place, node)| (*node, place)).collect();
    let occurrence = |number: usize, position: usize| {
        let instance = input.instances.get(number)?;
        let state = instance.state();
        Some(Occurrence { entity: instance.entity, state, episode: state.episodes.get(position)?, is_active: false })
    };
    let mut groups = Groups::new(nodes.len());
    for link in &input.past(past.clone()).links {
        let (Some(causes), Some(effects)) = (past.get(&link.from), past.get(&link.to)) else { continue };
        for &cause in causes {
            for &effect in effects {
                let fits = occurrence(link.from, cause).zip(occurrence(link.to, effect)).is_some_and(|(one, other)| {
                    is_admissible(&input.visibility.rules.schema.defaults, &one, &other, link.delay)
                });
                if let (true, Some(a), Some(b)) = (fits, place.get(&(link.from, cause)), place.get(&(link.to, effect)))
                {
                    groups.join(*a, *b);
                }
            }
        }
    }
    let mut incidents: BTreeMap<usize, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    for (at, (number, position)) in nodes.into_iter().enumerate() {
        incidents.entry(groups.of(at)).or_default().entry(number).or_default().push(position);
    }
    incidents.into_values().collect()
}

/// Disjoint sets of numbers.
struct Groups {
    parent: Vec<usize>,
}

impl Groups {
    fn new(count: usize) -> Self {
        Self { parent: (0..count).collect() }
    }

    /// The smallest number of the set.
    fn of(&mut self, number: usize) -> usize {
        let mut at = number;
        while let Some(&parent) = self.parent.get(at).filter(|parent| **parent != at) {
            let grandparent = self.parent.get(parent).copied().unwrap_or(parent);
            if let Some(entry) = self.parent.get_mut(at) {
                *entry = grandparent;
            }
            at = parent;
        }
        at
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.of(one), self.of(other));
        if let Some(entry) = self.parent.get_mut(one.max(other)) {
            *entry = one.min(other);
        }
    }
}
