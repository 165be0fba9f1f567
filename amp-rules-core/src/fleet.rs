//! Many subjects in one run, such as the clusters of a fleet: the state of each, the worst first.
//!
//! Input: rules, a scope that all subjects share, their names, and a function that answers the same requests for several
//! subjects at once. Output: a [`Fleet`]. A subject without a heartbeat is silent, never healthy.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diagnosis::{Diagnosis, Grade, Status};
use crate::evaluation::evaluate;
use crate::observation::Observations;
use crate::plan::{Plan, PlanErrors, Scope, plan};
use crate::rules::model::Severity;
use crate::rules::rule_set::RuleSet;
use crate::telemetry::request::Request;
use crate::telemetry::source::{Answer, AnswerData, SourceError};

/// How many subjects are fetched together; the answers for all of them are in memory at once.
const CHUNK: usize = 100;

/// The subject of one run: keys with values.
pub type Subject = BTreeMap<String, String>;

/// The answers for one subject, one per request, in order.
pub type Answers = Vec<Result<Answer, SourceError>>;

/// The subjects of a run, the worst first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet {
    /// Sorted by state, severity and number of roots, descending; then by name.
    pub members: Vec<Member>,
}

impl Fleet {
    /// A fleet of these members, sorted.
    #[must_use]
    pub fn new(mut members: Vec<Member>) -> Self {
        members.sort_by(|one, other| other.badness().cmp(&one.badness()).then_with(|| one.name.cmp(&other.name)));
        Self { members }
    }

    /// The number of members per state, by the state's name.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for member in &self.members {
            *counts.entry(member.state.as_str()).or_insert(0) += 1;
        }
        counts
    }
}

/// One subject of a fleet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name that the caller gave: the value of the subject's key.
    pub name: String,
    /// Its state.
    pub state: MemberState,
    /// The highest severity among its roots; `None` without roots.
    pub severity: Option<Severity>,
    /// Its roots and independent problems, by rank.
    pub roots: Vec<RootSummary>,
    /// How many alarm patterns stayed unknown.
    pub unresolved: usize,
}

impl Member {
    /// A member from its observations and their diagnosis.
    #[must_use]
    pub fn new(name: &str, observations: &Observations, diagnosis: &Diagnosis) -> Self {
        let roots = diagnosis.roots.iter().map(|root| RootSummary {
            pattern: root.pattern.clone(),
            title: root.title.clone(),
            grade: root.grade,
            scope: root.scope.clone(),
        });
        Self {
            name: name.to_owned(),
            state: if is_silent(observations) { MemberState::Silent } else { MemberState::Diagnosed(diagnosis.status) },
            severity: diagnosis.roots.iter().map(|root| root.severity).max(),
            roots: roots.collect(),
            unresolved: diagnosis.unresolved.len(),
        }
    }

    /// How bad it is: greater is worse.
    fn badness(&self) -> (u8, Option<Severity>, usize) {
        let class = match self.state {
            MemberState::Diagnosed(Status::Diagnosed | Status::DiagnosedPartial) => 5,
            MemberState::Silent => 4,
            MemberState::Diagnosed(Status::InsufficientData) => 3,
            MemberState::Diagnosed(Status::Recovered) => 2,
            MemberState::Diagnosed(Status::NoKnownProblem) => 1,
            MemberState::Diagnosed(Status::NoiseOnly | Status::Healthy) => 0,
        };
        (class, self.severity, self.roots.len())
    }
}

/// The state of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberState {
    /// Every request for heartbeats was answered, and no answer has a heartbeat.
    Silent,
    /// The status of its diagnosis.
    Diagnosed(Status),
}

impl MemberState {
    /// The name in reports: `silent`, or that of the status.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Diagnosed(status) => status.as_str(),
        }
    }
}

/// A root of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootSummary {
    /// The pattern.
    pub pattern: String,
    /// Its title.
    pub title: String,
    /// How certain it is that the incident starts with it.
    pub grade: Grade,
    /// The affected entities as text.
    pub scope: String,
}

