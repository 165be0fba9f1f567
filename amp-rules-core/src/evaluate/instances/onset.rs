//! Episodes of a pattern, and when each began.
//!
//! Input: truth over time. Output: [`Episode`]s. An episode begins after the last time at which the pattern was seen to be
//! false, and no later than its first evidence.

use std::time::Duration;

use super::state::Episode;
use crate::diagnosis::Onset;
use crate::evaluate::timeline::Timeline;
use crate::rules::model::{Flow, SymptomKind};
use crate::rules::rule_set::{RulePattern, RuleSet};
use crate::time::{Time, ticks_of};

/// From so many true periods on, a pattern is flapping.
const FLAPPING: usize = 3;

/// The episodes of a timeline and whether it is flapping. Gaps of at most `merge_gap` are closed.
///
/// `flush` is how long rows may be batched before they are sent: the pattern may have begun that long before it was last
/// seen to be false.
pub(super) fn episodes(timeline: &Timeline, merge_gap: Duration, flush: Duration) -> (Vec<Episode>, bool) {
    let mut episodes: Vec<Episode> = Vec::new();
    let mut true_periods = 0_usize;
    // The ends of the last false and of the last true period.
    let mut false_until = Time::MIN;
    let mut true_until = Time::MIN;
    for (segment, end) in timeline.spans() {
        if segment.truth.is_false() {
            false_until = end;
        }
        if !segment.truth.is_true() {
            continue;
        }
        true_periods += 1;
        let last = segment.last.min(end).max(segment.from);
        match episodes.last_mut() {
            Some(episode) if segment.from.ticks_since(true_until) <= ticks_of(merge_gap) => episode.last = last,
            _ => {
                let earliest = if false_until == Time::MIN { Time::MIN } else { false_until.saturating_sub(flush) };
                episodes.push(Episode { onset: Onset { earliest, latest: segment.first.max(earliest) }, last });
            }
        }
        true_until = end;
    }
    (episodes, true_periods >= FLAPPING)
}

/// The longest time that a table of a pattern's own symptoms batches rows; the default if its symptoms read no table.
pub(super) fn flush(rules: &RuleSet, rule: &RulePattern) -> Duration {
    let symptoms = rule.symptoms.iter().filter_map(|at| rules.symptoms.get(*at));
    let tables = symptoms.filter_map(|symptom| rules.schema.tables.get(table_of(&symptom.symptom.kind)?));
    tables.map(|table| table.flush).max().unwrap_or(rules.schema.defaults.flush)
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
