//! Series as numbers with bounds, and held against thresholds as truth over time.
//!
//! Input: the points of a series answer. Output: per entity either bins or one number for the window, each an
//! [`Interval`]. A gap stays a gap; what was not sent is what the author says it is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::timeline::interval::{Interval, fold};
use crate::evaluate::timeline::truth::{Segment, Timeline, Truth};
use crate::plan::{Need, leaf_kind, source_steps};
use crate::rules::model::{AbsentMeans, SeriesSpec};
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::{Aggregate, Comparison};
use crate::telemetry::request::{Request, SeriesRequest};
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::Point;
use crate::time::{Time, ticks_of};

/// A threshold with its limit resolved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) comparison: Comparison,
    pub(crate) limit: f64,
}

/// What a series says of one entity.
#[derive(Clone, Debug)]
pub(crate) enum Numbers {
    /// Bins of a width, by start; several numbers where the last step keeps things apart.
    Bins(Duration, BTreeMap<Time, Vec<Interval>>),
    /// For the window as a whole.
    Whole(Vec<(Vec<String>, Interval)>),
}

/// A series answer sorted by entity.
pub(crate) struct Series<'w> {
    need: Need,
    request: &'w SeriesRequest,
    points: BTreeMap<&'w Entity, Vec<&'w Point>>,
    pub(crate) missing_columns: &'w [(Entity, String)],
}

impl Series<'_> {
    pub(crate) fn entities(&self) -> impl Iterator<Item = &Entity> {
        self.points.keys().copied()
    }

    /// Whether rows of the entity were read, but none with a column that the filter tests.
    pub(crate) fn lacks_a_column(&self, entity: &Entity) -> bool {
        self.missing_columns.iter().any(|(other, _)| other.is_compatible(entity))
    }
}

