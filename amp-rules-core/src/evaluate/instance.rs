//! Patterns as instances: one per entity, with truth over time, episodes and onset.
//!
//! Input: what symptoms say. Output: [`Instance`]s of every pattern, in the order of patterns and entities. Whether an
//! instance is a root or noise is decided elsewhere.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::lift::{at_least, lift};
use super::symptom::Symptoms;
use super::truth::{Steps, Truth};
use super::world::World;
use crate::diagnosis::{Onset, UnknownReason};
use crate::entity::Entity;
use crate::model::{Class, Lift};
use crate::request::Report;
use crate::rule_set::{Resolved, RulePattern};
use crate::time::{Time, ticks_of};

/// A pattern at one entity.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) pattern: usize,
    pub(crate) entity: Entity,
    pub(crate) steps: Steps,
    pub(crate) truth: Truth,
    /// Merged stretches of truth, where it is true.
    pub(crate) episodes: Vec<Episode>,
    pub(crate) active: bool,
    pub(crate) flapping: bool,
    /// Whether it is so because somebody reported it; then neither its onset nor its end is known.
    pub(crate) reported: bool,
    /// Whether it is what `noise_unless` says it is: `False` noise, `Unknown` unresolved, `True` an ordinary instance.
    pub(crate) escalated: Truth,
}

/// A stretch of truth, near ones merged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Episode {
    pub(crate) onset: Onset,
    pub(crate) last: Time,
}

impl Instance {
    /// The onset of its last episode.
    pub(crate) fn onset(&self) -> Onset {
        if self.reported {
            return Onset { earliest: Time::MIN, latest: Time::MAX };
        }
        self.episodes.last().map_or(Onset { earliest: Time::MIN, latest: Time::MAX }, |episode| episode.onset)
    }

    /// When it was last seen.
    pub(crate) fn last(&self) -> Time {
        if self.reported { Time::MAX } else { self.episodes.last().map_or(Time::MIN, |episode| episode.last) }
    }

    /// The first evidence of its last episode.
    pub(crate) fn first_seen(&self) -> Time {
        if self.reported { Time::MIN } else { self.onset().latest }
    }
}

/// Computes the truth of patterns at entities, each once.
pub(crate) struct Patterns<'w> {
    pub(crate) symptoms: &'w Symptoms<'w>,
    known: RefCell<BTreeMap<(usize, Entity), Steps>>,
}

impl<'w> Patterns<'w> {
    pub(crate) fn new(symptoms: &'w Symptoms<'w>) -> Self {
        Self { symptoms, known: RefCell::default() }
    }

    pub(crate) fn world(&self) -> &'w World<'w> {
        self.symptoms.world
    }

    /// A condition at an entity of a kind.
    pub(crate) fn condition(&self, when: &Resolved, kind: &str, entity: &Entity) -> Steps {
        let world = self.world();
        let each = |conditions: &[Resolved]| {
            conditions.iter().map(|one| self.condition(one, kind, entity)).collect::<Vec<_>>()
        };
        match when {
            Resolved::Symptom(index) => self.symptoms.at(*index, kind, entity),
            Resolved::Pattern(index) => self.pattern_at(*index, kind, entity),
            Resolved::All(conditions) => {
                each(conditions).iter().fold(world.constant(Truth::True), |sum, one| sum.and(one, &world.book))
            }
            Resolved::Any(conditions) => {
                each(conditions).iter().fold(world.constant(Truth::False), |sum, one| sum.or(one, &world.book))
            }
            Resolved::Not(condition) => self.condition(condition, kind, entity).negated(),
            Resolved::AtLeast { count, of } => at_least(world, &each(of), |_| f64::from(*count)),
            Resolved::Requires { that, then } => {
                self.condition(that, kind, entity).and(&self.condition(then, kind, entity), &world.book)
            }
        }
    }

    /// The truth of a pattern at an entity of its own scope.
    pub(crate) fn steps(&self, index: usize, entity: &Entity) -> Steps {
        let key = (index, entity.clone());
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        let world = self.world();
        let steps = match world.rules.patterns.get(index) {
            Some(RulePattern { when: Some(when), pattern, .. }) => {
                world.alive(entity, &self.condition(when, &pattern.scope, entity))
            }
            _ => world.constant(Truth::Unknown(world.book.one(UnknownReason::Unobservable))),
        };
        self.known.borrow_mut().insert(key, steps.clone());
        steps
    }

