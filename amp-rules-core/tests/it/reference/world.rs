//! Instances with their episodes, and what fits in time.
//!
//! Input: a [`Reference`]. Output: a [`Instances`].

use std::collections::BTreeSet;
use std::time::Duration;

use amp_rules_core::Entity;
use amp_rules_core::rules::model::{Class, Reach};
use amp_rules_core::rules::rule_set::RuleEdge;
use amp_rules_core::time::Time;

use super::instances::Instance;
use super::symptoms::Reference;
use super::timeline::Truth;

/// What an edge, or a path of edges, allows: the shortest and the longest time from cause to effect, and the tolerance.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lag {
    pub(super) least: Duration,
    pub(super) most: Option<Duration>,
    pub(super) tolerance: Option<Duration>,
}

impl Lag {
    pub(super) const ANY: Self = Self { least: Duration::ZERO, most: None, tolerance: None };

    pub(crate) fn of(edge: &RuleEdge) -> Self {
        Self { least: edge.edge.lag.0, most: edge.edge.lag.1, tolerance: edge.edge.tolerance }
    }
}

/// All instances, and which of their episodes take part in causality.
pub(crate) struct Instances<'a> {
    pub(crate) reference: &'a Reference<'a>,
    pub(crate) instances: Vec<Instance>,
    /// Per instance its episodes that are more than noise; none of a fact.
    pub(crate) episodes: Vec<BTreeSet<usize>>,
    /// The instances whose last episode takes part and lasts.
    pub(crate) active: BTreeSet<usize>,
}

fn joins(from: &Entity, to: &Entity, reach: Reach) -> bool {
    match reach {
        Reach::Contains => from.is_compatible(to),
        Reach::Same => from == to,
        Reach::Cluster => true,
    }
}

impl<'a> Instances<'a> {
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
    pub(super) fn is_unresolved(&self, at: usize) -> bool {
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

    /// Whether an instance that may hold can be the cause of another: in some period in which it may hold it need not have
    /// begun too late.
    pub(super) fn may_be_cause(&self, u: usize, v: usize, lag: Lag) -> bool {
        let tolerance = lag.tolerance.unwrap_or(self.reference.rules.schema.defaults.tolerance);
        let (cause, effect) = (&self.instances[u], &self.instances[v]);
        self.reference.possible_onsets(&cause.course).into_iter().any(|lo| {
            let lo = lo.saturating_sub(cause.grain);
            // Not both a pause and a cause within one short period that was not visible.
            let readings = effect.episodes.iter().enumerate().flat_map(|(at, episode)| {
                let all = effect.bounds(at).into_iter().enumerate();
                all.filter(|(reading, _)| !episode.after_short.contains(reading)).map(|(_, bounds)| bounds)
            });
            readings.into_iter().any(|(_, hi)| {
                lo == Time::MIN || hi == Time::MAX || lo.saturating_add(lag.least) <= hi.saturating_add(tolerance)
            })
        })
    }

    /// Whether an edge allows an episode of `u` as the cause of an episode of `v`: in some reading of when they began, `u`
    /// did not begin too late or too early, and had not ended too long before `v` began.
    pub(super) fn admissible(&self, u: (usize, usize), v: (usize, usize), lasting: bool, lag: Lag) -> bool {
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
