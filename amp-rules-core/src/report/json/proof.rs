//! Proofs as JSON.
//!
//! Proofs in, JSON out. Evidence and causes have the shape that they have in the report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::finding::{CitationWire, EvidenceWire};
use super::root::CauseWire;
use super::value::{Entities, Number, entities, reasons};
use crate::diagnosis::Role;
use crate::explain::{Proof, Why};

/// The proofs of a pattern, one per group of equivalent entities.
pub(in crate::report) fn why(proofs: &[Why]) -> String {
    render(proofs, |one| vec![&one.proof], |one| one.noise_unless.iter().collect())
}

/// The failing leaves of these proofs.
pub(in crate::report) fn why_not(proofs: &[Why]) -> String {
    render(proofs, |one| one.proof.failing(), |one| one.noise_unless.iter().flat_map(Proof::failing).collect())
}

fn render<'a>(
    proofs: &'a [Why],
    proof: fn(&'a Why) -> Vec<&'a Proof>,
    noise_unless: fn(&'a Why) -> Vec<&'a Proof>,
) -> String {
    let groups: Vec<WhyWire<'_>> = proofs
        .iter()
        .map(|one| WhyWire {
            pattern: &one.pattern,
            verdict: one.verdict.as_str(),
            role: one.role.map(Role::as_str),
            scope: &one.scope,
            entities: entities(&one.entities),
            shown: one.shown.keys().collect(),
            proof: proof(one).into_iter().map(ProofWire::new).collect(),
            noise_unless: noise_unless(one).into_iter().map(ProofWire::new).collect(),
            causes: one.causes.iter().map(CauseWire::new).collect(),
        })
        .collect();
    // The structs consist of strings and finite numbers, whose serialisation cannot fail.
    let mut text = serde_json::to_string_pretty(&GroupsWire { schema_version: 1, groups }).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct GroupsWire<'a> {
    schema_version: u32,
    groups: Vec<WhyWire<'a>>,
}

#[derive(Serialize)]
struct WhyWire<'a> {
    pattern: &'a str,
    verdict: &'static str,
    role: Option<&'static str>,
    scope: &'a str,
    entities: Entities<'a>,
    shown: BTreeMap<&'a str, &'a str>,
    proof: Vec<ProofWire<'a>>,
    noise_unless: Vec<ProofWire<'a>>,
    causes: Vec<CauseWire<'a>>,
}

#[derive(Serialize)]
struct ProofWire<'a> {
    what: String,
    verdict: &'static str,
    evidence: Option<EvidenceWire<'a>>,
    distance: Option<Number>,
    reasons: Vec<String>,
    nearest: Option<NearMissWire<'a>>,
    parts: Vec<ProofWire<'a>>,
}

impl<'a> ProofWire<'a> {
    fn new(proof: &'a Proof) -> Self {
        Self {
            what: proof.node.to_string(),
            verdict: proof.verdict.as_str(),
            evidence: proof.evidence.as_ref().map(|evidence| EvidenceWire::new(evidence, &evidence.pattern)),
            distance: proof.distance.map(Number),
            reasons: reasons(&proof.reasons),
            nearest: proof
                .nearest
                .as_ref()
                .map(|miss| NearMissWire { what: &miss.what, line: CitationWire::new(&miss.line) }),
            parts: proof.parts.iter().map(Self::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct NearMissWire<'a> {
    what: &'a str,
    line: CitationWire<'a>,
}
