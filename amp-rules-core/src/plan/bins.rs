//! The bins in which requests count, and the steps that a source evaluates.

use std::time::Duration;

use crate::rules::model::Step;
use crate::telemetry::request::BinnedStep;
use crate::telemetry::schema::Table;
use crate::time::Time;

/// The default width of a bin.
pub(crate) const DEFAULT_BIN: Duration = Duration::from_secs(300);

/// The shortest duration that a bin can have.
const SHORTEST: Duration = Duration::from_nanos(100);

/// The least width of a bin for counts.
pub(super) const NARROWEST_BIN: Duration = Duration::from_secs(60);

/// From this width on, bins end at the watermark: "a day" is the last 24 hours, not a calendar day.
const DAY: Duration = Duration::from_secs(86_400);

/// The width of the bins in which `at_least n within d` is counted: a third of `d`, at least a minute, and never more than `d`.
pub(super) fn counting_bin(within: Duration) -> Duration {
    (within / 3).max(NARROWEST_BIN).min(within.max(SHORTEST))
}

/// How many of the steps a source evaluates: all up to the last one with bins, or all if none has bins.
///
/// The evaluator computes the steps after them.
pub(crate) fn source_steps(steps: &[Step]) -> usize {
    steps.iter().rposition(|step| step.every.is_some()).map_or(steps.len(), |at| at + 1)
}

/// The steps that a source evaluates, with columns resolved in the table.
pub(super) fn binned(steps: &[Step], table: &Table, watermark: Time) -> Vec<BinnedStep> {
    steps
        .iter()
        .take(source_steps(steps))
        .map(|step| BinnedStep {
            aggregate: step.aggregate,
            column: step.column.as_ref().and_then(|column| table.resolve(column)),
            by: step
                .by
                .iter()
                .map(|name| if name == "name" { (name.clone(), None) } else { (name.clone(), table.resolve(name)) })
                .collect(),
            every: step.every,
            ending_at: step.every.filter(|every| *every >= DAY).map(|_| watermark),
        })
        .collect()
}
