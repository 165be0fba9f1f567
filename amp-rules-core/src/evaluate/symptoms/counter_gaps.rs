//! Increases of cumulative counters over periods that were not visible.
//!
//! Input: the points of a series of increases, and where it was visible. Output: the points that may contain increases of an
//! earlier bin, with their bounds. An increase belongs to the bin of the later reading, so the first bin after a gap has that of
//! the whole gap.

use std::collections::BTreeMap;

use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Interval, Timeline};
use crate::telemetry::entity::Entity;
use crate::telemetry::source::data::Point;
use crate::time::Time;

/// The bounds of the increases of bins, by group and bin; bins that are not listed follow no gap.
pub(super) type IncreasesAfterGaps<'p> = BTreeMap<(&'p [String], Time), Interval>;

/// The bins that follow a gap. `points` are those of one entity, sorted by group and bin; `end_of` returns the end of a bin.
///
/// Where no start of the entity can lie in the gap, its counters did not restart, and the bin has at most the increase of the
/// whole gap. Otherwise they may have counted any number in it.
pub(super) fn increases_after_gaps<'p>(
    visibility: &Visibility<'_>,
    entity: &Entity,
    points: &[&'p Point],
    mask: &Timeline,
    end_of: impl Fn(Time) -> Time,
) -> IncreasesAfterGaps<'p> {
    let mut found = IncreasesAfterGaps::new();
    if mask.is_true_between(visibility.window.from, visibility.watermark) {
        return found;
    }
    let known = visibility.restart_visibility(entity);
    let restarts = visibility.restarts(entity, &known);
    let mut before: Option<&Point> = None;
    for &point in points {
        let previous = before.filter(|other| other.by == point.by).map(|other| other.bin);
        before = Some(point);
        let from = previous.unwrap_or(visibility.window.from);
        if mask.is_true_between(from, point.bin.max(from)) {
            continue;
        }
        let to = end_of(point.bin);
        let may_restart =
            !known.is_true_between(from, to) || restarts.iter().any(|start| *start >= from && *start < to);
        let bounds = match previous {
            // The first reading counts as no increase, whatever was before it.
            None => Interval::exact(point.value).unbounded_above(),
            Some(_) if may_restart => Interval::exact(0.0).unbounded_above(),
            Some(_) => Interval { low: 0.0, high: point.value },
        };
        found.insert((point.by.as_slice(), point.bin), bounds);
    }
    found
}
