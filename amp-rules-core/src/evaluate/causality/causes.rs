//! Which instances explain which: direct edges, hops over unseen instances, components, roots.
//!
//! Input: instances and the rule set's edges. Output: a [`Graph`] over the members, whose roots are the components
//! that no other explains: the unique smallest set from which everything is reached, whatever the order of the input.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::time::Duration;

use crate::diagnosis::Onset;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::instances::instances::{Instances, State};
use crate::evaluate::timeline::truth::Truth;
use crate::graph::components;
use crate::rules::model::{Class, Reach, Strength};
use crate::rules::rule_set::RuleEdge;
use crate::telemetry::entity::Entity;
use crate::time::{Time, ticks_of};

/// One way in which a member explains another.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Explains {
    /// Instances, not members.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) strength: Strength,
    pub(crate) order_verifiable: bool,
    /// The unseen instances between, from the cause on; empty for a direct edge.
    pub(crate) over: Vec<usize>,
}

/// The graph over members.
#[derive(Debug)]
pub(crate) struct Graph {
    /// Instances that take part, by index; sorted.
    pub(crate) members: BTreeSet<usize>,
    /// Sorted by (from, to).
    pub(crate) explains: Vec<Explains>,
    /// Component of each member; edges lead from smaller numbers to larger ones.
    pub(crate) component: BTreeMap<usize, usize>,
    /// Components that nothing else explains and that are not merely contributing.
    pub(crate) roots: BTreeSet<usize>,
    /// Members that worsen another and are no root.
    pub(crate) contributing: BTreeSet<usize>,
    /// Causes that hold, at a compatible entity, but cannot be the cause in time: effect → causes.
    pub(crate) rejected: BTreeMap<usize, Vec<usize>>,
}

/// What leads where: edges by either end, and the instances that they join.
#[derive(Debug)]
pub(crate) struct Lookup<'a> {
    instances: Rc<Instances>,
    edges: &'a [RuleEdge],
    /// Per pattern the edges that lead to it, in order.
    into: Vec<Vec<usize>>,
    /// The keys of the coarsest kind: things that differ in them have nothing to do with each other.
    apart: Vec<String>,
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(visibility: &Visibility<'a>, instances: Rc<Instances>) -> Self {
        let rules = visibility.rules;
        let mut into: Vec<Vec<usize>> = vec![Vec::new(); rules.patterns.len()];
        for (at, edge) in rules.edges.iter().enumerate() {
            if let Some(list) = into.get_mut(edge.to) {
                list.push(at);
            }
        }
        Self { instances, edges: &rules.edges, into, apart: visibility.apart() }
    }

    /// The edges that lead from a pattern.
    pub(crate) fn edges_from(&self, pattern: usize) -> &'a [RuleEdge] {
        let from = self.edges.partition_point(|edge| edge.from < pattern);
        let to = self.edges.partition_point(|edge| edge.from <= pattern);
        self.edges.get(from..to).unwrap_or_default()
    }

    /// The edges that lead to a pattern.
    pub(crate) fn edges_into(&self, pattern: usize) -> impl Iterator<Item = &'a RuleEdge> {
        self.into.get(pattern).into_iter().flatten().filter_map(|at| self.edges.get(*at))
    }

    /// The instances of a pattern that an edge can join with an entity, sorted.
    pub(crate) fn joined(&self, pattern: usize, entity: &Entity, reach: Reach) -> Vec<usize> {
        let Some((start, roster)) = self.instances.roster(pattern) else { return Vec::new() };
        let mut found: Vec<usize> = Vec::new();
        for (keys, places) in roster.by_keys() {
            let those = |wanted: &dyn Fn(&Entity) -> bool| -> Vec<usize> {
                let is_wanted = |place: &&usize| roster.entities().get(**place).is_some_and(wanted);
                places.iter().filter(is_wanted).copied().collect()
            };
            if reach == Reach::Cluster {
                let own = entity.project(&self.apart);
                found.extend(those(&|other| other.project(&self.apart).is_compatible(&own)));
            } else if keys.iter().all(|key| entity.value(key).is_some()) {
                let projected = entity.project(keys);
                if reach == Reach::Contains || projected == *entity {
                    found.extend(roster.place(&projected));
                }
            } else if reach == Reach::Contains {
                // A finer kind; a kind with other keys is no projection and finds nothing here.
                found.extend(those(&|other| other.is_within(entity)));
            }
        }
        found.sort_unstable();
        found.iter_mut().for_each(|place| *place += start);
        found
    }
}

