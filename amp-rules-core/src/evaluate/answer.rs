//! The diagnosis as a whole: ranks, chains, status, remedy, and what stayed open.
//!
//! Input: instances, their graph and their roles. Output: a [`Diagnosis`]. Every list is sorted by rank or id; nothing
//! here decides truth.

use std::collections::{BTreeMap, BTreeSet};

use super::causes::Graph;
use super::findings::Witness;
use super::instance::{Instance, Patterns};
use super::roots::{RootGroup, Story};
use super::truth::Truth;
use super::world::World;
use crate::diagnosis::{
    Assumption, Conflict, Coverage, Diagnosis, Episode, Finding, Grade, Hypothesis, Impact, IndicatorState, Link,
    Onset, Remedy, Role, Root, SourceState, Status, UnknownReason, Unresolved,
};
use crate::entity::Entity;
use crate::graph::topological;
use crate::model::{Class, Severity, Strength};
use crate::plan::{Need, Part};
use crate::request::Request;
use crate::source::data::RowProblem;
use crate::source::{AnswerData, Completeness};
use crate::time::Time;

/// What a diagnosis comes down to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) status: Status,
    pub(crate) roots: BTreeSet<(String, Role, Grade)>,
}

/// Below this share of the entities of its kind a root is at most a warning.
const FEW: f64 = 0.05;

pub(crate) struct Teller<'a> {
    pub(crate) patterns: &'a Patterns<'a>,
    pub(crate) instances: &'a [Instance],
    pub(crate) graph: &'a Graph,
    pub(crate) story: Story,
    pub(crate) contradicted: &'a [(usize, Entity)],
    pub(crate) seen: &'a crate::observation::Observations,
}

