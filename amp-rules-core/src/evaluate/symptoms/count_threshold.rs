//! The comparison of counts with `at_least n within d`. It happens here and nowhere else.
//!
//! Input: the counts of one entity, and the mask of what was visible. Output: a [`Timeline`]. Where something was not visible,
//! a count is a lower bound. With `within`, the counts are those of instants, so that the clock's phase does not matter.

use std::time::Duration;

use super::bin_count::BinCount;
use super::runs::{Run, timeline_of_runs};
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, Timeline, TrueSpan, Truth};
use crate::time::{Time, duration_of, ticks_of};

/// What a count is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountThreshold {
    /// The smallest count that is enough.
    pub(super) at_least: f64,
    /// The period in which so many must occur; `None` for the whole window.
    pub(super) within: Option<Duration>,
    /// The smallest number of rows that is enough, whatever they weigh.
    pub(super) least_rows: u64,
    /// The width of the bins.
    pub(super) bin: Duration,
}

/// What is compared.
#[derive(Clone, Copy)]
pub(super) struct Judged<'a, 'v> {
    pub(super) visibility: &'a Visibility<'v>,
    /// The counts, in order of time.
    pub(super) counts: &'a [BinCount],
    /// True where everything was visible.
    pub(super) mask: &'a Timeline,
    /// The truth where only the upper bounds are enough.
    pub(super) uncertain: Truth,
}

impl CountThreshold {
    /// How much longer than its evidence a true period is: a bin, or nothing if instants are judged.
    pub(super) fn judged_bin(&self) -> Duration {
        if self.is_judged_by_instants() { duration_of(1) } else { self.bin }
    }

    /// Whether the instants of rows are judged, not bins.
    pub(super) fn is_judged_by_instants(&self) -> bool {
        self.within.is_some() && self.at_least > 1.0
    }

    /// Whether enough was counted, over time.
    pub(super) fn timeline(self, judged: &Judged<'_, '_>) -> Timeline {
        match self.within {
            Some(within) if self.at_least > 1.0 => self.judge_within(within, judged),
            None if self.at_least > 1.0 => self.judge_whole_window(judged),
            _ => self.judge_bins(judged),
        }
    }

    /// Several occurrences at any times in the window: the truth has no time.
    fn judge_whole_window(self, judged: &Judged<'_, '_>) -> Timeline {
        let Judged { visibility, counts, mask, uncertain } = *judged;
        let reasons = &visibility.reasons;
        let total: f64 = counts.iter().map(|count| count.low).sum();
        let most: f64 = counts.iter().map(|count| count.high).sum();
        // The bins that were not visible may hold the rest; which of them is not known.
        let unknown = mask.frozen_at(visibility.watermark).unknown(reasons);
        let truth = match (total >= self.at_least, most >= self.at_least) {
            (true, _) => Truth::True,
            (false, true) => unknown.or(uncertain, reasons),
            (false, false) => unknown,
        };
        visibility.constant(truth)
    }

    /// One occurrence is enough: the bins that hold one are true.
    fn judge_bins(self, judged: &Judged<'_, '_>) -> Timeline {
        let Judged { visibility, counts, mask, uncertain } = *judged;
        let reasons = &visibility.reasons;
        let visible = mask.frozen_at(visibility.watermark);
        let hidden = visible.map(|truth| if truth.is_true() { Truth::False } else { truth });
        let span = |count: &BinCount| TrueSpan {
            from: count.bin,
            to: count.bin.saturating_add(self.bin),
            first: count.first,
            last: count.last,
        };
        let counts = &by_bin(counts);
        let is_enough = |count: &&BinCount| count.low >= self.at_least;
        let certain = hidden.with_true_spans(counts.iter().filter(is_enough).map(span), reasons);
        if counts.iter().all(BinCount::is_exact) {
            return certain;
        }
        let inexact = counts.iter().filter(|count| count.high > count.low).map(span);
        let possible = visibility.constant(Truth::False).with_true_spans(inexact, reasons);
        certain.or(&possible.map(|truth| if truth.is_true() { uncertain } else { truth }), reasons)
    }

