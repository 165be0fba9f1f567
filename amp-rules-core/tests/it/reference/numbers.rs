//! Numbers and quotients compared with thresholds, from the definitions.
//!
//! Input: the points of a series of one entity. Output: a [`Timeline`]. Hidden data widens a number to an interval.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::diagnosis::UnknownReason;
use amp_rules_core::plan::Need;
use amp_rules_core::rules::model::{AbsentMeans, SeriesSpec, SymptomKind, Threshold};
use amp_rules_core::telemetry::predicate::{Aggregate, Comparison};
use amp_rules_core::telemetry::source::AnswerData;
use amp_rules_core::telemetry::source::data::Point;
use amp_rules_core::time::{Time, ticks_of};
use amp_rules_core::{Entity, Request};

use super::symptoms::Reference;
use super::timeline::{Cell, Timeline, Truth};

/// The lower and upper bound of a number.
pub(crate) type Interval = (f64, f64);

/// The numbers of a series: by bin, or one for the window.
pub(crate) enum Numbers {
    Bins(Duration, BTreeMap<Time, Interval>),
    Whole(Interval),
}

fn compares((low, high): Interval, comparison: Comparison, limit: f64) -> Option<bool> {
    let holds = |x: f64| match comparison {
        Comparison::Above => x > limit,
        Comparison::AtLeast => x >= limit,
        Comparison::Below => x < limit,
        Comparison::AtMost => x <= limit,
        Comparison::Equals => x == limit,
    };
    match comparison {
        // The ends of an interval alone do not decide whether it contains the limit.
        Comparison::Equals if low != high => (limit < low || limit > high).then_some(false),
        _ if holds(low) == holds(high) => Some(holds(low)),
        _ => None,
    }
}

/// The bounds of an aggregate over all samples, from the aggregate over some of them.
fn widened((low, high): Interval, aggregates: &[Aggregate]) -> Interval {
    let grows = |one: &Aggregate| {
        matches!(one, Aggregate::Max | Aggregate::Sum | Aggregate::Count | Aggregate::Dcount | Aggregate::Increase)
    };
    if aggregates.iter().all(grows) && low >= 0.0 {
        (low, f64::INFINITY)
    } else if aggregates.iter().all(|one| *one == Aggregate::Min) {
        (f64::NEG_INFINITY, high)
    } else {
        (f64::NEG_INFINITY, f64::INFINITY)
    }
}

/// The aggregate of intervals in order of time.
fn aggregated(aggregate: Aggregate, values: &[Interval]) -> Interval {
    let of = |pick: fn(&Interval) -> f64| {
        let all = values.iter().map(pick);
        match aggregate {
            Aggregate::Max => all.fold(f64::NEG_INFINITY, f64::max),
            Aggregate::Min => all.fold(f64::INFINITY, f64::min),
            Aggregate::Sum => all.sum(),
            Aggregate::Avg => all.sum::<f64>() / values.len() as f64,
            _ => values.last().map(pick).unwrap(),
        }
    };
    (of(|value| value.0), of(|value| value.1))
}

