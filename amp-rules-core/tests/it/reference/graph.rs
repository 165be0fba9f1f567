//! The causal graph over episodes, from the definitions.
//!
//! Input: a [`Instances`]. Output: a [`Graph`] of the present, or of an incident that is over. Reachability is a matrix, and every
//! subset of root components is tried; nothing here is fast. Hidden paths and amplifiers are in [`super::paths`], grades and
//! hypotheses in [`super::roots`].

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::rules::model::Class;

use super::world::{Instances, Lag};

/// A member that explains another.
#[derive(Debug)]
pub(crate) struct Explains {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// The hidden instances between them.
    pub(crate) over: Vec<usize>,
    pub(crate) lag: Lag,
}

/// Some episodes of a [`Instances`], by instance, and what explains what.
pub(crate) struct Graph<'a> {
    pub(super) world: &'a Instances<'a>,
    /// Whether everything in it is over.
    pub(super) past: bool,
    pub(crate) members: BTreeMap<usize, BTreeSet<usize>>,
    pub(crate) explains: Vec<Explains>,
    /// Which instance leads to which, in any number of steps, including zero.
    pub(crate) reach: Vec<Vec<bool>>,
    pub(crate) rejected: BTreeMap<usize, BTreeSet<usize>>,
    pub(crate) contributing: BTreeSet<usize>,
    /// Active instances of which it is unknown whether they matter.
    pub(super) bridges: BTreeSet<usize>,
    /// Amplifiers without a member that they worsen, but with an instance that they may worsen and that was lost.
    pub(crate) unresolved: BTreeSet<usize>,
}

impl<'a> Graph<'a> {
    /// The graph of the present: what lasts, and what is over and leads to it.
    pub(crate) fn present(world: &'a Instances<'a>) -> Self {
        let graph = Self::present_without(world, BTreeSet::new());
        let unresolved = graph.unresolved_amplifiers();
        Self { unresolved: unresolved.clone(), ..Self::present_without(world, unresolved) }
    }

    fn present_without(world: &'a Instances<'a>, excluded: BTreeSet<usize>) -> Self {
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
    pub(crate) fn past(world: &'a Instances<'a>, members: BTreeMap<usize, BTreeSet<usize>>) -> Self {
        let mut graph = Self::of(world, true, members, BTreeSet::new());
        graph.direct();
        graph.over_hidden();
        graph.amplify();
        graph
    }

    fn of(
        world: &'a Instances<'a>,
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
    pub(crate) fn world(&self) -> &Instances<'_> {
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
    pub(super) fn as_cause(&self, member: usize) -> &BTreeSet<usize> {
        if self.is_over(member) { &self.members[&member] } else { &self.world.episodes[member] }
    }

    /// Whether some of the episodes of an instance can be a cause of some episode of a member.
    pub(super) fn admits(&self, from: usize, causes: &BTreeSet<usize>, to: usize, lag: Lag) -> bool {
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
    pub(super) fn may_be_ended_cause(&self, at: usize) -> bool {
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
    pub(super) fn unexplained(&self) -> Vec<usize> {
        let members = || self.members.keys().copied();
        let is_alone = |at: &usize| members().all(|other| !self.reach[other][*at] || self.same_loop(*at, other));
        members().filter(is_alone).collect()
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
