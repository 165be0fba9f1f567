//! The truth of patterns at entities, each computed once.
//!
//! Input: the timelines of symptoms. Output: the [`PatternState`] of every pattern at every entity. Equivalent entities are
//! evaluated once if no symptom that the pattern reads has data of them. Which instance is a root, and what is noise, is decided
//! later.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use super::condition::References;
use super::counter_evidence::ended;
use super::instance::Instances;
use super::ongoing::may_be_ongoing;
use super::onset::episodes;
use super::report::reports_of;
use super::state::{Episode, PatternState};
use super::time_resolution::time_resolution;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::{EntityMap, EntitySet, Visibility};
use crate::evaluate::symptoms::{SymptomTimeline, SymptomTimelines, Symptoms, at_least, judged_bin, rollup};
use crate::evaluate::timeline::{Timeline, Truth};
use crate::plan::UserReport;
use crate::rules::model::{Class, EndsWhen, Rollup};
use crate::rules::rule_set::{Resolved, RulePattern};
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// A pattern at the entities of its scope.
#[derive(Debug)]
struct PatternTimelines {
    timelines: EntityMap<Timeline>,
    /// The entities that a symptom of the pattern has data of.
    with_data: BTreeSet<Entity>,
}

/// Keys with the values that a pattern applies to.
type AppliesTo = BTreeMap<String, Vec<String>>;

/// Evaluates patterns on demand, each once.
#[derive(Debug)]
pub(crate) struct Patterns<'a> {
    pub(crate) symptoms: Rc<Symptoms<'a>>,
    timelines: RefCell<BTreeMap<usize, Rc<PatternTimelines>>>,
    /// The timelines of symptoms that counter-evidence ends.
    ended: RefCell<BTreeMap<usize, Rc<SymptomTimelines>>>,
    /// Timelines at entities that are not in a pattern's [`PatternTimelines`].
    other_timelines: RefCell<BTreeMap<(usize, Entity), Timeline>>,
    /// The inventory's entities that patterns of a scope with such an `applies_to` apply to.
    entity_sets: RefCell<BTreeMap<(String, AppliesTo), Rc<EntitySet>>>,
}

impl<'a> Patterns<'a> {
    pub(crate) fn new(symptoms: Rc<Symptoms<'a>>) -> Self {
        Self {
            symptoms,
            timelines: RefCell::default(),
            ended: RefCell::default(),
            other_timelines: RefCell::default(),
            entity_sets: RefCell::default(),
        }
    }