impl Reference<'_> {
    pub(crate) fn points(&self, need: &Need, entity: &Entity) -> Result<Vec<Point>, UnknownReason> {
        let AnswerData::Series(points) = &self.answer(need)?.data else { unreachable!("the request was for a series") };
        Ok(points.iter().filter(|point| point.entity == *entity).cloned().collect())
    }

    /// The numbers of an entity, or the truth of a symptom without any.
    pub(crate) fn numbers(
        &self,
        need: &Need,
        spec: &SeriesSpec,
        entity: &Entity,
        absent: AbsentMeans,
    ) -> Result<Result<Numbers, Truth>, UnknownReason> {
        let points = self.points(need, entity)?;
        let mask = self.mask(need, entity);
        if points.is_empty() {
            let hidden = self.hidden_before_watermark(&mask);
            return Ok(Err(if hidden == Truth::False { absent_truth(spec, absent) } else { hidden }));
        }
        let Request::Series(request) = self.request(need) else { unreachable!("the request was for a series") };
        let aggregates: Vec<Aggregate> = request.steps.iter().map(|step| step.aggregate).collect();
        let every = request.steps.last().unwrap().every.unwrap();
        let bounded = |point: &Point| {
            let exact = (point.value, point.value);
            let visible = self.is_visible(&mask, point.bin, point.bin.saturating_add(every).min(self.watermark));
            if visible { exact } else { widened(exact, &aggregates) }
        };
        let last_binned = spec.steps.iter().rposition(|step| step.every.is_some());
        let window_steps = &spec.steps[last_binned.map_or(spec.steps.len(), |at| at + 1)..];
        if window_steps.is_empty() {
            return Ok(Ok(Numbers::Bins(every, points.iter().map(|point| (point.bin, bounded(point))).collect())));
        }
        let incomplete = !self.is_visible(&mask, self.grid.start(), self.watermark);
        let names = &request.steps.last().unwrap().by;
        let mut values: Vec<(BTreeMap<String, String>, Interval)> = points
            .iter()
            .map(|point| {
                let by = names.iter().map(|(name, _)| name.clone()).zip(point.by.iter().cloned());
                (by.collect(), bounded(point))
            })
            .collect();
        for step in window_steps {
            let mut groups: BTreeMap<BTreeMap<String, String>, Vec<Interval>> = BTreeMap::new();
            for (mut by, value) in values {
                by.retain(|name, _| step.by.contains(name));
                groups.entry(by).or_default().push(value);
            }
            let whole = |values: Vec<Interval>| {
                let value = aggregated(step.aggregate, &values);
                if incomplete { widened(value, &[step.aggregate]) } else { value }
            };
            values = groups.into_iter().map(|(by, values)| (by, whole(values))).collect();
        }
        Ok(Ok(Numbers::Whole(values[0].1)))
    }

    pub(crate) fn limit(&self, threshold: &Threshold) -> f64 {
        self.observations.plan().value(&threshold.limit).unwrap().in_unit(&threshold.unit).unwrap()
    }

    pub(crate) fn decided(
        &self,
        value: Interval,
        threshold: &Threshold,
        mask: &Timeline,
        otherwise: UnknownReason,
    ) -> Truth {
        match compares(value, threshold.comparison, self.limit(threshold)) {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => {
                let hidden = self.hidden_before_watermark(mask);
                if hidden == Truth::False { Truth::unknown(otherwise) } else { hidden }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a number symptom")]
    pub(crate) fn judged(
        &self,
        numbers: &Numbers,
        need: &Need,
        entity: &Entity,
        threshold: &Threshold,
        consecutive: u32,
        spec: &SeriesSpec,
        absent: AbsentMeans,
    ) -> Timeline {
        let mask = self.mask(need, entity);
        let some_metrics = || UnknownReason::NotEmitted("some of the metrics".to_owned());
        match numbers {
            Numbers::Whole(value) => self.grid.constant(self.decided(*value, threshold, &mask, some_metrics())),
            Numbers::Bins(every, bins) => {
                let mut bin_truths: Vec<(Time, Truth)> = bins
                    .iter()
                    .map(|(bin, value)| (*bin, self.decided(*value, threshold, &mask, some_metrics())))
                    .collect();
                // A hidden bin may have met the threshold.
                let mut at = self.grid.start().floor(*every);
                while at < self.grid.end() {
                    let inside = self.grid.between(at, at.saturating_add(*every)).map(|cell| &mask[cell].truth);
                    let hidden = Truth::any(inside.filter(|truth| truth.is_unknown()));
                    if hidden != Truth::False && !bins.contains_key(&at) {
                        bin_truths.push((at, hidden));
                    }
                    at = at.saturating_add(*every);
                }
                bin_truths.sort_by_key(|(bin, _)| *bin);
                let judged = (0..bin_truths.len())
                    .filter(|at| bins.contains_key(&bin_truths[*at].0))
                    .map(|at| (bin_truths[at].0, in_a_row(&bin_truths, at, *every, consecutive as usize)))
                    .collect();
                self.binned(&judged, *every, &mask, &absent_truth(spec, absent))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a ratio symptom")]
    pub(crate) fn quotient(
        &self,
        of: &Numbers,
        to: &Numbers,
        min_to: Option<f64>,
        need: &Need,
        entity: &Entity,
        threshold: &Threshold,
        gap: &Truth,
    ) -> Timeline {
        let mask = self.mask(need, entity);
        let undefined = || Truth::unknown(UnknownReason::UndefinedRatio);
        let divided = |of: Interval, to: Interval| {
            if min_to.is_some_and(|min| to.1 < min) {
                return Truth::False;
            }
            if min_to.is_some_and(|min| to.0 < min) || (to.0 <= 0.0 && to.1 >= 0.0) {
                return undefined();
            }
            let corners = [of.0 / to.0, of.0 / to.1, of.1 / to.0, of.1 / to.1];
            let known = corners.iter().copied().filter(|x| !x.is_nan());
            self.decided(
                (known.clone().fold(f64::INFINITY, f64::min), known.fold(f64::NEG_INFINITY, f64::max)),
                threshold,
                &mask,
                UnknownReason::UndefinedRatio,
            )
        };
        match (of, to) {
            (Numbers::Bins(every, ofs), Numbers::Bins(_, tos)) => {
                let judged: BTreeMap<Time, Truth> =
                    ofs.iter().filter_map(|(bin, of)| Some((*bin, divided(*of, *tos.get(bin)?)))).collect();
                if judged.is_empty() {
                    self.grid.constant(gap.clone())
                } else {
                    self.binned(&judged, *every, &mask, gap)
                }
            }
            (Numbers::Whole(of), Numbers::Whole(to)) => self.grid.constant(divided(*of, *to)),
            _ => unreachable!("both sides have bins, or neither"),
        }
    }

    /// Judged bins as a timeline. A gap of at most `blind_bins` bins keeps the truth before it.
    pub(crate) fn binned(
        &self,
        judged: &BTreeMap<Time, Truth>,
        every: Duration,
        mask: &Timeline,
        absent: &Truth,
    ) -> Timeline {
        let grid = &self.grid;
        let short = ticks_of(every) * (i64::from(self.rules.schema.defaults.blind_bins) + 1);
        let mut timeline: Vec<Option<Cell>> = vec![None; grid.cells()];
        let gap = |timeline: &mut Vec<Option<Cell>>, from: Time, to: Time, carried: &Truth| {
            for at in grid.between(from, to) {
                let is_short = to.ticks_since(from) < short;
                let truth = match &mask[at].truth {
                    Truth::True if is_short => carried.clone(),
                    Truth::True => absent.clone(),
                    hidden => hidden.clone(),
                };
                timeline[at] = Some(Cell { truth, first: from, last: from });
            }
        };
        let mut before: Option<(Time, Truth)> = None;
        for (bin, truth) in judged {
            let (from, end) = ((*bin).max(grid.start()), bin.saturating_add(every));
            let (gap_from, carried) = before.clone().unwrap_or((grid.start(), truth.clone()));
            gap(&mut timeline, gap_from, from, &carried);
            // A bin that is still filling can become true; until then it keeps the truth before it.
            let is_filling = end > self.watermark && *truth != Truth::True;
            let truth =
                if is_filling { before.clone().map_or(truth.clone(), |(_, truth)| truth) } else { truth.clone() };
            for at in grid.between(from, end) {
                timeline[at] = Some(Cell { truth: truth.clone(), first: from, last: end.min(grid.end()) });
            }
            before = Some((end, truth));
        }
        let (tail, carried) = before.unwrap_or((grid.start(), absent.clone()));
        if tail < self.watermark {
            gap(&mut timeline, tail, self.watermark, &carried);
        }
        // After the watermark the last truth holds.
        let mut out: Timeline = Vec::new();
        for cell in timeline {
            let cell = cell.or_else(|| out.last().cloned()).unwrap_or(Cell {
                truth: Truth::False,
                first: grid.start(),
                last: grid.start(),
            });
            out.push(cell);
        }
        grid.merged(out)
    }
}

pub(crate) fn absent_truth(spec: &SeriesSpec, absent: AbsentMeans) -> Truth {
    match absent {
        AbsentMeans::False => Truth::False,
        AbsentMeans::Silence => Truth::unknown(UnknownReason::Silent),
        AbsentMeans::Unknown => Truth::unknown(UnknownReason::NotEmitted(spec.metrics.join(", "))),
    }
}

pub(crate) fn spec_gap(kind: &SymptomKind, absent: AbsentMeans) -> Truth {
    match kind {
        SymptomKind::Ratio { of, .. } => absent_truth(of, absent),
        _ => Truth::False,
    }
}

/// The truth of a bin that must be one of `wanted` bins in a row.
fn in_a_row(judged: &[(Time, Truth)], at: usize, every: Duration, wanted: usize) -> Truth {
    let run = |holds: fn(&Truth) -> bool| {
        let next_to = |one: usize, other: usize| judged[other].0.ticks_since(judged[one].0) <= ticks_of(every);
        let mut many = 1;
        let mut from = at;
        while from > 0 && next_to(from - 1, from) && holds(&judged[from - 1].1) {
            from -= 1;
            many += 1;
        }
        let mut to = at;
        while to + 1 < judged.len() && next_to(to, to + 1) && holds(&judged[to + 1].1) {
            to += 1;
            many += 1;
        }
        many
    };
    let truth = &judged[at].1;
    if wanted <= 1 || *truth == Truth::False {
        return truth.clone();
    }
    if *truth == Truth::True && run(|truth| *truth == Truth::True) >= wanted {
        return Truth::True;
    }
    if run(|truth| *truth != Truth::False) < wanted {
        return Truth::False;
    }
    if truth.is_unknown() {
        return truth.clone();
    }
    Truth::any(judged.iter().map(|(_, truth)| truth).filter(|truth| truth.is_unknown()))
}
