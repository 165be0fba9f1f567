//! Instances, roots, grades, roles and the status, from the definitions.
//!
//! Input: a [`Reference`]. Output: a [`Told`], to be compared with a diagnosis. Graphs are matrices of reachability and
//! every subset of root components is tried; nothing here is quick.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::{Grade, Role, Status, UnknownReason};
use amp_rules_core::model::{Class, Reach, Strength};
use amp_rules_core::rule_set::{Resolved, RuleEdge};
use amp_rules_core::time::{Time, ticks_of};

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
    onset: (Time, Time),
    last: Time,
    active: bool,
    reported: bool,
    escalated: Truth,
}

impl Instance {
    fn first_seen(&self) -> Time {
        if self.reported { Time::MIN } else { self.onset.1 }
    }
}

/// How long an effect may take: at least, and at most where there is a limit.
type Lag = (Duration, Option<Duration>);

/// A way in which a member explains another.
#[derive(Debug)]
struct Explains {
    from: usize,
    to: usize,
    over: Vec<usize>,
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

fn is_quiet(truth: &Truth) -> bool {
    matches!(truth, Truth::Unknown(reasons) if reasons.iter().all(|reason| matches!(reason, UnknownReason::Silent | UnknownReason::Unobservable)))
}

impl Reference<'_> {
    fn condition(&self, when: &Resolved, kind: &str, entity: &Entity) -> Track {
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

    fn pattern(&self, index: usize, entity: &Entity) -> Track {
        let rule = &self.rules.patterns[index];
        match &rule.when {
            Some(when) => self.condition(when, &rule.pattern.scope, entity),
            None => self.grid.whole(Truth::open(UnknownReason::Unobservable)),
        }
    }

    fn pattern_at(&self, index: usize, kind: &str, entity: &Entity) -> Track {
        let scope = &self.rules.patterns[index].pattern.scope;
        if scope == kind || !self.rules.schema.contains(kind, scope) {
            return self.pattern(index, &entity.project(&self.keys(scope)));
        }
        self.below(index, entity)
    }

    /// A pattern at something coarser than its scope.
    fn below(&self, index: usize, entity: &Entity) -> Track {
        let finer: Vec<Track> = self
            .entities(index)
            .into_iter()
            .filter(|finer| finer.is_within(entity))
            .map(|finer| self.pattern(index, &finer))
            .collect();
        if finer.is_empty() {
            return self.pattern(index, &Entity::default());
        }
        self.lifted(amp_rules_core::model::Lift::Any, &finer)
    }

    /// Who has an instance of a pattern.
    fn entities(&self, index: usize) -> BTreeSet<Entity> {
        let pattern = &self.rules.patterns[index].pattern;
        let applies = |entity: &Entity| {
            pattern.applies_to.iter().all(|(key, values)| {
                entity.value(key).is_none_or(|own| values.iter().any(|value| value.eq_ignore_ascii_case(own)))
            })
        };
        self.universe(&pattern.scope).into_iter().filter(applies).collect()
    }

    fn instances(&self) -> Vec<Instance> {
        let scope = self.seen.plan.scope();
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
                .reported
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

    fn freshness(&self) -> Duration {
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

    /// Episodes: stretches of truth at most `merge_gap` apart are one; the last of them counts.
    fn instance(&self, pattern: usize, entity: Entity, track: Track) -> Instance {
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
                            if not_before == Time::MIN { Time::MIN } else { not_before.minus(defaults.flush) };
                        onset = (earliest, cell.first.max(earliest));
                    }
                    (last, ended) = (end, to);
                }
            }
        }
        let active = truth == Truth::True && last >= self.watermark.minus(self.freshness());
        Instance { pattern, entity, track, truth, onset, last, active, reported: false, escalated: Truth::True }
    }
}

