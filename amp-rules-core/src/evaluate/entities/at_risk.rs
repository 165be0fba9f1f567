//! When an entity was at risk: an entity that started within the window owes nothing for the time before.
//!
//! Input: an [`Inventory`] and an entity. Output: an [`AtRisk`].

use std::time::Duration;

use super::inventory::Inventory;
use super::lifetime::EntityLifetime;
use crate::plan::Need;
use crate::telemetry::entity::Entity;
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
    pub(super) fn of(lifetime: &EntityLifetime, inventory: &Inventory) -> Self {
        let (start, end) = lifetime.observed;
        let is_start = lifetime.first_seen == start;
        let is_end = lifetime.last_seen == end && end < inventory.settings.watermark;
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
}

impl Inventory {
    /// The first heartbeat of anything within an entity; [`Time::MIN`] if it may be before the window, or if there is none.
    pub(super) fn first_heartbeat(&self, entity: &Entity) -> Time {
        let starts = self.within(entity).map(|lifetime| lifetime.started_in_window.unwrap_or(Time::MIN));
        starts.min().unwrap_or(Time::MIN)
    }

    /// The last heartbeat of anything within an entity; [`Time::MAX`] if it may still exist, or if there is none.
    pub(super) fn last_heartbeat(&self, entity: &Entity) -> Time {
        let is_over = |lifetime: &EntityLifetime| lifetime.observed.1 < self.settings.watermark;
        let lasts = self.within(entity).map(|one| if is_over(one) { one.last_heartbeat } else { Time::MAX });
        lasts.max().unwrap_or(Time::MAX)
    }

    /// When an entity was at risk: from the first row of anything within it to the last.
    pub(super) fn at_risk(&self, entity: &Entity) -> AtRisk {
        if !self.is_requested || !self.is_complete || entity.is_subject() {
            return AtRisk::ALWAYS;
        }
        let all = self.within(entity).map(|lifetime| AtRisk::of(lifetime, self));
        let hull = all.reduce(|one, other| AtRisk {
            from: one.from.min(other.from),
            to: one.to.max(other.to),
            cadence: one.cadence.min(other.cadence),
        });
        hull.unwrap_or(AtRisk::ALWAYS)
    }
}
