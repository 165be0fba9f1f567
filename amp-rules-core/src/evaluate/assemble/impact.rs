//! How large impacts are.
//!
//! Input: findings, and the sums that their patterns declare as magnitude. Output: [`Impact`]s, by id.

use std::collections::BTreeMap;

use crate::diagnosis::{Finding, Impact, Role};
use crate::evaluate::entities::{EntitySet, Visibility};
use crate::plan::{Need, Part};
use crate::telemetry::source::{AnswerData, Completeness};

pub(super) fn impacts(visibility: &Visibility<'_>, findings: &[Finding]) -> Vec<Impact> {
    let rules = visibility.rules;
    let mut impacts: BTreeMap<String, Impact> = BTreeMap::new();
    let takes_part = |finding: &&Finding| {
        matches!(finding.role, Role::Root | Role::Independent | Role::Consequence | Role::Contributing)
    };
    for finding in findings.iter().filter(takes_part) {
        let index = rules.pattern_index(&finding.pattern);
        let Some(rule) = index.and_then(|index| rules.patterns.get(index)) else { continue };
        let (Some((symptom, sum)), Some(magnitude)) = (rule.magnitude, &rule.pattern.magnitude) else { continue };
        let need = Need::Symptom(symptom, Part::Main);
        let Ok(answer) = visibility.answer(&need) else { continue };
        let AnswerData::Counts(counts) = &answer.data else { continue };
        let entities = EntitySet::without_groups(&finding.entities);
        let cells = counts.cells.iter().filter(|cell| entities.has_related(&cell.entity));
        let total: f64 = cells.filter_map(|cell| cell.sums.get(sum)).sum();
        let is_incomplete = || {
            let mut masks = finding.entities.iter().map(|entity| visibility.mask(&need, entity));
            masks.any(|mask| !mask.unknown_before(visibility.watermark, &visibility.reasons).is_false())
        };
        let impact = impacts.entry(finding.pattern.clone()).or_insert_with(|| Impact {
            pattern: finding.pattern.clone(),
            magnitude: 0.0,
            unit: magnitude.unit.clone(),
            at_least: false,
        });
        impact.magnitude += total;
        impact.at_least |= answer.completeness != Completeness::Complete || is_incomplete();
    }
    impacts.into_values().collect()
}
