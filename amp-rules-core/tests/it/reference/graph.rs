//! The causal graph, roots and their grades, from the definitions.
//!
//! Input: instances. Output: a [`Graph`]. Reachability is a matrix, and every subset of root components is tried; nothing
//! here is fast.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::Grade;
use amp_rules_core::rules::model::{Class, Reach, Strength};
use amp_rules_core::rules::rule_set::RuleEdge;
use amp_rules_core::time::{Time, ticks_of};

use super::instances::{Instance, is_quiet};
use super::symptoms::Reference;
use super::timeline::Truth;

/// The shortest and the longest time from cause to effect; `None` for no limit.
type Lag = (Duration, Option<Duration>);

/// A member that explains another.
#[derive(Debug)]
pub(crate) struct Explains {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The hidden instances between them.
    pub(crate) over: Vec<usize>,
}

/// The graph over instances.
pub(crate) struct Graph<'a> {
    reference: &'a Reference<'a>,
    pub(crate) instances: Vec<Instance>,
    pub(crate) members: Vec<usize>,
    pub(crate) explains: Vec<Explains>,
    /// Which member leads to which, in any number of steps, including zero.
    pub(crate) reach: Vec<Vec<bool>>,
    rejected: BTreeMap<usize, BTreeSet<usize>>,
    pub(crate) contributing: BTreeSet<usize>,
}

fn joins(from: &Entity, to: &Entity, reach: Reach) -> bool {
    match reach {
        Reach::Contains => from.is_compatible(to),
        Reach::Same => from == to,
        Reach::Cluster => true,
    }
}

impl<'a> Graph<'a> {
    /// The graph of instances. Its members are true and active, and neither noise nor facts.
    pub(crate) fn new(reference: &'a Reference<'a>, instances: Vec<Instance>) -> Self {
        let is_member = |one: &Instance| {
            let class = reference.rules.patterns[one.pattern].pattern.class;
            one.truth == Truth::True && one.active && one.escalated == Truth::True && class != Class::Fact
        };
        let members: Vec<usize> = (0..instances.len()).filter(|at| is_member(&instances[*at])).collect();
        let mut graph = Self {
            reference,
            instances,
            members,
            explains: Vec::new(),
            reach: Vec::new(),
            rejected: BTreeMap::new(),
            contributing: BTreeSet::new(),
        };
        graph.direct();
        graph.over_hidden();
        graph.amplify();
        graph
    }
}

