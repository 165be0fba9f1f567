//! The causal analysis of one run: instances, the graph over them, roots and roles.
//!
//! Input: the rules and the observations. Output: a [`CausalAnalysis`], which owns everything that the diagnosis and the
//! explanations read. It is computed once; a counterfactual derives a second one from it.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::build::GraphInput;
use super::edge_index::EdgeIndex;
use super::episodes::Episodes;
use super::graph::CausalGraph;
use super::history::past_incidents;
use super::roots::{RootAnalysis, RootAnalyzer, RootGroup};
use crate::evaluate::entities::{EntityMap, Visibility};
use crate::evaluate::instances::{Instances, PatternState, Patterns};
use crate::evaluate::symptoms::Symptoms;
use crate::observation::Observations;
use crate::rules::model::Class;
use crate::rules::rule_set::RuleSet;
use crate::telemetry::entity::Entity;

/// Instances with their causal graph, roots and roles.
#[derive(Debug)]
pub(crate) struct CausalAnalysis<'a> {
    pub(crate) patterns: Patterns<'a>,
    pub(crate) instances: Rc<Instances>,
    pub(super) edges: EdgeIndex<'a>,
    pub(crate) graph: CausalGraph,
    pub(crate) roots: RootAnalysis,
    /// What is over and leads to nothing that lasts, in order of time.
    pub(crate) history: Vec<PastIncident>,
}

/// A connected group of episodes that are over.
#[derive(Debug)]
pub(crate) struct PastIncident {
    pub(crate) graph: CausalGraph,
    pub(crate) groups: Vec<RootGroup>,
}

impl<'a> CausalAnalysis<'a> {
    pub(crate) fn new(rules: &'a RuleSet, observations: &'a Observations) -> Self {
        let visibility = Rc::new(Visibility::new(rules, observations));
        let patterns = Patterns::new(Rc::new(Symptoms::new(visibility)));
        let instances = patterns.instances();
        Self::of_instances(patterns, instances)
    }

    fn of_instances(patterns: Patterns<'a>, instances: Instances) -> Self {
        let instances = Rc::new(instances);
        let visibility = patterns.visibility();
        let edges = EdgeIndex::new(visibility, Rc::clone(&instances));
        let episodes = Episodes::new(visibility.rules, &instances, &edges);
        let input = GraphInput { visibility, instances: &instances, edges: &edges, episodes: &episodes };
        let graph = input.present();
        let analyzer = RootAnalyzer { patterns: &patterns, instances: &instances, edges: &edges, graph: &graph };
        let roots = analyzer.analyze();
        let history = past_incidents(input, &graph).into_iter().map(|episodes| {
            let past = input.past(episodes);
            let groups = RootAnalyzer { graph: &past, ..analyzer }.past_roots(&roots.conflicts);
            PastIncident { graph: past, groups }
        });
        let history = history.collect();
        Self { patterns, instances, edges, graph, roots, history }
    }

    /// The analysis under the assumption that a symptom holds, or does not hold, at every entity; `None` if the assumption
    /// changes no instance.
    ///
    /// Only the patterns that `reads_symptom` selects, by index, are evaluated again.
    pub(crate) fn assuming(&self, symptom: usize, holds: bool, reads_symptom: impl Fn(usize) -> bool) -> Option<Self> {
        let patterns = Patterns::new(Rc::new(self.patterns.symptoms.assuming(symptom, holds)));
        let mut has_changed = false;
        let mut all: Vec<Rc<EntityMap<PatternState>>> = Vec::new();
        for pattern in 0..self.visibility().rules.patterns.len() {
            let Some(before) = self.instances.states_of(pattern) else { continue };
            if reads_symptom(pattern) {
                let after = patterns.states(pattern);
                let relevant = |(entity, state): (&Entity, &PatternState)| {
                    (entity.clone(), state.timeline.clone(), state.escalated)
                };
                has_changed |= !before.iter().map(relevant).eq(after.iter().map(relevant));
                all.push(after);
            } else {
                all.push(Rc::clone(before));
            }
        }
        has_changed.then(|| Self::of_instances(patterns, Instances::new(all)))
    }

    pub(crate) fn visibility(&self) -> &Visibility<'a> {
        self.patterns.visibility()
    }

    /// The id of a pattern.
    pub(crate) fn id(&self, pattern: usize) -> String {
        self.visibility().rules.pattern_id(pattern).to_owned()
    }

    pub(crate) fn class_of(&self, pattern: usize) -> Class {
        self.visibility().rules.patterns.get(pattern).map_or(Class::Fact, |rule| rule.pattern.class)
    }

    /// The pattern of an instance; [`usize::MAX`] for a number that is none.
    pub(crate) fn pattern_of(&self, instance: usize) -> usize {
        self.instances.get(instance).map_or(usize::MAX, |one| one.pattern)
    }

    pub(crate) fn patterns_of<'i>(&self, instances: impl IntoIterator<Item = &'i usize>) -> BTreeSet<usize> {
        instances.into_iter().map(|instance| self.pattern_of(*instance)).collect()
    }
}
