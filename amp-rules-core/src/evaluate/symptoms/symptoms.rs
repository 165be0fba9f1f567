//! All symptoms of a rule set, each computed once.
//!
//! Input: the observations through a [`Visibility`]. Output: [`SymptomTimelines`] per symptom. Each kind of symptom of the
//! rule format has its arm here; none of them knows a pattern.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::absence::absence_timelines;
use super::flow::flow_timelines;
use super::line_count::{Counting, line_count_timelines};
use super::metric::metric_timelines;
use super::onset_delay::{is_timeless, onset_delay};
use super::per_entity::{constant, timeline_without_own};
use super::persists::persists_timelines;
use super::property::property_timelines;
use super::query::query_timelines;
use super::repeats::repeats_timelines;
use super::rollup::rollup;
use super::sequence::sequence_timelines;
use super::settings::duration;
use super::symptom_timeline::{SymptomTimeline, SymptomTimelines};
use crate::evaluate::entities::EntityMap;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::plan::{Need, Part};
use crate::rules::model::SymptomKind;
use crate::rules::rule_set::RuleSymptom;
use crate::telemetry::entity::Entity;

/// Computes the timelines of symptoms on demand, each once.
#[derive(Debug)]
pub(crate) struct Symptoms<'a> {
    pub(crate) visibility: Rc<Visibility<'a>>,
    known: RefCell<BTreeMap<usize, Rc<SymptomTimelines>>>,
    /// A symptom that is assumed to be true, or false, at all entities, for counterfactuals.
    assumed: Option<(usize, bool)>,
}

impl<'a> Symptoms<'a> {
    pub(crate) fn new(visibility: Rc<Visibility<'a>>) -> Self {
        Self { visibility, known: RefCell::default(), assumed: None }
    }

    /// The same symptoms, with one of them assumed to be true, or false, at all entities.
    pub(crate) fn assuming(&self, index: usize, holds: bool) -> Self {
        let depends = |at: usize| {
            let symptom = self.visibility.rules.symptoms.get(at);
            symptom.is_some_and(|symptom| {
                symptom.watches == Some(index) || symptom.without == Some(index) || symptom.steps.contains(&index)
            })
        };
        let mut known = self.known.borrow().clone();
        known.retain(|at, _| *at != index && !depends(*at));
        Self { visibility: Rc::clone(&self.visibility), known: RefCell::new(known), assumed: Some((index, holds)) }
    }

    pub(crate) fn timelines(&self, index: usize) -> Rc<SymptomTimelines> {
        if let Some(known) = self.known.borrow().get(&index) {
            return Rc::clone(known);
        }
        let timelines = Rc::new(match self.visibility.rules.symptoms.get(index) {
            Some(symptom) => match self.assumed {
                Some((assumed, holds)) if assumed == index => {
                    constant(&self.visibility, symptom, if holds { Truth::True } else { Truth::False }, &[])
                }
                _ => self.compute(index, symptom),
            },
            None => SymptomTimelines { entities: EntityMap::default(), rest: self.visibility.constant(Truth::False) },
        });
        self.known.borrow_mut().insert(index, Rc::clone(&timelines));
        timelines
    }

    fn compute(&self, index: usize, symptom: &RuleSymptom) -> SymptomTimelines {
        let judged = self.judge(index, symptom);
        SymptomTimelines {
            entities: judged.entities.mapped(|entity, own| SymptomTimeline {
                timeline: self.bounded(index, entity, &own.timeline),
                ..own.clone()
            }),
            rest: self.bounded(index, &Entity::default(), &judged.rest),
        }
    }

