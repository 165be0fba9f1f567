//! The causal graph over episodes, from the definitions.
//!
//! Input: instances. Output: a [`Graph`] of the present, or of an incident that is over. Reachability is a matrix, and every
//! subset of root components is tried; nothing here is fast. Grades and hypotheses are in [`super::roots`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::rules::model::{Class, Reach};
use amp_rules_core::rules::rule_set::RuleEdge;
use amp_rules_core::time::Time;

use super::episodes::is_lost;
use super::instances::Instance;
use super::symptoms::Reference;
use super::timeline::Truth;

/// What an edge, or a path of edges, allows: the shortest and the longest time from cause to effect, and the tolerance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lag {
    least: Duration,
    most: Option<Duration>,
    tolerance: Option<Duration>,
}

impl Lag {
    const ANY: Self = Self { least: Duration::ZERO, most: None, tolerance: None };

    pub(crate) fn of(edge: &RuleEdge) -> Self {
        Self { least: edge.edge.lag.0, most: edge.edge.lag.1, tolerance: edge.edge.tolerance }
    }
}

/// A member that explains another.
#[derive(Debug)]
pub(crate) struct Explains {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The hidden instances between them.
    pub(crate) over: Vec<usize>,
    pub(crate) lag: Lag,
}

/// All instances, and which of their episodes take part in causality.
pub(crate) struct World<'a> {
    pub(crate) reference: &'a Reference<'a>,
    pub(crate) instances: Vec<Instance>,
    /// Per instance its episodes that are more than noise; none of a fact.
    pub(crate) episodes: Vec<BTreeSet<usize>>,
    /// The instances whose last episode takes part and lasts.
    pub(crate) active: BTreeSet<usize>,
}

/// Some episodes of a [`World`], by instance, and what explains what.
pub(crate) struct Graph<'a> {
    world: &'a World<'a>,
    /// Whether everything in it is over.
    past: bool,
    pub(crate) members: BTreeMap<usize, BTreeSet<usize>>,
    pub(crate) explains: Vec<Explains>,
    /// Which instance leads to which, in any number of steps, including zero.
    pub(crate) reach: Vec<Vec<bool>>,
    pub(crate) rejected: BTreeMap<usize, BTreeSet<usize>>,
    pub(crate) contributing: BTreeSet<usize>,
    /// Active instances of which it is unknown whether they matter.
    bridges: BTreeSet<usize>,
    /// Amplifiers without a member that they worsen, but with an instance that they may worsen and that was lost.
    pub(crate) unresolved: BTreeSet<usize>,
}

fn joins(from: &Entity, to: &Entity, reach: Reach) -> bool {
    match reach {
        Reach::Contains => from.is_compatible(to),
        Reach::Same => from == to,
        Reach::Cluster => true,
    }
}

impl<'a> World<'a> {
    pub(crate) fn new(reference: &'a Reference<'a>) -> Self {
        let instances = reference.instances();
        let takes_part = |one: &Instance, at: &usize| {
            one.truth == Truth::True
                && reference.rules.patterns[one.pattern].pattern.class != Class::Fact
                && one.episodes[*at].escalated == Truth::True
        };
        let episodes: Vec<BTreeSet<usize>> =
            instances.iter().map(|one| (0..one.episodes.len()).filter(|at| takes_part(one, at)).collect()).collect();
        let lasts = |at: &usize| {
            let last = instances[*at].episodes.len().wrapping_sub(1);
            instances[*at].active && episodes[*at].contains(&last)
        };
        let active: BTreeSet<usize> = (0..instances.len()).filter(lasts).collect();
        let mut world = Self { reference, instances, episodes, active };
        while let Some(over) = world.over_with_its_causes() {
            world.active = &world.active - &over;
        }
        world
    }

    /// The numbers without a time that count as lasting although they have causes and all of them are over.
    fn over_with_its_causes(&self) -> Option<BTreeSet<usize>> {
        let is_over = |at: &usize| {
            let one = &self.instances[*at];
            let mut causes = Vec::new();
            for edge in self.edges().iter().filter(|edge| edge.to == one.pattern) {
                causes
                    .extend(self.joined(edge.from, &one.entity, edge.edge.reach).into_iter().filter(|from| from != at));
            }
            causes.retain(|from| !self.episodes[*from].is_empty() || self.is_unresolved(*from));
            let lasts = |from: &usize| self.active.contains(from) || self.is_unresolved(*from);
            one.episodes[0].timeless && !one.reported && !causes.is_empty() && !causes.iter().any(lasts)
        };
        let over: BTreeSet<usize> = self.active.iter().copied().filter(is_over).collect();
        (!over.is_empty()).then_some(over)
    }

