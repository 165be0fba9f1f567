//! A corpus of scenarios: every row becomes an incident folder, is diagnosed with the pack, and compared with its
//! expectation. A *corpus scenario* is a row of `scenarios.jsonl` and unrelated to the `scenario.yaml` format.
//!
//! A corpus is a folder with `scenarios.jsonl` and `quiet.json`. The project's own is `testdata/corpus`. A shared one is
//! expected in the folder `AMP_RULES_SHARED`, by default `../shared` beside the project; without it, its tests print that
//! they were skipped. Rows are built by the conventions of the corpus alone, so that other rows can be built as well.
//!
//! - `AMP_RULES_SCENARIO=A07,CS1` selects rows.
//! - `AMP_RULES_SCENARIOS_OUT=folder` keeps the folders with a report in each.
//! - `AMP_RULES_BARE=1` leaves out keep lists of ReplicaSet rows that a scenario does not give.
//! - `AMP_RULES_NOW` is the instant of rows without times.
//! - `AMP_RULES_BLINDING=all` blinds every component and metric.
//!
//! Each scenario is then diagnosed again without each of its tables, and without one of its components and metrics, which
//! varies by scenario: blinding never flips a verdict (P4).

mod builder;
mod comparison;
mod compound;
mod items;
mod output;
mod pack;
mod parse;
mod pods;
mod quiet;
mod series;
mod sink;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::{RuleSet, collect, compile, plan, report};
use amp_rules_fixtures::{FixtureSource, cases};
use builder::{Conventions, build, text};
use comparison::Comparison;
use serde_json::Value;

use crate::loss::{Loss, Run, blinded, losses};

/// Corrections of impossible rows and of expectations: id, JSON pointer within the row, value as JSON, and reason.
const CORRECTIONS: &[(&str, &str, &str, &str)] = &[(
    "A44",
    "/expect/status",
    "\"no_known_problem\"",
    "errors that no pattern matches, on several rows, are news; `docs/semantics.md` gives the reason",
)];

