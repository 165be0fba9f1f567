//! Unseen patterns that would explain roots.
//!
//! Input: root instances, and the instances that are unknown. Output: [`HiddenCause`]s, by pattern. They are hypotheses; none
//! of them is a root.

use std::collections::{BTreeMap, BTreeSet};

use super::edge_index::EdgeIndex;
use super::graph::CausalGraph;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::instances::Instances;
use crate::evaluate::timeline::Truth;
use crate::rules::model::Class;

/// An unseen pattern that would explain roots.
#[derive(Clone, Debug)]
pub(crate) struct HiddenCause {
    pub(crate) pattern: usize,
    /// The patterns of the roots that it would explain.
    pub(crate) explains: BTreeSet<usize>,
    /// The roots that one instance of it would explain together with roots of other patterns.
    pub(super) common_to: BTreeSet<usize>,
    /// Why it is unknown.
    pub(crate) reasons: BTreeSet<UnknownReason>,
}

/// Finds hidden causes.
pub(super) struct HiddenCauses<'a> {
    pub(super) visibility: &'a Visibility<'a>,
    pub(super) instances: &'a Instances,
    pub(super) edges: &'a EdgeIndex<'a>,
    pub(super) graph: &'a CausalGraph,
}

impl HiddenCauses<'_> {
    /// Unseen patterns that lead to roots of two or more patterns, or are the unobservable cause of a root that no observable
    /// pattern explains.
    pub(super) fn of_roots(&self, roots: impl Iterator<Item = usize>) -> Vec<HiddenCause> {
        let mut common: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut sole: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for root in roots {
            for unseen in self.leading_to(root) {
                common.entry(unseen).or_default().insert(root);
            }
            for unseen in self.sole_unobservable(root) {
                sole.entry(unseen).or_default().insert(root);
            }
        }
        let patterns_of = |roots: &BTreeSet<usize>| {
            let instances = roots.iter().filter_map(|root| self.instances.get(*root));
            instances.map(|instance| instance.pattern).collect::<BTreeSet<usize>>()
        };
        // Roots of one pattern are one root of the report.
        common.retain(|_, roots| patterns_of(roots).len() >= 2);
        let mut hidden_causes: BTreeMap<usize, HiddenCause> = BTreeMap::new();
        let candidates = common.into_iter().map(|one| (one, true)).chain(sole.into_iter().map(|one| (one, false)));
        for ((unseen, roots), is_common) in candidates {
            let Some(instance) = self.instances.get(unseen) else { continue };
            let Truth::Unknown(reasons) = instance.truth else { continue };
            let hidden = hidden_causes.entry(instance.pattern).or_insert_with(|| HiddenCause {
                pattern: instance.pattern,
                explains: BTreeSet::new(),
                common_to: BTreeSet::new(),
                reasons: BTreeSet::new(),
            });
            hidden.explains.extend(patterns_of(&roots));
            if is_common {
                hidden.common_to.extend(roots);
            }
            hidden.reasons.extend(self.visibility.reasons.list(reasons));
        }
        hidden_causes.into_values().collect()
    }

    /// The unseen instances from which a causal path over unseen instances leads to a root. The path may have one edge more
    /// than `max_hidden_hops`; feedback edges are left out.
    fn leading_to(&self, root: usize) -> BTreeSet<usize> {
        let max_edges = self.visibility.rules.schema.defaults.max_hidden_hops as usize + 1;
        let mut found = BTreeSet::new();
        let mut open = vec![(root, 0)];
        while let Some((number, edges)) = open.pop() {
            let Some(effect) = self.instances.get(number) else { continue };
            for edge in self.edges.edges_into(effect.pattern).filter(|edge| !edge.edge.feedback) {
                for from in self.edges.joined(edge.from, effect.entity, edge.edge.reach) {
                    let Some(cause) = self.instances.get(from) else { continue };
                    let is_unseen = matches!(cause.truth, Truth::Unknown(_));
                    if is_unseen && edges < max_edges && found.insert(from) {
                        open.push((from, edges + 1));
                    }
                }
            }
        }
        found
    }

    /// The unobservable direct causes of an open root, if every observable one was seen to be false; else none.
    fn sole_unobservable(&self, root: usize) -> BTreeSet<usize> {
        let mut unobservable = BTreeSet::new();
        let Some(instance) = self.instances.get(root) else { return unobservable };
        let rule = self.visibility.rules.patterns.get(instance.pattern);
        if rule.is_some_and(|rule| rule.pattern.class == Class::Cause) {
            return unobservable;
        }
        for edge in self.edges.edges_into(instance.pattern) {
            for from in self.edges.joined(edge.from, instance.entity, edge.edge.reach) {
                let Some(cause) = self.instances.get(from) else { continue };
                match cause.truth {
                    Truth::False => {}
                    Truth::Unknown(_) if self.visibility.is_inherently_unknown(cause.truth) => {
                        unobservable.insert(from);
                    }
                    _ if self.graph.component.get(&from) == self.graph.component.get(&root) => {}
                    Truth::True | Truth::Unknown(_) => return BTreeSet::new(),
                }
            }
        }
        unobservable
    }
}