    pub(crate) fn visibility(&self) -> &Visibility<'a> {
        &self.symptoms.visibility
    }

    /// Every pattern at every entity.
    pub(crate) fn instances(&self) -> Instances {
        Instances::new((0..self.visibility().rules.patterns.len()).map(|pattern| self.states(pattern)))
    }

    /// A condition at an entity of a kind.
    pub(crate) fn condition(&self, condition: &Resolved, kind: &str, entity: &Entity) -> Timeline {
        let visibility = self.visibility();
        let reasons = &visibility.reasons;
        let each =
            |parts: &[Resolved]| parts.iter().map(|part| self.condition(part, kind, entity)).collect::<Vec<Timeline>>();
        match condition {
            Resolved::Symptom(index) => self.symptom_at(*index, kind, entity),
            Resolved::Pattern(index) => self.timeline_at(*index, kind, entity),
            Resolved::All(parts) => Timeline::all(visibility.window, each(parts), reasons),
            Resolved::Any(parts) => Timeline::any(visibility.window, each(parts), reasons),
            Resolved::Not(part) => self.condition(part, kind, entity).negated(),
            Resolved::AtLeast { count, of } => at_least(visibility, &each(of), |_| f64::from(*count)),
            Resolved::Requires { that, then } => {
                self.condition(that, kind, entity).and(&self.condition(then, kind, entity), reasons)
            }
        }
    }

    /// The timelines of a symptom at the entities of its kind, without the time after counter-evidence ended an occurrence.
    pub(crate) fn symptom_timelines(&self, index: usize) -> Rc<SymptomTimelines> {
        let visibility = self.visibility();
        let whole = self.symptoms.timelines(index);
        let Some(rule) = visibility.rules.symptoms.get(index) else { return whole };
        let Some(ends_when) = &rule.ends_when else { return whole };
        if let Some(known) = self.ended.borrow().get(&index) {
            return Rc::clone(known);
        }
        let kind = &rule.symptom.per;
        let counter_at = |entity: &Entity| match ends_when {
            EndsWhen::Symptom(other) => self.symptom_at(*other, kind, entity),
            EndsWhen::Pattern(pattern) => self.timeline_at(*pattern, kind, entity),
        };
        let counter_bin = match ends_when {
            EndsWhen::Symptom(other) => judged_bin(visibility, *other),
            EndsWhen::Pattern(pattern) => self.widest_bin(*pattern),
        };
        let timelines = Rc::new(SymptomTimelines {
            entities: whole.entities.mapped(|entity, own| {
                let truth = ended(visibility, own, &counter_at(entity), counter_bin);
                SymptomTimeline { timeline: self.symptoms.bounded(index, entity, &truth), ..own.clone() }
            }),
            rest: whole.rest.clone(),
        });
        self.ended.borrow_mut().insert(index, Rc::clone(&timelines));
        timelines
    }

    /// The width of the widest bins in which the symptoms of a pattern's condition are judged.
    fn widest_bin(&self, pattern: usize) -> Duration {
        let visibility = self.visibility();
        let rule = visibility.rules.patterns.get(pattern);
        let references = References::new(rule.and_then(|rule| rule.when.as_ref()));
        let own = references.symptoms.iter().map(|symptom| judged_bin(visibility, *symptom));
        let others = references.patterns.iter().map(|other| self.widest_bin(*other));
        own.chain(others).max().unwrap_or_default()
    }

    /// A symptom at an entity of any kind.
    pub(crate) fn symptom_at(&self, index: usize, kind: &str, entity: &Entity) -> Timeline {
        self.symptoms.at_of(index, &self.symptom_timelines(index), kind, entity)
    }

    /// A pattern at an entity of any kind: its own timeline, the rollup of finer entities, or that of the coarser entity that
    /// contains it.
    fn timeline_at(&self, pattern: usize, kind: &str, entity: &Entity) -> Timeline {
        let visibility = self.visibility();
        let Some(rule) = visibility.rules.patterns.get(pattern) else { return visibility.constant(Truth::False) };
        let scope = &rule.pattern.scope;
        if scope == kind || !visibility.rules.schema.contains(kind, scope) {
            return self.timeline(pattern, &entity.project(visibility.keys_of(scope)));
        }
        self.rolled_up(pattern, |finer| finer.is_within(entity), &Entity::default())
    }

    /// Whether a pattern holds at any of the entities of its scope that `within` selects; at `fallback` if there are none.
    fn rolled_up(&self, pattern: usize, within: impl Fn(&Entity) -> bool, fallback: &Entity) -> Timeline {
        let own = self.timelines(pattern);
        let finer: Vec<(&Entity, &Timeline)> = own.timelines.iter().filter(|(finer, _)| within(finer)).collect();
        if finer.is_empty() {
            return self.timeline(pattern, fallback);
        }
        let visibility = self.visibility();
        rollup(visibility, Rollup::Any, &finer, &visibility.all_known())
    }

    /// A pattern at an entity of its own scope.
    fn timeline(&self, pattern: usize, entity: &Entity) -> Timeline {
        if let Some(known) = self.timelines(pattern).timelines.get(entity) {
            return known.clone();
        }
        let key = (pattern, entity.clone());
        if let Some(known) = self.other_timelines.borrow().get(&key) {
            return known.clone();
        }
        let timeline = self.evaluate(pattern, entity);
        self.other_timelines.borrow_mut().insert(key, timeline.clone());
        timeline
    }

    fn evaluate(&self, pattern: usize, entity: &Entity) -> Timeline {
        let visibility = self.visibility();
        match visibility.rules.patterns.get(pattern) {
            Some(RulePattern { when: Some(when), pattern, .. }) => {
                visibility.false_outside_lifetime(entity, &self.condition(when, &pattern.scope, entity))
            }
            _ => visibility.constant(Truth::Unknown(visibility.reasons.one(UnknownReason::Unobservable))),
        }
    }

    /// A pattern at all entities of its scope.
    fn timelines(&self, pattern: usize) -> Rc<PatternTimelines> {
        if let Some(known) = self.timelines.borrow().get(&pattern) {
            return Rc::clone(known);
        }
        let rule = self.visibility().rules.patterns.get(pattern);
        let set = rule.map(|rule| self.entity_set(rule)).unwrap_or_default();
        let condition = rule.and_then(|rule| Some((rule.when.as_ref()?, rule.pattern.scope.as_str())));
        let with_data =
            condition.map_or_else(BTreeSet::new, |(when, scope)| self.entities_with_data(when, scope, &set));
        let timelines = EntityMap::new(set, &with_data, |entity| Some(self.evaluate(pattern, entity)));
        let timelines = Rc::new(PatternTimelines { timelines, with_data });
        self.timelines.borrow_mut().insert(pattern, Rc::clone(&timelines));
        timelines
    }

    /// The entities of a set that a symptom of the same kind has data of, if the condition reads it, directly or through a
    /// pattern of the same scope.
    fn entities_with_data(&self, condition: &Resolved, scope: &str, set: &EntitySet) -> BTreeSet<Entity> {
        let rules = self.visibility().rules;
        let references = References::new([condition]);
        let mut with_data = BTreeSet::new();
        for symptom in references.symptoms {
            if rules.symptoms.get(symptom).is_some_and(|rule| rule.symptom.per == scope) {
                with_data.extend(self.symptoms.timelines(symptom).entities.with_own_value().cloned());
            }
        }
        for pattern in references.patterns {
            if rules.patterns.get(pattern).is_some_and(|rule| rule.pattern.scope == scope) {
                with_data.extend(self.timelines(pattern).with_data.iter().cloned());
            }
        }
        with_data.retain(|entity| set.contains(entity));
        with_data
    }

    /// The entities that have an instance of a pattern: those of its scope in the inventory, and those that its symptoms have
    /// data of, if it applies to them. The entity without keys stands for entities that are not known.
    fn entity_set(&self, rule: &RulePattern) -> Rc<EntitySet> {
        let visibility = self.visibility();
        let scope = &rule.pattern.scope;
        let listed = visibility.entity_set(scope);
        let is_listed = |entity: &Entity| listed.as_ref().is_some_and(|listed| listed.contains(entity));
        let mut unlisted: BTreeSet<Entity> = BTreeSet::new();
        for symptom in References::new(&rule.when).symptoms {
            if visibility.rules.symptoms.get(symptom).is_some_and(|rule| rule.symptom.per == *scope) {
                let timelines = self.symptoms.timelines(symptom);
                unlisted.extend(timelines.entities.with_own_value().filter(|entity| !is_listed(entity)).cloned());
            }
        }
        let applies = |entity: &Entity| {
            rule.pattern.applies_to.iter().all(|(key, values)| {
                entity.value(key).is_none_or(|own| values.iter().any(|value| value.eq_ignore_ascii_case(own)))
            })
        };
        let no_entities = unlisted.is_empty() && listed.as_ref().is_none_or(|listed| listed.entities().is_empty());
        unlisted.retain(applies);
        if no_entities || listed.is_none() {
            unlisted.insert(Entity::default());
        }
        let listed = listed.unwrap_or_default();
        let key = (scope.clone(), rule.pattern.applies_to.clone());
        let known = self.entity_sets.borrow().get(&key).cloned();
        let applicable = match known {
            Some(applicable) => applicable,
            None if key.1.is_empty() => listed,
            None => Rc::new(listed.changed(applies, [])),
        };
        self.entity_sets.borrow_mut().insert(key, Rc::clone(&applicable));
        if unlisted.is_empty() { applicable } else { Rc::new(applicable.changed(|_| true, unlisted)) }
    }

    /// The states of a pattern at all its entities, those that a user report names included.
    pub(crate) fn states(&self, pattern: usize) -> Rc<EntityMap<PatternState>> {
        let visibility = self.visibility();
        let Some(rule) = visibility.rules.patterns.get(pattern) else { return Rc::default() };
        let reports = reports_of(visibility, pattern);
        let own = self.timelines(pattern);
        let mut with_data = own.with_data.clone();
        let mut set = Rc::clone(own.timelines.entity_set());
        if !reports.is_empty() {
            let reported: BTreeSet<Entity> = reports.iter().map(|(entity, _)| entity.clone()).collect();
            let additional: Vec<Entity> = reported.iter().filter(|entity| !set.contains(entity)).cloned().collect();
            set = Rc::new(set.changed(|_| true, additional));
            with_data.extend(reported);
        }
        if let Some(noise_unless) = &rule.noise_unless {
            with_data.extend(self.entities_with_data(noise_unless, &rule.pattern.scope, &set));
        }
        Rc::new(EntityMap::new(set, &with_data, |entity| {
            let reports: Vec<&UserReport> =
                reports.iter().filter(|(other, _)| other == entity).map(|(_, report)| *report).collect();
            let in_scope = visibility.keys_of(&rule.pattern.scope).iter().all(|key| entity.value(key).is_some());
            // A report may name an entity that is coarser than the pattern's scope.
            let timeline = if in_scope || reports.is_empty() {
                self.timeline(pattern, entity)
            } else {
                self.rolled_up(pattern, |finer| finer != entity && finer.is_within(entity), entity)
            };
            Some(self.state(rule, entity, timeline, &reports))
        }))
    }

    fn state(&self, rule: &RulePattern, entity: &Entity, timeline: Timeline, reports: &[&UserReport]) -> PatternState {
        let visibility = self.visibility();
        let rules = visibility.rules;
        let truth = timeline.overall(&visibility.reasons);
        let (mut episodes, is_flapping) = if truth.is_true() {
            episodes(visibility, &timeline, rules.schema.defaults.merge_gap)
        } else {
            (Vec::new(), false)
        };
        let resolution = if truth.is_false() { Duration::ZERO } else { time_resolution(rules, rule) };
        self.mark_begins_with_entity(rule, entity, resolution, &mut episodes);
        let is_reported =
            !reports.is_empty() && matches!(truth, Truth::Unknown(_)) && rule.pattern.class.can_be_reported();
        let (truth, is_active) = if is_reported {
            let is_current = |report: &&UserReport| report.until.is_none_or(|until| until >= visibility.watermark);
            episodes.push(Episode::timeless());
            (Truth::True, reports.iter().any(is_current))
        } else {
            (truth, episodes.last().is_some_and(|episode| may_be_ongoing(visibility, &timeline, episode)))
        };
        self.judge_noise(rule, entity, &timeline, &mut episodes);
        let reasons = &visibility.reasons;
        let escalated = match episodes.last() {
            Some(last) if is_active => last.escalated,
            Some(_) => Truth::any(episodes.iter().map(|episode| episode.escalated), reasons),
            None => Truth::True,
        };
        let reported_since = reports.iter().filter_map(|report| report.since).min();
        PatternState {
            timeline,
            truth,
            episodes,
            resolution,
            is_active,
            is_flapping,
            is_reported,
            reported_since,
            escalated,
        }
    }

    /// Sets for each episode whether it begins with its entity: within the time that the first row may take, or a grace after
    /// starts.
    fn mark_begins_with_entity(
        &self,
        rule: &RulePattern,
        entity: &Entity,
        resolution: Duration,
        episodes: &mut [Episode],
    ) {
        let visibility = self.visibility();
        let risk = visibility.at_risk(entity);
        if risk.from == Time::MIN {
            return;
        }
        let graces = References::new(&rule.when).symptoms.into_iter().filter_map(|symptom| {
            let grace = visibility.rules.symptoms.get(symptom)?.symptom.startup_grace.as_ref()?;
            visibility.plan.value(grace)?.duration()
        });
        let first = graces.fold(risk.cadence.max(resolution), Duration::max);
        for episode in episodes {
            episode.begins_with_entity = !episode.is_timeless && episode.from <= risk.from.saturating_add(first);
        }
    }

    /// Sets for each episode whether it is more than noise: whether `noise_unless` holds at some time within it, or at a time
    /// at which a part without a time may hold.
    fn judge_noise(&self, rule: &RulePattern, entity: &Entity, timeline: &Timeline, episodes: &mut [Episode]) {
        let visibility = self.visibility();
        let reasons = &visibility.reasons;
        match &rule.noise_unless {
            Some(noise_unless) if !episodes.is_empty() => {
                let escalation = self.condition(noise_unless, &rule.pattern.scope, entity);
                let escalation = visibility.false_outside_lifetime(entity, &escalation);
                let has_no_time =
                    timeline.dated().map(|dated| if dated.is_true() { Truth::False } else { Truth::True });
                let without_time = timeline.and(&has_no_time, reasons);
                let without_time = without_time.spans().filter(|(segment, _)| segment.truth.is_true());
                let without_time: Vec<(Time, Time)> = without_time.map(|(segment, end)| (segment.from, end)).collect();
                for episode in episodes {
                    let mut periods = without_time.clone();
                    periods.push((episode.from, episode.to));
                    let counts = |from: Time, to: Time| periods.iter().any(|period| to > period.0 && from < period.1);
                    let spans = escalation.spans().filter(|(segment, end)| counts(segment.from, *end));
                    episode.escalated = Truth::any(spans.map(|(segment, _)| segment.truth), reasons);
                }
            }
            None if rule.pattern.class == Class::Benign => {
                episodes.iter_mut().for_each(|episode| episode.escalated = Truth::False);
            }
            _ => {}
        }
    }

    /// Reported patterns that telemetry shows to be false, with the entity that the report names; by pattern and entity.
    pub(crate) fn contradicted_reports(&self, instances: &Instances) -> Vec<(usize, Entity)> {
        let visibility = self.visibility();
        let mut contradicted = Vec::new();
        for pattern in 0..visibility.rules.patterns.len() {
            let Some(states) = instances.states_of(pattern) else { continue };
            let reported: BTreeSet<Entity> =
                reports_of(visibility, pattern).into_iter().map(|(entity, _)| entity).collect();
            let is_false = |entity: &Entity| states.get(entity).is_some_and(|state| state.truth.is_false());
            contradicted.extend(reported.into_iter().filter(is_false).map(|entity| (pattern, entity)));
        }
        contradicted
    }
}
