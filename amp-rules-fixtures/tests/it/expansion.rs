//! Expansion of scenarios into rows.
//!
//! Each `testdata/expansion/<fact>.yaml` is a scenario; `<fact>.out` holds its rows, the middle of long tables left out.
//! `UPDATE=1` rewrites the expected rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_core::TelemetrySource;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::rules::syntax::{GivenText, read_scenario};
use amp_rules_core::telemetry::predicate::Aggregate;
use amp_rules_core::telemetry::source::AnswerData;
use amp_rules_fixtures::FixtureSource;
use amp_rules_fixtures::declared::Declarations;
use amp_rules_fixtures::scenario::{
    Rows, Scenario, ScenarioContext, ScenarioError, WrittenFile, backgrounds, rows, source, write_folder,
};

use crate::support::{MINUTE, differs, inventory, lines, schema, series};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/expansion")
}

fn calm() -> BTreeMap<String, GivenText> {
    let text = fs::read_to_string(root().join("backgrounds/calm.scenario.yaml")).unwrap();
    backgrounds(&[RuleFile::new("calm.scenario.yaml", text)]).unwrap()
}

#[track_caller]
fn scenario(text: &str) -> Result<Scenario, ScenarioError> {
    let (read, problems) = read_scenario(&RuleFile::new("scenario.yaml", text));
    let read = read.unwrap_or_else(|| panic!("{}", problems.concise()));
    ScenarioContext { schema: &schema(), backgrounds: &calm() }.scenario(&read.given)
}

fn write(text: &str, folder: &Path) -> Vec<WrittenFile> {
    write_folder(folder, &rows(&scenario(text).unwrap(), &schema()).unwrap()).unwrap()
}

fn describe(rows: &Rows) -> String {
    let mut out = String::new();
    for (table, rows) in rows {
        let _ = writeln!(out, "{table}: {} rows", rows.len());
        for (index, row) in rows.iter().enumerate() {
            if rows.len() <= 14 || index < 7 || index + 7 >= rows.len() {
                let _ = writeln!(out, "  {}", serde_json::to_string(row).unwrap());
            } else if index == 7 {
                out.push_str("  …\n");
            }
        }
    }
    out
}

#[test]
fn scenarios_expand_to_the_expected_rows() {
    let mut files: Vec<PathBuf> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() >= 15, "only {} scenarios", files.len());
    let mut wrong = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let actual = match scenario(&text).and_then(|scenario| rows(&scenario, &schema())) {
            Ok(rows) => describe(&rows),
            Err(error) => format!("{error}\n"),
        };
        wrong.extend(differs(&file.with_extension("out"), &actual));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const SMALL: &str = "format: amp-rules-scenario/v1
given:
  now: 2025-01-01T01:00:00Z
  window: 1h
  subject: { cluster: /subscriptions/X }
  entities: { rs: { controllertype: ReplicaSet, podname: 'rs-1..3' } }
  logs:
    traces:
      - { from: -30m, to: 0m, every: 1m, entity: rs/1..2, component: agent, line: boom }
  metrics:
    - { name: memory, entity: rs, every: 5m, to: 0m, values: '1+1x3' }
";

#[test]
fn a_scenario_in_memory_and_on_disk_answers_alike() {
    let schema = schema();
    let folder = tempfile::tempdir().unwrap();
    let written = write(SMALL, folder.path());
    assert_eq!(
        written.iter().map(|file| (file.name.as_str(), file.rows)).collect::<Vec<_>>(),
        [("customMetrics.ndjson", 72), ("traces.ndjson", 60)]
    );
    let tables: Vec<_> = schema.tables.values().cloned().collect();
    let disk = FixtureSource::of_tables(folder.path(), &tables, Declarations::default()).unwrap();
    let scenario = scenario(SMALL).unwrap();
    let memory = source(&scenario, &schema).unwrap();
    let requests = [
        lines(&schema, "boom", Some("agent"), scenario.span()),
        lines(&schema, "boom", Some("other"), scenario.span()),
        inventory(&schema, "customMetrics", Some("cpu"), scenario.span()),
        series(&schema, "memory", Aggregate::Max, MINUTE * 5, scenario.span()),
    ];
    let (disk, memory) =
        (futures::executor::block_on(disk.fetch(&requests)), futures::executor::block_on(memory.fetch(&requests)));
    for (disk, memory) in disk.iter().zip(&memory) {
        assert_eq!(disk.as_ref().unwrap(), memory.as_ref().unwrap());
    }
    let AnswerData::Counts(counts) = &memory[0].as_ref().unwrap().data else { panic!("no counts") };
    assert_eq!(counts.cells.iter().map(|cell| cell.count).sum::<u64>(), 60);
}

#[test]
fn a_scenario_expands_to_the_same_bytes_every_time() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&one, &other] {
        write(SMALL, folder.path());
    }
    for name in ["traces.ndjson", "customMetrics.ndjson"] {
        assert_eq!(fs::read(one.path().join(name)).unwrap(), fs::read(other.path().join(name)).unwrap(), "{name}");
    }
}

#[test]
fn a_large_folder_is_compressed_and_its_plain_file_removed() {
    let folder = tempfile::tempdir().unwrap();
    write(SMALL, folder.path());
    let large = SMALL.replace("every: 1m", "every: 100ms").replace("rs/1..2", "rs/1");
    let written = write(&large, folder.path());
    assert_eq!(
        written.iter().map(|file| file.name.as_str()).collect::<Vec<_>>(),
        ["customMetrics.ndjson", "traces.ndjson.gz"]
    );
    assert!(!folder.path().join("traces.ndjson").exists());
    assert!(written.iter().map(|file| file.bytes).sum::<usize>() < 1_000_000);
}
