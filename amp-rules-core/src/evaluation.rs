//! One evaluated run: the entry point to its diagnosis and to its explanations.
//!
//! Input: rules, and observations from a plan of the same rules. Output: an [`Evaluation`], which answers every question about
//! the run without evaluating it again. Pure and infallible: equal input gives equal output, and what cannot be decided is
//! unknown with its reasons.

use std::collections::BTreeMap;

use crate::diagnosis::Diagnosis;
use crate::evaluate::assemble;
use crate::evaluate::causality::CausalAnalysis;
use crate::explain::{self, Counterfactual, Effort, Explanation, NextQuery, Why};
use crate::observation::Observations;
use crate::rules::rule_set::RuleSet;

/// Rules evaluated over observations.
///
/// The observations must come from a plan of the same rules. A verdict that needs a request which is not in the plan is
/// unknown.
///
/// # Examples
///
/// ```no_run
/// # fn example(rules: &amp_rules_core::RuleSet, observations: &amp_rules_core::Observations) {
/// use amp_rules_core::Evaluation;
/// use amp_rules_core::explain::Effort;
///
/// let evaluation = Evaluation::new(rules, observations);
/// let diagnosis = evaluation.diagnosis();
/// let explanation = evaluation.explanation(Effort::Bounded);
/// let proofs = evaluation.why("out-of-memory");
/// # }
/// ```
#[derive(Debug)]
pub struct Evaluation<'a> {
    analysis: CausalAnalysis<'a>,
}

impl<'a> Evaluation<'a> {
    /// Evaluates a rule set over observations.
    ///
    /// Takes time proportional to the patterns and to the entities that some answer contains data of, not to their product.
    #[must_use]
    pub fn new(rules: &'a RuleSet, observations: &'a Observations) -> Self {
        #[cfg(feature = "testing")]
        counter::increment();
        Self { analysis: CausalAnalysis::new(rules, observations) }
    }

    /// The diagnosis of the run.
    #[must_use]
    pub fn diagnosis(&self) -> Diagnosis {
        assemble::diagnosis(&self.analysis)
    }

    /// The proofs of a pattern: one per group of entities with the same verdict, role and reasons, in this order.
    ///
    /// Empty for a pattern that the rules do not have. [`Proof::failing`](explain::Proof::failing) gives the conditions that
    /// keep the pattern from holding.
    #[must_use]
    pub fn why(&self, pattern: &str) -> Vec<Why> {
        self.why_at(pattern, &BTreeMap::new())
    }

    /// The same as [`Evaluation::why`], for the entities that have these values of these keys; values compare without case.
    #[must_use]
    pub fn why_at(&self, pattern: &str, keys: &BTreeMap<String, String>) -> Vec<Why> {
        explain::why(&self.analysis, pattern, keys)
    }

    /// Every symptom whose opposite verdict would change the roots or the status, by pattern and symptom.
    ///
    /// The opposite is assumed at every entity at once; an unknown symptom is tried both ways. Evaluates the rules up to twice
    /// per symptom; [`Evaluation::explanation`] leaves it out where that would take long.
    #[must_use]
    pub fn counterfactuals(&self) -> Vec<Counterfactual> {
        explain::counterfactuals(&self.analysis)
    }

    /// The queries that would narrow the diagnosis down: by the number of outcomes they separate, descending, then by name.
    ///
    /// Evaluates the rules twice per unknown symptom; [`Evaluation::explanation`] leaves it out where that would take long.
    #[must_use]
    pub fn next_queries(&self) -> Vec<NextQuery> {
        explain::next_queries(&self.analysis)
    }

    /// Counterfactuals and next queries, as far as an [`Effort`] allows; `None` where they would cost more.
    #[must_use]
    pub fn explanation(&self, effort: Effort) -> Option<Explanation> {
        explain::explanation(&self.analysis, effort)
    }
}

/// Evaluates a rule set over observations and returns the diagnosis: shorthand for [`Evaluation::new`] and
/// [`Evaluation::diagnosis`].
#[must_use]
pub fn evaluate(rules: &RuleSet, observations: &Observations) -> Diagnosis {
    Evaluation::new(rules, observations).diagnosis()
}

/// Counts evaluations, for tests that hold a caller to one evaluation per run.
#[cfg(feature = "testing")]
pub mod counter {
    use std::cell::Cell;

    thread_local! {
        static EVALUATIONS: Cell<u64> = const { Cell::new(0) };
    }

    pub(super) fn increment() {
        EVALUATIONS.set(EVALUATIONS.get() + 1);
    }

    /// The number of [`Evaluation`](super::Evaluation)s created on this thread.
    #[must_use]
    pub fn evaluations() -> u64 {
        EVALUATIONS.get()
    }
}
