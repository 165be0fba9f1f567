//! Generators of difficult telemetry and of requests on it: missing and mistyped cells, batches, JSON lines, escapes, duplicate
//! rows, instants on bin edges, truncated values.
//!
//! All sums of the generated numbers are exact, because a service rounds sums and row aggregation does not. Rows without an
//! identity have distinct instants, because their row id depends on the source.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use amp_rules_core::telemetry::predicate::{Aggregate, Comparison, Condition, KeySource, See, Test, ValueColumn};
use amp_rules_core::telemetry::request::{
    BinnedStep, Instants, InventoryRequest, KnownLines, LinesRequest, PropertiesRequest, Reading, Request, RowsRequest,
    SeriesRequest, UnmatchedRequest,
};
use amp_rules_core::telemetry::schema::{ColumnType, ComponentRule, ComponentTest, ErrorLines, Path, Table, TableKind};
use amp_rules_core::time::{TICKS_PER_SECOND, Time, Window};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use crate::lowering::line_tests::any_line_test;

/// 2025-08-05T12:00:00Z
const NOON: i64 = 1_754_395_200;

pub(crate) const CLUSTER: &str = "/subscriptions/s/managedClusters/c1";

/// A table, its rows, and requests on it.
#[derive(Clone, Debug)]
pub(crate) struct Telemetry {
    pub(crate) table: Arc<Table>,
    pub(crate) rows: Vec<Value>,
    pub(crate) requests: Vec<Request>,
}

fn at(milliseconds: i64) -> Time {
    Time::from_ticks(NOON * TICKS_PER_SECOND + milliseconds * (TICKS_PER_SECOND / 1000))
}

fn dimension(name: &str) -> Path {
    Path::of("customDimensions", name)
}

fn table(named: bool, weighted: bool) -> Table {
    let columns = [
        ("timestamp", ColumnType::DateTime),
        ("itemCount", ColumnType::Int),
        ("itemId", ColumnType::String),
        ("customDimensions", ColumnType::Dynamic),
    ];
    let keys = ["cluster", "controllertype", "podname", "job_name"];
    Table {
        name: "traces".to_owned(),
        kind: TableKind::Logs,
        time: Path::dotted("timestamp"),
        text: None,
        split_lines: false,
        fold: None,
        metric_name: None,
        value: None,
        weight: weighted.then(|| Path::dotted("itemCount")),
        identity: named.then(|| Path::dotted("itemId")),
        flush: Duration::from_secs(15),
        columns: columns.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect(),
        keys: keys.into_iter().map(|key| (key.to_owned(), dimension(key))).collect(),
        metric_keys: BTreeMap::new(),
        folded_keys: BTreeSet::from(["cluster".to_owned(), "podname".to_owned()]),
        heartbeats: Vec::new(),
        attributes: BTreeMap::new(),
        restart_marker: None,
        components: Vec::new(),
        errors: None,
        metrics: BTreeMap::new(),
        closed_catalogue: false,
    }
}

pub(crate) fn logs(named: bool, weighted: bool, split: bool, with_level: bool, otherwise: bool) -> Table {
    let rule = |name: &str, test| ComponentRule { name: name.to_owned(), test };
    let field = || "filepath".to_owned();
    let mut components = vec![
        rule("mdsd", ComponentTest::JsonEquals(field(), "/var/mdsd.err".to_owned())),
        rule("collector", ComponentTest::JsonPrefix(field(), "/opt/".to_owned())),
        rule("collector", ComponentTest::JsonField("otelcol.component.kind".to_owned())),
        rule("quoted", ComponentTest::LinePrefix("E\"".to_owned())),
        rule("main", ComponentTest::ColumnPrefix(dimension("tag"), "log.".to_owned())),
        rule("five", ComponentTest::ColumnEquals(dimension("mode"), "5".to_owned())),
    ];
    if otherwise {
        components.push(rule("other", ComponentTest::Otherwise));
    }
    let mut table = table(named, weighted);
    table.columns.insert("message".to_owned(), ColumnType::String);
    table.columns.insert("severityLevel".to_owned(), ColumnType::Int);
    Table {
        text: Some(Path::dotted("message")),
        split_lines: split,
        fold: None,
        components,
        errors: Some(ErrorLines {
            level_fields: if with_level { vec!["level".to_owned(), "job".to_owned()] } else { Vec::new() },
            error_levels: vec!["error".to_owned(), "Fatal".to_owned(), "J1".to_owned()],
            info_levels: vec!["info".to_owned(), "5".to_owned()],
            error_regex: with_level.then(|| "^E[\"0-9]|(^| )level=error".to_owned()),
            info_regex: with_level.then(|| "^I[0-9]|^took".to_owned()),
            regex: "(?i)failed|refused".to_owned(),
            except: Some("harmless".to_owned()),
        }),
        ..table
    }
}

