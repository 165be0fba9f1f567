//! Why a pattern holds, and what keeps another from holding, for a terminal.
//!
//! Proofs in, trees of lines out: each line a verdict and what was judged; leaves with their number, threshold, margin and
//! rows, or with the reason why nothing is known. Nothing here decides.

use super::{TextOptions, words};
use crate::diagnosis::Citation;
use crate::explain::{Proof, Verdict, Why};

/// How deep a proof is drawn; conditions are small, and what lies deeper is drawn at this depth.
const DEEPEST: usize = 8;

/// The proofs of one pattern, one per group of entities.
pub(super) fn why(proofs: &[Why], options: &TextOptions) -> String {
    let mut out = String::new();
    for one in proofs {
        headline(&mut out, one, options);
        tree(&mut out, &one.proof, 1, options);
        if let Some(escalation) = &one.noise_unless {
            let said = match escalation.verdict {
                Verdict::True => "it is more than noise:",
                Verdict::False => "it is noise unless this holds, which it does not:",
                Verdict::Unknown => "whether it is noise depends on what is not known:",
            };
            out.push_str(&words::wrap(said, options.width, "  ", "    "));
            tree(&mut out, escalation, 2, options);
        }
        if !one.causes.is_empty() {
            out.push_str("  what could lie behind it:\n");
            for cause in &one.causes {
                out.push_str(&words::wrap(
                    &format!("{}: {}", cause.pattern, cause.text()),
                    options.width,
                    "    ",
                    "      ",
                ));
            }
        }
    }
    out
}

/// What keeps a pattern from holding: the least that fails, with its distance or its reason.
pub(super) fn why_not(proofs: &[Why], options: &TextOptions) -> String {
    let mut out = String::new();
    for one in proofs {
        headline(&mut out, one, options);
        for leaf in failing(one) {
            line(&mut out, leaf, 1, options);
        }
    }
    out
}

fn headline(out: &mut String, one: &Why, options: &TextOptions) {
    if !out.is_empty() {
        out.push('\n');
    }
    let said = match one.verdict {
        Verdict::True => "holds",
        Verdict::False => "does not hold",
        Verdict::Unknown => "is not known to hold or not",
    };
    let role = one.role.map_or(String::new(), |role| format!(", as {}", role.as_str()));
    out.push_str(&words::wrap(&format!("{} {said}: {}{role}", one.pattern, one.scope), options.width, "", "  "));
    if one.entities.len() > 1 {
        out.push_str(&words::wrap(&format!("shown: {}", one.shown), options.width, "  ", "    "));
    }
}

fn tree(out: &mut String, proof: &Proof, depth: usize, options: &TextOptions) {
    // The stack holds what is still to be written, the next on top; a deep condition needs no deep recursion.
    let mut open = vec![(proof, depth)];
    while let Some((next, depth)) = open.pop() {
        line(out, next, depth, options);
        open.extend(next.parts.iter().rev().map(|part| (part, depth + 1)));
    }
}

/// What keeps each of the proofs from holding, noise conditions included; see [`why_not`].
fn failing(one: &Why) -> Vec<&Proof> {
    let mut failing = one.proof.failing();
    if let (Verdict::True, Some(escalation)) = (one.proof.verdict, &one.noise_unless) {
        failing.extend(escalation.failing());
    }
    failing
}

fn line(out: &mut String, proof: &Proof, depth: usize, options: &TextOptions) {
    let indent = "  ".repeat(depth.min(DEEPEST));
    let below = format!("{indent}         ");
    let mut said = proof.node.to_string();
    if let Some(evidence) = &proof.evidence {
        let number = words::evidence(evidence, None);
        let number = number.strip_prefix(&format!("{}: ", evidence.symptom)).unwrap_or(&number);
        said.push_str(&format!(": {number}"));
        if let Some(distance) = proof.distance {
            said.push_str(&format!("; {} from the threshold", words::quantity(distance.abs(), &evidence.unit)));
        }
    }
    if !proof.reasons.is_empty() {
        let reasons: Vec<String> = proof.reasons.iter().map(ToString::to_string).collect();
        said.push_str(&format!(" ({})", reasons.join(", ")));
    }
    out.push_str(&words::wrap(&said, options.width, &format!("{indent}{:<8} ", proof.verdict.as_str()), &below));
    for row in proof.evidence.iter().flat_map(|evidence| &evidence.citations) {
        cite(out, row, &below, options);
    }
    if let Some(miss) = &proof.nearest {
        out.push_str(&words::wrap(&words::one_line(&miss.what), options.width, &below, &format!("{below}  ")));
        cite(out, &miss.line, &below, options);
    }
}

