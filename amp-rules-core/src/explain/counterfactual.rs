//! Counterfactuals: symptoms whose opposite verdict would change the roots or the status.
//!
//! Input: a [`CausalAnalysis`]. Output: [`Counterfactual`]s, by pattern and symptom.

use super::assumption::Assumptions;
use super::proof::Verdict;
use super::prove::verdict;
use crate::diagnosis::{Grade, Role, Status};
use crate::evaluate::causality::CausalAnalysis;

/// A symptom whose opposite verdict would change the roots or the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterfactual {
    /// The id of the pattern that defines the symptom.
    pub pattern: String,
    /// The symptom's name.
    pub symptom: String,
    /// Its actual verdict: true if it holds at one entity at least.
    pub from: Verdict,
    /// Whether it is assumed to hold, at every entity at once.
    pub to: bool,
    /// The status that would follow.
    pub status: Status,
    /// The roots and independent problems that would follow, sorted by id.
    pub roots: Vec<(String, Role, Grade)>,
}

/// Every counterfactual of a run; an unknown symptom is tried both ways.
pub(crate) fn counterfactuals(analysis: &CausalAnalysis<'_>) -> Vec<Counterfactual> {
    let assumptions = Assumptions::new(analysis);
    let rules = assumptions.rules();
    let mut counterfactuals = Vec::new();
    for (index, symptom) in rules.symptoms.iter().enumerate() {
        let from = verdict(assumptions.truth(index));
        let tries: &[bool] = match from {
            Verdict::True => &[false],
            Verdict::False => &[true],
            Verdict::Unknown => &[false, true],
        };
        for &to in tries {
            let changed = assumptions.outcome_if(index, to).filter(|outcome| *outcome != assumptions.actual);
            counterfactuals.extend(changed.map(|outcome| Counterfactual {
                pattern: rules.pattern_id(symptom.pattern).to_owned(),
                symptom: symptom.symptom.name.clone(),
                from,
                to,
                status: outcome.status,
                roots: outcome.roots.into_iter().collect(),
            }));
        }
    }
    counterfactuals
}
