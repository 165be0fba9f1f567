//! The comparison of counts with `at_least n within d`. It happens here and nowhere else.
//!
//! Input: the counts per bin of one entity, and the mask of what was visible. Output: a [`Timeline`]. A count over bins of
//! which some were not visible is a lower bound.

use std::time::Duration;

use super::bin_count::BinCount;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, Timeline, TrueSpan, Truth};
use crate::time::Time;

/// What a count is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct CountThreshold {
    /// The smallest count that is enough.
    pub(super) at_least: f64,
    /// The period in which so many must occur; `None` for the whole window.
    pub(super) within: Option<Duration>,
    /// The width of the bins.
    pub(super) bin: Duration,
}

impl CountThreshold {
    /// The width of the bins that are judged: a third of `within` if several are needed, else the width of the counts.
    pub(super) fn judged_bin(&self) -> Duration {
        let several = self.within.filter(|_| self.at_least > 1.0);
        several.map_or(self.bin, crate::plan::counting_bin)
    }

    /// Whether enough was counted, over time. `mask` is true where everything was visible; `uncertain` is the truth where
    /// only the upper bounds are enough.
    pub(super) fn timeline(
        self,
        visibility: &Visibility<'_>,
        counts: &[BinCount],
        mask: &Timeline,
        uncertain: Truth,
    ) -> Timeline {
        match self.within {
            Some(_) if self.at_least > 1.0 => self.judge_within(visibility, counts, mask, uncertain),
            None if self.at_least > 1.0 => self.judge_whole_window(visibility, counts, mask, uncertain),
            _ => self.judge_bins(visibility, counts, mask, uncertain),
        }
    }

    /// Several occurrences at any times in the window: the truth has no time.
    fn judge_whole_window(
        self,
        visibility: &Visibility<'_>,
        counts: &[BinCount],
        mask: &Timeline,
        uncertain: Truth,
    ) -> Timeline {
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
    fn judge_bins(
        self,
        visibility: &Visibility<'_>,
        counts: &[BinCount],
        mask: &Timeline,
        uncertain: Truth,
    ) -> Timeline {
        let reasons = &visibility.reasons;
        let visible = mask.frozen_at(visibility.watermark);
        let hidden = visible.map(|truth| if truth.is_true() { Truth::False } else { truth });
        let span = |count: &BinCount| TrueSpan {
            from: count.bin,
            to: count.bin.saturating_add(self.bin),
            first: count.first,
            last: count.last,
        };
        let is_enough = |count: &&BinCount| count.low >= self.at_least;
        let certain = hidden.with_true_spans(counts.iter().filter(is_enough).map(span), reasons);
        if counts.iter().all(BinCount::is_exact) {
            return certain;
        }
        let inexact = counts.iter().filter(|count| count.high > count.low).map(span);
        let possible = visibility.constant(Truth::False).with_true_spans(inexact, reasons);
        certain.or(&possible.map(|truth| if truth.is_true() { uncertain } else { truth }), reasons)
    }

    /// Judged on bins of a third of `within`, over each run of three.
    fn judge_within(
        self,
        visibility: &Visibility<'_>,
        counts: &[BinCount],
        mask: &Timeline,
        uncertain: Truth,
    ) -> Timeline {
        const RUN: usize = 3;
        let reasons = &visibility.reasons;
        let bins = judged_bins(visibility, counts, mask, self.judged_bin());
        // Per bin the first and last evidence of a run that is enough, or the reasons why a run may be enough.
        let mut evidence: Vec<Option<(Time, Time)>> = vec![None; bins.len()];
        let mut unknown: Vec<Option<Truth>> = vec![None; bins.len()];
        for start in 0..bins.len() {
            // Runs overlap both ends of the window; outside it nothing counts.
            let run: Vec<(usize, &JudgedBin)> =
                (start..bins.len().min(start + RUN)).filter_map(|at| bins.get(at).map(|bin| (at, bin))).collect();
            let low: f64 = run.iter().map(|(_, bin)| bin.low).sum();
            let high: f64 = run.iter().map(|(_, bin)| bin.high).sum();
            if low >= self.at_least {
                let nonempty: Vec<usize> = run.iter().filter(|(_, bin)| bin.low > 0.0).map(|(at, _)| *at).collect();
                if let (Some(&from), Some(&to)) = (nonempty.first(), nonempty.last()) {
                    let first = bins.get(from).map_or(Time::MAX, |bin| bin.first);
                    let last = bins.get(to).map_or(Time::MIN, |bin| bin.last);
                    for entry in evidence.iter_mut().take(to + 1).skip(from) {
                        *entry = Some(entry.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
                    }
                }
            } else if high >= self.at_least {
                let hidden = Truth::any(run.iter().filter_map(|(_, bin)| bin.hidden), reasons);
                let truth = if hidden.is_false() { uncertain } else { hidden };
                for at in run.iter().map(|(at, _)| *at) {
                    if let Some(entry) = unknown.get_mut(at) {
                        *entry = Some(entry.map_or(truth, |known| known.or(truth, reasons)));
                    }
                }
            }
        }
        let segments = bins.iter().zip(evidence.iter().zip(&unknown)).map(|(bin, entry)| match entry {
            (Some((first, last)), _) => {
                Segment { from: bin.from, truth: Truth::True, first: (*first).max(bin.from.min(*first)), last: *last }
            }
            (None, Some(truth)) => Segment::new(bin.from, *truth),
            (None, None) => Segment::new(bin.from, Truth::False),
        });
        Timeline::from_segments(visibility.window, segments.collect::<Vec<_>>())
    }
}

/// One bin of a run.
struct JudgedBin {
    from: Time,
    low: f64,
    /// Infinite if part of the bin was not visible.
    high: f64,
    first: Time,
    last: Time,
    /// Why part of the bin was not visible.
    hidden: Option<Truth>,
}

/// Counts added up into bins of another width that cover the window.
fn judged_bins(visibility: &Visibility<'_>, counts: &[BinCount], mask: &Timeline, width: Duration) -> Vec<JudgedBin> {
    let mut bins = Vec::new();
    let mut from = visibility.window.from.floor(width);
    let mut counts = counts.iter().peekable();
    // Data after the watermark is not missing yet, so visibility there is that just before it.
    let spans: Vec<(Segment, Time)> = mask.frozen_at(visibility.watermark).spans().collect();
    let mut at_span = 0;
    while from < visibility.window.to && width > Duration::ZERO {
        let to = from.saturating_add(width);
        let mut bin = JudgedBin { from, low: 0.0, high: 0.0, first: Time::MAX, last: Time::MIN, hidden: None };
        while let Some(count) = counts.next_if(|count| count.bin < to) {
            bin.low += count.low;
            bin.high += count.high;
            if count.low > 0.0 {
                bin.first = bin.first.min(count.first);
                bin.last = bin.last.max(count.last);
            }
        }
        while spans.get(at_span).is_some_and(|(_, end)| *end <= from) {
            at_span += 1;
        }
        for (segment, _) in spans.iter().skip(at_span).take_while(|(segment, _)| segment.from < to) {
            if !segment.truth.is_true() {
                bin.high = f64::INFINITY;
                bin.hidden =
                    Some(bin.hidden.map_or(segment.truth, |known| known.or(segment.truth, &visibility.reasons)));
            }
        }
        bins.push(bin);
        from = to;
    }
    bins
}
