//! Proofs from the evaluator's own values, and what would follow from suppositions.
//!
//! Input: rules and observations. Output: the types of [`crate::explain`]. A supposition replaces the verdict of one
//! symptom; only the patterns that read it are judged anew.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::diagnosis::{Role, UnknownReason};
use crate::evaluate::assemble::diagnosis;
use crate::evaluate::assemble::diagnosis::Outcome;
use crate::evaluate::assemble::findings::EvidenceCollector;
use crate::evaluate::causality::causes::{Lookup, graph};
use crate::evaluate::causality::roots;
use crate::evaluate::causality::roots::RootAnalysis;
use crate::evaluate::causality::upstream::UpstreamCauses;
use crate::evaluate::entities::entity_set::EntityMap;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::instances::instances::{Instances, State};
use crate::evaluate::instances::pattern::Patterns;
use crate::evaluate::symptoms::Symptoms;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::explain::{Counterfactual, NextQuery, Proof, Verdict, Why};
use crate::observation::Observations;
use crate::rules::rule_set::{Resolved, RuleSet};
use crate::telemetry::entity::Entity;
use crate::telemetry::source::AnswerData;

fn verdict(truth: Truth) -> Verdict {
    match truth {
        Truth::True => Verdict::True,
        Truth::False => Verdict::False,
        Truth::Unknown(_) => Verdict::Unknown,
    }
}

/// Which symptoms a pattern reads, its noise condition and the patterns it refers to included.
fn readers(rules: &RuleSet) -> Vec<BTreeSet<usize>> {
    fn walk(when: &Resolved, symptoms: &mut BTreeSet<usize>, patterns: &mut BTreeSet<usize>) {
        match when {
            Resolved::Symptom(index) => {
                symptoms.insert(*index);
            }
            Resolved::Pattern(index) => {
                patterns.insert(*index);
            }
            Resolved::All(parts) | Resolved::Any(parts) | Resolved::AtLeast { of: parts, .. } => {
                parts.iter().for_each(|part| walk(part, symptoms, patterns))
            }
            Resolved::Not(part) => walk(part, symptoms, patterns),
            Resolved::Requires { that, then } => {
                walk(that, symptoms, patterns);
                walk(then, symptoms, patterns);
            }
        }
    }
    let mut reads: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); rules.patterns.len()];
    // Conditions only refer to patterns that stand earlier in this order.
    let refers = |index: usize| {
        let (mut symptoms, mut patterns) = (BTreeSet::new(), BTreeSet::new());
        if let Some(rule) = rules.patterns.get(index) {
            rule.when.iter().chain(&rule.noise_unless).for_each(|when| walk(when, &mut symptoms, &mut patterns));
        }
        (symptoms, patterns)
    };
    for _ in 0..2 {
        for &index in &rules.condition_order {
            let (mut symptoms, patterns) = refers(index);
            for other in patterns {
                symptoms.extend(reads.get(other).into_iter().flatten().copied());
            }
            let watched: Vec<usize> = symptoms
                .iter()
                .filter_map(|at| rules.symptoms.get(*at))
                .flat_map(|symptom| symptom.watches.into_iter().chain(symptom.without))
                .collect();
            symptoms.extend(watched);
            if let Some(own) = reads.get_mut(index) {
                *own = symptoms;
            }
        }
    }
    reads
}

/// The evaluator's values, kept for questions.
struct Bench<'w> {
    patterns: &'w Patterns<'w>,
    seen: &'w Observations,
    instances: Instances,
    contradicted: Vec<(usize, Entity)>,
    reads: Vec<BTreeSet<usize>>,
}

