//! How certain a root is: its grade, and why it is not confirmed.
//!
//! Input: a root instance, the graph, conflicts and hidden causes. Output: a [`RootGrade`].

use std::collections::BTreeSet;
use std::time::Duration;

use super::build::delay_of;
use super::conflict::Conflict;
use super::edge_index::EdgeIndex;
use super::graph::CausalGraph;
use super::hidden_cause::HiddenCause;
use super::timing::may_have_led_to;
use crate::diagnosis::Grade;
use crate::evaluate::entities::Visibility;
use crate::evaluate::instances::{Instance, Instances, Patterns};
use crate::evaluate::symptoms::detection_delay;
use crate::evaluate::timeline::Truth;
use crate::plan::DEFAULT_BIN;
use crate::rules::model::{Class, Strength};
use crate::rules::rule_set::RuleEdge;
use crate::telemetry::entity::Entity;

/// The grade of one root instance.
#[derive(Debug)]
pub(super) struct RootGrade {
    pub(super) grade: Grade,
    /// Why it is not confirmed, as sentences; empty if it is.
    pub(super) why_not_confirmed: BTreeSet<String>,
    /// How many sure effects were seen to be absent.
    pub(super) missing_effects: usize,
}

/// Grades roots.
pub(super) struct RootGrader<'a> {
    pub(super) patterns: &'a Patterns<'a>,
    pub(super) instances: &'a Instances,
    pub(super) edges: &'a EdgeIndex<'a>,
    pub(super) graph: &'a CausalGraph,
    pub(super) conflicts: &'a [Conflict],
    pub(super) hidden_causes: &'a [HiddenCause],
}

