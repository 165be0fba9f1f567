//! Where a flow ceases: empty bins after bins with flow, while another channel shows that the entity exists. If all
//! channels are silent, the flow is not visible.

use super::baseline::is_significantly_below;
use super::flow_bins::{Flow, FlowBin};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::Truth;
use crate::time::Time;

/// How many bins with flow must precede a cessation.
pub(super) const FLOWING_BEFORE: usize = 6;
/// How many empty bins make a cessation.
pub(super) const EMPTY: usize = 2;

/// Whether a bin is part of a cessation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cessation {
    /// It is not.
    No,
    /// It is empty, but fewer than [`FLOWING_BEFORE`] bins before it have flow, so it is not judged.
    NoBaseline,
    /// It may be, for the reasons of this truth.
    Maybe(Truth),
    /// It is.
    Yes,
}

/// The bins that are part of a cessation: empty ones, and the bin before them if the flow stopped within it. A bin that
/// was not visible may have been empty, so bins next to it can be undecided.
pub(super) fn cessations(visibility: &Visibility<'_>, flow: &Flow<'_>, bins: &[FlowBin]) -> Vec<Cessation> {
    let mut states = vec![Cessation::No; bins.len()];
    let mut at = 0;
    while at < bins.len() {
        let rest = bins.get(at..).unwrap_or_default();
        let run = rest.iter().take_while(|bin| bin.value.is_none_or(|value| value == 0.0)).count();
        if run < EMPTY {
            at += run.max(1);
            continue;
        }
        let end = at + run;
        let known = rest.iter().take_while(|bin| bin.value == Some(0.0)).count();
        let before = bins.get(..at).unwrap_or_default();
        let flowing = before.iter().rev().take_while(|bin| bin.value.is_some_and(|x| x > 0.0)).count();
        let enough = flowing >= FLOWING_BEFORE;
        // A bin that was not visible before too few flowing ones: it may have had flow.
        let hidden = before.len().checked_sub(flowing + 1).filter(|_| !enough).and_then(|index| bins.get(index));
        let hidden = hidden.filter(|bin| bin.value.is_none());
        let partial = match (enough, hidden) {
            (true, _) => is_partial(bins, at.saturating_sub(1)),
            (false, Some(_)) => None,
            (false, None) => Some(false),
        };
        let start = bins.get(at).map_or(visibility.watermark, |bin| bin.from);
        let start_of = |index: usize| bins.get(index).map_or(visibility.watermark, |bin| bin.from);
        let exists_until = |to: Time| {
            flow.other_channels.spans().any(|(segment, end)| {
                segment.truth.is_true() && segment.from < to && end > start.saturating_add(flow.every)
            })
        };
        let undecided = if known < run {
            Cessation::Maybe(flow.hidden(visibility, start, start_of(end)))
        } else if let Some(bin) = hidden {
            Cessation::Maybe(flow.hidden_bin(visibility, bin.from))
        } else if !enough {
            Cessation::NoBaseline
        } else {
            let reason = UnknownReason::ChannelDead("every table".to_owned());
            Cessation::Maybe(Truth::Unknown(visibility.reasons.one(reason)))
        };
        let certain = if known >= EMPTY && enough && exists_until(start_of(at + known)) { known } else { 0 };
        for (index, state) in states.iter_mut().enumerate().take(end).skip(at) {
            *state = if index < at + certain { Cessation::Yes } else { undecided };
        }
        if let Some(state) = states.get_mut(at.wrapping_sub(1)).filter(|_| flowing > 0) {
            *state = match partial {
                Some(false) => *state,
                Some(true) if certain > 0 => Cessation::Yes,
                Some(true) | None if matches!(undecided, Cessation::NoBaseline) => *state,
                Some(true) => undecided,
                None if certain > 0 => Cessation::Maybe(flow.hidden(visibility, visibility.window.from, start)),
                None => undecided,
            };
        }
        at = end;
    }
    states
}

/// Whether a bin is significantly below the bins before it. `None` if one of those was not visible.
fn is_partial(bins: &[FlowBin], at: usize) -> Option<bool> {
    let before = bins.get(..at).unwrap_or_default().iter().rev().take(FLOWING_BEFORE);
    let before = before.map(|bin| bin.value).collect::<Option<Vec<f64>>>()?;
    let value = bins.get(at).and_then(|bin| bin.value);
    Some(value.is_some_and(|value| is_significantly_below(value, &before)))
}
