//! `lasts`: how long a symptom stays true after an occurrence.

use super::settings::duration;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, Timeline, Truth};
use crate::rules::model::Lasts;
use crate::telemetry::entity::Entity;
use crate::time::Time;
use std::time::Duration;

/// The timeline with each occurrence extended as `lasts` says. `bin` is the width of the bins that were judged.
pub(super) fn apply_lasts(
    visibility: &Visibility<'_>,
    lasts: Option<&Lasts>,
    entity: &Entity,
    timeline: Timeline,
    bin: Duration,
) -> Timeline {
    match lasts {
        Some(Lasts::For(setting)) => {
            let lasting = duration(visibility, setting);
            timeline.extended(|end| end.saturating_sub(bin).saturating_add(lasting), &visibility.reasons)
        }
        Some(Lasts::UntilRestart) => until_restart(visibility, entity, &timeline),
        None => timeline,
    }
}

/// An occurrence lasts until the next start. A start that was not visible may have ended it.
fn until_restart(visibility: &Visibility<'_>, entity: &Entity, timeline: &Timeline) -> Timeline {
    let reasons = &visibility.reasons;
    let known = visibility.restart_visibility(entity);
    let starts = visibility.restarts(entity, &known);
    let next = |end: Time| starts.iter().copied().find(|start| *start >= end).unwrap_or(Time::MAX);
    let possible = timeline.extended(next, reasons);
    if known.only() == Some(Truth::True) {
        return possible;
    }
    let hidden: Vec<(Segment, Time)> = known.spans().filter(|(segment, _)| !segment.truth.is_true()).collect();
    let next_hidden =
        |end: Time| hidden.iter().find(|(_, to)| *to > end).map_or(Time::MAX, |(segment, _)| segment.from.max(end));
    let unknown = Truth::any(hidden.iter().map(|(segment, _)| segment.truth), reasons);
    let certain = timeline.extended(|end| next(end).min(next_hidden(end)), reasons);
    certain.or(&possible.map(|truth| if truth.is_true() { unknown } else { truth }), reasons)
}