    /// The truth of a symptom at an entity with what bounds its onsets: what was not visible excludes nothing, and a fact may
    /// be older than its first line or row.
    pub(crate) fn bounded(&self, index: usize, entity: &Entity, truth: &Timeline) -> Timeline {
        let visibility = &*self.visibility;
        let Some(symptom) = visibility.rules.symptoms.get(index) else { return truth.clone() };
        let own = Need::Symptom(index, Part::Main);
        let need = match symptom.watches {
            Some(watched) if visibility.plan.request_for(&own).is_none() => Need::Symptom(watched, Part::Main),
            _ => own,
        };
        let mask = match &symptom.symptom.kind {
            SymptomKind::Sequence { .. } => {
                let steps = (0..).zip(&symptom.steps).map(|(number, _)| Need::Symptom(index, Part::Step(number)));
                let masks = steps.map(|need| visibility.mask(&need, entity));
                Timeline::all(visibility.window, masks, &visibility.reasons)
            }
            _ => visibility.mask(&need, entity),
        };
        let mask = mask.frozen_at(visibility.watermark);
        let bounded = truth.hidden_where_not(&mask).delayed(onset_delay(visibility, symptom), &visibility.reasons);
        // Also where there is no number: its absence has no time either.
        if is_timeless(visibility, symptom) { bounded.timeless() } else { bounded }
    }

    fn judge(&self, index: usize, symptom: &RuleSymptom) -> SymptomTimelines {
        let visibility = &*self.visibility;
        let main = Need::Symptom(index, Part::Main);
        let timelines = |at: usize| self.timelines(at);
        match &symptom.symptom.kind {
            SymptomKind::Log { at_least, within, .. } | SymptomKind::Event { at_least, within, .. } => {
                let counting = Counting {
                    need: &main,
                    counted: symptom,
                    at_least,
                    within: within.as_ref(),
                    least_rows: 1,
                    planned: None,
                };
                line_count_timelines(visibility, symptom, &counting)
            }
            SymptomKind::Metric { .. } | SymptomKind::Ratio { .. } => metric_timelines(visibility, index, symptom),
            SymptomKind::Property { .. } => property_timelines(visibility, symptom, &main),
            SymptomKind::Query { query, threshold } => query_timelines(visibility, symptom, &main, query, threshold),
            SymptomKind::Absent { of, lasting } => {
                absence_timelines(visibility, symptom, &main, of, duration(visibility, lasting))
            }
            SymptomKind::Drop { .. } | SymptomKind::Ceases { .. } => flow_timelines(visibility, symptom, &main),
            SymptomKind::Repeats { .. } => repeats_timelines(visibility, index, symptom, timelines),
            SymptomKind::Sequence { .. } => sequence_timelines(visibility, index, symptom),
            SymptomKind::Persists { .. } => {
                persists_timelines(visibility, symptom, timelines, |at, kind, entity| self.at(at, kind, entity))
            }
        }
    }

    /// A symptom at an entity of any kind: its own timeline, the rollup of finer entities, or that of the coarser entity
    /// that contains it.
    pub(crate) fn at(&self, index: usize, kind: &str, entity: &Entity) -> Timeline {
        self.at_of(index, &self.timelines(index), kind, entity)
    }

    /// The same for given timelines of the symptom.
    pub(crate) fn at_of(&self, index: usize, timelines: &SymptomTimelines, kind: &str, entity: &Entity) -> Timeline {
        let visibility = &*self.visibility;
        let Some(symptom) = visibility.rules.symptoms.get(index) else {
            return visibility.constant(Truth::False);
        };
        let per = &symptom.symptom.per;
        if per == kind || !visibility.rules.schema.contains(kind, per) {
            let entity = entity.project(visibility.keys_of(per));
            return match timelines.entities.get(&entity) {
                Some(own) => own.timeline.clone(),
                None => timeline_without_own(visibility, symptom, timelines, &entity),
            };
        }
        let mut finer: Vec<(&Entity, &Timeline)> = timelines
            .entities
            .iter()
            .filter(|(finer, _)| finer.is_within(entity))
            .map(|(finer, own)| (finer, &own.timeline))
            .collect();
        if finer.is_empty() {
            return timelines.rest.clone();
        }
        // If no inventory lists the kind, `rest` stands for the entities without data.
        let has_inventory = visibility.entity_set(per).is_some();
        if !has_inventory {
            finer.push((entity, &timelines.rest));
        }
        let all_known = if has_inventory { visibility.all_known() } else { visibility.constant(Truth::True) };
        rollup(visibility, symptom.symptom.rollup, &finer, &all_known)
    }
}
