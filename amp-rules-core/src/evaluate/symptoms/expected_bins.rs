//! The bins of a metric that an entity is expected to fill.
//!
//! Input: when the entity was at risk, and a series. Output: which bins are expected. A bin that is not is incomplete: its
//! number counts only where it decides whatever is missing, and otherwise the bin has the truth of the nearest expected one.

use std::time::Duration;

use crate::evaluate::entities::Visibility;
use crate::rules::model::SeriesSpec;
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// The period in which the bins of a series are expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct ExpectedBins {
    /// Where the first expected bin may start; [`Time::MIN`] if the entity did not start within the window.
    pub(super) from: Time,
    /// Where the last one may end; [`Time::MAX`] if the entity did not end.
    pub(super) to: Time,
}

impl ExpectedBins {
    /// The expected bins of a width. After a start the first sample may take as long as the metric's interval, a bin, or the
    /// cadence of the heartbeats, whichever is longest.
    pub(super) fn new(visibility: &Visibility<'_>, spec: &SeriesSpec, entity: &Entity, every: Duration) -> Self {
        let risk = visibility.at_risk(entity);
        let table = visibility.rules.schema.tables.get(&spec.table);
        let interval = |metric: &String| table.and_then(|table| table.metrics.get(metric)?.every);
        let slowest = spec.metrics.iter().filter_map(interval).max().unwrap_or_default();
        let first = slowest.max(every).max(risk.cadence);
        let from = if risk.from == Time::MIN { Time::MIN } else { risk.from.saturating_add(first) };
        Self { from, to: risk.to }
    }

    /// Whether a bin is expected.
    pub(super) fn contain(&self, bin: Time, every: Duration) -> bool {
        bin >= self.from && bin.saturating_add(every) <= self.to
    }

    /// Whether no bin of a width up to an instant is expected.
    pub(super) fn are_none(&self, visibility: &Visibility<'_>, every: Duration) -> bool {
        let first = self.from.max(visibility.window.from).saturating_add_ticks(-1).floor(every).saturating_add(every);
        self.from > visibility.window.from && first.saturating_add(every) > self.to.min(visibility.watermark)
    }
}
