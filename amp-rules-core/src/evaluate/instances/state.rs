//! A pattern at one entity: whether it holds, since when, and whether it still does.
//!
//! Plain data, computed in [`super::patterns`].

use std::time::Duration;

use crate::diagnosis::Onset;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::time::{Time, ticks_of};

/// The state of a pattern at an entity, and at every equivalent one.
#[derive(Clone, Debug)]
pub(crate) struct PatternState {
    pub(crate) timeline: Timeline,
    /// Its truth over the window; true for a complaint that a user reported, unless telemetry shows that it is false.
    pub(crate) truth: Truth,
    /// Where its timeline is true, short gaps closed, in order of time.
    pub(crate) episodes: Vec<Episode>,
    /// The width of the coarsest numbers that show it; 0 if it is shown by lines and rows alone.
    pub(crate) resolution: Duration,
    /// Whether it may still hold at the watermark.
    pub(crate) is_active: bool,
    /// Whether it comes and goes.
    pub(crate) is_flapping: bool,
    /// Whether it is true because a user reported it; then neither its onset nor its end is known.
    pub(crate) is_reported: bool,
    /// Whether it is more than noise: false is noise, unknown is unresolved. True for a pattern that is never noise.
    pub(crate) escalated: Truth,
}

/// A period in which a pattern holds, short gaps closed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Episode {
    pub(crate) onset: Onset,
    /// The time of its last evidence.
    pub(crate) last: Time,
}

impl PatternState {
    /// The onset of its last episode; unbounded if it has none.
    pub(crate) fn onset(&self) -> Onset {
        let last = self.episodes.last().filter(|_| !self.is_reported);
        last.map_or(Onset { earliest: Time::MIN, latest: Time::MAX }, |episode| episode.onset)
    }

    /// The bounds between which it must have begun: its onset, widened by its resolution.
    pub(crate) fn onset_bounds(&self) -> Onset {
        let onset = self.onset();
        let resolution = ticks_of(self.resolution);
        Onset {
            earliest: onset.earliest.saturating_add_ticks(-resolution),
            latest: onset.latest.saturating_add_ticks(resolution),
        }
    }

    /// The time of its last evidence; [`Time::MAX`] if it is reported.
    pub(crate) fn last_seen(&self) -> Time {
        if self.is_reported { Time::MAX } else { self.episodes.last().map_or(Time::MIN, |episode| episode.last) }
    }

    /// The time of the first evidence of its last episode; [`Time::MIN`] if it is reported.
    pub(crate) fn first_seen(&self) -> Time {
        if self.is_reported { Time::MIN } else { self.onset().latest }
    }
}
