//! Builds causal graphs: direct links, links over unseen instances, amplifiers, components and roots.
//!
//! Input: instances and the rule set's edges. Output: a [`CausalGraph`] of the present, or of the past.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::edge_index::EdgeIndex;
use super::episodes::Episodes;
use super::graph::{CausalGraph, CausalLink};
use super::timing::{Delay, Occurrence, is_admissible, is_order_verifiable};
use crate::evaluate::entities::Visibility;
use crate::evaluate::instances::{Instance, Instances, UNKNOWN_ONSET, is_lost};
use crate::evaluate::timeline::Truth;
use crate::graph::components;
use crate::rules::model::{Reach, Strength};
use crate::rules::rule_set::RuleEdge;
use crate::telemetry::schema::Defaults;

/// What graphs are built from.
#[derive(Clone, Copy)]
pub(super) struct GraphInput<'a> {
    pub(super) visibility: &'a Visibility<'a>,
    pub(super) instances: &'a Instances,
    pub(super) edges: &'a EdgeIndex<'a>,
    pub(super) episodes: &'a Episodes,
}

impl<'a> GraphInput<'a> {
    /// The graph of the present: everything that lasts, and everything that is over and leads to something that lasts.
    pub(super) fn present(self) -> CausalGraph {
        let graph = GraphBuilder::present(self, &BTreeSet::new()).build();
        let unresolved = self.unresolved_amplifiers(&graph);
        if unresolved.is_empty() {
            return graph;
        }
        let graph = GraphBuilder::present(self, &unresolved).build();
        CausalGraph { unresolved, ..graph }
    }

    /// A graph of the past. `episodes` are the positions of episodes by instance; all of them are over.
    pub(super) fn past(self, episodes: BTreeMap<usize, Vec<usize>>) -> CausalGraph {
        GraphBuilder {
            input: self,
            members: episodes,
            is_past: true,
            bridges: BTreeSet::new(),
            ..GraphBuilder::new(self)
        }
        .build()
    }

    /// The root amplifiers that worsen no member, but may worsen an instance whose telemetry is lost.
    fn unresolved_amplifiers(self, graph: &CausalGraph) -> BTreeSet<usize> {
        let is_root = |number: &usize| graph.component.get(number).is_some_and(|place| graph.roots.contains(place));
        let mut unresolved = BTreeSet::new();
        for edge in &self.visibility.rules.amplifiers {
            for (from, cause) in self.instances.of_pattern(edge.from).filter(|(from, _)| is_root(from)) {
                let targets = self.edges.joined(edge.to, cause.entity, Reach::Contains);
                let explains = targets.iter().any(|to| graph.members.contains(to));
                let is_lost =
                    |to: &usize| self.instances.get(*to).is_some_and(|one| is_lost(self.visibility, one.truth));
                if !explains && targets.iter().any(is_lost) {
                    unresolved.insert(from);
                }
            }
        }
        unresolved.retain(|from| !graph.contributing.contains(from) && graph.links_from(*from).is_empty());
        unresolved
    }
}

struct GraphBuilder<'a> {
    input: GraphInput<'a>,
    /// Per member the positions of its episodes that take part as effects.
    members: BTreeMap<usize, Vec<usize>>,
    /// Whether every member is over.
    is_past: bool,
    /// Instances that hold and are active, but of which it is unknown whether they are more than noise.
    bridges: BTreeSet<usize>,
    links: Vec<CausalLink>,
    rejected: BTreeMap<usize, Vec<usize>>,
}

/// A causal path backwards from an effect over unseen instances.
struct HiddenPath {
    /// The unseen instances so far, the one next to the cause first.
    hidden: Vec<usize>,
    /// The sum of the least and of the greatest lags.
    least_lag: Duration,
    greatest_lag: Option<Duration>,
    /// The strength of its weakest edge.
    strength: Strength,
    /// Whether some edge joins any two entities of the subject.
    is_wide: bool,
}

impl Default for HiddenPath {
    fn default() -> Self {
        Self {
            hidden: Vec::new(),
            least_lag: Duration::ZERO,
            greatest_lag: Some(Duration::ZERO),
            strength: Strength::Sure,
            is_wide: false,
        }
    }
}

