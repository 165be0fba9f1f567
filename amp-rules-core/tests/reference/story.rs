//! Instances, roles and the status, from the definitions.
//!
//! Input: a [`Reference`]. Output: a [`Told`], to be compared with a diagnosis.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::{Grade, Role, Status, UnknownReason};
use amp_rules_core::rules::model::{Class, Flow, SeriesSpec, SymptomKind};
use amp_rules_core::rules::rule_set::Resolved;
use amp_rules_core::time::{Time, ticks_of};

use crate::graph::Graph;
use crate::symptoms::Reference;
use crate::track::{Track, Truth};

/// A pattern at an entity.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) pattern: usize,
    pub(crate) entity: Entity,
    pub(crate) track: Track,
    pub(crate) truth: Truth,
    /// Onset: not before, and the first evidence; the last evidence.
    pub(crate) onset: (Time, Time),
    /// How wide the bins of the numbers are that its condition reads.
    pub(crate) grain: Duration,
    pub(crate) last: Time,
    pub(crate) active: bool,
    pub(crate) reported: bool,
    pub(crate) escalated: Truth,
}

impl Instance {
    /// Where it can have begun: what a number shows may have begun a bin before or after.
    pub(crate) fn began(&self) -> (Time, Time) {
        (
            self.onset.0.saturating_add_ticks(-ticks_of(self.grain)),
            self.onset.1.saturating_add_ticks(ticks_of(self.grain)),
        )
    }

    pub(crate) fn first_seen(&self) -> Time {
        if self.reported { Time::MIN } else { self.onset.1 }
    }
}

/// One root of a diagnosis: pattern, role, grade, entities, what it explains (inferred or not), complaints and impacts.
pub(crate) type Root = (String, Role, Grade, BTreeSet<Entity>, BTreeSet<(String, bool)>, BTreeSet<String>);

/// What a diagnosis says, in sets.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) status: Status,
    pub(crate) roles: BTreeSet<(String, Entity, Role)>,
    pub(crate) unresolved: BTreeSet<(String, BTreeSet<Entity>, bool, BTreeSet<UnknownReason>)>,
    pub(crate) roots: Vec<Root>,
    pub(crate) hypotheses: BTreeSet<(String, BTreeSet<String>)>,
}

pub(crate) fn is_quiet(truth: &Truth) -> bool {
    matches!(truth, Truth::Unknown(reasons) if reasons.iter().all(|reason| matches!(reason, UnknownReason::Silent | UnknownReason::Unobservable)))
}

