//! `drop`: true in bins that are significantly below their baseline. Bins without a baseline are not judged.

use std::time::Duration;

use super::baseline::Baseline;
use super::cessation::{Cessation, cessations};
use super::flow_bins::{Flow, FlowBin, flow_timeline};
use super::symptom_timeline::SymptomTimeline;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::Truth;
use crate::time::{Time, ticks_of};

/// The timeline, with the largest share of a baseline that was missing as its value.
///
/// `share` is the smallest such share that counts, in `0..=1`. `baseline_bins` is how many bins make a baseline; the
/// pack's default if `None`.
pub(super) fn drop_timeline(
    visibility: &Visibility<'_>,
    flow: &Flow<'_>,
    share: f64,
    baseline_bins: Option<u32>,
) -> SymptomTimeline {
    let bins = flow.bins(visibility);
    let states = cessations(visibility, flow, &bins);
    let mut judged: Vec<Option<Truth>> = Vec::with_capacity(bins.len());
    let mut largest: Option<f64> = None;
    for (at, (bin, state)) in bins.iter().zip(&states).enumerate() {
        judged.push(match state {
            Cessation::Yes | Cessation::NoBaseline => None,
            Cessation::Maybe(unknown) => Some(*unknown),
            Cessation::No => match (baseline(visibility, &bins, &states, at, flow.every, baseline_bins), bin.value) {
                (None, _) => None,
                (Some(_), None) => Some(flow.hidden_bin(visibility, bin.from)),
                (Some(baseline), Some(value)) => Some(match baseline.is_above(value, share) {
                    Some(true) => {
                        let missing = 1.0 - value / baseline.low;
                        largest = Some(largest.map_or(missing, |known: f64| known.max(missing)));
                        Truth::True
                    }
                    Some(false) => Truth::False,
                    None => unknown_baseline(visibility, flow, &bins, &states, at),
                }),
            },
        });
    }
    if judged.iter().all(Option::is_none) {
        let unknown = Truth::Unknown(visibility.reasons.one(UnknownReason::NoBaseline));
        return SymptomTimeline::constant(visibility, unknown);
    }
    let judged: Vec<(Truth, Time, Time)> = bins
        .iter()
        .zip(judged)
        .map(|(bin, truth)| (truth.unwrap_or(Truth::False), bin.from, bin.from.saturating_add(flow.every)))
        .collect();
    SymptomTimeline::new(flow_timeline(visibility, &bins, &judged), largest)
}

/// The baseline of a bin: the same hour of earlier days if the window has two days or more, else the bins before it.
/// `None` if there are too few. The values of bins that were not visible could be anything from 0.
fn baseline(
    visibility: &Visibility<'_>,
    bins: &[FlowBin],
    states: &[Cessation],
    at: usize,
    every: Duration,
    baseline_bins: Option<u32>,
) -> Option<Baseline> {
    const DAY: Duration = Duration::from_secs(86_400);
    let defaults = &visibility.rules.schema.defaults;
    let own = bins.get(at)?;
    let by_day = visibility.window.ticks() >= 2 * ticks_of(DAY) && ticks_of(every) <= ticks_of(DAY);
    let (wanted, least) = if by_day {
        (usize::MAX, 1)
    } else {
        (baseline_bins.unwrap_or(defaults.baseline_bins) as usize, defaults.baseline_at_least as usize)
    };
    let earlier = bins.iter().zip(states).take(at).rev().take(wanted);
    let mut known: Vec<f64> = Vec::new();
    let (mut hidden, mut maybe) = (0, 0);
    for (bin, state) in earlier.filter(|(bin, _)| !by_day || own.from.ticks_since(bin.from) % ticks_of(DAY) == 0) {
        match (state, bin.value) {
            (Cessation::Yes | Cessation::NoBaseline, _) => {}
            (Cessation::No, Some(value)) => known.push(value),
            (Cessation::No, None) => hidden += 1,
            (Cessation::Maybe(_), _) => maybe += 1,
        }
    }
    if known.len() + hidden + maybe < least {
        return None;
    }
    let has_enough_bins = known.len() + hidden >= least;
    Some(Baseline::new(&known, hidden + maybe, has_enough_bins))
}

/// Why the baseline of a bin is not known.
fn unknown_baseline(
    visibility: &Visibility<'_>,
    flow: &Flow<'_>,
    bins: &[FlowBin],
    states: &[Cessation],
    at: usize,
) -> Truth {
    let unknown = bins.iter().zip(states).take(at).filter_map(|(bin, state)| match state {
        Cessation::Maybe(unknown) => Some(*unknown),
        Cessation::No if bin.value.is_none() => Some(flow.hidden_bin(visibility, bin.from)),
        Cessation::No | Cessation::NoBaseline | Cessation::Yes => None,
    });
    Truth::any(unknown, &visibility.reasons)
}