pub(crate) fn metrics(named: bool, weighted: bool) -> Table {
    let mut table = table(named, weighted);
    table.columns.insert("name".to_owned(), ColumnType::String);
    table.columns.insert("value".to_owned(), ColumnType::Real);
    table.columns.insert("valueCount".to_owned(), ColumnType::Long);
    table.metric_keys.insert("targets".to_owned(), BTreeMap::from([("podname".to_owned(), dimension("collector"))]));
    Table {
        name: "customMetrics".to_owned(),
        kind: TableKind::Metrics,
        metric_name: Some(Path::dotted("name")),
        value: Some(Path::dotted("value")),
        ..table
    }
}

/// Cells of a property: similar texts, numbers as texts, three kinds of missing values, values as long as the limit.
fn property() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        20 => select(vec![
            Some(json!("a")), Some(json!("A")), Some(json!("b")), Some(json!("ab")), Some(json!("")), None, Some(Value::Null),
            Some(json!(5)), Some(json!("5")), Some(json!("5.0")), Some(json!(" 5 ")), Some(json!(0.25)), Some(json!(true)),
            Some(json!({"x": [1, "y"]})), Some(json!(["a"])), Some(json!("NaN")), Some(json!("inf")), Some(json!("pö\"d\\n'|//;")),
            Some(json!("v1.2.3")), Some(json!("1.10")), Some(json!("6.9.0-main-08")), Some(json!("1..2")), Some(json!("v")),
            Some(json!("Ünï")), Some(json!("a\nb")), Some(json!(" ")),
        ]),
        1 => Just(Some(json!("a".repeat(8192)))),
        1 => Just(Some(json!(format!("{}5", "a".repeat(8191))))),
    ]
}

fn weight() -> impl Strategy<Value = Option<Value>> {
    select(vec![
        None,
        Some(json!(1)),
        Some(json!(5)),
        Some(json!("7")),
        Some(json!(0)),
        Some(json!(-3)),
        Some(json!("x")),
        Some(json!(2.9)),
        Some(Value::Null),
        Some(json!("NaN")),
        Some(json!(0.5)),
    ])
}

/// Milliseconds from the start of the window; many are on edges of bins and windows.
fn instant() -> impl Strategy<Value = i64> {
    select(vec![
        -1, 0, 1, 59_999, 60_000, 119_000, 240_000, 299_999, 300_000, 300_001, 450_000, 599_999, 600_000, 900_000,
        1_000_000, 1_500_000, 1_799_999, 1_800_000, 2_400_000, 3_000_000, 3_599_999, 3_600_000, 4_199_999, 4_200_000,
    ])
}

