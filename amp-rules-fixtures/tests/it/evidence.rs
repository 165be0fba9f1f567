//! Inputs with an expectation beside them: incident folders made from public reports, and degraded or composed incidents.
//!
//! An input is a folder with an `expect.json` below `reports` or `verdicts` of the shared data, which are expected where
//! `corpus` expects its scenarios; without them, the test prints that it was skipped. A folder is diagnosed with the pack of
//! the project, or with a pack beside it.
//!
//! - `AMP_RULES_INPUT=R01,mini` selects inputs by the beginning of their names.
//!
//! [`KNOWN_MISSES`] lists what does not hold yet, each with its reason. A known miss that holds fails the test as well, so
//! that the list cannot become stale.

mod expectation;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_core::report::{self, TextOptions};
use amp_rules_core::{Diagnosis, RuleSet, compile};
use amp_rules_fixtures::cases::Options;
use amp_rules_fixtures::{FixtureSource, cases, pack};
use expectation::Expectation;
use serde_json::Value;

use crate::corpus::shared_corpus;
use crate::support::{file_name, pack_folder, pack_rules};

/// Inputs that are not diagnosed as expected: name, the keys of the expectation that fail, reason.
const KNOWN_MISSES: &[(&str, &[&str], &str)] = &[];

/// The folders of the shared data that contain inputs.
const FOLDERS: [&str; 2] = ["reports", "verdicts"];

/// One diagnosis to check.
struct Check {
    /// The folder of rows.
    folder: PathBuf,
    /// The folder of the pack; `None` for the pack of the project.
    rules: Option<PathBuf>,
    expect: Expectation,
}

/// The folders with an `expect.json`, sorted by name.
fn inputs(data: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in FOLDERS.map(|name| data.join(name)) {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        found.extend(entries.map(|entry| entry.unwrap().path()).filter(|path| path.join("expect.json").is_file()));
    }
    found.sort_by_key(|path| file_name(path));
    found
}

/// The diagnoses that the `expect.json` of an input lists.
fn checks(input: &Path) -> Result<Vec<Check>, String> {
    let text = fs::read_to_string(input.join("expect.json")).map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let expectation = |of: &Value| Expectation::new(of.get("expect").ok_or("there is no `expect`")?);
    let Some(runs) = value.get("runs") else {
        return Ok(vec![Check { folder: input.to_owned(), rules: None, expect: expectation(&value)? }]);
    };
    let path = |run: &Value, key: &str| run.get(key).and_then(Value::as_str).map(|name| input.join(name));
    let check = |run: &Value| {
        let folder = path(run, "folder").ok_or("a run without a `folder`")?;
        Ok(Check { folder, rules: path(run, "rules"), expect: expectation(run)? })
    };
    runs.as_array().ok_or("`runs` is not a list")?.iter().map(check).collect()
}

fn diagnose(check: &Check, own: &RuleSet) -> Result<Diagnosis, String> {
    let other = match &check.rules {
        Some(folder) => {
            let files = pack::files(folder).map_err(|error| error.to_string())?;
            Some(compile(&files).map_err(|problems| problems.concise())?)
        }
        None => None,
    };
    let rules = other.as_ref().unwrap_or(own);
    let mut source = FixtureSource::open(&check.folder, &rules.schema).map_err(|error| error.to_string())?;
    let scope = match source.incident() {
        Some(incident) => incident.scope(),
        None => {
            let summary = source.summary(source.subject_keys());
            source.scope_of_rows(&summary, &BTreeMap::new()).map_err(|error| error.to_string())?.scope
        }
    };
    cases::diagnose(rules, &scope, &source).map_err(|errors| errors.to_string())
}

/// What of an input's expectation fails: the key of the expectation, and the difference as text.
fn failures(input: &Path, own: &RuleSet) -> Vec<(String, String)> {
    let broken = |what: String| vec![("input".to_owned(), what)];
    let checks = match checks(input) {
        Ok(checks) => checks,
        Err(what) => return broken(what),
    };
    let mut failures = Vec::new();
    for check in &checks {
        match diagnose(check, own) {
            Ok(diagnosis) => {
                let text = report::text(&diagnosis, None, &TextOptions::default()).to_string();
                failures.extend(check.expect.failures(&diagnosis, &text));
            }
            Err(what) => failures.extend(broken(what)),
        }
    }
    failures
}

/// What is wrong with an input: a failure that is not known, or a known miss that holds.
fn verdict(name: &str, failures: &[(String, String)], known: &[(&str, &[&str], &str)]) -> Option<String> {
    let failed: BTreeSet<&str> = failures.iter().map(|(key, _)| key.as_str()).collect();
    let texts: Vec<String> = failures.iter().map(|(key, what)| format!("{key}: {what}")).collect();
    match known.iter().find(|(of, ..)| *of == name) {
        None if failed.is_empty() => None,
        None => Some(format!("{name}\n    {}", texts.join("\n    "))),
        Some((_, keys, _)) if failed == keys.iter().copied().collect() => None,
        Some((_, keys, reason)) => {
            let list = if texts.is_empty() { "everything holds".to_owned() } else { texts.join("\n    ") };
            Some(format!("{name} is a known miss of {} ({reason}), and now:\n    {list}", keys.join(", ")))
        }
    }
}

