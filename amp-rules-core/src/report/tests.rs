//! Reports of diagnoses built by hand, compared with files: `testdata/report/<fact>.{txt,md,json}`.
//!
//! `UPDATE=1 cargo test` rewrites the files; review the diff.

mod samples;
mod schema;

use serde_json::Value;

use self::samples::{explained, partial, quiet, storm, unknown_errors};
use super::{Colour, TextOptions, json, layout, markdown, text};
use crate::diagnosis::Diagnosis;
use crate::explain::Explanation;

#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the expectation is a file, and `UPDATE=1` rewrites it")]
fn matches_file(name: &str, got: &str) {
    let path = format!("{}/testdata/report/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var("UPDATE").is_ok() {
        std::fs::create_dir_all(format!("{}/testdata/report", env!("CARGO_MANIFEST_DIR"))).unwrap();
        std::fs::write(&path, got).unwrap();
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(got, want, "{path} differs; UPDATE=1 rewrites it");
}

#[track_caller]
fn all_forms(name: &str, diagnosis: &Diagnosis) {
    let plain = text(diagnosis, None, &TextOptions::default());
    for line in plain.lines() {
        assert!(layout::width(line) <= 80, "too wide: {line}");
        assert_eq!(line.trim_end(), line, "blanks at the end: {line:?}");
    }
    assert!(!plain.contains('\u{1b}'), "no escape without colour");
    matches_file(&format!("{name}.txt"), &plain);
    matches_file(&format!("{name}.md"), &markdown(diagnosis, None));
    matches_file(&format!("{name}.json"), &json(diagnosis, None));
}

#[test]
fn a_healthy_cluster_has_no_root_cause() {
    all_forms("healthy", &quiet());
}

#[test]
fn errors_that_no_pattern_matches_are_named_first() {
    all_forms("unknown-errors", &unknown_errors());
}

#[test]
fn fifty_kinds_of_unmatched_errors_have_one_line_each_and_the_rest_is_counted() {
    let mut diagnosis = unknown_errors();
    let one = diagnosis.coverage.unmatched.remove(1);
    diagnosis.coverage.unmatched = vec![one; 53];
    let text = text(&diagnosis, None, &TextOptions::default());
    assert_eq!(text.lines().filter(|line| line.ends_with("other  label_limit exceeded (3 labels)")).count(), 50);
    assert!(text.contains("\n  and 5 more kinds\n"), "{text}");
}

#[test]
fn a_report_shows_what_recurs_ties_and_was_reported() {
    let mut diagnosis = storm();
    diagnosis.roots[0].ties_with = vec!["dns-failing".to_owned()];
    let cause = diagnosis.findings.iter_mut().find(|finding| finding.pattern == "config-missing").unwrap();
    cause.earlier = 1;
    let wide = TextOptions { width: 200, colour: Colour::Never };
    let (plain, marked) = (text(&diagnosis, None, &wide), markdown(&diagnosis, None));
    for part in [
        "     1 earlier episode in the window\n",
        "     ranks equally with: dns-failing\n",
        "starts and stops repeatedly; 3 earlier episodes in the window\n",
    ] {
        assert!(plain.contains(part), "{part}\n{plain}");
    }
    for part in
        ["1 earlier episode in the window\n", "Ranks equally with: dns-failing\n", "starts and stops repeatedly"]
    {
        assert!(marked.contains(part), "{part}\n{marked}");
    }
    let complaint = diagnosis.findings.iter().find(|finding| finding.reported).unwrap();
    let (shown, _) = super::view::evidence(complaint, &diagnosis.window).unwrap();
    assert_eq!(shown, "reported, since 2025-08-05 09:00Z, until 2025-08-05 11:30Z");
}

#[test]
fn a_root_cause_has_its_chain_and_its_remedy() {
    all_forms("storm", &storm());
}

#[test]
fn a_chain_without_its_cause_is_a_partial_diagnosis() {
    all_forms("partial", &partial());
}

#[test]
fn the_first_screen_holds_the_answer() {
    let plain = text(&storm(), None, &TextOptions::default());
    let screen: Vec<&str> = plain.lines().take(24).collect();
    for part in ["ROOT CAUSE", "config-missing", "data-loss", "Causal chain"] {
        assert!(screen.iter().any(|line| line.contains(part)), "{part} is not on the first screen:\n{plain}");
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let plain = text(&storm(), None, &TextOptions::default());
    let mut rest =
        text(&storm(), None, &TextOptions { colour: Colour::Always, ..TextOptions::default() }).into_string();
    assert_ne!(plain, rest.as_str());
    for style in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[1;31m"] {
        rest = rest.replace(style, "");
    }
    assert_eq!(plain, rest.as_str());
}

#[test]
fn a_narrow_terminal_is_not_exceeded() {
    let narrow = text(&storm(), None, &TextOptions { width: 60, colour: Colour::Never });
    for line in narrow.lines() {
        assert!(layout::width(line) <= 60, "too wide: {line}");
    }
}

#[test]
fn whole_numbers_have_no_point_in_json_and_others_every_digit() {
    let mut diagnosis = storm();
    diagnosis.coverage.visible = 0.1 + 0.2;
    diagnosis.findings[0].evidence[0].value = Some(f64::INFINITY);
    let report: Value = serde_json::from_str(&json(&diagnosis, None)).unwrap();
    assert_eq!(report["impact"][0]["magnitude"].to_string(), "11900000000");
    assert_eq!(report["coverage"]["visible"].to_string(), "0.30000000000000004");
    assert_eq!(report["findings"][0]["evidence"][0]["value"], Value::Null);
    assert_eq!(report["findings"][0]["onset"]["earliest"], Value::Null);
}

#[test]
fn an_explanation_adds_queries_and_counterfactuals() {
    let report: Value = serde_json::from_str(&json(&storm(), Some(&explained()))).unwrap();
    assert_eq!(report["next_queries"][0]["would_separate"], 3);
    assert_eq!(report["counterfactuals"][0]["roots"][0]["pattern"], "token-missing");
    assert_eq!(report["explained"], true);
    let text = text(&storm(), Some(&explained()), &TextOptions::default());
    let expected = "
Suggested queries (`amp-rules explain NAME` prints one)
  1. pod-events - decides target-unreachable.event

Counterfactuals
  config-missing.denied (now true), if false: diagnosed partial, token-missing
    (open)
";
    assert!(text.contains(expected), "{text}");
    let markdown = markdown(&storm(), Some(&explained()));
    let expected = "
## Suggested queries

- `pod-events` - decides `target-unreachable.event`

  ```kql
  PodEvents | take 1
  ```

## Counterfactuals

- `config-missing.denied` (now true), if false: diagnosed partial, token-missing (open)
";
    assert!(markdown.contains(expected), "{markdown}");
}

#[test]
fn a_report_without_an_explanation_is_not_explained() {
    let report: Value = serde_json::from_str(&json(&storm(), None)).unwrap();
    assert_eq!((&report["explained"], &report["counterfactuals"]), (&Value::Bool(false), &Value::Array(Vec::new())));
    assert_eq!(
        text(&storm(), Some(&Explanation::default()), &TextOptions::default()),
        text(&storm(), None, &TextOptions::default())
    );
}

#[test]
fn the_fields_of_the_report_have_a_fixed_order() {
    let text = json(&storm(), None);
    let mut at = 0;
    for name in [
        "schema_version",
        "rules",
        "subject",
        "window",
        "status",
        "roots",
        "independent",
        "findings",
        "unresolved",
        "hypotheses",
        "conflicts",
        "remedy",
        "next_queries",
        "counterfactuals",
        "coverage",
        "history",
        "indicators",
        "impact",
        "facts",
        "assumptions",
        "sources",
        "problems",
        "explained",
    ] {
        let found = text.find(&format!("\n  \"{name}\":")).unwrap_or_else(|| panic!("{name} is missing"));
        assert!(found >= at, "{name} is too early");
        at = found;
    }
}
