//! Series answers as numbers with bounds.
//!
//! Input: the points of a series answer. Output: [`Numbers`] per entity: bins, or one number for the window, each an
//! [`Interval`]. A gap stays a gap; `absent_means` decides what an absent series means.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::absent_means::truth_if_absent;
use super::counter_gaps::{IncreasesAfterGaps, increases_after_gaps};
use super::expected_bins::ExpectedBins;
use super::incomplete_bins::{Bias, bins_without_all_metrics};
use super::window_steps::run_window_steps;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Interval, Timeline, Truth};
use crate::plan::{Need, leaf_kind, source_steps};
use crate::rules::model::{AbsentMeans, SeriesSpec};
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Aggregate;
use crate::telemetry::request::{Request, SeriesRequest};
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::Point;
use crate::time::Time;

/// The numbers of a series at one entity.
#[derive(Clone, Debug)]
pub(super) enum Numbers {
    /// The width of the bins, and their numbers by start; several per bin if the last step has groups.
    Bins(Duration, BTreeMap<Time, Vec<Interval>>),
    /// For the whole window, one number per group.
    Whole(Vec<(Vec<String>, Interval)>),
}

impl Numbers {
    /// The numbers for the whole window; those of the last bin if there are bins.
    pub(super) fn whole(&self) -> Vec<(Vec<String>, Interval)> {
        match self {
            Self::Whole(values) => values.clone(),
            Self::Bins(_, bins) => {
                bins.values().next_back().into_iter().flatten().map(|value| (Vec::new(), *value)).collect()
            }
        }
    }
}

/// A series answer grouped by entity.
pub(super) struct Series<'v> {
    need: Need,
    request: &'v SeriesRequest,
    points: BTreeMap<&'v Entity, Vec<&'v Point>>,
    pub(super) missing_columns: &'v [(Entity, String)],
}

impl<'v> Series<'v> {
    /// The points of a need by entity, without those of entities that did not exist then.
    pub(super) fn new(visibility: &'v Visibility<'_>, need: Need) -> Result<Self, UnknownReason> {
        let answer = visibility.answer(&need)?;
        let request = match visibility.plan.request_for(&need).and_then(|at| visibility.plan.requests().get(at)) {
            Some(Request::Series(request)) => request,
            _ => return Err(UnknownReason::Unobservable),
        };
        let AnswerData::Series(all) = &answer.data else { return Err(UnknownReason::Unobservable) };
        let finest =
            leaf_kind(&visibility.rules.schema, &request.reading.table).and_then(|kind| kind.keys.last().cloned());
        let mut lifetimes: HashMap<&str, Vec<usize>> = HashMap::new();
        if let Some(key) = finest.as_deref() {
            for (index, lifetime) in visibility.inventory.lifetimes.iter().enumerate() {
                lifetimes.entry(lifetime.entity.value(key).unwrap_or_default()).or_default().push(index);
            }
        }
        let by = request.steps.last().map(|step| step.by.as_slice()).unwrap_or_default();
        let by_finest = finest.as_deref().and_then(|key| by.iter().position(|(name, _)| name == key));
        let mut points: BTreeMap<&Entity, Vec<&Point>> = BTreeMap::new();
        for point in all {
            let name = by_finest.and_then(|at| point.by.get(at)).map(String::as_str);
            if let Some(name) = name
                && visibility.inventory.is_complete
                && visibility.inventory.is_requested
            {
                let exists = lifetimes.get(name).is_some_and(|indices| {
                    indices.iter().filter_map(|at| visibility.inventory.lifetimes.get(*at)).any(|lifetime| {
                        lifetime.first_seen <= point.bin.max(visibility.window.from) && point.bin < lifetime.last_seen
                    })
                });
                if !exists {
                    continue;
                }
            }
            points.entry(&point.entity).or_default().push(point);
        }
        Ok(Self { need, request, points, missing_columns: &answer.missing_columns })
    }

    pub(super) fn entities(&self) -> impl Iterator<Item = &Entity> {
        self.points.keys().copied()
    }

    /// Whether rows of the entity were read, but none has a column that the filter tests.
    pub(super) fn lacks_a_column(&self, entity: &Entity) -> bool {
        self.missing_columns.iter().any(|(other, _)| other.is_compatible(entity))
    }

