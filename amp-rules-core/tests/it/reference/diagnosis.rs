//! Roles and the status, from the definitions.
//!
//! Input: a [`Reference`]. Output: a [`Summary`], to be compared with that of a diagnosis.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::Entity;
use amp_rules_core::diagnosis::{Grade, Role, Status, UnknownReason};
use amp_rules_core::rules::model::Class;

use super::graph::Graph;
use super::instances::{Instance, is_quiet};
use super::symptoms::Reference;
use super::timeline::Truth;

/// One root of a diagnosis: pattern, role, grade, entities, its chain with whether each pattern is inferred, and the
/// complaints and impacts that it explains.
pub(crate) type Root = (String, Role, Grade, BTreeSet<Entity>, BTreeSet<(String, bool)>, BTreeSet<String>);

/// The parts of a diagnosis that are compared, as sets.
#[derive(Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) status: Status,
    pub(crate) roles: BTreeSet<(String, Entity, Role)>,
    pub(crate) unresolved: BTreeSet<(String, BTreeSet<Entity>, bool, BTreeSet<UnknownReason>)>,
    pub(crate) roots: Vec<Root>,
    pub(crate) hypotheses: BTreeSet<(String, BTreeSet<String>)>,
}

/// The diagnosis of the reference.
pub(crate) fn summary(reference: &Reference<'_>) -> Summary {
    let instances = reference.instances();
    let class = |pattern: usize| reference.rules.patterns[pattern].pattern.class;
    let id = |pattern: usize| reference.rules.pattern_id(pattern).to_owned();
    let graph = Graph::new(reference, instances);
    let roots = graph.roots();
    let entries: BTreeSet<usize> = roots.iter().flat_map(|one| graph.entries(one)).collect();
    let (hypotheses, covered) = graph.hypotheses(&entries);

    // Entries of one pattern and grade are one root of the report.
    let mut groups: BTreeMap<(usize, Grade), BTreeSet<usize>> = BTreeMap::new();
    for &entry in &entries {
        groups.entry((graph.instances[entry].pattern, graph.grade(entry, &covered))).or_default().insert(entry);
    }
    let reached = |group: &BTreeSet<usize>| -> BTreeSet<usize> {
        graph
            .members
            .iter()
            .copied()
            .filter(|to| !group.contains(to) && group.iter().any(|from| graph.reach[*from][*to]))
            .collect()
    };
    let matters = |at: &usize| matches!(graph.class(*at), Class::Complaint | Class::Impact);
    let mut explains: BTreeMap<usize, bool> = BTreeMap::new();
    for ((pattern, _), group) in &groups {
        *explains.entry(*pattern).or_default() |= group.iter().chain(&reached(group)).any(matters);
    }
    let independent = |pattern: usize| explains.values().any(|one| *one) && !explains[&pattern];

    let mut summary = Summary {
        status: Status::Healthy,
        roles: BTreeSet::new(),
        unresolved: BTreeSet::new(),
        roots: Vec::new(),
        hypotheses: BTreeSet::new(),
    };
    let (mut open, mut covered) = (false, BTreeSet::new());
    for ((pattern, grade), group) in &groups {
        let role = if independent(*pattern) { Role::Independent } else { Role::Root };
        let below = reached(group);
        let part: BTreeSet<usize> = below.union(group).copied().collect();
        if role == Role::Root {
            open |= *grade == Grade::Open;
            covered.extend(part.iter().copied());
        }
        let present: BTreeSet<usize> = part.iter().map(|at| graph.instances[*at].pattern).collect();
        let over = graph
            .explains
            .iter()
            .filter(|one| part.contains(&one.from) && part.contains(&one.to))
            .flat_map(|one| &one.over)
            .map(|at| graph.instances[*at].pattern);
        let chain = present
            .iter()
            .copied()
            .chain(over)
            .filter(|other| other != pattern && !matches!(class(*other), Class::Complaint | Class::Fact))
            .map(|other| (id(other), !present.contains(&other)))
            .collect();
        let entities = group.iter().map(|at| graph.instances[*at].entity.clone()).collect();
        let explained = below.iter().filter(|at| matters(at)).map(|at| id(graph.instances[*at].pattern)).collect();
        summary.roots.push((id(*pattern), role, *grade, entities, chain, explained));
    }
    for (at, one) in graph.instances.iter().enumerate().filter(|(_, one)| one.truth == Truth::True) {
        let role = match &one.escalated {
            _ if class(one.pattern) == Class::Fact => Role::Fact,
            Truth::False => Role::Noise,
            Truth::Unknown(_) => Role::Unresolved,
            Truth::True if !one.active => Role::Recovered,
            Truth::True if graph.contributing.contains(&at) => Role::Contributing,
            Truth::True if !entries.contains(&at) => Role::Consequence,
            Truth::True if independent(one.pattern) => Role::Independent,
            Truth::True => Role::Root,
        };
        summary.roles.insert((id(one.pattern), one.entity.clone(), role));
    }
    let mut unresolved: BTreeMap<(usize, bool), (BTreeSet<Entity>, BTreeSet<UnknownReason>)> = BTreeMap::new();
    for one in &graph.instances {
        let (holds, reasons) = match (&one.truth, &one.escalated) {
            (Truth::Unknown(reasons), _) if !is_quiet(&one.truth) => (false, reasons),
            (Truth::True, Truth::Unknown(reasons)) if class(one.pattern) != Class::Fact => (true, reasons),
            _ => continue,
        };
        let entry = unresolved.entry((one.pattern, holds)).or_default();
        entry.0.insert(one.entity.clone());
        entry.1.extend(reasons.iter().cloned());
    }
    summary.unresolved = unresolved
        .into_iter()
        .map(|((pattern, holds), (entities, reasons))| (id(pattern), entities, holds, reasons))
        .collect();
    summary.hypotheses = hypotheses
        .iter()
        .map(|(pattern, roots)| (id(*pattern), roots.iter().map(|root| id(*root)).collect()))
        .collect();

    let has = |wanted: Role| summary.roles.iter().any(|(_, _, role)| *role == wanted);
    // A benign pattern with an escalation matters too.
    let matters_if_unknown = |one: &Instance| match class(one.pattern) {
        Class::Cause | Class::Effect | Class::Impact | Class::Complaint => true,
        Class::Benign => reference.rules.patterns[one.pattern].noise_unless.is_some(),
        Class::Fact => false,
    };
    // A partial inventory leaves out entities, which could have any pattern.
    let may_be_elsewhere = |one: &Instance| {
        !reference.complete && !reference.keys(&reference.rules.patterns[one.pattern].pattern.scope).is_empty()
    };
    summary.status = if !graph.members.is_empty() {
        let all = graph.members.iter().filter(|at| matters(at)).all(|at| covered.contains(at));
        if !open && all { Status::Diagnosed } else { Status::DiagnosedPartial }
    } else if has(Role::Unresolved)
        || graph.instances.iter().any(|one| {
            matters_if_unknown(one) && !is_quiet(&one.truth) && (one.truth.is_unknown() || may_be_elsewhere(one))
        })
    {
        Status::InsufficientData
    } else if has(Role::Recovered) {
        Status::Recovered
    } else if has(Role::Noise) {
        Status::NoiseOnly
    } else {
        Status::Healthy
    };
    summary
}
