//! Shared helpers: the pack of the project, expected outputs, a small schema, and requests for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use amp_rules_core::telemetry::form::{Derivation, FormContent, InputForm};
use amp_rules_core::telemetry::predicate::{Aggregate, LineTest, See};
use amp_rules_core::telemetry::request::{
    BinnedStep, Instants, InventoryRequest, LinesRequest, Reading, Request, RowsRequest, SeriesRequest,
};
use amp_rules_core::telemetry::schema::{
    ColumnType, ComponentRule, ComponentTest, Defaults, EntityKind, Heartbeat, Metric, MetricType, Path, Schema,
    Served, Table, TableKind,
};
use amp_rules_core::time::{Time, Window};
use amp_rules_core::unit::Unit;
use amp_rules_core::{RuleSet, compile};
use amp_rules_fixtures::{cases, pack};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// The folder of the pack of the project.
pub(crate) fn pack_folder() -> PathBuf {
    FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../rules")
}

/// The compiled pack of the project.
pub(crate) fn pack_rules() -> RuleSet {
    compile(&pack::files(&pack_folder()).unwrap()).unwrap_or_else(|problems| panic!("{}", problems.concise()))
}

/// The incident folders of the pack of the project.
pub(crate) fn pack_incidents() -> Vec<PathBuf> {
    let folders = cases::incidents_below(&pack_folder().join("incidents"));
    assert!(folders.len() >= 7, "only {} incidents", folders.len());
    folders
}

/// The last part of a path.
pub(crate) fn file_name(path: &FilePath) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Compares an output with the expected one in a file, which `UPDATE=1` writes. Returns the difference, if there is one.
pub(crate) fn differs(expected: &FilePath, actual: &str) -> Option<String> {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(expected, actual).unwrap();
    }
    let differs = fs::read_to_string(expected).unwrap_or_default() != actual;
    differs.then(|| format!("{}:\n{actual}", expected.display()))
}

/// Bytes compressed with gzip.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

fn paths(list: &[(&str, &str)]) -> BTreeMap<String, Path> {
    list.iter().map(|(name, path)| ((*name).to_owned(), Path::dotted(path))).collect()
}

fn columns(list: &[(&str, ColumnType)]) -> BTreeMap<String, ColumnType> {
    list.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
}

fn table(name: &str, kind: TableKind) -> Table {
    let keys = [
        ("cluster", "customDimensions.cluster"),
        ("controllertype", "customDimensions.controllertype"),
        ("podname", "customDimensions.podname"),
        ("job_name", "customDimensions.job_name"),
        ("host", "customDimensions.host"),
    ];
    Table {
        name: name.to_owned(),
        kind,
        time: Path::dotted("timestamp"),
        text: None,
        split_lines: false,
        fold: None,
        metric_name: None,
        value: None,
        weight: Some(Path::dotted("itemCount")),
        identity: Some(Path::dotted("itemId")),
        flush: Duration::from_secs(15),
        columns: columns(&[
            ("timestamp", ColumnType::DateTime),
            ("message", ColumnType::String),
            ("name", ColumnType::String),
            ("value", ColumnType::Real),
            ("itemCount", ColumnType::Int),
            ("itemId", ColumnType::String),
            ("customDimensions", ColumnType::Dynamic),
        ]),
        keys: paths(&keys),
        metric_keys: BTreeMap::new(),
        folded_keys: BTreeSet::from(["cluster".to_owned()]),
        heartbeats: Vec::new(),
        attributes: paths(&[("agentversion", "customDimensions.agentversion")]),
        errors: None,
        restart_marker: None,
        components: Vec::new(),
        metrics: BTreeMap::new(),
        closed_catalogue: false,
    }
}

/// The schema of a fictional product with logs, metrics and events.
pub(crate) fn schema() -> Schema {
    let rule = |name: &str, test| ComponentRule { name: name.to_owned(), test };
    let heartbeat = |table: &str, metric: Option<&str>, minutes| Heartbeat {
        table: table.to_owned(),
        metric: metric.map(str::to_owned),
        every: MINUTE * minutes,
    };
    let mut traces = table("traces", TableKind::Logs);
    traces.text = Some(Path::dotted("message"));
    traces.split_lines = true;
    traces.heartbeats = vec![heartbeat("traces", None, 15), heartbeat("customMetrics", Some("cpu"), 5)];
    traces.components = vec![
        rule("agent", ComponentTest::JsonEquals("filepath".to_owned(), "/var/agent.err".to_owned())),
        rule("collector", ComponentTest::JsonPrefix("filepath".to_owned(), "/opt/collector/".to_owned())),
        rule("main", ComponentTest::ColumnEquals(Path::dotted("customDimensions.tag"), "log.main".to_owned())),
        rule("other", ComponentTest::Otherwise),
    ];
    let mut metrics = table("customMetrics", TableKind::Metrics);
    metrics.metric_name = Some(Path::dotted("name"));
    metrics.value = Some(Path::dotted("value"));
    metrics.heartbeats = vec![heartbeat("customMetrics", Some("cpu"), 5)];
    metrics.metric_keys =
        BTreeMap::from([("targets".to_owned(), paths(&[("podname", "customDimensions.collector_name")]))]);
    let metric = |spellings: &[&str]| Metric {
        unit: Unit::COUNT,
        kind: MetricType::Gauge,
        every: Some(MINUTE * 5),
        spellings: spellings.iter().map(|name| (*name).to_owned()).collect(),
    };
    metrics.metrics = BTreeMap::from([
        ("cpu".to_owned(), metric(&[])),
        ("memory".to_owned(), metric(&["memory_rss"])),
        ("targets".to_owned(), metric(&[])),
    ]);
    let mut events = table("events", TableKind::Events);
    events.text = Some(Path::dotted("message"));
    events.columns.extend(columns(&[("reason", ColumnType::String)]));
    let kind = |name: &str, within: Option<&str>, keys: &[&str]| EntityKind {
        name: name.to_owned(),
        within: within.map(str::to_owned),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    };
    Schema {
        entities: vec![
            kind("cluster", None, &["cluster"]),
            kind("controller", Some("cluster"), &["cluster", "controllertype"]),
            kind("pod", Some("controller"), &["cluster", "controllertype", "podname"]),
            kind("job", Some("cluster"), &["cluster", "job_name"]),
        ],
        tables: [traces, metrics, events].into_iter().map(|table| (table.name.clone(), Arc::new(table))).collect(),
        defaults: Defaults::default(),
        services: services(),
        forms: forms(),
        derived_keys: BTreeMap::from([("podname".to_owned(), vec![derivation("host", Some("^node-(.*)$"))])]),
    }
}

