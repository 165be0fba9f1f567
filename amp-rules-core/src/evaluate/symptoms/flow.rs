//! Flows that fall or stop, held against their own past.
//!
//! Input: what flowed per bin. Output: truth over time for `drop` and `ceases`. Bins without a baseline are not judged;
//! the bin that holds the watermark never is; silence of every channel is blindness, not cessation.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::timeline::truth::{Segment, Timeline, Truth};
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

/// Whether a bin is part of a cessation.
#[derive(Clone, Copy, Debug)]
enum Still {
    /// It is not.
    No,
    /// It is still, but too little flowed before it; nothing is said of it.
    Short,
    /// It may be, for the reasons of this truth.
    Maybe(Truth),
    /// It is.
    Ceased,
}

/// A baseline of which only bounds may be known.
#[derive(Clone, Copy, Debug)]
struct Past {
    /// The median, between these.
    low: f64,
    high: f64,
    /// The median absolute deviation from it, at most.
    deviation: f64,
    /// Whether all of it could be seen.
    exact: bool,
    /// Whether there are surely enough bins.
    sure: bool,
}

impl Past {
    /// From what is known, and how many bins could not be seen.
    fn new(known: &[f64], open: usize, sure: bool) -> Self {
        let with = |value: f64| known.iter().copied().chain(std::iter::repeat_n(value, open)).collect::<Vec<f64>>();
        let low = median(&with(0.0)).unwrap_or(0.0);
        let high = median(&with(f64::INFINITY)).unwrap_or(f64::INFINITY);
        let farthest = known.iter().map(|value| (value - low).abs().max((value - high).abs()));
        let deviations: Vec<f64> = farthest.chain(std::iter::repeat_n(f64::INFINITY, open)).collect();
        Self { low, high, deviation: median(&deviations).unwrap_or(f64::INFINITY), exact: open == 0, sure }
    }

    /// Whether it lies a share, and four scales, above a value, whatever could not be seen.
    fn is_above(&self, value: f64, share: f64) -> Option<bool> {
        let scale = (MAD_TO_SIGMA * self.deviation).max(LEAST_SCALE * self.low);
        let above = value < (1.0 - share) * self.low && self.low - value > SCALES * scale;
        // A higher baseline is farther above, and 8 % of it grow more slowly than it does.
        if self.sure && (above || self.exact) {
            return Some(above);
        }
        (value >= (1.0 - share) * self.high).then_some(false)
    }
}