impl Bench<'_> {
    fn outcome_of(&self, patterns: &Patterns<'_>, instances: &Instances) -> Outcome {
        let visibility = patterns.visibility();
        let lookup = Lookup::new(visibility, instances);
        let graph = graph(visibility, instances, &lookup);
        let analysis =
            roots::RootAnalyzer { symptoms: patterns.symptoms, instances, lookup: &lookup, graph: &graph }.analyze();
        diagnosis::DiagnosisBuilder {
            patterns,
            instances,
            lookup: &lookup,
            graph: &graph,
            analysis,
            contradicted: &self.contradicted,
            seen: self.seen,
        }
        .outcome()
    }

    fn outcome(&self) -> Outcome {
        self.outcome_of(self.patterns, &self.instances)
    }

    /// What would follow if a symptom were so, or not so, of everyone; nothing where no instance changes.
    fn supposing(&self, symptom: usize, so: bool) -> Option<Outcome> {
        let symptoms = self.patterns.symptoms.assuming(symptom, so);
        let supposed = Patterns::new(&symptoms);
        let mut changed = false;
        let mut blocks: Vec<Rc<EntityMap<State>>> = Vec::with_capacity(self.reads.len());
        for (index, reads) in self.reads.iter().enumerate() {
            let Some(before) = self.instances.block(index) else { continue };
            if reads.contains(&symptom) {
                let after = supposed.instances_of(index);
                let state = |(entity, state): (&Entity, &State)| (entity.clone(), state.steps.clone(), state.escalated);
                changed |= !before.iter().map(state).eq(after.iter().map(state));
                blocks.push(after);
            } else {
                blocks.push(Rc::clone(before));
            }
        }
        let instances = Instances::new(blocks);
        changed.then(|| self.outcome_of(&supposed, &instances))
    }

    /// How a symptom was judged over all entities.
    fn judged(&self, symptom: usize) -> Truth {
        let visibility = self.patterns.visibility();
        let tracks = self.patterns.symptoms.timelines(symptom);
        let each = tracks.entities.values().map(|track| track.timeline.overall(&visibility.reasons));
        let sum = each.reduce(|a, b| a.or(b, &visibility.reasons));
        sum.unwrap_or_else(|| tracks.rest.overall(&visibility.reasons))
    }
}

