//! Pairs of instances that contradict each other.
//!
//! Input: instances, and the rules' `contradicts`. Output: [`Conflict`]s, sorted.

use std::collections::BTreeSet;

use super::edge_index::EdgeIndex;
use crate::evaluate::entities::Visibility;
use crate::evaluate::instances::{Instances, PatternState};
use crate::rules::model::Reach;

/// Two instances, by number, that cannot hold at the same time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Conflict {
    /// The smaller number.
    pub(crate) a: usize,
    /// The larger number.
    pub(crate) b: usize,
}

impl Conflict {
    /// The instance that contradicts the given one; `None` if the conflict does not involve it.
    pub(super) fn other(&self, instance: usize) -> Option<usize> {
        match instance {
            one if one == self.a => Some(self.b),
            one if one == self.b => Some(self.a),
            _ => None,
        }
    }
}

/// The instances of contradicting patterns that hold at the same time at related entities. Noise and reports are left out.
pub(super) fn conflicts(visibility: &Visibility<'_>, instances: &Instances, edges: &EdgeIndex<'_>) -> Vec<Conflict> {
    let mut found = BTreeSet::new();
    let takes_part = |state: &PatternState| state.truth.is_true() && !state.is_reported && !state.escalated.is_false();
    for (a, first) in instances.matching(takes_part) {
        let Some(rule) = visibility.rules.patterns.get(first.pattern) else { continue };
        for &other in &rule.contradicts {
            for b in edges.joined(other, first.entity, Reach::Contains) {
                let Some(second) = instances.get(b).filter(|second| takes_part(second)) else { continue };
                let both = first.timeline.and(&second.timeline, &visibility.reasons);
                if both.overall(&visibility.reasons).is_true() {
                    found.insert(Conflict { a: a.min(b), b: a.max(b) });
                }
            }
        }
    }
    found.into_iter().collect()
}
