//! Symptoms of numbers: a metric, or a quotient of two, held against a threshold.
//!
//! Input: series with bounds from [`super::numbers`]. Output: tracks. What a missing side of a quotient means, and an
//! absent counter whose sibling is there, is decided here.

use std::collections::{BTreeMap, BTreeSet};

use super::numbers::{Limit, Numbers, Series};
use super::symptom::{SymptomTimeline, Symptoms, Tracks, limit_of};
use crate::diagnosis::UnknownReason;
use crate::evaluate::timeline::interval::Interval;
use crate::evaluate::timeline::truth::{Timeline, Truth};
use crate::plan::{Need, Part};
use crate::rules::model::{AbsentMeans, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;

impl Symptoms<'_> {
    pub(crate) fn metric(&self, index: usize, symptom: &RuleSymptom) -> Tracks {
        let need = Need::Symptom(index, Part::Main);
        let absent = symptom.symptom.absent_means;
        let (spec, threshold) = match &symptom.symptom.kind {
            SymptomKind::Metric { series, threshold, .. } => (series, threshold),
            SymptomKind::Ratio { of, threshold, .. } => (of, threshold),
            _ => return self.failed(symptom, UnknownReason::Unobservable, &[]),
        };
        let Some(limit) = limit_of(&self.visibility, threshold) else {
            return self.failed(symptom, UnknownReason::Unobservable, &spec.filter);
        };
        let series = match self.visibility.series(need.clone()) {
            Ok(series) => series,
            Err(reason) => return self.failed(symptom, reason, &spec.filter),
        };
        let divisor = match &symptom.symptom.kind {
            SymptomKind::Ratio { .. } => match self.visibility.series(Need::Symptom(index, Part::Denominator)) {
                Ok(series) => Some(series),
                Err(reason) => return self.failed(symptom, reason, &spec.filter),
            },
            _ => None,
        };
        let sibling = spec
            .zero_if_present
            .as_ref()
            .and_then(|_| self.visibility.series(Need::Symptom(index, Part::Sibling)).ok());
        let one = |entity: &Entity| -> SymptomTimeline {
            let mask = self.visibility.mask(&need, entity);
            let numbers = match self.visibility.numbers(&series, spec, entity, absent) {
                Ok(numbers) => numbers,
                Err(truth) => {
                    // Only what was not sent is 0; what was lost, or not looked at, stays unknown.
                    let not_sent = self.visibility.unseen(&mask).is_false() && !series.lacks_a_column(entity);
                    let zero = not_sent
                        && !truth.is_false()
                        && sibling.as_ref().is_some_and(|sibling| sibling.entities().any(|other| other == entity));
                    if !zero {
                        return SymptomTimeline { steps: self.visibility.constant(truth), value: None };
                    }
                    Numbers::Whole(vec![(Vec::new(), Interval::exact(0.0))])
                }
            };
            let gap = self.absent_truth(spec, absent);
            match (&symptom.symptom.kind, &divisor) {
                (SymptomKind::Ratio { to, min_to, .. }, Some(divisor)) => {
                    let least = min_to
                        .as_ref()
                        .and_then(|setting| self.visibility.plan.value(setting))
                        .map(|quantity| quantity.in_unit(&to.unit).unwrap_or_else(|| quantity.in_base()));
                    match self.visibility.numbers(divisor, to, entity, absent) {
                        Ok(divisor) => self.quotient(&numbers, &divisor, least, limit, &mask, gap),
                        Err(truth) => SymptomTimeline { steps: self.visibility.constant(truth), value: None },
                    }
                }
                (SymptomKind::Metric { consecutive, .. }, _) => {
                    let (steps, value) = self.visibility.threshold_steps(&numbers, limit, *consecutive, &mask, gap);
                    SymptomTimeline { steps, value }
                }
                _ => SymptomTimeline { steps: self.visibility.constant(Truth::False), value: None },
            }
        };
        let mut told: BTreeSet<Entity> = [Some(&series), divisor.as_ref()]
            .into_iter()
            .flatten()
            .flat_map(|part| self.lacking(symptom, part.missing_columns))
            .collect();
        let mut of_series: BTreeSet<Entity> = series.entities().cloned().collect();
        let others = [divisor.as_ref(), sibling.as_ref()].into_iter().flatten();
        of_series.retain(|entity| self.is_here(symptom, entity));
        told.extend(others.flat_map(Series::entities).filter(|entity| self.lives(symptom, entity)).cloned());
        told.extend(of_series);
        let rest = one(&Entity::default()).steps;
        self.all(symptom, told, &spec.filter, rest, one)
    }

    /// A thing that only a series knows is not there where the inventory tells of all: a removed collector is no collector.
    pub(crate) fn is_here(&self, symptom: &RuleSymptom, entity: &Entity) -> bool {
        !self.visibility.inventory_complete
            || self.visibility.roster(&symptom.symptom.per).is_none_or(|living| living.contains(entity))
    }

    fn lives(&self, symptom: &RuleSymptom, entity: &Entity) -> bool {
        self.visibility.roster(&symptom.symptom.per).is_some_and(|living| living.contains(entity))
    }

    fn absent_truth(&self, spec: &crate::rules::model::SeriesSpec, absent: AbsentMeans) -> Truth {
        match absent {
            AbsentMeans::False => Truth::False,
            AbsentMeans::Silence => Truth::Unknown(self.visibility.reasons.one(UnknownReason::Silent)),
            AbsentMeans::Unknown => {
                Truth::Unknown(self.visibility.reasons.one(UnknownReason::NotEmitted(spec.metrics.join(", "))))
            }
        }
    }

    fn quotient(
        &self,
        of: &Numbers,
        to: &Numbers,
        least: Option<f64>,
        limit: Limit,
        mask: &Timeline,
        gap: Truth,
    ) -> SymptomTimeline {
        // `Ok` a quotient, `Err` a verdict without one: false where it does not apply, else undefined.
        let divide = |of: Interval, to: Interval| -> Result<Interval, Truth> {
            if let Some(least) = least {
                if to.high < least {
                    return Err(Truth::False);
                }
                if to.low < least {
                    return Err(Truth::Unknown(self.visibility.reasons.one(UnknownReason::UndefinedRatio)));
                }
            }
            of.over(to).ok_or_else(|| Truth::Unknown(self.visibility.reasons.one(UnknownReason::UndefinedRatio)))
        };
        match (of, to) {
            (Numbers::Bins(every, ofs), Numbers::Bins(_, tos)) => {
                let mut judged = BTreeMap::new();
                let mut best: Option<f64> = None;
                for (bin, values) in ofs {
                    let Some(divisors) = tos.get(bin) else { continue };
                    let (Some(of), Some(to)) = (values.first(), divisors.first()) else { continue };
                    let truth = match divide(*of, *to) {
                        Ok(quotient) => {
                            best = Some(best.map_or(quotient.low, |known| known.max(quotient.low)));
                            self.compared(quotient, limit, mask)
                        }
                        Err(truth) => truth,
                    };
                    judged.insert(*bin, truth);
                }
                if judged.is_empty() {
                    return SymptomTimeline { steps: self.visibility.constant(gap), value: None };
                }
                SymptomTimeline { steps: self.visibility.bin_steps(&judged, *every, mask, gap), value: best }
            }
            (of, to) => {
                let mut truth = Truth::False;
                let mut best: Option<f64> = None;
                for (by, of) in whole(of) {
                    let Some((_, to)) = whole(to).into_iter().find(|(other, _)| *other == by || other.is_empty())
                    else {
                        truth = truth.or(gap, &self.visibility.reasons);
                        continue;
                    };
                    let one = match divide(of, to) {
                        Ok(quotient) => {
                            best = Some(best.map_or(quotient.low, |known| known.max(quotient.low)));
                            self.compared(quotient, limit, mask)
                        }
                        Err(truth) => truth,
                    };
                    truth = truth.or(one, &self.visibility.reasons);
                }
                SymptomTimeline {
                    steps: self.visibility.constant(truth),
                    value: best.filter(|value| value.is_finite()),
                }
            }
        }
    }

    fn compared(&self, value: Interval, limit: Limit, mask: &Timeline) -> Truth {
        match value.compares(limit.comparison, limit.limit) {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => {
                let unseen = self.visibility.unseen(mask);
                if unseen.is_false() {
                    Truth::Unknown(self.visibility.reasons.one(UnknownReason::UndefinedRatio))
                } else {
                    unseen
                }
            }
        }
    }
}

fn whole(numbers: &Numbers) -> Vec<(Vec<String>, Interval)> {
    match numbers {
        Numbers::Whole(values) => values.clone(),
        Numbers::Bins(_, bins) => {
            bins.values().next_back().into_iter().flatten().map(|value| (Vec::new(), *value)).collect()
        }
    }
}
