//! `property`: the state of properties in the rows of an entity, now that of the latest.
//!
//! Input: the latest rows with what they replaced, and when there were rows. Output: timelines. From where a row may have been
//! missed, the state is unknown until the next one that the answer lists.

use super::absent_means::truth_if_absent;
use super::per_entity::{entities_without_column, per_entity, unknown};
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, Timeline, Truth};
use crate::plan::Need;
use crate::rules::model::{AbsentMeans, PropertyState, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::{PROPERTY_CHARACTERS, Properties, Property, is_truncated};
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
        let Some(latest) = all.iter().find(|properties| properties.entity == *entity) else {
            let missing = answer.missing_columns.iter().find(|(other, _)| other == entity);
            if missing.is_none() && absent_means == AbsentMeans::False {
                // No row is in the state, and where rows were visible none was missed.
                let visible = mask.frozen_at(visibility.watermark);
                let timeline = visible.map(|truth| if truth.is_true() { Truth::False } else { truth });
                return SymptomTimeline::new(timeline, None);
            }
            let truth = match missing {
                Some((_, column)) => because(UnknownReason::NotCarried(column.clone())),
                None => match mask.unknown_before(visibility.watermark, reasons) {
                    Truth::False => truth_if_absent(visibility, absent_means, || {
                        names.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
                    }),
                    hidden => hidden,
                },
            };
            return SymptomTimeline::constant(visibility, truth);
        };
        let judge = |text: Option<&str>, name: &str| match (is, text.or(absent_is_empty.then_some(""))) {
            (_, None) if absent_means == AbsentMeans::False => Truth::False,
            (_, None) => because(UnknownReason::NotEmitted(name.to_owned())),
            (PropertyState::Text(wanted), Some(text)) if may_be_cut(text) && wanted.starts_with(text) => {
                because(UnknownReason::Truncated(table.clone(), "cut"))
            }
            (state, Some(text)) if state.holds(text) => Truth::True,
            (_, Some(_)) => Truth::False,
        };
        // The truth at an instant, and how many properties are in the state then.
        let at = |instant: Time| {
            let states = names.iter().zip(&latest.states);
            let truths: Vec<Truth> = states.map(|((name, _), one)| judge(one.value_at(instant), name)).collect();
            let holding = truths.iter().filter(|truth| truth.is_true()).count();
            let unknown: Vec<Truth> = truths.into_iter().filter(|truth| truth.is_unknown()).collect();
            let wanted = *at_least as usize;
            let truth = match (holding >= wanted, holding + unknown.len() >= wanted) {
                (true, _) => Truth::True,
                (false, true) => Truth::any(unknown, reasons),
                (false, false) => Truth::False,
            };
            (truth, holding)
        };
        let timeline = stated(visibility, latest, &mask, |instant| at(instant).0);
        let holding = at(latest.at).1;
        SymptomTimeline::new(timeline, (holding > 0).then_some(holding as f64))
    };
    let mut with_data = entities_without_column(visibility, symptom, &answer.missing_columns);
    with_data.extend(all.iter().map(|properties| properties.entity.clone()));
    per_entity(visibility, symptom, with_data, filter, timeline_of)
}

/// The truth of a state over the window. `truth_at` is that of the last row up to an instant, or of the first row.
///
/// A row states the properties until the next row or the next period that was not visible, whichever comes first: another row
/// may be in that period. After the watermark a row is not missing yet.
fn stated(
    visibility: &Visibility<'_>,
    latest: &Properties,
    mask: &Timeline,
    truth_at: impl Fn(Time) -> Truth,
) -> Timeline {
    let (window, reasons) = (visibility.window, &visibility.reasons);
    let changes = latest.states.iter().flat_map(Property::changes);
    let mut rows: Vec<Time> = changes.chain(latest.rows.iter().copied()).chain([latest.at]).collect();
    rows.sort();
    rows.dedup();
    let has_changed = latest.states.iter().any(|state| state.since.is_some());
    let ends = rows.iter().copied().chain([window.to]);
    let starts = [window.from].into_iter().chain(rows.iter().copied());
    let mut segments: Vec<Segment> = Vec::new();
    for (at, (from, to)) in starts.zip(ends).enumerate() {
        let is_latest = at == rows.len();
        let visible_to = if is_latest { to.min(visibility.watermark) } else { to };
        let hidden: Vec<Segment> = mask
            .spans()
            .filter(|(segment, end)| !segment.truth.is_true() && *end > from && segment.from.max(from) < visible_to)
            .map(|(segment, _)| segment)
            .collect();
        // What the time before the first row was is known only if no row can have been in it.
        let stated_to = match hidden.first() {
            None => to,
            Some(_) if at == 0 => from,
            Some(hidden) => hidden.from.max(from.saturating_add_ticks(1)).min(to),
        };
        if stated_to > from {
            let last = if is_latest && has_changed { latest.at } else { stated_to };
            segments.push(Segment { from, truth: truth_at(from), first: from, last });
        }
        if stated_to < to {
            let why = Truth::any(hidden.into_iter().map(|segment| segment.truth), reasons);
            segments.push(Segment::new(stated_to, why));
        }
    }
    // A row that states something else ends what was stated before.
    let changed = segments.iter().zip(segments.iter().skip(1));
    let ends: Vec<Time> =
        changed.filter(|(one, next)| one.truth.is_true() && next.truth.is_false()).map(|(_, next)| next.from).collect();
    Timeline::from_segments(window, segments).with_ends(ends)
}

fn may_be_cut(text: &str) -> bool {
    is_truncated(text, PROPERTY_CHARACTERS)
}
