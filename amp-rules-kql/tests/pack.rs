//! Runs every query of the pack, and the memory bank's, on a few rows of the pack's tables.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

#[path = "support/case.rs"]
#[expect(dead_code, reason = "each test uses a part of it")]
mod case;

use std::fs;
use std::io::Write as _;

use amp_rules_core::RuleSet;
use amp_rules_core::rules::compile::compile;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_kql::bind::Catalog;
use amp_rules_kql::run::{Settings, Tables};
use amp_rules_kql::value::{Table, Type, Value, convert, json};
use case::Answer;
use serde_json::json;

fn rules() -> RuleSet {
    let files: Vec<RuleFile> =
        amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect();
    compile(&files).expect("the pack compiles")
}

fn instant(text: &str) -> Value {
    convert::to(Type::DateTime, &Value::text(text))
}

fn catalog(rules: &RuleSet) -> Catalog {
    let catalog = Catalog::from(&rules.schema);
    [("cluster", Type::String), ("from", Type::DateTime), ("to", Type::DateTime)]
        .into_iter()
        .fold(catalog, |catalog, (name, kind)| catalog.with_parameter(name, kind))
}

fn settings() -> Settings {
    let parameters = [
        ("cluster", Value::text("/CLUSTER")),
        ("from", instant("2026-01-01T00:00:00Z")),
        ("to", instant("2026-01-02T00:00:00Z")),
    ];
    let Value::DateTime(now) = instant("2026-01-01T12:00:00Z") else { panic!("a date reads as one") };
    Settings {
        now,
        parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Settings::default()
    }
}

fn table(catalog: &Catalog, name: &str, rows: &[serde_json::Value]) -> Table {
    let columns = catalog.table(name).expect("the pack has the table").to_vec();
    let rows = rows.iter().map(|row| {
        let cell = |name: &str, kind| convert::to(kind, &row.get(name).map_or(Value::Null, json::from_json));
        columns.iter().map(|column| cell(&column.name, column.kind)).collect()
    });
    Table { rows: rows.collect(), columns }
}

/// A sample of a metric of a ReplicaSet pod.
fn sample(minute: u32, name: &str, value: f64, more: &serde_json::Value) -> serde_json::Value {
    let mut dimensions = json!({ "cluster": "/cluster", "controllertype": "ReplicaSet" });
    for (name, value) in more.as_object().into_iter().flatten() {
        dimensions.as_object_mut().expect("it is an object").insert(name.clone(), value.clone());
    }
    json!({ "timestamp": format!("2026-01-01T00:{minute:02}:00Z"), "name": name, "value": value, "customDimensions": dimensions })
}

fn source(catalog: &Catalog) -> Tables {
    let pod = |name: &str| json!({ "podname": name });
    let samples = [
        sample(1, "otelcollector_cpu_usage_095", 1.0, &pod("p1")),
        sample(2, "metricsextension_cpu_usage_095", 1.0, &pod("p2")),
        sample(7, "otelcollector_cpu_usage_095", 1.0, &pod("p1")),
        sample(1, "otelcollector_cpu_usage_095", 1.0, &json!({ "podname": "p3", "cluster": "/other" })),
        sample(1, "meMetricsReceivedCount", 100.0, &pod("p1")),
        sample(2, "meMetricsReceivedCount", 300.0, &pod("p1")),
        sample(2, "meMetricsReceivedCount", 50.0, &pod("p2")),
        sample(
            1,
            "target_allocator_opentelemetry_allocator_targets_per_collector",
            10.0,
            &json!({ "collector_name": "p1" }),
        ),
        sample(
            2,
            "target_allocator_opentelemetry_allocator_targets_per_collector",
            20.0,
            &json!({ "collector_name": "p1" }),
        ),
        sample(1, "otelcollector_memory_rss_095", 2e9, &pod("p1")),
        sample(2, "otelcollector_memory_rss_095", 3e9, &pod("p1")),
        sample(2, "metricsextension_memory_rss_095", 1e9, &pod("p1")),
        sample(1, "target_allocator_opentelemetry_allocator_targets", 30.0, &json!({ "job_name": "serviceMonitor/a" })),
        sample(6, "target_allocator_opentelemetry_allocator_targets", 10.0, &json!({ "job_name": "serviceMonitor/a" })),
        sample(6, "target_allocator_opentelemetry_allocator_targets", 30.0, &json!({ "job_name": "podMonitor/b" })),
    ];
    let lines = [json!({
        "timestamp": "2026-01-01T00:05:00Z",
        "message": "fine\nan error here\nE! and another",
        "customDimensions": {
            "cluster": "/cluster", "controllertype": "DaemonSet", "osType": "linux", "podname": "d1",
            "tag": "prometheus.log.prometheuscollectorcontainer",
        },
    })];
    Tables::new()
        .with("customMetrics", table(catalog, "customMetrics", &samples))
        .with("traces", table(catalog, "traces", &lines))
        .with("node_events", Table { columns: Vec::new(), rows: Vec::new() })
        .with("pod_events", Table { columns: Vec::new(), rows: Vec::new() })
}

