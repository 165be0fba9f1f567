//! Compares the diagnosis of a record with that of its source.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use amp_rules_core::Diagnosis;
use amp_rules_core::diagnosis::{Grade, Link, Role, Status};
use amp_rules_core::rules::classification::{Severity, Strength};
use amp_rules_core::telemetry::entity::Entity;

use super::pseudonyms::PseudonymMap;

/// What differs between the diagnosis of a record and that of its source. Evidence, times, texts and coverage are not
/// compared: they contain replaced texts and ids of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// The overall results: that of the source, that of the record.
    Status(Status, Status),
    /// The record lacks a root or a finding, by pattern.
    Lost(Subject, String),
    /// The record has another root or finding, by pattern.
    Added(Subject, String),
    /// A root or a finding has another role, grade or severity, other entities or another causal chain.
    Part(Subject, String, Part),
}

/// The kind of what differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A root or an independent problem.
    Root,
    /// A finding.
    Finding,
}

impl Subject {
    fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Finding => "finding",
        }
    }
}

/// The part of a root or a finding that differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The role.
    Role,
    /// The grade.
    Grade,
    /// The severity.
    Severity,
    /// The entities.
    Entities,
    /// The causal chain, or the patterns that explain it.
    Chain,
}

impl Part {
    fn as_str(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Grade => "grade",
            Self::Severity => "severity",
            Self::Entities => "entities",
            Self::Chain => "causal chain",
        }
    }
}

impl fmt::Display for Difference {
    /// `the grade of the root `memory-high` differs`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(before, after) => {
                write!(out, "the status is {} instead of {}", after.as_str(), before.as_str())
            }
            Self::Lost(subject, pattern) => write!(out, "the {} `{pattern}` is missing", subject.as_str()),
            Self::Added(subject, pattern) => write!(out, "the {} `{pattern}` is new", subject.as_str()),
            Self::Part(subject, pattern, part) => {
                write!(out, "the {} of the {} `{pattern}` differs", part.as_str(), subject.as_str())
            }
        }
    }
}

/// Entities as sets of keys with values, so that notations of one identifier are one entity.
type Entities = BTreeSet<BTreeMap<String, String>>;

/// What is compared of a root or a finding. Its entities have pseudonyms.
#[derive(PartialEq)]
struct Parts<'d> {
    grade: Option<Grade>,
    severity: Severity,
    entities: Entities,
    /// The links of a root, sorted by pattern: independent ones have no order of their own.
    chain: Vec<(&'d str, BTreeSet<&'d str>, Strength, bool)>,
    /// The patterns that it explains, of a root, or that explain it.
    explained: BTreeSet<&'d str>,
    in_loop: BTreeSet<&'d str>,
}

/// The parts of all roots or findings by pattern and role.
type All<'d> = BTreeMap<&'d str, BTreeMap<Role, Parts<'d>>>;

/// The differences of the diagnosis of a record from that of its source; none if status, roots, grades, chains and findings
/// are the same.
///
/// `before` is the diagnosis of the original rows, `after` that of the recorded ones.
#[must_use]
pub fn differences(before: &Diagnosis, after: &Diagnosis, pseudonyms: &PseudonymMap) -> Vec<Difference> {
    let mut found = Vec::new();
    if before.status != after.status {
        found.push(Difference::Status(before.status, after.status));
    }
    compare(Subject::Root, &roots(before, Some(pseudonyms)), &roots(after, None), &mut found);
    compare(Subject::Finding, &findings(before, Some(pseudonyms)), &findings(after, None), &mut found);
    found
}

fn compare(subject: Subject, before: &All<'_>, after: &All<'_>, found: &mut Vec<Difference>) {
    for (pattern, one) in before {
        let Some(other) = after.get(pattern) else {
            found.push(Difference::Lost(subject, (*pattern).to_owned()));
            continue;
        };
        let mut differs = |part: Part| found.push(Difference::Part(subject, (*pattern).to_owned(), part));
        if !one.keys().eq(other.keys()) {
            differs(Part::Role);
            continue;
        }
        let pairs = || one.values().zip(other.values());
        for (part, is_same) in [
            (Part::Grade, pairs().all(|(a, b)| a.grade == b.grade)),
            (Part::Severity, pairs().all(|(a, b)| a.severity == b.severity)),
            (Part::Entities, pairs().all(|(a, b)| a.entities == b.entities)),
            (
                Part::Chain,
                pairs().all(|(a, b)| a.chain == b.chain && a.explained == b.explained && a.in_loop == b.in_loop),
            ),
        ] {
            if !is_same {
                differs(part);
            }
        }
    }
    let added = after.keys().filter(|pattern| !before.contains_key(*pattern));
    found.extend(added.map(|pattern| Difference::Added(subject, (*pattern).to_owned())));
}

/// `pseudonyms`: what replaces the identifiers of the entities.
fn roots<'d>(diagnosis: &'d Diagnosis, pseudonyms: Option<&PseudonymMap>) -> All<'d> {
    let mut all = All::new();
    for root in &diagnosis.roots {
        let link = |link: &'d Link| (link.pattern.as_str(), set(&link.from), link.strength, link.inferred);
        let mut chain: Vec<_> = root.chain.iter().map(link).collect();
        chain.sort_by_key(|(pattern, ..)| *pattern);
        let parts = Parts {
            grade: Some(root.grade),
            severity: root.severity,
            entities: entities(&root.entities, pseudonyms),
            chain,
            explained: set(&root.explains),
            in_loop: set(&root.in_loop),
        };
        all.entry(&root.pattern).or_default().insert(root.role, parts);
    }
    all
}

/// `pseudonyms`: what replaces the identifiers of the entities.
fn findings<'d>(diagnosis: &'d Diagnosis, pseudonyms: Option<&PseudonymMap>) -> All<'d> {
    let mut all = All::new();
    for finding in &diagnosis.findings {
        let parts = Parts {
            grade: finding.grade,
            severity: finding.severity,
            entities: entities(&finding.entities, pseudonyms),
            chain: Vec::new(),
            explained: set(&finding.explained_by),
            in_loop: BTreeSet::new(),
        };
        all.entry(&finding.pattern).or_default().insert(finding.role, parts);
    }
    all
}

fn entities(entities: &[Entity], pseudonyms: Option<&PseudonymMap>) -> Entities {
    let value = |key: &str, value: &str| {
        // Keys that ignore case have values in lower case.
        pseudonyms.map_or_else(|| value.to_owned(), |map| map.replaced_text(value, Some(key))).to_lowercase()
    };
    entities.iter().map(|one| one.keys().map(|(key, text)| (key.to_owned(), value(key, text))).collect()).collect()
}

fn set(all: &[String]) -> BTreeSet<&str> {
    all.iter().map(String::as_str).collect()
}
