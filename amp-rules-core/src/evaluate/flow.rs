//! Flows that fall or stop, held against their own past.
//!
//! Input: what flowed per bin. Output: truth over time for `drop` and `ceases`. Bins without a baseline are not judged;
//! the bin that holds the watermark never is; silence of every channel is blindness, not cessation.

use std::collections::BTreeMap;
use std::time::Duration;

use super::truth::{Segment, Steps, Truth};
use super::world::World;
use crate::diagnosis::UnknownReason;
use crate::time::{Time, ticks_of};

/// A normal distribution's standard deviation in units of its median absolute deviation.
const MAD_TO_SIGMA: f64 = 1.4826;
/// The least scale, as a share of the baseline: flows are never steadier than this.
const LEAST_SCALE: f64 = 0.02;
/// How many scales below the baseline a drop lies.
const SCALES: f64 = 4.0;
/// How many bins with flow come before a cessation.
const FLOWING_BEFORE: usize = 6;
/// How many bins without flow make a cessation.
const STILL: usize = 2;

/// One judged bin of a flow.
struct Bin {
    from: Time,
    /// What flowed; `None` where part of it could not be seen.
    value: Option<f64>,
}

impl World<'_> {
    /// The full bins of a flow up to the watermark. `seen` is true where all of it could be seen.
    fn flow_bins(&self, flows: &BTreeMap<Time, f64>, every: Duration, seen: &Steps) -> Vec<Bin> {
        let mut bins = Vec::new();
        let mut from = self.window.from.floor(every);
        if from < self.window.from {
            from = from.plus(every);
        }
        while every > Duration::ZERO && from.plus(every) <= self.watermark {
            let visible = self.covers(seen, from, from.plus(every));
            bins.push(Bin { from, value: visible.then(|| flows.get(&from).copied().unwrap_or(0.0)) });
            from = from.plus(every);
        }
        bins
    }

    /// Where the flow stops: still bins after flowing ones while another channel lives, with the partial bin before.
    fn cessations(&self, bins: &[Bin], alive: &Steps, every: Duration) -> Vec<(usize, usize, Truth)> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < bins.len() {
            let still = bins.iter().skip(at).take_while(|bin| bin.value == Some(0.0)).count();
            if still < STILL {
                at += still.max(1);
                continue;
            }
            let flowing = bins
                .get(..at)
                .unwrap_or_default()
                .iter()
                .rev()
                .take_while(|bin| bin.value.is_some_and(|x| x > 0.0))
                .count();
            let end = bins.get(at + still).map_or(self.watermark, |bin| bin.from);
            let from = bins.get(at).map_or(self.watermark, |bin| bin.from);
            let lives = alive
                .spans()
                .any(|(segment, to)| segment.truth.is_true() && segment.from < end && to > from.plus(every));
            let truth = if flowing < FLOWING_BEFORE {
                Truth::Unknown(self.book.one(UnknownReason::NoBaseline))
            } else if !lives {
                Truth::Unknown(self.book.one(UnknownReason::ChannelDead("every table".to_owned())))
            } else {
                Truth::True
            };
            let partial = at > 0 && flowing >= FLOWING_BEFORE && self.is_partial(bins, at - 1);
            found.push((if partial { at - 1 } else { at }, at + still, truth));
            at += still;
        }
        found
    }

    /// Whether a bin lies clearly below the bins before it.
    fn is_partial(&self, bins: &[Bin], at: usize) -> bool {
        let before: Vec<f64> =
            bins.get(..at).unwrap_or_default().iter().rev().take(FLOWING_BEFORE).filter_map(|bin| bin.value).collect();
        let value = bins.get(at).and_then(|bin| bin.value);
        match (median(&before), value) {
            (Some(usual), Some(value)) => usual - value > SCALES * scale(&before, usual),
            _ => false,
        }
    }

    /// `ceases`: true over the still bins and the partial bin before them.
    pub(crate) fn ceasing_steps(
        &self,
        flows: &BTreeMap<Time, f64>,
        every: Duration,
        seen: &Steps,
        alive: &Steps,
    ) -> Steps {
        let bins = self.flow_bins(flows, every, seen);
        if bins.len() < STILL {
            return self.constant(Truth::Unknown(self.book.one(UnknownReason::WindowTooShort)));
        }
        let mut judged: Vec<(Truth, Time, Time)> = bins
            .iter()
            .map(|bin| {
                let truth = if bin.value.is_some() {
                    Truth::False
                } else {
                    self.blindness(seen, bin.from, bin.from.plus(every))
                };
                (truth, bin.from, bin.from.plus(every))
            })
            .collect();
        for (from, to, truth) in self.cessations(&bins, alive, every) {
            // The flow stopped somewhere in the partial bin: after the share of it that still flowed.
            let first = bins.get(from).map_or(self.window.from, |bin| self.stopping_point(&bins, from, bin, every));
            for (at, entry) in judged.iter_mut().enumerate().take(to).skip(from) {
                *entry = (truth, if at == from { first } else { entry.1 }, entry.2);
            }
        }
        self.judged_bins(&bins, &judged)
    }

    fn stopping_point(&self, bins: &[Bin], at: usize, bin: &Bin, every: Duration) -> Time {
        let before: Vec<f64> =
            bins.get(..at).unwrap_or_default().iter().rev().take(FLOWING_BEFORE).filter_map(|bin| bin.value).collect();
        let usual = median(&before).filter(|usual| *usual > 0.0);
        let share = usual.map_or(0.0, |usual| (bin.value.unwrap_or(0.0) / usual).clamp(0.0, 1.0));
        bin.from.shift((share * ticks_of(every) as f64) as i64)
    }

    /// `drop`: true in bins that lie a share, and four scales, below their baseline.
    pub(crate) fn dropping_steps(
        &self,
        flows: &BTreeMap<Time, f64>,
        every: Duration,
        seen: &Steps,
        alive: &Steps,
        share: f64,
        baseline_bins: Option<u32>,
    ) -> (Steps, Option<f64>) {
        let bins = self.flow_bins(flows, every, seen);
        let ceased = self.cessations(&bins, alive, every);
        let in_cessation =
            |at: usize| ceased.iter().any(|(from, to, truth)| *from <= at && at < *to && !truth.is_false());
        let mut judged: Vec<Option<Truth>> = Vec::with_capacity(bins.len());
        let mut deepest: Option<f64> = None;
        for (at, bin) in bins.iter().enumerate() {
            if in_cessation(at) {
                judged.push(None);
                continue;
            }
            let past: Vec<f64> = self.past(&bins, at, every, baseline_bins, &in_cessation);
            let Some(usual) = median(&past) else {
                judged.push(None);
                continue;
            };
            judged.push(Some(match bin.value {
                None => self.blindness(seen, bin.from, bin.from.plus(every)),
                Some(value) if value < (1.0 - share) * usual && usual - value > SCALES * scale(&past, usual) => {
                    let lost = 1.0 - value / usual;
                    deepest = Some(deepest.map_or(lost, |known: f64| known.max(lost)));
                    Truth::True
                }
                Some(_) => Truth::False,
            }));
        }
        if judged.iter().all(Option::is_none) {
            let steps = self.constant(Truth::Unknown(self.book.one(UnknownReason::NoBaseline)));
            return (steps, None);
        }
        let filled: Vec<(Truth, Time, Time)> = bins
            .iter()
            .zip(judged)
            .map(|(bin, truth)| (truth.unwrap_or(Truth::False), bin.from, bin.from.plus(every)))
            .collect();
        (self.judged_bins(&bins, &filled), deepest)
    }

    /// What a bin is held against: the same hour of earlier days where the window holds two, else the bins before it.
    fn past(
        &self,
        bins: &[Bin],
        at: usize,
        every: Duration,
        baseline_bins: Option<u32>,
        left_out: &dyn Fn(usize) -> bool,
    ) -> Vec<f64> {
        const DAY: Duration = Duration::from_secs(86_400);
        let defaults = &self.rules.schema.defaults;
        let known = |(index, bin): (usize, &Bin)| if left_out(index) { None } else { bin.value };
        let earlier = bins.iter().enumerate().take(at);
        if self.window.ticks() >= 2 * ticks_of(DAY) && ticks_of(every) <= ticks_of(DAY) {
            let Some(own) = bins.get(at) else { return Vec::new() };
            let day = ticks_of(DAY);
            return earlier.filter(|(_, bin)| own.from.ticks_since(bin.from) % day == 0).filter_map(known).collect();
        }
        let wanted = baseline_bins.unwrap_or(defaults.baseline_bins) as usize;
        let values: Vec<f64> = earlier.rev().take(wanted).filter_map(known).collect();
        if values.len() < defaults.baseline_at_least as usize { Vec::new() } else { values }
    }

    fn blindness(&self, seen: &Steps, from: Time, to: Time) -> Truth {
        seen.spans()
            .filter(|(segment, end)| *end > from && segment.from < to && !segment.truth.is_true())
            .fold(Truth::False, |sum, (segment, _)| sum.or(segment.truth, &self.book))
    }

    fn judged_bins(&self, bins: &[Bin], judged: &[(Truth, Time, Time)]) -> Steps {
        let mut segments = vec![self.plain(self.window.from, Truth::False)];
        for (at, (bin, (truth, first, last))) in bins.iter().zip(judged).enumerate() {
            // The bin behind the last one is still filling; until it is full, what was judged last stands.
            let last = if at + 1 == bins.len() { self.watermark.max(*last) } else { *last };
            segments.push(Segment { from: bin.from, truth: *truth, first: *first, last });
        }
        Steps::from_segments(self.window, segments)
    }
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2).copied()?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    sorted.get(sorted.len() / 2 - 1).map(|lower| f64::midpoint(*lower, upper))
}

fn scale(values: &[f64], usual: f64) -> f64 {
    let deviations: Vec<f64> = values.iter().map(|value| (value - usual).abs()).collect();
    (MAD_TO_SIGMA * median(&deviations).unwrap_or(0.0)).max(LEAST_SCALE * usual)
}
