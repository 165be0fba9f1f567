//! Evaluation under an assumption: one symptom holds, or does not hold, at every entity.
//!
//! Input: a [`CausalAnalysis`]. Output: the [`Outcome`] that would follow. Only patterns that read the symptom are evaluated
//! again.

use std::collections::BTreeSet;

use crate::evaluate::assemble::diagnosis::{DiagnosisBuilder, Outcome};
use crate::evaluate::causality::analysis::CausalAnalysis;
use crate::evaluate::timeline::truth::Truth;
use crate::rules::rule_set::{Resolved, RuleSet};

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
        Self { analysis, reads, actual: DiagnosisBuilder::new(analysis).outcome() }
    }

    pub(super) fn rules(&self) -> &'a RuleSet {
        self.analysis.visibility().rules
    }

    /// The outcome if a symptom held, or did not hold, at every entity; `None` where no instance would change.
    pub(super) fn outcome_if(&self, symptom: usize, holds: bool) -> Option<Outcome> {
        let reads_symptom = |pattern: usize| self.reads.get(pattern).is_some_and(|reads| reads.contains(&symptom));
        let assumed = self.analysis.assuming(symptom, holds, reads_symptom)?;
        Some(DiagnosisBuilder::new(&assumed).outcome())
    }

    /// The actual truth of a symptom over all entities: true where it holds at one of them.
    pub(super) fn truth(&self, symptom: usize) -> Truth {
        let reasons = &self.analysis.visibility().reasons;
        let timelines = self.analysis.patterns.symptoms.tracks(symptom);
        let each = timelines.entities.values().map(|one| one.steps.overall(reasons));
        each.reduce(|a, b| a.or(b, reasons)).unwrap_or_else(|| timelines.rest.overall(reasons))
    }
}

/// Per pattern the symptoms that it reads, in `when` and `noise_unless`, and through the patterns it refers to.
fn symptoms_read(rules: &RuleSet) -> Vec<BTreeSet<usize>> {
    fn walk(when: &Resolved, symptoms: &mut BTreeSet<usize>, patterns: &mut BTreeSet<usize>) {
        match when {
            Resolved::Symptom(index) => {
                symptoms.insert(*index);
            }
            Resolved::Pattern(index) => {
                patterns.insert(*index);
            }
            Resolved::All(parts) | Resolved::Any(parts) | Resolved::AtLeast { of: parts, .. } => {
                parts.iter().for_each(|part| walk(part, symptoms, patterns))
            }
            Resolved::Not(part) => walk(part, symptoms, patterns),
            Resolved::Requires { that, then } => {
                walk(that, symptoms, patterns);
                walk(then, symptoms, patterns);
            }
        }
    }
    let mut reads: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); rules.patterns.len()];
    let refers_to = |index: usize| {
        let (mut symptoms, mut patterns) = (BTreeSet::new(), BTreeSet::new());
        if let Some(rule) = rules.patterns.get(index) {
            rule.when.iter().chain(&rule.noise_unless).for_each(|when| walk(when, &mut symptoms, &mut patterns));
        }
        (symptoms, patterns)
    };
    // A `when` only refers to patterns earlier in this order; a `noise_unless` may refer to later ones, hence the second pass.
    for _ in 0..2 {
        for &index in &rules.condition_order {
            let (mut symptoms, patterns) = refers_to(index);
            for other in patterns {
                symptoms.extend(reads.get(other).into_iter().flatten().copied());
            }
            let watched: Vec<usize> = symptoms
                .iter()
                .filter_map(|at| rules.symptoms.get(*at))
                .flat_map(|symptom| symptom.watches.into_iter().chain(symptom.without))
                .collect();
            symptoms.extend(watched);
            if let Some(own) = reads.get_mut(index) {
                *own = symptoms;
            }
        }
    }
    reads
}
