//! Runs every query of the pack and of the memory bank on a few rows of the tables of the pack.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use amp_rules_core::RuleSet;
use amp_rules_core::rules::compile::compile;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_kql::convert::catalog as tables_of;
use kql_lang::bind::Catalog;
use kql_lang::run::{Settings, Tables};
use kql_lang::value::{Table, Type, Value, convert, json};
use kql_testing::case::{self, Answer};
use kql_testing::microsoft::assert_same_as_service;
use kql_testing::text::{assert_formatting_round_trips, assert_printing_round_trips, files, rejected};
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
    let catalog = tables_of(&rules.schema);
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
    Settings {
        now: "2026-01-01T12:00:00Z".parse().expect("it is an instant"),
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

/// Returns a sample of a metric of a ReplicaSet pod.
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

/// Returns queries in the style of dashboards, by name; each follows a line `//# name`.
fn dashboards() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/dashboards.kql");
    let text = fs::read_to_string(path).expect("the queries can be read");
    let query = |part: &str| {
        let (name, query) = part.split_once('\n').expect("a query follows its name");
        (format!("dashboards/{name}"), query.to_owned())
    };
    text.split("//# ").skip(1).map(query).collect()
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
fn every_dashboard_query_runs() {
    let catalog = catalog(&rules());
    let source = source(&catalog);
    let queries = dashboards();
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
fn pods_are_sorted_by_maximum_load() {
    assert_eq!(answer("metrics-per-pod"), [[json!("p1"), json!(300.0)], [json!("p2"), json!(50.0)]]);
}

#[test]
fn memory_load_and_targets_are_joined_per_pod() {
    let want = json!([["p1", 4.0, 300.0, 15.0, 20.0, 13333.33], ["p2", null, 50.0, null, 0.0, null]]);
    assert_eq!(json!(answer("pod-correlation")), want);
}

#[test]
fn target_share_uses_the_latest_value_per_job() {
    let want = json!([["PodMonitor", 30.0, 1, 75.0], ["ServiceMonitor", 10.0, 1, 25.0]]);
    assert_eq!(json!(answer("custom-target-share")), want);
}

#[test]
fn batches_of_lines_are_split() {
    let line = |text: &str| json!(["2026-01-01T00:05:00Z", "DaemonSet", "linux", "d1", text]);
    assert_eq!(json!(answer("collector-errors")), json!([line("an error here"), line("E! and another")]));
}

/// Files of the memory bank that are not queries on tables of the pack, with the reason.
const NO_QUERIES: &[(&str, &str)] = &[
    ("q04", "it is a comment"),
    ("q05", "its table is in another cluster"),
    ("q06", "its table is in another cluster"),
    ("q18", "`toscalar(summarize …)` has no table; Kusto refuses it as well"),
    ("q20", "a quotation mark after two backslashes ends its string; Kusto refuses it as well"),
];

#[test]
fn every_query_of_the_memory_bank_runs() {
    let Ok(folder) = fs::read_dir(case::shared("data/kql/memory-bank")) else {
        let _ = writeln!(std::io::stderr(), "skipped: 1 test, the memory bank is not available");
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

/// Returns the query texts of the pack, by name.
fn queries() -> Vec<(String, String)> {
    rules().queries.iter().map(|query| (format!("pack/{}", query.name), query.text.clone())).collect()
}

#[test]
fn pack_queries_survive_printing_and_formatting() {
    let queries = queries();
    assert!(queries.len() >= 20, "{} queries", queries.len());
    assert_eq!(rejected(&queries), Vec::<String>::new());
    assert_printing_round_trips(&queries);
    assert!(assert_formatting_round_trips(&queries) >= 20);
}

/// Queries for which Microsoft's binder differs, with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("memory-bank/q04_discover-available-databases", "its binder accepts a comment as a query without a result"),
    ("dashboards/dates in parts", "recorded answers of `datetime_part` are of type long, its binder says int"),
];

/// Turns the parameter declarations in the header comments of a query file into a statement.
fn with_parameters(text: &str) -> String {
    let parameters: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("// param "))
        .filter_map(|line| {
            let (name, rest) = line.split_once(':')?;
            Some(format!("['{}']: {}", name.trim(), rest.split_whitespace().next()?))
        })
        .collect();
    if parameters.is_empty() {
        text.to_owned()
    } else {
        format!("declare query_parameters({});\n{text}", parameters.join(", "))
    }
}

/// Returns the queries in a folder, by `folder/file`.
fn folder(path: &Path) -> Vec<(String, String)> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let id = |file: &str| {
        let stem = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        format!("{name}/{stem}")
    };
    files(path, "kql").into_iter().map(|(file, text)| (id(&file), text)).collect()
}

/// Covers the queries of the pack, dashboard queries, the memory bank if available, and the folder in the variable
/// `AMP_RULES_KQL_QUERIES`.
#[test]
fn names_and_types_match_microsofts_binder() {
    let rules = rules();
    let mut all = queries();
    all.extend(dashboards());
    all.extend(folder(&case::shared("data/kql/memory-bank")));
    if let Some(more) = std::env::var_os("AMP_RULES_KQL_QUERIES") {
        all.extend(folder(Path::new(&more)));
    }
    let all: BTreeMap<String, String> = all.into_iter().map(|(id, text)| (id, with_parameters(&text))).collect();
    let names: Vec<&str> = rules.schema.tables.keys().map(String::as_str).collect();
    assert_same_as_service(env!("CARGO_TARGET_TMPDIR"), &all, &tables_of(&rules.schema), &names, DIFFERENT);
}
