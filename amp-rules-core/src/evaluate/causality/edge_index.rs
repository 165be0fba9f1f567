//! Edges of the rules by either end, and the instances that they join.
//!
//! Input: the rule set's edges, and the instances. Output: an [`EdgeIndex`].

use std::rc::Rc;

use crate::evaluate::entities::Visibility;
use crate::evaluate::instances::Instances;
use crate::rules::model::Reach;
use crate::rules::rule_set::RuleEdge;
use crate::telemetry::entity::Entity;

/// Finds edges by cause or effect, and the instances at their other end.
#[derive(Debug)]
pub(crate) struct EdgeIndex<'a> {
    instances: Rc<Instances>,
    /// Sorted by (from, to).
    edges: &'a [RuleEdge],
    /// Per pattern the positions of the edges that lead to it, in order.
    into: Vec<Vec<usize>>,
    /// The keys of the coarsest kind; entities with different values of them are unrelated.
    coarsest_keys: Vec<String>,
}

impl<'a> EdgeIndex<'a> {
    pub(super) fn new(visibility: &Visibility<'a>, instances: Rc<Instances>) -> Self {
        let rules = visibility.rules;
        let mut into: Vec<Vec<usize>> = vec![Vec::new(); rules.patterns.len()];
        for (position, edge) in rules.edges.iter().enumerate() {
            if let Some(positions) = into.get_mut(edge.to) {
                positions.push(position);
            }
        }
        Self { instances, edges: &rules.edges, into, coarsest_keys: visibility.coarsest_keys() }
    }

    /// The edges from a pattern to its effects, by effect.
    pub(super) fn edges_from(&self, pattern: usize) -> &'a [RuleEdge] {
        let from = self.edges.partition_point(|edge| edge.from < pattern);
        let to = self.edges.partition_point(|edge| edge.from <= pattern);
        self.edges.get(from..to).unwrap_or_default()
    }

    /// The edges from the causes of a pattern to it, by cause.
    pub(super) fn edges_into(&self, pattern: usize) -> impl Iterator<Item = &'a RuleEdge> {
        self.into.get(pattern).into_iter().flatten().filter_map(|position| self.edges.get(*position))
    }

    /// The numbers of the instances of a pattern that an edge with this reach joins with an entity, sorted.
    pub(super) fn joined(&self, pattern: usize, entity: &Entity, reach: Reach) -> Vec<usize> {
        let Some((start, set)) = self.instances.entity_set(pattern) else { return Vec::new() };
        let mut found: Vec<usize> = Vec::new();
        for (keys, positions) in set.by_keys() {
            let matching = |test: &dyn Fn(&Entity) -> bool| -> Vec<usize> {
                let passes = |position: &&usize| set.entities().get(**position).is_some_and(test);
                positions.iter().filter(passes).copied().collect()
            };
            if reach == Reach::Cluster {
                let own = entity.project(&self.coarsest_keys);
                found.extend(matching(&|other| other.project(&self.coarsest_keys).is_compatible(&own)));
            } else if keys.iter().all(|key| entity.value(key).is_some()) {
                let projected = entity.project(keys);
                if reach == Reach::Contains || projected == *entity {
                    found.extend(set.position(&projected));
                }
            } else if reach == Reach::Contains {
                // A finer kind; a kind with other keys has no entity within this one.
                found.extend(matching(&|other| other.is_within(entity)));
            }
        }
        found.sort_unstable();
        found.iter_mut().for_each(|position| *position += start);
        found
    }
}