impl Reference<'_> {
    pub(crate) fn condition(&self, when: &Resolved, kind: &str, entity: &Entity) -> Track {
        let grid = &self.grid;
        let each = |parts: &[Resolved]| parts.iter().map(|part| self.condition(part, kind, entity)).collect::<Vec<_>>();
        match when {
            Resolved::Symptom(index) => self.at(*index, kind, entity),
            Resolved::Pattern(index) => self.pattern_at(*index, kind, entity),
            Resolved::All(parts) => each(parts).iter().fold(grid.whole(Truth::True), |sum, one| grid.and(&sum, one)),
            Resolved::Any(parts) => each(parts).iter().fold(grid.whole(Truth::False), |sum, one| grid.or(&sum, one)),
            Resolved::Not(part) => grid.mapped(&self.condition(part, kind, entity), Truth::not),
            Resolved::AtLeast { count, of } => grid.at_least(&each(of), f64::from(*count)),
            Resolved::Requires { that, then } => {
                grid.and(&self.condition(that, kind, entity), &self.condition(then, kind, entity))
            }
        }
    }

    pub(crate) fn pattern(&self, index: usize, entity: &Entity) -> Track {
        let rule = &self.rules.patterns[index];
        match &rule.when {
            Some(when) => self.condition(when, &rule.pattern.scope, entity),
            None => self.grid.whole(Truth::open(UnknownReason::Unobservable)),
        }
    }

    pub(crate) fn pattern_at(&self, index: usize, kind: &str, entity: &Entity) -> Track {
        let scope = &self.rules.patterns[index].pattern.scope;
        if scope == kind || !self.rules.schema.contains(kind, scope) {
            return self.pattern(index, &entity.project(&self.keys(scope)));
        }
        self.below(index, entity)
    }

    /// A pattern at something coarser than its scope.
    pub(crate) fn below(&self, index: usize, entity: &Entity) -> Track {
        let finer: Vec<Track> = self
            .entities(index)
            .into_iter()
            .filter(|finer| finer.is_within(entity))
            .map(|finer| self.pattern(index, &finer))
            .collect();
        if finer.is_empty() {
            return self.pattern(index, &Entity::default());
        }
        self.lifted(amp_rules_core::rules::model::Rollup::Any, &finer)
    }

    /// Who has an instance of a pattern.
    pub(crate) fn entities(&self, index: usize) -> BTreeSet<Entity> {
        let pattern = &self.rules.patterns[index].pattern;
        let applies = |entity: &Entity| {
            pattern.applies_to.iter().all(|(key, values)| {
                entity.value(key).is_none_or(|own| values.iter().any(|value| value.eq_ignore_ascii_case(own)))
            })
        };
        self.universe(&pattern.scope).into_iter().filter(applies).collect()
    }

    pub(crate) fn instances(&self) -> Vec<Instance> {
        let scope = self.seen.plan().scope();
        let mut all = Vec::new();
        for (index, rule) in self.rules.patterns.iter().enumerate() {
            let named = |entity: &BTreeMap<String, String>| {
                Entity::new(
                    entity
                        .iter()
                        .filter(|(key, _)| !scope.subject.contains_key(*key))
                        .map(|(key, value)| (key.clone(), value.clone())),
                )
            };
            let reports: Vec<_> = scope
                .reports
                .iter()
                .filter(|report| report.pattern == rule.pattern.id)
                .map(|report| (named(&report.entity), report))
                .collect();
            let mut entities = self.entities(index);
            entities.extend(reports.iter().map(|(entity, _)| entity.clone()));
            for entity in entities {
                let own: Vec<_> =
                    reports.iter().filter(|(other, _)| *other == entity).map(|(_, report)| *report).collect();
                let in_scope = self.keys(&rule.pattern.scope).iter().all(|key| entity.value(key).is_some());
                let track =
                    if in_scope || own.is_empty() { self.pattern(index, &entity) } else { self.below(index, &entity) };
                let mut one = self.instance(index, entity, track);
                if !own.is_empty() && one.truth.is_open() && rule.pattern.class == Class::Complaint {
                    one.truth = Truth::True;
                    one.reported = true;
                    one.onset = (Time::MIN, Time::MAX);
                    one.last = Time::MAX;
                    one.active = own.iter().any(|report| report.until.is_none_or(|until| until >= self.watermark));
                }
                one.escalated = match &rule.noise_unless {
                    Some(when) if one.truth == Truth::True => {
                        self.grid.overall(&self.condition(when, &rule.pattern.scope, &one.entity))
                    }
                    None if rule.pattern.class == Class::Benign => Truth::False,
                    _ => Truth::True,
                };
                all.push(one);
            }
        }
        all
    }

    pub(crate) fn freshness(&self) -> Duration {
        let cadence = self
            .rules
            .schema
            .tables
            .values()
            .flat_map(|table| table.heartbeats.iter().map(|beat| beat.every))
            .max()
            .unwrap();
        (cadence * 2).max(Duration::from_secs(600)).max(self.rules.schema.defaults.merge_gap)
    }

    /// For how long, of the time between an instant and the watermark, nothing was lost that would tell of a track.
    fn seen_since(&self, track: &Track, last: Time) -> i64 {
        let lost = |truth: &Truth| {
            let Truth::Unknown(reasons) = truth else { return false };
            reasons.iter().any(|reason| {
                ["missing_table", "denied", "timeout", "source_error", "truncated", "channel_dead"]
                    .iter()
                    .any(|word| reason.to_string().starts_with(word))
            })
        };
        let seen = |from: Time, to: Time| to.min(self.watermark).ticks_since(from.max(last)).max(0);
        let gone: i64 =
            self.grid.runs(track).iter().filter(|run| lost(&run.0.truth)).map(|(_, from, to)| seen(*from, *to)).sum();
        self.watermark.ticks_since(last) - gone
    }

    fn grain(&self, when: &Resolved) -> Duration {
        let bin = |series: &SeriesSpec| series.steps.last().and_then(|step| step.every).unwrap_or(Duration::ZERO);
        let each = |of: &[Resolved]| of.iter().map(|one| self.grain(one)).max().unwrap_or(Duration::ZERO);
        match when {
            Resolved::Symptom(index) => {
                let one = &self.rules.symptoms[*index];
                let watched =
                    [one.watches, one.without].into_iter().flatten().map(|at| self.grain(&Resolved::Symptom(at)));
                let own = match &one.symptom.kind {
                    SymptomKind::Metric { series, .. } => bin(series),
                    SymptomKind::Ratio { of, to, .. } => bin(of).max(bin(to)),
                    SymptomKind::Drop { flow: Flow::Series(_), every, .. }
                    | SymptomKind::Ceases { flow: Flow::Series(_), every } => *every,
                    _ => Duration::ZERO,
                };
                watched.max().unwrap_or(Duration::ZERO).max(own)
            }
            Resolved::Pattern(index) => {
                self.rules.patterns[*index].when.as_ref().map_or(Duration::ZERO, |when| self.grain(when))
            }
            Resolved::All(of) | Resolved::Any(of) | Resolved::AtLeast { of, .. } => each(of),
            Resolved::Not(one) => self.grain(one),
            Resolved::Requires { that, then } => self.grain(that).max(self.grain(then)),
        }
    }

    /// Episodes: stretches of truth at most `merge_gap` apart are one; the last of them counts.
    pub(crate) fn instance(&self, pattern: usize, entity: Entity, track: Track) -> Instance {
        let defaults = &self.rules.schema.defaults;
        let truth = self.grid.overall(&track);
        let mut onset = (Time::MIN, Time::MAX);
        let (mut last, mut ended, mut not_before) = (Time::MIN, Time::MIN, Time::MIN);
        for (cell, from, to) in self.grid.runs(&track) {
            match cell.truth {
                Truth::False => not_before = to,
                Truth::Unknown(_) => {}
                Truth::True => {
                    let end = cell.last.min(to).max(from);
                    if ended == Time::MIN || from.ticks_since(ended) > ticks_of(defaults.merge_gap) {
                        let earliest =
                            if not_before == Time::MIN { Time::MIN } else { not_before.saturating_sub(defaults.flush) };
                        onset = (earliest, cell.first.max(earliest));
                    }
                    (last, ended) = (end, to);
                }
            }
        }
        let active = truth == Truth::True && self.seen_since(&track, last) <= ticks_of(self.freshness());
        let grain = self.rules.patterns[pattern].when.as_ref().map_or(Duration::ZERO, |when| self.grain(when));
        Instance { pattern, entity, track, truth, onset, grain, last, active, reported: false, escalated: Truth::True }
    }
}

