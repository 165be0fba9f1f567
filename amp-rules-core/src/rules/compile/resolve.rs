//! Drafts → the rule set, in which every reference is an index.
//!
//! Input: drafts without errors. Output: a [`RuleSet`]; `None` only if a name does not exist, which earlier checks have
//! ruled out.

use std::collections::{BTreeMap, BTreeSet};

use super::indicators::IndicatorsDraft;
use super::workflow::WorkflowDraft;
use crate::graph::topological;
use crate::rules::model::{EndsWhen, SymptomKind, SymptomRef, When};
use crate::rules::rule_set::{
    Indicator, NamedQuery, Resolved, RuleAmplifier, RuleEdge, RulePattern, RuleSet, RuleSymptom, Workflow,
    WorkflowItem, WorkflowStep,
};
use crate::rules::validate::{Draft, Pack};

/// Builds the rule set. `drafts` are sorted by id.
pub(super) fn rule_set(
    pack: Pack,
    drafts: Vec<Draft>,
    indicators: IndicatorsDraft,
    workflow: WorkflowDraft,
    digest: String,
    queries: Vec<NamedQuery>,
) -> Option<RuleSet> {
    let index = Index::new(&drafts);
    let mut patterns = Vec::new();
    let mut symptoms = Vec::new();
    let mut edges = Vec::new();
    let mut amplifiers = Vec::new();
    let mut dependencies: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (at, draft) in drafts.iter().enumerate() {
        let pattern = &draft.pattern;
        let first = symptoms.len();
        for symptom in &pattern.symptoms {
            let ends_when = match &symptom.ends_when {
                Some(EndsWhen::Symptom(name)) => Some(EndsWhen::Symptom(index.symptom(at, name)?)),
                Some(EndsWhen::Pattern(id)) => Some(EndsWhen::Pattern(index.pattern(id)?)),
                None => None,
            };
            let except_after = match &symptom.kind {
                SymptomKind::Repeats { except_after: Some(except), .. } => Some(index.symptom(at, &except.symptom)?),
                _ => None,
            };
            let (watches, without) = match &symptom.kind {
                SymptomKind::Repeats { symptom, .. } => (Some(index.symptom(at, symptom)?), None),
                SymptomKind::Persists { symptom, without, .. } => {
                    let without = match without {
                        Some(one) => Some(index.symptom(at, one)?),
                        None => None,
                    };
                    (Some(index.symptom(at, symptom)?), without)
                }
                SymptomKind::Sequence { steps, .. } => {
                    (steps.first().and_then(|step| index.symptom(at, &step.symptom)), None)
                }
                _ => (None, None),
            };
            let steps = match &symptom.kind {
                SymptomKind::Sequence { steps, .. } => {
                    steps.iter().map(|step| index.symptom(at, &step.symptom)).collect::<Option<_>>()?
                }
                _ => Vec::new(),
            };
            symptoms.push(RuleSymptom {
                pattern: at,
                symptom: symptom.clone(),
                watches,
                without,
                steps,
                except_after,
                ends_when,
            });
        }
        for edge in &pattern.causes {
            edges.push(RuleEdge { from: at, to: index.pattern(&edge.pattern)?, edge: edge.clone() });
        }
        for edge in &pattern.amplifies {
            amplifiers.push(RuleAmplifier { from: at, to: index.pattern(&edge.pattern)?, edge: edge.clone() });
        }
        for used in &draft.pattern_uses {
            dependencies.insert((index.pattern(&used.name)?, at));
        }
        let mut contradicts: Vec<usize> =
            pattern.contradicts.iter().map(|id| index.pattern(id)).collect::<Option<_>>()?;
        contradicts.sort_unstable();
        contradicts.dedup();
        patterns.push(RulePattern {
            symptoms: (first..symptoms.len()).collect(),
            when: index.option(at, pattern.when.as_ref())?,
            noise_unless: index.option(at, pattern.noise_unless.as_ref())?,
            magnitude: match &pattern.magnitude {
                Some(magnitude) => Some(index.capture(&drafts, at, &magnitude.symptom, &magnitude.capture)?),
                None => None,
            },
            contradicts,
            pattern: pattern.clone(),
        });
    }
    edges.sort_by_key(|edge| (edge.from, edge.to));
    edges.dedup_by_key(|edge| (edge.from, edge.to));
    amplifiers.sort_by_key(|edge| (edge.from, edge.to));
    amplifiers.dedup_by_key(|edge| (edge.from, edge.to));
    let dependencies: Vec<(usize, usize)> = dependencies.into_iter().collect();
    let condition_order = topological(patterns.len(), &dependencies, |at| at);
    let indicators = indicators
        .indicators
        .into_iter()
        .map(|one| {
            Some(Indicator { when: index.when(0, &one.when)?, id: one.id, healthy: one.healthy, text: one.text })
        })
        .collect::<Option<_>>()?;
    let mut steps = Vec::new();
    for step in workflow.steps {
        let mut items = Vec::new();
        for item in step.items {
            let patterns = item.patterns.iter().map(|id| index.pattern(id)).collect::<Option<_>>()?;
            items.push(WorkflowItem { text: item.text, patterns, queries: item.queries, tables: item.tables });
        }
        steps.push(WorkflowStep { step: step.step, title: step.title, items });
    }
    Some(RuleSet {
        pack: pack.name,
        version: pack.version,
        digest,
        schema: pack.schema,
        parameters: pack.parameters,
        patterns,
        symptoms,
        edges,
        amplifiers,
        condition_order,
        indicators,
        workflow: Workflow { steps, notes: workflow.notes },
        queries,
    })
}

