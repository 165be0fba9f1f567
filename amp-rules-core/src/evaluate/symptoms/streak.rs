//! Streaks of failures between successes: `persists: {symptom, for, without}`.
//!
//! Input: when failures were seen, and the success as truth over time. Output: truth over time: true along a streak that
//! certainly lasted long enough, false where every streak was certainly shorter, else unknown.

use std::time::Duration;

use super::counts::Tally;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::timeline::truth::{Segment, Timeline, Truth};
use crate::time::{Time, ticks_of};

/// What a streak is held against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lasting {
    /// How long it must last.
    pub(crate) lasting: Duration,
    /// How many failures it must hold.
    pub(crate) at_least: u32,
    /// The width of a failure's bin.
    pub(crate) bin: Duration,
    /// The width of a success's bin: a success lies somewhere in it.
    pub(crate) success_bin: Duration,
}

impl Visibility<'_> {
    /// `failures` in order of time; `failing` is true where every failure could be seen; `success` over time.
    pub(crate) fn streak_steps(
        &self,
        failures: &[Tally],
        failing: &Timeline,
        success: &Timeline,
        wanted: Lasting,
    ) -> Timeline {
        let now = self.window.to;
        let mut segments: Vec<Segment> = Vec::new();
        for (from, to, known_start, known_end) in self.between_successes(success) {
            let inside: Vec<&Tally> = failures
                .iter()
                .filter(|tally| {
                    tally.bin.saturating_add(wanted.bin) > from
                        && tally.bin < to
                        && !self.holds_success(success, tally, wanted.bin)
                })
                .collect();
            let long_enough = self.certain_streak(&inside, success, wanted);
            // Success and success bound the streak; where a success is not known it may have begun before the window.
            let bound = known_start.then(|| {
                known_end
                    .saturating_add(wanted.success_bin)
                    .min(now)
                    .ticks_since(from.saturating_sub(wanted.success_bin))
            });
            let enough = inside.iter().map(|tally| tally.high).sum::<f64>() >= f64::from(wanted.at_least);
            let all_seen = self.covers(failing, from, to.min(self.watermark));
            let mut truth = if long_enough.is_some() {
                Truth::True
            } else if bound.is_some_and(|ticks| ticks < ticks_of(wanted.lasting)) || (!enough && all_seen) {
                Truth::False
            } else {
                self.doubt(failing, success, from, to, wanted)
            };
            if self.window.ticks() < ticks_of(wanted.lasting) && truth.is_false() && bound.is_none() && enough {
                truth = Truth::Unknown(self.reasons.one(UnknownReason::WindowTooShort));
            }
            let extent = match (long_enough, inside.first(), inside.last()) {
                (Some((first, last)), _, _) => Some((first, last)),
                (None, Some(first), Some(last)) => Some((first.first, last.last)),
                _ => None,
            };
            match (truth, extent) {
                (Truth::False, _) => segments.push(self.plain(from, Truth::False)),
                (_, Some((first, last))) => {
                    segments.push(self.plain(from, Truth::False));
                    segments.push(Segment { from: first.max(from), truth, first, last });
                    segments.push(self.plain(last.saturating_add(Duration::from_nanos(100)), Truth::False));
                }
                (_, None) => {
                    segments.push(self.plain(from, truth));
                    segments.push(self.plain(to, Truth::False));
                }
            }
        }
        if segments.is_empty() {
            return self.constant(Truth::False);
        }
        segments.insert(0, self.plain(self.window.from, Truth::False));
        segments.sort_by_key(|segment| segment.from);
        Timeline::from_segments(self.window, segments)
    }

    /// Stretches without a certain success: from, to, whether a success stands before it, and the end of the one after.
    fn between_successes(&self, success: &Timeline) -> Vec<(Time, Time, bool, Time)> {
        let spans: Vec<(Segment, Time)> = success.spans().collect();
        let mut out = Vec::new();
        let mut from = self.window.from;
        let mut known = false;
        for (segment, end) in spans {
            if segment.truth.is_true() {
                if segment.from > from {
                    out.push((from, segment.from, known, segment.from));
                }
                from = end;
                known = true;
            }
        }
        if from < self.window.to {
            out.push((from, self.window.to, known, self.window.to));
        }
        out
    }

    fn holds_success(&self, success: &Timeline, tally: &Tally, bin: Duration) -> bool {
        let end = tally.bin.saturating_add(bin);
        success.spans().any(|(segment, to)| segment.truth.is_true() && segment.from < end && to > tally.bin)
    }

    /// The longest streak that surely had no success in it, if it is long enough: its first and last failure.
    fn certain_streak(&self, failures: &[&Tally], success: &Timeline, wanted: Lasting) -> Option<(Time, Time)> {
        let mut best: Option<(Time, Time)> = None;
        for (segment, end) in success.spans().filter(|(segment, _)| segment.truth.is_false()) {
            let inside: Vec<&&Tally> = failures
                .iter()
                .filter(|tally| tally.low > 0.0 && tally.first >= segment.from && tally.last < end)
                .collect();
            let count: f64 = inside.iter().map(|tally| tally.low).sum();
            if let (Some(first), Some(last)) = (inside.first(), inside.last())
                && count >= f64::from(wanted.at_least)
                && last.last.ticks_since(first.first) >= ticks_of(wanted.lasting)
            {
                let longer = best.is_none_or(|(a, b)| last.last.ticks_since(first.first) > b.ticks_since(a));
                if longer {
                    best = Some((first.first, last.last));
                }
            }
        }
        best
    }

    /// Why a streak cannot be decided.
    fn doubt(&self, failing: &Timeline, success: &Timeline, from: Time, to: Time, wanted: Lasting) -> Truth {
        let blind = |steps: &Timeline| {
            steps
                .spans()
                .filter(|(segment, end)| *end > from && segment.from < to)
                .filter_map(|(segment, _)| match segment.truth {
                    Truth::Unknown(_) => Some(segment.truth),
                    Truth::True | Truth::False => None,
                })
                .fold(Truth::False, |sum, one| sum.or(one, &self.reasons))
        };
        let doubt = blind(failing).or(blind(success), &self.reasons);
        if !doubt.is_false() {
            return doubt;
        }
        let reason = if self.window.ticks() < ticks_of(wanted.lasting) || from <= self.window.from {
            UnknownReason::WindowTooShort
        } else {
            UnknownReason::NotIngestedYet
        };
        Truth::Unknown(self.reasons.one(reason))
    }
}
