//! The corpus of scenarios: every row is told as an incident folder, diagnosed with the pack, and judged.
//!
//! A corpus is `scenarios.jsonl` with `quiet.json` beside it. Ours lies in `testdata/scenarios`; the project's founding one
//! is looked for in the folder that `AMP_RULES_SHARED` names, else in `../shared` beside the project, and where it is not
//! there the test says so and counts nothing. A row is translated by its grammar alone, so that rows nobody has seen can
//! be told as well. `AMP_RULES_SCENARIO=A07,CS1` picks rows,
//! `AMP_RULES_SCENARIOS_OUT=folder` keeps the folders with a report in each, `AMP_RULES_BARE=1` leaves out the keep lists
//! of ReplicaSet rows of which a scenario says nothing, `AMP_RULES_NOW` is the instant of rows that name no time.
//!
//! What was read of a scenario is then judged once more without each of its tables, and without some of its components and
//! metrics, other ones in every scenario: blinding never counterfactuals (P4). `AMP_RULES_BLINDING=all` leaves out every component
//! and metric in turn.

#![expect(
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "what was played is counted in the open; a corpus that cannot be read is a failed test"
)]

#[path = "scenarios/cast.rs"]
mod cast;
#[path = "scenarios/described.rs"]
mod described;
#[path = "scenarios/expect.rs"]
mod expect;
#[path = "scenarios/items.rs"]
mod items;
#[path = "blinding/loss.rs"]
mod loss;
#[path = "scenarios/pack.rs"]
mod pack;
#[path = "scenarios/quiet.rs"]
mod quiet;
#[path = "scenarios/series.rs"]
mod series;
#[path = "scenarios/sink.rs"]
mod sink;
#[path = "scenarios/telling.rs"]
mod telling;
#[path = "scenarios/words.rs"]
mod words;
#[path = "scenarios/writing.rs"]
mod writing;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::{RuleSet, collect, compile, plan, report};
use amp_rules_fixtures::{FixtureSource, cases};
use expect::Judge;
use loss::{Loss, Run, blinded, losses};
use serde_json::Value;
use telling::{Grammar, tell, text};

/// What the corpus says that cannot be so: id, what is corrected (a JSON pointer below the row and its value), and why.
const CORRECTIONS: &[(&str, &str, &str, &str)] = &[];

