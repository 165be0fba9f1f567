//! Roots with their grades, hypotheses, conflicts, and the role of every true instance.
//!
//! Input: instances and the graph of what explains what. Output: a [`RootAnalysis`]: exactly one role per true instance, roots
//! grouped by pattern and grade. Unknown is never a root.

use std::collections::{BTreeMap, BTreeSet};

use super::causes::{Graph, Lookup};
use crate::diagnosis::{Grade, Role, UnknownReason};
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::instances::instances::{Instance, Instances, State};
use crate::evaluate::symptoms::symptom::Symptoms;
use crate::evaluate::timeline::truth::Truth;
use crate::plan::DEFAULT_BIN;
use crate::rules::model::{Class, Reach, Strength};
use crate::rules::rule_set::RuleEdge;
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// Roots of one pattern and grade.
#[derive(Clone, Debug)]
pub(crate) struct RootGroup {
    pub(crate) pattern: usize,
    pub(crate) grade: Grade,
    pub(crate) role: Role,
    pub(crate) instances: BTreeSet<usize>,
    /// Patterns of the loop it is the entry of.
    pub(crate) in_loop: BTreeSet<usize>,
    /// All that it explains.
    pub(crate) reached: BTreeSet<usize>,
    /// Unseen instances on the way.
    pub(crate) inferred: BTreeSet<usize>,
    pub(crate) why_not: BTreeSet<String>,
    /// How many sure effects were seen to be absent.
    pub(crate) missing_effects: usize,
}

/// An unseen pattern that would explain roots.
#[derive(Clone, Debug)]
pub(crate) struct HiddenCause {
    pub(crate) pattern: usize,
    pub(crate) explains: BTreeSet<usize>,
    /// The roots that one instance of it leads to together with others.
    covers: BTreeSet<usize>,
    pub(crate) reasons: BTreeSet<UnknownReason>,
}

/// Two instances that contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Conflict {
    pub(crate) a: usize,
    pub(crate) b: usize,
}

/// Who did what.
#[derive(Debug)]
pub(crate) struct RootAnalysis {
    pub(crate) roles: BTreeMap<usize, Role>,
    pub(crate) groups: Vec<RootGroup>,
    pub(crate) hidden_causes: Vec<HiddenCause>,
    pub(crate) conflicts: Vec<Conflict>,
}

pub(crate) struct RootAnalyzer<'a> {
    pub(crate) symptoms: &'a Symptoms<'a>,
    pub(crate) instances: &'a Instances,
    pub(crate) lookup: &'a Lookup<'a>,
    pub(crate) graph: &'a Graph,
}

