//! Builders for the tables, rows, requests and answers of the cases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::case::{Case, Dataset, Manner, Want};
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::{Aggregate, Condition, LineTest, See, Test};
use crate::telemetry::request::{
    BinnedStep, Instants, InventoryRequest, LinesRequest, PropertiesRequest, QueryRequest, Reading, Request,
    RowsRequest, SeriesRequest,
};
use crate::telemetry::schema::{ColumnType, ComponentRule, ComponentTest, ErrorLines, Path, Table, TableKind};
use crate::telemetry::source::data::{AnswerData, CountCell, Counts, GapReason, Point, Sample};
use crate::time::{TICKS_PER_SECOND, Time, Window};

/// The width of most bins.
pub(super) const FIVE: Duration = Duration::from_secs(300);

/// The start of every window: 2025-08-05T12:00:00Z.
const NOON: i64 = 1_754_395_200;

/// The cluster of every request, as spelled in rows.
pub(super) const CLUSTER: &str = "/subscriptions/s/managedclusters/c1";

/// The instant this many seconds after the start of the window.
pub(super) const fn at(seconds: i64) -> Time {
    Time::from_ticks((NOON + seconds) * TICKS_PER_SECOND)
}

/// A property of `customDimensions`.
pub(super) fn dimension(name: &str) -> Path {
    Path::of("customDimensions", name)
}

/// A log table of batches.
pub(super) fn traces() -> Table {
    let rule = |name: &str, test| ComponentRule { name: name.to_owned(), test };
    let field = || "filepath".to_owned();
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
        keys: ["cluster", "controllertype", "podname", "job_name"]
            .into_iter()
            .map(|key| (key.to_owned(), dimension(key)))
            .collect(),
        metric_keys: BTreeMap::new(),
        folded_keys: BTreeSet::from(["cluster".to_owned()]),
        heartbeats: Vec::new(),
        attributes: BTreeMap::new(),
        errors: Some(ErrorLines {
            level_fields: vec!["level".to_owned(), "severity".to_owned()],
            error_levels: vec!["error".to_owned(), "fatal".to_owned()],
            info_levels: vec!["info".to_owned(), "debug".to_owned()],
            error_regex: Some("^E[0-9]{4} |(^| )level=error".to_owned()),
            info_regex: Some("^I[0-9]{4} |(^| )level=info".to_owned()),
            regex: "(?i)failed|refused".to_owned(),
            except: Some("harmless".to_owned()),
        }),
        restart_marker: None,
        components: vec![
            rule("mdsd", ComponentTest::JsonEquals(field(), "/opt/microsoft/linuxmonagent/mdsd.err".to_owned())),
            rule("otelcollector", ComponentTest::JsonPrefix(field(), "/opt/microsoft/otelcollector/".to_owned())),
            rule("otelcollector", ComponentTest::JsonField("otelcol.component.kind".to_owned())),
            rule("main", ComponentTest::ColumnPrefix(dimension("tag"), "prometheus.log.".to_owned())),
            rule("other", ComponentTest::Otherwise),
        ],
        metrics: BTreeMap::new(),
        closed_catalogue: false,
    }
}

/// A metric table; the metric `targets` has its pod in `collector_name`.
pub(super) fn metrics() -> Table {
    let elsewhere = BTreeMap::from([("podname".to_owned(), dimension("collector_name"))]);
    let mut table = traces();
    table.name = "customMetrics".to_owned();
    table.kind = TableKind::Metrics;
    table.text = None;
    table.split_lines = false;
    table.components.clear();
    table.errors = None;
    table.metric_name = Some(Path::dotted("name"));
    table.value = Some(Path::dotted("value"));
    table.columns.remove("message");
    table.columns.insert("name".to_owned(), ColumnType::String);
    table.columns.insert("value".to_owned(), ColumnType::Real);
    table.metric_keys.insert("targets".to_owned(), elsewhere);
    table
}

/// A row this many seconds after the start, by default of pod `p1`; `dimensions` may override it.
fn row(seconds: i64, id: &str, dimensions: Value) -> Map<String, Value> {
    let mut all = json!({"cluster": CLUSTER, "controllertype": "ReplicaSet", "podname": "p1"});
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), dimensions) {
        all.extend(more);
    }
    let columns = [
        ("timestamp", json!(at(seconds).to_string())),
        ("itemId", json!(id)),
        ("itemCount", json!(1)),
        ("customDimensions", all),
    ];
    columns.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A row of [`traces`].
pub(super) fn log(seconds: i64, id: &str, message: &str, dimensions: Value) -> Value {
    let mut row = row(seconds, id, dimensions);
    row.insert("message".to_owned(), json!(message));
    Value::Object(row)
}

/// A row of [`metrics`].
pub(super) fn sample(seconds: i64, id: &str, name: &str, value: Value, dimensions: Value) -> Value {
    let mut row = row(seconds, id, dimensions);
    row.insert("name".to_owned(), json!(name));
    row.insert("value".to_owned(), value);
    Value::Object(row)
}

/// Samples of the metric `m` of pod `p1`, one per entry.
pub(super) fn samples(values: &[(i64, f64)]) -> Vec<Value> {
    values
        .iter()
        .enumerate()
        .map(|(index, (seconds, value))| sample(*seconds, &format!("i{index}"), "m", json!(value), json!({})))
        .collect()
}

/// The row with another weight.
pub(super) fn weighing(mut row: Value, weight: Value) -> Value {
    if let Some(row) = row.as_object_mut() {
        row.insert("itemCount".to_owned(), weight);
    }
    row
}

/// A dataset of one table.
pub(super) fn holding(table: Table, rows: Vec<Value>) -> Dataset {
    Dataset { tables: vec![(Arc::new(table), rows)], ..Dataset::default() }
}