/// The services that have the tables.
fn services() -> BTreeMap<String, Vec<Served>> {
    let served = |service: &str, table: &str, columns: &[(&str, &str)]| Served {
        service: service.to_owned(),
        table: table.to_owned(),
        columns: columns.iter().map(|(own, name)| ((*own).to_owned(), (*name).to_owned())).collect(),
    };
    let renamed = [("timestamp", "TimeGenerated"), ("message", "Message"), ("customDimensions", "Properties")];
    let all = [
        ("traces", vec![served("insights", "traces", &[]), served("analytics", "AppTraces", &renamed)]),
        ("customMetrics", vec![served("insights", "customMetrics", &[])]),
        ("events", vec![served("insights", "events", &[("timestamp", "EventTime"), ("message", "EventMessage")])]),
    ];
    all.into_iter().map(|(table, served)| (table.to_owned(), served)).collect()
}

fn derivation(from: &str, regex: Option<&str>) -> Derivation {
    Derivation { from: from.to_owned(), regex: regex.map(str::to_owned), value: None }
}

/// Lines of containers, and events of Kubernetes.
fn forms() -> Vec<InputForm> {
    let columns = |list: &[(&str, &str)]| {
        list.iter().map(|(path, from)| (Path::dotted(path), vec![derivation(from, None)])).collect::<Vec<_>>()
    };
    let lines = |name: &str, files: &[&str]| InputForm {
        name: name.to_owned(),
        table: "traces".to_owned(),
        content: FormContent::Lines,
        files: files.iter().map(|regex| (*regex).to_owned()).collect(),
        columns: columns(&[("message", "line"), ("customDimensions.podname", "pod")]),
        component: Some("agent".to_owned()),
        alive_by_file: true,
    };
    vec![
        lines("pod", &[r"(^|/)(?P<pod>p\d)\.log$"]),
        lines("any", &[]),
        InputForm {
            name: "events".to_owned(),
            table: "events".to_owned(),
            content: FormContent::Objects("Event".to_owned()),
            files: Vec::new(),
            columns: columns(&[
                ("customDimensions.podname", "involvedObject.name"),
                ("reason", "reason"),
                ("message", "message"),
            ]),
            component: None,
            alive_by_file: false,
        },
    ]
}

pub(crate) fn at(text: &str) -> Time {
    text.parse::<Time>().unwrap()
}

/// The hour before 01:00.
pub(crate) fn hour() -> Window {
    Window { from: at("2025-01-01T00:00:00Z"), to: at("2025-01-01T01:00:00Z") }
}

pub(crate) fn reading(schema: &Schema, table: &str, window: Window) -> Reading {
    Reading {
        table: schema.tables[table].clone(),
        subject: BTreeMap::new(),
        window,
        filter: Vec::new(),
        keys: vec!["podname".to_owned()],
    }
}

pub(crate) fn lines(schema: &Schema, regex: &str, component: Option<&str>, window: Window) -> Request {
    Request::Lines(LinesRequest {
        reading: reading(schema, "traces", window),
        components: component.map(str::to_owned).into_iter().collect(),
        test: LineTest::Regex(regex.to_owned()),
        see: See::Message,
        sources: BTreeMap::new(),
        sums: Vec::new(),
        bin: MINUTE * 60,
        instants: Instants::None,
    })
}

pub(crate) fn series(schema: &Schema, metric: &str, aggregate: Aggregate, every: Duration, window: Window) -> Request {
    let spellings = schema.tables["customMetrics"].spellings(metric);
    Request::Series(SeriesRequest {
        reading: reading(schema, "customMetrics", window),
        metrics: vec![(metric.to_owned(), spellings)],
        value: None,
        steps: vec![BinnedStep { aggregate, column: None, by: Vec::new(), every: Some(every), ending_at: None }],
    })
}

pub(crate) fn rows(schema: &Schema, table: &str, window: Window) -> Request {
    Request::Rows(RowsRequest {
        reading: reading(schema, table, window),
        sources: BTreeMap::new(),
        bin: MINUTE * 60,
        instants: Instants::None,
    })
}

pub(crate) fn inventory(schema: &Schema, table: &str, metric: Option<&str>, window: Window) -> Request {
    let metric = metric.map(|metric| (metric.to_owned(), schema.tables[table].spellings(metric)));
    let attributes = vec![("agentversion".to_owned(), Path::dotted("customDimensions.agentversion"))];
    Request::Inventory(InventoryRequest {
        reading: reading(schema, table, window),
        metric,
        every: MINUTE * 5,
        attributes,
        restart_marker: None,
    })
}

/// The schema with tables whose rows stand for themselves.
pub(crate) fn unweighted() -> Schema {
    let mut schema = schema();
    for table in schema.tables.values_mut() {
        Arc::make_mut(table).weight = None;
    }
    schema
}