impl Visibility<'_> {
    /// The points of a need by entity, without what is not alive.
    pub(crate) fn series(&self, need: Need) -> Result<Series<'_>, UnknownReason> {
        let answer = self.answer(&need)?;
        let request = match self.plan.request_for(&need).and_then(|at| self.plan.requests().get(at)) {
            Some(Request::Series(request)) => request,
            _ => return Err(UnknownReason::Unobservable),
        };
        let AnswerData::Series(all) = &answer.data else { return Err(UnknownReason::Unobservable) };
        let finest = leaf_kind(&self.rules.schema, &request.reading.table).and_then(|kind| kind.keys.last().cloned());
        let leaves: HashMap<&str, Vec<usize>> = finest.as_deref().map_or_else(HashMap::new, |key| {
            let mut found: HashMap<&str, Vec<usize>> = HashMap::new();
            for (index, leaf) in self.leaves.iter().enumerate() {
                found.entry(leaf.entity.value(key).unwrap_or_default()).or_default().push(index);
            }
            found
        });
        let by = request.steps.last().map(|step| step.by.as_slice()).unwrap_or_default();
        let by_finest = finest.as_deref().and_then(|key| by.iter().position(|(name, _)| name == key));
        let mut points: BTreeMap<&Entity, Vec<&Point>> = BTreeMap::new();
        for point in all {
            let named = by_finest.and_then(|at| point.by.get(at)).map(String::as_str);
            if let Some(named) = named
                && self.inventory_complete
                && self.has_inventory
            {
                let lives = leaves.get(named).is_some_and(|some| {
                    some.iter()
                        .filter_map(|at| self.leaves.get(*at))
                        .any(|leaf| leaf.birth <= point.bin.max(self.window.from) && point.bin < leaf.death)
                });
                if !lives {
                    continue;
                }
            }
            points.entry(&point.entity).or_default().push(point);
        }
        Ok(Series { need, request, points, missing_columns: &answer.missing_columns })
    }

    /// The numbers of one entity; `Err` says what zero rows mean.
    pub(crate) fn numbers(
        &self,
        series: &Series<'_>,
        spec: &SeriesSpec,
        entity: &Entity,
        absent: AbsentMeans,
    ) -> Result<Numbers, Truth> {
        let mask = self.mask(&series.need, entity);
        let Some(points) = series.points.get(entity) else {
            return Err(self.nothing(series, spec, entity, &mask, absent));
        };
        let taken = source_steps(&spec.steps);
        let direction = Direction::of(series.request.steps.iter().map(|step| step.aggregate));
        let sums = series.request.steps.iter().any(|step| step.aggregate == Aggregate::Sum)
            && series.request.metrics.len() > 1;
        let all_metrics = u32::try_from(series.request.metrics.len()).unwrap_or(u32::MAX);
        let every = series.request.steps.last().and_then(|step| step.every);
        let lacking = if sums {
            lacking_bins(points, all_metrics, every, self.rules.schema.defaults.blind_bins)
        } else {
            Vec::new()
        };
        let bounded = |point: &Point| {
            let exact = Interval::exact(point.value);
            let to = every.map_or(self.window.to, |every| point.bin.saturating_add(every));
            let value =
                if self.covers(&mask, point.bin, to.min(self.watermark)) { exact } else { direction.widen(exact) };
            if lacking.binary_search(&point.bin).is_ok() { value.unbounded_above() } else { value }
        };
        let rest = spec.steps.get(taken..).unwrap_or_default();
        let Some(every) = every else {
            return Ok(Numbers::Whole(points.iter().map(|point| (point.by.clone(), bounded(point))).collect()));
        };
        if rest.is_empty() {
            let mut bins: BTreeMap<Time, Vec<Interval>> = BTreeMap::new();
            for point in points {
                bins.entry(point.bin).or_default().push(bounded(point));
            }
            return Ok(Numbers::Bins(every, bins));
        }
        let blind = !self.covers(&mask, self.window.from, self.watermark);
        Ok(Numbers::Whole(self.later_steps(series, rest, points, blind, &bounded)))
    }

    /// The steps over the whole window that follow the binned ones.
    fn later_steps(
        &self,
        series: &Series<'_>,
        rest: &[crate::rules::model::Step],
        points: &[&Point],
        blind: bool,
        bounded: &dyn Fn(&Point) -> Interval,
    ) -> Vec<(Vec<String>, Interval)> {
        let names: Vec<&str> = series
            .request
            .steps
            .last()
            .map(|step| step.by.iter().map(|(name, _)| name.as_str()).collect())
            .unwrap_or_default();
        let dead = self.dead_names(series, &names);
        let is_dead = |point: &Point| {
            dead.as_ref().is_some_and(|(at, dead)| point.by.get(*at).is_some_and(|name| dead.contains(name.as_str())))
        };
        // Where the inventory is partial nobody knows whether what fell silent is gone.
        let sums = rest.first().is_some_and(|step| step.aggregate == Aggregate::Sum);
        let maybe_gone = |value: Interval| {
            if sums { Interval { low: value.low.min(0.0), high: value.high.max(0.0) } } else { Interval::ANY }
        };
        let mut rows: Vec<(Vec<(String, String)>, Interval)> = points
            .iter()
            .filter(|point| !self.inventory_complete || !is_dead(point))
            .map(|point| {
                let value = if is_dead(point) { maybe_gone(bounded(point)) } else { bounded(point) };
                (names.iter().map(|name| (*name).to_owned()).zip(point.by.iter().cloned()).collect(), value)
            })
            .collect();
        for step in rest {
            let mut groups: BTreeMap<Vec<(String, String)>, Vec<Interval>> = BTreeMap::new();
            for (by, value) in rows {
                let kept = by.into_iter().filter(|(name, _)| step.by.contains(name)).collect();
                groups.entry(kept).or_default().push(value);
            }
            rows = groups
                .into_iter()
                .filter_map(|(by, values)| {
                    let value = fold(step.aggregate, &values)?;
                    Some((by, if blind { value.widened(step.aggregate) } else { value }))
                })
                .collect();
        }
        rows.into_iter().map(|(by, value)| (by.into_iter().map(|(_, text)| text).collect(), value)).collect()
    }

    /// Where the groups name things that showed no life of late: which position names them, and who they are.
    fn dead_names(&self, series: &Series<'_>, names: &[&str]) -> Option<(usize, std::collections::BTreeSet<&str>)> {
        if !self.has_inventory {
            return None;
        }
        let finest = leaf_kind(&self.rules.schema, &series.request.reading.table)?.keys.last()?;
        let at = names.iter().position(|name| name == finest)?;
        let alive: std::collections::BTreeSet<&str> = self
            .leaves
            .iter()
            .filter(|leaf| leaf.shown.1 >= self.watermark)
            .filter_map(|leaf| leaf.entity.value(finest))
            .collect();
        let dead = self
            .leaves
            .iter()
            .filter_map(|leaf| leaf.entity.value(finest))
            .filter(|name| !alive.contains(name))
            .collect();
        Some((at, dead))
    }

    /// What it means that a series has no point for an entity.
    fn nothing(
        &self,
        series: &Series<'_>,
        spec: &SeriesSpec,
        entity: &Entity,
        mask: &Timeline,
        absent: AbsentMeans,
    ) -> Truth {
        if let Some((_, column)) = series.missing_columns.iter().find(|(other, _)| other.is_compatible(entity)) {
            return Truth::Unknown(self.reasons.one(UnknownReason::NotCarried(column.clone())));
        }
        let unseen = self.unseen(mask);
        if !unseen.is_false() {
            return unseen;
        }
        match absent {
            AbsentMeans::False => Truth::False,
            AbsentMeans::Silence => Truth::Unknown(self.reasons.one(UnknownReason::Silent)),
            AbsentMeans::Unknown => {
                Truth::Unknown(self.reasons.one(UnknownReason::NotEmitted(spec.metrics.join(", "))))
            }
        }
    }

    /// False where the mask shows all of the window up to the watermark; else unknown for the mask's reasons.
    pub(crate) fn unseen(&self, mask: &Timeline) -> Truth {
        let before = |segment: &&Segment| segment.from < self.watermark || segment.from == self.window.from;
        mask.segments()
            .iter()
            .filter(before)
            .filter(|segment| !segment.truth.is_true())
            .fold(Truth::False, |sum, segment| sum.or(segment.truth, &self.reasons))
    }

    /// Whether the mask is true from one instant to another.
    pub(crate) fn covers(&self, mask: &Timeline, from: Time, to: Time) -> bool {
        mask.spans().all(|(segment, end)| segment.truth.is_true() || end <= from || segment.from >= to)
    }

    /// Numbers held against a threshold. Also gives the number that speaks most for it.
    pub(crate) fn threshold_steps(
        &self,
        numbers: &Numbers,
        limit: Limit,
        consecutive: u32,
        mask: &Timeline,
        absent: Truth,
    ) -> (Timeline, Option<f64>) {
        match numbers {
            Numbers::Whole(values) => {
                let truth = values
                    .iter()
                    .map(|(_, value)| self.judged(*value, limit, mask))
                    .fold(Truth::False, |sum, one| sum.or(one, &self.reasons));
                (self.constant(truth), strongest(values.iter().map(|(_, value)| *value), limit.comparison))
            }
            Numbers::Bins(every, bins) => {
                let judged: BTreeMap<Time, Truth> = bins
                    .iter()
                    .map(|(bin, values)| {
                        (
                            *bin,
                            values
                                .iter()
                                .map(|value| self.judged(*value, limit, mask))
                                .fold(Truth::False, |sum, one| sum.or(one, &self.reasons)),
                        )
                    })
                    .collect();
                let judged = self.in_a_row(judged, *every, consecutive, mask);
                (
                    self.bin_steps(&judged, *every, mask, absent),
                    strongest(bins.values().flatten().copied(), limit.comparison),
                )
            }
        }
    }

    fn judged(&self, value: Interval, limit: Limit, mask: &Timeline) -> Truth {
        match value.compares(limit.comparison, limit.limit) {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => {
                let unseen = self.unseen(mask);
                if unseen.is_false() {
                    Truth::Unknown(self.reasons.one(UnknownReason::NotEmitted("some of the metrics".to_owned())))
                } else {
                    unseen
                }
            }
        }
    }

    /// Keeps what passes in so many bins in a row. A bin that sent nothing ends the row; one that could not be seen may
    /// have passed.
    fn in_a_row(
        &self,
        mut judged: BTreeMap<Time, Truth>,
        every: Duration,
        consecutive: u32,
        mask: &Timeline,
    ) -> BTreeMap<Time, Truth> {
        if consecutive <= 1 || every == Duration::ZERO {
            return judged;
        }
        let told: BTreeSet<Time> = judged.keys().copied().collect();
        let mut bin = self.window.from.floor(every);
        while bin < self.window.to {
            let blind = self.blindness(mask, bin, bin.saturating_add(every));
            if !told.contains(&bin) && !blind.is_false() {
                judged.insert(bin, blind);
            }
            bin = bin.saturating_add(every);
        }
        let bins: Vec<(Time, Truth)> = judged.into_iter().collect();
        let run = |at: usize, holds: &dyn Fn(Truth) -> bool| -> usize {
            let adjacent = |a: usize, b: usize| matches!((bins.get(a), bins.get(b)), (Some(a), Some(b)) if b.0.ticks_since(a.0) <= ticks_of(every));
            let mut from = at;
            while from > 0 && adjacent(from - 1, from) && bins.get(from - 1).is_some_and(|bin| holds(bin.1)) {
                from -= 1;
            }
            let mut to = at;
            while adjacent(to, to + 1) && bins.get(to + 1).is_some_and(|bin| holds(bin.1)) {
                to += 1;
            }
            to - from + 1
        };
        let wanted = consecutive as usize;
        bins.iter()
            .enumerate()
            .filter(|(_, (bin, _))| told.contains(bin))
            .map(|(at, &(bin, truth))| {
                let truth = match truth {
                    Truth::False => Truth::False,
                    Truth::True if run(at, &|truth| truth.is_true()) >= wanted => Truth::True,
                    _ if run(at, &|truth| !truth.is_false()) < wanted => Truth::False,
                    Truth::Unknown(reasons) => Truth::Unknown(reasons),
                    Truth::True => bins
                        .iter()
                        .map(|bin| bin.1)
                        .filter(|truth| !truth.is_true() && !truth.is_false())
                        .fold(Truth::False, |sum, one| sum.or(one, &self.reasons)),
                };
                (bin, truth)
            })
            .collect()
    }

    /// Bins with a verdict as a step function: short gaps carry on, long ones are blind or `absent`, and what is younger
    /// than the watermark stays as it was.
    pub(crate) fn bin_steps(
        &self,
        judged: &BTreeMap<Time, Truth>,
        every: Duration,
        mask: &Timeline,
        absent: Truth,
    ) -> Timeline {
        let bridged = ticks_of(every).saturating_mul(i64::from(self.rules.schema.defaults.blind_bins) + 1);
        let mut segments: Vec<Segment> = Vec::new();
        let mut before: Option<(Time, Truth)> = None;
        let fill = |segments: &mut Vec<Segment>, from: Time, to: Time, carried: Option<Truth>| {
            // What was lost is not what was not sent: it may have been anything.
            let near = to.ticks_since(from) < bridged;
            let sent = carried.filter(|_| near).unwrap_or(absent);
            let gap = mask.map(|seen| if seen.is_true() { sent } else { seen });
            for (segment, end) in gap.spans().filter(|(segment, end)| *end > from && segment.from < to) {
                let _ = end;
                segments.push(self.plain(segment.from.max(from), segment.truth));
            }
        };
        for (&bin, &truth) in judged {
            let from = bin.max(self.window.from);
            let end = bin.saturating_add(every);
            let gap_from = before.map_or(self.window.from, |(end, _)| end);
            if gap_from < from {
                fill(&mut segments, gap_from, from, before.map(|(_, truth)| truth).or(Some(truth)));
            }
            // A bin that is still filling may yet pass; it does not yet fail.
            let young = end > self.watermark && !truth.is_true();
            let truth = if young { before.map_or(truth, |(_, truth)| truth) } else { truth };
            segments.push(Segment { from, truth, first: from, last: end.min(self.window.to) });
            before = Some((end, truth));
        }
        let tail = before.map_or(self.window.from, |(end, _)| end);
        if tail < self.watermark {
            fill(&mut segments, tail, self.watermark, before.map(|(_, truth)| truth));
        }
        Timeline::from_segments(self.window, segments)
    }
}

