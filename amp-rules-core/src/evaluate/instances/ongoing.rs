//! Whether an episode may still last at the watermark.
//!
//! Input: truth over time. Output: yes or no. Missing data never ends an episode.

use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::time::{Time, ticks_of};

/// Whether a pattern whose last evidence is at `last` may still hold: it is over if telemetry showed for longer than
/// [`Visibility::freshness`] that it no longer holds. Periods whose telemetry is lost do not count.
pub(super) fn may_be_ongoing(visibility: &Visibility<'_>, timeline: &Timeline, last: Time) -> bool {
    let lost: i64 = timeline
        .spans()
        .filter(|(segment, _)| is_lost(visibility, segment.truth))
        .map(|(segment, end)| end.min(visibility.watermark).ticks_since(segment.from.max(last)).max(0))
        .sum();
    visibility.watermark.ticks_since(last).saturating_sub(lost) <= ticks_of(visibility.freshness())
}

/// Whether a truth is unknown because telemetry that may exist could not be read.
fn is_lost(visibility: &Visibility<'_>, truth: Truth) -> bool {
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
        | UnknownReason::NoBaseline
        | UnknownReason::UndefinedRatio
        | UnknownReason::NotEmitted(_)
        | UnknownReason::NotCarried(_)
        | UnknownReason::Silent
        | UnknownReason::Unobservable => false,
    })
}