    /// The numbers of one entity. `Err` is the truth of a symptom whose series has no point for it.
    pub(super) fn numbers(
        &self,
        visibility: &Visibility<'_>,
        spec: &SeriesSpec,
        entity: &Entity,
        absent: AbsentMeans,
    ) -> Result<Numbers, Truth> {
        let mask = visibility.mask(&self.need, entity);
        let counted = spec.living.as_deref().map(|key| self.living(visibility, spec, key, entity));
        let counted: Option<Vec<&Point>> = counted.as_ref().map(|points| points.iter().collect());
        let own = self.points.get(entity);
        let Some(points) = counted.as_ref().filter(|points| !points.is_empty()).or(own) else {
            return Err(self.truth_without_points(visibility, spec, entity, &mask, absent));
        };
        let steps = &self.request.steps;
        let bias = Bias::of(steps.iter().map(|step| step.aggregate));
        let sums_metrics = steps.iter().any(|step| step.aggregate == Aggregate::Sum) && self.request.metrics.len() > 1;
        let all_metrics = u32::try_from(self.request.metrics.len()).unwrap_or(u32::MAX);
        let every = steps.last().and_then(|step| step.every);
        let incomplete = if sums_metrics {
            bins_without_all_metrics(points, all_metrics, every, visibility.rules.schema.defaults.blind_bins)
        } else {
            Vec::new()
        };
        let window_steps = spec.steps.get(source_steps(&spec.steps)..).unwrap_or_default();
        let expected = every.map(|every| (every, ExpectedBins::new(visibility, spec, entity, every)));
        let is_expected = |point: &Point| expected.is_none_or(|(every, bins)| bins.contain(point.bin, every));
        // The sum over the window has the increase of a gap, whichever of its bins it belongs to.
        let is_total = !window_steps.is_empty() && window_steps.iter().all(|step| step.aggregate == Aggregate::Sum);
        let end_of = |bin: Time| every.map_or(visibility.window.to, |every| bin.saturating_add(every));
        let after_gaps = if steps.iter().any(|step| step.aggregate == Aggregate::Increase) && !is_total {
            increases_after_gaps(visibility, entity, points, &mask, end_of)
        } else {
            IncreasesAfterGaps::new()
        };
        let bounded = |point: &Point| {
            let exact = Interval::exact(point.value);
            if spec.living.is_some() {
                let to = every.map_or(visibility.window.to, |every| point.bin.saturating_add(every));
                let is_known = visibility.inventory.is_complete_between(point.bin, to);
                return if is_known { exact } else { exact.unbounded_above() };
            }
            let to = every.map_or(visibility.window.to, |every| point.bin.saturating_add(every));
            let is_visible = mask.is_true_between(point.bin, to.min(visibility.watermark));
            let is_whole = !window_steps.is_empty() || is_expected(point);
            let value = match after_gaps.get(&(point.by.as_slice(), point.bin)) {
                Some(_) if bias != Bias::TooLow => Interval::ANY,
                Some(bounds) if is_visible && is_whole => *bounds,
                Some(bounds) => bias.widen(*bounds),
                None if is_visible && is_whole => exact,
                None => bias.widen(exact),
            };
            if incomplete.binary_search(&point.bin).is_ok() { value.unbounded_above() } else { value }
        };
        let Some(every) = every else {
            return Ok(Numbers::Whole(points.iter().map(|point| (point.by.clone(), bounded(point))).collect()));
        };
        if window_steps.is_empty() {
            let mut bins: BTreeMap<Time, Vec<Interval>> = BTreeMap::new();
            for point in points {
                bins.entry(point.bin).or_default().push(bounded(point));
            }
            return Ok(Numbers::Bins(every, bins));
        }
        let incomplete = !mask.is_true_between(visibility.window.from, visibility.watermark);
        // A maximum over the part of a bin in which the entity existed is one over the window; other numbers are not.
        let only_max = steps
            .iter()
            .map(|step| step.aggregate)
            .chain(window_steps.iter().map(|step| step.aggregate))
            .all(|one| one == Aggregate::Max);
        let whole: Vec<&Point> = points.iter().filter(|point| only_max || is_expected(point)).copied().collect();
        let points = if whole.is_empty() { points } else { &whole };
        Ok(Numbers::Whole(run_window_steps(visibility, self.request, window_steps, points, incomplete, &bounded)))
    }

    /// How many values of a key the entities within an entity have, per bin: those that exist at some time in the bin, by the
    /// heartbeats of the series' own table. Bins before the first and after the last of them are left out.
    fn living(&self, visibility: &Visibility<'_>, spec: &SeriesSpec, key: &str, entity: &Entity) -> Vec<Point> {
        let Some(every) = self.request.steps.first().and_then(|step| step.every) else { return Vec::new() };
        let is_own = |need: &Need| matches!(need, Need::Heartbeat(table, _, _) if *table == spec.table);
        let spans: Vec<(&str, Time, Time)> = visibility
            .inventory
            .lifetimes
            .iter()
            .filter(|one| one.entity.is_within(entity))
            .filter_map(|one| Some((one.entity.value(key)?, visibility.inventory.presence(one, is_own))))
            .flat_map(|(name, spans)| spans.into_iter().map(move |(from, to)| (name, from, to)))
            .collect();
        let mut points = Vec::new();
        let mut bin = visibility.window.from.floor(every);
        while bin < visibility.watermark {
            let to = bin.saturating_add(every);
            let names: BTreeSet<&str> =
                spans.iter().filter(|(_, first, last)| *first < to && *last > bin).map(|(name, _, _)| *name).collect();
            if !names.is_empty() {
                let value = names.len() as f64;
                let metrics = u32::try_from(self.request.metrics.len()).unwrap_or(u32::MAX);
                points.push(Point { entity: entity.clone(), by: Vec::new(), bin, value, metrics });
            }
            bin = to;
        }
        points
    }

    fn truth_without_points(
        &self,
        visibility: &Visibility<'_>,
        spec: &SeriesSpec,
        entity: &Entity,
        mask: &Timeline,
        absent: AbsentMeans,
    ) -> Truth {
        if let Some((_, column)) = self.missing_columns.iter().find(|(other, _)| other.is_compatible(entity)) {
            return Truth::Unknown(visibility.reasons.one(UnknownReason::NotCarried(column.clone())));
        }
        let every = self.request.steps.last().and_then(|step| step.every);
        if every.is_some_and(|every| ExpectedBins::new(visibility, spec, entity, every).are_none(visibility, every)) {
            // Nothing was due yet.
            return Truth::Unknown(visibility.reasons.one(UnknownReason::Silent));
        }
        match mask.unknown_before(visibility.watermark, &visibility.reasons) {
            Truth::False => truth_if_absent(visibility, absent, || spec.metrics.join(", ")),
            unknown => unknown,
        }
    }
}
