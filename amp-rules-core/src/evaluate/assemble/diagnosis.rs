//! The diagnosis as a whole: ranks, chains, status, remedy, and what stayed open.
//!
//! Input: instances, their graph and their roles. Output: a [`Diagnosis`]. Every list is sorted by rank or id; nothing
//! here decides truth.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::EvidenceCollector;
use crate::diagnosis::{Diagnosis, Episode, Grade, Link, Onset, Remedy, Role, Root, Status};
use crate::evaluate::causality::analysis::CausalAnalysis;
use crate::evaluate::causality::roots::RootGroup;
use crate::evaluate::causality::upstream::UpstreamCauses;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::timeline::truth::Truth;
use crate::graph::topological;
use crate::rules::model::{Class, Severity, Strength};
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// What a diagnosis comes down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) roots: BTreeSet<(String, Role, Grade)>,
}

/// Below this share of the entities of its kind a root is at most a warning.
const FEW: f64 = 0.05;

/// Builds a [`Diagnosis`] from a causal analysis.
#[derive(Debug)]
pub(crate) struct DiagnosisBuilder<'a> {
    pub(crate) analysis: &'a CausalAnalysis<'a>,
    /// The root groups of the analysis in rank order.
    ranked: Vec<&'a RootGroup>,
}

impl<'a> DiagnosisBuilder<'a> {
    pub(crate) fn new(analysis: &'a CausalAnalysis<'a>) -> Self {
        let unranked = Self { analysis, ranked: Vec::new() };
        let ranked = unranked.ranked();
        Self { analysis, ranked }
    }

    pub(crate) fn visibility(&self) -> &'a Visibility<'a> {
        self.analysis.visibility()
    }

    pub(crate) fn id(&self, pattern: usize) -> String {
        self.visibility().rules.pattern_id(pattern).to_owned()
    }

    pub(crate) fn class(&self, pattern: usize) -> Class {
        self.visibility().rules.patterns.get(pattern).map_or(Class::Fact, |rule| rule.pattern.class)
    }

    fn severity(&self, pattern: usize) -> Severity {
        self.visibility().rules.patterns.get(pattern).map_or(Severity::Info, |rule| rule.pattern.severity)
    }

    fn pattern_of(&self, instance: usize) -> usize {
        self.analysis.instances.get(instance).map_or(usize::MAX, |one| one.pattern)
    }

