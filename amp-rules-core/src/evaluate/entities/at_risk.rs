//! When an entity was at risk: an entity that started within the window owes nothing for the time before.
//!
//! Input: the lifetime of an entity. Output: an [`AtRisk`].

use std::time::Duration;

use super::lifetime::EntityLifetime;
use crate::plan::Need;
use crate::time::{Time, duration_of};

/// From the first to the last row of an entity in tables that have heartbeats of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AtRisk {
    /// Its first row; [`Time::MIN`] if it may have existed before the window or before a period without heartbeats.
    pub(crate) from: Time,
    /// Its last row; [`Time::MAX`] if it may still exist.
    pub(crate) to: Time,
    /// The cadence of the fastest heartbeat that it has.
    pub(crate) cadence: Duration,
}

impl AtRisk {
    /// At risk at any time.
    pub(crate) const ALWAYS: Self = Self { from: Time::MIN, to: Time::MAX, cadence: Duration::ZERO };

    /// That of one entity.
    pub(super) fn of(lifetime: &EntityLifetime, watermark: Time) -> Self {
        let (start, end) = lifetime.observed;
        let is_start = lifetime.first_seen == start;
        let is_end = lifetime.last_seen == end && end < watermark;
        let cadences = lifetime.channels.keys().filter_map(|need| match need {
            Need::Heartbeat(_, _, cadence) => Some(*cadence),
            Need::Symptom(..) | Need::Unmatched(_) => None,
        });
        Self {
            from: lifetime.started_in_window.filter(|_| is_start).unwrap_or(Time::MIN),
            to: if is_end { lifetime.last_heartbeat } else { Time::MAX },
            cadence: duration_of(cadences.min().unwrap_or(0)),
        }
    }

    /// From the first row of either to the last.
    pub(super) fn hull(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to), cadence: self.cadence.min(other.cadence) }
    }
}