/// The graph over instances.
struct Graph<'a> {
    world: &'a Reference<'a>,
    instances: Vec<Instance>,
    members: Vec<usize>,
    explains: Vec<Explains>,
    /// Which member leads to which, over any number of steps; itself included.
    reach: Vec<Vec<bool>>,
    rejected: BTreeMap<usize, BTreeSet<usize>>,
    contributing: BTreeSet<usize>,
}

fn joins(from: &Entity, to: &Entity, reach: Reach) -> bool {
    match reach {
        Reach::Contains => from.is_compatible(to),
        Reach::Same => from == to,
        Reach::Cluster => true,
    }
}

impl Graph<'_> {
    fn class(&self, at: usize) -> Class {
        self.world.rules.patterns[self.instances[at].pattern].pattern.class
    }

    fn is_member(&self, at: usize) -> bool {
        self.members.contains(&at)
    }

    fn admissible(&self, u: usize, v: usize, lag: Lag, tolerance: Option<Duration>) -> bool {
        let defaults = &self.world.rules.schema.defaults;
        let (u, v) = (&self.instances[u], &self.instances[v]);
        let tolerance = tolerance.unwrap_or(defaults.tolerance);
        let known = |at: Time| at != Time::MIN && at != Time::MAX;
        if known(u.onset.0) && known(v.onset.1) && u.onset.0.plus(lag.0) > v.onset.1.plus(tolerance) {
            return false;
        }
        if let Some(most) = lag.1
            && known(v.onset.0)
            && known(u.onset.1)
            && v.onset.0 > u.onset.1.plus(most).plus(tolerance)
        {
            return false;
        }
        if u.reported || v.reported {
            return true;
        }
        let apart = u.onset.1.ticks_since(v.last).max(v.onset.1.ticks_since(u.last));
        apart <= ticks_of(defaults.linger) + ticks_of(lag.0)
    }

    fn joined(&self, pattern: usize, entity: &Entity, reach: Reach) -> Vec<usize> {
        (0..self.instances.len())
            .filter(|at| self.instances[*at].pattern == pattern && joins(&self.instances[*at].entity, entity, reach))
            .collect()
    }

    fn edges(&self) -> &[RuleEdge] {
        &self.world.rules.edges
    }

    fn direct(&mut self) {
        let mut found = Vec::new();
        for edge in &self.world.rules.edges {
            for from in 0..self.instances.len() {
                let cause = &self.instances[from];
                if cause.pattern != edge.from || cause.truth != Truth::True || cause.escalated != Truth::True {
                    continue;
                }
                for to in self.joined(edge.to, &cause.entity, edge.edge.reach) {
                    if !self.is_member(to) || to == from {
                        continue;
                    }
                    if self.is_member(from) && self.admissible(from, to, edge.edge.lag, edge.edge.tolerance) {
                        found.push(Explains { from, to, over: Vec::new() });
                    } else {
                        self.rejected.entry(to).or_default().insert(from);
                    }
                }
            }
        }
        self.explains = found;
        self.close();
    }

    /// Reachability by squaring until nothing changes.
    fn close(&mut self) {
        let many = self.instances.len();
        let mut reach = vec![vec![false; many]; many];
        for (at, row) in reach.iter_mut().enumerate() {
            row[at] = true;
        }
        for one in &self.explains {
            reach[one.from][one.to] = true;
        }
        for middle in 0..many {
            for from in 0..many {
                for to in 0..many {
                    reach[from][to] |= reach[from][middle] && reach[middle][to];
                }
            }
        }
        self.reach = reach;
    }

    fn same_loop(&self, a: usize, b: usize) -> bool {
        self.is_member(a) && self.is_member(b) && self.reach[a][b] && self.reach[b][a]
    }

    /// Members that nothing outside of their own loop leads to.
    fn unexplained(&self) -> Vec<usize> {
        self.members
            .iter()
            .copied()
            .filter(|at| self.members.iter().all(|other| !self.reach[*other][*at] || self.same_loop(*at, *other)))
            .collect()
    }

    /// Paths over unseen instances, backwards from what nothing explains.
    fn bridges(&mut self) {
        let most = self.world.rules.schema.defaults.bridges as usize;
        let mut found = Vec::new();
        for target in self.unexplained() {
            let mut open: Vec<(Vec<usize>, Lag, bool)> =
                vec![(vec![target], (Duration::ZERO, Some(Duration::ZERO)), false)];
            while let Some((path, lag, wide)) = open.pop() {
                let head = path[0];
                for edge in
                    self.edges().iter().filter(|edge| edge.to == self.instances[head].pattern && !edge.edge.feedback)
                {
                    let lag = (lag.0 + edge.edge.lag.0, lag.1.zip(edge.edge.lag.1).map(|(a, b)| a + b));
                    let wide = wide || edge.edge.reach == Reach::Cluster;
                    for from in self.joined(edge.from, &self.instances[head].entity, edge.edge.reach) {
                        if path.contains(&from)
                            || !(wide || self.instances[from].entity.is_compatible(&self.instances[target].entity))
                        {
                            continue;
                        }
                        if self.is_member(from) {
                            if path.len() > 1 && self.admissible(from, target, lag, edge.edge.tolerance) {
                                found.push(Explains { from, to: target, over: path[..path.len() - 1].to_vec() });
                            }
                        } else if self.instances[from].truth.is_open() && path.len() <= most {
                            open.push(([&[from], path.as_slice()].concat(), lag, wide));
                        }
                    }
                }
            }
        }
        self.explains.extend(found);
        self.close();
    }

    fn amplify(&mut self) {
        let unexplained = self.unexplained();
        let mut soles = Vec::new();
        for edge in &self.world.rules.amplifiers {
            for &from in &self.members {
                if self.instances[from].pattern != edge.from {
                    continue;
                }
                for to in self.joined(edge.to, &self.instances[from].entity, Reach::Contains) {
                    if !self.is_member(to) || to == from {
                        continue;
                    }
                    if edge.edge.may_be_sole
                        && unexplained.contains(&to)
                        && self.admissible(from, to, (Duration::ZERO, None), None)
                    {
                        soles.push(Explains { from, to, over: Vec::new() });
                    } else {
                        self.contributing.insert(from);
                    }
                }
            }
        }
        for sole in &soles {
            self.contributing.remove(&sole.from);
        }
        self.explains.extend(soles);
        self.close();
    }

    /// The loops (single members are loops of one) that are roots: the least set of loops from which every member is
    /// reached, found by trying all; those that merely worsen others are no roots.
    fn roots(&self) -> Vec<Vec<usize>> {
        let mut loops: Vec<Vec<usize>> = Vec::new();
        for &member in &self.members {
            match loops.iter_mut().find(|one| self.same_loop(one[0], member)) {
                Some(one) => one.push(member),
                None => loops.push(vec![member]),
            }
        }
        let heads: Vec<&Vec<usize>> = loops
            .iter()
            .filter(|one| loops.iter().all(|other| other[0] == one[0] || !self.reach[other[0]][one[0]]))
            .collect();
        if loops.len() <= 10 {
            let covers = |set: u32| {
                let chosen = |at: usize| set & (1 << at) != 0;
                loops.iter().all(|to| (0..loops.len()).any(|from| chosen(from) && self.reach[loops[from][0]][to[0]]))
            };
            let covering: Vec<u32> = (0..1_u32 << loops.len()).filter(|set| covers(*set)).collect();
            let least = covering.iter().map(|set| set.count_ones()).min().unwrap();
            let smallest: Vec<u32> = covering.into_iter().filter(|set| set.count_ones() == least).collect();
            let by_definition: u32 =
                loops.iter().enumerate().filter(|(_, one)| heads.contains(one)).map(|(at, _)| 1 << at).sum();
            assert_eq!(smallest, [by_definition], "the smallest covering set is unique");
        }
        heads.into_iter().filter(|one| one.iter().any(|member| !self.contributing.contains(member))).cloned().collect()
    }

    /// Where a loop begins.
    fn entries(&self, of: &[usize]) -> Vec<usize> {
        if of.len() == 1 {
            return of.to_vec();
        }
        let certainly_first = |one: &&usize| {
            of.iter()
                .filter(|other| other != one)
                .all(|other| self.instances[**one].onset.1 < self.instances[*other].onset.0)
        };
        if let Some(first) = of.iter().find(certainly_first) {
            return vec![*first];
        }
        let declared: Vec<usize> = of
            .iter()
            .copied()
            .filter(|at| self.world.rules.patterns[self.instances[*at].pattern].pattern.entry)
            .collect();
        if declared.is_empty() {
            of.iter().copied().filter(|at| !self.contributing.contains(at)).collect()
        } else {
            declared
        }
    }

    /// The hypotheses: patterns with those that they would explain, and the roots of which one unseen instance leads to
    /// several.
    fn hypotheses(&self, entries: &BTreeSet<usize>) -> (BTreeMap<usize, BTreeSet<usize>>, BTreeSet<usize>) {
        let most = self.world.rules.schema.defaults.bridges as usize + 1;
        let mut reached: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut alone: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for &root in entries {
            let mut layer = BTreeSet::from([root]);
            let mut known: BTreeSet<usize> = BTreeSet::new();
            for _ in 0..most {
                let mut next = BTreeSet::new();
                for &at in &layer {
                    for edge in
                        self.edges().iter().filter(|edge| edge.to == self.instances[at].pattern && !edge.edge.feedback)
                    {
                        next.extend(
                            self.joined(edge.from, &self.instances[at].entity, edge.edge.reach)
                                .into_iter()
                                .filter(|from| self.instances[*from].truth.is_open() && !known.contains(from)),
                        );
                    }
                }
                known.extend(&next);
                layer = next;
            }
            for unseen in known {
                reached.entry(unseen).or_default().insert(root);
            }
            if self.class(root) != Class::Cause {
                let causes: Vec<usize> = self
                    .edges()
                    .iter()
                    .filter(|edge| edge.to == self.instances[root].pattern)
                    .flat_map(|edge| self.joined(edge.from, &self.instances[root].entity, edge.edge.reach))
                    .collect();
                let spoken_for = |at: &usize| match &self.instances[*at].truth {
                    Truth::False => false,
                    truth if is_quiet(truth) => false,
                    Truth::True if self.same_loop(*at, root) => false,
                    Truth::True | Truth::Unknown(_) => true,
                };
                if !causes.iter().any(spoken_for) {
                    for unseen in causes.into_iter().filter(|at| is_quiet(&self.instances[*at].truth)) {
                        alone.entry(unseen).or_default().insert(root);
                    }
                }
            }
        }
        let patterns = |roots: &BTreeSet<usize>| -> BTreeSet<usize> {
            roots.iter().map(|root| self.instances[*root].pattern).collect()
        };
        reached.retain(|_, roots| patterns(roots).len() >= 2);
        let covered = reached.values().flatten().copied().collect();
        let mut all: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (unseen, roots) in reached.into_iter().chain(alone) {
            all.entry(self.instances[unseen].pattern).or_default().extend(patterns(&roots));
        }
        (all, covered)
    }

    fn grade(&self, root: usize, covered: &BTreeSet<usize>) -> Grade {
        let one = &self.instances[root];
        if self.class(root) != Class::Cause {
            return Grade::Open;
        }
        let causes = self.edges().iter().filter(|edge| edge.to == one.pattern && edge.from != one.pattern);
        let unknown = causes.clone().flat_map(|edge| self.joined(edge.from, &one.entity, edge.edge.reach)).any(|at| {
            let cause = &self.instances[at];
            (cause.truth.is_open() && !is_quiet(&cause.truth))
                || (cause.truth == Truth::True && cause.escalated.is_open())
        });
        let rejected =
            self.rejected.get(&root).is_some_and(|causes| causes.iter().any(|cause| !self.same_loop(*cause, root)));
        let rule = &self.world.rules.patterns[one.pattern];
        let holding: Vec<bool> = rule
            .symptoms
            .iter()
            .filter(|at| self.world.grid.overall(&self.world.at(**at, &rule.pattern.scope, &one.entity)) == Truth::True)
            .map(|at| self.world.rules.symptoms[*at].symptom.weak)
            .collect();
        let weak = !holding.is_empty() && holding.iter().all(|weak| *weak);
        let states = |at: usize| {
            self.instances[at].truth == Truth::True
                && !self.instances[at].reported
                && self.instances[at].escalated != Truth::False
        };
        let clash = states(root)
            && (0..self.instances.len()).any(|at| {
                let other = &self.instances[at];
                let contradicts = rule.contradicts.contains(&other.pattern)
                    || self.world.rules.patterns[other.pattern].contradicts.contains(&one.pattern);
                contradicts
                    && states(at)
                    && other.entity.is_compatible(&one.entity)
                    && self.world.grid.overall(&self.world.grid.and(&one.track, &other.track)) == Truth::True
            });
        if unknown || rejected || weak || clash || covered.contains(&root) || self.misses_a_sure_effect(root) {
            Grade::Provisional
        } else {
            Grade::Confirmed
        }
    }

    /// A sure effect that is seen to be absent wherever the pattern holds, although there was time for it.
    fn misses_a_sure_effect(&self, root: usize) -> bool {
        let one = &self.instances[root];
        let all: Vec<usize> =
            self.members.iter().copied().filter(|at| self.instances[*at].pattern == one.pattern).collect();
        self.edges().iter().filter(|edge| edge.from == one.pattern && edge.edge.strength == Strength::Sure).any(
            |edge| {
                let tolerance = edge.edge.tolerance.unwrap_or(self.world.rules.schema.defaults.tolerance);
                let due = one
                    .first_seen()
                    .plus(edge.edge.lag.1.unwrap_or(edge.edge.lag.0))
                    .plus(tolerance)
                    .plus(Duration::from_secs(300));
                let absent = |at: &usize| {
                    let effects = self.joined(edge.to, &self.instances[*at].entity, edge.edge.reach);
                    !effects.is_empty() && effects.iter().all(|effect| self.instances[*effect].truth == Truth::False)
                };
                due < self.world.watermark && all.iter().all(absent)
            },
        )
    }
}

/// Everything that the reference says.
pub(crate) fn told(world: &Reference<'_>) -> Told {
    let instances = world.instances();
    let class = |pattern: usize| world.rules.patterns[pattern].pattern.class;
    let id = |pattern: usize| world.rules.pattern_id(pattern).to_owned();
    let takes_part = |one: &Instance| {
        one.truth == Truth::True && one.active && one.escalated == Truth::True && class(one.pattern) != Class::Fact
    };
    let members: Vec<usize> = (0..instances.len()).filter(|at| takes_part(&instances[*at])).collect();
    let mut graph = Graph {
        world,
        instances,
        members,
        explains: Vec::new(),
        reach: Vec::new(),
        rejected: BTreeMap::new(),
        contributing: BTreeSet::new(),
    };
    graph.direct();
    graph.bridges();
    graph.amplify();
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
    told.status = if !graph.members.is_empty() {
        let all = graph.members.iter().filter(|at| matters(at)).all(|at| covered.contains(at));
        if !open && all { Status::Diagnosed } else { Status::DiagnosedPartial }
    } else if has(Role::Unresolved)
        || graph.instances.iter().any(|one| alarm(one) && one.truth.is_open() && !is_quiet(&one.truth))
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