fn with_bench<T>(rules: &RuleSet, seen: &Observations, ask: impl FnOnce(&Bench<'_>) -> T) -> T {
    let visibility = Visibility::new(rules, seen);
    let symptoms = Symptoms::new(&visibility);
    let patterns = Patterns::new(&symptoms);
    let (instances, contradicted) = patterns.instances();
    let bench = Bench { patterns: &patterns, seen, instances, contradicted, reads: readers(rules) };
    ask(&bench)
}

pub(crate) fn counterfactuals(rules: &RuleSet, seen: &Observations) -> Vec<Counterfactual> {
    with_bench(rules, seen, |bench| {
        let base = bench.outcome();
        let mut counterfactuals = Vec::new();
        for (index, symptom) in rules.symptoms.iter().enumerate() {
            let from = verdict(bench.judged(index));
            let tries: &[bool] = match from {
                Verdict::True => &[false],
                Verdict::False => &[true],
                Verdict::Unknown => &[false, true],
            };
            for &to in tries {
                if let Some(outcome) = bench.supposing(index, to).filter(|outcome| *outcome != base) {
                    counterfactuals.push(Counterfactual {
                        pattern: rules.pattern_id(symptom.pattern).to_owned(),
                        symptom: symptom.symptom.name.clone(),
                        from,
                        to,
                        status: outcome.status,
                        roots: outcome.roots.into_iter().collect(),
                    });
                }
            }
        }
        counterfactuals
    })
}

pub(crate) fn work(rules: &RuleSet, seen: &Observations) -> u64 {
    let lives = seen.answers.iter().flatten().filter_map(|answer| match &answer.data {
        AnswerData::Inventory(lives) => Some(lives.len()),
        AnswerData::Counts(_)
        | AnswerData::Series(_)
        | AnswerData::Properties(_)
        | AnswerData::Unmatched(_)
        | AnswerData::Table(_) => None,
    });
    let entities = lives.max().unwrap_or(0).max(1);
    let product = |a: usize, b: usize| a.saturating_mul(b);
    product(rules.symptoms.len(), product(rules.patterns.len(), entities)) as u64
}

pub(crate) fn next_queries(rules: &RuleSet, seen: &Observations) -> Vec<NextQuery> {
    with_bench(rules, seen, |bench| {
        let base = bench.outcome();
        let mut queries: BTreeMap<String, NextQuery> = BTreeMap::new();
        for (index, symptom) in rules.symptoms.iter().enumerate() {
            if verdict(bench.judged(index)) != Verdict::Unknown {
                continue;
            }
            let outcome = |so: bool| bench.supposing(index, so).unwrap_or_else(|| base.clone());
            let (yes, no) = (outcome(true), outcome(false));
            let would_separate =
                yes.roots.symmetric_difference(&no.roots).count() + usize::from(yes.status != no.status);
            if would_separate == 0 {
                continue;
            }
            let Some(rule) = rules.patterns.get(symptom.pattern) else { continue };
            let leaf = format!("{}.{}", rule.pattern.id, symptom.symptom.name);
            let query =
                rule.pattern.queries.iter().find_map(|name| rules.queries.iter().find(|query| query.name == *name));
            let name = query.map_or_else(|| leaf.clone(), |query| query.name.clone());
            let entry = queries.entry(name.clone()).or_insert_with(|| NextQuery {
                name,
                kql: query.map_or_else(String::new, |query| query.text.clone()),
                decides: Vec::new(),
                would_separate: 0,
            });
            entry.decides.push(leaf);
            entry.would_separate = entry.would_separate.max(would_separate);
        }
        let mut queries: Vec<NextQuery> = queries.into_values().collect();
        queries.sort_by(|a, b| b.would_separate.cmp(&a.would_separate).then_with(|| a.name.cmp(&b.name)));
        queries
    })
}

pub(crate) fn why(rules: &RuleSet, seen: &Observations, pattern: &str, keys: &BTreeMap<String, String>) -> Vec<Why> {
    let Some(index) = rules.pattern_index(pattern) else { return Vec::new() };
    with_bench(rules, seen, |bench| {
        let visibility = bench.patterns.visibility();
        let lookup = Lookup::new(bench.patterns.visibility(), &bench.instances);
        let graph = graph(visibility, &bench.instances, &lookup);
        let analysis = roots::RootAnalyzer {
            symptoms: bench.patterns.symptoms,
            instances: &bench.instances,
            lookup: &lookup,
            graph: &graph,
        }
        .analyze();
        let mut groups: BTreeMap<(Verdict, Option<Role>, Vec<UnknownReason>), Vec<usize>> = BTreeMap::new();
        let meant = |entity: &Entity| {
            keys.iter().all(|(key, value)| entity.value(key).is_some_and(|own| own.eq_ignore_ascii_case(value)))
        };
        for (at, instance) in bench.instances.of(index).filter(|(_, one)| meant(one.entity)) {
            let reasons = match instance.truth {
                Truth::Unknown(reasons) => visibility.reasons.list(reasons),
                Truth::True | Truth::False => Vec::new(),
            };
            groups.entry((verdict(instance.truth), analysis.roles.get(&at).copied(), reasons)).or_default().push(at);
        }
        let prover = ProofBuilder { bench, analysis: &analysis, graph: &graph, lookup: &lookup };
        groups
            .into_iter()
            .filter_map(|((verdict, role, _), members)| prover.why(index, verdict, role, &members))
            .collect()
    })
}

/// How many entities are compared for the one that comes nearest.
const COMPARED: usize = 100;

/// How far a proof is from holding: how many leaves fail, and how far numbers lie from their thresholds, in millionths of
/// these, so that the order is total.
fn distance_of(proof: &Proof) -> (usize, u64) {
    let failing = proof.failing();
    let far = |leaf: &&Proof| {
        let limit =
            leaf.evidence.as_ref().and_then(|evidence| evidence.threshold).map_or(1.0, |(_, limit)| limit.abs());
        leaf.distance.map_or(1e12, |distance| (distance / limit.max(f64::MIN_POSITIVE) * 1e6).min(1e12)) as u64
    };
    (failing.len(), failing.iter().map(far).sum())
}

struct ProofBuilder<'a> {
    bench: &'a Bench<'a>,
    analysis: &'a RootAnalysis,
    graph: &'a crate::evaluate::causality::causes::Graph,
    lookup: &'a Lookup<'a>,
}