/// A reading of the hour after the start, by pod.
pub(super) fn reading(table: Table) -> Reading {
    Reading {
        table: Arc::new(table),
        subject: BTreeMap::from([("cluster".to_owned(), CLUSTER.to_owned())]),
        window: Window { from: at(0), to: at(3600) },
        filter: Vec::new(),
        keys: vec!["podname".to_owned()],
    }
}

/// Lines that match a regex.
pub(super) fn lines(regex: &str) -> LinesRequest {
    LinesRequest {
        reading: reading(traces()),
        components: Vec::new(),
        test: LineTest::Regex(regex.to_owned()),
        see: See::Message,
        sources: BTreeMap::new(),
        sums: Vec::new(),
        bin: FIVE,
        instants: Instants::None,
    }
}

/// Rows of a table that pass a filter.
pub(super) fn rows(table: Table, filter: Vec<Condition>) -> RowsRequest {
    RowsRequest {
        reading: Reading { filter, ..reading(table) },
        sources: BTreeMap::new(),
        bin: FIVE,
        instants: Instants::None,
    }
}

/// A series of the metric `m`.
pub(super) fn series(steps: Vec<BinnedStep>) -> SeriesRequest {
    SeriesRequest { reading: reading(metrics()), metrics: named(&["m"]), value: None, steps }
}

/// Metrics without other spellings.
pub(super) fn named(names: &[&str]) -> Vec<(String, Vec<String>)> {
    names.iter().map(|name| ((*name).to_owned(), vec![(*name).to_owned()])).collect()
}

/// A step grouped by properties (`name` is the metric's name), with bins of five minutes.
pub(super) fn step(aggregate: Aggregate, by: &[&str]) -> BinnedStep {
    let by = by
        .iter()
        .map(|name| ((*name).to_owned(), if *name == "name" { None } else { Some(dimension(name)) }))
        .collect();
    BinnedStep { aggregate, column: None, by, every: Some(FIVE), ending_at: None }
}

/// The step over the whole window.
pub(super) fn whole(step: BinnedStep) -> BinnedStep {
    BinnedStep { every: None, ..step }
}

/// The latest row of the metric `m`.
pub(super) fn properties(names: &[&str]) -> PropertiesRequest {
    PropertiesRequest {
        reading: reading(metrics()),
        metrics: named(&["m"]),
        names: names.iter().map(|name| ((*name).to_owned(), dimension(name))).collect(),
    }
}

/// The inventory by a metric, or by any row.
pub(super) fn inventory(table: Table, metric: Option<&str>) -> InventoryRequest {
    InventoryRequest {
        reading: reading(table),
        metric: metric.map(|name| (name.to_owned(), vec![name.to_owned()])),
        every: FIVE,
        attributes: vec![("agentversion".to_owned(), dimension("agentversion"))],
        restart_marker: None,
    }
}

/// A query over a table.
pub(super) fn query(table: Table, kql: &str) -> QueryRequest {
    QueryRequest { reading: reading(table), others: Vec::new(), text: kql.to_owned(), parameters: Vec::new() }
}

/// A condition on a property of `customDimensions`.
pub(super) fn with(name: &str, test: Test) -> Condition {
    Condition { path: dimension(name), name: name.to_owned(), test }
}

/// A test for equality with a text.
pub(super) fn is(text: &str) -> Test {
    Test::OneOf(vec![text.to_owned()])
}

/// A pod.
pub(super) fn pod(name: &str) -> Entity {
    Entity::new([("podname".to_owned(), name.to_owned())])
}

/// A complete answer.
pub(super) fn whole_answer(data: AnswerData) -> Want {
    Want::Answer { data, gaps: BTreeSet::new(), missing_columns: Vec::new() }
}

/// An answer with gaps.
pub(super) fn partial_answer(data: AnswerData, reason: GapReason) -> Want {
    Want::Answer { data, gaps: BTreeSet::from([reason]), missing_columns: Vec::new() }
}

/// Counts in order; each cell is `(pod, bin, count, first, last)` in seconds, each sample `(pod, seconds, row, line, text)`.
pub(super) fn counts(cells: &[(&str, i64, u64, i64, i64)], kept: &[(&str, i64, &str, u32, &str)]) -> AnswerData {
    let cells = cells.iter().map(|(name, bin, count, first, last)| CountCell {
        entity: pod(name),
        bin: at(*bin),
        count: *count,
        first: at(*first),
        last: at(*last),
        sums: Vec::new(),
        instants: Vec::new(),
    });
    let mut samples: BTreeMap<Entity, Vec<Sample>> = BTreeMap::new();
    for (name, seconds, row, line, text) in kept {
        samples.entry(pod(name)).or_default().push(Sample {
            at: at(*seconds),
            row: (*row).to_owned(),
            line: *line,
            text: (*text).to_owned(),
        });
    }
    AnswerData::Counts(Counts { cells: cells.collect(), samples: samples.into_iter().collect() })
}

/// Points of pod `p1`, each `(bin, value)`, of one metric.
pub(super) fn points(values: &[(i64, f64)]) -> AnswerData {
    AnswerData::Series(
        values
            .iter()
            .map(|(bin, value)| Point { entity: pod("p1"), by: Vec::new(), bin: at(*bin), value: *value, metrics: 1 })
            .collect(),
    )
}

/// A case with one request.
pub(super) fn case(name: &str, dataset: Dataset, request: Request, want: Want) -> Case {
    several(name, dataset, vec![(request, want)])
}

/// A case with several requests in one call.
pub(super) fn several(name: &str, dataset: Dataset, asked: Vec<(Request, Want)>) -> Case {
    let (requests, want) = asked.into_iter().unzip();
    Case { name: name.to_owned(), dataset, requests, want, manner: Manner::Once, exact_sums: false }
}
