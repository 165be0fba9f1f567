//! The runner of cases: a fictional pack whose cases pass, fail and break in every possible way.
//!
//! `testdata/cases/results.out` holds the results. `UPDATE=1` rewrites it.
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_core::rules::syntax::FileKind;
use amp_rules_core::{RuleFile, RuleSet, compile};
use amp_rules_fixtures::cases::{CaseKind, Options, Outcome, Results, incidents_below, run};
use amp_rules_fixtures::{lines, pack};

use crate::support::differs;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cases")
}

fn loaded() -> (RuleSet, Vec<RuleFile>) {
    let files = pack::files(&root().join("pack")).unwrap();
    // The compiler rejects some of the cases, so it gets only the rules.
    let rules: Vec<RuleFile> =
        files.iter().filter(|file| FileKind::of(&file.name) != Some(FileKind::Cases)).cloned().collect();
    (compile(&rules).unwrap_or_else(|problems| panic!("{}", problems.concise())), files)
}

fn results(options: &Options) -> Results {
    let (rules, files) = loaded();
    run(&rules, &files, &incidents_below(&root().join("incidents")), options)
}

fn describe(results: &Results) -> String {
    let mut out = String::new();
    for case in &results.cases {
        let _ =
            write!(out, "{}: {} [{:?}]: ", case.id.pattern.as_deref().unwrap_or("incident"), case.id.name, case.kind);
        let failures = match &case.outcome {
            Outcome::Passed => {
                out.push_str("passed\n");
                continue;
            }
            Outcome::Broken(what) => {
                let _ = writeln!(out, "broken: {}", what.trim_end());
                continue;
            }
            Outcome::Todo(why, failures) => {
                let _ = writeln!(out, "todo: {why}");
                failures
            }
            Outcome::Failed(failures) => {
                out.push_str("failed\n");
                failures
            }
        };
        for failure in failures {
            // Core tests the text of proofs; here only their presence matters.
            let _ = writeln!(
                out,
                "  {}: {}{}",
                failure.kind,
                failure.what,
                if failure.proof.is_empty() { "" } else { " (with proof)" }
            );
            for detail in &failure.detail {
                let _ = writeln!(out, "    {detail}");
            }
        }
    }
    let _ = writeln!(
        out,
        "{} passed, {} failed, {} broken, {} todo",
        results.passed(),
        results.failed(),
        results.broken(),
        results.todo()
    );
    out
}

#[test]
fn cases_have_the_expected_outcomes() {
    let actual = describe(&results(&Options::default()));
    assert_eq!(differs(&root().join("results.out"), &actual), None);
}

#[test]
fn neither_threads_nor_the_order_of_rows_change_an_outcome() {
    let expected = describe(&results(&Options::default()));
    for options in [
        Options { threads: Some(1), ..Options::default() },
        Options { shuffle: Some(7), ..Options::default() },
        Options { shuffle: Some(8), threads: Some(3), ..Options::default() },
    ] {
        assert_eq!(describe(&results(&options)), expected, "{options:?}");
    }
}

#[test]
fn excluded_cases_are_counted() {
    let all = results(&Options::default()).cases.len();
    let some = results(&Options { only: Some(regex::Regex::new("^hiccup/").unwrap()), ..Options::default() });
    assert_eq!((some.cases.len(), some.left_out), (2, all - 2));
}

#[test]
fn a_pattern_without_some_kind_of_case_is_reported() {
    let (rules, files) = loaded();
    let results = run(&rules, &files, &[], &Options::default());
    let lacking: Vec<_> = results.lacking(&rules).into_iter().collect();
    assert_eq!(
        lacking,
        [
            ("choked".to_owned(), vec![CaseKind::Positive, CaseKind::Quiet, CaseKind::Undecided]),
            ("hiccup".to_owned(), vec![CaseKind::Positive, CaseKind::Undecided]),
            ("lost".to_owned(), vec![CaseKind::Positive, CaseKind::Quiet, CaseKind::Undecided]),
        ]
    );
}

#[test]
fn lines_with_unexpected_matches_are_reported() {
    let report = lines::check(&loaded().0, &fs::read_to_string(root().join("lines.jsonl")).unwrap()).unwrap();
    let mistakes: Vec<_> = report
        .mistakes
        .iter()
        .map(|mistake| {
            (
                mistake.number,
                mistake.missing.clone(),
                mistake.noisy.iter().map(|(id, symptoms)| format!("{id}.{}", symptoms.join("+"))).collect::<Vec<_>>(),
            )
        })
        .collect();
    assert_eq!(
        mistakes,
        [(4, vec![], vec!["hiccup.hic".to_owned()]), (5, vec!["lost".to_owned()], vec![])],
        "a line without a file may be of any component"
    );
    assert_eq!(report.unreadable.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [7, 8]);
    assert_eq!((report.checked, report.unexercised.as_slice()), (6, ["hiccup".to_owned()].as_slice()));
    assert!(!report.is_clean());
}

#[test]
fn a_broken_background_is_reported_and_hides_no_case() {
    let (rules, mut files) = loaded();
    files.push(RuleFile::new("wrong.scenario.yaml", "format: amp-rules-scenario/v1\ngivn: {}\n"));
    let results = run(&rules, &files, &[], &Options::default());
    assert!(matches!(&results.cases[0].outcome, Outcome::Broken(what) if what.contains("unknown key `givn`")));
    assert_eq!(results.passed(), run(&rules, &loaded().1, &[], &Options::default()).passed());
}

#[test]
fn an_incident_with_a_scenario_is_generated_and_diagnosed() {
    let (rules, _) = loaded();
    let folder = tempfile::tempdir().unwrap();
    let incident = folder.path().join("a-generated-leak");
    fs::create_dir(&incident).unwrap();
    fs::write(
        incident.join("incident.yaml"),
        "format: amp-rules-incident/v1\ntitle: a generated leak\nsubject: { cluster: c }\nnow: 2025-03-01T12:00:00Z\nwindow: 2h\n\
         tables: { traces: complete, metrics: complete }\nexpect: { status: diagnosed, root: broken, consequences: [lost] }\n",
    )
    .unwrap();
    fs::write(
        incident.join("scenario.yaml"),
        "format: amp-rules-scenario/v1\ngiven:\n  entities: { pods: { podname: 'p-1..3' } }\n  logs:\n    traces:\n      \
         - { from: -1h, to: 0m, every: 5m, entity: pods/1, component: pipe, lines: ['the pipe number {n} is broken', lost water], with: { n: 0..9 } }\n",
    )
    .unwrap();
    let written = pack::generate(&root().join("pack"), &rules.schema, &incident).unwrap();
    assert_eq!(
        written.iter().map(|file| (file.name.as_str(), file.rows)).collect::<Vec<_>>(),
        [("metrics.ndjson", 72), ("traces.ndjson", 12)]
    );
    let results = run(&rules, &[], &incidents_below(folder.path()), &Options::default());
    assert_eq!(
        describe(&results),
        "incident: a generated leak [Other]: passed\n1 passed, 0 failed, 0 broken, 0 todo\n"
    );
}