/// The index of every name in the rule set.
struct Index {
    patterns: BTreeMap<String, usize>,
    symptoms: BTreeMap<(usize, String), usize>,
}

impl Index {
    fn new(drafts: &[Draft]) -> Self {
        let mut index = Self { patterns: BTreeMap::new(), symptoms: BTreeMap::new() };
        let mut count = 0;
        for (at, draft) in drafts.iter().enumerate() {
            index.patterns.insert(draft.pattern.id.clone(), at);
            for symptom in &draft.pattern.symptoms {
                index.symptoms.insert((at, symptom.name.clone()), count);
                count += 1;
            }
        }
        index
    }

    fn pattern(&self, id: &str) -> Option<usize> {
        self.patterns.get(id).copied()
    }

    fn symptom(&self, at: usize, name: &SymptomRef) -> Option<usize> {
        let owner = match &name.pattern {
            Some(id) => self.pattern(id)?,
            None => at,
        };
        self.symptoms.get(&(owner, name.symptom.clone())).copied()
    }

    fn capture(&self, drafts: &[Draft], at: usize, name: &SymptomRef, capture: &str) -> Option<(usize, usize)> {
        let symptom = self.symptom(at, name)?;
        let owner = drafts.get(name.pattern.as_deref().map_or(Some(at), |id| self.pattern(id))?)?;
        let found = owner.pattern.symptoms.iter().find(|symptom| symptom.name == name.symptom)?;
        match &found.kind {
            SymptomKind::Log { lines, .. } => Some((symptom, lines.sums.iter().position(|sum| sum == capture)?)),
            _ => None,
        }
    }

    /// Resolves an optional condition; `Some(None)` if there is none.
    fn option(&self, at: usize, when: Option<&When<SymptomRef, String>>) -> Option<Option<Resolved>> {
        match when {
            None => Some(None),
            Some(when) => self.when(at, when).map(Some),
        }
    }

    fn when(&self, at: usize, when: &When<SymptomRef, String>) -> Option<Resolved> {
        let several = |parts: &[When<SymptomRef, String>]| {
            parts.iter().map(|part| self.when(at, part)).collect::<Option<Vec<_>>>()
        };
        Some(match when {
            When::Symptom(name) => When::Symptom(self.symptom(at, name)?),
            When::Pattern(id) => When::Pattern(self.pattern(id)?),
            When::All(parts) => When::All(several(parts)?),
            When::Any(parts) => When::Any(several(parts)?),
            When::Not(part) => When::Not(Box::new(self.when(at, part)?)),
            When::AtLeast { count, of } => When::AtLeast { count: *count, of: several(of)? },
            When::Requires { that, then } => {
                When::Requires { that: Box::new(self.when(at, that)?), then: Box::new(self.when(at, then)?) }
            }
        })
    }
}
