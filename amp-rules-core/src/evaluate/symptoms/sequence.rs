//! `sequence`: other symptoms that occur one after another within a period.
//!
//! Input: the lines or rows of the steps, by their instants. Output: a timeline per entity, true from the first to the last
//! row of every completed sequence. The order of rows at one instant is not known. What was not visible may complete a sequence
//! in every period that contains it.

use std::collections::BTreeSet;

use super::count_cells::{CountCells, cells};
use super::per_entity::{entities_without_column, per_entity, unknown};
use super::runs::{Run, timeline_of_runs};
use super::settings::duration;
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::plan::{Need, Part};
use crate::rules::model::SymptomKind;
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Condition;
use crate::telemetry::source::data::Answer;
use crate::time::{Time, ticks_of};

/// A step with its rows.
struct Step<'a> {
    need: Need,
    counted: &'a RuleSymptom,
    /// The index of the symptom.
    symptom: usize,
    negated: bool,
    cells: CountCells<'a>,
    answer: &'a Answer,
}

/// The timelines of a `sequence` symptom; `index` is its place in the rule set.
pub(super) fn sequence_timelines(visibility: &Visibility<'_>, index: usize, symptom: &RuleSymptom) -> SymptomTimelines {
    let SymptomKind::Sequence { steps, within } = &symptom.symptom.kind else {
        return unknown(visibility, symptom, UnknownReason::Unobservable, &[]);
    };
    let within = ticks_of(duration(visibility, within));
    let read = steps.iter().zip(&symptom.steps).zip(0..).map(|((step, at), number)| {
        let need = Need::Symptom(index, Part::Step(number));
        let counted = visibility.rules.symptoms.get(*at).ok_or(UnknownReason::Unobservable)?;
        let (cells, answer) = (cells(visibility, &need)?, visibility.answer(&need)?);
        Ok(Step { need, counted, symptom: *at, negated: step.negated, cells, answer })
    });
    let steps: Vec<Step<'_>> = match read.collect() {
        Ok(steps) => steps,
        Err(reason) => return unknown(visibility, symptom, reason, &[]),
    };
    let filter: Vec<Condition> =
        steps.iter().filter(|step| !step.negated).flat_map(|step| filter_of(step.counted)).cloned().collect();
    let mut with_data: BTreeSet<Entity> = BTreeSet::new();
    for step in &steps {
        with_data.extend(entities_without_column(visibility, symptom, &step.answer.missing_columns));
        with_data.extend(step.cells.keys().map(|entity| (*entity).clone()));
    }
    per_entity(visibility, symptom, with_data, &filter, |entity| {
        for step in steps.iter().filter(|step| !step.cells.contains_key(entity)) {
            if let Some((_, column)) = step.answer.missing_columns.iter().find(|(other, _)| other == entity) {
                let reason = UnknownReason::NotCarried(column.clone());
                return SymptomTimeline::constant(visibility, Truth::Unknown(visibility.reasons.one(reason)));
            }
        }
        SymptomTimeline::new(Sequence::new(visibility, entity, &steps, within).timeline(visibility), None)
    })
}

fn filter_of(symptom: &RuleSymptom) -> &[Condition] {
    match &symptom.symptom.kind {
        SymptomKind::Log { lines, .. } => &lines.filter,
        SymptomKind::Event { filter, .. } => filter,
        _ => &[],
    }
}

/// The sequences of one entity.
struct Sequence {
    /// The steps that have to occur, in order.
    steps: Vec<Occurring>,
    within: i64,
    /// True where all steps were visible.
    visible: Timeline,
}

/// A step that has to occur.
struct Occurring {
    symptom: usize,
    occurrences: Vec<Occurrence>,
    /// What must not occur between it and the next one, or from the last one until the period is over.
    not_after: Vec<Absent>,
}

/// A step that must not occur.
struct Absent {
    symptom: usize,
    occurrences: Vec<Occurrence>,
    visible: Timeline,
}

/// The rows of a step at one instant.
#[derive(Clone, Copy)]
struct Occurrence {
    at: Time,
    rows: u64,
}

/// How sure a sequence has to be.
#[derive(Clone, Copy, PartialEq)]
enum Sure {
    /// Whatever the rows are that were not visible.
    Certain,
    /// As far as was visible.
    Seen,
    /// In some order of the rows of one instant.
    Possible,
}

