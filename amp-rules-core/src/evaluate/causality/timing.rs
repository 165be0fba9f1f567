//! Whether a cause fits its effect in time.
//!
//! Input: two states and the lag of an edge. Output: yes or no.

use std::time::Duration;

use crate::diagnosis::Onset;
use crate::evaluate::instances::PatternState;
use crate::telemetry::schema::Defaults;
use crate::time::{Time, ticks_of};

/// Whether a cause can have led to an effect: it did not begin too late, nor too early, and their episodes are not further
/// apart than `max_cause_gap`.
///
/// `lag` is the least and the greatest time from cause to effect. `tolerance` is the clock difference to allow for, the
/// schema's by default. Bounds that are not known never rule a cause out.
pub(super) fn is_admissible(
    defaults: &Defaults,
    cause: &PatternState,
    effect: &PatternState,
    lag: (Duration, Option<Duration>),
    tolerance: Option<Duration>,
) -> bool {
    let tolerance = tolerance.unwrap_or(defaults.tolerance);
    let (cause_onset, effect_onset) = (cause.onset_bounds(), effect.onset_bounds());
    let began_too_late = cause_onset.earliest != Time::MIN
        && effect_onset.latest != Time::MAX
        && cause_onset.earliest.saturating_add(lag.0) > effect_onset.latest.saturating_add(tolerance);
    let began_too_early = lag.1.is_some_and(|greatest| {
        effect_onset.earliest != Time::MIN
            && cause_onset.latest != Time::MAX
            && effect_onset.earliest.ticks_since(cause_onset.latest)
                > ticks_of(greatest).saturating_add(ticks_of(tolerance))
    });
    let gap =
        cause.first_seen().ticks_since(effect.last_seen()).max(effect.first_seen().ticks_since(cause.last_seen()));
    let max_gap = ticks_of(defaults.max_cause_gap).saturating_add(ticks_of(lag.0));
    let too_far_apart = !cause.is_reported && !effect.is_reported && gap > max_gap;
    !(began_too_late || began_too_early || too_far_apart)
}

/// Whether times show the order of a cause and its effect: one of them began within the window.
pub(super) fn is_order_verifiable(cause: &Onset, effect: &Onset) -> bool {
    cause.earliest != Time::MIN || effect.earliest != Time::MIN
}