/// Everything that the reference says.
pub(crate) fn told(world: &Reference<'_>) -> Told {
    let instances = world.instances();
    let class = |pattern: usize| world.rules.patterns[pattern].pattern.class;
    let id = |pattern: usize| world.rules.pattern_id(pattern).to_owned();
    let graph = Graph::new(world, instances);
    let roots = graph.roots();
    let entries: BTreeSet<usize> = roots.iter().flat_map(|one| graph.entries(one)).collect();
    let (guesses, covered) = graph.hypotheses(&entries);

    // Entries of one pattern and grade are one root of the report.
    let mut groups: BTreeMap<(usize, Grade), BTreeSet<usize>> = BTreeMap::new();
    for &entry in &entries {
        groups.entry((graph.instances[entry].pattern, graph.grade(entry, &covered))).or_default().insert(entry);
    }
    let reached = |group: &BTreeSet<usize>| -> BTreeSet<usize> {
        graph
            .members
            .iter()
            .copied()
            .filter(|to| !group.contains(to) && group.iter().any(|from| graph.reach[*from][*to]))
            .collect()
    };
    let matters = |at: &usize| matches!(graph.class(*at), Class::Complaint | Class::Impact);
    let mut explains: BTreeMap<usize, bool> = BTreeMap::new();
    for ((pattern, _), group) in &groups {
        *explains.entry(*pattern).or_default() |= group.iter().chain(&reached(group)).any(matters);
    }
    let independent = |pattern: usize| explains.values().any(|one| *one) && !explains[&pattern];

    let mut told = Told {
        status: Status::Healthy,
        roles: BTreeSet::new(),
        unresolved: BTreeSet::new(),
        roots: Vec::new(),
        hypotheses: BTreeSet::new(),
    };
    let (mut open, mut covered) = (false, BTreeSet::new());
    for ((pattern, grade), group) in &groups {
        let role = if independent(*pattern) { Role::Independent } else { Role::Root };
        let below = reached(group);
        let part: BTreeSet<usize> = below.union(group).copied().collect();
        if role == Role::Root {
            open |= *grade == Grade::Open;
            covered.extend(part.iter().copied());
        }
        let seen: BTreeSet<usize> = part.iter().map(|at| graph.instances[*at].pattern).collect();
        let over = graph
            .explains
            .iter()
            .filter(|one| part.contains(&one.from) && part.contains(&one.to))
            .flat_map(|one| &one.over)
            .map(|at| graph.instances[*at].pattern);
        let chain = seen
            .iter()
            .copied()
            .chain(over)
            .filter(|other| other != pattern && !matches!(class(*other), Class::Complaint | Class::Fact))
            .map(|other| (id(other), !seen.contains(&other)))
            .collect();
        let entities = group.iter().map(|at| graph.instances[*at].entity.clone()).collect();
        let explained = below.iter().filter(|at| matters(at)).map(|at| id(graph.instances[*at].pattern)).collect();
        told.roots.push((id(*pattern), role, *grade, entities, chain, explained));
    }
    for (at, one) in graph.instances.iter().enumerate().filter(|(_, one)| one.truth == Truth::True) {
        let role = match &one.escalated {
            _ if class(one.pattern) == Class::Fact => Role::Fact,
            Truth::False => Role::Noise,
            Truth::Unknown(_) => Role::Unresolved,
            Truth::True if !one.active => Role::Recovered,
            Truth::True if graph.contributing.contains(&at) => Role::Contributing,
            Truth::True if !entries.contains(&at) => Role::Consequence,
            Truth::True if independent(one.pattern) => Role::Independent,
            Truth::True => Role::Root,
        };
        told.roles.insert((id(one.pattern), one.entity.clone(), role));
    }
    let mut unresolved: BTreeMap<(usize, bool), (BTreeSet<Entity>, BTreeSet<UnknownReason>)> = BTreeMap::new();
    for one in &graph.instances {
        let (holds, reasons) = match (&one.truth, &one.escalated) {
            (Truth::Unknown(reasons), _) if !is_quiet(&one.truth) => (false, reasons),
            (Truth::True, Truth::Unknown(reasons)) if class(one.pattern) != Class::Fact => (true, reasons),
            _ => continue,
        };
        let entry = unresolved.entry((one.pattern, holds)).or_default();
        entry.0.insert(one.entity.clone());
        entry.1.extend(reasons.iter().cloned());
    }
    told.unresolved = unresolved
        .into_iter()
        .map(|((pattern, holds), (entities, reasons))| (id(pattern), entities, holds, reasons))
        .collect();
    told.hypotheses =
        guesses.iter().map(|(pattern, roots)| (id(*pattern), roots.iter().map(|root| id(*root)).collect())).collect();

    let has = |wanted: Role| told.roles.iter().any(|(_, _, role)| *role == wanted);
    // What is benign but may be more than noise can alarm as well.
    let alarm = |one: &Instance| match class(one.pattern) {
        Class::Cause | Class::Effect | Class::Impact | Class::Complaint => true,
        Class::Benign => world.rules.patterns[one.pattern].noise_unless.is_some(),
        Class::Fact => false,
    };
    // A partial inventory leaves out some that may have anything.
    let of_unseen =
        |one: &Instance| !world.complete && !world.keys(&world.rules.patterns[one.pattern].pattern.scope).is_empty();
    told.status = if !graph.members.is_empty() {
        let all = graph.members.iter().filter(|at| matters(at)).all(|at| covered.contains(at));
        if !open && all { Status::Diagnosed } else { Status::DiagnosedPartial }
    } else if has(Role::Unresolved)
        || graph
            .instances
            .iter()
            .any(|one| alarm(one) && !is_quiet(&one.truth) && (one.truth.is_open() || of_unseen(one)))
    {
        Status::InsufficientData
    } else if has(Role::Recovered) {
        Status::Recovered
    } else if has(Role::Noise) {
        Status::NoiseOnly
    } else {
        Status::Healthy
    };
    told
}
