//! The compiled rules: immutable, shareable, every reference an index.
//!
//! [`crate::compile()`] creates a [`RuleSet`]; planning and evaluation read it. Patterns are sorted by id, symptoms by
//! pattern and order in the file, so indices do not depend on the order of files.

use std::collections::BTreeMap;

use crate::rules::model::query::{Origin, QueryParameter};
use crate::rules::model::{
    Amplifies, Causes, EndsWhen, Lasts, Parameter, Pattern, Setting, Symptom, SymptomKind, When,
};
use crate::telemetry::schema::Schema;

/// A condition whose references are indices into [`RuleSet::symptoms`] and [`RuleSet::patterns`].
pub type Resolved = When<usize, usize>;

/// A symptom of a pattern, with resolved references.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RuleSymptom {
    /// The pattern it belongs to.
    pub pattern: usize,
    /// The symptom.
    pub symptom: Symptom,
    /// The symptom that `repeats` counts, or the failures of `persists`.
    pub watches: Option<usize>,
    /// The success that ends a streak of `persists`.
    pub without: Option<usize>,
    /// The symptoms of the steps of a `sequence`, those that must not occur included.
    pub steps: Vec<usize>,
    /// The marker of planned occurrences of `repeats`.
    pub except_after: Option<usize>,
    /// What shows that an occurrence is over: a symptom or a pattern.
    pub ends_when: Option<EndsWhen<usize, usize>>,
}

/// A pattern with resolved references.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RulePattern {
    /// The pattern.
    pub pattern: Pattern,
    /// Its own symptoms.
    pub symptoms: Vec<usize>,
    /// The condition for it to hold; `None` if it is unobservable.
    pub when: Option<Resolved>,
    /// The condition for it to be more than noise.
    pub noise_unless: Option<Resolved>,
    /// The number that measures an impact: a symptom and the position of a capture in its `sums`.
    pub magnitude: Option<(usize, usize)>,
    /// Patterns that cannot hold for the same entity at the same time.
    pub contradicts: Vec<usize>,
}

/// A causal edge between patterns.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RuleEdge {
    /// The cause.
    pub from: usize,
    /// The effect.
    pub to: usize,
    /// The edge as written in the rule.
    pub edge: Causes,
}

/// An amplifying edge between patterns.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RuleAmplifier {
    /// The amplifying pattern.
    pub from: usize,
    /// The amplified pattern.
    pub to: usize,
    /// The edge as written in the rule.
    pub edge: Amplifies,
}

/// A healthy or unhealthy indicator of the pack.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Indicator {
    /// Its id.
    pub id: String,
    /// Whether it indicates health.
    pub healthy: bool,
    /// The statement.
    pub text: String,
    /// When it is true: a condition over patterns.
    pub when: Resolved,
}

/// A step of the investigation workflow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkflowStep {
    /// Its number in the pack's workflow; numbers may have gaps.
    pub step: u32,
    /// Its title.
    pub title: String,
    /// What to check.
    pub items: Vec<WorkflowItem>,
}

/// One item of a [`WorkflowStep`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkflowItem {
    /// What to do.
    pub text: String,
    /// Patterns that answer it, by index.
    pub patterns: Vec<usize>,
    /// Names of queries that help.
    pub queries: Vec<String>,
    /// Tables that it reads.
    pub tables: Vec<String>,
}

/// The investigation workflow of a pack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Workflow {
    /// Its steps, by number.
    pub steps: Vec<WorkflowStep>,
    /// Notes for the investigation.
    pub notes: Vec<String>,
}

/// A named investigation query of the pack.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NamedQuery {
    /// Its name: the name of the file without `.kql`.
    pub name: String,
    /// Its text, comments included.
    pub text: String,
    /// The parameters that its header declares, in order.
    pub parameters: Vec<QueryParameter>,
}

/// Compiled rules.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RuleSet {
    /// The pack's name.
    pub pack: String,
    /// The pack's version.
    pub version: String,
    /// `sha256:…` over the rule files; independent of their order, line ends and folder.
    pub digest: String,
    /// The telemetry model.
    pub schema: Schema,
    /// Parameters and their values.
    pub parameters: BTreeMap<String, Parameter>,
    /// Patterns, by id.
    pub patterns: Vec<RulePattern>,
    /// Symptoms of all patterns.
    pub symptoms: Vec<RuleSymptom>,
    /// Causal edges, by (from, to).
    pub edges: Vec<RuleEdge>,
    /// Amplifying edges, by (from, to).
    pub amplifiers: Vec<RuleAmplifier>,
    /// The order of patterns in which conditions only refer to earlier ones.
    pub condition_order: Vec<usize>,
    /// Indicators, in the order of the file.
    pub indicators: Vec<Indicator>,
    /// The investigation workflow.
    pub workflow: Workflow,
    /// Named queries, by name.
    pub queries: Vec<NamedQuery>,
}

impl RuleSet {
    /// Returns the index of a pattern.
    #[must_use]
    pub fn pattern_index(&self, id: &str) -> Option<usize> {
        self.patterns.binary_search_by(|probe| probe.pattern.id.as_str().cmp(id)).ok()
    }

    /// Returns the id of a pattern; empty if there is no such index.
    #[must_use]
    pub fn pattern_id(&self, index: usize) -> &str {
        self.patterns.get(index).map_or("", |pattern| pattern.pattern.id.as_str())
    }
}

/// Returns the parameters that the limits and times of a symptom use, sorted.
#[must_use]
pub(crate) fn parameters_of(symptom: &Symptom) -> Vec<&str> {
    fn name<'s>(setting: Option<&'s Setting>, out: &mut Vec<&'s str>) {
        if let Some(Setting::Parameter(name)) = setting {
            out.push(name);
        }
    }
    fn walk<'s>(kind: &'s SymptomKind, out: &mut Vec<&'s str>) {
        match kind {
            SymptomKind::Log { at_least, within, .. } | SymptomKind::Event { at_least, within, .. } => {
                name(Some(at_least), out);
                name(within.as_ref(), out);
            }
            SymptomKind::Metric { threshold, .. } => name(Some(&threshold.limit), out),
            SymptomKind::Ratio { threshold, min_to, .. } => {
                name(Some(&threshold.limit), out);
                name(min_to.as_ref(), out);
            }
            SymptomKind::Absent { of, lasting } => {
                walk(of, out);
                name(Some(lasting), out);
            }
            SymptomKind::Drop { share, .. } => name(Some(share), out),
            SymptomKind::Repeats { at_least, within, except_after, .. } => {
                name(Some(at_least), out);
                name(Some(within), out);
                name(except_after.as_ref().map(|except| &except.within), out);
            }
            SymptomKind::Sequence { within, .. } => name(Some(within), out),
            SymptomKind::Persists { lasting, .. } => name(Some(lasting), out),
            SymptomKind::Query { query, threshold } => {
                name(Some(&threshold.limit), out);
                out.extend(query.parameters.iter().filter_map(|parameter| match &parameter.origin {
                    Origin::Setting(name) => Some(name.as_str()),
                    Origin::Subject(_) | Origin::From | Origin::To => None,
                }));
            }
            SymptomKind::Property { .. } | SymptomKind::Ceases { .. } => {}
        }
    }
    let mut out = Vec::new();
    walk(&symptom.kind, &mut out);
    for setting in [&symptom.startup_grace, &symptom.apart, &symptom.detection_delay] {
        name(setting.as_ref(), &mut out);
    }
    if let Some(Lasts::For(setting)) = &symptom.lasts {
        name(Some(setting), &mut out);
    }
    out.sort_unstable();
    out.dedup();
    out
}
