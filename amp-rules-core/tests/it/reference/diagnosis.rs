//! Roles, the status and past incidents, from the definitions.
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
use super::world::Instances;

/// The patterns that a root explains, each with whether it is inferred.
pub(crate) type Chain = BTreeSet<(String, bool)>;

/// One root of a diagnosis: pattern, role, grade, whether it is over, entities, its chain, and the complaints and impacts that
/// it explains.
pub(crate) type Root = (String, Role, Grade, bool, BTreeSet<Entity>, Chain, BTreeSet<String>);

/// The parts of a diagnosis that are compared, as sets.
#[derive(Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) status: Status,
    pub(crate) roles: BTreeSet<(String, Entity, Role)>,
    pub(crate) unresolved: BTreeSet<(String, BTreeSet<Entity>, bool, BTreeSet<UnknownReason>)>,
    pub(crate) roots: Vec<Root>,
    pub(crate) hypotheses: BTreeSet<(String, BTreeSet<String>)>,
    /// The roots of incidents that are over: pattern, grade, entity, chain.
    pub(crate) history: BTreeSet<(String, Grade, Entity, Chain)>,
}

/// Entries of one pattern and grade, all of which last or are over.
struct RootEntries {
    pattern: usize,
    grade: Grade,
    over: bool,
    entries: BTreeSet<usize>,
    reached: BTreeSet<usize>,
    chain: Chain,
}

/// The root groups of a graph. `covered` are the roots that a hypothesis covers.
fn groups(graph: &Graph<'_>, entries: &BTreeSet<usize>, covered: &BTreeSet<usize>) -> Vec<RootEntries> {
    let world = graph.world();
    let rules = world.reference.rules;
    let mut by_key: BTreeMap<(usize, Grade, bool), BTreeSet<usize>> = BTreeMap::new();
    for &entry in entries {
        let key = (world.instances[entry].pattern, graph.grade(entry, covered), graph.is_over(entry));
        by_key.entry(key).or_default().insert(entry);
    }
    let group = |((pattern, grade, over), entries): ((usize, Grade, bool), BTreeSet<usize>)| {
        let is_reached = |to: &usize| !entries.contains(to) && entries.iter().any(|from| graph.reach[*from][*to]);
        let reached: BTreeSet<usize> = graph.members.keys().copied().filter(is_reached).collect();
        let part: BTreeSet<usize> = reached.union(&entries).copied().collect();
        let present: BTreeSet<usize> = part.iter().map(|at| world.instances[*at].pattern).collect();
        let inside = graph.explains.iter().filter(|one| part.contains(&one.from) && part.contains(&one.to));
        let hidden = inside.flat_map(|one| &one.over).map(|at| world.instances[*at].pattern);
        let all: BTreeSet<usize> = present.iter().copied().chain(hidden).collect();
        let class = |other: usize| rules.patterns[other].pattern.class;
        let chain = all
            .into_iter()
            .filter(|other| *other != pattern && !matches!(class(*other), Class::Complaint | Class::Fact))
            .map(|other| (rules.pattern_id(other).to_owned(), !present.contains(&other)))
            .collect();
        RootEntries { pattern, grade, over, entries, reached, chain }
    };
    by_key.into_iter().map(group).collect()
}

