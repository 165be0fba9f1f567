//! Builds the causal graph: direct links, links over unseen instances, amplifiers, components and roots.
//!
//! Input: instances and the rule set's edges. Output: a [`CausalGraph`].

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::edge_index::EdgeIndex;
use super::graph::{CausalGraph, CausalLink};
use super::timing::{is_admissible, is_order_verifiable};
use crate::evaluate::entities::Visibility;
use crate::evaluate::instances::Instances;
use crate::evaluate::timeline::Truth;
use crate::graph::components;
use crate::rules::model::{Class, Reach, Strength};
use crate::rules::rule_set::RuleSet;
use crate::telemetry::schema::Defaults;

/// The causal graph over the instances that take part.
pub(super) fn causal_graph(visibility: &Visibility<'_>, instances: &Instances, edges: &EdgeIndex<'_>) -> CausalGraph {
    let rules = visibility.rules;
    let is_fact = |pattern: usize| rules.patterns.get(pattern).is_none_or(|rule| rule.pattern.class == Class::Fact);
    let members: BTreeSet<usize> = instances
        .matching(|state| state.truth.is_true() && state.is_active && state.escalated.is_true())
        .filter(|(_, instance)| !is_fact(instance.pattern))
        .map(|(number, _)| number)
        .collect();
    let mut builder = GraphBuilder { rules, instances, edges, members, links: Vec::new(), rejected: BTreeMap::new() };
    builder.add_direct_links();
    let unexplained = builder.unexplained();
    builder.add_hidden_links(&unexplained);
    let contributing = builder.add_amplifiers();
    let component = builder.components();
    let explained = builder.explained(&component);
    let roots = component
        .iter()
        .filter(|(member, place)| !explained.contains(*place) && !contributing.contains(*member))
        .map(|(_, place)| *place)
        .collect();
    let GraphBuilder { members, mut links, rejected, .. } = builder;
    links.sort_by(|a, b| (a.from, a.to, &a.hidden).cmp(&(b.from, b.to, &b.hidden)));
    links.dedup_by(|a, b| {
        let is_same = a.from == b.from && a.to == b.to && a.hidden == b.hidden;
        if is_same {
            b.strength = b.strength.max(a.strength);
        }
        is_same
    });
    CausalGraph { members, links, component, roots, contributing, rejected }
}

struct GraphBuilder<'a> {
    rules: &'a RuleSet,
    instances: &'a Instances,
    edges: &'a EdgeIndex<'a>,
    members: BTreeSet<usize>,
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

impl GraphBuilder<'_> {
    fn defaults(&self) -> &Defaults {
        &self.rules.schema.defaults
    }

    /// Links members along single edges. A cause that holds but is no member, or does not fit in time, is rejected.
    fn add_direct_links(&mut self) {
        let mut found = Vec::new();
        let mut rejected: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (from, cause) in self.instances.matching(|cause| cause.truth.is_true() && cause.escalated.is_true()) {
            let is_member = self.members.contains(&from);
            for edge in self.edges.edges_from(cause.pattern) {
                for to in self.edges.joined(edge.to, cause.entity, edge.edge.reach) {
                    let Some(effect) = self.instances.get(to).filter(|_| self.members.contains(&to) && to != from)
                    else {
                        continue;
                    };
                    if is_member && is_admissible(self.defaults(), &cause, &effect, edge.edge.lag, edge.edge.tolerance)
                    {
                        found.push(CausalLink {
                            from,
                            to,
                            strength: edge.edge.strength,
                            is_order_verifiable: is_order_verifiable(&cause.onset(), &effect.onset()),
                            hidden: Vec::new(),
                        });
                    } else {
                        rejected.entry(to).or_default().push(from);
                    }
                }
            }
        }
        self.links = found;
        self.rejected = rejected;
    }

    /// Links members to those that no direct edge explains, over at most `max_hidden_hops` unseen instances.
    fn add_hidden_links(&mut self, unexplained: &[usize]) {
        let max_hops = self.defaults().max_hidden_hops as usize;
        let mut found = Vec::new();
        for &target in unexplained {
            let Some(effect) = self.instances.get(target) else { continue };
            let mut paths = vec![HiddenPath::default()];
            while let Some(HiddenPath { hidden, least_lag, greatest_lag, strength, is_wide }) = paths.pop() {
                let start = hidden.first().and_then(|first| self.instances.get(*first)).unwrap_or(effect);
                for edge in self.edges.edges_into(start.pattern).filter(|edge| !edge.edge.feedback) {
                    let lag = (least_lag + edge.edge.lag.0, greatest_lag.zip(edge.edge.lag.1).map(|(a, b)| a + b));
                    let strength = strength.min(edge.edge.strength);
                    let is_wide = is_wide || edge.edge.reach == Reach::Cluster;
                    for from in self.edges.joined(edge.from, start.entity, edge.edge.reach) {
                        let Some(cause) = self.instances.get(from) else { continue };
                        let is_related = is_wide || cause.entity.is_compatible(effect.entity);
                        if self.members.contains(&from) {
                            if !hidden.is_empty()
                                && from != target
                                && is_related
                                && is_admissible(self.defaults(), &cause, &effect, lag, edge.edge.tolerance)
                            {
                                found.push(CausalLink {
                                    from,
                                    to: target,
                                    strength,
                                    is_order_verifiable: is_order_verifiable(&cause.onset(), &effect.onset()),
                                    hidden: hidden.clone(),
                                });
                            }
                        } else if matches!(cause.truth, Truth::Unknown(_))
                            && hidden.len() < max_hops
                            && is_related
                            && !hidden.contains(&from)
                        {
                            let mut longer = vec![from];
                            longer.extend(&hidden);
                            let (least_lag, greatest_lag) = lag;
                            paths.push(HiddenPath { hidden: longer, least_lag, greatest_lag, strength, is_wide });
                        }
                    }
                }
            }
        }
        self.links.extend(found);
    }

    /// The members that worsen others. An amplifier that may be the sole cause of an unexplained member explains it instead.
    fn add_amplifiers(&mut self) -> BTreeSet<usize> {
        let unexplained: BTreeSet<usize> = self.unexplained().into_iter().collect();
        let mut contributing = BTreeSet::new();
        let mut sole_causes = Vec::new();
        for edge in &self.rules.amplifiers {
            let (start, count) =
                self.instances.entity_set(edge.from).map_or((0, 0), |(start, set)| (start, set.entities().len()));
            for &from in self.members.range(start..start + count) {
                let Some(cause) = self.instances.get(from) else { continue };
                for to in self.edges.joined(edge.to, cause.entity, Reach::Contains) {
                    let Some(effect) = self.instances.get(to).filter(|_| self.members.contains(&to) && to != from)
                    else {
                        continue;
                    };
                    let fits = is_admissible(self.defaults(), &cause, &effect, (Duration::ZERO, None), None);
                    if edge.edge.may_be_sole && fits && unexplained.contains(&to) {
                        sole_causes.push(CausalLink {
                            from,
                            to,
                            strength: Strength::Possible,
                            is_order_verifiable: is_order_verifiable(&cause.onset(), &effect.onset()),
                            hidden: Vec::new(),
                        });
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
        let members: Vec<usize> = self.members.iter().copied().collect();
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
