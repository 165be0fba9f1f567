//! Symptoms of queries: a number in some row of a result, held against a threshold.
//!
//! Input: a typed table. Output: tracks, constant over the window. The engine cannot look into a query, so a number made of
//! rows of which some may be lacking could be any number: it is then unknown, whichever way the threshold looks.

use std::collections::BTreeMap;

use super::symptom::{SymptomTimeline, Symptoms, Tracks, limit_of};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::timeline::interval::Interval;
use crate::evaluate::timeline::truth::{Segment, Timeline, Truth};
use crate::plan::Need;
use crate::rules::model::query::{Origin, Query};
use crate::rules::model::{AbsentMeans, Threshold};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Comparison;
use crate::telemetry::request::Request;
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::{Cell, ResultTable};
use crate::time::{Time, Window};

/// A row of a result as a symptom reads it.
pub(crate) struct ResultRow<'t> {
    /// Whose.
    pub(crate) entity: Entity,
    /// The number of its column; nothing where that is null or no number.
    pub(crate) number: Option<f64>,
    /// The latest instant of the window that stands in it.
    pub(crate) at: Option<Time>,
    /// Its cells.
    pub(crate) cells: &'t [Cell],
}

impl Visibility<'_> {
    /// The rows of a result that speak of an entity of this run; the name of a column that the result lacks otherwise.
    pub(crate) fn result_rows<'t>(
        &self,
        need: &Need,
        table: &'t ResultTable,
        column: &str,
    ) -> Result<Vec<ResultRow<'t>>, String> {
        let request = self.plan.request_for(need).and_then(|at| self.plan.requests().get(at));
        let Some(Request::Query(request)) = request else { return Ok(Vec::new()) };
        let place = |name: &str| table.position(name).ok_or_else(|| name.to_owned());
        let number = place(column)?;
        let folds = |key: &str| request.reading.table.folded_keys.contains(key);
        let keys: Vec<(&String, usize)> =
            request.reading.keys.iter().map(|key| Ok((key, place(key)?))).collect::<Result<_, String>>()?;
        let own: Vec<(&String, &String, usize)> = request
            .reading
            .subject
            .iter()
            .filter_map(|(key, value)| Some((key, value, table.position(key)?)))
            .collect();
        let rows = table.rows.iter().filter_map(|cells| {
            let text = |at: usize| cells.get(at).and_then(Cell::text).filter(|text| !text.is_empty());
            let same = |(key, value, at): &(&String, &String, usize)| match text(*at) {
                Some(text) if folds(key) => text.to_lowercase() == value.to_lowercase(),
                Some(text) => text == **value,
                None => false,
            };
            if !own.iter().all(same) {
                return None;
            }
            let named = keys.iter().map(|(key, at)| {
                let text = text(*at)?;
                Some(((*key).clone(), if folds(key) { text.to_lowercase() } else { text }))
            });
            let entity = Entity::new(named.collect::<Option<Vec<_>>>()?);
            let times = cells.iter().filter_map(|cell| match cell {
                Cell::Time(at) if self.window.contains(*at) => Some(*at),
                _ => None,
            });
            let at = times.max();
            Some(ResultRow { entity, number: cells.get(number).and_then(Cell::number), at, cells })
        });
        Ok(rows.collect())
    }
}

impl Symptoms<'_> {
    pub(crate) fn query(&self, symptom: &RuleSymptom, need: &Need, query: &Query, threshold: &Threshold) -> Tracks {
        let visibility = &self.visibility;
        if visibility.plan.request_for(need).is_none() {
            let subject = &visibility.plan.scope().subject;
            let lacks = query.parameters.iter().find_map(|parameter| match &parameter.origin {
                Origin::Subject(key) if !subject.contains_key(key) => Some(key.as_str()),
                _ => None,
            });
            let why = format!("a query of one {} in a run of several", lacks.unwrap_or("subject"));
            return self.failed(symptom, UnknownReason::Unsupported(why), &[]);
        }
        let Some(limit) = limit_of(visibility, threshold) else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        let answer = match visibility.answer(need) {
            Ok(answer) => answer,
            Err(reason) => return self.failed(symptom, reason, &[]),
        };
        let AnswerData::Table(table) = &answer.data else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        let rows = match visibility.result_rows(need, table, &query.column) {
            Ok(rows) => rows,
            Err(column) => return self.failed(symptom, UnknownReason::NotCarried(column), &[]),
        };
        let mut numbers: BTreeMap<Entity, Vec<Option<f64>>> = BTreeMap::new();
        for row in rows {
            numbers.entry(row.entity).or_default().push(row.number);
        }
        let unknown = |reason: UnknownReason| Truth::Unknown(visibility.reasons.one(reason));
        let one = |entity: &Entity| -> SymptomTimeline {
            let own = numbers.get(entity);
            let value = strongest(own.into_iter().flatten().flatten().copied(), limit.comparison);
            let unseen = visibility.unseen(&visibility.mask(need, entity));
            if !unseen.is_false() {
                return SymptomTimeline { steps: throughout(visibility, unseen), value };
            }
            let truth = match (own, symptom.symptom.absent_means) {
                // Any row will do. A row without a number may be one that passes.
                (Some(numbers), _) => numbers.iter().fold(Truth::False, |sum, number| {
                    let one = match number {
                        Some(number)
                            if Interval::exact(*number).compares(limit.comparison, limit.limit) == Some(true) =>
                        {
                            Truth::True
                        }
                        Some(_) => Truth::False,
                        None => unknown(UnknownReason::NotEmitted(query.column.clone())),
                    };
                    sum.or(one, &visibility.reasons)
                }),
                (None, AbsentMeans::False) => Truth::False,
                (None, AbsentMeans::Silence) => unknown(UnknownReason::Silent),
                (None, AbsentMeans::Unknown) => unknown(UnknownReason::NotEmitted(query.column.clone())),
            };
            SymptomTimeline { steps: throughout(visibility, truth), value }
        };
        // As with series: what only a result names, and a complete inventory does not, is not there.
        let told = numbers.keys().filter(|entity| self.is_here(symptom, entity)).cloned().collect();
        let rest = one(&Entity::default()).steps;
        self.all(symptom, told, &[], rest, one)
    }
}

/// A truth of the whole window; when it began is not told, so all that is known is that it did.
fn throughout(visibility: &Visibility<'_>, truth: Truth) -> Timeline {
    let Window { from, to } = visibility.window;
    let first = if truth.is_true() { to } else { from };
    Timeline::from_segments(visibility.window, [Segment { from, truth, first, last: to }])
}

/// The number that speaks most for a comparison.
fn strongest(numbers: impl Iterator<Item = f64>, comparison: Comparison) -> Option<f64> {
    match comparison {
        Comparison::Above | Comparison::AtLeast | Comparison::Equals => numbers.reduce(f64::max),
        Comparison::Below | Comparison::AtMost => numbers.reduce(f64::min),
    }
}
