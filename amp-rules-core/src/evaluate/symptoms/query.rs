//! `query`: a number in some row of a result, compared with a threshold.
//!
//! Input: a typed table. Output: timelines, constant over the window. The evaluator does not analyze the query, so rows
//! that may be missing could have changed any number: the symptom is then unknown, whichever way the threshold points.

use std::collections::{BTreeMap, BTreeSet};

use super::absent_means::truth_if_absent;
use super::per_entity::{may_exist, per_entity, unknown};
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use super::threshold::limit_of;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Interval, Timeline, Truth};
use crate::plan::Need;
use crate::rules::model::Threshold;
use crate::rules::model::query::{Origin, Query};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::request::Request;
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::{Cell, ResultTable};
use crate::time::Time;

/// A row of a result as a symptom reads it.
pub(crate) struct ResultRow<'t> {
    /// The entity that its key columns name.
    pub(crate) entity: Entity,
    /// The number in the symptom's column; `None` if that is null or not a number.
    pub(crate) number: Option<f64>,
    /// The latest instant in the window among its cells.
    pub(crate) at: Option<Time>,
    /// All cells.
    pub(crate) cells: &'t [Cell],
}

/// The rows of a result that belong to an entity of this run. `Err` is the name of a column that the result lacks.
pub(crate) fn result_rows<'t>(
    visibility: &Visibility<'_>,
    need: &Need,
    table: &'t ResultTable,
    column: &str,
) -> Result<Vec<ResultRow<'t>>, String> {
    let request = visibility.plan.request_for(need).and_then(|at| visibility.plan.requests().get(at));
    let Some(Request::Query(request)) = request else { return Ok(Vec::new()) };
    let position = |name: &str| table.position(name).ok_or_else(|| name.to_owned());
    let number = position(column)?;
    let folds = |key: &str| request.reading.table.folded_keys.contains(key);
    let keys: Vec<(&String, usize)> =
        request.reading.keys.iter().map(|key| Ok((key, position(key)?))).collect::<Result<_, String>>()?;
    let subject: Vec<(&String, &String, usize)> =
        request.reading.subject.iter().filter_map(|(key, value)| Some((key, value, table.position(key)?))).collect();
    let rows = table.rows.iter().filter_map(|cells| {
        let text = |at: usize| cells.get(at).and_then(Cell::text).filter(|text| !text.is_empty());
        let is_of_subject = |(key, value, at): &(&String, &String, usize)| match text(*at) {
            Some(text) if folds(key) => text.to_lowercase() == value.to_lowercase(),
            Some(text) => text == **value,
            None => false,
        };
        if !subject.iter().all(is_of_subject) {
            return None;
        }
        let named = keys.iter().map(|(key, at)| {
            let text = text(*at)?;
            Some(((*key).clone(), if folds(key) { text.to_lowercase() } else { text }))
        });
        let entity = Entity::new(named.collect::<Option<Vec<_>>>()?);
        let times = cells.iter().filter_map(|cell| match cell {
            Cell::Time(at) if visibility.window.contains(*at) => Some(*at),
            _ => None,
        });
        let at = times.max();
        Some(ResultRow { entity, number: cells.get(number).and_then(Cell::number), at, cells })
    });
    Ok(rows.collect())
}

pub(super) fn query_timelines(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    need: &Need,
    query: &Query,
    threshold: &Threshold,
) -> SymptomTimelines {
    if visibility.plan.request_for(need).is_none() {
        let subject = &visibility.plan.scope().subject;
        let lacks = query.parameters.iter().find_map(|parameter| match &parameter.origin {
            Origin::Subject(key) if !subject.contains_key(key) => Some(key.as_str()),
            _ => None,
        });
        let why = format!("a query of one {} in a run of several", lacks.unwrap_or("subject"));
        return unknown(visibility, symptom, UnknownReason::Unsupported(why), &[]);
    }
    let Some(limit) = limit_of(visibility, threshold) else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &[]);
    };
    let answer = match visibility.answer(need) {
        Ok(answer) => answer,
        Err(reason) => return unknown(visibility, symptom, reason, &[]),
    };
    let AnswerData::Table(table) = &answer.data else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &[]);
    };
    let rows = match result_rows(visibility, need, table, &query.column) {
        Ok(rows) => rows,
        Err(column) => return unknown(visibility, symptom, UnknownReason::NotCarried(column), &[]),
    };
    let mut numbers: BTreeMap<Entity, Vec<Option<f64>>> = BTreeMap::new();
    for row in rows {
        numbers.entry(row.entity).or_default().push(row.number);
    }
    let reasons = &visibility.reasons;
    let timeline_of = |entity: &Entity| -> SymptomTimeline {
        let own = numbers.get(entity);
        let value = limit.strongest(own.into_iter().flatten().flatten().copied());
        let hidden = visibility.mask(need, entity).unknown_before(visibility.watermark, reasons);
        if !hidden.is_false() {
            return SymptomTimeline::new(whole_window(visibility, hidden), value);
        }
        let truth = match own {
            // One row that meets the limit is enough. A row without a number may be such a row.
            Some(numbers) => Truth::any(
                numbers.iter().map(|number| match number {
                    Some(number) if limit.is_met_by(Interval::exact(*number)) == Some(true) => Truth::True,
                    Some(_) => Truth::False,
                    None => Truth::Unknown(reasons.one(UnknownReason::NotEmitted(query.column.clone()))),
                }),
                reasons,
            ),
            None => truth_if_absent(visibility, symptom.symptom.absent_means, || query.column.clone()),
        };
        SymptomTimeline::new(whole_window(visibility, truth), value)
    };
    let with_data: BTreeSet<Entity> =
        numbers.keys().filter(|entity| may_exist(visibility, symptom, entity)).cloned().collect();
    per_entity(visibility, symptom, with_data, &[], timeline_of)
}

/// A truth of the whole window: a result does not show when its rows were written.
fn whole_window(visibility: &Visibility<'_>, truth: Truth) -> Timeline {
    visibility.constant(truth)
}
