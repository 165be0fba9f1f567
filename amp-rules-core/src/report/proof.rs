//! Why a pattern matches, and why another does not, for a terminal.
//!
//! Proofs in, trees of lines out. Each line has a verdict and its condition; leaves have number, threshold, distance and
//! rows, or the reasons why they are unknown.

use super::format;
use super::options::TextOptions;
use super::page::Page;
use crate::diagnosis::Citation;
use crate::escape::Printable;
use crate::explain::{Proof, Verdict, Why};

/// The greatest depth that is indented; deeper nodes are drawn at it.
const DEEPEST: usize = 8;

/// The whole proofs of one pattern, one per group of entities.
pub(super) fn why(proofs: &[Why], options: &TextOptions) -> Printable {
    let mut page = Page::new(options);
    for one in proofs {
        headline(&mut page, one);
        tree(&mut page, &one.proof, 1);
        if let Some(escalation) = &one.noise_unless {
            let title = match escalation.verdict {
                Verdict::True => "not noise; its escalation condition is true:",
                Verdict::False => "noise; its escalation condition is false:",
                Verdict::Unknown => "may be noise; its escalation condition is unknown:",
            };
            page.item(title);
            tree(&mut page, escalation, 2);
        }
        if !one.causes.is_empty() {
            page.line("  possible upstream causes:");
            for cause in &one.causes {
                page.paragraph(&format!("{}: {}", cause.pattern, cause.text()), "    ", "      ");
            }
        }
    }
    page.finish()
}

/// Why a pattern does not match: the smallest set of failing leaves, with their distances or reasons.
pub(super) fn why_not(proofs: &[Why], options: &TextOptions) -> Printable {
    let mut page = Page::new(options);
    for one in proofs {
        headline(&mut page, one);
        for leaf in failing(one) {
            line(&mut page, leaf, 1);
        }
    }
    page.finish()
}

fn headline(page: &mut Page, one: &Why) {
    if !page.is_empty() {
        page.line("");
    }
    let verdict = match one.verdict {
        Verdict::True => "matches",
        Verdict::False => "does not match",
        Verdict::Unknown => "is unknown",
    };
    let role = one.role.map_or(String::new(), |role| format!(", as {}", role.as_str()));
    page.paragraph(&format!("{} {verdict}: {}{role}", one.pattern, one.scope), "", "  ");
    if one.entities.len() > 1 {
        page.item(&format!("shown: {}", one.shown));
    }
}

fn tree(page: &mut Page, proof: &Proof, depth: usize) {
    // The stack holds the nodes still to be written, the next on top; deep conditions need no deep recursion.
    let mut open = vec![(proof, depth)];
    while let Some((next, depth)) = open.pop() {
        line(page, next, depth);
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

fn line(page: &mut Page, proof: &Proof, depth: usize) {
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
    page.paragraph(&text, &format!("{indent}{:<8} ", proof.verdict.as_str()), &below);
    for row in proof.evidence.iter().flat_map(|evidence| &evidence.citations) {
        cite(page, row, &below);
    }
    if let Some(miss) = &proof.nearest {
        page.paragraph(&miss.what, &below, &format!("{below}  "));
        cite(page, &miss.line, &below);
    }
}

fn cite(page: &mut Page, row: &Citation, below: &str) {
    page.quote(below, &format!("{} \"{}\"", format::time(row.at), row.text));
    page.line(&format!("{below}row {}", row.row));
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
             2025-08-05 09:00Z \"connection\\u{1b}[1m refused\"
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
           2025-08-05 09:00Z \"connection\\u{1b}[1m reset\"
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
