//! What to do, in order.
//!
//! Input: the roots by rank, and the remedies of their patterns. Output: [`Remedy`] steps, each once.

use std::collections::BTreeSet;

use crate::diagnosis::{ActivityState, Grade, Remedy, Role, Root};
use crate::evaluate::causality::CausalAnalysis;
use crate::rules::rule_set::RuleSet;

/// The steps for roots by rank, then for independent problems that are not open, their chains, and contributing patterns;
/// then the steps that verify; last everything of open independent problems.
pub(super) fn remedy(analysis: &CausalAnalysis<'_>, roots: &[Root]) -> Vec<Remedy> {
    let by_rank = |select: &dyn Fn(&Root) -> bool| {
        roots.iter().filter(|root| select(root)).map(|root| root.pattern.clone()).collect::<Vec<String>>()
    };
    // A root that is over cannot be fixed any more: its first active effect comes first, its own steps are verified.
    let active = active_patterns(analysis);
    let over: BTreeSet<&String> =
        roots.iter().map(|root| &root.pattern).filter(|pattern| !active.contains(*pattern)).collect();
    let first_effects = roots
        .iter()
        .filter(|root| root.role == Role::Root && over.contains(&root.pattern))
        .filter_map(|root| root.chain.iter().map(|link| &link.pattern).find(|pattern| active.contains(*pattern)));
    let mut patterns = by_rank(&|root| root.role == Role::Root && is_active(root));
    patterns.extend(first_effects.cloned());
    patterns.extend(by_rank(&|root| root.role == Role::Root && !is_active(root)));
    patterns.extend(by_rank(&|root| root.role == Role::Independent && root.grade != Grade::Open));
    let last = by_rank(&|root| root.role == Role::Independent && root.grade == Grade::Open);
    for root in roots.iter().filter(|root| !last.contains(&root.pattern)) {
        patterns.extend(root.chain.iter().filter(|link| !link.inferred).map(|link| link.pattern.clone()));
        patterns.extend(root.explains.iter().cloned());
    }
    let roles = analysis.roots.roles.iter();
    let contributing = roles.filter(|(_, role)| **role == Role::Contributing).map(|(instance, _)| instance);
    patterns.extend(analysis.patterns_of(contributing).into_iter().map(|pattern| analysis.id(pattern)));
    let mut collector = StepCollector { rules: analysis.visibility().rules, taken: BTreeSet::new() };
    let mut done: BTreeSet<&String> = BTreeSet::new();
    let mut steps = RemedySteps::default();
    for pattern in patterns.iter().filter(|pattern| !last.contains(pattern)) {
        if done.insert(pattern) {
            collector.collect(pattern, &mut steps, over.contains(pattern));
        }
    }
    let mut remedy = steps.in_order();
    for pattern in &last {
        if done.insert(pattern) {
            let mut steps = RemedySteps::default();
            collector.collect(pattern, &mut steps, over.contains(pattern));
            remedy.extend(steps.in_order());
        }
    }
    remedy
}

fn is_active(root: &Root) -> bool {
    root.activity.state == ActivityState::Active
}

/// The ids of the patterns with a member of the causal graph that still holds.
fn active_patterns(analysis: &CausalAnalysis<'_>) -> BTreeSet<String> {
    let active = analysis.graph.members.difference(&analysis.graph.over);
    analysis.patterns_of(active).into_iter().map(|pattern| analysis.id(pattern)).collect()
}

/// RemedySteps of one part of the remedy.
#[derive(Default)]
struct RemedySteps {
    actions: Vec<Remedy>,
    verifications: Vec<Remedy>,
}

impl RemedySteps {
    fn in_order(self) -> Vec<Remedy> {
        self.actions.into_iter().chain(self.verifications).collect()
    }
}

/// Collects the steps of patterns, each step id once.
struct StepCollector<'a> {
    rules: &'a RuleSet,
    taken: BTreeSet<String>,
}

impl StepCollector<'_> {
    /// `verify` turns every step into one that verifies.
    fn collect(&mut self, pattern: &str, steps: &mut RemedySteps, verify: bool) {
        let index = self.rules.pattern_index(pattern);
        let Some(rule) = index.and_then(|index| self.rules.patterns.get(index)) else { return };
        for step in &rule.pattern.remedy {
            if !self.taken.insert(step.id.clone()) {
                continue;
            }
            let remedy = Remedy {
                pattern: pattern.to_owned(),
                id: step.id.clone(),
                text: step.text.clone(),
                verifies: step.verifies || verify,
                caution: step.caution.clone(),
                changes_state: step.changes_state,
                run: step.run.clone(),
            };
            if remedy.verifies { steps.verifications.push(remedy) } else { steps.actions.push(remedy) }
        }
    }
}
