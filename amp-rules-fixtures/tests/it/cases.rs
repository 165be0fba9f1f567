//! The runner itself: a made-up pack whose cases pass, fail and break in every way there is. What is told of each stands in
//! `testdata/cases/told.out`; `UPDATE=1` rewrites it.
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_core::syntax::FileKind;
use amp_rules_core::{RuleFile, RuleSet, compile};
use amp_rules_fixtures::cases::{CaseKind, Options, Outcome, Results, incidents_below, run};
use amp_rules_fixtures::{lines, pack};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/cases")
}

fn loaded() -> (RuleSet, Vec<RuleFile>) {
    let files = pack::files(&root().join("pack")).unwrap();
    // The compiler refuses what some of the cases are about, so it sees the rules alone.
    let rules: Vec<RuleFile> =
        files.iter().filter(|file| FileKind::of(&file.name) != Some(FileKind::Cases)).cloned().collect();
    (compile(&rules).unwrap_or_else(|problems| panic!("{}", problems.concise())), files)
}

fn results(options: &Options) -> Results {
    let (rules, files) = loaded();
    run(&rules, &files, &incidents_below(&root().join("incidents")), options)
}

fn told(results: &Results) -> String {
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
            // How core words a proof is core's own affair; that there is one is not.
            let _ = writeln!(
                out,
                "  {}: {}{}",
                failure.kind,
                failure.what,
                if failure.proof.is_empty() { "" } else { " (proved)" }
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
fn every_outcome_is_told_as_it_was() {
    let told = told(&results(&Options::default()));
    let path = root().join("told.out");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &told).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), told);
}

#[test]
fn neither_threads_nor_the_order_of_rows_change_an_outcome() {
    let expected = told(&results(&Options::default()));
    for options in [
        Options { threads: Some(1), ..Options::default() },
        Options { shuffle: Some(7), ..Options::default() },
        Options { shuffle: Some(8), threads: Some(3), only: None },
    ] {
        assert_eq!(told(&results(&options)), expected, "{options:?}");
    }
}

#[test]
fn what_is_not_chosen_is_counted_as_left_out() {
    let all = results(&Options::default()).cases.len();
    let some = results(&Options { only: Some(regex::Regex::new("^hiccup/").unwrap()), ..Options::default() });
    assert_eq!((some.cases.len(), some.left_out), (2, all - 2));
}

#[test]
fn a_pattern_without_some_kind_of_case_is_named() {
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
fn lines_that_are_recognised_wrongly_are_named() {
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
        "a line without a file of its own may be anybody's"
    );
    assert_eq!(report.unreadable.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [7, 8]);
    assert_eq!((report.checked, report.unexercised.as_slice()), (6, ["hiccup".to_owned()].as_slice()));
    assert!(!report.is_clean());
}

#[test]
fn a_broken_background_is_told_and_hides_no_case() {
    let (rules, mut files) = loaded();
    files.push(RuleFile::new("wrong.scenario.yaml", "format: amp-rules-scenario/v1\ngivn: {}\n"));
    let results = run(&rules, &files, &[], &Options::default());
    assert!(matches!(&results.cases[0].outcome, Outcome::Broken(what) if what.contains("unknown key `givn`")));
    assert_eq!(results.passed(), run(&rules, &loaded().1, &[], &Options::default()).passed());
}

/// An incident that is described beside its expectation is generated, opened, and judged like a recorded one.
#[test]
fn a_described_incident_is_generated_and_judged() {
    let (rules, _) = loaded();
    let folder = tempfile::tempdir().unwrap();
    let incident = folder.path().join("a-described-leak");
    fs::create_dir(&incident).unwrap();
    fs::write(
        incident.join("incident.yaml"),
        "format: amp-rules-incident/v1\ntitle: a described leak\nsubject: { cluster: c }\nnow: 2025-03-01T12:00:00Z\nwindow: 2h\n\
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
    assert_eq!(told(&results), "incident: a described leak [Other]: passed\n1 passed, 0 failed, 0 broken, 0 todo\n");
}
