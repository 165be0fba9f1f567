//! Why a verdict holds, why another does not, what would change it, and where to look next.
//!
//! Input: rules and observations, as for [`crate::evaluate()`]. Output: proofs, counterfactuals and next queries as plain data.
//! Nothing here decides: it tells what the evaluator decided, and runs it again on suppositions.

use std::collections::BTreeMap;

mod proofs;

pub use crate::diagnosis::CauseState;
use crate::diagnosis::{Citation, Evidence, Grade, Role, Status, UnknownReason};
use crate::observation::Observations;
use crate::rules::rule_set::RuleSet;
use crate::telemetry::entity::Entity;

/// Whether something is so, not so, or unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It is so.
    True,
    /// It is not so.
    False,
    /// It cannot be told.
    Unknown,
}

impl Verdict {
    /// The word of reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::False => "false",
            Self::Unknown => "unknown",
        }
    }
}

/// A node of a justification: a condition with its verdict, and what that rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// What is judged: `all of`, `symptom refused`, `pattern publication-outage`.
    pub what: String,
    /// How it was judged.
    pub verdict: Verdict,
    /// Of a symptom: its number, threshold and rows.
    pub evidence: Option<Evidence>,
    /// Of a symptom with a number: how far the number lies from the threshold, in the unit of both.
    pub distance: Option<f64>,
    /// Why it is unknown.
    pub reasons: Vec<UnknownReason>,
    /// Of a symptom of which no line was seen: what came nearest, where whoever holds the rows has looked.
    pub nearest: Option<NearMiss>,
    /// What it rests on.
    pub parts: Vec<Proof>,
}

/// A line that is nearly what a symptom looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearMiss {
    /// How near it comes, and what is missing, in words.
    pub what: String,
    /// The line; as a regex sees it, and perhaps cut.
    pub line: Citation,
}

impl Proof {
    /// The symptom that it judges, as `pattern.symptom`; nothing for a condition.
    #[must_use]
    pub fn symptom(&self) -> Option<&str> {
        self.what.strip_prefix("symptom ")
    }

    /// The smallest set of leaves that keeps this from being true.
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
        let conjunction = matches!(self.what.as_str(), "all of" | "requires");
        let decisive: Vec<&Proof> = failing.iter().copied().filter(|part| part.verdict == self.verdict).collect();
        let chosen = if conjunction && !decisive.is_empty() { decisive } else { failing };
        chosen.into_iter().flat_map(Proof::failing).collect()
    }
}

/// The proof of a pattern for entities that are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Why {
    /// The pattern.
    pub pattern: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Its role, where it holds.
    pub role: Option<Role>,
    /// For whom, sorted.
    pub entities: Vec<Entity>,
    /// The same in words.
    pub scope: String,
    /// Whose numbers and rows the proof shows: where it holds the first of the entities, else the one that comes nearest.
    pub shown: Entity,
    /// The justification.
    pub proof: Proof,
    /// What decided whether it is noise.
    pub noise_unless: Option<Proof>,
    /// Everything that is modelled as its cause, with its state.
    pub causes: Vec<CauseState>,
}

/// A symptom whose opposite would change the roots or the status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterfactual {
    /// The pattern whose symptom it is.
    pub pattern: String,
    /// The symptom.
    pub symptom: String,
    /// How it was judged: true where it holds for someone.
    pub from: Verdict,
    /// What is supposed instead, of everyone.
    pub to: bool,
    /// The status that would follow.
    pub status: Status,
    /// The roots and independents that would follow, by id.
    pub roots: Vec<(String, Role, Grade)>,
}

/// A query whose answer would tell outcomes apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextQuery {
    /// The query's name in the pack; the symptom where no query fits.
    pub name: String,
    /// Its text; empty where no query fits.
    pub kql: String,
    /// The unknown symptoms that it would decide, as `pattern.symptom`.
    pub decides: Vec<String>,
    /// By how many roots, grades and statuses the possible outcomes differ.
    pub would_separate: usize,
}

/// The proofs of a pattern, one per group of entities that are alike; nothing for a pattern that the rules do not have.
#[must_use]
pub fn why(rules: &RuleSet, seen: &Observations, pattern: &str) -> Vec<Why> {
    why_of(rules, seen, pattern, &BTreeMap::new())
}

/// The same for the entities that have these values of these keys; values compare without case.
#[must_use]
pub fn why_of(rules: &RuleSet, seen: &Observations, pattern: &str, keys: &BTreeMap<String, String>) -> Vec<Why> {
    crate::explain::proofs::why(rules, seen, pattern, keys)
}

/// Every symptom whose opposite value would change the roots or the status, by pattern and symptom.
///
/// A symptom that is unknown is tried both ways. The supposition is made of every entity at once.
#[must_use]
pub fn counterfactuals(rules: &RuleSet, seen: &Observations) -> Vec<Counterfactual> {
    crate::explain::proofs::counterfactuals(rules, seen)
}

/// About how much work [`counterfactuals`] and [`next_queries`] are: suppositions times what each has to look at again.
///
/// Diagnosing itself is as much as about a hundred suppositions; what is worth waiting for is the caller's to say.
#[must_use]
pub fn work(rules: &RuleSet, seen: &Observations) -> u64 {
    crate::explain::proofs::work(rules, seen)
}

/// The queries that would tell outcomes apart, the most telling first, then by name.
#[must_use]
pub fn next_queries(rules: &RuleSet, seen: &Observations) -> Vec<NextQuery> {
    crate::explain::proofs::next_queries(rules, seen)
}