fn cite(out: &mut String, row: &Citation, below: &str, options: &TextOptions) {
    let room = options.width.saturating_sub(below.len()).max(10);
    let text = words::one_line(&format!("{} \"{}\"", words::time(row.at), row.text));
    out.push_str(&format!("{below}{}\n{below}row {}\n", words::cut(&text, room), words::one_line(&row.row)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{CauseState, CauseStatus, Evidence, Role, UnknownReason};
    use crate::explain::{NearMiss, ProofNode};
    use crate::telemetry::entity::Entity;
    use crate::telemetry::predicate::Comparison;
    use crate::time::Time;
    use crate::unit::Unit;

    fn symptom(symptom: &str, verdict: Verdict) -> Proof {
        let node = ProofNode::Symptom { pattern: "export".to_owned(), symptom: symptom.to_owned() };
        proof(node, verdict, Vec::new())
    }

    fn proof(node: ProofNode, verdict: Verdict, parts: Vec<Proof>) -> Proof {
        Proof { node, verdict, evidence: None, distance: None, reasons: Vec::new(), nearest: None, parts }
    }

    fn example() -> Why {
        let at = "2025-08-05T09:00:00Z".parse::<Time>().ok();
        let mut refused = symptom("refused", Verdict::True);
        refused.distance = Some(1437.0);
        refused.evidence = Some(Evidence {
            pattern: "export-refused".to_owned(),
            symptom: "refused".to_owned(),
            value: Some(1440.0),
            threshold: Some((Comparison::AtLeast, 3.0)),
            unit: Unit::COUNT,
            first: at,
            last: at,
            citations: at
                .map(|at| Citation { at, row: "r-1".to_owned(), text: "connection\u{1b}[1m refused".to_owned() })
                .into_iter()
                .collect(),
            weak: false,
        });
        let mut silent = symptom("started", Verdict::Unknown);
        silent.reasons = vec![UnknownReason::Silent];
        Why {
            pattern: "export-refused".to_owned(),
            verdict: Verdict::Unknown,
            role: Some(Role::Consequence),
            entities: Vec::new(),
            scope: "3 of 16 pods".to_owned(),
            shown: Entity::default(),
            proof: proof(ProofNode::AllOf, Verdict::Unknown, vec![refused, silent]),
            noise_unless: Some(symptom("repeated", Verdict::False)),
            causes: vec![CauseState { pattern: "not-started".to_owned(), statuses: vec![CauseStatus::RuledOut] }],
        }
    }

    #[test]
    fn a_proof_is_a_tree_with_numbers_rows_and_reasons() {
        let text = why(&[example()], &TextOptions::default());
        assert_eq!(
            text,
            "\
export-refused is not known to hold or not: 3 of 16 pods, as consequence
  unknown  all of
    true     symptom export.refused: 1,440 (at least 3), 2025-08-05 09:00Z;
             1,437 from the threshold
             2025-08-05 09:00Z \"connection refused\"
             row r-1
    unknown  symptom export.started (silent)
  it is noise unless this holds, which it does not:
    false    symptom export.repeated
  what could lie behind it:
    not-started: not so
"
        );
    }

    #[test]
    fn a_line_that_nearly_matched_stands_below_what_it_nearly_is() {
        let mut why = example();
        why.verdict = Verdict::False;
        why.role = None;
        why.entities = vec![Entity::default(), Entity::new([("podname".to_owned(), "p1".to_owned())])];
        why.shown = Entity::new([("podname".to_owned(), "p1".to_owned())]);
        let mut refused = symptom("refused", Verdict::False);
        let line = Citation {
            at: "2025-08-05T09:00:00Z".parse::<Time>().unwrap(),
            row: "r-7".to_owned(),
            text: "connection\u{1b}[1m reset".to_owned(),
        };
        refused.nearest = Some(NearMiss { what: "no line matches; the nearest has 1 of 2 words".to_owned(), line });
        why.proof = refused;
        assert_eq!(
            why_not(&[why], &TextOptions::default()),
            "\
export-refused does not hold: 3 of 16 pods
  shown: podname=p1
  false    symptom export.refused
           no line matches; the nearest has 1 of 2 words
           2025-08-05 09:00Z \"connection reset\"
           row r-7
"
        );
    }

    #[test]
    fn what_keeps_it_from_holding_is_the_least_that_fails() {
        let text = why_not(&[example()], &TextOptions::default());
        assert_eq!(
            text,
            "export-refused is not known to hold or not: 3 of 16 pods, as consequence\n  unknown  symptom export.started (silent)\n"
        );
    }
}