impl Sequence {
    fn new(visibility: &Visibility<'_>, entity: &Entity, steps: &[Step<'_>], within: i64) -> Self {
        // Rows, not occurrences by `apart`: which rows those join depends on rows that may be hidden.
        let occurrences = |step: &Step<'_>| -> Vec<Occurrence> {
            let instants = step.cells.get(entity).into_iter().flatten().flat_map(|cell| &cell.instants);
            instants.map(|one| Occurrence { at: one.at, rows: one.rows }).collect()
        };
        let mut occurring: Vec<Occurring> = Vec::new();
        let mut masks = Vec::new();
        for step in steps {
            let visible = visibility.mask(&step.need, entity).frozen_at(visibility.watermark);
            masks.push(visible.clone());
            let (symptom, occurrences) = (step.symptom, occurrences(step));
            match occurring.last_mut().filter(|_| step.negated) {
                Some(last) => last.not_after.push(Absent { symptom, occurrences, visible }),
                None => occurring.push(Occurring { symptom, occurrences, not_after: Vec::new() }),
            }
        }
        let visible = Timeline::all(visibility.window, masks, &visibility.reasons);
        Self { steps: occurring, within, visible }
    }

    fn timeline(&self, visibility: &Visibility<'_>) -> Timeline {
        let reasons = &visibility.reasons;
        let mut runs = Vec::new();
        let mut unsettled: Vec<(Truth, Vec<Run>)> = Vec::new();
        let one = |reason: UnknownReason| Truth::Unknown(reasons.one(reason));
        let (mut not_over, mut unordered) = (Vec::new(), Vec::new());
        for start in self.steps.first().map(|step| step.occurrences.as_slice()).unwrap_or_default() {
            let run = |sure| self.last_after(*start, sure, visibility.watermark).map(|last| (start.at, last));
            let (certain, seen, possible) = (run(Sure::Certain), run(Sure::Seen), run(Sure::Possible));
            runs.extend(certain);
            not_over.extend(seen.filter(|_| self.is_open(start.at, visibility.watermark)));
            unordered.extend(possible.filter(|run| seen.is_none_or(|seen| seen.1 < run.1)));
        }
        unsettled.push((one(UnknownReason::NotIngestedYet), not_over));
        unsettled.push((one(UnknownReason::SameInstant), unordered));
        for (segment, end) in self.visible.spans().filter(|(segment, _)| !segment.truth.is_true()) {
            let from = segment.from.saturating_add_ticks(self.within.saturating_neg()).max(visibility.window.from);
            let last = end.saturating_add_ticks(self.within.saturating_sub(1));
            let near = (from, last.min(visibility.window.to.saturating_add_ticks(-1)));
            match unsettled.iter_mut().find(|(truth, _)| *truth == segment.truth) {
                Some((_, runs)) => runs.push(near),
                None => unsettled.push((segment.truth, vec![near])),
            }
        }
        let spans = |runs: Vec<Run>, truth: Truth| timeline_of_runs(visibility, joined(runs), truth);
        let timeline = spans(runs, Truth::True);
        unsettled.into_iter().fold(timeline, |timeline, (truth, runs)| timeline.or(&spans(runs, truth), reasons))
    }

    /// Whether what must not occur at the end may still arrive.
    fn is_open(&self, start: Time, watermark: Time) -> bool {
        let has_end = self.steps.last().is_some_and(|last| !last.not_after.is_empty());
        has_end && start.saturating_add_ticks(self.within) >= watermark
    }

    /// The last instant of the sequences that begin with an occurrence; `None` if there are none.
    fn last_after(&self, start: Occurrence, sure: Sure, watermark: Time) -> Option<Time> {
        if sure == Sure::Certain && self.is_open(start.at, watermark) {
            return None;
        }
        let limit = start.at.saturating_add_ticks(self.within);
        let mut reached = vec![start];
        let mut steps = self.steps.iter();
        let mut before = steps.next()?;
        for step in steps {
            let from = step.occurrences.partition_point(|one| one.at < start.at);
            let next = step.occurrences.iter().skip(from).take_while(|one| one.at <= limit);
            // A shorter gap holds less, so the nearest occurrence before decides.
            reached = next
                .filter(|next| {
                    let earlier = reached.partition_point(|one| one.at < next.at);
                    let nearest = earlier.checked_sub(1).and_then(|at| reached.get(at));
                    let tied = reached.get(earlier).filter(|one| one.at == next.at);
                    let tied = tied.filter(|_| self.may_tie(before, step, **next, sure));
                    [tied, nearest].into_iter().flatten().any(|one| {
                        before.not_after.iter().all(|absent| {
                            absent.is_clear(one.at, (next.at, true), sure, |at, rows| {
                                // The rows of the steps themselves are not between them.
                                rows == 1
                                    && (at == one.at && absent.symptom == before.symptom
                                        || at == next.at && absent.symptom == step.symptom)
                            })
                        })
                    })
                })
                .copied()
                .collect();
            before = step;
        }
        let is_clear = |last: &&Occurrence| {
            before.not_after.iter().all(|absent| {
                let own = |at, rows| rows == 1 && at == last.at && absent.symptom == before.symptom;
                absent.is_clear(last.at, (limit, false), sure, own)
            })
        };
        reached.iter().rev().find(is_clear).map(|last| last.at)
    }

    /// Whether an occurrence may follow one of the step before at the same instant.
    fn may_tie(&self, before: &Occurring, step: &Occurring, occurrence: Occurrence, sure: Sure) -> bool {
        if before.symptom != step.symptom {
            return sure == Sure::Possible;
        }
        let same = self.steps.iter().filter(|other| other.symptom == step.symptom).count();
        let needed = if sure == Sure::Possible { 2 } else { same };
        usize::try_from(occurrence.rows).unwrap_or(usize::MAX) >= needed
    }
}

impl Absent {
    /// Whether it does not occur from an instant to another. A row at the first may be before it, unless it is `own`; and one at
    /// the last may be after it, if a step occurs there.
    fn is_clear(&self, from: Time, (to, has_step): (Time, bool), sure: Sure, own: impl Fn(Time, u64) -> bool) -> bool {
        let first = self.occurrences.partition_point(|one| one.at < from);
        let mut near = self.occurrences.iter().skip(first).take_while(|one| one.at <= to);
        match sure {
            Sure::Possible => near.all(|one| one.at == from || has_step && one.at == to),
            Sure::Seen => near.all(|one| own(one.at, one.rows)),
            Sure::Certain => {
                near.all(|one| own(one.at, one.rows)) && self.visible.is_true_between(from, to.saturating_add_ticks(1))
            }
        }
    }
}

/// Runs joined where they overlap, in order of time.
fn joined(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_unstable();
    let mut out: Vec<Run> = Vec::with_capacity(runs.len());
    for (first, last) in runs {
        match out.last_mut().filter(|(_, end)| *end >= first) {
            Some((_, end)) => *end = last.max(*end),
            None => out.push((first, last)),
        }
    }
    out
}