    pub(crate) fn patterns_of<'i>(&self, instances: impl IntoIterator<Item = &'i usize>) -> BTreeSet<usize> {
        instances.into_iter().map(|one| self.pattern_of(*one)).collect()
    }

    pub(crate) fn diagnosis(&self) -> Diagnosis {
        let visibility = self.visibility();
        let witness = EvidenceCollector::new(self.analysis);
        let mut explained_by: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for one in &self.analysis.graph.explains {
            explained_by.entry(one.to).or_default().insert(self.pattern_of(one.from));
        }
        let findings = witness.findings(&self.ranked, &explained_by);
        let roots = self.roots();
        let indicators = self.indicators();
        let impact = self.impact(&findings);
        Diagnosis {
            pack: visibility.rules.pack.clone(),
            version: visibility.rules.version.clone(),
            digest: visibility.rules.digest.clone(),
            subject: visibility.plan.scope().subject.clone(),
            window: visibility.window,
            status: self.status(),
            remedy: self.remedy(&roots),
            unresolved: self.unresolved(),
            hypotheses: self.hypotheses(),
            conflicts: self.conflicts(),
            coverage: self.coverage(),
            history: findings
                .iter()
                .filter(|(finding, _)| finding.role == Role::Recovered)
                .map(|(finding, _)| Episode {
                    pattern: finding.pattern.clone(),
                    scope: finding.scope.clone(),
                    onset: finding.onset,
                    last: finding.last,
                })
                .collect(),
            indicators,
            impact,
            assumptions: self.assumptions(),
            sources: self.sources(),
            problems: self.problems(),
            roots,
            findings: findings.into_iter().map(|(finding, _)| finding).collect(),
        }
    }

    /// The status and the roots alone: what a supposition is held against.
    pub(crate) fn outcome(&self) -> Outcome {
        let roots = self.ranked.iter().map(|group| (self.id(group.pattern), group.role, group.grade)).collect();
        Outcome { status: self.status(), roots }
    }

    /// The root groups in rank order.
    fn ranked(&self) -> Vec<&'a RootGroup> {
        let mut groups: Vec<&RootGroup> = self.analysis.roots.groups.iter().collect();
        groups.sort_by_cached_key(|group| {
            let patterns = self.patterns_of(&group.reached);
            let complaint = group.reached.iter().any(|one| {
                self.is_reported(*one)
                    || (self.class(self.pattern_of(*one)) == Class::Complaint && self.named_in_report(*one))
            });
            let share = self.share(group);
            (
                group.role,
                std::cmp::Reverse(complaint),
                group.grade,
                std::cmp::Reverse(patterns.len()),
                group.missing_effects,
                std::cmp::Reverse(self.worst(group)),
                // Shares are compared in millionths, so that the key is a total order.
                std::cmp::Reverse((share * 1e6) as u64),
                self.onset(&group.instances),
                self.id(group.pattern),
            )
        });
        groups
    }

    fn is_reported(&self, instance: usize) -> bool {
        self.analysis.instances.get(instance).is_some_and(|one| one.reported)
    }

    fn named_in_report(&self, instance: usize) -> bool {
        let id = self.id(self.pattern_of(instance));
        self.visibility().plan.scope().reports.iter().any(|report| report.pattern == id)
    }

    fn onset(&self, instances: &BTreeSet<usize>) -> Onset {
        instances.iter().filter_map(|at| self.analysis.instances.get(*at)).map(|one| one.onset()).fold(
            Onset { earliest: Time::MAX, latest: Time::MAX },
            |sum, one| Onset { earliest: sum.earliest.min(one.earliest), latest: sum.latest.min(one.latest) },
        )
    }

    /// The share of the living entities of its kind that a root concerns.
    fn share(&self, group: &RootGroup) -> f64 {
        let visibility = self.visibility();
        let first = group.instances.first().and_then(|at| self.analysis.instances.get(*at));
        let Some(kind) = first.and_then(|one| visibility.kind_of(one.entity)) else { return 1.0 };
        if visibility.roster(&kind.name).is_none() {
            return 1.0;
        }
        let living = visibility.living(&kind.name).entities.len();
        if living == 0 { 1.0 } else { (group.instances.len() as f64 / living as f64).min(1.0) }
    }

    fn worst(&self, group: &RootGroup) -> Severity {
        let worst = self
            .patterns_of(group.reached.iter().chain(&group.instances))
            .into_iter()
            .map(|pattern| self.severity(pattern))
            .max()
            .unwrap_or(Severity::Info);
        if self.share(group) < FEW { worst.min(Severity::Warning) } else { worst }
    }

    fn roots(&self) -> Vec<Root> {
        let visibility = self.visibility();
        let mut rank = 0;
        let upstream = UpstreamCauses::new(self.analysis);
        self.ranked
            .iter()
            .filter_map(|group| {
                let rule = visibility.rules.patterns.get(group.pattern)?;
                rank += 1;
                let mut entities: Vec<Entity> = group
                    .instances
                    .iter()
                    .filter_map(|at| self.analysis.instances.get(*at))
                    .map(|one| one.entity.clone())
                    .collect();
                entities.sort();
                let matters = |pattern: &usize| matches!(self.class(*pattern), Class::Complaint | Class::Impact);
                Some(Root {
                    pattern: rule.pattern.id.clone(),
                    title: rule.pattern.title.clone(),
                    role: group.role,
                    grade: group.grade,
                    rank,
                    severity: self.worst(group),
                    scope: visibility.scope_words(&entities).0,
                    entities,
                    onset: self.onset(&group.instances),
                    owner: rule.pattern.owner.clone(),
                    in_loop: group.in_loop.iter().map(|pattern| self.id(*pattern)).collect(),
                    why_not_confirmed: group.why_not.iter().cloned().collect(),
                    chain: self.chain(group),
                    explains: self
                        .patterns_of(&group.reached)
                        .iter()
                        .filter(|pattern| matters(pattern))
                        .map(|pattern| self.id(*pattern))
                        .collect(),
                    causes: upstream.causes(group.pattern, &group.instances.iter().copied().collect::<Vec<_>>()),
                })
            })
            .collect()
    }

    /// What a root explains, in topological order; where several could come next, the surer edge goes first, then the id.
    fn chain(&self, group: &RootGroup) -> Vec<Link> {
        struct Edge {
            from: usize,
            to: usize,
            strength: Strength,
            verifiable: bool,
        }
        let mut edges: Vec<Edge> = Vec::new();
        let mut inferred: BTreeSet<usize> = BTreeSet::new();
        let taking_part: BTreeSet<usize> = group.reached.iter().chain(&group.instances).copied().collect();
        let explained = taking_part.iter().flat_map(|from| self.analysis.graph.explained_by(*from));
        for one in explained.filter(|one| taking_part.contains(&one.to)) {
            let mut stops = vec![self.pattern_of(one.from)];
            stops.extend(one.over.iter().map(|at| self.pattern_of(*at)));
            inferred.extend(one.over.iter().map(|at| self.pattern_of(*at)));
            stops.push(self.pattern_of(one.to));
            for pair in stops.windows(2) {
                if let [from, to] = pair
                    && from != to
                {
                    let strength = if one.over.is_empty() {
                        one.strength
                    } else {
                        self.strength(*from, *to).unwrap_or(one.strength)
                    };
                    edges.push(Edge { from: *from, to: *to, strength, verifiable: one.order_verifiable });
                }
            }
        }
        let seen = self.patterns_of(&taking_part);
        let patterns: Vec<usize> = seen.union(&inferred).copied().collect();
        let place = |pattern: usize| patterns.binary_search(&pattern).unwrap_or(0);
        let pairs: Vec<(usize, usize)> = edges
            .iter()
            .map(|edge| (place(edge.from), place(edge.to)))
            .filter(|(from, to)| *to != place(group.pattern) || from == to)
            .collect();
        let mut into: BTreeMap<usize, Vec<&Edge>> = BTreeMap::new();
        edges.iter().for_each(|edge| into.entry(edge.to).or_default().push(edge));
        let into = |pattern: usize| into.get(&pattern).into_iter().flatten().copied();
        let surest = |pattern: usize| into(pattern).map(|edge| edge.strength).max();
        let order = topological(patterns.len(), &pairs, |at| {
            let pattern = patterns.get(at).copied().unwrap_or(usize::MAX);
            (std::cmp::Reverse(surest(pattern)), self.id(pattern))
        });
        order
            .into_iter()
            .filter_map(|at| patterns.get(at).copied())
            .filter(|pattern| {
                *pattern != group.pattern && !matches!(self.class(*pattern), Class::Complaint | Class::Fact)
            })
            .map(|pattern| {
                let from: BTreeSet<String> = into(pattern).map(|edge| self.id(edge.from)).collect();
                Link {
                    pattern: self.id(pattern),
                    from: from.into_iter().collect(),
                    strength: surest(pattern).unwrap_or(Strength::Possible),
                    inferred: !seen.contains(&pattern),
                    order_verifiable: into(pattern).any(|edge| edge.verifiable),
                }
            })
            .collect()
    }

    fn strength(&self, from: usize, to: usize) -> Option<Strength> {
        let edges = &self.visibility().rules.edges;
        let start = edges.partition_point(|edge| (edge.from, edge.to) < (from, to));
        let between = edges.iter().skip(start).take_while(|edge| (edge.from, edge.to) == (from, to));
        between.map(|edge| edge.edge.strength).max()
    }

    fn status(&self) -> Status {
        let visibility = self.visibility();
        if !visibility.anyone_alive() {
            return Status::InsufficientData;
        }
        if !self.analysis.graph.members.is_empty() {
            let mut explained: BTreeSet<usize> = BTreeSet::new();
            let mut open = false;
            for group in self.ranked.iter().filter(|group| group.role == Role::Root) {
                open |= group.grade == Grade::Open;
                explained.extend(group.reached.iter().chain(&group.instances));
            }
            let matters =
                |member: &usize| matches!(self.class(self.pattern_of(*member)), Class::Complaint | Class::Impact);
            let all = self
                .analysis
                .graph
                .members
                .iter()
                .filter(|member| matters(member))
                .all(|member| explained.contains(member));
            return if !open && all { Status::Diagnosed } else { Status::DiagnosedPartial };
        }
        // What is benign but may be more than noise can alarm as well.
        let alarm = |pattern: usize| match self.class(pattern) {
            Class::Cause | Class::Effect | Class::Impact | Class::Complaint => true,
            Class::Benign => visibility.rules.patterns.get(pattern).is_some_and(|rule| rule.noise_unless.is_some()),
            Class::Fact => false,
        };
        // Whom a partial inventory leaves out may have anything that concerns their kind.
        let of_unseen = |pattern: usize| {
            let scope = visibility.rules.patterns.get(pattern).map_or("", |rule| rule.pattern.scope.as_str());
            !visibility.inventory_complete && !visibility.keys_of(scope).is_empty()
        };
        let undecided =
            self.analysis.instances.states().filter(|(pattern, _)| alarm(*pattern)).any(|(pattern, one)| {
                match one.truth {
                    Truth::Unknown(reasons) => {
                        !visibility.reasons.list(reasons).iter().all(|reason| visibility.is_quiet(reason))
                    }
                    Truth::True | Truth::False => of_unseen(pattern),
                }
            });
        let unresolved = self.analysis.roots.roles.values().any(|role| *role == Role::Unresolved);
        if undecided || unresolved {
            return Status::InsufficientData;
        }
        let has = |wanted: Role| self.analysis.roots.roles.values().any(|role| *role == wanted);
        if has(Role::Recovered) {
            Status::Recovered
        } else if has(Role::Noise) {
            Status::NoiseOnly
        } else {
            Status::Healthy
        }
    }

    /// Roots by rank; confirmed or provisional independents; their chains; what worsens; what verifies; open independents.
    fn remedy(&self, roots: &[Root]) -> Vec<Remedy> {
        let by_rank = |keep: &dyn Fn(&Root) -> bool| {
            roots.iter().filter(|root| keep(root)).map(|root| root.pattern.clone()).collect::<Vec<_>>()
        };
        let mut patterns = by_rank(&|root| root.role == Role::Root);
        patterns.extend(by_rank(&|root| root.role == Role::Independent && root.grade != Grade::Open));
        let last = by_rank(&|root| root.role == Role::Independent && root.grade == Grade::Open);
        for root in roots.iter().filter(|root| !last.contains(&root.pattern)) {
            patterns.extend(root.chain.iter().filter(|link| !link.inferred).map(|link| link.pattern.clone()));
            patterns.extend(root.explains.iter().cloned());
        }
        let contributing = self.patterns_of(
            self.analysis.roots.roles.iter().filter(|(_, role)| **role == Role::Contributing).map(|(at, _)| at),
        );
        patterns.extend(contributing.into_iter().map(|pattern| self.id(pattern)));
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut steps: Vec<Remedy> = Vec::new();
        let mut verifications: Vec<Remedy> = Vec::new();
        let mut done: BTreeSet<&String> = BTreeSet::new();
        for pattern in patterns.iter().filter(|pattern| !last.contains(pattern)) {
            if done.insert(pattern) {
                self.steps_of(pattern, &mut taken, &mut steps, &mut verifications);
            }
        }
        let mut tail: Vec<Remedy> = Vec::new();
        for pattern in &last {
            if done.insert(pattern) {
                let mut verify = Vec::new();
                self.steps_of(pattern, &mut taken, &mut tail, &mut verify);
                tail.extend(verify);
            }
        }
        steps.into_iter().chain(verifications).chain(tail).collect()
    }

    fn steps_of(
        &self,
        pattern: &str,
        taken: &mut BTreeSet<String>,
        steps: &mut Vec<Remedy>,
        verifications: &mut Vec<Remedy>,
    ) {
        let rules = self.visibility().rules;
        let Some(rule) = rules.pattern_index(pattern).and_then(|at| rules.patterns.get(at)) else { return };
        for step in &rule.pattern.remedy {
            if !taken.insert(step.id.clone()) {
                continue;
            }
            let remedy = Remedy {
                pattern: pattern.to_owned(),
                id: step.id.clone(),
                text: step.text.clone(),
                verifies: step.verifies,
                caution: step.caution.clone(),
            };
            if step.verifies { verifications.push(remedy) } else { steps.push(remedy) }
        }
    }
}