    /// The truth of a pattern at an entity of another kind.
    pub(crate) fn pattern_at(&self, index: usize, kind: &str, entity: &Entity) -> Steps {
        let world = self.world();
        let Some(rule) = world.rules.patterns.get(index) else { return world.constant(Truth::False) };
        let scope = &rule.pattern.scope;
        if scope == kind || !world.rules.schema.contains(kind, scope) {
            return self.steps(index, &entity.project(&world.keys_of(scope)));
        }
        let finer: Vec<(Entity, Steps)> = self
            .entities(index)
            .into_iter()
            .filter(|finer| finer.is_within(entity))
            .map(|finer| {
                let steps = self.steps(index, &finer);
                (finer, steps)
            })
            .collect();
        if finer.is_empty() {
            return self.steps(index, &Entity::default());
        }
        let borrowed: Vec<(&Entity, &Steps)> = finer.iter().map(|(entity, steps)| (entity, steps)).collect();
        lift(world, Lift::Any, &borrowed, world.inventory_complete)
    }

    /// The entities that have an instance of a pattern; the subject stands in where nothing is known to live.
    pub(crate) fn entities(&self, index: usize) -> Vec<Entity> {
        let world = self.world();
        let Some(rule) = world.rules.patterns.get(index) else { return Vec::new() };
        let scope = &rule.pattern.scope;
        let living = world.universe(scope);
        let mut entities: Vec<Entity> = living.iter().flat_map(|living| living.iter().cloned()).collect();
        for symptom in self.symptoms_of(rule) {
            if world.rules.symptoms.get(symptom).is_some_and(|symptom| symptom.symptom.per == *scope) {
                entities.extend(self.symptoms.tracks(symptom).entities.keys().cloned());
            }
        }
        entities.sort();
        entities.dedup();
        let applies = |entity: &Entity| {
            rule.pattern.applies_to.iter().all(|(key, values)| {
                entity.value(key).is_none_or(|own| values.iter().any(|value| value.eq_ignore_ascii_case(own)))
            })
        };
        let nobody = entities.is_empty();
        entities.retain(applies);
        // A kind that no inventory tells of also stands for what was not seen of it.
        if nobody || living.is_none() {
            entities.push(Entity::default());
            entities.sort();
            entities.dedup();
        }
        entities
    }

    /// The symptoms that a pattern's own condition reads.
    fn symptoms_of(&self, rule: &RulePattern) -> Vec<usize> {
        fn walk(when: &Resolved, out: &mut Vec<usize>) {
            match when {
                Resolved::Symptom(index) => out.push(*index),
                Resolved::Pattern(_) => {}
                Resolved::All(conditions) | Resolved::Any(conditions) | Resolved::AtLeast { of: conditions, .. } => {
                    conditions.iter().for_each(|one| walk(one, out))
                }
                Resolved::Not(one) => walk(one, out),
                Resolved::Requires { that, then } => {
                    walk(that, out);
                    walk(then, out);
                }
            }
        }
        let mut out = Vec::new();
        if let Some(when) = &rule.when {
            walk(when, &mut out);
        }
        out
    }

    /// Every instance of every pattern, in order of patterns and entities, and reports that telemetry contradicts.
    pub(crate) fn instances(&self) -> (Vec<Instance>, Vec<(usize, Entity)>) {
        let mut instances = Vec::new();
        let mut contradicted = Vec::new();
        for index in 0..self.world().rules.patterns.len() {
            let of_pattern = self.instances_of(index);
            contradicted.extend(
                of_pattern
                    .iter()
                    .filter(|(instance, against)| *against && instance.truth.is_false())
                    .map(|(instance, _)| (index, instance.entity.clone())),
            );
            instances.extend(of_pattern.into_iter().map(|(instance, _)| instance));
        }
        (instances, contradicted)
    }

    /// The instances of one pattern, each with whether somebody reported it.
    pub(crate) fn instances_of(&self, index: usize) -> Vec<(Instance, bool)> {
        let world = self.world();
        let Some(rule) = world.rules.patterns.get(index) else { return Vec::new() };
        let reports: Vec<(Entity, &Report)> = world
            .plan
            .scope()
            .reported
            .iter()
            .filter(|report| report.pattern == rule.pattern.id)
            .map(|report| (self.reported_entity(report), report))
            .collect();
        let mut entities = self.entities(index);
        entities.extend(reports.iter().map(|(entity, _)| entity.clone()));
        entities.sort();
        entities.dedup();
        entities
            .into_iter()
            .map(|entity| {
                let reports: Vec<&Report> =
                    reports.iter().filter(|(other, _)| *other == entity).map(|(_, report)| *report).collect();
                let in_scope = world.keys_of(&rule.pattern.scope).iter().all(|key| entity.value(key).is_some());
                let steps = if in_scope || reports.is_empty() {
                    self.steps(index, &entity)
                } else {
                    self.lifted(index, &entity)
                };
                (self.instance(index, rule, entity, steps, &reports), !reports.is_empty())
            })
            .collect()
    }