/// The folder of the corpus, if there is one.
fn corpus() -> Option<PathBuf> {
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

/// The rows of the corpus with its grammar.
fn rows(folder: &Path) -> Result<(Grammar, Vec<Value>), String> {
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
    Ok((Grammar { messages, quiet }, rows))
}

fn pack_files() -> Result<Vec<RuleFile>, String> {
    amp_rules_fixtures::pack::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules"))
        .map_err(|error| error.to_string())
}

/// What came of some scenarios.
#[derive(Debug, Default)]
struct Played {
    /// How many were told.
    run: usize,
    /// What differs from their expectations, one text per scenario.
    failed: Vec<String>,
    /// How many times something was left out of one.
    blinded: usize,
    /// How many true instances that left open.
    opened: usize,
    /// What it turned around.
    counterfactuals: Vec<String>,
}

/// Leaves out each table of what was read, and two of its components and metrics, or all of them.
fn blind(id: &str, whole: &Run<'_>, rules: &RuleSet, played: &mut Played) {
    let (tables, mut channels): (Vec<Loss>, Vec<Loss>) =
        losses(&whole.seen).into_iter().partition(|loss| matches!(loss, Loss::Table(_)));
    if std::env::var_os("AMP_RULES_BLINDING").is_none() {
        let many = channels.len().max(1);
        let kept = [played.run * 7 % many, (played.run * 7 + many / 2) % many];
        let mut place = 0..;
        channels.retain(|_| place.next().is_some_and(|place| kept.contains(&place)));
    }
    for loss in tables.into_iter().chain(channels) {
        let less = Run::new(rules, blinded(&whole.seen, &loss));
        played.blinded += 1;
        played.opened += whole.holds.intersection(&less.open).count();
        played
            .counterfactuals
            .extend(whole.turned(&less).into_iter().map(|what| format!("{id} without {loss:?}: {what}")));
    }
}

/// Tells, diagnoses, judges and blinds one row; what differs from its expectation.
fn play(
    row: &Value,
    grammar: &Grammar,
    files: &[RuleFile],
    rules: &RuleSet,
    folder: &Path,
    played: &mut Played,
) -> Result<Vec<String>, String> {
    let world = tell(row, grammar, folder)?;
    let expect = row.get("expect").unwrap_or(&Value::Null);
    let changed =
        if world.spoilt.is_empty() && world.unrelated == 0 { None } else { Some(pack::change(files, &world)?) };
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
    let whole = Run::new(rules, futures::executor::block_on(collect(&plan, &source)));
    blind(text(row, "id").unwrap_or_default(), &whole, rules, played);
    let diagnosis = &whole.diagnosis;
    if std::env::var_os("AMP_RULES_SCENARIOS_OUT").is_some() {
        fs::write(folder.join("report.md"), report::markdown(diagnosis, None)).map_err(|error| error.to_string())?;
    }
    let mut judge = Judge { world: &world, rules, diagnosis, failures: Vec::new() };
    judge.judge(expect);
    let mut failures = judge.failures;
    for problem in &diagnosis.problems {
        failures.push(format!("{}:{}: {}", problem.origin, problem.line, problem.what));
    }
    if let Some(changed) = changed {
        // Whatever order rules come in, the report is the same to the byte.
        let turned: Vec<RuleFile> = changed.iter().rev().cloned().collect();
        let other = compile(&turned).map_err(|problems| problems.concise())?;
        let again = cases::diagnose(&other, &scope, &source).map_err(|_| "the turned pack makes no plan")?;
        if report::json(&again, None) != report::json(diagnosis, None) {
            failures.push("the report depends on the order of the rules".to_owned());
        }
    }
    Ok(failures)
}

/// Plays every row of a corpus.
fn play_all(corpus: &Path) -> Result<Played, String> {
    let (grammar, rows) = rows(corpus)?;
    let files = pack_files()?;
    let rules = compile(&files).map_err(|problems| problems.concise())?;
    let only = std::env::var("AMP_RULES_SCENARIO").unwrap_or_default();
    let keep = std::env::var_os("AMP_RULES_SCENARIOS_OUT").map(PathBuf::from);
    let mut played = Played::default();
    for row in &rows {
        let id = text(row, "id").unwrap_or_default();
        if !only.is_empty() && !only.split(',').any(|wanted| wanted == id) {
            continue;
        }
        let temporary = tempfile::tempdir().map_err(|error| error.to_string())?;
        let folder = keep.as_ref().map_or_else(|| temporary.path().to_owned(), |keep| keep.join(id));
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        played.run += 1;
        let failures = play(row, &grammar, &files, &rules, &folder, &mut played)
            .unwrap_or_else(|what| vec![format!("cannot be told: {what}")]);
        if !failures.is_empty() {
            let title = text(row, "title").unwrap_or_default();
            played.failed.push(format!("{id} {title}\n    {}", failures.join("\n    ")));
        }
    }
    Ok(played)
}

/// Our own scenarios, played once for all tests.
fn ours() -> &'static Played {
    static PLAYED: OnceLock<Played> = OnceLock::new();
    PLAYED.get_or_init(|| play_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/scenarios")).unwrap())
}

/// The corpus, played once for all tests; nothing where there is none.
fn theirs() -> Option<&'static Played> {
    static PLAYED: OnceLock<Option<Played>> = OnceLock::new();
    PLAYED.get_or_init(|| corpus().map(|corpus| play_all(&corpus).unwrap())).as_ref()
}

#[track_caller]
fn judge(played: &Played, whose: &str) {
    let (run, failed) = (played.run, &played.failed);
    eprintln!("{run} scenarios{whose}, {} failed", failed.len());
    assert!(failed.is_empty(), "{} of {run} scenarios fail:\n{}", failed.len(), failed.join("\n"));
}

#[track_caller]
fn judge_blinding(played: &Played, whose: &str) {
    let (run, tried, counterfactuals) = (played.run, played.blinded, &played.counterfactuals);
    eprintln!(
        "{run} scenarios{whose}, {tried} losses, {} true instances left open, {} turned",
        played.opened,
        counterfactuals.len()
    );
    assert!(counterfactuals.is_empty(), "{} of {tried}:\n{}", counterfactuals.len(), counterfactuals.join("\n"));
    assert!(tried > 2 * run || run < 5, "{tried} losses in {run} scenarios");
    assert!(played.opened > run || run < 5, "{tried} losses left {} true instances open", played.opened);
}

#[test]
fn every_scenario_of_ours_is_diagnosed_as_expected() {
    judge(ours(), " of ours");
}

#[test]
fn p4_no_loss_turns_a_verdict_of_our_scenarios_around() {
    judge_blinding(ours(), " of ours");
}

#[test]
fn every_scenario_of_the_corpus_is_diagnosed_as_expected() {
    match theirs() {
        Some(played) => judge(played, ""),
        None => eprintln!("SKIPPED: 0 scenarios, no scenarios.jsonl (set AMP_RULES_SHARED)"),
    }
}

#[test]
fn p4_no_loss_turns_a_verdict_of_the_corpus_around() {
    match theirs() {
        Some(played) => judge_blinding(played, ""),
        None => eprintln!("SKIPPED: 0 scenarios to blind, no scenarios.jsonl (set AMP_RULES_SHARED)"),
    }
}
