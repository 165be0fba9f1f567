//! `repeats`: another symptom that occurs several times within a period.

use super::bin_count::{BinCount, counts_of_timeline};
use super::count_threshold::CountThreshold;
use super::line_count::{count_timeline, line_count_timelines};
use super::per_entity::{per_watched_entity, unknown};
use super::settings::{bin_width, duration, number};
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::plan::{Need, Part};
use crate::rules::model::{Setting, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use std::rc::Rc;

/// The timelines of a `repeats` symptom; `index` is its place in the rule set, `timelines` returns those of the symptom
/// it watches. Lines and rows are counted themselves; any other symptom is counted by the bins in which it is true.
pub(super) fn repeats_timelines(
    visibility: &Visibility<'_>,
    index: usize,
    symptom: &RuleSymptom,
    at_least: &Setting,
    within: &Setting,
    timelines: impl Fn(usize) -> Rc<SymptomTimelines>,
) -> SymptomTimelines {
    let watched = symptom.watches.and_then(|at| Some((at, visibility.rules.symptoms.get(at)?)));
    let Some((watched_index, watched)) = watched else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &[]);
    };
    let need = Need::Symptom(index, Part::Main);
    match &watched.symptom.kind {
        SymptomKind::Log { lines, .. } => {
            return line_count_timelines(visibility, symptom, &need, &lines.filter, at_least, Some(within));
        }
        SymptomKind::Event { filter, .. } => {
            return line_count_timelines(visibility, symptom, &need, filter, at_least, Some(within));
        }
        _ => {}
    }
    let bin = bin_width(visibility, &Need::Symptom(watched_index, Part::Main));
    let threshold =
        CountThreshold { at_least: number(visibility, at_least), within: Some(duration(visibility, within)), bin };
    let visible = visibility.constant(Truth::True);
    let timeline_of = |entity: &Entity, watched: &Timeline| -> SymptomTimeline {
        let counts = counts_of_timeline(watched, bin);
        let mut counted = count_timeline(visibility, symptom, entity, &counts, &visible, threshold);
        if !counts.iter().all(BinCount::is_exact) {
            // Occurrences that are unknown are so for the reasons of the watched symptom.
            let uncertain = watched.unknown(&visibility.reasons);
            counted.timeline = threshold.timeline(visibility, &counts, &visible, uncertain);
        }
        counted
    };
    per_watched_entity(visibility, symptom, &timelines(watched_index), None, timeline_of)
}
