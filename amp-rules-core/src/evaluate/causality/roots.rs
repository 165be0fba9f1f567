//! Roots of an incident, and the role of every instance that holds.
//!
//! Input: instances and the causal graph. Output: a [`RootAnalysis`]: exactly one role per instance that holds, and the roots
//! grouped by pattern and grade. An unknown instance is never a root.

use std::collections::{BTreeMap, BTreeSet};

use super::conflict::{Conflict, conflicts};
use super::edge_index::EdgeIndex;
use super::grade::RootGrader;
use super::graph::CausalGraph;
use super::hidden_cause::{HiddenCause, HiddenCauses};
use crate::diagnosis::{Grade, Role};
use crate::evaluate::instances::{Instances, Patterns};
use crate::evaluate::timeline::Truth;
use crate::rules::model::Class;
use crate::rules::rule_set::RuleSet;
use crate::time::Time;

/// The roots of one pattern with the same grade.
#[derive(Clone, Debug)]
pub(crate) struct RootGroup {
    pub(crate) pattern: usize,
    pub(crate) grade: Grade,
    /// [`Role::Root`] or [`Role::Independent`].
    pub(crate) role: Role,
    /// Whether it is over, although something that it explains lasts.
    pub(crate) is_over: bool,
    pub(crate) instances: BTreeSet<usize>,
    /// The patterns of the causal loops that these instances are the entries of.
    pub(crate) in_loop: BTreeSet<usize>,
    /// The instances that they explain.
    pub(crate) reached: BTreeSet<usize>,
    /// Why they are not confirmed, as sentences.
    pub(crate) why_not_confirmed: BTreeSet<String>,
    /// How many sure effects were seen to be absent, at most over the instances.
    pub(crate) missing_effects: usize,
}

/// Roots and roles, with the hidden causes and conflicts that leave roots in doubt.
#[derive(Debug)]
pub(crate) struct RootAnalysis {
    /// Per instance that holds.
    pub(crate) roles: BTreeMap<usize, Role>,
    /// By pattern, grade, and whether they are over.
    pub(crate) groups: Vec<RootGroup>,
    pub(crate) hidden_causes: Vec<HiddenCause>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// Finds roots and assigns roles.
#[derive(Clone, Copy)]
pub(super) struct RootAnalyzer<'a> {
    pub(super) patterns: &'a Patterns<'a>,
    pub(super) instances: &'a Instances,
    pub(super) edges: &'a EdgeIndex<'a>,
    pub(super) graph: &'a CausalGraph,
}