impl Visibility<'_> {
    /// The full bins of a flow up to the watermark. `seen` is true where all of it could be seen.
    fn flow_bins(&self, flows: &BTreeMap<Time, f64>, every: Duration, seen: &Timeline) -> Vec<Bin> {
        let mut bins = Vec::new();
        let mut from = self.window.from.floor(every);
        if from < self.window.from {
            from = from.saturating_add(every);
        }
        while every > Duration::ZERO && from.saturating_add(every) <= self.watermark {
            let visible = self.covers(seen, from, from.saturating_add(every));
            bins.push(Bin { from, value: visible.then(|| flows.get(&from).copied().unwrap_or(0.0)) });
            from = from.saturating_add(every);
        }
        bins
    }

    /// Which bins are part of a cessation: still ones after flowing ones while another channel lives, with the partial bin
    /// before. A bin that could not be seen may have been still, so it leaves open what stands around it.
    fn stillness(&self, bins: &[Bin], seen: &Timeline, alive: &Timeline, every: Duration) -> Vec<Still> {
        let mut states = vec![Still::No; bins.len()];
        let mut at = 0;
        while at < bins.len() {
            let rest = bins.get(at..).unwrap_or_default();
            let run = rest.iter().take_while(|bin| bin.value.is_none_or(|value| value == 0.0)).count();
            if run < STILL {
                at += run.max(1);
                continue;
            }
            let end = at + run;
            let known = rest.iter().take_while(|bin| bin.value == Some(0.0)).count();
            let before = bins.get(..at).unwrap_or_default();
            let flowing = before.iter().rev().take_while(|bin| bin.value.is_some_and(|x| x > 0.0)).count();
            let enough = flowing >= FLOWING_BEFORE;
            // A bin that could not be seen may have been the flowing one that lacks.
            let hidden = before.len().checked_sub(flowing + 1).filter(|_| !enough).and_then(|place| bins.get(place));
            let hidden = hidden.filter(|bin| bin.value.is_none());
            let partial = match (enough, hidden) {
                (true, _) => self.is_partial(bins, at.saturating_sub(1)),
                (false, Some(_)) => None,
                (false, None) => Some(false),
            };
            let start = bins.get(at).map_or(self.watermark, |bin| bin.from);
            let stop = |place: usize| bins.get(place).map_or(self.watermark, |bin| bin.from);
            let lives = |to: Time| {
                let spans = alive.spans();
                spans
                    .into_iter()
                    .any(|(part, ends)| part.truth.is_true() && part.from < to && ends > start.saturating_add(every))
            };
            let doubt = if known < run {
                Still::Maybe(self.blindness(seen, start, stop(end)))
            } else if let Some(bin) = hidden {
                Still::Maybe(self.blindness(seen, bin.from, bin.from.saturating_add(every)))
            } else if !enough {
                Still::Short
            } else {
                Still::Maybe(Truth::Unknown(self.reasons.one(UnknownReason::ChannelDead("every table".to_owned()))))
            };
            let certain = if known >= STILL && enough && lives(stop(at + known)) { known } else { 0 };
            for (place, state) in states.iter_mut().enumerate().take(end).skip(at) {
                *state = if place < at + certain { Still::Ceased } else { doubt };
            }
            if let Some(state) = states.get_mut(at.wrapping_sub(1)).filter(|_| flowing > 0) {
                *state = match partial {
                    Some(false) => *state,
                    Some(true) if certain > 0 => Still::Ceased,
                    Some(true) | None if matches!(doubt, Still::Short) => *state,
                    Some(true) => doubt,
                    None if certain > 0 => Still::Maybe(self.blindness(seen, self.window.from, start)),
                    None => doubt,
                };
            }
            at = end;
        }
        states
    }

    /// Whether a bin lies clearly below the bins before it; nothing where one of those could not be seen.
    fn is_partial(&self, bins: &[Bin], at: usize) -> Option<bool> {
        let before = bins.get(..at).unwrap_or_default().iter().rev().take(FLOWING_BEFORE);
        let before: Option<Vec<f64>> = before.map(|bin| bin.value).collect();
        let before = before?;
        let value = bins.get(at).and_then(|bin| bin.value);
        Some(match (median(&before), value) {
            (Some(usual), Some(value)) => usual - value > SCALES * scale(&before, usual),
            _ => false,
        })
    }

    /// `ceases`: true over the still bins and the partial bin before them.
    pub(crate) fn ceasing_steps(
        &self,
        flows: &BTreeMap<Time, f64>,
        every: Duration,
        seen: &Timeline,
        alive: &Timeline,
    ) -> Timeline {
        let bins = self.flow_bins(flows, every, seen);
        if bins.len() < STILL {
            return self.constant(Truth::Unknown(self.reasons.one(UnknownReason::WindowTooShort)));
        }
        let mut judged: Vec<(Truth, Time, Time)> = bins
            .iter()
            .map(|bin| {
                let truth = if bin.value.is_some() {
                    Truth::False
                } else {
                    self.blindness(seen, bin.from, bin.from.saturating_add(every))
                };
                (truth, bin.from, bin.from.saturating_add(every))
            })
            .collect();
        let states = self.stillness(&bins, seen, alive, every);
        let no_baseline = Truth::Unknown(self.reasons.one(UnknownReason::NoBaseline));
        for (at, (entry, state)) in judged.iter_mut().zip(&states).enumerate() {
            match state {
                Still::No => {}
                Still::Short => entry.0 = no_baseline,
                Still::Maybe(doubt) => entry.0 = *doubt,
                Still::Ceased => {
                    entry.0 = Truth::True;
                    // The flow stopped somewhere in the partial bin: after the share of it that still flowed.
                    let goes_on = at > 0 && matches!(states.get(at - 1), Some(Still::Ceased));
                    if let Some(bin) = bins.get(at).filter(|_| !goes_on) {
                        entry.1 = self.stopping_point(&bins, at, bin, every);
                    }
                }
            }
        }
        self.judged_bins(&bins, &judged)
    }

    fn stopping_point(&self, bins: &[Bin], at: usize, bin: &Bin, every: Duration) -> Time {
        let before: Vec<f64> =
            bins.get(..at).unwrap_or_default().iter().rev().take(FLOWING_BEFORE).filter_map(|bin| bin.value).collect();
        let usual = median(&before).filter(|usual| *usual > 0.0);
        let share = usual.map_or(0.0, |usual| (bin.value.unwrap_or(0.0) / usual).clamp(0.0, 1.0));
        bin.from.saturating_add_ticks((share * ticks_of(every) as f64) as i64)
    }

    /// `drop`: true in bins that lie a share, and four scales, below their baseline.
    pub(crate) fn dropping_steps(
        &self,
        flows: &BTreeMap<Time, f64>,
        every: Duration,
        seen: &Timeline,
        alive: &Timeline,
        share: f64,
        baseline_bins: Option<u32>,
    ) -> (Timeline, Option<f64>) {
        let bins = self.flow_bins(flows, every, seen);
        let states = self.stillness(&bins, seen, alive, every);
        let mut judged: Vec<Option<Truth>> = Vec::with_capacity(bins.len());
        let mut deepest: Option<f64> = None;
        for (at, (bin, state)) in bins.iter().zip(&states).enumerate() {
            judged.push(match state {
                Still::Ceased | Still::Short => None,
                Still::Maybe(doubt) => Some(*doubt),
                Still::No => match (self.past(&bins, &states, at, every, baseline_bins), bin.value) {
                    (None, _) => None,
                    (Some(_), None) => Some(self.blindness(seen, bin.from, bin.from.saturating_add(every))),
                    (Some(past), Some(value)) => Some(match past.is_above(value, share) {
                        Some(true) => {
                            let lost = 1.0 - value / past.low;
                            deepest = Some(deepest.map_or(lost, |known: f64| known.max(lost)));
                            Truth::True
                        }
                        Some(false) => Truth::False,
                        None => self.past_doubt(&bins, &states, at, seen, every),
                    }),
                },
            });
        }
        if judged.iter().all(Option::is_none) {
            let steps = self.constant(Truth::Unknown(self.reasons.one(UnknownReason::NoBaseline)));
            return (steps, None);
        }
        let filled: Vec<(Truth, Time, Time)> = bins
            .iter()
            .zip(judged)
            .map(|(bin, truth)| (truth.unwrap_or(Truth::False), bin.from, bin.from.saturating_add(every)))
            .collect();
        (self.judged_bins(&bins, &filled), deepest)
    }

    /// What a bin is held against: the same hour of earlier days where the window holds two, else the bins before it.
    /// Nothing where there is no baseline. What could not be seen enters as anything from 0 on.
    fn past(
        &self,
        bins: &[Bin],
        states: &[Still],
        at: usize,
        every: Duration,
        baseline_bins: Option<u32>,
    ) -> Option<Past> {
        const DAY: Duration = Duration::from_secs(86_400);
        let defaults = &self.rules.schema.defaults;
        let own = bins.get(at)?;
        let by_day = self.window.ticks() >= 2 * ticks_of(DAY) && ticks_of(every) <= ticks_of(DAY);
        let (wanted, least) = if by_day {
            (usize::MAX, 1)
        } else {
            (baseline_bins.unwrap_or(defaults.baseline_bins) as usize, defaults.baseline_at_least as usize)
        };
        let earlier = bins.iter().zip(states).take(at).rev().take(wanted);
        let mut known: Vec<f64> = Vec::new();
        let (mut open, mut perhaps) = (0, 0);
        for (bin, state) in earlier.filter(|(bin, _)| !by_day || own.from.ticks_since(bin.from) % ticks_of(DAY) == 0) {
            match (state, bin.value) {
                (Still::Ceased | Still::Short, _) => {}
                (Still::No, Some(value)) => known.push(value),
                (Still::No, None) => open += 1,
                (Still::Maybe(_), _) => perhaps += 1,
            }
        }
        if known.len() + open + perhaps < least {
            return None;
        }
        let sure = known.len() + open >= least;
        Some(Past::new(&known, open + perhaps, sure))
    }

    /// Why a baseline is not known.
    fn past_doubt(&self, bins: &[Bin], states: &[Still], at: usize, seen: &Timeline, every: Duration) -> Truth {
        let doubts = bins.iter().zip(states).take(at).filter_map(|(bin, state)| match state {
            Still::Maybe(doubt) => Some(*doubt),
            Still::No if bin.value.is_none() => Some(self.blindness(seen, bin.from, bin.from.saturating_add(every))),
            Still::No | Still::Short | Still::Ceased => None,
        });
        doubts.fold(Truth::False, |sum, one| sum.or(one, &self.reasons))
    }

    pub(crate) fn blindness(&self, seen: &Timeline, from: Time, to: Time) -> Truth {
        seen.spans()
            .filter(|(segment, end)| *end > from && segment.from < to && !segment.truth.is_true())
            .fold(Truth::False, |sum, (segment, _)| sum.or(segment.truth, &self.reasons))
    }

    fn judged_bins(&self, bins: &[Bin], judged: &[(Truth, Time, Time)]) -> Timeline {
        let mut segments = vec![self.plain(self.window.from, Truth::False)];
        for (at, (bin, (truth, first, last))) in bins.iter().zip(judged).enumerate() {
            // The bin behind the last one is still filling; until it is full, what was judged last stands.
            let last = if at + 1 == bins.len() { self.watermark.max(*last) } else { *last };
            segments.push(Segment { from: bin.from, truth: *truth, first: *first, last });
        }
        Timeline::from_segments(self.window, segments)
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