pub(super) fn delay_of(edge: &RuleEdge) -> Delay {
    Delay { least: edge.edge.lag.0, greatest: edge.edge.lag.1, tolerance: edge.edge.tolerance }
}

impl<'a> GraphBuilder<'a> {
    fn new(input: GraphInput<'a>) -> Self {
        Self {
            input,
            members: BTreeMap::new(),
            is_past: false,
            bridges: BTreeSet::new(),
            links: Vec::new(),
            rejected: BTreeMap::new(),
        }
    }

    /// The members that last, without those of `excluded`.
    fn present(input: GraphInput<'a>, excluded: &BTreeSet<usize>) -> Self {
        let active = input.episodes.active().filter(|(number, _)| !excluded.contains(number));
        let members = active.map(|(number, position)| (number, vec![position])).collect();
        let unresolved = input
            .instances
            .matching(|state| state.truth.is_true() && state.is_active && matches!(state.escalated, Truth::Unknown(_)));
        let bridges = unresolved.map(|(number, _)| number).chain(excluded.iter().copied()).collect();
        Self { members, bridges, ..Self::new(input) }
    }

    fn build(mut self) -> CausalGraph {
        loop {
            self.add_causes_that_are_over();
            self.add_direct_links();
            let unexplained = self.unexplained();
            let added = self.add_hidden_links(&unexplained);
            if added.is_empty() {
                break;
            }
            for (number, position) in added {
                self.add_member(number, position);
            }
        }
        let contributing = self.add_amplifiers();
        let component = self.components();
        let explained = self.explained(&component);
        let roots = component
            .iter()
            .filter(|(member, place)| !explained.contains(*place) && !contributing.contains(*member))
            .map(|(_, place)| *place)
            .collect();
        let over = self.members.keys().copied().filter(|member| self.is_over(*member)).collect();
        let Self { members, mut links, rejected, .. } = self;
        links.sort_by(|a, b| (a.from, a.to, &a.hidden).cmp(&(b.from, b.to, &b.hidden)));
        links.dedup_by(|a, b| {
            let is_same = a.from == b.from && a.to == b.to && a.hidden == b.hidden;
            if is_same {
                b.strength = b.strength.max(a.strength);
            }
            is_same
        });
        CausalGraph {
            members: members.keys().copied().collect(),
            episodes: members,
            over,
            unresolved: BTreeSet::new(),
            links,
            component,
            roots,
            contributing,
            rejected,
        }
    }

