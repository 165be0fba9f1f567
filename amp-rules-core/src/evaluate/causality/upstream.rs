//! The modelled causes of a pattern and their status: the reason why a root is a root.
//!
//! Input: a [`CausalAnalysis`]. Output: [`CauseState`]s, sorted by pattern and the text of their status.

use std::collections::BTreeMap;

use super::analysis::CausalAnalysis;
use crate::diagnosis::{CauseState, CauseStatus, Role};
use crate::evaluate::timeline::Truth;

/// Looks up the modelled causes of instances.
pub(crate) struct UpstreamCauses<'a> {
    analysis: &'a CausalAnalysis<'a>,
}

impl<'a> UpstreamCauses<'a> {
    pub(crate) fn new(analysis: &'a CausalAnalysis<'a>) -> Self {
        Self { analysis }
    }

    /// Every modelled cause of a pattern, with its status towards each of the `effects`: instances of the pattern, by number.
    pub(crate) fn causes(&self, pattern: usize, effects: &[usize]) -> Vec<CauseState> {
        let CausalAnalysis { instances, edges, .. } = self.analysis;
        // By pattern and text, so that equal states of two edges are one entry.
        let mut states: BTreeMap<(String, String), CauseState> = BTreeMap::new();
        for edge in edges.edges_into(pattern).filter(|edge| edge.from != pattern) {
            let mut found: BTreeMap<String, CauseStatus> = BTreeMap::new();
            for &effect in effects {
                let Some(instance) = instances.get(effect) else { continue };
                for cause in edges.joined(edge.from, instance.entity, edge.edge.reach) {
                    found.extend(self.status(cause, effect).map(|status| (status.to_string(), status)));
                }
            }
            let cause = CauseState {
                pattern: self.analysis.visibility().rules.pattern_id(edge.from).to_owned(),
                statuses: found.into_values().collect(),
            };
            states.insert((cause.pattern.clone(), cause.text()), cause);
        }
        states.into_values().collect()
    }

    /// The status of an instance as the cause of another, both by number.
    fn status(&self, cause: usize, effect: usize) -> Option<CauseStatus> {
        let CausalAnalysis { instances, graph, roots, .. } = self.analysis;
        Some(match instances.get(cause)?.truth {
            Truth::False => CauseStatus::RuledOut,
            Truth::Unknown(reasons) => CauseStatus::Unknown(self.analysis.visibility().reasons.list(reasons)),
            Truth::True if graph.explains(cause, effect) => CauseStatus::Explains,
            Truth::True => match roots.roles.get(&cause) {
                Some(Role::Noise) => CauseStatus::Noise,
                Some(Role::Recovered) => CauseStatus::Recovered,
                Some(Role::Unresolved) => CauseStatus::PossiblyNoise,
                _ if graph.rejected.get(&effect).is_some_and(|causes| causes.contains(&cause)) => {
                    CauseStatus::WrongTime
                }
                _ => CauseStatus::Holds,
            },
        })
    }
}