/// Whether in time one thing can have brought about another.
pub(crate) fn admissible(
    visibility: &Visibility<'_>,
    cause: &State,
    effect: &State,
    lag: (Duration, Option<Duration>),
    tolerance: Option<Duration>,
) -> bool {
    let defaults = &visibility.rules.schema.defaults;
    let tolerance = tolerance.unwrap_or(defaults.tolerance);
    let (u, v) = (cause.began(), effect.began());
    let too_late = u.earliest != Time::MIN
        && v.latest != Time::MAX
        && u.earliest.saturating_add(lag.0) > v.latest.saturating_add(tolerance);
    let too_long = lag.1.is_some_and(|most| {
        v.earliest != Time::MIN
            && u.latest != Time::MAX
            && v.earliest.ticks_since(u.latest) > ticks_of(most).saturating_add(ticks_of(tolerance))
    });
    let apart = cause.first_seen().ticks_since(effect.last()).max(effect.first_seen().ticks_since(cause.last()));
    let max_cause_gap = ticks_of(defaults.max_cause_gap).saturating_add(ticks_of(lag.0));
    let far = !cause.reported && !effect.reported && apart > max_cause_gap;
    !(too_late || too_long || far)
}

fn verifiable(cause: &Onset, effect: &Onset) -> bool {
    cause.earliest != Time::MIN || effect.earliest != Time::MIN
}

/// Builds the graph.
pub(crate) fn graph(visibility: &Visibility<'_>, instances: &Instances, lookup: &Lookup<'_>) -> Graph {
    let states_facts =
        |pattern: usize| visibility.rules.patterns.get(pattern).is_none_or(|rule| rule.pattern.class == Class::Fact);
    let members: BTreeSet<usize> = instances
        .those(|state| state.truth.is_true() && state.active && state.escalated.is_true())
        .filter(|(_, instance)| !states_facts(instance.pattern))
        .map(|(index, _)| index)
        .collect();
    let mut builder =
        Builder { visibility, instances, lookup, members, explains: Vec::new(), rejected: BTreeMap::new() };
    builder.direct();
    let unexplained = builder.unexplained();
    builder.bridge(&unexplained);
    let contributing = builder.amplify();
    let component = builder.components();
    let explained = builder.explained(&component);
    let roots = component
        .iter()
        .filter(|(member, place)| !explained.contains(*place) && !contributing.contains(*member))
        .map(|(_, place)| *place)
        .collect();
    let Builder { members, mut explains, rejected, .. } = builder;
    explains.sort_by(|a, b| (a.from, a.to, &a.over).cmp(&(b.from, b.to, &b.over)));
    explains.dedup_by(|a, b| {
        let same = a.from == b.from && a.to == b.to && a.over == b.over;
        if same {
            b.strength = b.strength.max(a.strength);
        }
        same
    });
    Graph { members, explains, component, roots, contributing, rejected }
}

/// A path backwards from an effect over unseen instances.
struct Path {
    /// The unseen instances so far, the one next to the cause first.
    over: Vec<usize>,
    /// Its lags, added up.
    least: Duration,
    greatest: Option<Duration>,
    /// Its weakest edge.
    strength: Strength,
    /// Whether some edge joins anything within the subject.
    wide: bool,
}

impl Default for Path {
    fn default() -> Self {
        Self {
            over: Vec::new(),
            least: Duration::ZERO,
            greatest: Some(Duration::ZERO),
            strength: Strength::Sure,
            wide: false,
        }
    }
}

struct Builder<'a> {
    visibility: &'a Visibility<'a>,
    instances: &'a Instances,
    lookup: &'a Lookup<'a>,
    members: BTreeSet<usize>,
    explains: Vec<Explains>,
    rejected: BTreeMap<usize, Vec<usize>>,
}