/// The folder of the shared corpus, if it exists.
pub(crate) fn shared_corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("AMP_RULES_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    [shared.join("data"), shared].into_iter().find(|folder| folder.join("scenarios.jsonl").is_file())
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn json(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// The rows of a corpus with its conventions.
fn rows(folder: &Path) -> Result<(Conventions, Vec<Value>), String> {
    let quiet = json(&read(&folder.join("quiet.json"))?)?;
    let text_of = read(&folder.join("scenarios.jsonl"))?;
    let mut rows = text_of.lines().filter(|line| !line.trim().is_empty()).map(json).collect::<Result<Vec<_>, _>>()?;
    let mut messages = BTreeMap::new();
    for row in rows.iter().filter(|row| text(row, "kind") == Some("meta")) {
        for (name, message) in row.get("messages").and_then(Value::as_object).into_iter().flatten() {
            messages.insert(name.clone(), message.as_str().unwrap_or_default().to_owned());
        }
    }
    rows.retain(|row| text(row, "kind") != Some("meta"));
    for row in &mut rows {
        let id = text(row, "id").unwrap_or_default().to_owned();
        for (_, pointer, value, _) in CORRECTIONS.iter().filter(|(of, ..)| *of == id) {
            let place = row.pointer_mut(pointer).ok_or_else(|| format!("{id} has no {pointer}"))?;
            *place = json(value)?;
        }
    }
    Ok((Conventions { messages, quiet }, rows))
}

fn pack_files() -> Result<Vec<RuleFile>, String> {
    amp_rules_fixtures::pack::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules"))
        .map_err(|error| error.to_string())
}

/// The project's pack.
pub(crate) fn pack_rules() -> RuleSet {
    compile(&pack_files().unwrap()).unwrap_or_else(|problems| panic!("{}", problems.concise()))
}

/// The results of the scenarios of a corpus.
#[derive(Debug, Default)]
struct CorpusResults {
    /// The number of scenarios that ran.
    run: usize,
    /// Differences from the expectations, one text per failed scenario.
    failed: Vec<String>,
    /// The number of losses.
    blinded: usize,
    /// The number of true instances that became unknown by a loss.
    opened: usize,
    /// Verdicts that flipped by a loss.
    flips: Vec<String>,
}

/// Diagnoses without each table, and without one of the components and metrics, or all of them.
fn blind(id: &str, complete: &Run<'_>, rules: &RuleSet, results: &mut CorpusResults) {
    let (tables, mut channels): (Vec<Loss>, Vec<Loss>) =
        losses(&complete.observations).into_iter().partition(|loss| matches!(loss, Loss::Table(_)));
    if std::env::var_os("AMP_RULES_BLINDING").is_none() {
        let many = channels.len().max(1);
        let kept = results.run * 7 % many;
        let mut place = 0..;
        channels.retain(|_| place.next() == Some(kept));
    }
    for loss in tables.into_iter().chain(channels) {
        let reduced = Run::new(rules, blinded(&complete.observations, &loss));
        results.blinded += 1;
        results.opened += complete.holds.intersection(&reduced.open).count();
        results.flips.extend(complete.flips(&reduced).into_iter().map(|what| format!("{id} without {loss:?}: {what}")));
    }
}

/// Builds, diagnoses, compares and blinds one row. Returns the differences from its expectation.
fn run_row(
    row: &Value,
    conventions: &Conventions,
    files: &[RuleFile],
    rules: &RuleSet,
    folder: &Path,
    results: &mut CorpusResults,
) -> Result<Vec<String>, String> {
    let scenario = build(row, conventions, folder)?;
    let expect = row.get("expect").unwrap_or(&Value::Null);
    let changed = if scenario.pack_changes.is_empty() && scenario.unrelated == 0 {
        None
    } else {
        Some(pack::change(files, &scenario)?)
    };
    let compiled = changed.as_deref().map(compile);
    let rules = match &compiled {
        Some(Err(_)) if text(expect, "status") == Some("pack_error") => return Ok(Vec::new()),
        Some(Err(problems)) => return Err(format!("the pack does not load: {}", problems.concise())),
        Some(Ok(_)) if text(expect, "status") == Some("pack_error") => return Ok(vec!["the pack loads".to_owned()]),
        Some(Ok(rules)) => rules,
        None => rules,
    };
    let source = FixtureSource::open(folder, &rules.schema).map_err(|error| error.to_string())?;
    let scope = source.incident().ok_or("there is no incident.yaml")?.scope();
    let plan =
        plan(rules, &scope).map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    let complete = Run::new(rules, futures::executor::block_on(collect(&plan, &source)));
    blind(text(row, "id").unwrap_or_default(), &complete, rules, results);
    let diagnosis = &complete.diagnosis;
    if std::env::var_os("AMP_RULES_SCENARIOS_OUT").is_some() {
        fs::write(folder.join("report.md"), report::markdown(diagnosis, None)).map_err(|error| error.to_string())?;
    }
    let mut comparison = Comparison { scenario: &scenario, rules, diagnosis, failures: Vec::new() };
    comparison.run(expect);
    let mut failures = comparison.failures;
    for problem in &diagnosis.problems {
        failures.push(format!("{}:{}: {}", problem.origin, problem.line, problem.what));
    }
    if let Some(changed) = changed {
        // The order of rules does not change the report.
        let reversed: Vec<RuleFile> = changed.iter().rev().cloned().collect();
        let other = compile(&reversed).map_err(|problems| problems.concise())?;
        let again = cases::diagnose(&other, &scope, &source).map_err(|_| "the reversed pack has no plan")?;
        if report::json(&again, None) != report::json(diagnosis, None) {
            failures.push("the report depends on the order of the rules".to_owned());
        }
    }
    Ok(failures)
}

/// Runs every row of a corpus.
fn run_corpus(corpus: &Path) -> Result<CorpusResults, String> {
    let (conventions, rows) = rows(corpus)?;
    let files = pack_files()?;
    let rules = compile(&files).map_err(|problems| problems.concise())?;
    let only = std::env::var("AMP_RULES_SCENARIO").unwrap_or_default();
    let keep = std::env::var_os("AMP_RULES_SCENARIOS_OUT").map(PathBuf::from);
    let mut results = CorpusResults::default();
    for row in &rows {
        let id = text(row, "id").unwrap_or_default();
        if !only.is_empty() && !only.split(',').any(|wanted| wanted == id) {
            continue;
        }
        let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
        let folder = keep.as_ref().map_or_else(|| temporary.path().to_owned(), |keep| keep.join(id));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        results.run += 1;
        let failures = run_row(row, &conventions, &files, &rules, &folder, &mut results)
            .unwrap_or_else(|what| vec![format!("cannot be built: {what}")]);
        if !failures.is_empty() {
            let title = text(row, "title").unwrap_or_default();
            results.failed.push(format!("{id} {title}\n    {}", failures.join("\n    ")));
        }
    }
    Ok(results)
}

/// The results of the project's own corpus, computed once for all tests.
fn own_results() -> &'static CorpusResults {
    static RESULTS: OnceLock<CorpusResults> = OnceLock::new();
    RESULTS.get_or_init(|| run_corpus(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/corpus")).unwrap())
}

/// The results of the shared corpus, computed once for all tests; `None` if it does not exist.
fn shared_results() -> Option<&'static CorpusResults> {
    static RESULTS: OnceLock<Option<CorpusResults>> = OnceLock::new();
    RESULTS.get_or_init(|| shared_corpus().map(|corpus| run_corpus(&corpus).unwrap())).as_ref()
}

#[track_caller]
fn check(results: &CorpusResults, whose: &str) {
    let (run, failed) = (results.run, &results.failed);
    eprintln!("{run} scenarios{whose}, {} failed", failed.len());
    assert!(failed.is_empty(), "{} of {run} scenarios fail:\n{}", failed.len(), failed.join("\n"));
}

#[track_caller]
fn check_blinding(results: &CorpusResults, whose: &str) {
    let (run, tried, flips) = (results.run, results.blinded, &results.flips);
    eprintln!(
        "{run} scenarios{whose}, {tried} losses, {} true instances left open, {} flipped",
        results.opened,
        flips.len()
    );
    assert!(flips.is_empty(), "{} of {tried}:\n{}", flips.len(), flips.join("\n"));
    assert!(tried > 2 * run || run < 5, "{tried} losses in {run} scenarios");
    assert!(results.opened > run || run < 5, "{tried} losses left {} true instances open", results.opened);
}

#[test]
fn every_scenario_of_the_project_is_diagnosed_as_expected() {
    check(own_results(), " of the project");
}

#[test]
fn p4_no_loss_flips_a_verdict_of_the_project_scenarios() {
    check_blinding(own_results(), " of the project");
}

#[test]
fn every_scenario_of_the_shared_corpus_is_diagnosed_as_expected() {
    match shared_results() {
        Some(results) => check(results, ""),
        None => eprintln!("SKIPPED: 0 scenarios, no scenarios.jsonl (set AMP_RULES_SHARED)"),
    }
}

#[test]
fn p4_no_loss_flips_a_verdict_of_the_shared_corpus() {
    match shared_results() {
        Some(results) => check_blinding(results, ""),
        None => eprintln!("SKIPPED: 0 scenarios to blind, no scenarios.jsonl (set AMP_RULES_SHARED)"),
    }
}