#[test]
fn every_shared_input_is_diagnosed_as_expected() {
    let data = shared_corpus();
    let all = data.as_deref().map(inputs).unwrap_or_default();
    if all.is_empty() {
        eprintln!("SKIPPED: 0 inputs, no expect.json (set AMP_RULES_SHARED)");
        return;
    }
    let only = std::env::var("AMP_RULES_INPUT").unwrap_or_default();
    let selected = |name: &str| only.is_empty() || only.split(',').any(|start| name.starts_with(start));
    let rules = pack_rules();
    let (mut run, mut known) = (0, Vec::new());
    let mut wrong = Vec::new();
    for input in &all {
        let name = file_name(input);
        if !selected(&name) {
            continue;
        }
        run += 1;
        let failures = failures(input, &rules);
        if !failures.is_empty() {
            known.extend(KNOWN_MISSES.iter().filter(|(of, ..)| *of == name).map(|(of, _, why)| format!("{of}: {why}")));
        }
        wrong.extend(verdict(&name, &failures, KNOWN_MISSES));
    }
    eprintln!("{run} inputs, {} known misses, {} wrong", known.len(), wrong.len());
    known.iter().for_each(|miss| eprintln!("KNOWN MISS: {miss}"));
    assert!(wrong.is_empty(), "{} of {run} inputs:\n{}", wrong.len(), wrong.join("\n"));
    if only.is_empty() {
        for (name, ..) in KNOWN_MISSES {
            assert!(all.iter().any(|input| file_name(input) == *name), "the known miss {name} has no input");
        }
    }
}

/// An incident of the pack that needs no shared data, diagnosed.
fn example() -> (Diagnosis, String) {
    let folder = pack_folder().join("incidents/falcon-phx");
    let rules = pack_rules();
    let check =
        Check { folder, rules: None, expect: Expectation::new(&Value::Object(serde_json::Map::new())).unwrap() };
    let diagnosis = diagnose(&check, &rules).unwrap();
    let text = report::text(&diagnosis, None, &TextOptions::default()).to_string();
    (diagnosis, text)
}

#[test]
fn each_key_of_an_expectation_can_hold_and_can_fail() {
    let (diagnosis, text) = example();
    for (key, right, wrong) in [
        ("roots", r#"["amcs-config-missing"]"#, r#"["amcs-config-missing", "data-loss"]"#),
        ("first_root", r#"["mdsd-down", "amcs-config-missing"]"#, r#"["mdsd-down"]"#),
        ("true", r#"["data-loss", "pipeline-down"]"#, r#"["data-loss", "mdsd-down"]"#),
        ("true_any", r#"["data-loss", "mdsd-down"]"#, r#"["mdsd-down"]"#),
        ("not_true", r#"["mdsd-down"]"#, r#"["mdsd-down", "data-loss"]"#),
        ("not_root", r#"["data-loss"]"#, r#"["amcs-config-missing"]"#),
        ("grade", r#""confirmed""#, r#""open""#),
        ("chain", r#"["token-config-missing", "data-loss"]"#, r#"["data-loss", "token-config-missing"]"#),
        ("status", r#"["diagnosed"]"#, r#"["healthy"]"#),
        ("status_not", r#"["healthy"]"#, r#"["diagnosed"]"#),
        ("named", r#"["CONFIGURATION"]"#, r#"["configuration", "broken pipe"]"#),
        ("onset_earliest", "null", r#""2025-07-22T00:00:00Z""#),
    ] {
        let failures = |value: &str| {
            let expect: Value = serde_json::from_str(&format!("{{\"{key}\": {value}}}")).unwrap();
            let failures = Expectation::new(&expect).unwrap().failures(&diagnosis, &text);
            failures.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
        };
        assert_eq!(failures(right), Vec::<String>::new(), "{key}: {right}");
        assert_eq!(failures(wrong), [key], "{key}: {wrong}");
    }
    let past = r#"{"history_root": "amcs-config-missing"}"#;
    let expect = Expectation::new(&serde_json::from_str(past).unwrap()).unwrap();
    assert_eq!(expect.failures(&diagnosis, &text).len(), 1, "nothing is over");
}

#[test]
fn an_unknown_key_of_an_expectation_is_an_error() {
    for text in [r#"{"rootz": []}"#, r#"{"roots": "amcs-config-missing"}"#, r#"{"status": ["well"]}"#, "[]"] {
        assert!(Expectation::new(&serde_json::from_str(text).unwrap()).is_err(), "{text}");
    }
}

#[test]
fn a_known_miss_that_holds_is_reported() {
    const KNOWN: &[(&str, &[&str], &str)] = &[("a", &["grade"], "because")];
    let failed = |key: &str| vec![(key.to_owned(), "differs".to_owned())];
    assert_eq!(verdict("a", &failed("grade"), KNOWN), None);
    assert_eq!(verdict("b", &[], KNOWN), None);
    assert!(verdict("a", &[], KNOWN).is_some_and(|what| what.contains("everything holds")));
    assert!(verdict("a", &failed("roots"), KNOWN).is_some(), "another failure is not the known one");
    assert!(verdict("b", &failed("grade"), KNOWN).is_some());
}

/// The cases of a small pack: middles that are known, unknown or may be noise, an hour without rows, and a number over the
/// whole window.
#[test]
fn knowing_more_never_explains_less() {
    let files = pack::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/mill")).unwrap();
    let rules = compile(&files).unwrap_or_else(|problems| panic!("{}", problems.concise()));
    let results = cases::run(&rules, &files, &[], &Options::default());
    let failed = results.cases.iter().filter(|case| case.is_failure());
    let failed: Vec<String> = failed.map(|case| format!("{}: {:?}", case.id.name, case.outcome)).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(results.passed(), 6);
}
