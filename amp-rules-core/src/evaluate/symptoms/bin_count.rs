//! Counts per bin, with bounds.

use std::time::Duration;

use crate::evaluate::timeline::Timeline;
use crate::telemetry::source::data::CountCell;
use crate::time::Time;

/// The count of one bin: at least `low`, at most `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BinCount {
    /// The start of the bin.
    pub(super) bin: Time,
    pub(super) low: f64,
    pub(super) high: f64,
    /// The time of the first line or row that was counted.
    pub(super) first: Time,
    /// The time of the last one.
    pub(super) last: Time,
}

impl BinCount {
    pub(super) fn exact(cell: &CountCell) -> Self {
        let count = cell.count as f64;
        Self { bin: cell.bin, low: count, high: count, first: cell.first, last: cell.last }
    }

    pub(super) fn is_exact(&self) -> bool {
        self.low == self.high
    }
}

/// A timeline as counts: exactly one per bin where it is true, zero or one where it is unknown.
pub(super) fn counts_of_timeline(timeline: &Timeline, bin: Duration) -> Vec<BinCount> {
    let mut counts = Vec::new();
    for (segment, end) in timeline.spans().filter(|(segment, _)| !segment.truth.is_false()) {
        let low = if segment.truth.is_true() { 1.0 } else { 0.0 };
        let mut from = segment.from;
        while from < end && bin > Duration::ZERO {
            let next = from.floor(bin).saturating_add(bin);
            counts.push(BinCount {
                bin: from.floor(bin),
                low,
                high: 1.0,
                first: from,
                last: next.min(end).saturating_add_ticks(-1),
            });
            from = next;
        }
    }
    counts
}
