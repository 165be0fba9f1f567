//! Symptoms of time passing: something absent for long, a flow that falls or stops, what repeats, what persists.
//!
//! Input: answers, and tracks of the symptoms that are watched. Output: tracks.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use super::counts::{Counting, Tally};
use super::streak::Lasting;
use super::symptom::{SymptomTimeline, Symptoms, Tracks};
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::entity_set::EntityMap;
use crate::evaluate::timeline::truth::{Timeline, Truth};
use crate::plan::{DEFAULT_BIN, Need, Part};
use crate::rules::model::{Flow, Setting, SymptomKind};
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Condition;
use crate::telemetry::source::AnswerData;
use crate::time::Time;

impl Symptoms<'_> {
    pub(crate) fn absence(&self, symptom: &RuleSymptom, need: &Need, of: &SymptomKind, lasting: Duration) -> Tracks {
        let filter: &[Condition] = match of {
            SymptomKind::Log { lines, .. } => &lines.filter,
            SymptomKind::Metric { series, .. } => &series.filter,
            _ => &[],
        };
        let answer = match self.visibility.answer(need) {
            Ok(answer) => answer,
            Err(reason) => return self.failed(symptom, reason, filter),
        };
        let bin = self.bin_of(need);
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
        let one = |entity: &Entity| -> SymptomTimeline {
            let mask = self.visibility.mask(need, entity);
            let bins = present.get(entity).map(Vec::as_slice).unwrap_or_default();
            SymptomTimeline { steps: self.absent_steps(bins, bin, &mask, lasting), value: None }
        };
        let rest = one(&Entity::default()).steps;
        self.all(symptom, present.keys().map(|entity| (*entity).clone()).collect(), filter, rest, one)
    }

    fn absent_steps(&self, present: &[Time], bin: Duration, mask: &Timeline, lasting: Duration) -> Timeline {
        let visibility = &self.visibility;
        let end = visibility.watermark;
        let mut gaps: Vec<(Time, Time)> = Vec::new();
        let mut from = visibility.window.from;
        for &at in present {
            if at > from {
                gaps.push((from, at.min(end)));
            }
            from = from.max(at.saturating_add(bin));
        }
        if from < end {
            gaps.push((from, end));
        }
        let long = |from: Time, to: Time| to.ticks_since(from) >= crate::time::ticks_of(lasting);
        let mut steps = visibility.constant(Truth::False);
        for (from, to) in gaps.into_iter().filter(|(from, to)| long(*from, *to)) {
            let visible: Vec<(Time, Time)> = mask
                .spans()
                .filter(|(segment, _)| segment.truth.is_true())
                .map(|(segment, end)| (segment.from.max(from), end.min(to)))
                .filter(|(a, b)| a < b && long(*a, *b))
                .collect();
            // Where part of the gap could not be seen, it may have been none.
            let blind = mask.spans().filter(|(segment, until)| *until > from && segment.from < to);
            let doubt = blind.map(|(segment, _)| segment.truth).filter(|truth| !truth.is_true());
            let doubt = doubt.fold(Truth::False, |sum, one| sum.or(one, &visibility.reasons));
            let until = if to == end { visibility.window.to } else { to };
            steps = steps.or(&visibility.constant(doubt).within(from, until, Truth::False), &visibility.reasons);
            for (a, b) in visible {
                let stretch = visibility.overlay(
                    &visibility.constant(Truth::False),
                    [(a, if b == end { visibility.window.to } else { b }, a, b)],
                );
                steps = steps.or(&stretch, &visibility.reasons);
            }
        }
        steps
    }

    pub(crate) fn flow(&self, symptom: &RuleSymptom, need: &Need) -> Tracks {
        let (flow, every) = match &symptom.symptom.kind {
            SymptomKind::Drop { flow, every, .. } | SymptomKind::Ceases { flow, every } => (flow, *every),
            _ => return self.failed(symptom, UnknownReason::Unobservable, &[]),
        };
        let filter: &[Condition] = match flow {
            Flow::Rows { filter, .. } => filter,
            Flow::Series(spec) => &spec.filter,
        };
        let table = match flow {
            Flow::Rows { table, .. } => table.as_str(),
            Flow::Series(spec) => spec.table.as_str(),
        };
        let answer = match self.visibility.answer(need) {
            Ok(answer) => answer,
            Err(reason) => return self.failed(symptom, reason, filter),
        };
        let mut flows: BTreeMap<&Entity, BTreeMap<Time, f64>> = BTreeMap::new();
        match &answer.data {
            AnswerData::Counts(counts) => {
                for cell in &counts.cells {
                    *flows.entry(&cell.entity).or_default().entry(cell.bin).or_default() += cell.count as f64;
                }
            }
            AnswerData::Series(points) => {
                for point in points {
                    *flows.entry(&point.entity).or_default().entry(point.bin.floor(every)).or_default() += point.value;
                }
            }
            AnswerData::Properties(_) | AnswerData::Inventory(_) | AnswerData::Unmatched(_) | AnswerData::Table(_) => {}
        }
        let none = BTreeMap::new();
        let one = |entity: &Entity| -> SymptomTimeline {
            let mut seen = self.visibility.complete(answer, table, entity);
            if !self.visibility.inventory_complete {
                // Where nothing of it gave a sign of life, no flow is no news.
                seen = seen.and(&self.visibility.some_life(entity), &self.visibility.reasons);
            }
            let alive = self.visibility.other_life(table, entity);
            let flows = flows.get(entity).unwrap_or(&none);
            match &symptom.symptom.kind {
                SymptomKind::Drop { share, baseline_bins, .. } => {
                    let share = self.number(share);
                    let (steps, value) =
                        self.visibility.dropping_steps(flows, every, &seen, &alive, share, *baseline_bins);
                    SymptomTimeline { steps, value }
                }
                _ => SymptomTimeline { steps: self.visibility.ceasing_steps(flows, every, &seen, &alive), value: None },
            }
        };
        let rest = one(&Entity::default()).steps;
        self.all(symptom, flows.keys().map(|entity| (*entity).clone()).collect(), filter, rest, one)
    }

    pub(crate) fn repeats(&self, index: usize, symptom: &RuleSymptom, at_least: &Setting, within: &Setting) -> Tracks {
        let Some(watched) = symptom.watches.and_then(|at| self.visibility.rules.symptoms.get(at)) else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        match &watched.symptom.kind {
            SymptomKind::Log { lines, .. } => {
                return self.counted(symptom, &Need::Symptom(index, Part::Main), &lines.filter, at_least, Some(within));
            }
            SymptomKind::Event { filter, .. } => {
                return self.counted(symptom, &Need::Symptom(index, Part::Main), filter, at_least, Some(within));
            }
            _ => {}
        }
        let at = symptom.watches.unwrap_or_default();
        let tracks = self.tracks(at);
        let bin = self.bin_of(&Need::Symptom(at, Part::Main));
        let within = self.duration(within);
        let counting = Counting { at_least: self.number(at_least), within: Some(within), bin };
        let seen = self.visibility.constant(Truth::True);
        let one = |entity: &Entity, steps: &Timeline| -> SymptomTimeline {
            let tallies = self.tallies_of(steps, bin);
            let mut track = self.count_track(symptom, entity, &tallies, &seen, counting);
            if tallies.iter().any(|tally| tally.low < tally.high) {
                // What may have happened is unknown for the watched symptom's reasons.
                let doubt = steps
                    .segments()
                    .iter()
                    .map(|segment| segment.truth)
                    .filter(|truth| !truth.is_true() && !truth.is_false())
                    .fold(Truth::False, |sum, truth| sum.or(truth, &self.visibility.reasons));
                track.steps = self.visibility.count_steps(&tallies, &seen, counting, doubt);
            }
            track
        };
        let rest = one(&Entity::default(), &tracks.rest).steps;
        Tracks { entities: self.following(symptom, &[&tracks], one), rest }
    }

    /// Truth over time as counted bins: one where true, perhaps one where unknown.
    fn tallies_of(&self, steps: &Timeline, bin: Duration) -> Vec<Tally> {
        let mut tallies = Vec::new();
        for (segment, end) in steps.spans().filter(|(segment, _)| !segment.truth.is_false()) {
            let low = if segment.truth.is_true() { 1.0 } else { 0.0 };
            let mut from = segment.from;
            while from < end && bin > Duration::ZERO {
                let next = from.floor(bin).saturating_add(bin);
                tallies.push(Tally {
                    bin: from.floor(bin),
                    low,
                    high: 1.0,
                    first: from,
                    last: next.min(end).saturating_add_ticks(-1),
                });
                from = next;
            }
        }
        tallies
    }

    pub(crate) fn persists(&self, symptom: &RuleSymptom) -> Tracks {
        let SymptomKind::Persists { lasting, at_least, .. } = &symptom.symptom.kind else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        let Some((at, watched)) =
            symptom.watches.and_then(|at| self.visibility.rules.symptoms.get(at).map(|watched| (at, watched)))
        else {
            return self.failed(symptom, UnknownReason::Unobservable, &[]);
        };
        let need = Need::Symptom(at, Part::Main);
        let watched_tracks = self.tracks(at);
        let counts = matches!(watched.symptom.kind, SymptomKind::Log { .. } | SymptomKind::Event { .. });
        let cells = if counts { self.cells(&need) } else { Ok(BTreeMap::new()) };
        let cells = match cells {
            Ok(cells) => cells,
            Err(reason) => return self.failed(symptom, reason, &[]),
        };
        let success_bin = symptom.without.map_or(DEFAULT_BIN, |at| self.bin_of(&Need::Symptom(at, Part::Main)));
        let wanted =
            Lasting { lasting: self.duration(lasting), at_least: *at_least, bin: self.bin_of(&need), success_bin };
        let one = |entity: &Entity, failing: &Timeline| -> SymptomTimeline {
            let (tallies, mask) = if counts {
                (
                    self.tallies(symptom, entity, cells.get(entity)),
                    self.visibility.before_watermark(&self.visibility.mask(&need, entity)),
                )
            } else {
                let known = failing.map(|truth| if truth.is_false() { Truth::True } else { truth });
                (self.tallies_of(failing, wanted.bin), known)
            };
            let success = symptom
                .without
                .map_or_else(|| self.visibility.constant(Truth::False), |at| self.at(at, &symptom.symptom.per, entity));
            let steps = self.visibility.streak_steps(&tallies, &mask, &success, wanted);
            let longest = steps
                .spans()
                .filter(|(segment, _)| segment.truth.is_true())
                .map(|(segment, _)| segment.last.ticks_since(segment.first))
                .max();
            SymptomTimeline { steps, value: longest.map(|ticks| ticks as f64 / crate::time::TICKS_PER_SECOND as f64) }
        };
        let rest = one(&Entity::default(), &watched_tracks.rest).steps;
        let success = symptom.without.map(|at| self.tracks(at));
        let watched: Vec<&Tracks> = std::iter::once(&watched_tracks).chain(&success).map(Rc::as_ref).collect();
        Tracks { entities: self.following(symptom, &watched, one), rest }
    }

    /// A track for everyone that the first of the watched symptoms speaks of. Whoever one of them tells of is told of.
    fn following(
        &self,
        symptom: &RuleSymptom,
        watched: &[&Tracks],
        track: impl Fn(&Entity, &Timeline) -> SymptomTimeline,
    ) -> EntityMap<SymptomTimeline> {
        let Some(first) = watched.first().map(|tracks| &tracks.entities) else { return EntityMap::default() };
        let mut told: BTreeSet<Entity> = watched.iter().flat_map(|tracks| tracks.entities.told()).cloned().collect();
        if self.tells_apart(symptom, &[]) {
            told.extend(first.roster().entities().iter().cloned());
        }
        EntityMap::new(Rc::clone(first.roster()), &told, |entity| {
            first.get(entity).map(|own| track(entity, &own.steps))
        })
    }
}
