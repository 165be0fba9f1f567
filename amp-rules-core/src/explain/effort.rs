//! How much computation an explanation is worth.
//!
//! Input: an [`Effort`] and a [`CausalAnalysis`]. Output: an [`Explanation`], or none where it would take too long.

use super::counterfactual::{Counterfactual, counterfactuals};
use super::next_query::{NextQuery, next_queries};
use crate::evaluate::causality::CausalAnalysis;
use crate::rules::rule_set::RuleSet;
use crate::telemetry::source::{Answer, AnswerData, SourceError};

/// The work up to which an explanation is computed without being asked for: about as much as the diagnosis of a large
/// cluster takes.
const BOUND: u64 = 1_000_000;

/// How much an explanation may cost.
///
/// An explanation evaluates the rules up to twice per symptom, so for many symptoms, patterns and entities it can take far
/// longer than the diagnosis itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// Counterfactuals and next queries, whatever they cost.
    Unbounded,
    /// Counterfactuals and next queries, unless they take much longer than the diagnosis of a large cluster.
    Bounded,
    /// Next queries alone, within the same bound.
    NextQueries,
}

/// What goes beyond a diagnosis: what would change it, and where to look next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// Symptoms whose opposite verdict would change the diagnosis; empty for [`Effort::NextQueries`].
    pub counterfactuals: Vec<Counterfactual>,
    /// Queries that would narrow the diagnosis down, the most useful first.
    pub next_queries: Vec<NextQuery>,
}

/// The explanation of a run; `None` where it would cost more than the effort allows.
pub(crate) fn explanation(analysis: &CausalAnalysis<'_>, effort: Effort) -> Option<Explanation> {
    let visibility = analysis.visibility();
    let is_affordable = || work(visibility.rules, visibility.answers()) <= BOUND;
    let counterfactuals = || counterfactuals(analysis);
    let counterfactuals = match effort {
        Effort::Unbounded => counterfactuals(),
        Effort::Bounded => is_affordable().then(counterfactuals)?,
        Effort::NextQueries => is_affordable().then(Vec::new)?,
    };
    Some(Explanation { counterfactuals, next_queries: next_queries(analysis) })
}

/// An estimate of the work of an explanation: assumptions times what each of them evaluates again.
///
/// A diagnosis costs about as much as a hundred assumptions.
fn work(rules: &RuleSet, answers: &[Result<Answer, SourceError>]) -> u64 {
    let inventories = answers.iter().flatten().filter_map(|answer| match &answer.data {
        AnswerData::Inventory(heartbeats) => Some(heartbeats.len()),
        AnswerData::Counts(_)
        | AnswerData::Series(_)
        | AnswerData::Properties(_)
        | AnswerData::Unmatched(_)
        | AnswerData::Table(_) => None,
    });
    let entities = inventories.max().unwrap_or(0).max(1);
    rules.symptoms.len().saturating_mul(rules.patterns.len()).saturating_mul(entities) as u64
}
