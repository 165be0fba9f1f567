//! `property`: the state of properties in the latest row of an entity.
//!
//! Input: the latest rows. Output: timelines. From where a later row may have been missed, the state is unknown.

use super::absent_means::truth_if_absent;
use super::per_entity::{entities_without_column, per_entity, unknown};
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, TrueSpan, Truth};
use crate::plan::Need;
use crate::rules::model::{AbsentMeans, PropertyState, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::source::AnswerData;
use crate::time::Time;

pub(super) fn property_timelines(visibility: &Visibility<'_>, symptom: &RuleSymptom, need: &Need) -> SymptomTimelines {
    let SymptomKind::Property { names, filter, absent_is_empty, is, at_least, table, .. } = &symptom.symptom.kind
    else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &[]);
    };
    let answer = match visibility.answer(need) {
        Ok(answer) => answer,
        Err(reason) => return unknown(visibility, symptom, reason, filter),
    };
    let AnswerData::Properties(all) = &answer.data else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, filter);
    };
    let reasons = &visibility.reasons;
    let because = |reason: UnknownReason| Truth::Unknown(reasons.one(reason));
    let absent_means = symptom.symptom.absent_means;
    let timeline_of = |entity: &Entity| -> SymptomTimeline {
        let mask = visibility.mask(need, entity);
        let hidden = mask.unknown_before(visibility.watermark, reasons);
        let Some(latest) = all.iter().find(|properties| properties.entity == *entity) else {
            let missing = answer.missing_columns.iter().find(|(other, _)| other == entity);
            let truth = match missing {
                Some((_, column)) => because(UnknownReason::NotCarried(column.clone())),
                None if !hidden.is_false() => hidden,
                None => truth_if_absent(visibility, absent_means, || {
                    names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
                }),
            };
            return SymptomTimeline::constant(visibility, truth);
        };
        // How many properties are in the state, and since when; how many may be, and why.
        let (mut holding, mut possible) = (0_u32, 0_u32);
        let mut since: Vec<Option<Time>> = Vec::new();
        let mut uncertain = Truth::False;
        for ((name, _), property) in names.iter().zip(&latest.states) {
            let text = match (&property.value, absent_is_empty) {
                (None, true) => Some(""),
                (value, _) => value.as_deref(),
            };
            let holds = match (is, text) {
                (_, None) if absent_means == AbsentMeans::False => false,
                (_, None) => {
                    possible += 1;
                    uncertain = uncertain.or(because(UnknownReason::NotEmitted(name.clone())), reasons);
                    false
                }
                (PropertyState::Text(wanted), Some(text)) if property.is_truncated() && wanted.starts_with(text) => {
                    possible += 1;
                    uncertain = uncertain.or(because(UnknownReason::Truncated(table.clone(), "cut")), reasons);
                    false
                }
                (PropertyState::Empty, Some(text)) => text.is_empty(),
                (PropertyState::Set, Some(text)) => !text.is_empty(),
                (PropertyState::Text(wanted), Some(text)) => text == wanted,
            };
            if holds {
                holding += 1;
                since.push(property.since);
            }
        }
        let timeline = if holding >= *at_least {
            // Enough properties are in the state since the k-th of them changed to it.
            since.sort();
            let since = since.get(*at_least as usize - usize::from(*at_least > 0)).copied().flatten();
            true_since(visibility, since, latest.at, &mask)
        } else if holding + possible >= *at_least {
            visibility.constant(uncertain)
        } else {
            visibility.constant(Truth::False)
        };
        // A row states the properties until the next period that was not visible: a later row may be in it.
        let blind = mask.spans().find(|(segment, end)| {
            !segment.truth.is_true() && segment.from.max(latest.at) < (*end).min(visibility.watermark)
        });
        let timeline = match blind {
            Some((segment, _)) => {
                let stated_until = segment.from.max(latest.at.saturating_add_ticks(1));
                timeline.within(visibility.window.from, stated_until, hidden)
            }
            None => timeline,
        };
        SymptomTimeline::new(timeline, (holding > 0).then_some(f64::from(holding)))
    };
    let mut with_data = entities_without_column(visibility, symptom, &answer.missing_columns);
    with_data.extend(all.iter().map(|properties| properties.entity.clone()));
    per_entity(visibility, symptom, with_data, filter, timeline_of)
}

/// True from `since` on, or throughout if it is `None`. A period that was not visible before the latest row may have had
/// another state: then the state is known from the first row after that period, which is the row of the change or the
/// latest one.
fn true_since(visibility: &Visibility<'_>, since: Option<Time>, latest: Time, mask: &Timeline) -> Timeline {
    let hidden = || mask.spans().filter(|(segment, _)| segment.from < latest && !segment.truth.is_true());
    let known = match (since, hidden().next_back().map(|(_, end)| end)) {
        (since, None) => since,
        (Some(since), Some(end)) if since > end => Some(since),
        (_, Some(_)) => Some(latest),
    };
    let Some(known) = known else { return visibility.constant(Truth::True) };
    let reasons = &visibility.reasons;
    let before = visibility.constant(Truth::any(hidden().map(|(segment, _)| segment.truth), reasons));
    before.with_true_spans([TrueSpan { from: known, to: visibility.window.to, first: known, last: latest }], reasons)
}
