//! Results of cases and incidents.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::rules::diagnostic::Span;
use amp_rules_core::rules::syntax::{ExpectText, Spanned};
use amp_rules_core::{Diagnosis, RuleSet};

use super::expect::Failure;

/// The identity of a case or an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseId {
    /// The file of the case, or the folder of the incident.
    pub file: String,
    /// The pattern in whose folder the case is; `None` for incidents.
    pub pattern: Option<String>,
    /// The name of the case, or the title of the incident.
    pub name: String,
    /// The place of the name in the file.
    pub span: Option<Span>,
}

/// The outcome of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The diagnosis is as expected.
    Passed,
    /// The case fails as its `todo` announces: the text of the `todo`, and the failures.
    Todo(String, Vec<Failure>),
    /// The diagnosis is not as expected. At least one failure.
    Failed(Vec<Failure>),
    /// The case could not be run, for this reason.
    Broken(String),
}

/// A case with its outcome.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// The case.
    pub id: CaseId,
    /// The outcome.
    pub outcome: Outcome,
    /// What the case expects of the pattern in whose folder it is.
    pub kind: CaseKind,
    /// The diagnosis; `None` if the case could not be run.
    pub diagnosis: Option<Box<Diagnosis>>,
}

impl CaseResult {
    /// Whether the case failed or could not be run.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_) | Outcome::Broken(_))
    }
}

/// What a case expects of the pattern in whose folder it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseKind {
    /// The pattern is true.
    Positive,
    /// The pattern is not true, or is noise.
    Quiet,
    /// The pattern is unknown.
    Undecided,
    /// Nothing of this pattern, or there is no such pattern.
    Other,
}

impl CaseKind {
    /// The kind of a case with this expectation.
    pub(super) fn of(id: &CaseId, expected: &ExpectText) -> Self {
        let Some(own) = id.pattern.as_deref() else { return Self::Other };
        let lists = |list: &Option<Vec<Spanned<String>>>| list.iter().flatten().any(|id| id.value == own);
        let expects_instance = |words: &[&str]| {
            expected
                .instances
                .iter()
                .any(|instance| instance.pattern.value == own && words.contains(&instance.is.value.as_str()))
        };
        let holds = expected.roots.iter().flatten().any(|root| root.pattern.value == own)
            || [
                &expected.chain,
                &expected.consequences,
                &expected.contributing,
                &expected.independent,
                &expected.recovered,
            ]
            .into_iter()
            .any(lists)
            || expects_instance(&["true", "root", "independent", "consequence", "contributing", "recovered"]);
        if holds {
            Self::Positive
        } else if lists(&expected.undecided)
            || lists(&expected.unresolved)
            || lists(&expected.hypotheses)
            || expects_instance(&["undecided", "unresolved"])
        {
            Self::Undecided
        } else if expected.quiet == Some(true)
            || lists(&expected.absent)
            || lists(&expected.noise)
            || expects_instance(&["absent", "noise"])
        {
            Self::Quiet
        } else {
            Self::Other
        }
    }
}

/// The results of a run.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// One result per case and incident that was run, in the order of files. Variants count as cases.
    pub cases: Vec<CaseResult>,
    /// The number of cases and incidents that [`Options::only`](super::Options::only) excluded.
    pub left_out: usize,
}

impl Results {
    /// The number of passed cases.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Passed))
    }

    /// The number of failed cases.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// The number of cases that could not be run.
    #[must_use]
    pub fn broken(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Broken(_)))
    }

    /// The number of cases that fail as announced.
    #[must_use]
    pub fn todo(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Todo(..)))
    }

    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.cases.iter().filter(|case| is(&case.outcome)).count()
    }

    /// Patterns without a positive, quiet or undecided case, by id, with the missing kinds. Patterns without symptoms need
    /// no cases.
    #[must_use]
    pub fn lacking(&self, rules: &RuleSet) -> BTreeMap<String, Vec<CaseKind>> {
        let mut kinds: BTreeMap<&str, BTreeSet<CaseKind>> = BTreeMap::new();
        for case in &self.cases {
            if let Some(pattern) = &case.id.pattern {
                kinds.entry(pattern).or_default().insert(case.kind);
            }
        }
        let mut lacking = BTreeMap::new();
        for pattern in rules.patterns.iter().filter(|pattern| !pattern.symptoms.is_empty()) {
            let have = kinds.get(pattern.pattern.id.as_str());
            let wanted = [CaseKind::Positive, CaseKind::Quiet, CaseKind::Undecided];
            let missing: Vec<CaseKind> =
                wanted.into_iter().filter(|kind| have.is_none_or(|have| !have.contains(kind))).collect();
            if !missing.is_empty() {
                lacking.insert(pattern.pattern.id.as_str().to_owned(), missing);
            }
        }
        lacking
    }
}