/// The diagnosis of the reference.
pub(crate) fn summary(reference: &Reference<'_>) -> Summary {
    let world = Instances::new(reference);
    let class = |pattern: usize| reference.rules.patterns[pattern].pattern.class;
    let id = |pattern: usize| reference.rules.pattern_id(pattern).to_owned();
    let graph = Graph::present(&world);
    let entries: BTreeSet<usize> = graph.roots().iter().flat_map(|one| graph.entries(one)).collect();
    let (hypotheses, covered) = graph.hypotheses(&entries);
    let groups_of_roots = groups(&graph, &entries, &covered);
    let matters = |at: &usize| matches!(world.class(*at), Class::Complaint | Class::Impact);
    let mut explains: BTreeMap<usize, bool> = BTreeMap::new();
    for group in &groups_of_roots {
        *explains.entry(group.pattern).or_default() |= group.entries.iter().chain(&group.reached).any(matters);
    }
    let independent = |pattern: usize| explains.values().any(|one| *one) && !explains[&pattern];

    let mut summary = Summary {
        status: Status::Healthy,
        roles: BTreeSet::new(),
        unresolved: BTreeSet::new(),
        roots: Vec::new(),
        hypotheses: BTreeSet::new(),
        history: BTreeSet::new(),
    };
    let (mut open, mut covered) = (false, BTreeSet::new());
    for RootEntries { pattern, grade, over, entries, reached, chain } in &groups_of_roots {
        let role = if independent(*pattern) { Role::Independent } else { Role::Root };
        if role == Role::Root {
            open |= *grade == Grade::Open;
            covered.extend(reached.union(entries).copied());
        }
        let entities = entries.iter().map(|at| world.instances[*at].entity.clone()).collect();
        let explained = reached.iter().filter(|at| matters(at)).map(|at| id(world.instances[*at].pattern)).collect();
        summary.roots.push((id(*pattern), role, *grade, *over, entities, chain.clone(), explained));
    }
    summary.roots.sort_by(|a, b| (&a.0, a.2, a.3).cmp(&(&b.0, b.2, b.3)));
    let incidents = graph.incidents();
    for incident in &incidents {
        let entries: BTreeSet<usize> = incident.roots().iter().flat_map(|one| incident.entries(one)).collect();
        for group in groups(incident, &entries, &BTreeSet::new()) {
            for at in &group.entries {
                let entity = world.instances[*at].entity.clone();
                summary.history.insert((id(group.pattern), group.grade, entity, group.chain.clone()));
            }
        }
    }
    for (at, one) in world.instances.iter().enumerate().filter(|(_, one)| one.truth == Truth::True) {
        let role = match &one.escalated {
            _ if class(one.pattern) == Class::Fact => Role::Fact,
            _ if graph.contributing.contains(&at) => Role::Contributing,
            _ if graph.is_member(at) && !entries.contains(&at) => Role::Consequence,
            _ if graph.is_member(at) && independent(one.pattern) => Role::Independent,
            _ if graph.is_member(at) => Role::Root,
            _ if graph.unresolved.contains(&at) => Role::Unresolved,
            Truth::False => Role::Noise,
            Truth::Unknown(_) => Role::Unresolved,
            Truth::True => Role::Recovered,
        };
        summary.roles.insert((id(one.pattern), one.entity.clone(), role));
    }
    let mut unresolved: BTreeMap<(usize, bool), (BTreeSet<Entity>, BTreeSet<UnknownReason>)> = BTreeMap::new();
    for one in &world.instances {
        let is_unresolved = summary.roles.contains(&(id(one.pattern), one.entity.clone(), Role::Unresolved));
        let (holds, reasons) = match (&one.truth, &one.escalated) {
            (Truth::Unknown(reasons), _) if !is_quiet(&one.truth) => (false, reasons),
            (Truth::True, Truth::Unknown(reasons)) if is_unresolved => (true, reasons),
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
    let is_unresolved_now = world
        .instances
        .iter()
        .any(|one| one.active && summary.roles.contains(&(id(one.pattern), one.entity.clone(), Role::Unresolved)));
    summary.status = if !graph.members.is_empty() {
        let all = graph.members.keys().filter(|at| matters(at)).all(|at| covered.contains(at));
        match (groups_of_roots.is_empty(), !open && all) {
            // What amplifiers worsen is not known.
            (true, _) => Status::InsufficientData,
            (false, true) => Status::Diagnosed,
            (false, false) => Status::DiagnosedPartial,
        }
    } else if !incidents.is_empty() {
        Status::Recovered
    } else if is_unresolved_now || world.instances.iter().any(|one| is_undecided(reference, one)) {
        Status::InsufficientData
    } else if has(Role::Noise) {
        Status::NoiseOnly
    } else {
        Status::Healthy
    };
    summary
}

/// Whether an instance may be an alarm now: it is unknown, and not only for lack of a line that is rarely logged, at some time
/// within `freshness` of the watermark, or at a time that is not known.
fn is_undecided(reference: &Reference<'_>, one: &Instance) -> bool {
    let rule = &reference.rules.patterns[one.pattern];
    let is_alarm = match rule.pattern.class {
        Class::Cause | Class::Effect | Class::Impact | Class::Complaint => true,
        // A benign pattern with an escalation matters too.
        Class::Benign => rule.noise_unless.is_some(),
        Class::Fact => false,
    };
    let grid = &reference.grid;
    let since = reference.watermark.saturating_sub(reference.freshness());
    let is_recent = |at: usize| grid.0[at + 1] > since && (at == 0 || grid.0[at] < reference.watermark);
    let is_unknown = |at: usize| one.course.truth[at].truth.is_unknown() && !is_quiet(&one.course.truth[at].truth);
    let is_unknown_now = (0..grid.cells()).any(|at| is_unknown(at) && (one.course.is_timeless() || is_recent(at)));
    let is_noise_now = one.active && one.escalated == Truth::False;
    // An inventory that is partial now leaves out entities, which could have any pattern.
    let known = reference.all_known("inventory");
    let is_partial_now = (0..grid.cells()).any(|at| grid.0[at + 1] > since && known[at].truth.is_unknown());
    let may_be_elsewhere = is_partial_now && !reference.keys(&rule.pattern.scope).is_empty() && !is_quiet(&one.truth);
    is_alarm && ((is_unknown_now && !is_noise_now) || may_be_elsewhere)
}