impl RootGrader<'_> {
    fn visibility(&self) -> &Visibility<'_> {
        self.patterns.visibility()
    }

    fn pattern_id(&self, instance: usize) -> &str {
        self.instances.get(instance).map_or("", |one| self.visibility().rules.pattern_id(one.pattern))
    }

    /// The grade of a root: open unless its pattern is a cause; provisional if something leaves it in doubt; else confirmed.
    pub(super) fn grade(&self, root: usize) -> RootGrade {
        let Some(instance) = self.instances.get(root) else {
            return RootGrade { grade: Grade::Open, why_not_confirmed: BTreeSet::new(), missing_effects: 0 };
        };
        let rules = self.visibility().rules;
        let mut why: BTreeSet<String> = self.undecided_causes(&instance);
        why.extend(self.undecided_rivals(root, &instance));
        for cause in self.graph.rejected.get(&root).into_iter().flatten() {
            let component = self.graph.component.get(cause);
            if component.is_none() || component != self.graph.component.get(&root) {
                why.insert(format!("its cause {} holds, but not at a time that fits", self.pattern_id(*cause)));
            }
        }
        if self.has_only_weak_evidence(&instance) {
            why.insert("all its evidence is weak".to_owned());
        }
        for other in self.conflicts.iter().filter_map(|conflict| conflict.other(root)) {
            why.insert(format!("it contradicts {}", self.pattern_id(other)));
        }
        let missing = self.missing_effects(root, &instance);
        for effect in &missing {
            why.insert(format!("its sure effect {} was not seen", rules.pattern_id(*effect)));
        }
        for hidden in self.hidden_causes.iter().filter(|hidden| hidden.common_to.contains(&root)) {
            why.insert(format!("{} may be a common cause of it and others", rules.pattern_id(hidden.pattern)));
        }
        let is_cause = rules.patterns.get(instance.pattern).is_some_and(|rule| rule.pattern.class == Class::Cause);
        if !is_cause {
            why.insert("its cause was not seen".to_owned());
        }
        let grade = match (is_cause, why.is_empty()) {
            (false, _) => Grade::Open,
            (true, true) => Grade::Confirmed,
            (true, false) => Grade::Provisional,
        };
        RootGrade { grade, why_not_confirmed: why, missing_effects: missing.len() }
    }

    /// The modelled causes that may hold of what a root explains only as its sole amplifier: one of them may explain it instead.
    fn undecided_rivals(&self, root: usize, instance: &Instance<'_>) -> BTreeSet<String> {
        let rules = self.visibility().rules;
        let causes = |effect: usize| self.edges.edges_from(instance.pattern).iter().any(|edge| edge.to == effect);
        let amplifies = |effect: usize| {
            let mut edges = rules.amplifiers.iter();
            edges.any(|edge| edge.edge.may_be_sole && edge.from == instance.pattern && edge.to == effect)
        };
        let links = self.graph.links_from(root).iter().filter(|link| link.hidden.is_empty());
        let effects = links.filter_map(|link| self.instances.get(link.to));
        let amplified = effects.filter(|effect| amplifies(effect.pattern) && !causes(effect.pattern));
        amplified
            .flat_map(|effect| {
                let id = rules.pattern_id(effect.pattern);
                self.undecided_causes(&effect).into_iter().map(move |why| format!("of {id}, which it explains, {why}"))
            })
            .collect()
    }

    /// The modelled causes of a root that may hold: unknown ones that could be read, and those that may be noise.
    fn undecided_causes(&self, root: &Instance<'_>) -> BTreeSet<String> {
        let visibility = self.visibility();
        let mut why = BTreeSet::new();
        for edge in self.edges.edges_into(root.pattern).filter(|edge| edge.from != root.pattern) {
            let id = visibility.rules.pattern_id(edge.from);
            for cause in self.edges.joined(edge.from, root.entity, edge.edge.reach) {
                let Some(cause) = self.instances.get(cause) else { continue };
                match (cause.truth, cause.escalated) {
                    (Truth::Unknown(_), _)
                        if !visibility.is_inherently_unknown(cause.truth)
                            && may_have_led_to(visibility, cause.state(), root.state(), delay_of(edge)) =>
                    {
                        why.insert(format!("its cause {id} is unknown"));
                    }
                    (Truth::True, Truth::Unknown(_)) => {
                        why.insert(format!("it is unknown whether its cause {id} is noise"));
                    }
                    _ => {}
                }
            }
        }
        why
    }

    /// Whether all symptoms of a root's pattern that hold at it are weak.
    fn has_only_weak_evidence(&self, root: &Instance<'_>) -> bool {
        let visibility = self.visibility();
        let Some(rule) = visibility.rules.patterns.get(root.pattern) else { return false };
        let holds = |symptom: &usize| {
            let timeline = self.patterns.symptom_at(*symptom, &rule.pattern.scope, root.entity);
            timeline.overall(&visibility.reasons).is_true()
        };
        let holding = rule.symptoms.iter().copied().filter(holds);
        let mut holding = holding.filter_map(|symptom| visibility.rules.symptoms.get(symptom)).peekable();
        holding.peek().is_some() && holding.all(|rule| rule.symptom.weak)
    }

    /// The longest time from a fact to its first line, over the symptoms of a pattern.
    fn longest_detection_delay(&self, pattern: usize) -> Duration {
        let visibility = self.visibility();
        let symptoms = visibility.rules.patterns.get(pattern).map(|rule| rule.symptoms.as_slice()).unwrap_or_default();
        let symptoms = symptoms.iter().filter_map(|at| visibility.rules.symptoms.get(*at));
        symptoms.map(|symptom| detection_delay(visibility, symptom)).max().unwrap_or_default()
    }

    /// The patterns of sure effects that were seen to be absent wherever the root's pattern holds, although there was time for
    /// them to appear.
    fn missing_effects(&self, number: usize, root: &Instance<'_>) -> Vec<usize> {
        let visibility = self.visibility();
        let is_sure = |edge: &&RuleEdge| edge.edge.strength == Strength::Sure;
        let sure: Vec<&RuleEdge> = self.edges.edges_from(root.pattern).iter().filter(is_sure).collect();
        if sure.is_empty() {
            return Vec::new();
        }
        // A fact without a time of its own may have begun just now.
        let began = self.graph.onset(self.instances, number).latest;
        let coarsest_keys = visibility.coarsest_keys();
        let is_related = |entity: &Entity| entity.project(&coarsest_keys) == root.entity.project(&coarsest_keys);
        let members: Vec<Instance<'_>> = self
            .instances
            .of_pattern(root.pattern)
            .filter(|(number, one)| self.graph.members.contains(number) && is_related(one.entity))
            .map(|(_, one)| one)
            .collect();
        let mut missing = Vec::new();
        for edge in sure {
            let due = began
                .saturating_add(edge.edge.lag.1.unwrap_or(edge.edge.lag.0))
                .saturating_add(edge.edge.tolerance.unwrap_or(visibility.rules.schema.defaults.tolerance))
                .saturating_add(self.longest_detection_delay(edge.to))
                .saturating_add(DEFAULT_BIN);
            let is_false = |number: &usize| self.instances.get(*number).is_some_and(|one| one.truth.is_false());
            let is_absent = members.iter().all(|member| {
                let effects = self.edges.joined(edge.to, member.entity, edge.edge.reach);
                !effects.is_empty() && effects.iter().all(is_false)
            });
            if is_absent && due < visibility.watermark {
                missing.push(edge.to);
            }
        }
        missing
    }
}