    /// A pattern at an entity coarser than its scope, as a report may name it.
    fn lifted(&self, index: usize, entity: &Entity) -> Steps {
        let world = self.world();
        let below: Vec<(Entity, Steps)> = self
            .entities(index)
            .into_iter()
            .filter(|finer| finer != entity && finer.is_within(entity))
            .map(|finer| {
                let steps = self.steps(index, &finer);
                (finer, steps)
            })
            .collect();
        if below.is_empty() {
            return self.steps(index, entity);
        }
        let borrowed: Vec<(&Entity, &Steps)> = below.iter().map(|(entity, steps)| (entity, steps)).collect();
        lift(world, Lift::Any, &borrowed, world.inventory_complete)
    }

    fn reported_entity(&self, report: &Report) -> Entity {
        let world = self.world();
        let subject = &world.plan.scope().subject;
        let folded = |key: &str| world.rules.schema.tables.values().any(|table| table.folded_keys.contains(key));
        Entity::new(
            report
                .entity
                .iter()
                .filter(|(key, _)| !subject.contains_key(*key))
                .map(|(key, value)| (key.clone(), if folded(key) { value.to_lowercase() } else { value.clone() })),
        )
    }

    fn instance(
        &self,
        index: usize,
        rule: &RulePattern,
        entity: Entity,
        steps: Steps,
        reports: &[&Report],
    ) -> Instance {
        let world = self.world();
        let mut truth = steps.overall(&world.book);
        let by_report =
            !reports.is_empty() && !truth.is_true() && !truth.is_false() && rule.pattern.class == Class::Complaint;
        let (episodes, flapping) = if truth.is_true() { self.episodes(&steps, rule) } else { (Vec::new(), false) };
        let fresh = world.watermark.minus(world.freshness());
        let mut active = episodes.last().is_some_and(|episode| episode.last >= fresh);
        if by_report {
            truth = Truth::True;
            active = reports.iter().any(|report| report.until.is_none_or(|until| until >= world.watermark));
        }
        let escalated = match &rule.noise_unless {
            Some(when) if truth.is_true() => {
                let escalation = self.condition(when, &rule.pattern.scope, &entity);
                world.alive(&entity, &escalation).overall(&world.book)
            }
            None if rule.pattern.class == Class::Benign => Truth::False,
            _ => Truth::True,
        };
        Instance { pattern: index, entity, steps, truth, episodes, active, flapping, reported: by_report, escalated }
    }

    /// Stretches of truth with gaps of at most `merge_gap` closed.
    fn episodes(&self, steps: &Steps, rule: &RulePattern) -> (Vec<Episode>, bool) {
        let world = self.world();
        let defaults = &world.rules.schema.defaults;
        let flush = rule
            .symptoms
            .iter()
            .filter_map(|at| world.rules.symptoms.get(*at))
            .filter_map(|symptom| table_of(&symptom.symptom.kind))
            .filter_map(|table| world.rules.schema.tables.get(table))
            .map(|table| table.flush)
            .max()
            .unwrap_or(defaults.flush);
        let mut episodes: Vec<Episode> = Vec::new();
        let mut stretches = 0_usize;
        // The end of the last stretch that was seen to be false.
        let mut not_before = Time::MIN;
        let mut ended = Time::MIN;
        for (segment, end) in steps.spans() {
            if segment.truth.is_false() {
                not_before = end;
            }
            if !segment.truth.is_true() {
                continue;
            }
            stretches += 1;
            let last = segment.last.min(end).max(segment.from);
            match episodes.last_mut() {
                Some(episode) if segment.from.ticks_since(ended) <= ticks_of(defaults.merge_gap) => episode.last = last,
                _ => {
                    let earliest = if not_before == Time::MIN { Time::MIN } else { not_before.minus(flush) };
                    episodes.push(Episode { onset: Onset { earliest, latest: segment.first.max(earliest) }, last });
                }
            }
            ended = end;
        }
        (episodes, stretches >= 3)
    }
}

/// The table that a symptom reads itself.
fn table_of(kind: &crate::model::SymptomKind) -> Option<&str> {
    use crate::model::{Flow, SymptomKind};
    match kind {
        SymptomKind::Log { lines, .. } => Some(&lines.table),
        SymptomKind::Metric { series, .. } | SymptomKind::Ratio { of: series, .. } => Some(&series.table),
        SymptomKind::Property { table, .. } | SymptomKind::Event { table, .. } => Some(table),
        SymptomKind::Absent { of, .. } => table_of(of),
        SymptomKind::Drop { flow, .. } | SymptomKind::Ceases { flow, .. } => match flow {
            Flow::Rows { table, .. } => Some(table),
            Flow::Series(series) => Some(&series.table),
        },
        SymptomKind::Repeats { .. } | SymptomKind::Persists { .. } => None,
    }
}
