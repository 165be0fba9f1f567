//! Why a pattern matches, and why another does not, for a terminal.
//!
//! Proofs in, trees of lines out. Each line has a verdict and its condition; leaves have number, threshold, distance and
//! rows, or the reasons why they are unknown.

use super::options::TextOptions;
use super::{format, layout};
use crate::diagnosis::Citation;
use crate::explain::{Proof, Verdict, Why};

/// The greatest depth that is indented; deeper nodes are drawn at it.
const DEEPEST: usize = 8;

/// The whole proofs of one pattern, one per group of entities.
pub(super) fn why(proofs: &[Why], options: &TextOptions) -> String {
    let mut out = String::new();
    for one in proofs {
        headline(&mut out, one, options);
        tree(&mut out, &one.proof, 1, options);
        if let Some(escalation) = &one.noise_unless {
            let title = match escalation.verdict {
                Verdict::True => "not noise; its escalation condition is true:",
                Verdict::False => "noise; its escalation condition is false:",
                Verdict::Unknown => "may be noise; its escalation condition is unknown:",
            };
            out.push_str(&layout::wrap(title, options.width, "  ", "    "));
            tree(&mut out, escalation, 2, options);
        }
        if !one.causes.is_empty() {
            out.push_str("  possible upstream causes:\n");
            for cause in &one.causes {
                out.push_str(&layout::wrap(
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

/// Why a pattern does not match: the smallest set of failing leaves, with their distances or reasons.
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
    let verdict = match one.verdict {
        Verdict::True => "matches",
        Verdict::False => "does not match",
        Verdict::Unknown => "is unknown",
    };
    let role = one.role.map_or(String::new(), |role| format!(", as {}", role.as_str()));
    out.push_str(&layout::wrap(&format!("{} {verdict}: {}{role}", one.pattern, one.scope), options.width, "", "  "));
    if one.entities.len() > 1 {
        out.push_str(&layout::wrap(&format!("shown: {}", one.shown), options.width, "  ", "    "));
    }
}

fn tree(out: &mut String, proof: &Proof, depth: usize, options: &TextOptions) {
    // The stack holds the nodes still to be written, the next on top; deep conditions need no deep recursion.
    let mut open = vec![(proof, depth)];
    while let Some((next, depth)) = open.pop() {
        line(out, next, depth, options);
        open.extend(next.parts.iter().rev().map(|part| (part, depth + 1)));
    }
}

/// The failing leaves of a proof and, if it is true, those of its escalation condition.
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
    let mut text = proof.node.to_string();
    if let Some(evidence) = &proof.evidence {
        let number = format::evidence(evidence, None);
        let number = number.strip_prefix(&format!("{}: ", evidence.symptom)).unwrap_or(&number);
        text.push_str(&format!(": {number}"));
        if let Some(distance) = proof.distance {
            text.push_str(&format!("; {} from the threshold", format::quantity(distance.abs(), &evidence.unit)));
        }
    }
    if !proof.reasons.is_empty() {
        let reasons: Vec<String> = proof.reasons.iter().map(ToString::to_string).collect();
        text.push_str(&format!(" ({})", reasons.join(", ")));
    }
    out.push_str(&layout::wrap(&text, options.width, &format!("{indent}{:<8} ", proof.verdict.as_str()), &below));
    for row in proof.evidence.iter().flat_map(|evidence| &evidence.citations) {
        cite(out, row, &below, options);
    }
    if let Some(miss) = &proof.nearest {
        out.push_str(&layout::wrap(&layout::one_line(&miss.what), options.width, &below, &format!("{below}  ")));
        cite(out, &miss.line, &below, options);
    }
}

fn cite(out: &mut String, row: &Citation, below: &str, options: &TextOptions) {
    let room = options.width.saturating_sub(below.len()).max(10);
    let text = layout::one_line(&format!("{} \"{}\"", format::time(row.at), row.text));
    out.push_str(&format!("{below}{}\n{below}row {}\n", layout::truncate(&text, room), layout::one_line(&row.row)));
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
export-refused is unknown: 3 of 16 pods, as consequence
  unknown  all of
    true     symptom export.refused: 1,440 (at least 3), 2025-08-05 09:00Z;
             1,437 from the threshold
             2025-08-05 09:00Z \"connection refused\"
             row r-1
    unknown  symptom export.started (silent)
  noise; its escalation condition is false:
    false    symptom export.repeated
  possible upstream causes:
    not-started: not so
"
        );
    }

    #[test]
    fn a_near_miss_is_shown_below_its_symptom() {
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
export-refused does not match: 3 of 16 pods
  shown: podname=p1
  false    symptom export.refused
           no line matches; the nearest has 1 of 2 words
           2025-08-05 09:00Z \"connection reset\"
           row r-7
"
        );
    }

    #[test]
    fn why_not_shows_the_failing_leaves_only() {
        let text = why_not(&[example()], &TextOptions::default());
        assert_eq!(
            text,
            "export-refused is unknown: 3 of 16 pods, as consequence\n  unknown  symptom export.started (silent)\n"
        );
    }
}
