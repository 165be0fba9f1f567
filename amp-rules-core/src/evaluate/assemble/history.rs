//! Incidents that are over: their roots, chains, times and impact.
//!
//! Input: the past incidents of a [`CausalAnalysis`]. Output: [`PastIncident`]s, by onset. Incidents of several entities that
//! have the same root and chain at the same time are one.

use std::collections::{BTreeMap, BTreeSet};

use super::activity::activity;
use super::chain::chain;
use super::impact::past_impacts;
use super::rank::earliest_onset;
use crate::diagnosis::{ActivityState, Link, Onset, PastIncident};
use crate::evaluate::causality::{self, CausalAnalysis, RootGroup};
use crate::evaluate::entities::scope_text;
use crate::rules::model::Class;
use crate::telemetry::entity::Entity;
use crate::time::{Time, ticks_of};

/// One root of a past incident.
struct Past<'a> {
    incident: &'a causality::PastIncident,
    group: &'a RootGroup,
    chain: Vec<Link>,
    onset: Onset,
    last: Time,
}

pub(super) fn history(analysis: &CausalAnalysis<'_>) -> Vec<PastIncident> {
    let mut all: Vec<Past<'_>> = analysis
        .history
        .iter()
        .flat_map(|incident| incident.groups.iter().map(move |group| Past::new(analysis, incident, group)))
        .collect();
    all.sort_by_key(|past| (past.onset.latest, past.onset.earliest, past.last));
    // By root, grade and chain.
    let mut merged: BTreeMap<(usize, u8, Vec<String>), Vec<Vec<Past<'_>>>> = BTreeMap::new();
    let gap = ticks_of(analysis.visibility().rules.schema.defaults.merge_gap);
    for past in all {
        let chain = past.chain.iter().map(|link| link.pattern.clone()).collect();
        let known = merged.entry((past.group.pattern, past.group.grade as u8, chain)).or_default();
        let is_near = |others: &Vec<Past<'_>>| {
            let last = others.iter().map(|other| other.last).max().unwrap_or(Time::MIN);
            past.onset.latest.ticks_since(last) <= gap
        };
        match known.last_mut().filter(|others| is_near(others)) {
            Some(others) => others.push(past),
            None => known.push(vec![past]),
        }
    }
    let mut history: Vec<PastIncident> =
        merged.into_values().flatten().filter_map(|same| past_incident(analysis, same)).collect();
    history.sort_by(|a, b| (a.onset, a.last, &a.pattern, &a.entities).cmp(&(b.onset, b.last, &b.pattern, &b.entities)));
    history
}

impl<'a> Past<'a> {
    fn new(analysis: &CausalAnalysis<'_>, incident: &'a causality::PastIncident, group: &'a RootGroup) -> Self {
        let graph = &incident.graph;
        let onset = earliest_onset(group.instances.iter().map(|one| graph.onset(&analysis.instances, *one)));
        let reached = group.instances.iter().chain(&group.reached).copied();
        let last = activity(analysis, graph, reached).last;
        Self { incident, group, chain: chain(analysis, graph, group), onset, last }
    }
}

fn past_incident(analysis: &CausalAnalysis<'_>, same: Vec<Past<'_>>) -> Option<PastIncident> {
    let visibility = analysis.visibility();
    let first = same.first()?;
    let rule = visibility.rules.patterns.get(first.group.pattern)?;
    let instances = same.iter().flat_map(|past| &past.group.instances);
    let entities: BTreeSet<Entity> =
        instances.filter_map(|one| analysis.instances.get(*one)).map(|one| one.entity.clone()).collect();
    let entities: Vec<Entity> = entities.into_iter().collect();
    let reached: BTreeSet<usize> = same.iter().flat_map(|past| past.group.reached.iter().copied()).collect();
    let matters = |pattern: &&usize| matches!(analysis.class_of(**pattern), Class::Complaint | Class::Impact);
    let explains = analysis.patterns_of(&reached);
    let is_resolved = |past: &Past<'_>| {
        activity(analysis, &past.incident.graph, past.group.instances.iter().copied()).state == ActivityState::Resolved
    };
    let why: BTreeSet<String> = same.iter().flat_map(|past| past.group.why_not_confirmed.iter().cloned()).collect();
    Some(PastIncident {
        pattern: rule.pattern.id.clone(),
        title: rule.pattern.title.clone(),
        role: first.group.role,
        grade: first.group.grade,
        why_not_confirmed: why.into_iter().collect(),
        scope: scope_text(visibility, &entities).0,
        entities,
        onset: earliest_onset(same.iter().map(|past| past.onset)),
        last: same.iter().map(|past| past.last).max().unwrap_or(Time::MIN),
        resolved: same.iter().all(is_resolved),
        chain: first.chain.clone(),
        explains: explains.iter().filter(matters).map(|pattern| analysis.id(*pattern)).collect(),
        impact: past_impacts(analysis, same.iter().map(|past| (&past.incident.graph, past.group))),
    })
}
