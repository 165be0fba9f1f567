//! How much older than its first line or row the fact behind a symptom can be.
//!
//! Input: a symptom. Output: its `detection_delay` plus the time for which its table batches rows.

use std::time::Duration;

use super::settings::duration;
use crate::evaluate::entities::Visibility;
use crate::rules::model::{Flow, SymptomKind};
use crate::rules::rule_set::RuleSymptom;

/// The longest time from the fact to its first row.
pub(super) fn onset_delay(visibility: &Visibility<'_>, symptom: &RuleSymptom) -> Duration {
    let schema = &visibility.rules.schema;
    let table = table_of(&symptom.symptom.kind).and_then(|table| schema.tables.get(table));
    let watched = symptom.watches.and_then(|at| visibility.rules.symptoms.get(at));
    let own = detection_delay(visibility, symptom);
    match (table, watched) {
        (Some(table), _) => own.saturating_add(table.flush),
        (None, Some(watched)) => own.saturating_add(onset_delay(visibility, watched)),
        (None, None) => own.saturating_add(schema.defaults.flush),
    }
}

/// The symptom's `detection_delay`; 0 if it has none.
pub(crate) fn detection_delay(visibility: &Visibility<'_>, symptom: &RuleSymptom) -> Duration {
    symptom.symptom.detection_delay.as_ref().map_or(Duration::ZERO, |delay| duration(visibility, delay))
}

/// The table that a symptom reads itself.
fn table_of(kind: &SymptomKind) -> Option<&str> {
    match kind {
        SymptomKind::Log { lines, .. } => Some(&lines.table),
        SymptomKind::Metric { series, .. } | SymptomKind::Ratio { of: series, .. } => Some(&series.table),
        SymptomKind::Property { table, .. } | SymptomKind::Event { table, .. } => Some(table),
        SymptomKind::Query { query, .. } => query.tables.first().map(String::as_str),
        SymptomKind::Absent { of, .. } => table_of(of),
        SymptomKind::Drop { flow, .. } | SymptomKind::Ceases { flow, .. } => match flow {
            Flow::Rows { table, .. } => Some(table),
            Flow::Series(series) => Some(&series.table),
        },
        SymptomKind::Repeats { .. } | SymptomKind::Persists { .. } => None,
    }
}