impl ProofBuilder<'_> {
    fn visibility(&self) -> &Visibility<'_> {
        self.bench.patterns.visibility()
    }

    fn behind(&self) -> UpstreamCauses<'_> {
        UpstreamCauses {
            visibility: self.visibility(),
            instances: &self.bench.instances,
            analysis: self.analysis,
            graph: self.graph,
            lookup: self.lookup,
        }
    }

    fn why(&self, index: usize, verdict: Verdict, role: Option<Role>, members: &[usize]) -> Option<Why> {
        let visibility = self.visibility();
        let rule = visibility.rules.patterns.get(index)?;
        let mut first = self.bench.instances.get(*members.first()?)?;
        let mut entities: Vec<Entity> =
            members.iter().filter_map(|at| self.bench.instances.get(*at)).map(|one| one.entity.clone()).collect();
        entities.sort();
        let scope = &rule.pattern.scope;
        let proof = match &rule.when {
            Some(when) => {
                let mut proof = self.prove(when, scope, first.entity);
                let others = members.iter().skip(1).take(if verdict == Verdict::True { 0 } else { COMPARED });
                for other in others.filter_map(|at| self.bench.instances.get(*at)) {
                    let another = self.prove(when, scope, other.entity);
                    if distance_of(&another) < distance_of(&proof) {
                        (first, proof) = (other, another);
                    }
                }
                proof
            }
            None => Proof {
                what: match first.reported {
                    true => "reported".to_owned(),
                    false => "no symptoms: nothing that is read could show it".to_owned(),
                },
                verdict,
                evidence: None,
                distance: None,
                reasons: self.reasons(first.truth),
                nearest: None,
                parts: Vec::new(),
            },
        };
        Some(Why {
            pattern: rule.pattern.id.clone(),
            verdict,
            role,
            scope: visibility.scope_words(&entities).0,
            shown: first.entity.clone(),
            proof,
            noise_unless: rule
                .noise_unless
                .as_ref()
                .filter(|_| first.truth.is_true())
                .map(|when| self.prove(when, scope, first.entity)),
            causes: self.behind().causes(index, members),
            entities,
        })
    }

    fn reasons(&self, truth: Truth) -> Vec<UnknownReason> {
        match truth {
            Truth::Unknown(reasons) => self.visibility().reasons.list(reasons),
            Truth::True | Truth::False => Vec::new(),
        }
    }

    fn node(&self, what: String, steps: &Timeline, parts: Vec<Proof>) -> Proof {
        let truth = steps.overall(&self.visibility().reasons);
        Proof {
            what,
            verdict: verdict(truth),
            evidence: None,
            distance: None,
            reasons: self.reasons(truth),
            nearest: None,
            parts,
        }
    }

    fn prove(&self, when: &Resolved, kind: &str, entity: &Entity) -> Proof {
        let steps = self.bench.patterns.condition(when, kind, entity);
        let each = |parts: &[Resolved]| parts.iter().map(|part| self.prove(part, kind, entity)).collect::<Vec<_>>();
        match when {
            Resolved::Symptom(index) => self.leaf(*index, entity, &steps),
            Resolved::Pattern(index) => {
                let rules = self.visibility().rules;
                let inner = rules
                    .patterns
                    .get(*index)
                    .and_then(|rule| rule.when.as_ref().map(|when| (when, &rule.pattern.scope)));
                let parts = inner
                    .map(|(when, scope)| {
                        vec![self.prove(
                            when,
                            if self.visibility().rules.schema.contains(scope, kind) { scope } else { kind },
                            entity,
                        )]
                    })
                    .unwrap_or_default();
                self.node(format!("pattern {}", rules.pattern_id(*index)), &steps, parts)
            }
            Resolved::All(parts) => self.node("all of".to_owned(), &steps, each(parts)),
            Resolved::Any(parts) => self.node("any of".to_owned(), &steps, each(parts)),
            Resolved::Not(part) => self.node("not".to_owned(), &steps, vec![self.prove(part, kind, entity)]),
            Resolved::AtLeast { count, of } => self.node(format!("at least {count} of"), &steps, each(of)),
            Resolved::Requires { that, then } => self.node(
                "requires".to_owned(),
                &steps,
                vec![self.prove(that, kind, entity), self.prove(then, kind, entity)],
            ),
        }
    }

    fn leaf(&self, index: usize, entity: &Entity, steps: &Timeline) -> Proof {
        let visibility = self.visibility();
        let name = visibility.rules.symptoms.get(index).map_or_else(String::new, |symptom| {
            format!("{}.{}", visibility.rules.pattern_id(symptom.pattern), symptom.symptom.name)
        });
        let witness = EvidenceCollector {
            symptoms: self.bench.patterns.symptoms,
            instances: &self.bench.instances,
            analysis: self.analysis,
        };
        let nothing = || {
            let counted = steps.overall(&visibility.reasons).is_false();
            witness.nothing(index).filter(|_| counted)
        };
        let evidence = witness.leaf_evidence(index, std::slice::from_ref(entity)).or_else(nothing);
        let distance = evidence.as_ref().and_then(|evidence| Some((evidence.value? - evidence.threshold?.1).abs()));
        Proof { evidence, distance, ..self.node(format!("symptom {name}"), steps, Vec::new()) }
    }
}
