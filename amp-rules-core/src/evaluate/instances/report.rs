//! Patterns that users reported.
//!
//! Input: the reports of the scope. Output: the reports of a pattern, with the entity that each names.

use crate::evaluate::entities::Visibility;
use crate::plan::UserReport;
use crate::telemetry::entity::Entity;

/// The reports of a pattern.
pub(super) fn reports_of<'a>(visibility: &Visibility<'a>, pattern: usize) -> Vec<(Entity, &'a UserReport)> {
    let id = visibility.rules.pattern_id(pattern);
    let reports = visibility.plan.scope().reports.iter().filter(|report| report.pattern == id);
    reports.map(|report| (reported_entity(visibility, report), report)).collect()
}

/// The entity that a report names: without the subject's keys, folded keys in lower case.
fn reported_entity(visibility: &Visibility<'_>, report: &UserReport) -> Entity {
    let subject = &visibility.plan.scope().subject;
    let is_folded = |key: &str| visibility.rules.schema.tables.values().any(|table| table.folded_keys.contains(key));
    let keys = report.entity.iter().filter(|(key, _)| !subject.contains_key(*key));
    Entity::new(keys.map(|(key, value)| {
        let value = if is_folded(key) { value.to_lowercase() } else { value.clone() };
        (key.clone(), value)
    }))
}