fn dimensions(more: &'static [&'static str]) -> impl Strategy<Value = Option<Value>> {
    let cluster = select(vec![Some(CLUSTER.to_owned()), Some(CLUSTER.to_uppercase()), Some("/other".to_owned()), None]);
    let cluster = prop_oneof![9 => Just(Some(CLUSTER.to_owned())), 3 => cluster];
    let pod = prop_oneof![
        8 => select(vec![Some(json!("p1")), Some(json!("p2")), Some(json!("P1"))]),
        1 => property(),
    ];
    let kind = select(vec![Some("ReplicaSet"), Some("DaemonSet"), Some(""), None]);
    let others = prop::collection::vec(property(), more.len());
    let shape = prop_oneof![8 => Just(0), 2 => Just(1), 1 => Just(2), 1 => Just(3)];
    (cluster, pod, kind, others, shape).prop_map(move |(cluster, pod, kind, others, shape)| {
        let mut all = Map::new();
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                all.insert(name.to_owned(), value);
            }
        };
        put("cluster", cluster.map(Value::from));
        put("podname", pod);
        put("controllertype", kind.map(Value::from));
        for (name, value) in more.iter().zip(others) {
            put(name, value);
        }
        match shape {
            0 => Some(Value::Object(all)),
            1 => Some(json!(Value::Object(all).to_string())),
            2 => Some(json!("no json")),
            _ => None,
        }
    })
}

const PIECES: &[&str] = &[
    "connection refused by 10.0.0.1:80",
    "Error: failed 12 items",
    "error: FAILED 0.5 items of 3",
    "failed -3 items, failed 9 items",
    "took 15 ms",
    "took NaN ms",
    "took  ms",
    "restarted",
    "harmless: it failed",
    "\u{1b}[31mred fai\u{1b}[0mled\u{1b}[0m",
    "bad \u{1b}[x escape refused",
    "Ünïcöde Failed für p2",
    "E\"quoted failed\" | where 1==1 // ;",
    "",
    " ",
    "  {not json, failed",
    r#"{"level":"error","msg":"scrape broke","job":"j1","filepath":"/opt/x"}"#,
    r#"{"level":"ERROR","message":"refused","err":"failed 7 items","job":5}"#,
    r#"{"level":"info","msg":"connection refused","filepath":"/var/mdsd.err","job":""}"#,
    r#"{"msg":"a\nb failed\tit","otelcol.component.kind":null,"job":"J\u0065"}"#,
    r#"{"msg":"scr\u0061pe fa\u0069led 4 items","log":"","error":{"x":1}}"#,
    r#"{"msg":5,"x":"failed inside"}"#,
    r#"{"msg":"first","msg":"last failed"}"#,
    r#"{"level":null,"log":"connection refused by c:\\temp"}"#,
    r#" {"msg":"blank before, failed"}"#,
    r#"["failed"]"#,
    r#"{"msg":"cut off, failed"#,
    r#"{"level":"warn","msg":"HTTP status 403 failed","severity":"x"}"#,
    r#"{"level":"error","what":"no message"}"#,
    "E0202 22:02:08.428816 1 handlers.go:215] \"x\" err=\"y\"",
    "I0202 22:02:08.428816 1 handlers.go:215] failed 5",
    r#"ts=2025-03-05T06:10:00Z level=error url=https://a/b msg="broke \"it\" 7" err="server returned HTTP status 403 Forbidden""#,
    r#"level=warn msg=refused error="server returned 429 after 500 ms""#,
    "level=error msg=\"\" count=5",
    r#"{"level":"fatal","error":{"code":503},"msg":"it failed"}"#,
    r#"{"level":true,"error.code":"5","error":{"code":null},"job":["a"]}"#,
    r#"{"level":"","error":"refused","error.code":4.5,"job":{"x":5}}"#,
    "job=5.0 error.code=\"5\" msg=\"level=error failed\"",
];

