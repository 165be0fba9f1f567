//! The causal graph: which members explain which, in components, with the roots among them.
//!
//! Plain data, built in [`super::build`]. A member is an instance that takes part with one or more of its episodes: in the
//! graph of the present those that last and those that explain one that lasts, in a graph of the past those that are over.

use std::collections::{BTreeMap, BTreeSet};

use super::timing::Delay;
use crate::diagnosis::Onset;
use crate::evaluate::instances::{Episode, Instances, UNKNOWN_ONSET};
use crate::rules::model::Strength;

/// One way in which a member explains another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CausalLink {
    /// The number of the cause.
    pub(crate) from: usize,
    /// The number of the effect.
    pub(crate) to: usize,
    pub(crate) strength: Strength,
    /// Whether times show that the cause came first.
    pub(crate) is_order_verifiable: bool,
    /// The unseen instances between, from the cause on; empty for a direct edge.
    pub(crate) hidden: Vec<usize>,
    /// The time that it allows between them.
    pub(super) delay: Delay,
}

/// The causal graph of one run.
///
/// Its roots are the smallest set of components from which all others are reached; that set is unique, so it does not depend
/// on the order of the input.
#[derive(Debug, Default)]
pub(crate) struct CausalGraph {
    /// The numbers of the members.
    pub(crate) members: BTreeSet<usize>,
    /// Per member the positions of the episodes that take part, in order of time.
    pub(crate) episodes: BTreeMap<usize, Vec<usize>>,
    /// The members that are over.
    pub(crate) over: BTreeSet<usize>,
    /// Members that would worsen an instance of which it is unknown whether it holds. They are no longer members.
    pub(crate) unresolved: BTreeSet<usize>,
    /// Sorted by (from, to).
    pub(crate) links: Vec<CausalLink>,
    /// The strongly connected component of each member; links lead from smaller components to larger ones.
    pub(crate) component: BTreeMap<usize, usize>,
    /// The components that no other explains and that do not merely contribute.
    pub(crate) roots: BTreeSet<usize>,
    /// Members that worsen another and are no root.
    pub(crate) contributing: BTreeSet<usize>,
    /// Per effect the causes that hold, at an entity that an edge joins, but that do not take part or do not fit in time.
    pub(crate) rejected: BTreeMap<usize, Vec<usize>>,
}

impl CausalGraph {
    /// The last episode with which a member takes part; for other instances their last episode.
    pub(crate) fn episode<'i>(&self, instances: &'i Instances, number: usize) -> Option<&'i Episode> {
        let state = instances.get(number)?.state();
        let position = self.episodes.get(&number).and_then(|positions| positions.last());
        position.map_or_else(|| state.last_episode(), |position| state.episodes.get(*position))
    }

    /// When a member began; unbounded if it has no time.
    pub(crate) fn onset(&self, instances: &Instances, number: usize) -> Onset {
        self.episode(instances, number).map_or(UNKNOWN_ONSET, Episode::onset)
    }

    /// The links from a member to what it explains.
    pub(crate) fn links_from(&self, member: usize) -> &[CausalLink] {
        let from = self.links.partition_point(|link| link.from < member);
        let to = self.links.partition_point(|link| link.from <= member);
        self.links.get(from..to).unwrap_or_default()
    }

    /// Whether a member explains another directly or over unseen instances.
    pub(super) fn explains(&self, cause: usize, effect: usize) -> bool {
        self.links_from(cause).iter().any(|link| link.to == effect)
    }

    /// Everything that a set of members explains; of the members themselves those that a link leads back to.
    pub(super) fn reached_from(&self, members: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<usize> = members.iter().copied().collect();
        while let Some(member) = open.pop() {
            for link in self.links_from(member) {
                if reached.insert(link.to) && !members.contains(&link.to) {
                    open.push(link.to);
                }
            }
        }
        reached
    }
}
