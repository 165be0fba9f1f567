//! Whether an episode may still last at the watermark.
//!
//! Input: truth over time. Output: yes or no. Missing data never ends an episode.

use super::state::Episode;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::time::ticks_of;

/// Whether an episode, the last of a timeline, may still last. It is over if counter-evidence ended it, or if telemetry showed
/// for longer than [`Visibility::freshness`] that the pattern no longer holds. Periods whose telemetry is lost do not count.
/// An episode without a time counts as lasting.
pub(super) fn may_be_ongoing(visibility: &Visibility<'_>, timeline: &Timeline, episode: &Episode) -> bool {
    if episode.is_ended || episode.is_timeless {
        return !episode.is_ended;
    }
    let lost: i64 = timeline
        .dated()
        .exclusion()
        .spans()
        .filter(|(segment, _)| is_lost(visibility, segment.truth))
        .map(|(segment, end)| end.min(visibility.watermark).ticks_since(segment.from.max(episode.last)).max(0))
        .sum();
    visibility.watermark.ticks_since(episode.last).saturating_sub(lost) <= ticks_of(visibility.freshness())
}

/// Whether a truth is unknown because telemetry that may exist could not be read.
pub(crate) fn is_lost(visibility: &Visibility<'_>, truth: Truth) -> bool {
    let Truth::Unknown(reasons) = truth else { return false };
    visibility.reasons.list(reasons).iter().any(|reason| match reason {
        UnknownReason::MissingTable(_)
        | UnknownReason::Denied(_)
        | UnknownReason::Timeout(_)
        | UnknownReason::SourceError(..)
        | UnknownReason::Truncated(..)
        | UnknownReason::ChannelDead(_) => true,
        UnknownReason::Unsupported(_)
        | UnknownReason::NotConfigured(_)
        | UnknownReason::NotIngestedYet
        | UnknownReason::WindowTooShort
        | UnknownReason::SameInstant
        | UnknownReason::NoBaseline
        | UnknownReason::UndefinedRatio
        | UnknownReason::NotEmitted(_)
        | UnknownReason::NotCarried(_)
        | UnknownReason::Silent
        | UnknownReason::Unobservable => false,
    })
}
