//! Patterns as instances: one per entity, with truth over time, episodes and onset.
//!
//! Input: what symptoms say. Output: the [`State`] of every pattern at every entity. Entities that are alike, and of which no
//! symptom that a pattern reads tells anything, are judged once. Whether an instance is a root or noise is decided elsewhere.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use super::instances::{Episode, Instances, State};
use super::time_resolution::grain;
use crate::diagnosis::{Onset, UnknownReason};
use crate::evaluate::entities::entity_set::{EntityMap, EntitySet};
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::symptoms::rollup::{at_least, rollup};
use crate::evaluate::symptoms::symptom::Symptoms;
use crate::evaluate::timeline::truth::{Timeline, Truth};
use crate::plan::UserReport;
use crate::rules::model::{Class, Rollup};
use crate::rules::rule_set::{Resolved, RulePattern};
use crate::telemetry::entity::Entity;
use crate::time::{Time, ticks_of};

/// Who has an instance of a pattern, and its truth at each of them.
#[derive(Debug)]
struct PatternTimelines {
    steps: EntityMap<Timeline>,
    /// Those of whom a symptom tells something.
    told: BTreeSet<Entity>,
}

/// Computes the truth of patterns at entities, each once.
#[derive(Debug)]
pub(crate) struct Patterns<'a> {
    pub(crate) symptoms: Rc<Symptoms<'a>>,
    sheets: RefCell<BTreeMap<usize, Rc<PatternTimelines>>>,
    /// Truth at entities that are on no sheet.
    others: RefCell<BTreeMap<(usize, Entity), Timeline>>,
    /// Whom patterns of a scope with such an `applies_to` apply to.
    rosters: RefCell<BTreeMap<(String, AppliesTo), Rc<EntitySet>>>,
}

/// Keys with the values that a pattern applies to.
type AppliesTo = BTreeMap<String, Vec<String>>;

impl<'a> Patterns<'a> {
    pub(crate) fn new(symptoms: Rc<Symptoms<'a>>) -> Self {
        Self { symptoms, sheets: RefCell::default(), others: RefCell::default(), rosters: RefCell::default() }
    }

