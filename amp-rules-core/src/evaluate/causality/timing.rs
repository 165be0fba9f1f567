//! Whether a cause fits its effect in time.
//!
//! Input: two episodes and the lag of an edge. Output: yes or no.

use std::time::Duration;

use crate::diagnosis::Onset;
use crate::evaluate::entities::Visibility;
use crate::evaluate::instances::{Episode, PatternState, possible_onsets};
use crate::telemetry::entity::Entity;
use crate::telemetry::schema::Defaults;
use crate::time::{Time, ticks_of};

/// The time from a cause to its effect that an edge, or a path of edges, allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delay {
    pub(super) least: Duration,
    pub(super) greatest: Option<Duration>,
    /// The clock difference to allow for; the schema's by default.
    pub(super) tolerance: Option<Duration>,
}

impl Delay {
    /// Any time.
    pub(super) const ANY: Self = Self { least: Duration::ZERO, greatest: None, tolerance: None };
}

/// One episode of a state, as an end of an edge.
#[derive(Clone, Copy)]
pub(super) struct Occurrence<'i> {
    pub(super) entity: &'i Entity,
    pub(super) state: &'i PatternState,
    pub(super) episode: &'i Episode,
    /// Whether the episode may still last.
    pub(super) is_active: bool,
}

impl Occurrence<'_> {
    /// When it may have begun, compared with an occurrence at another entity. What begins with its entity may be older than
    /// what happens at a coarser one.
    fn onsets(&self, other: &Self) -> Vec<Onset> {
        let is_finer = self.entity != other.entity && self.entity.is_within(other.entity);
        let may_be_older = self.episode.begins_with_entity && is_finer;
        let onsets = self.episode.bounds(self.state.resolution);
        onsets.map(|onset| if may_be_older { Onset { earliest: Time::MIN, ..onset } } else { onset }).collect()
    }

    /// Whether it has a time of its own, so that a cause that is over can be compared with it.
    pub(super) fn has_time(&self) -> bool {
        !self.episode.is_timeless || (self.state.is_reported && self.state.reported_since.is_some())
    }
}

/// Whether a cause can have led to an effect: in some reading it did not begin too late, nor too early, and was not over for
/// longer than `max_cause_gap` when the effect began. What the cause did afterwards does not matter. Bounds that are not known
/// never rule a cause out.
pub(super) fn is_admissible(
    defaults: &Defaults,
    cause: &Occurrence<'_>,
    effect: &Occurrence<'_>,
    delay: Delay,
) -> bool {
    let causes = cause.onsets(effect);
    let own = effect.episode.bounds(effect.state.resolution);
    own.zip(effect.onsets(cause)).any(|(own_onset, effect_onset)| {
        let was_over = !cause.is_active && was_over_before(defaults, cause, effect, own_onset, delay);
        !was_over && causes.iter().any(|cause_onset| has_fitting_onset(defaults, *cause_onset, effect_onset, delay))
    })
}

fn has_fitting_onset(defaults: &Defaults, cause: Onset, effect: Onset, delay: Delay) -> bool {
    let tolerance = delay.tolerance.unwrap_or(defaults.tolerance);
    let began_too_late = cause.earliest != Time::MIN
        && effect.latest != Time::MAX
        && cause.earliest.saturating_add(delay.least) > effect.latest.saturating_add(tolerance);
    let began_too_early = delay.greatest.is_some_and(|greatest| {
        effect.earliest != Time::MIN
            && cause.latest != Time::MAX
            && effect.earliest.ticks_since(cause.latest) > ticks_of(greatest).saturating_add(ticks_of(tolerance))
    });
    !began_too_late && !began_too_early
}

/// Whether an instance that may hold can have led to an effect: in some period in which it may hold it did not begin too late.
pub(super) fn may_have_led_to(
    visibility: &Visibility<'_>,
    cause: &PatternState,
    effect: &PatternState,
    delay: Delay,
) -> bool {
    let defaults = &visibility.rules.schema.defaults;
    let resolution = ticks_of(cause.resolution);
    possible_onsets(visibility, &cause.timeline, defaults.merge_gap).into_iter().any(|earliest| {
        let began = Onset { earliest: earliest.saturating_add_ticks(-resolution), latest: Time::MAX };
        let mut effects =
            effect.episodes.iter().flat_map(|episode| episode.bounds_for_possible_cause(effect.resolution));
        effects.any(|onset| has_fitting_onset(defaults, began, onset, Delay { greatest: None, ..delay }))
    })
}

/// Whether the cause ended too long before the effect began.
fn was_over_before(
    defaults: &Defaults,
    cause: &Occurrence<'_>,
    effect: &Occurrence<'_>,
    effect_onset: Onset,
    delay: Delay,
) -> bool {
    let began = match effect.state.reported_since.filter(|_| effect.state.is_reported) {
        Some(since) => since,
        None => effect_onset.earliest,
    };
    began != Time::MIN && cause.episode.last < began.saturating_sub(defaults.max_cause_gap).saturating_sub(delay.least)
}

/// Whether times show the order of a cause and its effect: one of them began within the window.
pub(super) fn is_order_verifiable(cause: &Onset, effect: &Onset) -> bool {
    cause.earliest != Time::MIN || effect.earliest != Time::MIN
}
