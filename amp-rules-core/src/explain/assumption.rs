//! Evaluation under an assumption: one symptom holds, or does not hold, at every entity.
//!
//! Input: a [`CausalAnalysis`]. Output: the [`Outcome`] that would follow. Only patterns that read the symptom are evaluated
//! again.

use std::collections::BTreeSet;

use crate::evaluate::assemble::{Outcome, outcome};
use crate::evaluate::causality::CausalAnalysis;
use crate::evaluate::instances::References;
use crate::evaluate::timeline::Truth;
use crate::rules::rule_set::RuleSet;

/// Evaluates assumptions about symptoms and compares their outcomes with the actual one.
#[derive(Debug)]
pub(super) struct Assumptions<'a> {
    analysis: &'a CausalAnalysis<'a>,
    /// Per pattern the symptoms that it reads.
    reads: Vec<BTreeSet<usize>>,
    /// The outcome without an assumption.
    pub(super) actual: Outcome,
}

impl<'a> Assumptions<'a> {
    pub(super) fn new(analysis: &'a CausalAnalysis<'a>) -> Self {
        let reads = symptoms_read(analysis.visibility().rules);
        Self { analysis, reads, actual: outcome(analysis) }
    }

    pub(super) fn rules(&self) -> &'a RuleSet {
        self.analysis.visibility().rules
    }

    /// The outcome if a symptom held, or did not hold, at every entity; `None` where no instance would change.
    pub(super) fn outcome_if(&self, symptom: usize, holds: bool) -> Option<Outcome> {
        let reads_symptom = |pattern: usize| self.reads.get(pattern).is_some_and(|reads| reads.contains(&symptom));
        self.analysis.assuming(symptom, holds, reads_symptom).as_ref().map(outcome)
    }

    /// The actual truth of a symptom over all entities: true where it holds at one of them.
    pub(super) fn truth(&self, symptom: usize) -> Truth {
        let reasons = &self.analysis.visibility().reasons;
        let timelines = self.analysis.patterns.symptoms.timelines(symptom);
        let each = timelines.entities.values().map(|one| one.timeline.overall(reasons));
        each.reduce(|a, b| a.or(b, reasons)).unwrap_or_else(|| timelines.rest.overall(reasons))
    }
}

/// Per pattern the symptoms that it reads, in `when` and `noise_unless`, and through the patterns it refers to.
fn symptoms_read(rules: &RuleSet) -> Vec<BTreeSet<usize>> {
    let mut reads: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); rules.patterns.len()];
    // A `when` only refers to patterns earlier in this order; a `noise_unless` may refer to later ones, hence the second pass.
    for &index in rules.condition_order.iter().chain(&rules.condition_order) {
        let Some(rule) = rules.patterns.get(index) else { continue };
        let References { mut symptoms, patterns } = References::new(rule.when.iter().chain(&rule.noise_unless));
        for other in patterns {
            symptoms.extend(reads.get(other).into_iter().flatten().copied());
        }
        let watched: Vec<usize> = symptoms
            .iter()
            .filter_map(|symptom| rules.symptoms.get(*symptom))
            .flat_map(|rule| rule.watches.into_iter().chain(rule.without).chain(rule.steps.iter().copied()))
            .collect();
        symptoms.extend(watched);
        if let Some(own) = reads.get_mut(index) {
            *own = symptoms;
        }
    }
    reads
}