impl RootAnalyzer<'_> {
    fn visibility(&self) -> &Visibility<'_> {
        &self.symptoms.visibility
    }

    fn class(&self, instance: usize) -> Class {
        self.instances
            .get(instance)
            .and_then(|one| self.visibility().rules.patterns.get(one.pattern))
            .map_or(Class::Fact, |rule| rule.pattern.class)
    }

    fn pattern_of(&self, instance: usize) -> usize {
        self.instances.get(instance).map_or(usize::MAX, |one| one.pattern)
    }

    pub(crate) fn analyze(&self) -> RootAnalysis {
        let conflicts = self.conflicts();
        let entries = self.entries();
        let hidden_causes = self.hidden_causes(&entries);
        let mut groups: BTreeMap<(usize, Grade), RootGroup> = BTreeMap::new();
        for (&instance, in_loop) in &entries {
            let (grade, why_not, missing) = self.grade(instance, &conflicts, &hidden_causes);
            let pattern = self.pattern_of(instance);
            let group = groups.entry((pattern, grade)).or_insert_with(|| RootGroup {
                pattern,
                grade,
                role: Role::Root,
                instances: BTreeSet::new(),
                in_loop: BTreeSet::new(),
                reached: BTreeSet::new(),
                inferred: BTreeSet::new(),
                why_not: BTreeSet::new(),
                missing_effects: 0,
            });
            group.instances.insert(instance);
            group.in_loop.extend(in_loop);
            group.why_not.extend(why_not);
            group.missing_effects = group.missing_effects.max(missing);
        }
        let mut groups: Vec<RootGroup> = groups.into_values().collect();
        for group in &mut groups {
            let (reached, inferred) = self.graph.reached(&group.instances);
            group.reached = reached.into_iter().filter(|one| !group.instances.contains(one)).collect();
            group.inferred = inferred;
        }
        self.part_independents(&mut groups);
        let roles = self.roles(&groups);
        RootAnalysis { roles, groups, hidden_causes, conflicts }
    }

    /// The instances at which root components begin, with the patterns of their loop.
    fn entries(&self) -> BTreeMap<usize, BTreeSet<usize>> {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (&member, &place) in &self.graph.component {
            if self.graph.roots.contains(&place) {
                members.entry(place).or_default().push(member);
            }
        }
        let mut entries = BTreeMap::new();
        for list in members.into_values() {
            if let [one] = list.as_slice() {
                entries.insert(*one, BTreeSet::new());
                continue;
            }
            let patterns: BTreeSet<usize> = list.iter().map(|one| self.pattern_of(*one)).collect();
            let onset = |one: usize| self.instances.get(one).map(|one| one.began());
            let earliest = list.iter().copied().find(|one| {
                let latest = onset(*one).map_or(Time::MAX, |onset| onset.latest);
                list.iter()
                    .filter(|other| *other != one)
                    .all(|other| onset(*other).is_some_and(|onset| latest < onset.earliest))
            });
            let declared: Vec<usize> = list
                .iter()
                .copied()
                .filter(|one| {
                    self.visibility().rules.patterns.get(self.pattern_of(*one)).is_some_and(|rule| rule.pattern.entry)
                })
                .collect();
            let starts = match (earliest, declared.is_empty()) {
                (Some(earliest), _) => vec![earliest],
                (None, false) => declared,
                (None, true) => list.iter().copied().filter(|one| !self.graph.contributing.contains(one)).collect(),
            };
            for start in starts {
                entries.insert(start, patterns.clone());
            }
        }
        entries
    }

    /// Statements that cannot both be so, of one entity at one instant; noise states nothing.
    fn conflicts(&self) -> Vec<Conflict> {
        let visibility = self.visibility();
        let mut found = BTreeSet::new();
        let states = |one: &State| one.truth.is_true() && !one.reported && !one.escalated.is_false();
        for (a, first) in self.instances.those(states) {
            let Some(rule) = visibility.rules.patterns.get(first.pattern) else { continue };
            for &other in &rule.contradicts {
                for b in self.lookup.joined(other, first.entity, Reach::Contains) {
                    let Some(second) = self.instances.get(b).filter(|one| states(one)) else { continue };
                    if first.steps.and(&second.steps, &visibility.reasons).overall(&visibility.reasons).is_true() {
                        found.insert(Conflict { a: a.min(b), b: a.max(b) });
                    }
                }
            }
        }
        found.into_iter().collect()
    }

    /// The grade of a root, why it is not confirmed, and how many of its sure effects are missing.
    fn grade(
        &self,
        root: usize,
        conflicts: &[Conflict],
        hidden_causes: &[HiddenCause],
    ) -> (Grade, BTreeSet<String>, usize) {
        let visibility = self.visibility();
        let mut why = BTreeSet::new();
        let Some(instance) = self.instances.get(root) else { return (Grade::Open, why, 0) };
        let id = |pattern: usize| visibility.rules.pattern_id(pattern).to_owned();
        for edge in self.lookup.edges_into(instance.pattern).filter(|edge| edge.from != instance.pattern) {
            for cause in self.lookup.joined(edge.from, instance.entity, edge.edge.reach) {
                let Some(one) = self.instances.get(cause) else { continue };
                match one.truth {
                    Truth::Unknown(reasons) => {
                        let reasons = visibility.reasons.list(reasons);
                        if !reasons.iter().all(|reason| visibility.is_quiet(reason)) {
                            why.insert(format!("its cause {} is unknown", id(edge.from)));
                        }
                    }
                    Truth::True if matches!(one.escalated, Truth::Unknown(_)) => {
                        why.insert(format!("its cause {} may be noise or not", id(edge.from)));
                    }
                    _ => {}
                }
            }
        }
        for cause in self.graph.rejected.get(&root).into_iter().flatten() {
            if self.graph.component.get(cause).is_none_or(|place| self.graph.component.get(&root) != Some(place)) {
                why.insert(format!("its cause {} holds, but not at a time that fits", id(self.pattern_of(*cause))));
            }
        }
        if self.all_weak(&instance) {
            why.insert("all its evidence is weak".to_owned());
        }
        for clash in conflicts.iter().filter(|clash| clash.a == root || clash.b == root) {
            let other = if clash.a == root { clash.b } else { clash.a };
            why.insert(format!("it contradicts {}", id(self.pattern_of(other))));
        }
        let missing = self.missing_effects(&instance);
        for effect in &missing {
            why.insert(format!("its sure effect {} was not seen", id(*effect)));
        }
        for guess in hidden_causes.iter().filter(|guess| guess.covers.contains(&root)) {
            why.insert(format!("{} may lie behind it and others", id(guess.pattern)));
        }
        if self.class(root) != Class::Cause {
            why.insert("what brought it about was not seen".to_owned());
            return (Grade::Open, why, missing.len());
        }
        (if why.is_empty() { Grade::Confirmed } else { Grade::Provisional }, why, missing.len())
    }

    fn all_weak(&self, instance: &Instance<'_>) -> bool {
        let visibility = self.visibility();
        let Some(rule) = visibility.rules.patterns.get(instance.pattern) else { return false };
        let mut holding = rule
            .symptoms
            .iter()
            .filter(|at| {
                self.symptoms.at(**at, &rule.pattern.scope, instance.entity).overall(&visibility.reasons).is_true()
            })
            .filter_map(|at| visibility.rules.symptoms.get(*at))
            .peekable();
        holding.peek().is_some() && holding.all(|symptom| symptom.symptom.weak)
    }

    /// Sure effects that were seen to be absent wherever the root's pattern holds, although there was time for them.
    fn missing_effects(&self, instance: &Instance<'_>) -> Vec<usize> {
        let visibility = self.visibility();
        let apart = visibility.apart();
        let near = |one: &Entity| one.project(&apart) == instance.entity.project(&apart);
        let sure: Vec<&RuleEdge> = self
            .lookup
            .edges_from(instance.pattern)
            .iter()
            .filter(|edge| edge.edge.strength == Strength::Sure)
            .collect();
        if sure.is_empty() {
            return Vec::new();
        }
        let holding: Vec<Instance<'_>> = self
            .instances
            .of(instance.pattern)
            .filter(|(at, one)| self.graph.members.contains(at) && near(one.entity))
            .map(|(_, one)| one)
            .collect();
        let mut missing = Vec::new();
        for edge in sure {
            let tolerance = edge.edge.tolerance.unwrap_or(visibility.rules.schema.defaults.tolerance);
            let due = instance
                .first_seen()
                .saturating_add(edge.edge.lag.1.unwrap_or(edge.edge.lag.0))
                .saturating_add(tolerance)
                .saturating_add(DEFAULT_BIN);
            let absent = holding.iter().all(|one| {
                let joined = self.lookup.joined(edge.to, one.entity, edge.edge.reach);
                !joined.is_empty()
                    && joined.iter().all(|effect| self.instances.get(*effect).is_some_and(|one| one.truth.is_false()))
            });
            if absent && due < visibility.watermark {
                missing.push(edge.to);
            }
        }
        missing
    }

    /// Unseen patterns that reach two or more roots, or are the unobservable cause of one that nothing observable explains.
    fn hidden_causes(&self, entries: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<HiddenCause> {
        let visibility = self.visibility();
        // Backwards from each root: which unseen instances lead to it.
        let mut reaches: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut alone: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for &root in entries.keys() {
            for unseen in self.leading_to(root) {
                reaches.entry(unseen).or_default().insert(root);
            }
            for unseen in self.only_unobservable(root) {
                alone.entry(unseen).or_default().insert(root);
            }
        }
        let mut hidden_causes: BTreeMap<usize, HiddenCause> = BTreeMap::new();
        // Roots of one pattern are one root of the report.
        let patterns =
            |roots: &BTreeSet<usize>| roots.iter().map(|root| self.pattern_of(*root)).collect::<BTreeSet<_>>();
        let many = reaches.into_iter().filter(|(_, roots)| patterns(roots).len() >= 2).map(|one| (one, true));
        for ((unseen, roots), covers) in many.chain(alone.into_iter().map(|one| (one, false))) {
            let Some(instance) = self.instances.get(unseen) else { continue };
            let reasons = match instance.truth {
                Truth::Unknown(reasons) => visibility.reasons.list(reasons),
                _ => continue,
            };
            let guess = hidden_causes.entry(instance.pattern).or_insert_with(|| HiddenCause {
                pattern: instance.pattern,
                explains: BTreeSet::new(),
                covers: BTreeSet::new(),
                reasons: BTreeSet::new(),
            });
            guess.explains.extend(patterns(&roots));
            if covers {
                guess.covers.extend(roots);
            }
            guess.reasons.extend(reasons);
        }
        hidden_causes.into_values().collect()
    }

    /// The unseen instances from which a causal path of unseen ones leads to a root, in time.
    fn leading_to(&self, root: usize) -> BTreeSet<usize> {
        let visibility = self.visibility();
        let most = visibility.rules.schema.defaults.max_hidden_hops as usize + 1;
        let mut found = BTreeSet::new();
        let mut work = vec![(root, 0)];
        while let Some((at, depth)) = work.pop() {
            let Some(effect) = self.instances.get(at) else { continue };
            for edge in self.lookup.edges_into(effect.pattern).filter(|edge| !edge.edge.feedback) {
                for from in self.lookup.joined(edge.from, effect.entity, edge.edge.reach) {
                    let Some(cause) = self.instances.get(from) else { continue };
                    let fits = matches!(cause.truth, Truth::Unknown(_)) && depth < most;
                    if fits && found.insert(from) {
                        work.push((from, depth + 1));
                    }
                }
            }
        }
        found
    }

    /// The unobservable direct causes of an open root, where every observable one was seen to be absent.
    fn only_unobservable(&self, root: usize) -> BTreeSet<usize> {
        let visibility = self.visibility();
        let mut hidden = BTreeSet::new();
        let Some(instance) = self.instances.get(root).filter(|_| self.class(root) != Class::Cause) else {
            return hidden;
        };
        for edge in self.lookup.edges_into(instance.pattern) {
            for from in self.lookup.joined(edge.from, instance.entity, edge.edge.reach) {
                let Some(cause) = self.instances.get(from) else { continue };
                match cause.truth {
                    Truth::False => {}
                    Truth::Unknown(reasons)
                        if visibility.reasons.list(reasons).iter().all(|reason| visibility.is_quiet(reason)) =>
                    {
                        hidden.insert(from);
                    }
                    _ if self.graph.component.get(&from) == self.graph.component.get(&root) => {}
                    Truth::True | Truth::Unknown(_) => return BTreeSet::new(),
                }
            }
        }
        hidden
    }

    /// A root that explains no complaint and no impact, while another does, is independent.
    fn part_independents(&self, groups: &mut [RootGroup]) {
        let matters = |one: &usize| matches!(self.class(*one), Class::Complaint | Class::Impact);
        let mut by_pattern: BTreeMap<usize, bool> = BTreeMap::new();
        for group in groups.iter() {
            let explains = group.reached.iter().chain(&group.instances).any(matters);
            *by_pattern.entry(group.pattern).or_default() |= explains;
        }
        let some = by_pattern.values().any(|explains| *explains);
        for group in groups.iter_mut() {
            if some && by_pattern.get(&group.pattern) == Some(&false) {
                group.role = Role::Independent;
            }
        }
    }

    fn roles(&self, groups: &[RootGroup]) -> BTreeMap<usize, Role> {
        let of_groups: BTreeMap<usize, Role> =
            groups.iter().rev().flat_map(|group| group.instances.iter().map(|one| (*one, group.role))).collect();
        let mut roles = BTreeMap::new();
        for (index, instance) in self.instances.holding() {
            let role = if self.class(index) == Class::Fact {
                Role::Fact
            } else {
                match instance.escalated {
                    Truth::False => Role::Noise,
                    Truth::Unknown(_) => Role::Unresolved,
                    Truth::True if !instance.active => Role::Recovered,
                    Truth::True if self.graph.contributing.contains(&index) => Role::Contributing,
                    Truth::True => of_groups.get(&index).copied().unwrap_or(Role::Consequence),
                }
            };
            roles.insert(index, role);
        }
        roles
    }
}
