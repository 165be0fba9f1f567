//! `ceases`: true over the empty bins of a cessation and the partial bin before them.

use super::baseline::median;
use super::cessation::{Cessation, EMPTY, FLOWING_BEFORE, cessations};
use super::flow_bins::{Flow, FlowBin, flow_timeline};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::time::{Time, ticks_of};

pub(super) fn ceases_timeline(visibility: &Visibility<'_>, flow: &Flow<'_>) -> Timeline {
    let bins = flow.bins(visibility);
    if bins.len() < EMPTY {
        return visibility.constant(Truth::Unknown(visibility.reasons.one(UnknownReason::WindowTooShort)));
    }
    let mut judged: Vec<(Truth, Time, Time)> = bins
        .iter()
        .map(|bin| {
            let truth = if bin.value.is_some() { Truth::False } else { flow.hidden_bin(visibility, bin.from) };
            (truth, bin.from, bin.from.saturating_add(flow.every))
        })
        .collect();
    let states = cessations(visibility, flow, &bins);
    let no_baseline = Truth::Unknown(visibility.reasons.one(UnknownReason::NoBaseline));
    for (at, (entry, state)) in judged.iter_mut().zip(&states).enumerate() {
        match state {
            Cessation::No => {}
            Cessation::NoBaseline => entry.0 = no_baseline,
            Cessation::Maybe(unknown) => entry.0 = *unknown,
            Cessation::Yes => {
                entry.0 = Truth::True;
                let continues = at > 0 && matches!(states.get(at - 1), Some(Cessation::Yes));
                if let Some(bin) = bins.get(at).filter(|_| !continues) {
                    entry.1 = stopped_at(&bins, at, bin, flow);
                }
            }
        }
    }
    flow_timeline(visibility, &bins, &judged)
}

/// The instant within the first bin of a cessation at which the flow stopped: after the share of the bin that the bin's
/// flow has of the usual flow.
fn stopped_at(bins: &[FlowBin], at: usize, bin: &FlowBin, flow: &Flow<'_>) -> Time {
    let before: Vec<f64> =
        bins.get(..at).unwrap_or_default().iter().rev().take(FLOWING_BEFORE).filter_map(|bin| bin.value).collect();
    let usual = median(&before).filter(|usual| *usual > 0.0);
    let share = usual.map_or(0.0, |usual| (bin.value.unwrap_or(0.0) / usual).clamp(0.0, 1.0));
    bin.from.saturating_add_ticks((share * ticks_of(flow.every) as f64) as i64)
}