    pub(crate) fn visibility(&self) -> &Visibility<'a> {
        &self.symptoms.visibility
    }

    /// A condition at an entity of a kind.
    pub(crate) fn condition(&self, when: &Resolved, kind: &str, entity: &Entity) -> Timeline {
        let visibility = self.visibility();
        let each = |conditions: &[Resolved]| {
            conditions.iter().map(|one| self.condition(one, kind, entity)).collect::<Vec<_>>()
        };
        match when {
            Resolved::Symptom(index) => self.symptoms.at(*index, kind, entity),
            Resolved::Pattern(index) => self.pattern_at(*index, kind, entity),
            Resolved::All(conditions) => each(conditions)
                .iter()
                .fold(visibility.constant(Truth::True), |sum, one| sum.and(one, &visibility.reasons)),
            Resolved::Any(conditions) => each(conditions)
                .iter()
                .fold(visibility.constant(Truth::False), |sum, one| sum.or(one, &visibility.reasons)),
            Resolved::Not(condition) => self.condition(condition, kind, entity).negated(),
            Resolved::AtLeast { count, of } => at_least(visibility, &each(of), |_| f64::from(*count)),
            Resolved::Requires { that, then } => {
                self.condition(that, kind, entity).and(&self.condition(then, kind, entity), &visibility.reasons)
            }
        }
    }

    /// The truth of a pattern at an entity of its own scope.
    pub(crate) fn steps(&self, index: usize, entity: &Entity) -> Timeline {
        if let Some(known) = self.sheet(index).steps.get(entity) {
            return known.clone();
        }
        let key = (index, entity.clone());
        if let Some(known) = self.others.borrow().get(&key) {
            return known.clone();
        }
        let steps = self.judged(index, entity);
        self.others.borrow_mut().insert(key, steps.clone());
        steps
    }

    fn judged(&self, index: usize, entity: &Entity) -> Timeline {
        let visibility = self.visibility();
        match visibility.rules.patterns.get(index) {
            Some(RulePattern { when: Some(when), pattern, .. }) => {
                visibility.alive(entity, &self.condition(when, &pattern.scope, entity))
            }
            _ => visibility.constant(Truth::Unknown(visibility.reasons.one(UnknownReason::Unobservable))),
        }
    }

    fn sheet(&self, index: usize) -> Rc<PatternTimelines> {
        if let Some(known) = self.sheets.borrow().get(&index) {
            return Rc::clone(known);
        }
        let rule = self.visibility().rules.patterns.get(index);
        let roster = rule.map(|rule| self.roster(rule)).unwrap_or_default();
        let when = rule.and_then(|rule| Some((rule.when.as_ref()?, rule.pattern.scope.as_str())));
        let told = when.map_or_else(BTreeSet::new, |(when, scope)| self.told(when, scope, &roster));
        let steps = EntityMap::new(roster, &told, |entity| Some(self.judged(index, entity)));
        let sheet = Rc::new(PatternTimelines { steps, told });
        self.sheets.borrow_mut().insert(index, Rc::clone(&sheet));
        sheet
    }

    /// Those on a roster of whom something is told by a symptom of their kind that a condition reads.
    fn told(&self, when: &Resolved, scope: &str, roster: &EntitySet) -> BTreeSet<Entity> {
        let rules = self.visibility().rules;
        let mut told = BTreeSet::new();
        let mut open = vec![when];
        while let Some(when) = open.pop() {
            match when {
                Resolved::Symptom(index) => {
                    if rules.symptoms.get(*index).is_some_and(|symptom| symptom.symptom.per == scope) {
                        told.extend(self.symptoms.tracks(*index).entities.told().cloned());
                    }
                }
                Resolved::Pattern(index) => {
                    if rules.patterns.get(*index).is_some_and(|rule| rule.pattern.scope == scope) {
                        told.extend(self.sheet(*index).told.iter().cloned());
                    }
                }
                Resolved::All(parts) | Resolved::Any(parts) | Resolved::AtLeast { of: parts, .. } => open.extend(parts),
                Resolved::Not(part) => open.push(part),
                Resolved::Requires { that, then } => open.extend([that.as_ref(), then.as_ref()]),
            }
        }
        told.retain(|entity| roster.contains(entity));
        told
    }

    /// The truth of a pattern at an entity of another kind.
    pub(crate) fn pattern_at(&self, index: usize, kind: &str, entity: &Entity) -> Timeline {
        let visibility = self.visibility();
        let Some(rule) = visibility.rules.patterns.get(index) else { return visibility.constant(Truth::False) };
        let scope = &rule.pattern.scope;
        if scope == kind || !visibility.rules.schema.contains(kind, scope) {
            return self.steps(index, &entity.project(visibility.keys_of(scope)));
        }
        let sheet = self.sheet(index);
        let finer: Vec<(&Entity, &Timeline)> =
            sheet.steps.iter().filter(|(finer, _)| finer.is_within(entity)).collect();
        if finer.is_empty() {
            return self.steps(index, &Entity::default());
        }
        rollup(visibility, Rollup::Any, &finer, visibility.inventory_complete)
    }

    /// The entities that have an instance of a pattern; the subject stands in where nothing is known to live.
    fn roster(&self, rule: &RulePattern) -> Rc<EntitySet> {
        let visibility = self.visibility();
        let scope = &rule.pattern.scope;
        let living = visibility.roster(scope);
        let here = |entity: &Entity| living.as_ref().is_some_and(|living| living.contains(entity));
        let mut others: BTreeSet<Entity> = BTreeSet::new();
        for symptom in self.symptoms_of(rule) {
            if visibility.rules.symptoms.get(symptom).is_some_and(|symptom| symptom.symptom.per == *scope) {
                others.extend(self.symptoms.tracks(symptom).entities.told().filter(|told| !here(told)).cloned());
            }
        }
        let applies = |entity: &Entity| {
            rule.pattern.applies_to.iter().all(|(key, values)| {
                entity.value(key).is_none_or(|own| values.iter().any(|value| value.eq_ignore_ascii_case(own)))
            })
        };
        let nobody = others.is_empty() && living.as_ref().is_none_or(|living| living.entities().is_empty());
        others.retain(applies);
        // A kind that no inventory tells of also stands for what was not seen of it.
        if nobody || living.is_none() {
            others.insert(Entity::default());
        }
        let living = living.unwrap_or_default();
        let key = (scope.clone(), rule.pattern.applies_to.clone());
        let known = self.rosters.borrow().get(&key).cloned();
        let kept = match known {
            Some(kept) => kept,
            None if key.1.is_empty() => living,
            None => Rc::new(living.changed(applies, [])),
        };
        self.rosters.borrow_mut().insert(key, Rc::clone(&kept));
        if others.is_empty() { kept } else { Rc::new(kept.changed(|_| true, others)) }
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

    /// Every instance of every pattern.
    pub(crate) fn instances(&self) -> Instances {
        Instances::new((0..self.visibility().rules.patterns.len()).map(|index| self.instances_of(index)))
    }

    /// Reported patterns that telemetry shows to be false, with the entity that the report names; by pattern and entity.
    pub(crate) fn contradicted_reports(&self, instances: &Instances) -> Vec<(usize, Entity)> {
        let mut contradicted = Vec::new();
        for index in 0..self.visibility().rules.patterns.len() {
            let Some(block) = instances.block(index) else { continue };
            let reported: BTreeSet<Entity> = self.reports(index).into_iter().map(|(entity, _)| entity).collect();
            let is_false = |entity: &Entity| block.get(entity).is_some_and(|state| state.truth.is_false());
            contradicted.extend(reported.into_iter().filter(is_false).map(|entity| (index, entity)));
        }
        contradicted
    }

    /// What was reported of a pattern, and of whom.
    fn reports(&self, index: usize) -> Vec<(Entity, &UserReport)> {
        let id = self.visibility().rules.pattern_id(index);
        let reported = self.visibility().plan.scope().reports.iter();
        reported.filter(|report| report.pattern == id).map(|report| (self.reported_entity(report), report)).collect()
    }

    /// The instances of one pattern.
    pub(crate) fn instances_of(&self, index: usize) -> Rc<EntityMap<State>> {
        let visibility = self.visibility();
        let Some(rule) = visibility.rules.patterns.get(index) else { return Rc::default() };
        let reports = self.reports(index);
        let sheet = self.sheet(index);
        let mut told = sheet.told.clone();
        let mut roster = Rc::clone(sheet.steps.roster());
        if !reports.is_empty() {
            let named: BTreeSet<Entity> = reports.iter().map(|(entity, _)| entity.clone()).collect();
            let unlisted: Vec<Entity> = named.iter().filter(|entity| !roster.contains(entity)).cloned().collect();
            roster = Rc::new(roster.changed(|_| true, unlisted));
            told.extend(named);
        }
        if let Some(when) = &rule.noise_unless {
            told.extend(self.told(when, &rule.pattern.scope, &roster));
        }
        Rc::new(EntityMap::new(roster, &told, |entity| {
            let reports: Vec<&UserReport> =
                reports.iter().filter(|(other, _)| other == entity).map(|(_, report)| *report).collect();
            let in_scope = visibility.keys_of(&rule.pattern.scope).iter().all(|key| entity.value(key).is_some());
            let steps =
                if in_scope || reports.is_empty() { self.steps(index, entity) } else { self.lifted(index, entity) };
            Some(self.state(rule, entity, steps, &reports))
        }))
    }

    /// A pattern at an entity coarser than its scope, as a report may name it.
    fn lifted(&self, index: usize, entity: &Entity) -> Timeline {
        let visibility = self.visibility();
        let sheet = self.sheet(index);
        let below: Vec<(&Entity, &Timeline)> =
            sheet.steps.iter().filter(|(finer, _)| *finer != entity && finer.is_within(entity)).collect();
        if below.is_empty() {
            return self.steps(index, entity);
        }
        rollup(visibility, Rollup::Any, &below, visibility.inventory_complete)
    }

    fn reported_entity(&self, report: &UserReport) -> Entity {
        let visibility = self.visibility();
        let subject = &visibility.plan.scope().subject;
        let folded = |key: &str| visibility.rules.schema.tables.values().any(|table| table.folded_keys.contains(key));
        Entity::new(
            report
                .entity
                .iter()
                .filter(|(key, _)| !subject.contains_key(*key))
                .map(|(key, value)| (key.clone(), if folded(key) { value.to_lowercase() } else { value.clone() })),
        )
    }

    fn state(&self, rule: &RulePattern, entity: &Entity, steps: Timeline, reports: &[&UserReport]) -> State {
        let visibility = self.visibility();
        let mut truth = steps.overall(&visibility.reasons);
        let by_report =
            !reports.is_empty() && !truth.is_true() && !truth.is_false() && rule.pattern.class == Class::Complaint;
        let (episodes, flapping) = if truth.is_true() { self.episodes(&steps, rule) } else { (Vec::new(), false) };
        let mut active = episodes.last().is_some_and(|episode| visibility.may_go_on(&steps, episode.last));
        if by_report {
            truth = Truth::True;
            active = reports.iter().any(|report| report.until.is_none_or(|until| until >= visibility.watermark));
        }
        let escalated = match &rule.noise_unless {
            Some(when) if truth.is_true() => {
                let escalation = self.condition(when, &rule.pattern.scope, entity);
                visibility.alive(entity, &escalation).overall(&visibility.reasons)
            }
            None if rule.pattern.class == Class::Benign => Truth::False,
            _ => Truth::True,
        };
        let grain = if truth.is_true() { grain(visibility.rules, rule) } else { Duration::ZERO };
        State { steps, truth, episodes, grain, active, flapping, reported: by_report, escalated }
    }

    /// Stretches of truth with gaps of at most `merge_gap` closed.
    fn episodes(&self, steps: &Timeline, rule: &RulePattern) -> (Vec<Episode>, bool) {
        let visibility = self.visibility();
        let defaults = &visibility.rules.schema.defaults;
        let flush = rule
            .symptoms
            .iter()
            .filter_map(|at| visibility.rules.symptoms.get(*at))
            .filter_map(|symptom| table_of(&symptom.symptom.kind))
            .filter_map(|table| visibility.rules.schema.tables.get(table))
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
                    let earliest = if not_before == Time::MIN { Time::MIN } else { not_before.saturating_sub(flush) };
                    episodes.push(Episode { onset: Onset { earliest, latest: segment.first.max(earliest) }, last });
                }
            }
            ended = end;
        }
        (episodes, stretches >= 3)
    }
}

/// The table that a symptom reads itself.
fn table_of(kind: &crate::rules::model::SymptomKind) -> Option<&str> {
    use crate::rules::model::{Flow, SymptomKind};
    match kind {
        SymptomKind::Log { lines, .. } => Some(&lines.table),
        SymptomKind::Metric { series, .. } | SymptomKind::Ratio { of: series, .. } => Some(&series.table),
        SymptomKind::Property { table, .. } | SymptomKind::Event { table, .. } => Some(table),
        SymptomKind::Query { query, .. } => query.tables.first().map(String::as_str),
        SymptomKind::Absent { of, .. } => table_of(of),
        SymptomKind::Drop { flow, .. } | SymptomKind::Ceases { flow, .. } => match flow {
            Flow::Rows { table, .. } => Some(table),
            Flow::Series(series) => Some(&series.table),
        },
        SymptomKind::Repeats { .. } | SymptomKind::Persists { .. } => None,
    }
}