impl Teller<'_> {
    fn world(&self) -> &World<'_> {
        self.patterns.world()
    }

    fn id(&self, pattern: usize) -> String {
        self.world().rules.pattern_id(pattern).to_owned()
    }

    fn class(&self, pattern: usize) -> Class {
        self.world().rules.patterns.get(pattern).map_or(Class::Fact, |rule| rule.pattern.class)
    }

    fn severity(&self, pattern: usize) -> Severity {
        self.world().rules.patterns.get(pattern).map_or(Severity::Info, |rule| rule.pattern.severity)
    }

    fn pattern_of(&self, instance: usize) -> usize {
        self.instances.get(instance).map_or(usize::MAX, |one| one.pattern)
    }

    fn patterns_of<'i>(&self, instances: impl IntoIterator<Item = &'i usize>) -> BTreeSet<usize> {
        instances.into_iter().map(|one| self.pattern_of(*one)).collect()
    }

    pub(crate) fn diagnosis(mut self) -> Diagnosis {
        self.rank();
        let world = self.world();
        let witness = Witness { symptoms: self.patterns.symptoms, instances: self.instances, story: &self.story };
        let mut explained_by: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for one in &self.graph.explains {
            explained_by.entry(one.to).or_default().insert(self.pattern_of(one.from));
        }
        let findings = witness.findings(&explained_by);
        let roots = self.roots();
        let indicators = self.indicators();
        let impact = self.impact(&findings);
        Diagnosis {
            pack: world.rules.pack.clone(),
            version: world.rules.version.clone(),
            digest: world.rules.digest.clone(),
            subject: world.plan.scope().subject.clone(),
            window: world.window,
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
    pub(crate) fn outcome(mut self) -> Outcome {
        self.rank();
        let roots = self.story.groups.iter().map(|group| (self.id(group.pattern), group.role, group.grade)).collect();
        Outcome { status: self.status(), roots }
    }

    /// Puts the groups in rank order.
    fn rank(&mut self) {
        let mut groups = std::mem::take(&mut self.story.groups);
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
        self.story.groups = groups;
    }

    fn is_reported(&self, instance: usize) -> bool {
        self.instances.get(instance).is_some_and(|one| one.reported)
    }

    fn named_in_report(&self, instance: usize) -> bool {
        let id = self.id(self.pattern_of(instance));
        self.world().plan.scope().reported.iter().any(|report| report.pattern == id)
    }

    fn onset(&self, instances: &BTreeSet<usize>) -> Onset {
        instances.iter().filter_map(|at| self.instances.get(*at)).map(Instance::onset).fold(
            Onset { earliest: Time::MAX, latest: Time::MAX },
            |sum, one| Onset { earliest: sum.earliest.min(one.earliest), latest: sum.latest.min(one.latest) },
        )
    }

    /// The share of the living entities of its kind that a root concerns.
    fn share(&self, group: &RootGroup) -> f64 {
        let world = self.world();
        let first = group.instances.first().and_then(|at| self.instances.get(*at));
        let Some(kind) = first.and_then(|one| world.kind_of(&one.entity)) else { return 1.0 };
        let Some(living) = world.universe(&kind.name) else { return 1.0 };
        let living = living.iter().filter(|entity| world.life(entity).1 >= world.watermark).count();
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
        let world = self.world();
        let mut rank = 0;
        self.story
            .groups
            .iter()
            .filter_map(|group| {
                let rule = world.rules.patterns.get(group.pattern)?;
                rank += 1;
                let mut entities: Vec<Entity> = group
                    .instances
                    .iter()
                    .filter_map(|at| self.instances.get(*at))
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
                    scope: world.scope_words(&entities).0,
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
        for one in
            self.graph.explains.iter().filter(|one| taking_part.contains(&one.from) && taking_part.contains(&one.to))
        {
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
        let surest = |pattern: usize| edges.iter().filter(|edge| edge.to == pattern).map(|edge| edge.strength).max();
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
                let into: Vec<&Edge> = edges.iter().filter(|edge| edge.to == pattern).collect();
                let from: BTreeSet<String> = into.iter().map(|edge| self.id(edge.from)).collect();
                Link {
                    pattern: self.id(pattern),
                    from: from.into_iter().collect(),
                    strength: into.iter().map(|edge| edge.strength).max().unwrap_or(Strength::Possible),
                    inferred: !seen.contains(&pattern),
                    order_verifiable: into.iter().any(|edge| edge.verifiable),
                }
            })
            .collect()
    }

    fn strength(&self, from: usize, to: usize) -> Option<Strength> {
        self.world()
            .rules
            .edges
            .iter()
            .filter(|edge| edge.from == from && edge.to == to)
            .map(|edge| edge.edge.strength)
            .max()
    }

    fn status(&self) -> Status {
        let world = self.world();
        if !world.anyone_alive() {
            return Status::InsufficientData;
        }
        if !self.graph.members.is_empty() {
            let mut explained: BTreeSet<usize> = BTreeSet::new();
            let mut open = false;
            for group in self.story.groups.iter().filter(|group| group.role == Role::Root) {
                open |= group.grade == Grade::Open;
                explained.extend(group.reached.iter().chain(&group.instances));
            }
            let matters =
                |member: &usize| matches!(self.class(self.pattern_of(*member)), Class::Complaint | Class::Impact);
            let all =
                self.graph.members.iter().filter(|member| matters(member)).all(|member| explained.contains(member));
            return if !open && all { Status::Diagnosed } else { Status::DiagnosedPartial };
        }
        let alarm = |pattern: usize| {
            matches!(self.class(pattern), Class::Cause | Class::Effect | Class::Impact | Class::Complaint)
        };
        let undecided = self.instances.iter().any(|one| match one.truth {
            Truth::Unknown(reasons) => {
                alarm(one.pattern) && !world.book.list(reasons).iter().all(|reason| world.is_quiet(reason))
            }
            Truth::True | Truth::False => false,
        });
        let unresolved = self.story.roles.values().any(|role| *role == Role::Unresolved);
        if undecided || unresolved {
            return Status::InsufficientData;
        }
        let has = |wanted: Role| self.story.roles.values().any(|role| *role == wanted);
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
        let contributing = self
            .patterns_of(self.story.roles.iter().filter(|(_, role)| **role == Role::Contributing).map(|(at, _)| at));
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
        let rules = self.world().rules;
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

    fn unresolved(&self) -> Vec<Unresolved> {
        let world = self.world();
        let mut grouped: BTreeMap<(usize, bool), (Vec<Entity>, BTreeSet<UnknownReason>)> = BTreeMap::new();
        for (index, one) in self.instances.iter().enumerate() {
            let (reasons, holds) = match (one.truth, one.escalated) {
                (Truth::Unknown(reasons), _) => (world.book.list(reasons), false),
                (Truth::True, Truth::Unknown(reasons)) if self.story.roles.get(&index) == Some(&Role::Unresolved) => {
                    (world.book.list(reasons), true)
                }
                _ => continue,
            };
            if !holds && reasons.iter().all(|reason| world.is_quiet(reason)) {
                continue;
            }
            let entry = grouped.entry((one.pattern, holds)).or_default();
            entry.0.push(one.entity.clone());
            entry.1.extend(reasons);
        }
        grouped
            .into_iter()
            .map(|((pattern, holds), (mut entities, reasons))| {
                entities.sort();
                Unresolved {
                    pattern: self.id(pattern),
                    scope: world.scope_words(&entities).0,
                    entities,
                    reasons: reasons.into_iter().collect(),
                    holds,
                }
            })
            .collect()
    }

    fn hypotheses(&self) -> Vec<Hypothesis> {
        self.story
            .guesses
            .iter()
            .map(|guess| Hypothesis {
                pattern: self.id(guess.pattern),
                explains: guess.explains.iter().map(|pattern| self.id(*pattern)).collect(),
                reasons: guess.reasons.iter().cloned().collect(),
            })
            .collect()
    }

    fn conflicts(&self) -> Vec<Conflict> {
        let mut grouped: BTreeMap<(String, String), Vec<Entity>> = BTreeMap::new();
        for clash in &self.story.clashes {
            let (Some(a), Some(b)) = (self.instances.get(clash.a), self.instances.get(clash.b)) else { continue };
            let finer = if a.entity.is_within(&b.entity) { a } else { b };
            let mut pair = [self.id(a.pattern), self.id(b.pattern)];
            pair.sort();
            let [first, second] = pair;
            grouped.entry((first, second)).or_default().push(finer.entity.clone());
        }
        let mut conflicts: Vec<Conflict> = grouped
            .into_iter()
            .map(|((pattern, other), mut entities)| {
                entities.sort();
                entities.dedup();
                let what = format!("{pattern} and {other} cannot both be so of one entity at one time");
                Conflict { pattern, other, entities, what }
            })
            .collect();
        for (pattern, entity) in self.contradicted {
            let id = self.id(*pattern);
            let what = format!("{id} was reported, but telemetry shows that it is not so");
            conflicts.push(Conflict { pattern: id.clone(), other: id, entities: vec![entity.clone()], what });
        }
        conflicts
    }

    fn coverage(&self) -> Coverage {
        let world = self.world();
        let mut decided: BTreeMap<usize, (bool, bool)> = BTreeMap::new();
        for one in &self
            .instances
            .iter()
            .filter(|one| !matches!(self.class(one.pattern), Class::Fact | Class::Benign))
            .collect::<Vec<_>>()
        {
            let (known, observable) = match one.truth {
                Truth::Unknown(reasons) => {
                    (false, !world.book.list(reasons).iter().all(|reason| world.is_quiet(reason)))
                }
                Truth::True | Truth::False => (true, true),
            };
            let entry = decided.entry(one.pattern).or_insert((true, false));
            entry.0 &= known || !observable;
            entry.1 |= observable;
        }
        let observable: Vec<&(bool, bool)> = decided.values().filter(|(_, observable)| *observable).collect();
        let visible = if observable.is_empty() {
            0.0
        } else {
            observable.iter().filter(|(known, _)| *known).count() as f64 / observable.len() as f64
        };
        let unobservable =
            decided.iter().filter(|(_, (_, observable))| !observable).map(|(pattern, _)| self.id(*pattern)).collect();
        Coverage { visible, blind: self.blind(), unobservable }
    }

    /// Channels that went silent while their entity is still there.
    fn blind(&self) -> Vec<String> {
        let world = self.world();
        let mut blind: BTreeMap<String, Vec<Entity>> = BTreeMap::new();
        for table in world.rules.schema.tables.values().filter(|table| !table.heartbeats.is_empty()) {
            for leaf in &world.leaves {
                let mask = world.channel(table, &leaf.entity);
                if !world.unseen(&mask).is_false() {
                    blind.entry(table.name.clone()).or_default().push(leaf.entity.clone());
                }
            }
        }
        blind.into_iter().map(|(table, entities)| format!("{table}: {}", world.scope_words(&entities).0)).collect()
    }

    fn indicators(&self) -> Vec<IndicatorState> {
        let world = self.world();
        let kind = world.rules.schema.entities.first().map_or("", |kind| kind.name.as_str());
        world
            .rules
            .indicators
            .iter()
            .map(|indicator| {
                let truth = self.patterns.condition(&indicator.when, kind, &Entity::default()).overall(&world.book);
                let holds = match truth {
                    Truth::True => Some(true),
                    Truth::False => Some(false),
                    Truth::Unknown(_) => None,
                };
                IndicatorState {
                    id: indicator.id.clone(),
                    healthy: indicator.healthy,
                    text: indicator.text.clone(),
                    holds,
                }
            })
            .collect()
    }

    fn impact(&self, findings: &[(Finding, Vec<usize>)]) -> Vec<Impact> {
        let world = self.world();
        let mut impacts: BTreeMap<String, Impact> = BTreeMap::new();
        for (finding, _) in findings.iter().filter(|(finding, _)| {
            matches!(finding.role, Role::Root | Role::Independent | Role::Consequence | Role::Contributing)
        }) {
            let Some(rule) = world.rules.pattern_index(&finding.pattern).and_then(|at| world.rules.patterns.get(at))
            else {
                continue;
            };
            let (Some((symptom, position)), Some(magnitude)) = (rule.magnitude, &rule.pattern.magnitude) else {
                continue;
            };
            let need = Need::Symptom(symptom, Part::Main);
            let Ok(answer) = world.answer(&need) else { continue };
            let AnswerData::Counts(counts) = &answer.data else { continue };
            let concerned = |entity: &Entity| finding.entities.iter().any(|other| other.is_compatible(entity));
            let sum: f64 = counts
                .cells
                .iter()
                .filter(|cell| concerned(&cell.entity))
                .filter_map(|cell| cell.sums.get(position))
                .sum();
            let lost = answer.completeness != Completeness::Complete
                || finding.entities.iter().any(|entity| !world.unseen(&world.mask(&need, entity)).is_false());
            let entry = impacts.entry(finding.pattern.clone()).or_insert_with(|| Impact {
                pattern: finding.pattern.clone(),
                magnitude: 0.0,
                unit: magnitude.unit.clone(),
                at_least: false,
            });
            entry.magnitude += sum;
            entry.at_least |= lost;
        }
        impacts.into_values().collect()
    }

    /// Parameters that a symptom was held against, with data.
    fn assumptions(&self) -> Vec<Assumption> {
        let world = self.world();
        let mut names: BTreeSet<&str> = BTreeSet::new();
        for (index, symptom) in world.rules.symptoms.iter().enumerate() {
            let used = crate::rule_set::parameters_of(&symptom.symptom);
            if used.is_empty() {
                continue;
            }
            let tracks = self.patterns.symptoms.tracks(index);
            if tracks.entities.values().any(|track| track.value.is_some()) {
                names.extend(used);
            }
        }
        names
            .into_iter()
            .filter_map(|name| {
                let value = world.plan.settings().get(name).copied()?;
                let parameter = world.rules.parameters.get(name)?;
                let set = world.plan.scope().set.contains_key(name);
                let because = if set { "set for this run".to_owned() } else { parameter.because.clone() };
                Some(Assumption { parameter: name.to_owned(), value, because })
            })
            .collect()
    }

    fn sources(&self) -> Vec<SourceState> {
        let mut tables: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>, usize)> = BTreeMap::new();
        for (request, answer) in self.world().plan.requests().iter().zip(&self.seen.answers) {
            let entry = tables.entry(request.reading().table.name.clone()).or_default();
            entry.2 += 1;
            match answer {
                Ok(answer) => {
                    entry.1.extend(answer.request_id.clone());
                    if let Completeness::Partial(gaps) = &answer.completeness {
                        entry.0.extend(gaps.iter().map(|gap| format!("partial: {}", gap.reason.word())));
                    }
                }
                Err(error) => {
                    entry.0.insert(format!("missing: {}{}", error.kind.word(), part_of(request)));
                }
            }
        }
        tables
            .into_iter()
            .map(|(table, (states, ids, _))| {
                let completeness = if states.is_empty() {
                    "complete".to_owned()
                } else {
                    states.into_iter().collect::<Vec<_>>().join("; ")
                };
                SourceState { table, completeness: shortened(&completeness), request_ids: ids.into_iter().collect() }
            })
            .collect()
    }

    fn problems(&self) -> Vec<RowProblem> {
        let mut problems: Vec<RowProblem> =
            self.seen.answers.iter().flatten().flat_map(|answer| answer.problems.iter().cloned()).collect();
        problems.sort();
        problems.dedup();
        problems
    }
}

/// Which part of a table a failed request read, where it is not the whole.
fn part_of(request: &Request) -> String {
    match request {
        Request::Lines(lines) if !lines.components.is_empty() => {
            format!(" (component {})", lines.components.join(", "))
        }
        Request::Series(_) | Request::Properties(_) => format!(" (metric {})", request.metrics().join(", ")),
        _ => String::new(),
    }
}

/// A table that is missing as a whole says so once.
fn shortened(states: &str) -> String {
    let parts: Vec<&str> = states.split("; ").collect();
    let whole: Vec<&str> = parts.iter().copied().filter(|part| !part.contains('(')).collect();
    let missing = whole.iter().any(|part| part.starts_with("missing"));
    if missing { whole.join("; ") } else { states.to_owned() }
}