impl Builder<'_> {
    fn direct(&mut self) {
        let mut found = Vec::new();
        let mut rejected: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (from, cause) in self.instances.those(|cause| cause.truth.is_true() && cause.escalated.is_true()) {
            let is_member = self.members.contains(&from);
            for edge in self.lookup.edges_from(cause.pattern) {
                for to in self.lookup.joined(edge.to, cause.entity, edge.edge.reach) {
                    let Some(effect) = self.instances.get(to).filter(|_| self.members.contains(&to) && to != from)
                    else {
                        continue;
                    };
                    if is_member && admissible(self.visibility, &cause, &effect, edge.edge.lag, edge.edge.tolerance) {
                        let order_verifiable = verifiable(&cause.onset(), &effect.onset());
                        found.push(Explains {
                            from,
                            to,
                            strength: edge.edge.strength,
                            order_verifiable,
                            over: Vec::new(),
                        });
                    } else {
                        rejected.entry(to).or_default().push(from);
                    }
                }
            }
        }
        self.explains = found;
        self.rejected = rejected;
    }

    fn components(&self) -> BTreeMap<usize, usize> {
        let members: Vec<usize> = self.members.iter().copied().collect();
        let place: HashMap<usize, usize> = members.iter().enumerate().map(|(place, member)| (*member, place)).collect();
        let edges: Vec<(usize, usize)> =
            self.explains.iter().filter_map(|one| Some((*place.get(&one.from)?, *place.get(&one.to)?))).collect();
        let found = components(members.len(), &edges);
        members.into_iter().zip(found).collect()
    }

    /// Components that another one explains.
    fn explained(&self, component: &BTreeMap<usize, usize>) -> BTreeSet<usize> {
        self.explains
            .iter()
            .filter_map(|one| Some((*component.get(&one.from)?, *component.get(&one.to)?)))
            .filter(|(from, to)| from != to)
            .map(|(_, to)| to)
            .collect()
    }

    /// Members of components that no other explains.
    fn unexplained(&self) -> Vec<usize> {
        let component = self.components();
        let explained = self.explained(&component);
        component.iter().filter(|(_, place)| !explained.contains(place)).map(|(member, _)| *member).collect()
    }

    /// Explains what no direct edge explains over at most `max_hidden_hops` unseen instances.
    fn bridge(&mut self, unexplained: &[usize]) {
        let most = self.visibility.rules.schema.defaults.max_hidden_hops as usize;
        let mut found = Vec::new();
        for &target in unexplained {
            let Some(effect) = self.instances.get(target) else { continue };
            let mut paths = vec![Path::default()];
            while let Some(Path { over, least, greatest, strength, wide }) = paths.pop() {
                let at = over.first().and_then(|at| self.instances.get(*at)).unwrap_or(effect);
                for edge in self.lookup.edges_into(at.pattern).filter(|edge| !edge.edge.feedback) {
                    let lag = (least + edge.edge.lag.0, greatest.zip(edge.edge.lag.1).map(|(a, b)| a + b));
                    let strength = strength.min(edge.edge.strength);
                    let wide = wide || edge.edge.reach == Reach::Cluster;
                    for from in self.lookup.joined(edge.from, at.entity, edge.edge.reach) {
                        let Some(cause) = self.instances.get(from) else { continue };
                        let together = wide || cause.entity.is_compatible(effect.entity);
                        if self.members.contains(&from) {
                            if !over.is_empty()
                                && from != target
                                && together
                                && admissible(self.visibility, &cause, &effect, lag, edge.edge.tolerance)
                            {
                                let order_verifiable = verifiable(&cause.onset(), &effect.onset());
                                found.push(Explains {
                                    from,
                                    to: target,
                                    strength,
                                    order_verifiable,
                                    over: over.clone(),
                                });
                            }
                        } else if matches!(cause.truth, Truth::Unknown(_))
                            && over.len() < most
                            && together
                            && !over.contains(&from)
                        {
                            let mut longer = vec![from];
                            longer.extend(&over);
                            paths.push(Path { over: longer, least: lag.0, greatest: lag.1, strength, wide });
                        }
                    }
                }
            }
        }
        self.explains.extend(found);
    }

    /// Members that worsen others. Where one may be the sole cause of what nothing explains, it explains it.
    fn amplify(&mut self) -> BTreeSet<usize> {
        let unexplained: BTreeSet<usize> = self.unexplained().into_iter().collect();
        let mut contributing = BTreeSet::new();
        let mut soles = Vec::new();
        for edge in &self.visibility.rules.amplifiers {
            let (start, count) =
                self.instances.roster(edge.from).map_or((0, 0), |(start, roster)| (start, roster.entities().len()));
            for &from in self.members.range(start..start + count) {
                let Some(cause) = self.instances.get(from) else { continue };
                for to in self.lookup.joined(edge.to, cause.entity, Reach::Contains) {
                    let Some(effect) = self.instances.get(to).filter(|_| self.members.contains(&to) && to != from)
                    else {
                        continue;
                    };
                    let can = admissible(self.visibility, &cause, &effect, (Duration::ZERO, None), None);
                    if edge.edge.may_be_sole && can && unexplained.contains(&to) {
                        let order_verifiable = verifiable(&cause.onset(), &effect.onset());
                        soles.push(Explains {
                            from,
                            to,
                            strength: Strength::Possible,
                            order_verifiable,
                            over: Vec::new(),
                        });
                    } else {
                        contributing.insert(from);
                    }
                }
            }
        }
        for sole in &soles {
            contributing.remove(&sole.from);
        }
        self.explains.extend(soles);
        contributing
    }
}

impl Graph {
    /// The ways in which a member explains others.
    pub(crate) fn explained_by(&self, member: usize) -> &[Explains] {
        let from = self.explains.partition_point(|one| one.from < member);
        let to = self.explains.partition_point(|one| one.from <= member);
        self.explains.get(from..to).unwrap_or_default()
    }

    /// Everything that a set of members explains, itself left out where nothing leads back to it; and the unseen
    /// instances on the way.
    pub(crate) fn reached(&self, from: &BTreeSet<usize>) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let mut reached = BTreeSet::new();
        let mut inferred = BTreeSet::new();
        let mut work: Vec<usize> = from.iter().copied().collect();
        while let Some(at) = work.pop() {
            for one in self.explained_by(at) {
                inferred.extend(&one.over);
                if reached.insert(one.to) && !from.contains(&one.to) {
                    work.push(one.to);
                }
            }
        }
        (reached, inferred)
    }
}