    fn defaults(&self) -> &'a Defaults {
        &self.input.visibility.rules.schema.defaults
    }

    fn instance(&self, number: usize) -> Option<Instance<'a>> {
        self.input.instances.get(number)
    }

    fn is_over(&self, member: usize) -> bool {
        self.is_past || !self.input.episodes.is_active(member)
    }

    /// Adds an episode of an instance that is over.
    fn add_member(&mut self, number: usize, position: usize) -> bool {
        let positions = self.members.entry(number).or_default();
        let is_new = !positions.contains(&position);
        if is_new {
            positions.push(position);
            positions.sort_unstable();
        }
        is_new
    }

    fn occurrence(&self, number: usize, position: usize) -> Option<Occurrence<'a>> {
        let instance = self.instance(number)?;
        let state = instance.state();
        let is_last = position + 1 == state.episodes.len();
        let is_active = !self.is_past && is_last && self.input.episodes.is_active(number);
        Some(Occurrence { entity: instance.entity, state, episode: state.episodes.get(position)?, is_active })
    }

    /// The episodes with which an instance may explain others: all of one that lasts, else those that take part.
    fn as_cause(&self, number: usize) -> &[usize] {
        if !self.is_past && self.input.episodes.is_active(number) {
            return self.input.episodes.of(number);
        }
        self.members.get(&number).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether some of the given episodes of a cause can have led to some episode of a member.
    fn admits(&self, from: usize, causes: &[usize], to: usize, delay: Delay) -> bool {
        let effects = self.members.get(&to).map(Vec::as_slice).unwrap_or_default();
        let from_is_over = self.is_over(from);
        effects.iter().filter_map(|position| self.occurrence(to, *position)).any(|effect| {
            // What is over does not explain the present of something without a time of its own.
            (self.is_past || !from_is_over || effect.has_time())
                && causes
                    .iter()
                    .filter_map(|position| self.occurrence(from, *position))
                    .any(|cause| is_admissible(self.defaults(), &cause, &effect, delay))
        })
    }

    /// Adds the episodes that are over and lead to a member, directly or through others that are over.
    fn add_causes_that_are_over(&mut self) {
        if self.is_past {
            return;
        }
        let mut open: Vec<usize> = self.members.keys().copied().collect();
        while let Some(to) = open.pop() {
            let Some(effect) = self.instance(to) else { continue };
            for edge in self.input.edges.edges_into(effect.pattern) {
                for from in self.input.edges.joined(edge.from, effect.entity, edge.edge.reach) {
                    if from == to || !self.may_be_over_cause(from) {
                        continue;
                    }
                    for &position in self.input.episodes.of(from) {
                        if self.admits(from, &[position], to, delay_of(edge)) && self.add_member(from, position) {
                            open.push(from);
                        }
                    }
                }
            }
        }
    }

    /// Whether an instance is over and can be compared with what came after it.
    fn may_be_over_cause(&self, number: usize) -> bool {
        !self.is_past
            && !self.input.episodes.is_active(number)
            && !self.bridges.contains(&number)
            && self.input.episodes.has_time(number)
    }

    fn link(&self, from: usize, to: usize, strength: Strength, delay: Delay, hidden: Vec<usize>) -> CausalLink {
        let onset = |number: usize, positions: &[usize]| {
            let state = self.instance(number).map(|one| one.state());
            let episode = state.and_then(|state| state.episodes.get(*positions.last()?));
            episode.map_or(UNKNOWN_ONSET, |episode| episode.onset())
        };
        let effects = self.members.get(&to).map(Vec::as_slice).unwrap_or_default();
        let is_order_verifiable = is_order_verifiable(&onset(from, self.as_cause(from)), &onset(to, effects));
        CausalLink { from, to, strength, is_order_verifiable, hidden, delay }
    }

    /// Links members along single edges. A cause that holds but is no member, or does not fit in time, is rejected.
    fn add_direct_links(&mut self) {
        let mut found = Vec::new();
        let mut rejected: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let candidates: Vec<usize> =
            if self.is_past { self.members.keys().copied().collect() } else { self.input.episodes.numbers().collect() };
        for from in candidates {
            let Some(cause) = self.instance(from) else { continue };
            let is_member = self.members.contains_key(&from);
            for edge in self.input.edges.edges_from(cause.pattern) {
                for to in self.input.edges.joined(edge.to, cause.entity, edge.edge.reach) {
                    if to == from || !self.members.contains_key(&to) {
                        continue;
                    }
                    if is_member && self.admits(from, self.as_cause(from), to, delay_of(edge)) {
                        found.push(self.link(from, to, edge.edge.strength, delay_of(edge), Vec::new()));
                    } else {
                        rejected.entry(to).or_default().push(from);
                    }
                }
            }
        }
        self.links = found;
        self.rejected = rejected;
    }

    /// Whether a path may pass over an instance: it is unknown, or holds without it being known whether it is noise.
    fn is_bridge(&self, number: usize, instance: &Instance<'_>) -> bool {
        matches!(instance.truth, Truth::Unknown(_)) || self.bridges.contains(&number)
    }

    /// Links members to those that no direct edge explains, over at most `max_hidden_hops` unseen instances. Returns episodes
    /// that are over and lead to one, and are not members yet.
    fn add_hidden_links(&mut self, unexplained: &[usize]) -> Vec<(usize, usize)> {
        let max_hops = self.defaults().max_hidden_hops as usize;
        let mut found = Vec::new();
        let mut added = Vec::new();
        for &target in unexplained {
            let Some(effect) = self.instance(target) else { continue };
            let mut paths = vec![HiddenPath::default()];
            while let Some(HiddenPath { hidden, least_lag, greatest_lag, strength, is_wide }) = paths.pop() {
                let start = hidden.first().and_then(|first| self.instance(*first)).unwrap_or(effect);
                for edge in self.input.edges.edges_into(start.pattern).filter(|edge| !edge.edge.feedback) {
                    let lag = (least_lag + edge.edge.lag.0, greatest_lag.zip(edge.edge.lag.1).map(|(a, b)| a + b));
                    let delay = Delay { least: lag.0, greatest: lag.1, tolerance: edge.edge.tolerance };
                    let strength = strength.min(edge.edge.strength);
                    let is_wide = is_wide || edge.edge.reach == Reach::Cluster;
                    for from in self.input.edges.joined(edge.from, start.entity, edge.edge.reach) {
                        let Some(cause) = self.instance(from) else { continue };
                        let is_related = is_wide || cause.entity.is_compatible(effect.entity);
                        if !is_related || from == target {
                            continue;
                        }
                        if self.is_bridge(from, &cause) {
                            if hidden.len() < max_hops && !hidden.contains(&from) {
                                let mut longer = vec![from];
                                longer.extend(&hidden);
                                let (least_lag, greatest_lag) = lag;
                                paths.push(HiddenPath { hidden: longer, least_lag, greatest_lag, strength, is_wide });
                            }
                        } else if hidden.is_empty() {
                            // A direct edge.
                        } else {
                            if self.members.contains_key(&from) && self.admits(from, self.as_cause(from), target, delay)
                            {
                                found.push(self.link(from, target, strength, delay, hidden.clone()));
                            }
                            if self.may_be_over_cause(from) {
                                // One that takes part with another episode included.
                                let known = self.members.get(&from).map(Vec::as_slice).unwrap_or_default();
                                let others = self.input.episodes.of(from).iter().filter(|one| !known.contains(one));
                                let fitting = others.filter(|one| self.admits(from, &[**one], target, delay));
                                added.extend(fitting.map(|one| (from, *one)));
                            }
                        }
                    }
                }
            }
        }
        self.links.extend(found);
        added
    }

    /// The members that worsen others. An amplifier that may be the sole cause of an unexplained member explains it instead.
    fn add_amplifiers(&mut self) -> BTreeSet<usize> {
        let unexplained: BTreeSet<usize> = self.unexplained().into_iter().collect();
        let mut contributing = BTreeSet::new();
        let mut sole_causes = Vec::new();
        for edge in &self.input.visibility.rules.amplifiers {
            for (from, cause) in self.input.instances.of_pattern(edge.from) {
                if !self.members.contains_key(&from) {
                    continue;
                }
                for to in self.input.edges.joined(edge.to, cause.entity, Reach::Contains) {
                    if to == from || !self.members.contains_key(&to) {
                        continue;
                    }
                    let fits = || self.admits(from, self.as_cause(from), to, Delay::ANY);
                    if edge.edge.may_be_sole && unexplained.contains(&to) && fits() {
                        sole_causes.push(self.link(from, to, Strength::Possible, Delay::ANY, Vec::new()));
                    } else {
                        contributing.insert(from);
                    }
                }
            }
        }
        for sole in &sole_causes {
            contributing.remove(&sole.from);
        }
        self.links.extend(sole_causes);
        contributing
    }

    fn components(&self) -> BTreeMap<usize, usize> {
        let members: Vec<usize> = self.members.keys().copied().collect();
        let position: HashMap<usize, usize> = members.iter().enumerate().map(|(at, member)| (*member, at)).collect();
        let links = self.links.iter();
        let pairs: Vec<(usize, usize)> =
            links.filter_map(|link| Some((*position.get(&link.from)?, *position.get(&link.to)?))).collect();
        let components = components(members.len(), &pairs);
        members.into_iter().zip(components).collect()
    }

    /// The components that another one explains.
    fn explained(&self, component: &BTreeMap<usize, usize>) -> BTreeSet<usize> {
        self.links
            .iter()
            .filter_map(|link| Some((*component.get(&link.from)?, *component.get(&link.to)?)))
            .filter(|(from, to)| from != to)
            .map(|(_, to)| to)
            .collect()
    }

    /// The members of components that no other one explains.
    fn unexplained(&self) -> Vec<usize> {
        let component = self.components();
        let explained = self.explained(&component);
        component.iter().filter(|(_, place)| !explained.contains(place)).map(|(member, _)| *member).collect()
    }
}
