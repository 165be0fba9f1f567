//! Patterns: conditions, edges, remedies.

use std::collections::BTreeMap;
use std::time::Duration;

use super::symptom::{Symptom, SymptomRef};
use crate::rules::classification::{Class, Severity, Strength};

/// A condition over symptoms `S` and patterns `P` (names here, indices in a rule set).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When<S, P> {
    /// The symptom holds.
    Symptom(S),
    /// The other pattern holds.
    Pattern(P),
    /// All of them hold.
    All(Vec<When<S, P>>),
    /// At least one of them holds.
    Any(Vec<When<S, P>>),
    /// It does not hold.
    Not(Box<When<S, P>>),
    /// At least `count` of them hold.
    AtLeast {
        /// How many.
        count: u32,
        /// The conditions.
        of: Vec<When<S, P>>,
    },
    /// `then` if `that` holds. If `that` does not hold, the condition does not apply and is false.
    Requires {
        /// The guard.
        that: Box<When<S, P>>,
        /// The condition.
        then: Box<When<S, P>>,
    },
}

impl<S, P> When<S, P> {
    /// The symptoms that it names, in order.
    #[must_use]
    pub fn symptoms(&self) -> Vec<&S> {
        self.leaves().into_iter().filter_map(|leaf| leaf.ok()).collect()
    }

    /// The patterns that it names, in order.
    #[must_use]
    pub fn patterns(&self) -> Vec<&P> {
        self.leaves().into_iter().filter_map(|leaf| leaf.err()).collect()
    }

    fn leaves(&self) -> Vec<Result<&S, &P>> {
        match self {
            Self::Symptom(symptom) => vec![Ok(symptom)],
            Self::Pattern(pattern) => vec![Err(pattern)],
            Self::All(parts) | Self::Any(parts) | Self::AtLeast { of: parts, .. } => {
                parts.iter().flat_map(Self::leaves).collect()
            }
            Self::Not(part) => part.leaves(),
            Self::Requires { that, then } => [that, then].into_iter().flat_map(|part| part.leaves()).collect(),
        }
    }
}

/// Which entities an edge connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The keys of one are a subset of the other's, with equal values.
    Contains,
    /// The same entity.
    Same,
    /// Any two entities of the same subject.
    Cluster,
}

/// `causes`: this pattern is sufficient to cause the other.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Causes {
    /// The effect.
    pub pattern: String,
    /// How reliably the cause leads to the effect.
    pub strength: Strength,
    /// The shortest and the longest delay; `None` for no upper bound.
    pub lag: (Duration, Option<Duration>),
    /// Differences between clocks that are tolerated; the pack's default if `None`.
    pub tolerance: Option<Duration>,
    /// Which entities it connects.
    pub reach: Reach,
    /// Whether it closes a loop on purpose.
    pub feedback: bool,
    /// Why the edge exists.
    pub because: Option<String>,
}

/// `amplifies`: this pattern makes the other worse.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Amplifies {
    /// The pattern that gets worse.
    pub pattern: String,
    /// Whether it explains the other if nothing else does.
    pub may_be_sole: bool,
    /// Whether it closes a loop on purpose.
    pub feedback: bool,
    /// Why the edge exists.
    pub because: Option<String>,
}

/// One step of a remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemedyStep {
    /// Its id, unique in the pattern.
    pub id: String,
    /// What to do or to verify.
    pub text: String,
    /// Whether it checks that the other steps have worked.
    pub verifies: bool,
    /// Side effects of the step.
    pub caution: Option<String>,
    /// Whether the step changes the system, rather than only reading from it.
    pub changes_state: bool,
    /// A command as program and arguments, to be shown and never executed; empty if there is none.
    pub run: Vec<String>,
}

/// The number that measures an impact: `symptom.capture`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Magnitude {
    /// The symptom.
    pub symptom: SymptomRef,
    /// Its summed capture.
    pub capture: String,
    /// What is counted, for reports: `points`.
    pub unit: Option<String>,
}

/// One pattern.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Pattern {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What kind of fact it is.
    pub class: Class,
    /// How bad it is.
    pub severity: Severity,
    /// The entity kind of its instances.
    pub scope: String,
    /// The entities that it applies to: key → allowed values.
    pub applies_to: BTreeMap<String, Vec<String>>,
    /// Whether a causal loop starts here if times do not decide.
    pub entry: bool,
    /// The team that fixes it.
    pub owner: Option<String>,
    /// What it means, in one or two sentences.
    pub summary: String,
    /// Its symptoms, in the author's order.
    pub symptoms: Vec<Symptom>,
    /// The condition for it to hold; `None` for a pattern without symptoms, which is unobservable.
    pub when: Option<When<SymptomRef, String>>,
    /// The condition for it to be more than noise.
    pub noise_unless: Option<When<SymptomRef, String>>,
    /// The number that measures an impact.
    pub magnitude: Option<Magnitude>,
    /// The patterns that it causes.
    pub causes: Vec<Causes>,
    /// The patterns that it makes worse.
    pub amplifies: Vec<Amplifies>,
    /// Patterns that cannot hold for the same entity at the same time.
    pub contradicts: Vec<String>,
    /// How to fix it, in order.
    pub remedy: Vec<RemedyStep>,
    /// Named queries for further investigation.
    pub queries: Vec<String>,
    /// The sources of this knowledge.
    pub references: Vec<String>,
    /// How it was obtained, if that matters (`reconstructed`).
    pub provenance: Option<String>,
}