/// Why a fleet cannot be diagnosed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FleetError {
    /// The rules have no entity kind, so no key distinguishes the subjects.
    NoEntity,
    /// The scope cannot be planned.
    Plan(PlanErrors),
}

impl fmt::Display for FleetError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEntity => out.write_str("cannot distinguish the subjects: the rules have no entity"),
            Self::Plan(errors) => errors.fmt(out),
        }
    }
}

impl std::error::Error for FleetError {}

/// Diagnoses many subjects, which differ in the value of the first key of the coarsest entity kind only.
///
/// - `names`: the values of that key; names that differ only in case are one subject, the first spelling counts.
/// - `fetch`: answers requests for several subjects, one list of answers per subject, in order; the subject in the requests
///   is that of the first one.
/// - `inspect`: is called with the observations of each subject before they are dropped, for example to report errors.
///
/// # Errors
///
/// The rules have no entity kind, or the scope cannot be planned.
pub async fn diagnose(
    rules: &RuleSet,
    scope: &Scope,
    names: &[String],
    fetch: impl AsyncFn(&[Request], &[Subject]) -> Vec<Answers>,
    mut inspect: impl FnMut(&Observations),
) -> Result<Fleet, FleetError> {
    let key = subject_key(rules).ok_or(FleetError::NoEntity)?;
    let mut known = BTreeSet::new();
    let names: Vec<&String> = names.iter().filter(|name| known.insert(name.to_lowercase())).collect();
    let mut members = Vec::with_capacity(names.len());
    for chunk in names.chunks(CHUNK) {
        let plans = chunk
            .iter()
            .map(|name| plan(rules, &scope.clone().with_subject(key, name.as_str())))
            .collect::<Result<Vec<Plan>, _>>()
            .map_err(FleetError::Plan)?;
        let Some(first) = plans.first() else { continue };
        let subjects: Vec<Subject> = plans.iter().map(|plan| plan.scope().subject.clone()).collect();
        let answers = fetch(first.requests(), &subjects).await;
        for ((name, plan), answers) in chunk.iter().zip(plans).zip(answers) {
            let observations = Observations::new(plan, answers);
            inspect(&observations);
            members.push(Member::new(name, &observations, &evaluate(rules, &observations)));
        }
    }
    Ok(Fleet::new(members))
}

/// The first key of the coarsest entity kind, which distinguishes the subjects; `None` if the rules have no entity kind.
fn subject_key(rules: &RuleSet) -> Option<&str> {
    let coarsest = rules.schema.entities.iter().find(|kind| kind.within.is_none())?;
    coarsest.keys.first().map(String::as_str)
}

/// Whether every request for heartbeats was answered, and no answer has a heartbeat.
fn is_silent(observations: &Observations) -> bool {
    let mut heartbeats = observations
        .plan()
        .requests()
        .iter()
        .zip(observations.answers())
        .filter(|(request, _)| matches!(request, Request::Inventory(_)))
        .map(|(_, answer)| answer)
        .peekable();
    let none = |answer: &Result<Answer, SourceError>| {
        let data = answer.as_ref().map(|answer| &answer.data);
        matches!(data, Ok(AnswerData::Inventory(entities)) if entities.is_empty())
    };
    heartbeats.peek().is_some() && heartbeats.all(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, state: MemberState, severity: Option<Severity>) -> Member {
        Member { name: name.to_owned(), state, severity, roots: Vec::new(), unresolved: 0 }
    }

    #[test]
    fn the_worst_comes_first_and_silence_is_worse_than_doubt() {
        let fleet = Fleet::new(vec![
            member("h", MemberState::Diagnosed(Status::Healthy), None),
            member("i", MemberState::Diagnosed(Status::InsufficientData), None),
            member("s", MemberState::Silent, None),
            member("w", MemberState::Diagnosed(Status::Diagnosed), Some(Severity::Warning)),
            member("b", MemberState::Diagnosed(Status::DiagnosedPartial), Some(Severity::Critical)),
            member("a", MemberState::Diagnosed(Status::Diagnosed), Some(Severity::Critical)),
        ]);
        let names: Vec<&str> = fleet.members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "w", "s", "i", "h"]);
        assert_eq!(fleet.counts()["silent"], 1);
    }
}