fn message() -> impl Strategy<Value = Value> {
    let piece = prop_oneof![
        30 => select(PIECES).prop_map(str::to_owned),
        1 => Just(format!("failed {}", "é".repeat(2100))),
        1 => Just(format!("failed {}: server returned 503", "/a1é ".repeat(300))),
    ];
    let separator = select(vec!["\n", "\n", "\\n", "\r\n", "\r", "\n\n"]);
    let batch = prop::collection::vec((piece, separator), 1..5).prop_map(|pieces| {
        let mut text = String::new();
        let many = pieces.len();
        for (index, (piece, separator)) in pieces.into_iter().enumerate() {
            text.push_str(&piece);
            if index + 1 < many {
                text.push_str(separator);
            }
        }
        json!(text)
    });
    prop_oneof![
        30 => batch,
        1 => Just(Value::Null),
        1 => Just(json!(7)),
        1 => Just(json!(format!("refused {}", "x".repeat(32_760)))),
    ]
}

/// Rows from cells. Some have no identity and then a distinct instant; some are duplicates.
fn rows(
    named: bool,
    cells: impl Strategy<Value = Map<String, Value>> + 'static,
    most: usize,
) -> impl Strategy<Value = Vec<Value>> {
    let one = (instant(), cells, weight(), prop::bool::weighted(0.1), prop::bool::weighted(0.15));
    prop::collection::vec(one, 0..most).prop_map(move |rows| {
        let mut all = Vec::new();
        for (index, (milliseconds, mut row, weight, without_identity, twice)) in rows.into_iter().enumerate() {
            let without_identity = without_identity || !named;
            let own = if without_identity { i64::try_from(index).unwrap_or(0) + 1 } else { 0 };
            row.insert("timestamp".to_owned(), json!(at(milliseconds).saturating_add_ticks(own).to_string()));
            if !without_identity {
                row.insert("itemId".to_owned(), json!(format!("i{}", index % 7 * 100 + index)));
            } else if index % 2 == 0 {
                row.insert("itemId".to_owned(), json!(""));
            }
            if let Some(weight) = weight {
                row.insert("itemCount".to_owned(), weight);
            }
            if twice && !without_identity {
                all.push(Value::Object(row.clone()));
            }
            all.push(Value::Object(row));
        }
        // The order of rows must not matter; the rotation separates duplicates.
        let many = all.len();
        if many > 3 {
            all.rotate_left(many / 3);
        }
        all
    })
}

fn with_dimensions(mut row: Map<String, Value>, dimensions: Option<Value>) -> Map<String, Value> {
    if let Some(dimensions) = dimensions {
        row.insert("customDimensions".to_owned(), dimensions);
    }
    row
}

