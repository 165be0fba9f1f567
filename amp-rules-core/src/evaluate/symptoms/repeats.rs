//! `repeats`: another symptom that occurs several times within a period.

use super::bin_count::counts_of_timeline;
use super::count_threshold::{CountThreshold, Judged};
use super::line_count::{Counting, count_timeline, line_count_timelines};
use super::per_entity::{per_watched_entity, unknown};
use super::planned::Planned;
use super::settings::{bin_width, duration, number};
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::plan::{Need, Part};
use crate::rules::model::SymptomKind;
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use std::rc::Rc;

/// One row does not repeat, whatever it weighs.
const LEAST_ROWS: u64 = 2;

/// The timelines of a `repeats` symptom; `index` is its place in the rule set, `timelines` returns those of the symptom
/// it watches. Lines and rows are counted themselves; any other symptom is counted by the bins in which it is true.
pub(super) fn repeats_timelines(
    visibility: &Visibility<'_>,
    index: usize,
    symptom: &RuleSymptom,
    timelines: impl Fn(usize) -> Rc<SymptomTimelines>,
) -> SymptomTimelines {
    let SymptomKind::Repeats { at_least, within, except_after, .. } = &symptom.symptom.kind else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &[]);
    };
    let watched = symptom.watches.and_then(|at| Some((at, visibility.rules.symptoms.get(at)?)));
    let Some((watched_index, watched)) = watched else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &[]);
    };
    let need = Need::Symptom(index, Part::Main);
    if let SymptomKind::Log { .. } | SymptomKind::Event { .. } = &watched.symptom.kind {
        let planned = Planned::new(visibility, index, symptom, except_after.as_ref());
        let counting =
            Counting { need: &need, counted: watched, at_least, within: Some(within), least_rows: LEAST_ROWS, planned };
        return line_count_timelines(visibility, symptom, &counting);
    }
    let bin = bin_width(visibility, &Need::Symptom(watched_index, Part::Main));
    let threshold = CountThreshold {
        at_least: number(visibility, at_least),
        within: Some(duration(visibility, within)),
        least_rows: 1,
        bin,
    };
    let visible = visibility.constant(Truth::True);
    let timeline_of = |entity: &Entity, watched: &Timeline| -> SymptomTimeline {
        let counts = counts_of_timeline(watched, bin);
        // Occurrences that are unknown are so for the reasons of the watched symptom.
        let uncertain = watched.unknown(&visibility.reasons);
        let judged = Judged { visibility, counts: &counts, mask: &visible, uncertain };
        count_timeline(symptom, entity, &judged, threshold)
    };
    per_watched_entity(visibility, symptom, &timelines(watched_index), None, timeline_of)
}