    /// Whether an instance holds and may last, and it is unknown whether it is noise.
    fn is_unresolved(&self, at: usize) -> bool {
        let one = &self.instances[at];
        one.truth == Truth::True && one.active && one.escalated.is_unknown()
    }

    pub(crate) fn class(&self, at: usize) -> Class {
        self.reference.rules.patterns[self.instances[at].pattern].pattern.class
    }

    pub(crate) fn edges(&self) -> &'a [RuleEdge] {
        &self.reference.rules.edges
    }

    pub(crate) fn joined(&self, pattern: usize, entity: &Entity, reach: Reach) -> Vec<usize> {
        (0..self.instances.len())
            .filter(|at| self.instances[*at].pattern == pattern && joins(&self.instances[*at].entity, entity, reach))
            .collect()
    }

    /// Whether an edge allows an episode of `u` as the cause of an episode of `v`: in some reading of when they began, `u`
    /// did not begin too late or too early, and had not ended too long before `v` began.
    fn admissible(&self, u: (usize, usize), v: (usize, usize), lasting: bool, lag: Lag) -> bool {
        let defaults = &self.reference.rules.schema.defaults;
        let tolerance = lag.tolerance.unwrap_or(defaults.tolerance);
        let (cause, effect) = (&self.instances[u.0], &self.instances[v.0]);
        let known = |at: Time| at != Time::MIN && at != Time::MAX;
        let rejected = |(lo_u, hi_u): (Time, Time), (lo_v, hi_v): (Time, Time)| {
            let late = known(lo_u) && known(hi_v) && lo_u.saturating_add(lag.least) > hi_v.saturating_add(tolerance);
            let early = lag.most.is_some_and(|most| {
                known(lo_v) && known(hi_u) && lo_v > hi_u.saturating_add(most).saturating_add(tolerance)
            });
            let begins = effect.since.unwrap_or(lo_v);
            let gap = defaults.max_cause_gap + lag.least;
            let ended = !lasting && known(begins) && cause.episodes[u.1].last < begins.saturating_sub(gap);
            late || early || ended
        };
        let effects = effect.bounds(v.1);
        cause.bounds(u.1).into_iter().any(|began| effects.iter().any(|effect| !rejected(began, *effect)))
    }
}

impl<'a> Graph<'a> {
    /// The graph of the present: what lasts, and what is over and leads to it.
    pub(crate) fn present(world: &'a World<'a>) -> Self {
        let graph = Self::present_without(world, BTreeSet::new());
        let unresolved = graph.unresolved_amplifiers();
        Self { unresolved: unresolved.clone(), ..Self::present_without(world, unresolved) }
    }

    fn present_without(world: &'a World<'a>, excluded: BTreeSet<usize>) -> Self {
        let lasting = world.active.difference(&excluded);
        let members = lasting.map(|at| (*at, BTreeSet::from([world.instances[*at].episodes.len() - 1]))).collect();
        let unresolved = (0..world.instances.len()).filter(|at| world.is_unresolved(*at));
        let bridges = unresolved.chain(excluded).collect();
        let mut graph = Self::of(world, false, members, bridges);
        loop {
            graph.direct();
            let mut more = graph.ended_causes();
            if more.is_empty() {
                more = graph.over_hidden();
            }
            if more.is_empty() {
                break;
            }
            for (at, episode) in more {
                graph.members.entry(at).or_default().insert(episode);
            }
        }
        graph.amplify();
        graph
    }

    /// The graph of episodes that are over.
    pub(crate) fn past(world: &'a World<'a>, members: BTreeMap<usize, BTreeSet<usize>>) -> Self {
        let mut graph = Self::of(world, true, members, BTreeSet::new());
        graph.direct();
        graph.over_hidden();
        graph.amplify();
        graph
    }

    fn of(
        world: &'a World<'a>,
        past: bool,
        members: BTreeMap<usize, BTreeSet<usize>>,
        bridges: BTreeSet<usize>,
    ) -> Self {
        Self {
            world,
            past,
            members,
            bridges,
            explains: Vec::new(),
            reach: Vec::new(),
            rejected: BTreeMap::new(),
            contributing: BTreeSet::new(),
            unresolved: BTreeSet::new(),
        }
    }

