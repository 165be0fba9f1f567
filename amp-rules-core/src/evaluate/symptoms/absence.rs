//! `absent`: lines or samples that are missing for a long time.
//!
//! Input: the bins with data. Output: timelines, true over gaps that are long enough and were visible.

use std::collections::BTreeMap;
use std::time::Duration;

use super::per_entity::{per_entity, unknown};
use super::settings::bin_width;
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, Timeline, TrueSpan, Truth};
use crate::plan::Need;
use crate::rules::model::SymptomKind;
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Condition;
use crate::telemetry::source::AnswerData;
use crate::time::{Time, ticks_of};

pub(super) fn absence_timelines(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    need: &Need,
    of: &SymptomKind,
    lasting: Duration,
) -> SymptomTimelines {
    let filter: &[Condition] = match of {
        SymptomKind::Log { lines, .. } => &lines.filter,
        SymptomKind::Metric { series, .. } => &series.filter,
        _ => &[],
    };
    let answer = match visibility.answer(need) {
        Ok(answer) => answer,
        Err(reason) => return unknown(visibility, symptom, reason, filter),
    };
    let width = bin_width(visibility, need);
    let request = visibility.plan.request_for(need).and_then(|at| visibility.plan.requests().get(at));
    let heartbeats = request.into_iter().flat_map(|request| &request.reading().table.heartbeats);
    let cadence = heartbeats.map(|heartbeat| heartbeat.every).max().unwrap_or_default();
    let mut present: BTreeMap<&Entity, Vec<Time>> = BTreeMap::new();
    match &answer.data {
        AnswerData::Counts(counts) => {
            counts.cells.iter().for_each(|cell| present.entry(&cell.entity).or_default().push(cell.bin))
        }
        AnswerData::Series(points) => {
            points.iter().for_each(|point| present.entry(&point.entity).or_default().push(point.bin))
        }
        AnswerData::Properties(_) | AnswerData::Inventory(_) | AnswerData::Unmatched(_) | AnswerData::Table(_) => {}
    }
    let with_data = present.keys().map(|entity| (*entity).clone()).collect();
    per_entity(visibility, symptom, with_data, filter, |entity| {
        let mask = visibility.mask(need, entity);
        let bins = present.get(entity).map(Vec::as_slice).unwrap_or_default();
        SymptomTimeline::new(absence_timeline(visibility, entity, bins, width, cadence, &mask, lasting), None)
    })
}

/// The periods in which every bin was visible as a whole.
///
/// A line that was not visible would have covered the rest of its bin. Of a channel that was silent before or after, only the bin
/// of the heartbeat is known, not the instant, so a period is a cadence shorter there.
fn visible_bins(visibility: &Visibility<'_>, mask: &Timeline, width: Duration, cadence: Duration) -> Vec<(Time, Time)> {
    let silence = |truth: Truth| {
        let Truth::Unknown(reasons) = truth else { return Duration::ZERO };
        let is_silent = |reason: &UnknownReason| matches!(reason, UnknownReason::ChannelDead(_));
        if visibility.reasons.list(reasons).iter().any(is_silent) { cadence } else { Duration::ZERO }
    };
    let segments: Vec<(Segment, Time)> = mask.spans().collect();
    let mut visible = Vec::new();
    for (at, (segment, end)) in segments.iter().enumerate().filter(|(_, (segment, _))| segment.truth.is_true()) {
        let start = match at.checked_sub(1).and_then(|at| segments.get(at)) {
            Some((before, _)) => {
                let start = segment.from.saturating_add(silence(before.truth));
                start.saturating_add(width).saturating_add_ticks(-1).floor(width)
            }
            None => segment.from,
        };
        let end = match segments.get(at + 1) {
            Some((after, _)) => end.saturating_sub(silence(after.truth)).floor(width),
            None => *end,
        };
        visible.push((start, end));
    }
    visible
}

/// The timeline of one entity. `present` are the starts of the bins with data, in order of time; `cadence` is that of the
/// slowest heartbeat.
fn absence_timeline(
    visibility: &Visibility<'_>,
    entity: &Entity,
    present: &[Time],
    width: Duration,
    cadence: Duration,
    mask: &Timeline,
    lasting: Duration,
) -> Timeline {
    let reasons = &visibility.reasons;
    let watermark = visibility.watermark;
    // Nothing is missing before the entity started or after it ended.
    let risk = visibility.at_risk(entity);
    let until = watermark.min(risk.to);
    // The bin of the first heartbeat is visible from that heartbeat on, whether or not the entity existed before, and that of
    // the last one up to it.
    let (first_heartbeat, last_heartbeat) = (visibility.first_heartbeat(entity), visibility.last_heartbeat(entity));
    let mut gaps: Vec<(Time, Time)> = Vec::new();
    let mut from = visibility.window.from.max(risk.from);
    for &at in present {
        if at > from {
            gaps.push((from, at.min(until)));
        }
        from = from.max(at.saturating_add(width));
    }
    if from < until {
        gaps.push((from, until));
    }
    let is_long = |from: Time, to: Time| to.ticks_since(from) >= ticks_of(lasting);
    // A gap that reaches the watermark goes on until the end of the window.
    let shown_end = |to: Time| if to == watermark { visibility.window.to } else { to };
    let visible = visible_bins(visibility, mask, width, cadence);
    let mut timeline = visibility.constant(Truth::False);
    for (from, to) in gaps.into_iter().filter(|(from, to)| is_long(*from, *to)) {
        // The part of a gap that was not visible may have had data.
        let hidden = visibility.constant(mask.unknown_between(from, to, reasons));
        timeline = timeline.or(&hidden.within(from, shown_end(to), Truth::False), reasons);
        let visible = visible
            .iter()
            .map(|(start, end)| ((*start).max(from).max(first_heartbeat), (*end).min(to).min(last_heartbeat)))
            .filter(|(from, to)| from < to && is_long(*from, *to));
        for (from, to) in visible {
            timeline = timeline.with_true_spans([TrueSpan { from, to: shown_end(to), first: from, last: to }], reasons);
        }
    }
    timeline
}
