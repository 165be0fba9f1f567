//! How much older than its first line or row the fact behind a symptom can be, and whether its times are known at all.
//!
//! Input: a symptom. Output: its `detection_delay` plus the time for which its table batches rows.

use std::time::Duration;

use super::settings::{duration, number};
use crate::evaluate::entities::Visibility;
use crate::rules::model::{Flow, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::time::duration_of;

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

/// Whether a symptom is judged once for the whole window, or in bins wider than half of it, so that its truth has no time.
pub(super) fn is_timeless(visibility: &Visibility<'_>, symptom: &RuleSymptom) -> bool {
    match &symptom.symptom.kind {
        SymptomKind::Log { at_least, within, .. } | SymptomKind::Event { at_least, within, .. } => {
            within.is_none() && number(visibility, at_least) > 1.0
        }
        SymptomKind::Metric { series, .. } | SymptomKind::Ratio { of: series, .. } => {
            let half = duration_of(visibility.window.ticks()) / 2;
            series.steps.last().is_some_and(|step| step.every.is_none_or(|every| every > half))
        }
        SymptomKind::Query { .. } => true,
        SymptomKind::Property { .. }
        | SymptomKind::Absent { .. }
        | SymptomKind::Drop { .. }
        | SymptomKind::Ceases { .. }
        | SymptomKind::Repeats { .. }
        | SymptomKind::Sequence { .. }
        | SymptomKind::Persists { .. } => false,
    }
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
        SymptomKind::Repeats { .. } | SymptomKind::Sequence { .. } | SymptomKind::Persists { .. } => None,
    }
}
