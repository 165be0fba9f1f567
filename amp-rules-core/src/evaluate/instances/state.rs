//! A pattern at one entity: whether it holds, since when, and whether it still does.
//!
//! Plain data, computed in [`super::patterns`].

use std::time::Duration;

use crate::diagnosis::Onset;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::time::{Time, ticks_of};

/// An onset of which nothing is known.
pub(crate) const UNKNOWN_ONSET: Onset = Onset { earliest: Time::MIN, latest: Time::MAX };

/// The state of a pattern at an entity, and at every equivalent one.
#[derive(Clone, Debug)]
pub(crate) struct PatternState {
    pub(crate) timeline: Timeline,
    /// Its truth over the window; true for a complaint or an impact that a user reported, unless telemetry shows that it is false.
    pub(crate) truth: Truth,
    /// Where its timeline is true, short gaps closed, in order of time. One episode if it is only reported.
    pub(crate) episodes: Vec<Episode>,
    /// The width of the coarsest numbers that show it; 0 if it is shown by lines and rows alone.
    pub(crate) resolution: Duration,
    /// Whether its last episode may still last at the watermark. One without a time counts as lasting until its causes are
    /// known; see [`crate::evaluate::causality`].
    pub(crate) is_active: bool,
    /// Whether it comes and goes.
    pub(crate) is_flapping: bool,
    /// Whether it is true because a user reported it; then neither its onset nor its end is known.
    pub(crate) is_reported: bool,
    /// Since when, as users reported it.
    pub(crate) reported_since: Option<Time>,
    /// Whether it is more than noise: that of its last episode if it is active, else that of any. False is noise, unknown is
    /// unresolved. True for a pattern that is never noise.
    pub(crate) escalated: Truth,
}

/// A period in which a pattern holds, short gaps closed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Episode {
    /// When it may have begun. The first reading is that of the whole episode; each further one takes only what follows a
    /// period that was not visible, and was longer than `merge_gap`.
    pub(crate) readings: Vec<Onset>,
    /// The further readings for periods of at most `merge_gap`.
    pub(crate) readings_after_short_gaps: Vec<Onset>,
    /// The periods within it that were not visible.
    pub(crate) unseen: Vec<(Time, Time)>,
    /// The start of its first bin.
    pub(crate) from: Time,
    /// The end of its last bin, exclusive.
    pub(crate) to: Time,
    /// The time of its last evidence.
    pub(crate) last: Time,
    /// Whether it begins with its entity: under another name, such as that of a replaced pod, it may be older.
    pub(crate) begins_with_entity: bool,
    /// Whether it has no time of its own: a number for the whole window, or a report.
    pub(crate) is_timeless: bool,
    /// Whether counter-evidence shows that it is over.
    pub(crate) is_ended: bool,
    /// Whether it is more than noise.
    pub(crate) escalated: Truth,
}

impl Episode {
    /// An episode without a time.
    pub(super) fn timeless() -> Self {
        Self {
            readings: vec![UNKNOWN_ONSET],
            readings_after_short_gaps: Vec::new(),
            unseen: Vec::new(),
            from: Time::MIN,
            to: Time::MAX,
            last: Time::MAX,
            begins_with_entity: false,
            is_timeless: true,
            is_ended: false,
            escalated: Truth::True,
        }
    }

    /// When it began, as a whole.
    pub(crate) fn onset(&self) -> Onset {
        self.readings.first().copied().unwrap_or(UNKNOWN_ONSET)
    }

    /// Its readings, widened by the resolution of its evidence.
    pub(crate) fn bounds(&self, resolution: Duration) -> impl Iterator<Item = Onset> + '_ {
        let all = self.readings.iter().chain(&self.readings_after_short_gaps);
        all.map(move |onset| widened(*onset, resolution))
    }

    /// The same for a cause that may hold: that an episode paused and that the cause held, both within one period of at most
    /// `merge_gap` that was not visible, is not assumed.
    pub(crate) fn bounds_for_possible_cause(&self, resolution: Duration) -> impl Iterator<Item = Onset> + '_ {
        self.readings.iter().map(move |onset| widened(*onset, resolution))
    }
}

fn widened(onset: Onset, resolution: Duration) -> Onset {
    let ticks = ticks_of(resolution);
    Onset { earliest: onset.earliest.saturating_add_ticks(-ticks), latest: onset.latest.saturating_add_ticks(ticks) }
}

impl PatternState {
    /// The episode that may last, or the last one.
    pub(crate) fn last_episode(&self) -> Option<&Episode> {
        self.episodes.last()
    }
}
