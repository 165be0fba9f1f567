//! `metric` and `ratio`: a series, or the quotient of two, compared with a threshold.
//!
//! Input: series as [`Numbers`]. Output: timelines. What a missing series means is decided here.

use std::collections::{BTreeMap, BTreeSet};

use super::absent_means::truth_if_absent;
use super::expected_bins::ExpectedBins;
use super::judging::Judging;
use super::number_bins::{bin_timeline, in_a_row, without_unexpected};
use super::per_entity::{entities_without_column, is_listed, may_exist, per_entity, unknown};
use super::ratio::RatioThreshold;
use super::series::{Numbers, Series};
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use super::threshold::{Limit, limit_of};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Interval, Truth};
use crate::plan::{Need, Part};
use crate::rules::model::SymptomKind;
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// The timelines of a `metric` or `ratio` symptom; `index` is its place in the rule set.
pub(super) fn metric_timelines(visibility: &Visibility<'_>, index: usize, symptom: &RuleSymptom) -> SymptomTimelines {
    let need = Need::Symptom(index, Part::Main);
    let absent_means = symptom.symptom.absent_means;
    let (spec, threshold) = match &symptom.symptom.kind {
        SymptomKind::Metric { series, threshold, .. } => (series, threshold),
        SymptomKind::Ratio { of, threshold, .. } => (of, threshold),
        _ => return unknown(visibility, symptom, UnknownReason::Unobservable, &[]),
    };
    let Some(limit) = limit_of(visibility, threshold) else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &spec.filter);
    };
    let series = match Series::new(visibility, need.clone()) {
        Ok(series) => series,
        Err(reason) => return unknown(visibility, symptom, reason, &spec.filter),
    };
    let divisor = match &symptom.symptom.kind {
        SymptomKind::Ratio { .. } => match Series::new(visibility, Need::Symptom(index, Part::Denominator)) {
            Ok(series) => Some(series),
            Err(reason) => return unknown(visibility, symptom, reason, &spec.filter),
        },
        _ => None,
    };
    let sibling =
        spec.zero_if_present.as_ref().and_then(|_| Series::new(visibility, Need::Symptom(index, Part::Sibling)).ok());
    let absent = truth_if_absent(visibility, absent_means, || spec.metrics.join(", "));
    let timeline_of = |entity: &Entity| -> SymptomTimeline {
        let mask = visibility.mask(&need, entity);
        let numbers = match series.numbers(visibility, spec, entity, absent_means) {
            Ok(numbers) => numbers,
            Err(truth) => {
                // `zero_if_present`: only a series that was not sent is 0; one that was lost or not read is unknown.
                let was_not_sent = mask.unknown_before(visibility.watermark, &visibility.reasons).is_false()
                    && !series.lacks_a_column(entity);
                let is_zero = was_not_sent
                    && !truth.is_false()
                    && sibling.as_ref().is_some_and(|sibling| sibling.entities().any(|other| other == entity));
                if !is_zero {
                    return SymptomTimeline::constant(visibility, truth);
                }
                Numbers::Whole(vec![(Vec::new(), Interval::exact(0.0))])
            }
        };
        match (&symptom.symptom.kind, &divisor) {
            (SymptomKind::Ratio { to, min_to, .. }, Some(divisor)) => {
                let min_to = min_to
                    .as_ref()
                    .and_then(|setting| visibility.plan.value(setting))
                    .map(|quantity| quantity.in_unit(&to.unit).unwrap_or_else(|| quantity.in_base()));
                match divisor.numbers(visibility, to, entity, absent_means) {
                    Ok(divisor) => RatioThreshold { limit, min_to }.timeline(
                        visibility,
                        &numbers,
                        &divisor,
                        &Judging { mask: &mask, absent, spec, entity },
                    ),
                    Err(truth) => SymptomTimeline::constant(visibility, truth),
                }
            }
            (SymptomKind::Metric { consecutive, .. }, _) => number_timeline(
                visibility,
                &numbers,
                limit,
                *consecutive,
                &Judging { mask: &mask, absent, spec, entity },
            ),
            _ => SymptomTimeline::constant(visibility, Truth::False),
        }
    };
    let parts = [Some(&series), divisor.as_ref()].into_iter().flatten();
    let mut with_data: BTreeSet<Entity> =
        parts.flat_map(|part| entities_without_column(visibility, symptom, part.missing_columns)).collect();
    let others = [divisor.as_ref(), sibling.as_ref()].into_iter().flatten().flat_map(Series::entities);
    with_data.extend(others.filter(|entity| is_listed(visibility, symptom, entity)).cloned());
    with_data.extend(series.entities().filter(|entity| may_exist(visibility, symptom, entity)).cloned());
    per_entity(visibility, symptom, with_data, &spec.filter, timeline_of)
}

/// Numbers compared with a limit. `consecutive` is how many bins in a row must meet it.
fn number_timeline(
    visibility: &Visibility<'_>,
    numbers: &Numbers,
    limit: Limit,
    consecutive: u32,
    judging: &Judging<'_>,
) -> SymptomTimeline {
    let Judging { mask, absent, spec, entity } = *judging;
    let some_metrics = || UnknownReason::NotEmitted("some of the metrics".to_owned());
    let any = |values: &mut dyn Iterator<Item = Interval>| {
        Truth::any(values.map(|value| limit.judge(visibility, value, mask, some_metrics)), &visibility.reasons)
    };
    match numbers {
        Numbers::Whole(values) => {
            let truth = any(&mut values.iter().map(|(_, value)| *value));
            let value = limit.strongest_bound(values.iter().map(|(_, value)| *value));
            SymptomTimeline::new(visibility.constant(truth), value)
        }
        Numbers::Bins(every, bins) => {
            let expected = ExpectedBins::new(visibility, spec, entity, *every);
            let mut judged: BTreeMap<Time, Truth> =
                bins.iter().map(|(bin, values)| (*bin, any(&mut values.iter().copied()))).collect();
            without_unexpected(&mut judged, *every, &expected);
            let judged = in_a_row(visibility, judged, *every, consecutive, mask);
            let timeline = bin_timeline(visibility, &judged, *every, mask, absent, &expected);
            SymptomTimeline::new(timeline, limit.strongest_bound(bins.values().flatten().copied()))
        }
    }
}
