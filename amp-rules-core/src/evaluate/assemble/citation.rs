//! The rows that show a symptom.
//!
//! Input: the answer to the symptom's request. Output: up to three [`Citation`]s.

use std::collections::BTreeSet;

use crate::diagnosis::Citation;
use crate::evaluate::entities::Visibility;
use crate::evaluate::symptoms::result_rows;
use crate::plan::{Need, Part};
use crate::rules::model::SymptomKind;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Comparison;
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::{Property, ResultTable};

/// How many rows are cited per symptom.
const CITED: usize = 3;

/// The rows of these entities that show a symptom: of lines and properties the earliest, of a sequence the earliest of each step
/// that has to occur, of a query's result those with the strongest numbers. Numbers of metrics have no rows.
pub(super) fn citations(visibility: &Visibility<'_>, symptom: usize, entities: &BTreeSet<&Entity>) -> Vec<Citation> {
    let mut cited: Vec<Citation> = Vec::new();
    if let Some(SymptomKind::Sequence { steps, .. }) =
        visibility.rules.symptoms.get(symptom).map(|rule| &rule.symptom.kind)
    {
        for (number, _) in (0..).zip(steps).filter(|(_, step)| !step.negated) {
            let own = citations_of(visibility, symptom, &Need::Symptom(symptom, Part::Step(number)), entities);
            cited.extend(own.into_iter().next());
        }
        cited.sort();
        cited.dedup();
        return cited;
    }
    citations_of(visibility, symptom, &Need::Symptom(symptom, Part::Main), entities)
}

/// The rows that answer one need of a symptom.
fn citations_of(
    visibility: &Visibility<'_>,
    symptom: usize,
    need: &Need,
    entities: &BTreeSet<&Entity>,
) -> Vec<Citation> {
    let mut cited: Vec<Citation> = Vec::new();
    let Ok(answer) = visibility.answer(need) else { return cited };
    match &answer.data {
        AnswerData::Counts(counts) => {
            for (_, samples) in counts.samples.iter().filter(|(entity, _)| entities.contains(entity)) {
                cited.extend(samples.iter().map(|sample| Citation {
                    at: sample.at,
                    row: sample.row.clone(),
                    text: sample.text.clone(),
                }));
            }
        }
        AnswerData::Properties(all) => {
            for properties in all.iter().filter(|properties| entities.contains(&properties.entity)) {
                let text = property_text(visibility, symptom, &properties.states);
                cited.push(Citation { at: properties.at, row: properties.row.clone(), text });
            }
        }
        AnswerData::Table(table) => return rows_cited(visibility, symptom, need, table, entities),
        AnswerData::Series(_) | AnswerData::Inventory(_) | AnswerData::Unmatched(_) => {}
    }
    cited.sort();
    cited.dedup();
    cited.truncate(CITED);
    cited
}

/// The rows of a query's result with the strongest numbers.
fn rows_cited(
    visibility: &Visibility<'_>,
    symptom: usize,
    need: &Need,
    table: &ResultTable,
    entities: &BTreeSet<&Entity>,
) -> Vec<Citation> {
    let Some(SymptomKind::Query { query, threshold }) =
        visibility.rules.symptoms.get(symptom).map(|rule| &rule.symptom.kind)
    else {
        return Vec::new();
    };
    let Ok(rows) = result_rows(visibility, need, table, &query.column) else { return Vec::new() };
    let mut numbered: Vec<(f64, Citation)> = rows
        .into_iter()
        .filter(|row| entities.contains(&row.entity))
        .filter_map(|row| {
            let citation = Citation {
                at: row.at.unwrap_or(visibility.window.to),
                row: table.row_id(row.cells),
                text: table.row_text(row.cells),
            };
            Some((row.number?, citation))
        })
        .collect();
    let smallest_first = matches!(threshold.comparison, Comparison::Below | Comparison::AtMost);
    numbered.sort_by(|(one, cited), (other, also)| {
        let strongest = if smallest_first { one.total_cmp(other) } else { other.total_cmp(one) };
        strongest.then_with(|| cited.cmp(also))
    });
    numbered.into_iter().map(|(_, citation)| citation).take(CITED).collect()
}

/// The state of the properties that a symptom names: `ready=false, phase not sent`. If one was in the wanted state only earlier,
/// that stands beside it: `list="a", before ""`.
fn property_text(visibility: &Visibility<'_>, symptom: usize, states: &[Property]) -> String {
    let Some(SymptomKind::Property { names, is, absent_is_empty, .. }) =
        visibility.rules.symptoms.get(symptom).map(|rule| &rule.symptom.kind)
    else {
        return String::new();
    };
    let holds =
        |value: &Option<String>| value.as_deref().or(absent_is_empty.then_some("")).is_some_and(|text| is.holds(text));
    let texts = names.iter().zip(states).map(|((name, _), state)| {
        let now = match &state.value {
            Some(value) => format!("{name}={value:?}"),
            None => format!("{name} not sent"),
        };
        let mut earlier = state.earlier.iter().map(|(_, value)| value).rev();
        match earlier.find(|value| !holds(&state.value) && holds(value)) {
            Some(Some(value)) => format!("{now}, before {value:?}"),
            Some(None) => format!("{now}, before not sent"),
            None => now,
        }
    });
    texts.collect::<Vec<_>>().join(", ")
}
