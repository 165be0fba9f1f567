//! Builds proofs from the evaluator's own values.
//!
//! Input: a [`CausalAnalysis`] and a pattern. Output: one [`Why`] per group of entities with the same verdict, role and reasons.

use std::collections::BTreeMap;

use super::proof::{Proof, ProofNode, Verdict, Why};
use crate::diagnosis::{Role, UnknownReason};
use crate::evaluate::assemble::EvidenceCollector;
use crate::evaluate::causality::CausalAnalysis;
use crate::evaluate::causality::UpstreamCauses;
use crate::evaluate::entities::scope_text;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::rules::rule_set::Resolved;
use crate::telemetry::entity::Entity;

/// How many entities of a group are compared to find the one that is closest to holding.
const COMPARED: usize = 100;

/// The verdict that a truth value is reported as.
pub(super) fn verdict(truth: Truth) -> Verdict {
    match truth {
        Truth::True => Verdict::True,
        Truth::False => Verdict::False,
        Truth::Unknown(_) => Verdict::Unknown,
    }
}

/// The proofs of a pattern at the entities that have the given values of the given keys; values compare without case.
///
/// Empty for a pattern that the rules do not have.
pub(crate) fn why(analysis: &CausalAnalysis<'_>, pattern: &str, keys: &BTreeMap<String, String>) -> Vec<Why> {
    let visibility = analysis.visibility();
    let Some(index) = visibility.rules.pattern_index(pattern) else { return Vec::new() };
    let is_selected = |entity: &Entity| {
        keys.iter().all(|(key, value)| entity.value(key).is_some_and(|own| own.eq_ignore_ascii_case(value)))
    };
    let mut groups: BTreeMap<(Verdict, Option<Role>, Vec<UnknownReason>), Vec<usize>> = BTreeMap::new();
    for (number, instance) in analysis.instances.of_pattern(index).filter(|(_, instance)| is_selected(instance.entity))
    {
        let reasons = match instance.truth {
            Truth::Unknown(reasons) => visibility.reasons.list(reasons),
            Truth::True | Truth::False => Vec::new(),
        };
        let role = analysis.roots.roles.get(&number).copied();
        groups.entry((verdict(instance.truth), role, reasons)).or_default().push(number);
    }
    let builder = ProofBuilder { analysis, evidence: EvidenceCollector::new(analysis) };
    groups
        .into_iter()
        .filter_map(|((verdict, role, _), instances)| builder.why(index, verdict, role, &instances))
        .collect()
}

/// How far a proof is from holding: how many leaves fail, and the sum of their distances from their thresholds, in
/// millionths of the thresholds, so that the order is total.
fn distance_from_holding(proof: &Proof) -> (usize, u64) {
    let failing = proof.failing();
    let distance = |leaf: &&Proof| {
        let limit =
            leaf.evidence.as_ref().and_then(|evidence| evidence.threshold).map_or(1.0, |(_, limit)| limit.abs());
        leaf.distance.map_or(1e12, |distance| (distance / limit.max(f64::MIN_POSITIVE) * 1e6).min(1e12)) as u64
    };
    (failing.len(), failing.iter().map(distance).sum())
}

struct ProofBuilder<'a> {
    analysis: &'a CausalAnalysis<'a>,
    evidence: EvidenceCollector<'a>,
}

