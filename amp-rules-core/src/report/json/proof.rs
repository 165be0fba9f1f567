//! Proofs as JSON, for programs that ask why.
//!
//! Proofs in, text out. Evidence has the shape that it has in the report.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CauseWire, CitationWire, EvidenceWire, Number, entities, instant, reasons};
use crate::diagnosis::Role;
use crate::explain::{Proof, Why};

/// What is told of a pattern: the groups of entities that are alike, each with its proof.
pub(in crate::report) fn why(proofs: &[Why]) -> String {
    written(proofs, |one| vec![&one.proof], |one| one.noise_unless.iter().collect())
}

/// The same with the failing leaves alone.
pub(in crate::report) fn why_not(proofs: &[Why]) -> String {
    written(proofs, |one| one.proof.failing(), |one| one.noise_unless.iter().flat_map(Proof::failing).collect())
}

fn written<'a>(
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
    // As above, everything in it serialises.
    let mut text = serde_json::to_string_pretty(&WhysWire { schema_version: 1, groups }).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct WhysWire<'a> {
    schema_version: u32,
    groups: Vec<WhyWire<'a>>,
}

#[derive(Serialize)]
struct WhyWire<'a> {
    pattern: &'a str,
    verdict: &'static str,
    role: Option<&'static str>,
    scope: &'a str,
    entities: Vec<BTreeMap<&'a str, &'a str>>,
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
            nearest: proof.nearest.as_ref().map(|miss| NearMissWire {
                what: &miss.what,
                line: CitationWire { at: instant(miss.line.at), row: &miss.line.row, text: &miss.line.text },
            }),
            parts: proof.parts.iter().map(Self::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct NearMissWire<'a> {
    what: &'a str,
    line: CitationWire<'a>,
}