fn answer(name: &str) -> Vec<Vec<serde_json::Value>> {
    let rules = rules();
    let catalog = catalog(&rules);
    let query = rules.queries.iter().find(|query| query.name == name).expect("the pack has the query");
    match case::answer(&query.text, &catalog, &source(&catalog), &settings()) {
        Answer::Rows(table) => case::cells(&table),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn every_query_of_the_pack_runs() {
    let rules = rules();
    let catalog = catalog(&rules);
    let source = source(&catalog);
    assert!(rules.queries.len() >= 20);
    for query in &rules.queries {
        let answer = case::answer(&query.text, &catalog, &source, &settings());
        assert!(matches!(answer, Answer::Rows(_)), "{}: {answer:?}", query.name);
    }
}

#[test]
fn every_query_in_the_manner_of_dashboards_runs() {
    let catalog = catalog(&rules());
    let source = source(&catalog);
    let queries = case::dashboards();
    assert!(queries.len() >= 40);
    for (name, text) in queries {
        let answer = case::answer(&text, &catalog, &source, &settings());
        assert!(matches!(answer, Answer::Rows(_)), "{name}: {answer:?}");
    }
}

#[test]
fn replicas_are_counted_per_five_minutes() {
    assert_eq!(answer("replica-count"), [[json!(2)]]);
}

#[test]
fn the_greatest_load_of_each_pod_comes_first() {
    assert_eq!(answer("metrics-per-pod"), [[json!("p1"), json!(300.0)], [json!("p2"), json!(50.0)]]);
}

#[test]
fn memory_load_and_targets_of_a_pod_stand_side_by_side() {
    let want = json!([["p1", 4.0, 300.0, 15.0, 20.0, 13333.33], ["p2", null, 50.0, null, 0.0, null]]);
    assert_eq!(json!(answer("pod-correlation")), want);
}

#[test]
fn the_newest_value_of_a_job_is_its_share() {
    let want = json!([["PodMonitor", 30.0, 1, 75.0], ["ServiceMonitor", 10.0, 1, 25.0]]);
    assert_eq!(json!(answer("custom-target-share")), want);
}

#[test]
fn a_batch_of_lines_is_split() {
    let line = |text: &str| json!(["2026-01-01T00:05:00Z", "DaemonSet", "linux", "d1", text]);
    assert_eq!(json!(answer("collector-errors")), json!([line("an error here"), line("E! and another")]));
}

/// What of the memory bank is no query of the pack's tables, and why.
const NO_QUERIES: &[(&str, &str)] = &[
    ("q04", "it is a comment"),
    ("q05", "its table is another cluster's"),
    ("q06", "its table is another cluster's"),
    ("q18", "`toscalar(summarize …)` has no table; Kusto refuses it as well"),
    ("q20", "a quotation mark behind two backslashes ends its text; Kusto refuses it as well"),
];

#[test]
fn every_query_of_the_memory_bank_runs() {
    let Ok(folder) = fs::read_dir(case::shared("data/kql/memory-bank")) else {
        let _ = writeln!(std::io::stderr(), "skipped: 1 test, no memory bank beside the project");
        return;
    };
    let catalog = catalog(&rules());
    let source = source(&catalog);
    let mut paths: Vec<_> = folder.map(|entry| entry.expect("a query can be found").path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).expect("a query can be read");
        let answer = case::answer(&text, &catalog, &source, &settings());
        let known = NO_QUERIES.iter().any(|(id, _)| name.starts_with(id));
        assert_eq!(matches!(answer, Answer::Wrong(_)), known, "{name}: {answer:?}");
        assert!(matches!(answer, Answer::Wrong(_) | Answer::Rows(_)), "{name}: {answer:?}");
    }
}
