//! What could lie behind a pattern: everything that is modelled as its cause, with its state.
//!
//! Input: instances, their graph and their roles. Output: [`CauseState`]s, sorted. It tells why a root is one.

use std::collections::BTreeSet;

use super::causes::{Graph, Lookup};
use super::roots::RootAnalysis;
use crate::diagnosis::{CauseState, Role};
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::instances::instances::Instances;
use crate::evaluate::timeline::Truth;

pub(crate) struct UpstreamCauses<'a> {
    pub(crate) visibility: &'a Visibility<'a>,
    pub(crate) instances: &'a Instances,
    pub(crate) analysis: &'a RootAnalysis,
    pub(crate) graph: &'a Graph,
    pub(crate) lookup: &'a Lookup<'a>,
}

impl UpstreamCauses<'_> {
    /// Every modelled cause with its state, over all entities of a group.
    pub(crate) fn causes(&self, index: usize, members: &[usize]) -> Vec<CauseState> {
        let visibility = self.visibility;
        let mut states: BTreeSet<CauseState> = BTreeSet::new();
        for edge in self.lookup.edges_into(index).filter(|edge| edge.from != index) {
            let mut found: BTreeSet<String> = BTreeSet::new();
            for &member in members {
                let Some(effect) = self.instances.get(member) else { continue };
                for from in self.lookup.joined(edge.from, effect.entity, edge.edge.reach) {
                    found.insert(self.cause_state(from, member));
                }
            }
            let state = if found.is_empty() {
                "has no instance here".to_owned()
            } else {
                found.into_iter().collect::<Vec<_>>().join("; ")
            };
            states.insert(CauseState { pattern: visibility.rules.pattern_id(edge.from).to_owned(), state });
        }
        states.into_iter().collect()
    }

    fn cause_state(&self, from: usize, to: usize) -> String {
        let Some(cause) = self.instances.get(from) else { return String::new() };
        match cause.truth {
            Truth::False => "not so".to_owned(),
            Truth::Unknown(reasons) => {
                let words: Vec<String> =
                    self.visibility.reasons.list(reasons).iter().map(ToString::to_string).collect();
                format!("unknown ({})", words.join(", "))
            }
            Truth::True if self.graph.explains.iter().any(|one| one.from == from && one.to == to) => {
                "holds and explains it".to_owned()
            }
            Truth::True => match self.analysis.roles.get(&from) {
                Some(Role::Noise) => "holds, as noise".to_owned(),
                Some(Role::Recovered) => "held, and is over".to_owned(),
                Some(Role::Unresolved) => "holds, and may be noise".to_owned(),
                _ if self.graph.rejected.get(&to).is_some_and(|list| list.contains(&from)) => {
                    "holds, but not at a time that fits".to_owned()
                }
                _ => "holds".to_owned(),
            },
        }
    }
}
