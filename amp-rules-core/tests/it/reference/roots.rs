//! Hypotheses and the grades of roots, from the definitions.
//!
//! Input: a [`Graph`] and its roots. Output: a [`Grade`] per root, and the hidden patterns that would explain roots.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::diagnosis::Grade;
use amp_rules_core::rules::model::{Class, Strength};

use super::graph::Graph;
use super::instances::is_quiet;
use super::timeline::Truth;
use super::world::Lag;

impl Graph<'_> {
    /// The longest time from a fact to its first line, over the symptoms of a pattern.
    fn longest_detection_delay(&self, pattern: usize) -> Duration {
        let reference = self.world().reference;
        let symptoms = reference.rules.patterns[pattern].symptoms.iter();
        let delays = symptoms.filter_map(|at| reference.rules.symptoms[*at].symptom.detection_delay.as_ref());
        delays.map(|delay| reference.duration(delay)).max().unwrap_or_default()
    }

    /// The hypotheses: patterns with the root patterns that they would explain; and the roots that a hidden instance leads to
    /// together with another root.
    pub(crate) fn hypotheses(&self, entries: &BTreeSet<usize>) -> (BTreeMap<usize, BTreeSet<usize>>, BTreeSet<usize>) {
        let most = self.world().reference.rules.schema.defaults.max_hidden_hops as usize + 1;
        let mut reached: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        let mut alone: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for &root in entries {
            let mut layer = BTreeSet::from([root]);
            let mut known: BTreeSet<usize> = BTreeSet::new();
            for _ in 0..most {
                let mut next = BTreeSet::new();
                for &at in &layer {
                    for edge in self
                        .world()
                        .edges()
                        .iter()
                        .filter(|edge| edge.to == self.world().instances[at].pattern && !edge.edge.feedback)
                    {
                        next.extend(
                            self.world()
                                .joined(edge.from, &self.world().instances[at].entity, edge.edge.reach)
                                .into_iter()
                                .filter(|from| {
                                    self.world().instances[*from].truth.is_unknown() && !known.contains(from)
                                }),
                        );
                    }
                }
                known.extend(&next);
                layer = next;
            }
            for hidden in known {
                reached.entry(hidden).or_default().insert(root);
            }
            if self.class(root) != Class::Cause {
                let causes: Vec<usize> = self
                    .world()
                    .edges()
                    .iter()
                    .filter(|edge| edge.to == self.world().instances[root].pattern)
                    .flat_map(|edge| {
                        self.world().joined(edge.from, &self.world().instances[root].entity, edge.edge.reach)
                    })
                    .collect();
                let is_candidate = |at: &usize| match &self.world().instances[*at].truth {
                    Truth::False => false,
                    truth if is_quiet(truth) => false,
                    Truth::True if self.same_loop(*at, root) => false,
                    Truth::True | Truth::Unknown(_) => true,
                };
                if !causes.iter().any(is_candidate) {
                    for hidden in causes.into_iter().filter(|at| is_quiet(&self.world().instances[*at].truth)) {
                        alone.entry(hidden).or_default().insert(root);
                    }
                }
            }
        }
        let patterns = |roots: &BTreeSet<usize>| -> BTreeSet<usize> {
            roots.iter().map(|root| self.world().instances[*root].pattern).collect()
        };
        reached.retain(|_, roots| patterns(roots).len() >= 2);
        let covered = reached.values().flatten().copied().collect();
        let mut all: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for (hidden, roots) in reached.into_iter().chain(alone) {
            all.entry(self.world().instances[hidden].pattern).or_default().extend(patterns(&roots));
        }
        (all, covered)
    }

    pub(crate) fn grade(&self, root: usize, covered: &BTreeSet<usize>) -> Grade {
        let one = &self.world().instances[root];
        if self.class(root) != Class::Cause {
            return Grade::Open;
        }
        let has_undecided_cause = |effect: usize| {
            let of = &self.world().instances[effect];
            let into = self.world().edges().iter().filter(|edge| edge.to == of.pattern && edge.from != of.pattern);
            into.flat_map(|edge| {
                self.world().joined(edge.from, &of.entity, edge.edge.reach).into_iter().map(move |at| (edge, at))
            })
            .any(|(edge, at)| {
                let cause = &self.world().instances[at];
                let may_hold = cause.truth.is_unknown() && !is_quiet(&cause.truth);
                (may_hold && self.world().may_be_cause(at, effect, Lag::of(edge)))
                    || (cause.truth == Truth::True && cause.escalated.is_unknown())
            })
        };
        // What it explains as a sole amplifier, one of the causes may explain instead.
        let is_amplified = |effect: usize| {
            let pattern = self.world().instances[effect].pattern;
            let amplifiers = &self.world().reference.rules.amplifiers;
            amplifiers.iter().any(|edge| edge.edge.may_be_sole && edge.from == one.pattern && edge.to == pattern)
                && !self.world().edges().iter().any(|edge| edge.from == one.pattern && edge.to == pattern)
        };
        let amplified = self.explains.iter().filter(|link| link.from == root && link.over.is_empty());
        let unknown = has_undecided_cause(root)
            || amplified.map(|link| link.to).any(|effect| is_amplified(effect) && has_undecided_cause(effect));
        let rejected =
            self.rejected.get(&root).is_some_and(|causes| causes.iter().any(|cause| !self.same_loop(*cause, root)));
        let rule = &self.world().reference.rules.patterns[one.pattern];
        let holding: Vec<bool> = rule
            .symptoms
            .iter()
            .filter(|at| self.world().reference.at(**at, &rule.pattern.scope, &one.entity).holds())
            .map(|at| self.world().reference.rules.symptoms[*at].symptom.weak)
            .collect();
        let weak = !holding.is_empty() && holding.iter().all(|weak| *weak);
        let counts = |at: usize| {
            self.world().instances[at].truth == Truth::True
                && !self.world().instances[at].reported
                && self.world().instances[at].escalated != Truth::False
        };
        let conflict = counts(root)
            && (0..self.world().instances.len()).any(|at| {
                let other = &self.world().instances[at];
                let contradicts = rule.contradicts.contains(&other.pattern)
                    || self.world().reference.rules.patterns[other.pattern].contradicts.contains(&one.pattern);
                contradicts
                    && counts(at)
                    && other.entity.is_compatible(&one.entity)
                    && self
                        .world()
                        .reference
                        .grid
                        .overall(&self.world().reference.grid.and(&one.course.truth, &other.course.truth))
                        == Truth::True
            });
        if unknown || rejected || weak || conflict || covered.contains(&root) || self.misses_a_sure_effect(root) {
            Grade::Provisional
        } else {
            Grade::Confirmed
        }
    }

    /// Whether a sure effect is false wherever the pattern is true, although it is due.
    pub(crate) fn misses_a_sure_effect(&self, root: usize) -> bool {
        let one = &self.world().instances[root];
        // What has no time may have begun just now.
        let began = one.episodes[self.episode(root)].readings[0].1;
        let all: Vec<usize> =
            self.members.keys().copied().filter(|at| self.world().instances[*at].pattern == one.pattern).collect();
        self.world().edges().iter().filter(|edge| edge.from == one.pattern && edge.edge.strength == Strength::Sure).any(
            |edge| {
                let tolerance = edge.edge.tolerance.unwrap_or(self.world().reference.rules.schema.defaults.tolerance);
                let due = began
                    .saturating_add(edge.edge.lag.1.unwrap_or(edge.edge.lag.0))
                    .saturating_add(self.longest_detection_delay(edge.to))
                    .saturating_add(tolerance)
                    .saturating_add(Duration::from_secs(300));
                let absent = |at: &usize| {
                    let effects = self.world().joined(edge.to, &self.world().instances[*at].entity, edge.edge.reach);
                    !effects.is_empty()
                        && effects.iter().all(|effect| self.world().instances[*effect].truth == Truth::False)
                };
                due < self.world().reference.watermark && all.iter().all(absent)
            },
        )
    }
}
