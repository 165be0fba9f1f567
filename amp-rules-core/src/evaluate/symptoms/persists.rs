//! `persists`: failures that go on for a long time without a success in between.

use super::bin_count::counts_of_timeline;
use super::count_cells::cells;
use super::line_count::counts_of;
use super::per_entity::{per_watched_entity, unknown};
use super::settings::{bin_width, duration};
use super::streak::StreakThreshold;
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::plan::{DEFAULT_BIN, Need, Part};
use crate::rules::model::SymptomKind;
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::time::TICKS_PER_SECOND;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The timelines of a `persists` symptom. `timelines` returns those of the symptoms it watches; `timeline_at` returns the
/// timeline of one of them at an entity of a kind. The value is the length of the longest streak in seconds.
pub(super) fn persists_timelines(
    visibility: &Visibility<'_>,
    symptom: &RuleSymptom,
    timelines: impl Fn(usize) -> Rc<SymptomTimelines>,
    timeline_at: impl Fn(usize, &str, &Entity) -> Timeline,
) -> SymptomTimelines {
    let SymptomKind::Persists { lasting, at_least, .. } = &symptom.symptom.kind else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &[]);
    };
    let failure = symptom.watches.and_then(|at| Some((at, visibility.rules.symptoms.get(at)?)));
    let Some((failure_index, failure)) = failure else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &[]);
    };
    let need = Need::Symptom(failure_index, Part::Main);
    let failures = timelines(failure_index);
    let is_counted = matches!(failure.symptom.kind, SymptomKind::Log { .. } | SymptomKind::Event { .. });
    let cells = match if is_counted { cells(visibility, &need) } else { Ok(BTreeMap::new()) } {
        Ok(cells) => cells,
        Err(reason) => return unknown(visibility, symptom, reason, &[]),
    };
    let success_bin = symptom.without.map_or(DEFAULT_BIN, |at| bin_width(visibility, &Need::Symptom(at, Part::Main)));
    let threshold = StreakThreshold {
        lasting: duration(visibility, lasting),
        at_least: *at_least,
        bin: bin_width(visibility, &need),
        success_bin,
    };
    let timeline_of = |entity: &Entity, failing: &Timeline| -> SymptomTimeline {
        let (counts, mask) = if is_counted {
            let counts = counts_of(visibility, symptom, failure, entity, cells.get(entity));
            (counts, visibility.mask(&need, entity).frozen_at(visibility.watermark))
        } else {
            let known = failing.map(|truth| if truth.is_false() { Truth::True } else { truth });
            (counts_of_timeline(failing, threshold.bin), known)
        };
        let success = symptom
            .without
            .map_or_else(|| visibility.constant(Truth::False), |at| timeline_at(at, &symptom.symptom.per, entity));
        let timeline = threshold.timeline(visibility, &counts, &mask, &success);
        let streaks = timeline.segments().iter().filter(|segment| segment.truth.is_true());
        let longest = streaks.map(|segment| segment.last.ticks_since(segment.first)).max();
        SymptomTimeline::new(timeline, longest.map(|ticks| ticks as f64 / TICKS_PER_SECOND as f64))
    };
    let successes = symptom.without.map(timelines);
    per_watched_entity(visibility, symptom, &failures, successes.as_deref(), timeline_of)
}
