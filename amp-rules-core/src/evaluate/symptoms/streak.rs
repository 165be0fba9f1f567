//! Streaks of failures between successes, compared with the length that `persists` asks for.
//!
//! Input: the counts of failures, and the success over time. Output: a timeline, true along a streak that was certainly
//! long enough, false if every streak was certainly shorter, else unknown.

use std::time::Duration;

use super::bin_count::BinCount;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, Timeline, Truth};
use crate::time::{Time, ticks_of};

/// What a streak is compared with.
#[derive(Clone, Copy, Debug)]
pub(super) struct StreakThreshold {
    /// How long it must last.
    pub(super) lasting: Duration,
    /// How many failures it must have.
    pub(super) at_least: u32,
    /// The width of a failure's bin.
    pub(super) bin: Duration,
    /// The width of a success's bin. The success is somewhere in it.
    pub(super) success_bin: Duration,
}

/// A period without a certain success.
struct Period {
    from: Time,
    to: Time,
    /// Whether a success precedes it.
    after_success: bool,
    /// The start of the success after it, or the end of the window.
    next_success: Time,
}

impl StreakThreshold {
    /// `failures` are in order of time. `visible` is true where every failure was visible.
    pub(super) fn timeline(
        self,
        visibility: &Visibility<'_>,
        failures: &[BinCount],
        visible: &Timeline,
        success: &Timeline,
    ) -> Timeline {
        let now = visibility.window.to;
        let mut segments: Vec<Segment> = Vec::new();
        for period in periods_without_success(visibility, success) {
            let Period { from, to, .. } = period;
            let inside: Vec<&BinCount> = failures
                .iter()
                .filter(|count| {
                    count.bin.saturating_add(self.bin) > from
                        && count.bin < to
                        && !has_success(success, count.bin, count.bin.saturating_add(self.bin))
                })
                .collect();
            let certain = self.certain_streak(&inside, success);
            // The successes on both sides bound the length. Without a success before it, a streak may have started before
            // the window.
            let longest = period.after_success.then(|| {
                let end = period.next_success.saturating_add(self.success_bin).min(now);
                end.ticks_since(from.saturating_sub(self.success_bin))
            });
            let enough = inside.iter().map(|count| count.high).sum::<f64>() >= f64::from(self.at_least);
            let all_visible = visible.is_true_between(from, to.min(visibility.watermark));
            let is_window_shorter = visibility.window.ticks() < ticks_of(self.lasting);
            let mut truth = if certain.is_some() {
                Truth::True
            } else if longest.is_some_and(|ticks| ticks < ticks_of(self.lasting)) || (!enough && all_visible) {
                Truth::False
            } else {
                self.undecided(visibility, visible, success, &period)
            };
            if is_window_shorter && truth.is_false() && longest.is_none() && enough {
                truth = Truth::Unknown(visibility.reasons.one(UnknownReason::WindowTooShort));
            }
            let extent = match (certain, inside.first(), inside.last()) {
                (Some(extent), _, _) => Some(extent),
                (None, Some(first), Some(last)) => Some((first.first, last.last)),
                _ => None,
            };
            match (truth, extent) {
                (Truth::False, _) => segments.push(Segment::new(from, Truth::False)),
                (_, Some((first, last))) => {
                    segments.push(Segment::new(from, Truth::False));
                    segments.push(Segment { from: first.max(from), truth, first, last });
                    segments.push(Segment::new(last.saturating_add_ticks(1), Truth::False));
                }
                (_, None) => {
                    segments.push(Segment::new(from, truth));
                    segments.push(Segment::new(to, Truth::False));
                }
            }
        }
        if segments.is_empty() {
            return visibility.constant(Truth::False);
        }
        segments.insert(0, Segment::new(visibility.window.from, Truth::False));
        segments.sort_by_key(|segment| segment.from);
        Timeline::from_segments(visibility.window, segments)
    }

    /// The first and last failure of the longest streak that certainly had no success in it, if it is long enough.
    fn certain_streak(&self, failures: &[&BinCount], success: &Timeline) -> Option<(Time, Time)> {
        let mut best: Option<(Time, Time)> = None;
        for (segment, end) in success.spans().filter(|(segment, _)| segment.truth.is_false()) {
            let inside: Vec<&&BinCount> = failures
                .iter()
                .filter(|count| count.low > 0.0 && count.first >= segment.from && count.last < end)
                .collect();
            let total: f64 = inside.iter().map(|count| count.low).sum();
            if let (Some(first), Some(last)) = (inside.first(), inside.last())
                && total >= f64::from(self.at_least)
                && last.last.ticks_since(first.first) >= ticks_of(self.lasting)
            {
                let is_longer = best.is_none_or(|(a, b)| last.last.ticks_since(first.first) > b.ticks_since(a));
                if is_longer {
                    best = Some((first.first, last.last));
                }
            }
        }
        best
    }

    /// Why the streak in a period cannot be decided.
    fn undecided(&self, visibility: &Visibility<'_>, visible: &Timeline, success: &Timeline, period: &Period) -> Truth {
        let reasons = &visibility.reasons;
        let unknown = [visible, success].into_iter().flat_map(|timeline| {
            let inside = timeline.spans().filter(|(segment, end)| *end > period.from && segment.from < period.to);
            inside.map(|(segment, _)| segment.truth).filter(|truth| truth.is_unknown()).collect::<Vec<_>>()
        });
        match Truth::any(unknown, reasons) {
            Truth::False => {}
            unknown => return unknown,
        }
        let is_window_shorter = visibility.window.ticks() < ticks_of(self.lasting);
        let reason = if is_window_shorter || period.from <= visibility.window.from {
            UnknownReason::WindowTooShort
        } else {
            UnknownReason::NotIngestedYet
        };
        Truth::Unknown(reasons.one(reason))
    }
}

fn periods_without_success(visibility: &Visibility<'_>, success: &Timeline) -> Vec<Period> {
    let mut periods = Vec::new();
    let mut from = visibility.window.from;
    let mut after_success = false;
    for (segment, end) in success.spans().filter(|(segment, _)| segment.truth.is_true()) {
        if segment.from > from {
            periods.push(Period { from, to: segment.from, after_success, next_success: segment.from });
        }
        from = end;
        after_success = true;
    }
    let end = visibility.window.to;
    if from < end {
        periods.push(Period { from, to: end, after_success, next_success: end });
    }
    periods
}

/// Whether a certain success overlaps `from..to`.
fn has_success(success: &Timeline, from: Time, to: Time) -> bool {
    success.spans().any(|(segment, end)| segment.truth.is_true() && segment.from < to && end > from)
}