    /// The incidents that are over: the connected groups of episodes that are not part of the present.
    pub(crate) fn incidents(&self) -> Vec<Self> {
        let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (at, episodes) in self.world.episodes.iter().enumerate().filter(|(at, _)| !self.unresolved.contains(at)) {
            let present = self.members.get(&at).cloned().unwrap_or_default();
            let over = episodes - &present;
            if !over.is_empty() {
                members.insert(at, over);
            }
        }
        let all = Self::past(self.world, members);
        let mut groups: Vec<BTreeSet<(usize, usize)>> =
            all.members.iter().flat_map(|(at, some)| some.iter().map(|one| BTreeSet::from([(*at, *one)]))).collect();
        for one in &all.explains {
            for &u in &all.members[&one.from] {
                for &v in &all.members[&one.to] {
                    if self.world.admissible((one.from, u), (one.to, v), false, one.lag) {
                        let ends = [(one.from, u), (one.to, v)];
                        let (joined, mut rest): (Vec<_>, Vec<_>) =
                            groups.into_iter().partition(|group| ends.iter().any(|end| group.contains(end)));
                        rest.push(joined.into_iter().flatten().collect());
                        groups = rest;
                    }
                }
            }
        }
        let incident = |group: BTreeSet<(usize, usize)>| {
            let mut members: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
            for (at, episode) in group {
                members.entry(at).or_default().insert(episode);
            }
            Self::past(self.world, members)
        };
        groups.into_iter().map(incident).collect()
    }
}

