//! Adds to failed cases the lines that nearly matched.
//!
//! Input: failures about patterns, and the rows of the case. Output: a detail on each failure whose pattern has a symptom
//! over lines, if a line nearly matches it (see [`crate::nearest`]).

use amp_rules_core::rules::rule_set::RuleSet;
use amp_rules_core::telemetry::source::rows::Row;

use super::expect::{Failure, FailureKind};
use crate::nearest::{NearMissFinder, lines_of_symptom};
use crate::scenario::Rows;

/// Adds the nearest line to each failure. Noisy failures are left out, since their pattern matched.
pub(super) fn add_near_misses(rules: &RuleSet, rows: &Rows, failures: &mut [Failure]) {
    for failure in failures.iter_mut().filter(|failure| failure.kind != FailureKind::Noisy) {
        let Some(index) = failure.pattern.as_deref().and_then(|id| rules.pattern_index(id)) else { continue };
        let symptoms = rules.patterns.get(index).map(|pattern| pattern.symptoms.as_slice()).unwrap_or_default();
        for &index in symptoms {
            if let Some(symptom) = rules.symptoms.get(index)
                && symptom.watches.is_none()
                && let Some(wanted) = lines_of_symptom(rules, index)
                && let Some(table) = rules.schema.tables.get(&wanted.table)
                && let Ok(mut finder) = NearMissFinder::new(table, wanted)
            {
                let objects = rows.get(&table.name).into_iter().flatten();
                objects
                    .filter_map(|object| Row::from_json(table, object.clone()).ok())
                    .for_each(|row| finder.add(&row));
                if let Some(miss) = finder.finish() {
                    failure.detail.push(format!("`{}`: {}: {}", symptom.symptom.name, miss.what, miss.line.text));
                }
            }
        }
    }
}