fn window() -> impl Strategy<Value = Window> {
    prop_oneof![
        5 => Just(Window { from: at(0), to: at(3_600_000) }),
        1 => Just(Window { from: at(600_000), to: at(4_200_000) }),
        1 => Just(Window { from: at(59_999), to: at(1_799_999) }),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let text = |text: &str| text.to_owned();
    let version = |bounds: &[(Comparison, &[u64])]| {
        Test::Version(bounds.iter().map(|(comparison, bound)| (*comparison, bound.to_vec())).collect())
    };
    let plain = select(vec![
        Test::OneOf(vec![text("a")]),
        Test::OneOf(vec![text("A"), text("5")]),
        Test::OneOf(vec![text("5.00"), text("")]),
        Test::OneOf(vec![text("inf"), text("NaN"), text("true")]),
        Test::OneOf(vec!["a".repeat(8192), "a".repeat(9000)]),
        Test::Prefix(text("a")),
        Test::Prefix(text("")),
        Test::Prefix("a".repeat(8200)),
        Test::Contains(text("A")),
        Test::Contains(text("Ö\"D")),
        Test::Contains(text("a5")),
        Test::Regex(text("^a")),
        Test::Regex(text("a$")),
        Test::Regex(text("(?i)Ü|\\s5")),
        Test::Regex(text("^b|5$")),
        Test::Above(1.0),
        Test::Below(5.0),
        version(&[(Comparison::AtLeast, &[1, 2])]),
        version(&[(Comparison::Above, &[1, 2, 3]), (Comparison::AtMost, &[6, 9])]),
        version(&[(Comparison::Equals, &[1, 10, 0])]),
    ]);
    (plain, prop::bool::weighted(0.3)).prop_map(|(test, not)| if not { Test::Not(Box::new(test)) } else { test })
}

fn filter() -> impl Strategy<Value = Vec<Condition>> {
    let path = select(vec!["mode", "version", "podname", "never"]);
    let one = (path, test()).prop_map(|(name, test)| Condition { path: dimension(name), name: name.to_owned(), test });
    prop_oneof![3 => Just(Vec::new()), 3 => prop::collection::vec(one, 1..3)]
}

fn keys() -> impl Strategy<Value = Vec<String>> {
    let names = select(vec![&["podname"][..], &["controllertype", "podname"], &[], &["podname"]]);
    names.prop_map(|keys| keys.iter().map(|key| (*key).to_owned()).collect())
}

fn reading(table: Arc<Table>) -> impl Strategy<Value = Reading> {
    (window(), filter(), keys()).prop_map(move |(window, filter, keys)| Reading {
        table: table.clone(),
        subject: BTreeMap::from([("cluster".to_owned(), CLUSTER.to_owned())]),
        window,
        filter,
        keys,
    })
}

fn components() -> impl Strategy<Value = Vec<String>> {
    let names = select(vec![&[][..], &[], &["main"], &["collector", "mdsd"], &["other", "five", "quoted"]]);
    names.prop_map(|names| names.iter().map(|name| (*name).to_owned()).collect())
}

fn see() -> impl Strategy<Value = See> {
    prop_oneof![4 => Just(See::Message), 1 => Just(See::Line)]
}

fn bin() -> impl Strategy<Value = Duration> {
    select(vec![60, 300, 300, 3600]).prop_map(Duration::from_secs)
}

fn instants() -> impl Strategy<Value = Instants> {
    select(vec![Instants::None, Instants::None, Instants::Ends(1), Instants::Ends(2), Instants::All])
}

fn lines(table: Arc<Table>) -> impl Strategy<Value = Request> {
    let source = select(vec![
        None,
        None,
        Some(KeySource::Json("job".to_owned())),
        Some(KeySource::Capture("n".to_owned())),
        Some(KeySource::Column(dimension("mode"))),
    ]);
    (reading(table), components(), any_line_test(), see(), source, bin(), instants()).prop_map(
        |(mut reading, components, test, see, source, bin, instants)| {
            let has_number = test.regex().is_some_and(|regex| regex.contains("(?P<n>"));
            let source = source.filter(|source| has_number || !matches!(source, KeySource::Capture(_)));
            let mut sources = BTreeMap::new();
            if let Some(source) = source {
                reading.keys.push("job_name".to_owned());
                sources.insert("job_name".to_owned(), source);
            }
            let sums = if has_number { vec!["n".to_owned()] } else { Vec::new() };
            Request::Lines(LinesRequest { reading, components, test, see, sources, sums, bin, instants })
        },
    )
}

fn counted(table: Arc<Table>) -> impl Strategy<Value = Request> {
    let source = select(vec![None, Some(KeySource::Column(dimension("mode")))]);
    (reading(table), source, bin(), instants()).prop_map(|(mut reading, source, bin, instants)| {
        let mut sources = BTreeMap::new();
        if let Some(source) = source {
            reading.keys.push("job_name".to_owned());
            sources.insert("job_name".to_owned(), source);
        }
        Request::Rows(RowsRequest { reading, sources, bin, instants })
    })
}

fn unmatched(table: Arc<Table>) -> impl Strategy<Value = Request> {
    let known = (components(), any_line_test(), see());
    let known = known.prop_map(|(components, test, see)| KnownLines { components, test, see });
    (reading(table), prop::collection::btree_set(known, 0..3), 1..6_usize).prop_map(|(reading, known, most)| {
        Request::Unmatched(UnmatchedRequest { reading, known: known.into_iter().collect(), most })
    })
}

fn inventory(table: Arc<Table>, metric: Option<(String, Vec<String>)>) -> impl Strategy<Value = Request> {
    let restart_marker = select(vec![None, Some("restarted|^Error".to_owned())]);
    (reading(table), bin(), restart_marker).prop_map(move |(mut reading, every, restart_marker)| {
        reading.filter.clear();
        let restart_marker = restart_marker.filter(|_| reading.table.text.is_some());
        let attributes = ["mode", "version"].map(|name| (name.to_owned(), dimension(name))).to_vec();
        Request::Inventory(InventoryRequest { reading, metric: metric.clone(), every, attributes, restart_marker })
    })
}

fn named_metrics() -> impl Strategy<Value = Vec<(String, Vec<String>)>> {
    let named = |name: &str, spellings: &[&str]| {
        (name.to_owned(), spellings.iter().map(|spelling| (*spelling).to_owned()).collect::<Vec<_>>())
    };
    select(vec![
        vec![named("m", &["m", "m_alias"])],
        vec![named("m", &["m", "m_alias"]), named("k", &["k"])],
        vec![named("targets", &["targets"])],
        vec![named("targets", &["targets"]), named("m", &["m"])],
        vec![],
    ])
}

fn properties(table: Arc<Table>) -> impl Strategy<Value = Request> {
    let names = select(vec![&["mode", "version"][..], &["version"], &["podname", "never"]]);
    let metrics = prop_oneof![named_metrics(), Just(Vec::new())];
    (reading(table), metrics, names).prop_map(|(reading, metrics, names)| {
        let metrics = if reading.table.metric_name.is_some() { metrics } else { Vec::new() };
        let names = names.iter().map(|name| ((*name).to_owned(), dimension(name))).collect();
        Request::Properties(PropertiesRequest { reading, metrics, names })
    })
}

fn step(is_first: bool) -> impl Strategy<Value = BinnedStep> {
    let aggregate = select(vec![
        Aggregate::Max,
        Aggregate::Min,
        Aggregate::Avg,
        Aggregate::Sum,
        Aggregate::Count,
        Aggregate::Dcount,
        Aggregate::Percentile(0),
        Aggregate::Percentile(50),
        Aggregate::Percentile(95),
        Aggregate::Last,
        Aggregate::Increase,
        Aggregate::Turns,
    ]);
    let by = prop::collection::btree_set(select(vec!["name", "mode", "podname", "cluster"]), 0..3);
    let every = select(vec![Some(60), Some(300), Some(300), Some(900), None]);
    let column = select(vec![None, None, Some("mode"), Some("size"), Some("podname")]);
    (aggregate, by, every, column, any::<bool>()).prop_map(move |(aggregate, by, every, column, ending)| {
        let place = |name: &&str| {
            let path = if *name == "name" { None } else { Some(dimension(name)) };
            ((*name).to_owned(), path)
        };
        BinnedStep {
            aggregate,
            column: column.filter(|_| is_first || aggregate == Aggregate::Dcount).map(dimension),
            by: by.iter().map(place).collect(),
            every: every.map(Duration::from_secs),
            ending_at: ending.then(|| at(3_599_999)),
        }
    })
}

fn series(table: Arc<Table>) -> impl Strategy<Value = Request> {
    let value = select(vec![
        None,
        None,
        Some(ValueColumn { path: dimension("size"), default: None }),
        Some(ValueColumn { path: dimension("size"), default: Some(1.0) }),
        Some(ValueColumn { path: Path::dotted("valueCount"), default: Some(2.0) }),
    ]);
    let steps = (step(true), prop::collection::vec(step(false), 0..3));
    (reading(table), named_metrics(), value, steps).prop_map(|(reading, metrics, value, (first, more))| {
        let mut steps = vec![first];
        steps.extend(more);
        let last = steps.len() - 1;
        for step in &mut steps[..last] {
            step.every.get_or_insert(Duration::from_secs(60));
        }
        Request::Series(SeriesRequest { reading, metrics, value, steps })
    })
}

fn of_logs() -> impl Strategy<Value = Telemetry> {
    let shape = (prop::bool::weighted(0.8), any::<bool>(), prop::bool::weighted(0.8), any::<bool>(), any::<bool>());
    shape.prop_flat_map(|(named, weighted, split, with_level, otherwise)| {
        let table = Arc::new(logs(named, weighted, split, with_level, otherwise));
        let cells = (dimensions(&["mode", "version", "tag"]), message(), prop::bool::weighted(0.3)).prop_map(
            |(dimensions, message, tagged)| {
                let mut row = Map::new();
                row.insert("message".to_owned(), message);
                row.insert("severityLevel".to_owned(), json!(3));
                let mut row = with_dimensions(row, dimensions);
                if tagged && let Some(Value::Object(all)) = row.get_mut("customDimensions") {
                    all.insert("tag".to_owned(), json!("log.main"));
                }
                row
            },
        );
        let request = prop_oneof![
            6 => lines(table.clone()),
            2 => counted(table.clone()),
            2 => unmatched(table.clone()),
            2 => inventory(table.clone(), None),
            1 => properties(table.clone()),
        ];
        (Just(table), rows(named, cells, 24), prop::collection::vec(request, 1..6))
            .prop_map(|(table, rows, requests)| Telemetry { table, rows, requests })
    })
}

fn of_metrics() -> impl Strategy<Value = Telemetry> {
    (prop::bool::weighted(0.8), any::<bool>()).prop_flat_map(|(named, weighted)| {
        let table = Arc::new(metrics(named, weighted));
        let name = select(vec!["m", "m", "m_alias", "k", "targets", "other"]);
        let value = select(vec![
            Some(json!(1)),
            Some(json!(2.5)),
            Some(json!(-1)),
            Some(json!(0)),
            Some(json!("3")),
            Some(json!("NaN")),
            Some(Value::Null),
            Some(json!("x")),
            Some(json!(1024)),
            None,
            Some(json!(-0.0)),
            Some(json!("Infinity")),
        ]);
        let size = select(vec![
            None,
            Some(json!(1)),
            Some(json!("2.5")),
            Some(json!("x")),
            Some(json!("NaN")),
            Some(json!(-4)),
            Some(Value::Null),
        ]);
        let collector = select(vec![None, Some(json!("p1")), Some(json!("p3"))]);
        let count = select(vec![None, Some(json!(3)), Some(json!("4"))]);
        let cells = (dimensions(&["mode", "version"]), name, value, size, collector, count).prop_map(
            |(dimensions, name, value, size, collector, count)| {
                let mut row = Map::new();
                row.insert("name".to_owned(), json!(name));
                if let Some(value) = value {
                    row.insert("value".to_owned(), value);
                }
                if let Some(count) = count {
                    row.insert("valueCount".to_owned(), count);
                }
                let mut row = with_dimensions(row, dimensions);
                if let Some(Value::Object(all)) = row.get_mut("customDimensions") {
                    all.extend(size.map(|size| ("size".to_owned(), size)));
                    all.extend(collector.map(|collector| ("collector".to_owned(), collector)));
                }
                row
            },
        );
        let beat = Some(("targets".to_owned(), vec!["targets".to_owned()]));
        let request = prop_oneof![
            6 => series(table.clone()),
            1 => counted(table.clone()),
            2 => properties(table.clone()),
            1 => inventory(table.clone(), beat),
            1 => inventory(table.clone(), None),
        ];
        (Just(table), rows(named, cells, 32), prop::collection::vec(request, 1..6))
            .prop_map(|(table, rows, requests)| Telemetry { table, rows, requests })
    })
}

/// Telemetry of either kind of table.
pub(crate) fn telemetry() -> impl Strategy<Value = Telemetry> {
    prop_oneof![of_logs(), of_metrics()]
}
