//! Runs the built binary in `tests/data`: `cases/<fact>/cmd` has the arguments, one per line; `out`, `err` and `exit` have
//! the expected output and exit code. `UPDATE=1` rewrites the expectations; review the diff.
#![expect(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{below, program, run};

#[test]
fn every_case_has_the_expected_output_and_exit_code() {
    let mut wrong = Vec::new();
    let mut cases: Vec<PathBuf> =
        fs::read_dir(below("tests/cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
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
fn a_record_has_the_same_diagnosis_and_is_never_overwritten() {
    let work = tempfile::tempdir().unwrap();
    let out = work.path().join("recorded").display().to_string();
    let record =
        ["record", "--rules", "kettle", "--fixture", "incidents/dry", "--out", &out, "--names", "--format", "json"];
    let (output, printed, err) = run(&record);
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""));
    let recording: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(recording["same_diagnosis"], true);
    let diagnose = |folder: &str| run(&["diagnose", "--rules", "kettle", "--fixture", folder]).0.status.code();
    assert_eq!(diagnose(&out), diagnose("incidents/dry"));
    let (output, printed, err) = run(&record);
    assert_eq!((output.status.code(), printed.as_str()), (Some(2), ""));
    assert!(err.contains("already exists"), "{err}");
}

#[test]
fn a_table_that_is_a_path_writes_nothing() {
    let work = tempfile::tempdir().unwrap();
    let pack = fs::read_to_string(below("tests/data/kettle/pack.yaml")).unwrap();
    fs::create_dir(work.path().join("pack")).unwrap();
    fs::write(work.path().join("pack/pack.yaml"), pack.replace("journal:", "../../evil:")).unwrap();
    fs::create_dir(work.path().join("rows")).unwrap();
    for name in ["evil.ndjson", "rows/journal.ndjson"] {
        fs::copy(below("tests/data/incidents/dry/journal.ndjson"), work.path().join(name)).unwrap();
    }
    let of = |name: &str| work.path().join(name).display().to_string();
    let (rules, rows, out) = (of("pack"), of("rows"), of("a/b/out"));
    let record = ["record", "--rules", &rules, "--fixture", &rows, "--out", &out, "--cluster", "c"];
    let (output, _, err) = run(&[&record[..], &["--now", "2025-08-05T12:00:00Z"]].concat());
    assert_eq!(output.status.code(), Some(3), "{err}");
    assert!(err.contains("error[AMP017]: `../../evil` is a path, not a name"), "{err}");
    assert!(!work.path().join("a").exists());
}

#[cfg(unix)]
#[test]
fn a_record_follows_no_link() {
    use std::os::unix::fs::symlink;

    let work = tempfile::tempdir().unwrap();
    let (outside, link) = (work.path().join("outside"), work.path().join("link"));
    fs::create_dir(&outside).unwrap();
    symlink(&outside, &link).unwrap();
    symlink(work.path().join("missing"), work.path().join("dangling")).unwrap();
    for name in ["link", "link/", "link/.", "dangling", "dangling/"] {
        let out = format!("{}/{name}", work.path().display());
        let (output, _, err) = run(&["record", "--rules", "kettle", "--fixture", "incidents/dry", "--out", &out]);
        assert_eq!(output.status.code(), Some(2), "{name}: {err}");
        assert!(err.contains("cannot write") && err.contains("it is a link"), "{name}: {err}");
        assert!(link.is_symlink() && work.path().join("dangling").is_symlink(), "a link of the user stays");
        assert!(fs::read_dir(&outside).unwrap().next().is_none() && !work.path().join("missing").exists(), "{name}");
    }
}

#[test]
fn a_closed_stdout_is_not_a_failure() {
    let mut child = program(&["schema", "pattern"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn output_is_coloured_on_request_only() {
    let diagnose = ["diagnose", "--rules", "kettle", "--fixture", "incidents/dry"];
    let plain = run(&diagnose).1;
    assert!(!plain.contains('\u{1b}'), "a pipe is not a terminal");
    let coloured = run(&[&diagnose[..], &["--color", "always"]].concat()).1;
    assert!(coloured.contains("\u{1b}[1;31mROOT CAUSE\u{1b}[0m"), "{coloured}");
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
fn output_is_written_to_the_given_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("out.json");
    let to = format!("json={}", file.display());
    let (_, out, _) = run(&["check", "broken", "--output", &to, "--output", "concise"]);
    assert!(out.starts_with("broken/water-missing/pattern.yaml:17:16: AMP104 "), "{out}");
    let list: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(list[0]["code"], "AMP104");
}

#[test]
fn every_schema_is_a_json_schema() {
    for kind in ["pattern", "pack", "cases", "incident", "scenario", "indicators", "workflow", "report"] {
        let (output, out, _) = run(&["schema", kind]);
        let schema: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(output.status.code(), Some(0), "{kind}");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{kind}");
        assert_eq!(schema["type"], "object", "{kind}");
    }
}

#[test]
fn every_pattern_of_the_built_in_pack_is_explained() {
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
fn a_plan_lists_every_symptom() {
    let (output, out, _) = run(&["plan", "--rules", "kettle", "--now", "2025-08-05T12:00:00Z", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let plan: Value = serde_json::from_str(&out).unwrap();
    let purposes: Vec<&str> = plan["requests"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["needed_for"].as_array().unwrap())
        .filter_map(Value::as_str)
        .collect();
    for purpose in ["water-missing.dry", "water-missing.again"] {
        assert!(purposes.contains(&purpose), "{purpose} in {purposes:?}");
    }
}

/// The queries of a plan with the built-in rules.
fn queries(more: &[&str]) -> Vec<Value> {
    let scope = ["plan", "--kql", "--cluster", "/c'1\"\\", "--now", "2025-08-05T12:00:00Z", "--format", "json"];
    let (output, out, err) = run(&[&scope, more].concat());
    assert_eq!(output.status.code(), Some(0), "{err}");
    serde_json::from_str::<Value>(&out).unwrap().get("queries").unwrap().as_array().unwrap().clone()
}

#[test]
fn a_plan_in_kql_queries_each_table_once() {
    let tables: Vec<(Value, Value)> =
        queries(&[]).into_iter().map(|one| (one["table"].clone(), one["service"].clone())).collect();
    let of =
        |table: &str| tables.iter().filter(|(name, _)| name == table).map(|(_, service)| service).collect::<Vec<_>>();
    assert_eq!((of("traces"), of("customMetrics")), (vec![&json!("app-insights")], vec![&json!("app-insights")]));
    assert!(tables.len() <= 4, "{tables:?}");
}

#[test]
fn a_plan_in_kql_uses_the_names_of_the_service() {
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
