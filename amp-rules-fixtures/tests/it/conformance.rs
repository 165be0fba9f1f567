//! The conformance suite of backends over folders: each dataset is written to disk in every supported file format.
//!
//! Datasets that a format cannot represent are skipped and counted. The numbers of passed and skipped cases are fixed, so
//! that no case is lost unnoticed.
use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use amp_rules_core::TelemetrySource;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::{ColumnType, Table};
use amp_rules_core::telemetry::source::conformance::{Dataset, Report, run};
use amp_rules_core::telemetry::source::{Answer, Capabilities, SourceError};
use amp_rules_fixtures::FixtureSource;
use amp_rules_fixtures::declared::{Declarations, Declared, State};
use async_trait::async_trait;
use serde_json::{Value, json};

use crate::support::gzip;

/// A source with the temporary folder that it reads.
struct OnDisk {
    source: FixtureSource,
    _folder: tempfile::TempDir,
}

impl fmt::Debug for OnDisk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(out)
    }
}

#[async_trait]
impl TelemetrySource for OnDisk {
    fn capabilities(&self) -> Capabilities {
        self.source.capabilities()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        self.source.fetch(requests).await
    }
}

fn declarations(dataset: &Dataset) -> Declarations {
    let mut tables: BTreeMap<String, Declared> = BTreeMap::new();
    for (table, kind) in &dataset.missing {
        tables.entry(table.clone()).or_default().state = State::Missing(*kind);
    }
    for (table, reason) in &dataset.partial {
        tables.entry(table.clone()).or_default().state = State::Partial(*reason, None);
    }
    for (table, metric, kind) in &dataset.missing_metrics {
        tables.entry(table.clone()).or_default().missing_metrics.insert(metric.clone(), *kind);
    }
    for (table, component, kind) in &dataset.missing_components {
        tables.entry(table.clone()).or_default().missing_components.insert(component.clone(), *kind);
    }
    Declarations { tables, inventory_partial: dataset.inventory_partial }
}

/// Returns the file extension and the content, or why the format cannot represent the rows.
type Format<'a> = dyn Fn(&Table, &[Value]) -> Result<(&'static str, Vec<u8>), String> + 'a;

fn on_disk(dataset: &Dataset, format: &Format<'_>) -> Result<Box<dyn TelemetrySource>, String> {
    let folder = tempfile::tempdir().unwrap();
    for (table, rows) in &dataset.tables {
        let (end, bytes) = format(table, rows)?;
        fs::write(folder.path().join(format!("{}{end}", table.name)), bytes).unwrap();
    }
    let tables: Vec<_> = dataset.tables.iter().map(|(table, _)| table.clone()).collect();
    let mut declarations = declarations(dataset);
    for table in &tables {
        // Without a declaration, an empty file does not show that the table has no rows.
        declarations.tables.entry(table.name.clone()).or_default();
    }
    let source = FixtureSource::of_tables(folder.path(), &tables, declarations).unwrap();
    Ok(Box::new(OnDisk { source, _folder: folder }))
}

fn ndjson(rows: &[Value]) -> Vec<u8> {
    rows.iter().flat_map(|row| format!("{row}\n").into_bytes()).collect()
}

fn columns(rows: &[Value]) -> Vec<String> {
    let all: std::collections::BTreeSet<&String> =
        rows.iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys).collect();
    all.into_iter().cloned().collect()
}

/// Compares the number of cases. The message has the reasons of skipped cases.
#[track_caller]
fn check(report: &Report, passed: usize, skipped: usize) {
    assert_eq!(report.failed, [], "{report}");
    assert_eq!((report.passed.len(), report.skipped.len()), (passed, skipped), "{report}");
}

const CASES: usize = 111;

#[test]
fn ndjson_passes_every_case() {
    check(
        &futures::executor::block_on(run(|dataset| on_disk(dataset, &|_, rows| Ok((".ndjson", ndjson(rows)))))),
        CASES,
        0,
    );
}

#[test]
fn gzip_passes_every_case() {
    let format = |_: &Table, rows: &[Value]| Ok((".ndjson.gz", gzip(&ndjson(rows))));
    check(&futures::executor::block_on(run(|dataset| on_disk(dataset, &format))), CASES, 0);
}

#[test]
fn zstd_passes_every_case() {
    let format = |_: &Table, rows: &[Value]| Ok((".ndjson.zst", zstd::encode_all(ndjson(rows).as_slice(), 1).unwrap()));
    check(&futures::executor::block_on(run(|dataset| on_disk(dataset, &format))), CASES, 0);
}

#[test]
fn saved_responses_pass_every_case() {
    let format = |table: &Table, rows: &[Value]| {
        let names = columns(rows);
        let cell = |row: &Value, name: &String| match row.get(name) {
            // The service returns dynamic columns as text.
            Some(cell @ (Value::Object(_) | Value::Array(_)))
                if table.columns.get(name) == Some(&ColumnType::Dynamic) =>
            {
                json!(cell.to_string())
            }
            cell => cell.cloned().unwrap_or_default(),
        };
        let cells: Vec<Vec<Value>> =
            rows.iter().map(|row| names.iter().map(|name| cell(row, name)).collect()).collect();
        let columns: Vec<Value> = names.iter().map(|name| json!({ "name": name, "type": "string" })).collect();
        let answer = json!({ "tables": [{ "name": "PrimaryResult", "columns": columns, "rows": cells }] });
        Ok((".response.json", answer.to_string().into_bytes()))
    };
    check(&futures::executor::block_on(run(|dataset| on_disk(dataset, &format))), CASES, 0);
}

#[test]
fn csv_passes_every_case() {
    let format = |table: &Table, rows: &[Value]| {
        let names = columns(rows);
        let mut writer = csv::Writer::from_writer(Vec::new());
        if !rows.is_empty() {
            writer.write_record(&names).unwrap();
        }
        for row in rows {
            let mut record = Vec::new();
            for name in &names {
                record.push(match row.get(name) {
                    Some(Value::String(text)) => text.clone(),
                    None | Some(Value::Null) if table.columns.get(name) == Some(&ColumnType::String) => {
                        return Err(format!("CSV cannot represent a missing text, such as `{name}`"));
                    }
                    None | Some(Value::Null) => String::new(),
                    Some(cell) => cell.to_string(),
                });
            }
            writer.write_record(&record).unwrap();
        }
        Ok((".csv", writer.into_inner().unwrap()))
    };
    check(&futures::executor::block_on(run(|dataset| on_disk(dataset, &format))), CASES, 0);
}