impl ProofBuilder<'_> {
    /// The proof of a pattern for a group of its instances, by number.
    fn why(&self, index: usize, verdict: Verdict, role: Option<Role>, group: &[usize]) -> Option<Why> {
        let visibility = self.analysis.visibility();
        let instances = &self.analysis.instances;
        let rule = visibility.rules.patterns.get(index)?;
        let mut shown = instances.get(*group.first()?)?;
        let mut entities: Vec<Entity> =
            group.iter().filter_map(|at| instances.get(*at)).map(|one| one.entity.clone()).collect();
        entities.sort();
        let scope = &rule.pattern.scope;
        let proof = match &rule.when {
            Some(when) => {
                let mut proof = self.condition(when, scope, shown.entity);
                let others = group.iter().skip(1).take(if verdict == Verdict::True { 0 } else { COMPARED });
                for other in others.filter_map(|at| instances.get(*at)) {
                    let another = self.condition(when, scope, other.entity);
                    if distance_from_holding(&another) < distance_from_holding(&proof) {
                        (shown, proof) = (other, another);
                    }
                }
                proof
            }
            None => Proof {
                node: if shown.is_reported { ProofNode::Reported } else { ProofNode::Unobservable },
                verdict,
                evidence: None,
                distance: None,
                reasons: self.reasons(shown.truth),
                nearest: None,
                parts: Vec::new(),
            },
        };
        let noise_unless = rule.noise_unless.as_ref().filter(|_| shown.truth.is_true());
        Some(Why {
            pattern: rule.pattern.id.clone(),
            verdict,
            role,
            scope: scope_text(visibility, &entities).0,
            shown: shown.entity.clone(),
            proof,
            noise_unless: noise_unless.map(|when| self.condition(when, scope, shown.entity)),
            causes: UpstreamCauses::new(self.analysis).causes(index, group),
            entities,
        })
    }

    fn reasons(&self, truth: Truth) -> Vec<UnknownReason> {
        match truth {
            Truth::Unknown(reasons) => self.analysis.visibility().reasons.list(reasons),
            Truth::True | Truth::False => Vec::new(),
        }
    }

    fn node(&self, node: ProofNode, timeline: &Timeline, parts: Vec<Proof>) -> Proof {
        let truth = timeline.overall(&self.analysis.visibility().reasons);
        Proof {
            node,
            verdict: verdict(truth),
            evidence: None,
            distance: None,
            reasons: self.reasons(truth),
            nearest: None,
            parts,
        }
    }

    /// The proof of a condition at an entity of a kind.
    fn condition(&self, when: &Resolved, kind: &str, entity: &Entity) -> Proof {
        let timeline = self.analysis.patterns.condition(when, kind, entity);
        let each = |parts: &[Resolved]| parts.iter().map(|part| self.condition(part, kind, entity)).collect::<Vec<_>>();
        match when {
            Resolved::Symptom(index) => self.symptom(*index, entity, &timeline),
            Resolved::Pattern(index) => {
                let rules = self.analysis.visibility().rules;
                let rule = rules.patterns.get(*index);
                let parts = rule.and_then(|rule| {
                    let scope = &rule.pattern.scope;
                    let kind = if rules.schema.contains(scope, kind) { scope } else { kind };
                    Some(vec![self.condition(rule.when.as_ref()?, kind, entity)])
                });
                let pattern = rules.pattern_id(*index).to_owned();
                self.node(ProofNode::Pattern(pattern), &timeline, parts.unwrap_or_default())
            }
            Resolved::All(parts) => self.node(ProofNode::AllOf, &timeline, each(parts)),
            Resolved::Any(parts) => self.node(ProofNode::AnyOf, &timeline, each(parts)),
            Resolved::Not(part) => self.node(ProofNode::Not, &timeline, vec![self.condition(part, kind, entity)]),
            Resolved::AtLeast { count, of } => self.node(ProofNode::AtLeast(*count), &timeline, each(of)),
            Resolved::Requires { that, then } => {
                let parts = vec![self.condition(that, kind, entity), self.condition(then, kind, entity)];
                self.node(ProofNode::Requires, &timeline, parts)
            }
        }
    }

    /// The proof of a symptom: a leaf with its evidence.
    fn symptom(&self, index: usize, entity: &Entity, timeline: &Timeline) -> Proof {
        let visibility = self.analysis.visibility();
        let (pattern, symptom) = visibility.rules.symptoms.get(index).map_or_else(Default::default, |symptom| {
            (visibility.rules.pattern_id(symptom.pattern).to_owned(), symptom.symptom.name.clone())
        });
        let zero = || {
            let is_false = timeline.overall(&visibility.reasons).is_false();
            self.evidence.of_nothing(index).filter(|_| is_false)
        };
        let evidence = self.evidence.of_known(index, std::slice::from_ref(entity)).or_else(zero);
        let distance = evidence.as_ref().and_then(|evidence| Some((evidence.value? - evidence.threshold?.1).abs()));
        let leaf = self.node(ProofNode::Symptom { pattern, symptom }, timeline, Vec::new());
        Proof { evidence, distance, ..leaf }
    }
}
