//! Justifications as data: a tree of conditions with their verdicts.
//!
//! Plain data, built in [`super::prove`] and read by [`crate::report`] and by programs.

use std::fmt;

use crate::diagnosis::{CauseState, Citation, Evidence, Role, UnknownReason};
use crate::telemetry::entity::Entity;

/// Whether a condition holds: true, false or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It holds, whatever telemetry is missing.
    True,
    /// It does not hold, whatever telemetry is missing.
    False,
    /// It depends on telemetry that is missing.
    Unknown,
}

impl Verdict {
    /// The name in reports: `true`, `false`, `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        }
    }
}

/// What a node of a proof stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProofNode {
    /// True if all parts are.
    AllOf,
    /// True if some part is.
    AnyOf,
    /// True if at least so many parts are.
    AtLeast(u32),
    /// True if its only part is false.
    Not,
    /// True if both parts are: the condition and what it requires.
    Requires,
    /// A symptom; it has no parts.
    Symptom {
        /// The id of the pattern that defines it.
        pattern: String,
        /// Its name.
        symptom: String,
    },
    /// A pattern that the condition refers to; its only part is its own condition.
    Pattern(String),
    /// A pattern without symptoms that a user report names; it has no parts.
    Reported,
    /// A pattern without symptoms; it has no parts.
    Unobservable,
}

impl fmt::Display for ProofNode {
    /// `all of`, `at least 2 of`, `symptom export-refused.refused`, `pattern publication-outage`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllOf => out.write_str("all of"),
            Self::AnyOf => out.write_str("any of"),
            Self::AtLeast(count) => write!(out, "at least {count} of"),
            Self::Not => out.write_str("not"),
            Self::Requires => out.write_str("requires"),
            Self::Symptom { pattern, symptom } => write!(out, "symptom {pattern}.{symptom}"),
            Self::Pattern(pattern) => write!(out, "pattern {pattern}"),
            Self::Reported => out.write_str("reported"),
            Self::Unobservable => out.write_str("no symptoms: nothing that is read could show it"),
        }
    }
}

/// A node of a justification: a condition at one entity with its verdict, and the parts that the verdict follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The condition.
    pub node: ProofNode,
    /// Its verdict over the window.
    pub verdict: Verdict,
    /// For a symptom: its number, threshold and rows.
    pub evidence: Option<Evidence>,
    /// For a symptom with a number: the distance from the number to the threshold, in the unit of both; never negative.
    pub distance: Option<f64>,
    /// The reasons of an unknown verdict, sorted; else empty.
    pub reasons: Vec<UnknownReason>,
    /// For a symptom without matching lines: the nearest line. Never set by core, which has no rows; a caller that has them
    /// can add it.
    pub nearest: Option<NearMiss>,
    /// The conditions that it combines, in the author's order.
    pub parts: Vec<Proof>,
}

/// A line that nearly matches a symptom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// What matches and what is missing, as text.
    pub what: String,
    /// The line as the regex is applied to it; it may be truncated.
    pub line: Citation,
}

impl Proof {
    /// The pattern and the name of the symptom that this node stands for; `None` for any other node.
    #[must_use]
    pub fn symptom(&self) -> Option<(&str, &str)> {
        match &self.node {
            ProofNode::Symptom { pattern, symptom } => Some((pattern, symptom)),
            ProofNode::AllOf
            | ProofNode::AnyOf
            | ProofNode::AtLeast(_)
            | ProofNode::Not
            | ProofNode::Requires
            | ProofNode::Pattern(_)
            | ProofNode::Reported
            | ProofNode::Unobservable => None,
        }
    }

    /// The smallest set of leaves that keeps this condition from being true; empty if it is true.
    #[must_use]
    pub fn failing(&self) -> Vec<&Proof> {
        if self.verdict == Verdict::True {
            return Vec::new();
        }
        if self.parts.is_empty() {
            return vec![self];
        }
        let failing: Vec<&Proof> = self.parts.iter().filter(|part| part.verdict != Verdict::True).collect();
        if failing.is_empty() {
            return self.parts.iter().collect();
        }
        // One false part is enough to make a conjunction false; the unknown ones then do not matter.
        let conjunction = matches!(self.node, ProofNode::AllOf | ProofNode::Requires);
        let decisive: Vec<&Proof> = failing.iter().copied().filter(|part| part.verdict == self.verdict).collect();
        let chosen = if conjunction && !decisive.is_empty() { decisive } else { failing };
        chosen.into_iter().flat_map(Proof::failing).collect()
    }
}

/// The proof of one pattern for a group of entities with the same verdict, role and reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// The pattern's id.
    pub pattern: String,
    /// Whether the pattern holds at these entities.
    pub verdict: Verdict,
    /// Its role in the diagnosis; `None` unless it holds.
    pub role: Option<Role>,
    /// The entities of the group, sorted.
    pub entities: Vec<Entity>,
    /// The same as text: `3 of 16 ReplicaSet pods`.
    pub scope: String,
    /// The entity whose numbers and rows the proof shows: the first one if the pattern holds, else the one that is closest to
    /// holding among the first 100.
    pub shown: Entity,
    /// The proof of the pattern's `when`.
    pub proof: Proof,
    /// The proof of the pattern's `noise_unless`; `None` if it has none or the pattern does not hold.
    pub noise_unless: Option<Proof>,
    /// Every modelled cause of the pattern with its status, sorted by pattern.
    pub causes: Vec<CauseState>,
}