impl RootAnalyzer<'_> {
    /// The root groups of a graph of the past. What is unknown now does not lie behind them.
    pub(super) fn past_roots(&self, conflicts: &[Conflict]) -> Vec<RootGroup> {
        let Self { patterns, instances, edges, graph } = *self;
        let grader = RootGrader { patterns, instances, edges, graph, conflicts, hidden_causes: &[] };
        let mut groups = self.groups(&self.entries(), &grader);
        self.mark_independent(&mut groups);
        groups
    }

    pub(super) fn analyze(&self) -> RootAnalysis {
        let Self { patterns, instances, edges, graph } = *self;
        let visibility = patterns.visibility();
        let conflicts = conflicts(visibility, instances, edges);
        let entries = self.entries();
        let hidden_causes = HiddenCauses { visibility, instances, edges, graph }.of_roots(entries.keys().copied());
        let grader =
            RootGrader { patterns, instances, edges, graph, conflicts: &conflicts, hidden_causes: &hidden_causes };
        let mut groups = self.groups(&entries, &grader);
        self.mark_independent(&mut groups);
        let roles = self.roles(&groups);
        RootAnalysis { roles, groups, hidden_causes, conflicts }
    }

    fn rules(&self) -> &RuleSet {
        self.patterns.visibility().rules
    }

    fn pattern_of(&self, instance: usize) -> usize {
        self.instances.get(instance).map_or(usize::MAX, |one| one.pattern)
    }

    fn class_of(&self, instance: usize) -> Class {
        self.rules().patterns.get(self.pattern_of(instance)).map_or(Class::Fact, |rule| rule.pattern.class)
    }

    /// The instances at which root components begin, each with the patterns of its loop; no patterns if it is not in a loop.
    ///
    /// A loop begins at the instance that certainly began first, else where the rules declare an entry, else everywhere.
    fn entries(&self) -> BTreeMap<usize, BTreeSet<usize>> {
        let mut components: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (&member, &component) in &self.graph.component {
            if self.graph.roots.contains(&component) {
                components.entry(component).or_default().push(member);
            }
        }
        let mut entries = BTreeMap::new();
        for members in components.into_values() {
            if let [one] = members.as_slice() {
                entries.insert(*one, BTreeSet::new());
                continue;
            }
            let patterns: BTreeSet<usize> = members.iter().map(|one| self.pattern_of(*one)).collect();
            let is_declared =
                |one: &usize| self.rules().patterns.get(self.pattern_of(*one)).is_some_and(|rule| rule.pattern.entry);
            let declared: Vec<usize> = members.iter().copied().filter(is_declared).collect();
            let starts = match (self.certainly_first(&members), declared.is_empty()) {
                (Some(first), _) => vec![first],
                (None, false) => declared,
                (None, true) => members.into_iter().filter(|one| !self.graph.contributing.contains(one)).collect(),
            };
            for start in starts {
                entries.insert(start, patterns.clone());
            }
        }
        entries
    }

    /// The instance that began before all others, if the onsets show it.
    fn certainly_first(&self, instances: &[usize]) -> Option<usize> {
        let onset = |number: usize| {
            let resolution = self.instances.get(number)?.resolution;
            self.graph.episode(self.instances, number)?.bounds(resolution).next()
        };
        instances.iter().copied().find(|one| {
            let latest = onset(*one).map_or(Time::MAX, |onset| onset.latest);
            let mut others = instances.iter().filter(|other| *other != one);
            others.all(|other| onset(*other).is_some_and(|onset| latest < onset.earliest))
        })
    }

    fn groups(&self, entries: &BTreeMap<usize, BTreeSet<usize>>, grader: &RootGrader<'_>) -> Vec<RootGroup> {
        let mut groups: BTreeMap<(usize, Grade, bool), RootGroup> = BTreeMap::new();
        for (&instance, in_loop) in entries {
            let graded = grader.grade(instance);
            let pattern = self.pattern_of(instance);
            let is_over = self.graph.over.contains(&instance);
            let group = groups.entry((pattern, graded.grade, is_over)).or_insert_with(|| RootGroup {
                pattern,
                is_over,
                grade: graded.grade,
                role: Role::Root,
                instances: BTreeSet::new(),
                in_loop: BTreeSet::new(),
                reached: BTreeSet::new(),
                why_not_confirmed: BTreeSet::new(),
                missing_effects: 0,
            });
            group.instances.insert(instance);
            group.in_loop.extend(in_loop);
            group.why_not_confirmed.extend(graded.why_not_confirmed);
            group.missing_effects = group.missing_effects.max(graded.missing_effects);
        }
        let mut groups: Vec<RootGroup> = groups.into_values().collect();
        for group in &mut groups {
            group.reached = &self.graph.reached_from(&group.instances) - &group.instances;
        }
        groups
    }

    /// Marks the roots that explain no complaint and no impact, while another root does, as independent problems.
    fn mark_independent(&self, groups: &mut [RootGroup]) {
        let matters = |instance: &usize| matches!(self.class_of(*instance), Class::Complaint | Class::Impact);
        let mut explains: BTreeMap<usize, bool> = BTreeMap::new();
        for group in groups.iter() {
            let matters = group.reached.iter().chain(&group.instances).any(matters);
            *explains.entry(group.pattern).or_default() |= matters;
        }
        let some_explains = explains.values().any(|explains| *explains);
        for group in groups.iter_mut() {
            if some_explains && explains.get(&group.pattern) == Some(&false) {
                group.role = Role::Independent;
            }
        }
    }

    fn roles(&self, groups: &[RootGroup]) -> BTreeMap<usize, Role> {
        let of_roots: BTreeMap<usize, Role> =
            groups.iter().rev().flat_map(|group| group.instances.iter().map(|one| (*one, group.role))).collect();
        let role = |number: usize, escalated: Truth| match escalated {
            _ if self.class_of(number) == Class::Fact => Role::Fact,
            _ if self.graph.contributing.contains(&number) => Role::Contributing,
            _ if self.graph.members.contains(&number) => of_roots.get(&number).copied().unwrap_or(Role::Consequence),
            _ if self.graph.unresolved.contains(&number) => Role::Unresolved,
            Truth::False => Role::Noise,
            Truth::Unknown(_) => Role::Unresolved,
            Truth::True => Role::Recovered,
        };
        self.instances.holding().map(|(number, one)| (number, role(number, one.escalated))).collect()
    }
}
