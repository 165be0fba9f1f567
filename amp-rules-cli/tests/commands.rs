//! Drives the built binary: `cases/<fact>/cmd` holds the arguments, one per line, `out` and `err` what must be written,
//! `exit` the code. Run in `tests/data`. `UPDATE=1` writes the expectations anew; a person reads the difference.
#![expect(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amp-rules"));
    command.args(arguments).current_dir(tests().join("data")).stdin(Stdio::null());
    command.env_remove("GITHUB_ACTIONS").env_remove("NO_COLOR").env("COLUMNS", "100");
    command
}

fn run(arguments: &[&str]) -> (Output, String, String) {
    let output = program(arguments).output().unwrap();
    let out = String::from_utf8(output.stdout.clone()).unwrap();
    let err = String::from_utf8(output.stderr.clone()).unwrap();
    (output, out, err)
}

#[test]
fn every_case_ends_and_says_as_expected() {
    let mut wrong = Vec::new();
    let mut cases: Vec<PathBuf> =
        fs::read_dir(tests().join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 30, "only {} cases", cases.len());
    for case in cases {
        let cmd = fs::read_to_string(case.join("cmd")).unwrap();
        let arguments: Vec<&str> = cmd.lines().collect();
        let (output, out, err) = run(&arguments);
        let exit = format!("{}\n", output.status.code().unwrap());
        for (name, got) in [("exit", &exit), ("out", &out), ("err", &err)] {
            let path = case.join(name);
            if std::env::var_os("UPDATE").is_some() {
                if got.is_empty() { drop(fs::remove_file(&path)) } else { fs::write(&path, got).unwrap() }
            }
            let want = fs::read_to_string(&path).unwrap_or_default();
            if *got != want {
                wrong.push(format!("{}: expected\n{want}\ngot\n{got}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_record_is_diagnosed_the_same_and_is_never_written_over() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("recorded").display().to_string();
    let record =
        ["record", "--rules", "kettle", "--fixture", "incidents/dry", "--out", &out, "--names", "--format", "json"];
    let (output, told, err) = run(&record);
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told["same_diagnosis"], true);
    let diagnose = |folder: &str| run(&["diagnose", "--rules", "kettle", "--fixture", folder]).0.status.code();
    assert_eq!(diagnose(&out), diagnose("incidents/dry"));
    let (output, told, err) = run(&record);
    assert_eq!((output.status.code(), told.as_str()), (Some(2), ""));
    assert!(err.contains("already exists"), "{err}");
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = program(&["schema", "pattern"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn colours_come_only_where_they_are_asked_for() {
    let diagnose = ["diagnose", "--rules", "kettle", "--fixture", "incidents/dry"];
    let plain = run(&diagnose).1;
    assert!(!plain.contains('\u{1b}'), "a pipe is no terminal");
    let coloured = run(&[&diagnose[..], &["--color", "always"]].concat()).1;
    assert!(coloured.contains("\u{1b}[1;31mDIAGNOSED\u{1b}[0m"), "{coloured}");
    let never = program(&[&diagnose[..], &["--color", "never"]].concat()).output().unwrap();
    assert_eq!(String::from_utf8(never.stdout).unwrap(), plain);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let arguments = ["diagnose", "--rules", "kettle", "--fixture", "incidents/dry", "--format", "json"];
    assert_eq!(run(&arguments).1, run(&arguments).1);
}

#[test]
fn sarif_names_rule_place_and_message() {
    let (output, out, _) = run(&["check", "broken", "--output", "sarif"]);
    assert_eq!(output.status.code(), Some(3));
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let result = &log["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&Value::from("AMP104"), &Value::from("error")));
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "broken/water-missing/pattern.yaml");
    assert_eq!(place["region"]["startLine"], 17);
}

#[test]
fn outputs_go_to_the_files_that_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.json");
    let to = format!("json={}", file.display());
    let (_, out, _) = run(&["check", "broken", "--output", &to, "--output", "concise"]);
    assert!(out.starts_with("broken/water-missing/pattern.yaml:17:16: AMP104 "), "{out}");
    let list: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(list[0]["code"], "AMP104");
}

#[test]
fn every_schema_is_one() {
    for kind in ["pattern", "pack", "cases", "incident", "scenario", "indicators", "workflow", "report"] {
        let (output, out, _) = run(&["schema", kind]);
        let schema: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(output.status.code(), Some(0), "{kind}");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{kind}");
        assert_eq!(schema["type"], "object", "{kind}");
    }
}

#[test]
fn the_built_in_pack_loads_and_explains_itself() {
    let (output, out, err) = run(&["list", "--format", "json"]);
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""));
    let list: Value = serde_json::from_str(&out).unwrap();
    for pattern in list["patterns"].as_array().unwrap() {
        let id = pattern["id"].as_str().unwrap();
        let (output, out, err) = run(&["explain", id]);
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{id}");
        assert!(out.starts_with(id), "{id}: {out}");
    }
}

#[test]
fn a_plan_reads_no_rows_and_names_every_need() {
    let (output, out, _) = run(&["plan", "--rules", "kettle", "--now", "2025-08-05T12:00:00Z", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let plan: Value = serde_json::from_str(&out).unwrap();
    let needs: Vec<&str> = plan["requests"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["needed_for"].as_array().unwrap())
        .filter_map(Value::as_str)
        .collect();
    for need in ["water-missing.dry", "water-missing.again"] {
        assert!(needs.contains(&need), "{need} in {needs:?}");
    }
}

/// The queries of a plan by the built-in rules.
fn queries(more: &[&str]) -> Vec<Value> {
    let scope = ["plan", "--kql", "--cluster", "/c'1\"\\", "--now", "2025-08-05T12:00:00Z", "--format", "json"];
    let (output, out, err) = run(&[&scope, more].concat());
    assert_eq!(output.status.code(), Some(0), "{err}");
    serde_json::from_str::<Value>(&out).unwrap().get("queries").unwrap().as_array().unwrap().clone()
}

#[test]
fn a_plan_in_kql_asks_each_table_once_of_its_service() {
    let told: Vec<(Value, Value)> =
        queries(&[]).into_iter().map(|one| (one["table"].clone(), one["service"].clone())).collect();
    let of =
        |table: &str| told.iter().filter(|(name, _)| name == table).map(|(_, service)| service).collect::<Vec<_>>();
    assert_eq!((of("traces"), of("customMetrics")), (vec![&json!("app-insights")], vec![&json!("app-insights")]));
    assert!(told.len() <= 4, "{told:?}");
}

#[test]
fn a_plan_in_kql_speaks_the_names_of_the_service_that_is_asked() {
    let texts: Vec<String> = queries(&["--service", "log-analytics"])
        .iter()
        .filter(|one| one["service"] == "log-analytics")
        .map(|one| one["kql"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(texts.len(), 2);
    for (text, table) in texts.iter().zip(["AppMetrics", "AppTraces"]) {
        assert!(
            texts.iter().any(|text| text.contains(&format!("['{table}']\n| where ['TimeGenerated'] >="))),
            "{text}"
        );
        assert!(text.contains("| project-rename ['cloud_RoleInstance'] = ['AppRoleInstance']"));
        assert!(text.contains(r#"let _subject0 = "/c'1\"\\";"#), "{text}");
    }
}
