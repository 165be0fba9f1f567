//! Adds to failed cases the line that they probably meant.
//!
//! Input: failures about patterns, and the rows of the case. Output: a sentence on each failure whose pattern looks at
//! lines, where one comes near ([`crate::nearest`]).

use amp_rules_core::rule_set::RuleSet;
use amp_rules_core::source::rows::Row;

use super::expect::{Failure, FailureKind};
use crate::nearest::{Seeker, lines_of_symptom};
use crate::scenario::Rows;

/// Adds to each failure what came near.
pub(super) fn explain(rules: &RuleSet, rows: &Rows, failures: &mut [Failure]) {
    for failure in failures.iter_mut().filter(|failure| failure.kind != FailureKind::Noisy) {
        let Some(index) = failure.pattern.as_deref().and_then(|id| rules.pattern_index(id)) else { continue };
        let symptoms = rules.patterns.get(index).map(|pattern| pattern.symptoms.as_slice()).unwrap_or_default();
        for &index in symptoms {
            if let Some(symptom) = rules.symptoms.get(index)
                && symptom.watches.is_none()
                && let Some(wanted) = lines_of_symptom(rules, index)
                && let Some(table) = rules.schema.tables.get(&wanted.table)
                && let Ok(mut seeker) = Seeker::new(table, wanted)
            {
                let objects = rows.get(&table.name).into_iter().flatten();
                objects
                    .filter_map(|object| Row::from_json(table, object.clone()).ok())
                    .for_each(|row| seeker.look(&row));
                if let Some(miss) = seeker.told() {
                    failure.detail.push(format!("`{}`: {}: {}", symptom.symptom.name, miss.what, miss.line.text));
                }
            }
        }
    }
}