impl Graph<'_> {
    pub(crate) fn world(&self) -> &World<'_> {
        self.world
    }

    pub(crate) fn class(&self, at: usize) -> Class {
        self.world.class(at)
    }

    pub(crate) fn is_member(&self, at: usize) -> bool {
        self.members.contains_key(&at)
    }

    /// Whether a member is over.
    pub(crate) fn is_over(&self, at: usize) -> bool {
        self.past || !self.world.active.contains(&at)
    }

    /// The last episode with which a member takes part.
    pub(crate) fn episode(&self, member: usize) -> usize {
        *self.members[&member].last().unwrap()
    }

    /// The episodes with which a member can be a cause: all of one that lasts.
    fn as_cause(&self, member: usize) -> &BTreeSet<usize> {
        if self.is_over(member) { &self.members[&member] } else { &self.world.episodes[member] }
    }

    /// Whether some of the episodes of an instance can be a cause of some episode of a member.
    fn admits(&self, from: usize, causes: &BTreeSet<usize>, to: usize, lag: Lag) -> bool {
        let instances = &self.world.instances;
        causes.iter().any(|cause| {
            let lasting = !self.is_over(from) && cause + 1 == instances[from].episodes.len();
            self.members[&to].iter().any(|effect| {
                let has_time = !instances[to].episodes[*effect].timeless || instances[to].since.is_some();
                (self.past || !self.is_over(from) || has_time)
                    && self.world.admissible((from, *cause), (to, *effect), lasting, lag)
            })
        })
    }

    /// Whether an instance is over and its end can be compared with what began after it.
    fn may_be_ended_cause(&self, at: usize) -> bool {
        let one = &self.world.instances[at];
        !self.past
            && self.is_over(at)
            && !self.bridges.contains(&at)
            && one.episodes.iter().all(|episode| !episode.timeless)
    }

    /// Episodes that are over, are no members yet, and have an edge to a member that allows them as its cause.
    fn ended_causes(&self) -> BTreeSet<(usize, usize)> {
        let mut found = BTreeSet::new();
        for edge in self.world.edges() {
            for from in (0..self.world.instances.len()).filter(|at| self.world.instances[*at].pattern == edge.from) {
                if !self.may_be_ended_cause(from) {
                    continue;
                }
                for to in self.world.joined(edge.to, &self.world.instances[from].entity, edge.edge.reach) {
                    if to == from || !self.is_member(to) {
                        continue;
                    }
                    for &one in &self.world.episodes[from] {
                        if self.admits(from, &BTreeSet::from([one]), to, Lag::of(edge)) {
                            found.insert((from, one));
                        }
                    }
                }
            }
        }
        found.retain(|(at, episode)| !self.members.get(at).is_some_and(|known| known.contains(episode)));
        found
    }

    fn direct(&mut self) {
        let mut found = Vec::new();
        self.rejected.clear();
        for edge in self.world.edges() {
            for from in 0..self.world.instances.len() {
                let cause = &self.world.instances[from];
                let takes_part = if self.past { self.is_member(from) } else { !self.world.episodes[from].is_empty() };
                if cause.pattern != edge.from || !takes_part {
                    continue;
                }
                for to in self.world.joined(edge.to, &cause.entity, edge.edge.reach) {
                    if !self.is_member(to) || to == from {
                        continue;
                    }
                    let lag = Lag::of(edge);
                    if self.is_member(from) && self.admits(from, self.as_cause(from), to, lag) {
                        found.push(Explains { from, to, over: Vec::new(), lag });
                    } else {
                        self.rejected.entry(to).or_default().insert(from);
                    }
                }
            }
        }
        self.explains = found;
        self.close();
    }

    /// Reachability over any number of steps.
    pub(crate) fn close(&mut self) {
        let many = self.world.instances.len();
        let mut reach = vec![vec![false; many]; many];
        for (at, row) in reach.iter_mut().enumerate() {
            row[at] = true;
        }
        for one in &self.explains {
            reach[one.from][one.to] = true;
        }
        for middle in 0..many {
            for from in 0..many {
                for to in 0..many {
                    reach[from][to] |= reach[from][middle] && reach[middle][to];
                }
            }
        }
        self.reach = reach;
    }

    pub(crate) fn same_loop(&self, a: usize, b: usize) -> bool {
        self.is_member(a) && self.is_member(b) && self.reach[a][b] && self.reach[b][a]
    }

    /// Members that are reached only from their own loop.
    fn unexplained(&self) -> Vec<usize> {
        let members = || self.members.keys().copied();
        let is_alone = |at: &usize| members().all(|other| !self.reach[other][*at] || self.same_loop(*at, other));
        members().filter(is_alone).collect()
    }

    /// Adds paths over hidden instances, backwards from unexplained members. Returns the episodes that are over, no members
    /// yet, and lead to one over such a path.
    fn over_hidden(&mut self) -> BTreeSet<(usize, usize)> {
        let world = self.world;
        let most = world.reference.rules.schema.defaults.max_hidden_hops as usize;
        let is_hidden = |at: usize| world.instances[at].truth.is_unknown() || self.bridges.contains(&at);
        let (mut found, mut ended) = (Vec::new(), BTreeSet::new());
        for target in self.unexplained() {
            let none = Lag { most: Some(Duration::ZERO), ..Lag::ANY };
            let mut open: Vec<(Vec<usize>, Lag, bool)> = vec![(vec![target], none, false)];
            while let Some((path, so_far, wide)) = open.pop() {
                let head = &world.instances[path[0]];
                for edge in world.edges().iter().filter(|edge| edge.to == head.pattern && !edge.edge.feedback) {
                    let (least, most_of_edge) = edge.edge.lag;
                    let lag = Lag {
                        least: so_far.least + least,
                        most: so_far.most.zip(most_of_edge).map(|(a, b)| a + b),
                        tolerance: edge.edge.tolerance,
                    };
                    let wide = wide || edge.edge.reach == Reach::Cluster;
                    for from in world.joined(edge.from, &head.entity, edge.edge.reach) {
                        let is_related = world.instances[from].entity.is_compatible(&world.instances[target].entity);
                        if path.contains(&from) || !(wide || is_related) {
                            continue;
                        }
                        if is_hidden(from) {
                            if path.len() <= most {
                                open.push(([&[from], path.as_slice()].concat(), lag, wide));
                            }
                        } else if path.len() > 1
                            && self.is_member(from)
                            && self.admits(from, self.as_cause(from), target, lag)
                        {
                            let over = path[..path.len() - 1].to_vec();
                            found.push(Explains { from, to: target, over, lag });
                        }
                        if path.len() > 1 && !is_hidden(from) && self.may_be_ended_cause(from) {
                            let fits = |one: &&usize| self.admits(from, &BTreeSet::from([**one]), target, lag);
                            ended.extend(world.episodes[from].iter().filter(fits).map(|one| (from, *one)));
                        }
                    }
                }
            }
        }
        ended.retain(|(at, episode)| !self.members.get(at).is_some_and(|known| known.contains(episode)));
        self.explains.extend(found);
        self.close();
        ended
    }

    fn amplify(&mut self) {
        let unexplained = self.unexplained();
        let mut soles = Vec::new();
        for edge in &self.world.reference.rules.amplifiers {
            for from in self.members.keys().copied().collect::<Vec<_>>() {
                if self.world.instances[from].pattern != edge.from {
                    continue;
                }
                for to in self.world.joined(edge.to, &self.world.instances[from].entity, Reach::Contains) {
                    if !self.is_member(to) || to == from {
                        continue;
                    }
                    let fits = || self.admits(from, self.as_cause(from), to, Lag::ANY);
                    if edge.edge.may_be_sole && unexplained.contains(&to) && fits() {
                        soles.push(Explains { from, to, over: Vec::new(), lag: Lag::ANY });
                    } else {
                        self.contributing.insert(from);
                    }
                }
            }
        }
        for sole in &soles {
            self.contributing.remove(&sole.from);
        }
        self.explains.extend(soles);
        self.close();
    }

    /// Root amplifiers that worsen nothing that holds, explain nothing, and may worsen something whose telemetry is lost.
    fn unresolved_amplifiers(&self) -> BTreeSet<usize> {
        let instances = &self.world.instances;
        let is_unresolved = |from: &usize| {
            let edges = self.world.reference.rules.amplifiers.iter();
            let edges = edges.filter(|edge| edge.from == instances[*from].pattern);
            let mut targets =
                edges.flat_map(|edge| self.world.joined(edge.to, &instances[*from].entity, Reach::Contains));
            targets.any(|to| is_lost(&instances[to].truth))
                && !self.contributing.contains(from)
                && self.explains.iter().all(|one| one.from != *from)
        };
        self.roots().into_iter().flatten().filter(is_unresolved).collect()
    }

    /// The root components: the smallest set of loops (a single member is a loop of one) from which every member is reached,
    /// checked by trying all sets. Loops whose members all only contribute are not roots.
    pub(crate) fn roots(&self) -> Vec<Vec<usize>> {
        let mut loops: Vec<Vec<usize>> = Vec::new();
        for &member in self.members.keys() {
            match loops.iter_mut().find(|one| self.same_loop(one[0], member)) {
                Some(one) => one.push(member),
                None => loops.push(vec![member]),
            }
        }
        let heads: Vec<&Vec<usize>> = loops
            .iter()
            .filter(|one| loops.iter().all(|other| other[0] == one[0] || !self.reach[other[0]][one[0]]))
            .collect();
        if !loops.is_empty() && loops.len() <= 10 {
            let covers = |set: u32| {
                let chosen = |at: usize| set & (1 << at) != 0;
                loops.iter().all(|to| (0..loops.len()).any(|from| chosen(from) && self.reach[loops[from][0]][to[0]]))
            };
            let covering: Vec<u32> = (0..1_u32 << loops.len()).filter(|set| covers(*set)).collect();
            let least = covering.iter().map(|set| set.count_ones()).min().unwrap();
            let smallest: Vec<u32> = covering.into_iter().filter(|set| set.count_ones() == least).collect();
            let by_definition: u32 =
                loops.iter().enumerate().filter(|(_, one)| heads.contains(one)).map(|(at, _)| 1 << at).sum();
            assert_eq!(smallest, [by_definition], "the smallest covering set is unique");
        }
        heads.into_iter().filter(|one| one.iter().any(|member| !self.contributing.contains(member))).cloned().collect()
    }

    /// The entries of a loop.
    pub(crate) fn entries(&self, of: &[usize]) -> Vec<usize> {
        if of.len() == 1 {
            return of.to_vec();
        }
        let began = |at: usize| self.world.instances[at].bounds(self.episode(at))[0];
        let certainly_first =
            |one: &&usize| of.iter().filter(|other| other != one).all(|other| began(**one).1 < began(*other).0);
        if let Some(first) = of.iter().find(certainly_first) {
            return vec![*first];
        }
        let declared: Vec<usize> = of
            .iter()
            .copied()
            .filter(|at| self.world.reference.rules.patterns[self.world.instances[*at].pattern].pattern.entry)
            .collect();
        if declared.is_empty() {
            of.iter().copied().filter(|at| !self.contributing.contains(at)).collect()
        } else {
            declared
        }
    }
}
