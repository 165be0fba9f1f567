//! Counts of occurrences, with bounds.

use std::time::Duration;

use crate::evaluate::timeline::Timeline;
use crate::telemetry::source::data::CountCell;
use crate::time::{Time, ticks_of};

/// A count of one bin, or of one instant in it: at least `low`, at most `high`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BinCount {
    /// The start of the bin.
    pub(super) bin: Time,
    pub(super) low: f64,
    pub(super) high: f64,
    /// The number of lines or rows, whatever they weigh.
    pub(super) rows: u64,
    /// The time of the first line or row that was counted.
    pub(super) first: Time,
    /// The time of the last one.
    pub(super) last: Time,
}

impl BinCount {
    /// The counts of a cell: one per listed instant, and one for those between the ends if these are not listed; or one for
    /// the cell if it lists no instants.
    pub(super) fn of_cell(cell: &CountCell) -> Vec<Self> {
        let exact = |weight: u64, rows: u64, first: Time, last: Time| Self {
            bin: cell.bin,
            low: weight as f64,
            high: weight as f64,
            rows,
            first,
            last,
        };
        let Some(middle) = (cell.instants.len() / 2).checked_sub(1).and_then(|at| cell.instants.get(at..at + 2)) else {
            // One instant, or none listed.
            return vec![exact(cell.count, cell.instants.first().map_or(1, |one| one.rows), cell.first, cell.last)];
        };
        let listed: u64 = cell.instants.iter().map(|one| one.weight).sum();
        let mut counts: Vec<Self> =
            cell.instants.iter().map(|one| exact(one.weight, one.rows, one.at, one.at)).collect();
        if let ([before, after], Some(rest @ 1..)) = (middle, cell.count.checked_sub(listed)) {
            counts.insert(counts.len() / 2, exact(rest, 1, before.at, after.at));
        }
        counts
    }

    pub(super) fn is_exact(&self) -> bool {
        self.low == self.high
    }

    /// Adds a later count of the same bin.
    pub(super) fn join(&mut self, later: &Self) {
        self.low += later.low;
        self.high += later.high;
        self.rows = self.rows.saturating_add(later.rows);
        self.last = self.last.max(later.last);
    }
}

/// The counts with those less than `apart` after the first of a group as one occurrence at its time, with the greatest weight
/// in the group. The counts are in order of time.
pub(super) fn grouped(counts: Vec<BinCount>, apart: Duration) -> Vec<BinCount> {
    let mut groups: Vec<BinCount> = Vec::with_capacity(counts.len());
    for count in counts {
        match groups.last_mut().filter(|group| count.first.ticks_since(group.first) < ticks_of(apart)) {
            Some(group) => {
                group.low = group.low.max(count.low);
                group.high = group.high.max(count.high);
            }
            None => groups.push(BinCount { rows: 1, last: count.first, ..count }),
        }
    }
    groups
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
                rows: 1,
                first: from,
                last: next.min(end).saturating_add_ticks(-1),
            });
            from = next;
        }
    }
    counts
}