/// Which way an aggregate over part of the samples can be wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    TooLow,
    TooHigh,
    Any,
}

impl Direction {
    fn of(aggregates: impl Iterator<Item = Aggregate>) -> Self {
        aggregates
            .map(|aggregate| match aggregate {
                Aggregate::Max | Aggregate::Sum | Aggregate::Count | Aggregate::Dcount | Aggregate::Increase => {
                    Self::TooLow
                }
                Aggregate::Min => Self::TooHigh,
                Aggregate::Avg | Aggregate::Percentile(_) | Aggregate::Last | Aggregate::Turns => Self::Any,
            })
            .reduce(|a, b| if a == b { a } else { Self::Any })
            .unwrap_or(Self::Any)
    }

    fn widen(self, value: Interval) -> Interval {
        match self {
            Self::TooLow if value.low >= 0.0 => value.unbounded_above(),
            Self::TooHigh => Interval { low: f64::NEG_INFINITY, ..value },
            _ => Interval::ANY,
        }
    }
}

/// The bins in which some of the metrics asked for are lacking, but for lone ones between complete bins. Sorted.
fn lacking_bins(points: &[&Point], all: u32, every: Option<Duration>, tolerated: u32) -> Vec<Time> {
    let mut lacking: Vec<Time> = points.iter().filter(|point| point.metrics < all).map(|point| point.bin).collect();
    lacking.sort();
    lacking.dedup();
    let Some(every) = every else { return lacking };
    let complete: std::collections::BTreeSet<Time> =
        points.iter().filter(|point| point.metrics >= all).map(|point| point.bin).collect();
    let mut out = Vec::new();
    let mut run: Vec<Time> = Vec::new();
    let mut close = |run: &mut Vec<Time>| {
        let (from, to) = (run.first().copied(), run.last().copied());
        let lone = run.len() <= tolerated as usize
            && (from.is_some_and(|from| complete.contains(&from.saturating_sub(every)))
                || to.is_some_and(|to| complete.contains(&to.saturating_add(every))));
        if !lone {
            out.append(run);
        }
        run.clear();
    };
    for bin in lacking {
        if run.last().is_some_and(|last| bin != last.saturating_add(every)) {
            close(&mut run);
        }
        run.push(bin);
    }
    close(&mut run);
    out
}

/// The number that speaks most for a comparison, as far as it is certain.
fn strongest(values: impl Iterator<Item = Interval>, comparison: Comparison) -> Option<f64> {
    match comparison {
        Comparison::Above | Comparison::AtLeast | Comparison::Equals => {
            values.map(|value| value.low).filter(|x| x.is_finite()).reduce(f64::max)
        }
        Comparison::Below | Comparison::AtMost => {
            values.map(|value| value.high).filter(|x| x.is_finite()).reduce(f64::min)
        }
    }
}
