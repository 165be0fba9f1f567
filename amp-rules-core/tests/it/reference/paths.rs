//! Paths over hidden instances, and amplifiers.
//!
//! Input: a [`Graph`] with its direct edges. Output: what else explains its members.

use std::collections::BTreeSet;
use std::time::Duration;

use amp_rules_core::rules::model::Reach;

use super::episodes::is_lost;
use super::graph::{Explains, Graph};
use super::world::Lag;

impl Graph<'_> {
    /// Adds paths over hidden instances, backwards from unexplained members. Returns the episodes that are over, no members
    /// yet, and lead to one over such a path.
    pub(super) fn over_hidden(&mut self) -> BTreeSet<(usize, usize)> {
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
                            continue;
                        }
                        // A path without a hidden instance is a direct edge.
                        if path.len() == 1 {
                            continue;
                        }
                        if self.is_member(from) && self.admits(from, self.as_cause(from), target, lag) {
                            let over = path[..path.len() - 1].to_vec();
                            found.push(Explains { from, to: target, over, lag });
                        }
                        if self.may_be_ended_cause(from) {
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

    pub(super) fn amplify(&mut self) {
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
    pub(super) fn unresolved_amplifiers(&self) -> BTreeSet<usize> {
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
}
