//! How large impacts are.
//!
//! Input: findings, and the sums that their patterns declare as magnitude. Output: [`Impact`]s, by id.

use std::collections::BTreeMap;

use crate::diagnosis::{Finding, Impact, Role};
use crate::evaluate::causality::{CausalAnalysis, CausalGraph, RootGroup};
use crate::evaluate::entities::{EntitySet, Visibility};
use crate::plan::{Need, Part};
use crate::telemetry::entity::Entity;
use crate::telemetry::source::{AnswerData, Completeness};
use crate::time::Window;

pub(super) fn impacts(visibility: &Visibility<'_>, findings: &[Finding]) -> Vec<Impact> {
    let rules = visibility.rules;
    let mut impacts: BTreeMap<String, Impact> = BTreeMap::new();
    let takes_part = |finding: &&Finding| {
        matches!(finding.role, Role::Root | Role::Independent | Role::Consequence | Role::Contributing)
    };
    for finding in findings.iter().filter(takes_part) {
        let index = rules.pattern_index(&finding.pattern);
        let Some(rule) = index.and_then(|index| rules.patterns.get(index)) else { continue };
        let (Some((symptom, sum_of)), Some(magnitude)) = (rule.magnitude, &rule.pattern.magnitude) else { continue };
        let entities = finding.entities.iter().map(|entity| (entity, None));
        let Some((total, is_least)) = sum(visibility, symptom, sum_of, entities.collect()) else { continue };
        let impact = impacts.entry(finding.pattern.clone()).or_insert_with(|| Impact {
            pattern: finding.pattern.clone(),
            magnitude: 0.0,
            unit: magnitude.unit.clone(),
            at_least: false,
        });
        impact.magnitude += total;
        impact.at_least |= is_least;
    }
    impacts.into_values().collect()
}

/// The impacts that past roots explain, or are, each over its own episode.
pub(super) fn past_impacts<'g>(
    analysis: &CausalAnalysis<'_>,
    roots: impl Iterator<Item = (&'g CausalGraph, &'g RootGroup)>,
) -> Vec<Impact> {
    let visibility = analysis.visibility();
    let mut episodes: BTreeMap<usize, Vec<(Entity, Option<Window>)>> = BTreeMap::new();
    for (graph, group) in roots {
        for &number in group.instances.union(&group.reached) {
            let (Some(instance), Some(episode)) =
                (analysis.instances.get(number), graph.episode(&analysis.instances, number))
            else {
                continue;
            };
            let period = Window { from: episode.from, to: episode.to };
            episodes.entry(instance.pattern).or_default().push((instance.entity.clone(), Some(period)));
        }
    }
    let impacts = episodes.into_iter().filter_map(|(pattern, entities)| {
        let rule = visibility.rules.patterns.get(pattern)?;
        let (symptom, sum_of) = rule.magnitude?;
        let entities = entities.iter().map(|(entity, period)| (entity, *period)).collect();
        let (magnitude, at_least) = sum(visibility, symptom, sum_of, entities)?;
        let unit = rule.pattern.magnitude.as_ref()?.unit.clone();
        Some(Impact { pattern: rule.pattern.id.clone(), magnitude, unit, at_least })
    });
    impacts.collect()
}

/// The sum of a symptom's capture at entities, each within a period or in the whole window; and whether it is only a lower
/// bound. `None` if there is no such sum.
fn sum(
    visibility: &Visibility<'_>,
    symptom: usize,
    sum_of: usize,
    entities: Vec<(&Entity, Option<Window>)>,
) -> Option<(f64, bool)> {
    let need = Need::Symptom(symptom, Part::Main);
    let answer = visibility.answer(&need).ok()?;
    let AnswerData::Counts(counts) = &answer.data else { return None };
    let all: Vec<Entity> = entities.iter().map(|(entity, _)| (*entity).clone()).collect();
    let related = EntitySet::without_groups(&all);
    let is_bounded = entities.iter().all(|(_, period)| period.is_some());
    let cells = counts.cells.iter().filter(|cell| {
        let is_within = |(entity, period): &(&Entity, Option<Window>)| {
            period.is_none_or(|period| period.from <= cell.bin && cell.bin < period.to)
                && entity.is_compatible(&cell.entity)
        };
        related.has_related(&cell.entity) && (!is_bounded || entities.iter().any(is_within))
    });
    let total: f64 = cells.filter_map(|cell| cell.sums.get(sum_of)).sum();
    let is_hidden = |(entity, _): &(&Entity, Option<Window>)| {
        let mask = visibility.mask(&need, entity);
        !mask.unknown_before(visibility.watermark, &visibility.reasons).is_false()
    };
    Some((total, answer.completeness != Completeness::Complete || entities.iter().any(is_hidden)))
}