    /// Several occurrences within a time: true from the first to the last of each run that is long enough.
    fn judge_within(self, within: Duration, judged: &Judged<'_, '_>) -> Timeline {
        let Judged { visibility, counts, mask, uncertain } = *judged;
        let reasons = &visibility.reasons;
        let spans = |runs: Vec<Run>, truth: Truth| timeline_of_runs(visibility, runs, truth);
        let visible = mask.frozen_at(visibility.watermark);
        let hidden = visible.map(|truth| if truth.is_true() { Truth::False } else { truth });
        let mut timeline = spans(self.runs(within, counts, |count| count.low), Truth::True).or(&hidden, reasons);
        let mut beside: Vec<(Truth, Vec<Run>)> = Vec::new();
        for (run, truth) in runs_beside_hidden(within, counts, &hidden) {
            match beside.iter_mut().find(|(other, _)| *other == truth) {
                Some((_, runs)) => runs.push(run),
                None => beside.push((truth, vec![run])),
            }
        }
        for (truth, mut runs) in beside {
            runs.sort();
            timeline = timeline.or(&spans(runs, truth), reasons);
        }
        if !counts.iter().all(BinCount::is_exact) {
            let possible = self.runs(within, counts, |count| count.high);
            timeline = timeline.or(&spans(possible, uncertain), reasons);
        }
        timeline
    }

    /// The runs of occurrences that are long enough, joined where they overlap; in order of time.
    fn runs(self, within: Duration, counts: &[BinCount], weight: impl Fn(&BinCount) -> f64) -> Vec<Run> {
        let items: Vec<&BinCount> = counts.iter().filter(|count| weight(count) > 0.0).collect();
        let mut runs: Vec<Run> = Vec::new();
        let (mut from, mut total, mut rows) = (0, 0.0, 0_u64);
        for (at, item) in items.iter().enumerate() {
            total += weight(item);
            rows = rows.saturating_add(item.rows);
            let is_too_long = |start: &&&BinCount| item.last.ticks_since(start.first) > ticks_of(within);
            while let Some(start) = items.get(from).filter(|start| from <= at && is_too_long(start)) {
                total -= weight(start);
                rows = rows.saturating_sub(start.rows);
                from += 1;
            }
            let Some(start) = items.get(from).filter(|_| total >= self.at_least && rows >= self.least_rows) else {
                continue;
            };
            match runs.last_mut().filter(|(_, last)| *last >= start.first) {
                Some((_, last)) => *last = item.last,
                None => runs.push((start.first, item.last)),
            }
        }
        runs
    }
}

/// One count per bin.
fn by_bin(counts: &[BinCount]) -> Vec<BinCount> {
    let mut out: Vec<BinCount> = Vec::with_capacity(counts.len());
    for count in counts {
        match out.last_mut().filter(|last| last.bin == count.bin) {
            Some(last) => last.join(count),
            None => out.push(*count),
        }
    }
    out
}

/// Runs that occurrences in a hidden stretch may complete, each with why the stretch is hidden: from the earliest occurrence
/// that is near enough before it to its start, from its end to the latest one that is near enough after it, and between two
/// stretches that are near enough to each other.
fn runs_beside_hidden(within: Duration, counts: &[BinCount], hidden: &Timeline) -> Vec<(Run, Truth)> {
    let stretches: Vec<(Segment, Time)> = hidden.spans().filter(|(segment, _)| !segment.truth.is_false()).collect();
    let occurrences: Vec<&BinCount> = counts.iter().filter(|count| count.high > 0.0).collect();
    let mut runs = Vec::new();
    for (at, (segment, end)) in stretches.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| stretches.get(at)).map_or(Time::MIN, |(_, end)| *end);
        let after = stretches.get(at + 1).map_or(Time::MAX, |(next, _)| next.from);
        let near_before = |count: &&&BinCount| {
            count.first >= before
                && count.first < segment.from
                && segment.from.ticks_since(count.first) <= ticks_of(within)
        };
        let near_after = |count: &&&BinCount| {
            count.last >= *end && count.last < after && count.last.ticks_since(*end) < ticks_of(within)
        };
        if let Some(first) = occurrences.iter().find(near_before) {
            runs.push(((first.first, segment.from.saturating_add_ticks(-1)), segment.truth));
        }
        if let Some(last) = occurrences.iter().rev().find(near_after) {
            runs.push(((*end, last.last), segment.truth));
        }
        if let Some((next, _)) = stretches.get(at + 1).filter(|(next, _)| *end < next.from)
            && next.from.ticks_since(*end) < ticks_of(within)
        {
            let between = (*end, next.from.saturating_add_ticks(-1));
            runs.extend([(between, segment.truth), (between, next.truth)]);
        }
    }
    runs
}