impl Graph<'_> {
    pub(crate) fn class(&self, at: usize) -> Class {
        self.reference.rules.patterns[self.instances[at].pattern].pattern.class
    }

    pub(crate) fn is_member(&self, at: usize) -> bool {
        self.members.contains(&at)
    }

    pub(crate) fn admissible(&self, u: usize, v: usize, lag: Lag, tolerance: Option<Duration>) -> bool {
        let defaults = &self.reference.rules.schema.defaults;
        let (u, v) = (&self.instances[u], &self.instances[v]);
        let tolerance = tolerance.unwrap_or(defaults.tolerance);
        let known = |at: Time| at != Time::MIN && at != Time::MAX;
        let (cause, effect) = (u.onset_bounds(), v.onset_bounds());
        if known(cause.0) && known(effect.1) && cause.0.saturating_add(lag.0) > effect.1.saturating_add(tolerance) {
            return false;
        }
        if let Some(most) = lag.1
            && known(effect.0)
            && known(cause.1)
            && effect.0 > cause.1.saturating_add(most).saturating_add(tolerance)
        {
            return false;
        }
        if u.reported || v.reported {
            return true;
        }
        let apart = u.onset.1.ticks_since(v.last).max(v.onset.1.ticks_since(u.last));
        apart <= ticks_of(defaults.max_cause_gap) + ticks_of(lag.0)
    }

    pub(crate) fn joined(&self, pattern: usize, entity: &Entity, reach: Reach) -> Vec<usize> {
        (0..self.instances.len())
            .filter(|at| self.instances[*at].pattern == pattern && joins(&self.instances[*at].entity, entity, reach))
            .collect()
    }

    pub(crate) fn edges(&self) -> &[RuleEdge] {
        &self.reference.rules.edges
    }

    pub(crate) fn direct(&mut self) {
        let mut found = Vec::new();
        for edge in &self.reference.rules.edges {
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

    /// Reachability over any number of steps.
    pub(crate) fn close(&mut self) {
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

    pub(crate) fn same_loop(&self, a: usize, b: usize) -> bool {
        self.is_member(a) && self.is_member(b) && self.reach[a][b] && self.reach[b][a]
    }

    /// Members that are reached only from their own loop.
    pub(crate) fn unexplained(&self) -> Vec<usize> {
        self.members
            .iter()
            .copied()
            .filter(|at| self.members.iter().all(|other| !self.reach[*other][*at] || self.same_loop(*at, *other)))
            .collect()
    }

    /// Adds paths over hidden instances, backwards from unexplained members.
    pub(crate) fn over_hidden(&mut self) {
        let most = self.reference.rules.schema.defaults.max_hidden_hops as usize;
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
                        } else if self.instances[from].truth.is_unknown() && path.len() <= most {
                            open.push(([&[from], path.as_slice()].concat(), lag, wide));
                        }
                    }
                }
            }
        }
        self.explains.extend(found);
        self.close();
    }

    pub(crate) fn amplify(&mut self) {
        let unexplained = self.unexplained();
        let mut soles = Vec::new();
        for edge in &self.reference.rules.amplifiers {
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

    /// The root components: the smallest set of loops (a single member is a loop of one) from which every member is reached,
    /// checked by trying all sets. Loops whose members all only contribute are not roots.
    pub(crate) fn roots(&self) -> Vec<Vec<usize>> {
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

    /// The entries of a loop.
    pub(crate) fn entries(&self, of: &[usize]) -> Vec<usize> {
        if of.len() == 1 {
            return of.to_vec();
        }
        let certainly_first = |one: &&usize| {
            of.iter()
                .filter(|other| other != one)
                .all(|other| self.instances[**one].onset_bounds().1 < self.instances[*other].onset_bounds().0)
        };
        if let Some(first) = of.iter().find(certainly_first) {
            return vec![*first];
        }
        let declared: Vec<usize> = of
            .iter()
            .copied()
            .filter(|at| self.reference.rules.patterns[self.instances[*at].pattern].pattern.entry)
            .collect();
        if declared.is_empty() {
            of.iter().copied().filter(|at| !self.contributing.contains(at)).collect()
        } else {
            declared
        }
    }

    /// The hypotheses: patterns with the root patterns that they would explain; and the roots that a hidden instance leads to
    /// together with another root.
    pub(crate) fn hypotheses(&self, entries: &BTreeSet<usize>) -> (BTreeMap<usize, BTreeSet<usize>>, BTreeSet<usize>) {
        let most = self.reference.rules.schema.defaults.max_hidden_hops as usize + 1;
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
                                .filter(|from| self.instances[*from].truth.is_unknown() && !known.contains(from)),
                        );
                    }
                }
                known.extend(&next);
                layer = next;
            }
            for hidden in known {
                reached.entry(hidden).or_default().insert(root);
            }
            if self.class(root) != Class::Cause {
                let causes: Vec<usize> = self
                    .edges()
                    .iter()
                    .filter(|edge| edge.to == self.instances[root].pattern)
                    .flat_map(|edge| self.joined(edge.from, &self.instances[root].entity, edge.edge.reach))
                    .collect();
                let is_candidate = |at: &usize| match &self.instances[*at].truth {
                    Truth::False => false,
                    truth if is_quiet(truth) => false,
                    Truth::True if self.same_loop(*at, root) => false,
                    Truth::True | Truth::Unknown(_) => true,
                };
                if !causes.iter().any(is_candidate) {
                    for hidden in causes.into_iter().filter(|at| is_quiet(&self.instances[*at].truth)) {
                        alone.entry(hidden).or_default().insert(root);
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
        for (hidden, roots) in reached.into_iter().chain(alone) {
            all.entry(self.instances[hidden].pattern).or_default().extend(patterns(&roots));
        }
        (all, covered)
    }

    pub(crate) fn grade(&self, root: usize, covered: &BTreeSet<usize>) -> Grade {
        let one = &self.instances[root];
        if self.class(root) != Class::Cause {
            return Grade::Open;
        }
        let causes = self.edges().iter().filter(|edge| edge.to == one.pattern && edge.from != one.pattern);
        let unknown = causes.clone().flat_map(|edge| self.joined(edge.from, &one.entity, edge.edge.reach)).any(|at| {
            let cause = &self.instances[at];
            (cause.truth.is_unknown() && !is_quiet(&cause.truth))
                || (cause.truth == Truth::True && cause.escalated.is_unknown())
        });
        let rejected =
            self.rejected.get(&root).is_some_and(|causes| causes.iter().any(|cause| !self.same_loop(*cause, root)));
        let rule = &self.reference.rules.patterns[one.pattern];
        let holding: Vec<bool> = rule
            .symptoms
            .iter()
            .filter(|at| {
                self.reference.grid.overall(&self.reference.at(**at, &rule.pattern.scope, &one.entity)) == Truth::True
            })
            .map(|at| self.reference.rules.symptoms[*at].symptom.weak)
            .collect();
        let weak = !holding.is_empty() && holding.iter().all(|weak| *weak);
        let counts = |at: usize| {
            self.instances[at].truth == Truth::True
                && !self.instances[at].reported
                && self.instances[at].escalated != Truth::False
        };
        let conflict = counts(root)
            && (0..self.instances.len()).any(|at| {
                let other = &self.instances[at];
                let contradicts = rule.contradicts.contains(&other.pattern)
                    || self.reference.rules.patterns[other.pattern].contradicts.contains(&one.pattern);
                contradicts
                    && counts(at)
                    && other.entity.is_compatible(&one.entity)
                    && self.reference.grid.overall(&self.reference.grid.and(&one.timeline, &other.timeline))
                        == Truth::True
            });
        if unknown || rejected || weak || conflict || covered.contains(&root) || self.misses_a_sure_effect(root) {
            Grade::Provisional
        } else {
            Grade::Confirmed
        }
    }

    /// Whether a sure effect is false wherever the pattern is true, although it is due.
    pub(crate) fn misses_a_sure_effect(&self, root: usize) -> bool {
        let one = &self.instances[root];
        let all: Vec<usize> =
            self.members.iter().copied().filter(|at| self.instances[*at].pattern == one.pattern).collect();
        self.edges().iter().filter(|edge| edge.from == one.pattern && edge.edge.strength == Strength::Sure).any(
            |edge| {
                let tolerance = edge.edge.tolerance.unwrap_or(self.reference.rules.schema.defaults.tolerance);
                let due = one
                    .first_seen()
                    .saturating_add(edge.edge.lag.1.unwrap_or(edge.edge.lag.0))
                    .saturating_add(tolerance)
                    .saturating_add(Duration::from_secs(300));
                let absent = |at: &usize| {
                    let effects = self.joined(edge.to, &self.instances[*at].entity, edge.edge.reach);
                    !effects.is_empty() && effects.iter().all(|effect| self.instances[*effect].truth == Truth::False)
                };
                due < self.reference.watermark && all.iter().all(absent)
            },
        )
    }
}
