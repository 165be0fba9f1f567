//! Aggregation steps over the whole window, which follow the binned steps that a source runs.
//!
//! Input: the points of one entity with bounds. Output: one number per group of the last step.

use std::collections::{BTreeMap, BTreeSet};

use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Interval, aggregate};
use crate::plan::leaf_kind;
use crate::rules::model::Step;
use crate::telemetry::predicate::Aggregate;
use crate::telemetry::request::SeriesRequest;
use crate::telemetry::source::data::Point;

/// The groups of the last step with their numbers. `incomplete` is whether part of the window was not visible.
pub(super) fn run_window_steps(
    visibility: &Visibility<'_>,
    request: &SeriesRequest,
    steps: &[Step],
    points: &[&Point],
    incomplete: bool,
    bounded: &dyn Fn(&Point) -> Interval,
) -> Vec<(Vec<String>, Interval)> {
    let names: Vec<&str> =
        request.steps.last().map(|step| step.by.iter().map(|(name, _)| name.as_str()).collect()).unwrap_or_default();
    let gone = gone_names(visibility, request, &names);
    let is_gone = |point: &Point| {
        gone.as_ref().is_some_and(|(at, gone)| point.by.get(*at).is_some_and(|name| gone.contains(name.as_str())))
    };
    // If the inventory is partial, an entity that stopped reporting may or may not exist.
    let sums = steps.first().is_some_and(|step| step.aggregate == Aggregate::Sum);
    let maybe_gone = |value: Interval| {
        if sums { Interval { low: value.low.min(0.0), high: value.high.max(0.0) } } else { Interval::ANY }
    };
    // Whether an entity that has no heartbeat at the watermark is gone.
    let is_known = visibility.inventory.is_complete_between(visibility.watermark, visibility.window.to)
        && visibility
            .inventory
            .is_complete_between(visibility.watermark.saturating_add_ticks(-1), visibility.watermark);
    let mut rows: Vec<(Vec<(String, String)>, Interval)> = points
        .iter()
        .filter(|point| !is_known || !is_gone(point))
        .map(|point| {
            let value = if is_gone(point) { maybe_gone(bounded(point)) } else { bounded(point) };
            (names.iter().map(|name| (*name).to_owned()).zip(point.by.iter().cloned()).collect(), value)
        })
        .collect();
    for step in steps {
        let mut groups: BTreeMap<Vec<(String, String)>, Vec<Interval>> = BTreeMap::new();
        for (by, value) in rows {
            let kept = by.into_iter().filter(|(name, _)| step.by.contains(name)).collect();
            groups.entry(kept).or_default().push(value);
        }
        rows = groups
            .into_iter()
            .filter_map(|(by, values)| {
                let value = aggregate(step.aggregate, &values)?;
                Some((by, if incomplete { value.widened(step.aggregate) } else { value }))
            })
            .collect();
    }
    rows.into_iter().map(|(by, value)| (by.into_iter().map(|(_, text)| text).collect(), value)).collect()
}

/// The names of entities without a heartbeat near the watermark, with the position of the key among the groups that holds
/// such names. `None` if no group names entities.
fn gone_names<'v>(
    visibility: &'v Visibility<'_>,
    request: &SeriesRequest,
    names: &[&str],
) -> Option<(usize, BTreeSet<&'v str>)> {
    if !visibility.inventory.is_requested {
        return None;
    }
    let finest = leaf_kind(&visibility.rules.schema, &request.reading.table)?.keys.last()?;
    let at = names.iter().position(|name| name == finest)?;
    let current: BTreeSet<&str> = visibility
        .inventory
        .lifetimes
        .iter()
        .filter(|lifetime| lifetime.observed.1 >= visibility.watermark)
        .filter_map(|lifetime| lifetime.entity.value(finest))
        .collect();
    let gone = visibility
        .inventory
        .lifetimes
        .iter()
        .filter_map(|lifetime| lifetime.entity.value(finest))
        .filter(|name| !current.contains(name))
        .collect();
    Some((at, gone))
}
