//! Tables and rows for tests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Row;
use crate::telemetry::predicate::Condition;
use crate::telemetry::request::Reading;
use crate::telemetry::schema::{ColumnType, ComponentRule, ComponentTest, Path, Table, TableKind};
use crate::time::{Time, Window};

fn dimension(name: &str) -> Path {
    Path::of("customDimensions", name)
}

fn keys() -> BTreeMap<String, Path> {
    let names = ["cluster", "controllertype", "podname"];
    names
        .iter()
        .map(|name| ((*name).to_owned(), dimension(name)))
        .chain([("job_name".to_owned(), dimension("job_name"))])
        .collect()
}

/// A log table of batches, with an identity and weights.
pub(crate) fn traces() -> Table {
    let rule = |name: &str, test| ComponentRule { name: name.to_owned(), test };
    let columns = [
        ("timestamp", ColumnType::DateTime),
        ("message", ColumnType::String),
        ("itemCount", ColumnType::Int),
        ("itemId", ColumnType::String),
        ("customDimensions", ColumnType::Dynamic),
    ];
    Table {
        name: "traces".to_owned(),
        kind: TableKind::Logs,
        time: Path::dotted("timestamp"),
        text: Some(Path::dotted("message")),
        split_lines: true,
        fold: None,
        metric_name: None,
        value: None,
        weight: Some(Path::dotted("itemCount")),
        identity: Some(Path::dotted("itemId")),
        flush: Duration::from_secs(15),
        columns: columns.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect(),
        keys: keys(),
        metric_keys: BTreeMap::new(),
        folded_keys: BTreeSet::from(["cluster".to_owned()]),
        heartbeats: Vec::new(),
        attributes: BTreeMap::new(),
        errors: None,
        restart_marker: None,
        components: vec![
            rule(
                "mdsd",
                ComponentTest::JsonEquals("filepath".to_owned(), "/opt/microsoft/linuxmonagent/mdsd.err".to_owned()),
            ),
            rule(
                "otelcollector",
                ComponentTest::JsonPrefix("filepath".to_owned(), "/opt/microsoft/otelcollector/".to_owned()),
            ),
            rule("otelcollector", ComponentTest::JsonField("otelcol.component.kind".to_owned())),
            rule("main", ComponentTest::ColumnPrefix(dimension("tag"), "prometheus.log.".to_owned())),
            rule("other", ComponentTest::Otherwise),
        ],
        metrics: BTreeMap::new(),
        closed_catalogue: false,
    }
}

/// A metric table, with an identity and weights; one metric has its pod in another column.
pub(crate) fn metrics() -> Table {
    let elsewhere = BTreeMap::from([("podname".to_owned(), dimension("collector_name"))]);
    Table {
        name: "customMetrics".to_owned(),
        kind: TableKind::Metrics,
        text: None,
        split_lines: false,
        fold: None,
        metric_name: Some(Path::dotted("name")),
        value: Some(Path::dotted("value")),
        components: Vec::new(),
        metric_keys: BTreeMap::from([("targets_per_collector".to_owned(), elsewhere)]),
        ..traces()
    }
}

/// The start of the window in all tests.
pub(crate) fn noon() -> Time {
    "2025-08-05T12:00:00Z".parse::<Time>().unwrap()
}

/// The instant this many seconds after noon.
pub(crate) fn at(seconds: i64) -> Time {
    noon().saturating_add_ticks(seconds * crate::time::TICKS_PER_SECOND)
}

/// A reading of the hour after noon, by pod.
pub(crate) fn reading(table: Table, filter: Vec<Condition>) -> Reading {
    Reading {
        table: Arc::new(table),
        subject: BTreeMap::from([("cluster".to_owned(), "/Sub/C1".to_owned())]),
        window: Window { from: noon(), to: at(3600) },
        filter,
        keys: vec!["podname".to_owned()],
    }
}

fn completed(mut value: Value) -> Value {
    let object = value.as_object_mut().unwrap();
    object.entry("timestamp").or_insert_with(|| json!(noon().to_string()));
    object.entry("itemCount").or_insert_with(|| json!(1));
    let dimensions = object.entry("customDimensions").or_insert_with(|| json!({})).as_object_mut().unwrap();
    dimensions.entry("cluster").or_insert_with(|| json!("/sub/c1"));
    dimensions.entry("podname").or_insert_with(|| json!("p1"));
    value
}

/// A row of [`traces`]; by default at noon and of pod `p1`.
pub(crate) fn traces_row(value: Value) -> Row {
    Row::from_json(&traces(), completed(value).as_object().unwrap().clone()).unwrap()
}

/// A row of [`metrics`] this many seconds after noon, by default of pod `p1`.
pub(crate) fn sample(seconds: i64, name: &str, value: Value, dimensions: Value) -> Row {
    let row =
        json!({"timestamp": at(seconds).to_string(), "name": name, "value": value, "customDimensions": dimensions});
    Row::from_json(&metrics(), completed(row).as_object().unwrap().clone()).unwrap()
}
