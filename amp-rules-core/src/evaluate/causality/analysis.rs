//! The causal analysis of one run: instances, the graph over them, roots and roles.
//!
//! Input: the rules and the observations, through [`Patterns`]. Output: a [`CausalAnalysis`], which owns everything that the
//! diagnosis and the explanations read. Computed once; a counterfactual derives a second one from it.

use std::rc::Rc;

use super::causes::{Graph, Lookup, graph};
use super::roots::{RootAnalysis, RootAnalyzer};
use crate::evaluate::entities::entity_set::EntityMap;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::instances::instances::{Instances, State};
use crate::evaluate::instances::pattern::Patterns;
use crate::evaluate::symptoms::symptom::Symptoms;
use crate::observation::Observations;
use crate::rules::rule_set::RuleSet;

/// Instances with their causal graph, roots and roles.
#[derive(Debug)]
pub(crate) struct CausalAnalysis<'a> {
    pub(crate) patterns: Patterns<'a>,
    pub(crate) instances: Rc<Instances>,
    pub(crate) lookup: Lookup<'a>,
    pub(crate) graph: Graph,
    pub(crate) roots: RootAnalysis,
}

impl<'a> CausalAnalysis<'a> {
    pub(crate) fn new(rules: &'a RuleSet, observations: &'a Observations) -> Self {
        let visibility = Rc::new(Visibility::new(rules, observations));
        let patterns = Patterns::new(Rc::new(Symptoms::new(visibility)));
        let instances = patterns.instances();
        Self::of(patterns, instances)
    }

    /// The analysis of given instances of patterns.
    fn of(patterns: Patterns<'a>, instances: Instances) -> Self {
        let instances = Rc::new(instances);
        let visibility = patterns.visibility();
        let lookup = Lookup::new(visibility, Rc::clone(&instances));
        let graph = graph(visibility, &instances, &lookup);
        let analyzer =
            RootAnalyzer { symptoms: &patterns.symptoms, instances: &instances, lookup: &lookup, graph: &graph };
        let roots = analyzer.analyze();
        Self { patterns, instances, lookup, graph, roots }
    }

    /// The analysis under the assumption that a symptom holds, or does not hold, at every entity; `None` where the
    /// assumption changes no instance.
    ///
    /// Only the patterns that `reads_symptom` names, by index, are evaluated again.
    pub(crate) fn assuming(&self, symptom: usize, holds: bool, reads_symptom: impl Fn(usize) -> bool) -> Option<Self> {
        let patterns = Patterns::new(Rc::new(self.patterns.symptoms.assuming(symptom, holds)));
        let mut changed = false;
        let mut blocks: Vec<Rc<EntityMap<State>>> = Vec::new();
        for index in 0..self.visibility().rules.patterns.len() {
            let Some(before) = self.instances.block(index) else { continue };
            if reads_symptom(index) {
                let after = patterns.instances_of(index);
                let relevant =
                    |(entity, state): (&_, &State)| (Clone::clone(entity), state.steps.clone(), state.escalated);
                changed |= !before.iter().map(relevant).eq(after.iter().map(relevant));
                blocks.push(after);
            } else {
                blocks.push(Rc::clone(before));
            }
        }
        changed.then(|| Self::of(patterns, Instances::new(blocks)))
    }

    pub(crate) fn visibility(&self) -> &Visibility<'a> {
        self.patterns.visibility()
    }
}
