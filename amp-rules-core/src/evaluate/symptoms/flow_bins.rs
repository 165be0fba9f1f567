//! A flow as full bins up to the watermark.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, Timeline, Truth};
use crate::time::Time;

/// One bin of a flow.
pub(super) struct FlowBin {
    pub(super) from: Time,
    /// The flow in the bin; `None` if part of it was not visible.
    pub(super) value: Option<f64>,
}

/// The flow of one entity over time, and what was visible of it.
#[derive(Clone, Copy)]
pub(super) struct Flow<'f> {
    /// The flow by bin.
    pub(super) values: &'f BTreeMap<Time, f64>,
    /// The width of the bins.
    pub(super) every: Duration,
    /// True where all of the flow was visible.
    pub(super) visible: &'f Timeline,
    /// True where another channel shows that the entity existed.
    pub(super) other_channels: &'f Timeline,
}

impl Flow<'_> {
    /// The full bins up to the watermark.
    pub(super) fn bins(&self, visibility: &Visibility<'_>) -> Vec<FlowBin> {
        let every = self.every;
        let mut bins = Vec::new();
        let mut from = visibility.window.from.floor(every);
        if from < visibility.window.from {
            from = from.saturating_add(every);
        }
        while every > Duration::ZERO && from.saturating_add(every) <= visibility.watermark {
            let is_visible = self.visible.is_true_between(from, from.saturating_add(every));
            let value = is_visible.then(|| self.values.get(&from).copied().unwrap_or(0.0));
            bins.push(FlowBin { from, value });
            from = from.saturating_add(every);
        }
        bins
    }

    /// Why a bin was not visible; false if it was.
    pub(super) fn hidden_bin(&self, visibility: &Visibility<'_>, from: Time) -> Truth {
        self.hidden(visibility, from, from.saturating_add(self.every))
    }

    /// Why part of `from..to` was not visible; false if all of it was.
    pub(super) fn hidden(&self, visibility: &Visibility<'_>, from: Time, to: Time) -> Truth {
        self.visible.unknown_between(from, to, &visibility.reasons)
    }
}

/// The timeline of judged bins: per bin its truth with the first and last evidence.
pub(super) fn flow_timeline(visibility: &Visibility<'_>, bins: &[FlowBin], judged: &[(Truth, Time, Time)]) -> Timeline {
    let mut segments = vec![Segment::new(visibility.window.from, Truth::False)];
    for (at, (bin, (truth, first, last))) in bins.iter().zip(judged).enumerate() {
        // The bin after the last one is still filling; until it is full, the last truth holds.
        let last = if at + 1 == bins.len() { visibility.watermark.max(*last) } else { *last };
        segments.push(Segment { from: bin.from, truth: *truth, first: *first, last });
    }
    Timeline::from_segments(visibility.window, segments)
}
