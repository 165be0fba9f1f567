//! What stays open: unresolved patterns, hypotheses and conflicts.
//!
//! Input: a [`CausalAnalysis`]. Output: lists sorted by id.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::{Conflict, Hypothesis, Role, UnknownReason, Unresolved};
use crate::evaluate::causality::CausalAnalysis;
use crate::evaluate::entities::scope_text;
use crate::evaluate::instances::PatternState;
use crate::evaluate::timeline::Truth;
use crate::telemetry::entity::Entity;

/// Patterns of which it is unknown whether they hold, or whether they are noise. Those that are unknown for inherent reasons
/// are left out.
pub(super) fn unresolved(analysis: &CausalAnalysis<'_>) -> Vec<Unresolved> {
    let visibility = analysis.visibility();
    let mut grouped: BTreeMap<(usize, bool), (Vec<Entity>, BTreeSet<UnknownReason>)> = BTreeMap::new();
    let is_open = |state: &PatternState| {
        matches!((state.truth, state.escalated), (Truth::Unknown(_), _) | (Truth::True, Truth::Unknown(_)))
    };
    for (number, instance) in analysis.instances.matching(is_open) {
        let is_unresolved = analysis.roots.roles.get(&number) == Some(&Role::Unresolved);
        let (reasons, holds) = match (instance.truth, instance.escalated) {
            (Truth::Unknown(reasons), _) if !visibility.is_inherently_unknown(instance.truth) => (reasons, false),
            (Truth::True, Truth::Unknown(reasons)) if is_unresolved => (reasons, true),
            _ => continue,
        };
        let (entities, all_reasons) = grouped.entry((instance.pattern, holds)).or_default();
        entities.push(instance.entity.clone());
        all_reasons.extend(visibility.reasons.list(reasons));
    }
    grouped
        .into_iter()
        .map(|((pattern, holds), (mut entities, reasons))| {
            entities.sort();
            Unresolved {
                pattern: analysis.id(pattern),
                scope: scope_text(visibility, &entities).0,
                entities,
                reasons: reasons.into_iter().collect(),
                holds,
            }
        })
        .collect()
}

/// Unseen patterns that would explain roots.
pub(super) fn hypotheses(analysis: &CausalAnalysis<'_>) -> Vec<Hypothesis> {
    let hidden_causes = analysis.roots.hidden_causes.iter();
    hidden_causes
        .map(|hidden| Hypothesis {
            pattern: analysis.id(hidden.pattern),
            explains: hidden.explains.iter().map(|pattern| analysis.id(*pattern)).collect(),
            reasons: hidden.reasons.iter().cloned().collect(),
        })
        .collect()
}

/// Patterns that contradict each other, by id; then reports that telemetry contradicts.
pub(super) fn conflicts(analysis: &CausalAnalysis<'_>) -> Vec<Conflict> {
    let mut grouped: BTreeMap<(String, String), Vec<Entity>> = BTreeMap::new();
    for conflict in &analysis.roots.conflicts {
        let (Some(a), Some(b)) = (analysis.instances.get(conflict.a), analysis.instances.get(conflict.b)) else {
            continue;
        };
        let finer = if a.entity.is_within(b.entity) { a } else { b };
        let mut pair = [analysis.id(a.pattern), analysis.id(b.pattern)];
        pair.sort();
        let [first, second] = pair;
        grouped.entry((first, second)).or_default().push(finer.entity.clone());
    }
    let between_patterns = grouped.into_iter().map(|((pattern, other), mut entities)| {
        entities.sort();
        entities.dedup();
        let what = format!("{pattern} and {other} cannot both hold at one entity at the same time");
        Conflict { pattern, other, entities, what }
    });
    let contradicted = analysis.patterns.contradicted_reports(&analysis.instances).into_iter();
    let with_reports = contradicted.map(|(pattern, entity)| {
        let id = analysis.id(pattern);
        let what = format!("{id} was reported, but telemetry shows that it does not hold");
        Conflict { pattern: id.clone(), other: id, entities: vec![entity], what }
    });
    between_patterns.chain(with_reports).collect()
}
