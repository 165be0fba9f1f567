//! Requests with a hostile value in every position that can have a value.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use amp_rules_core::telemetry::predicate::{
    Aggregate, Condition, FieldTest, KeySource, LineTest, See, Test, ValueColumn, ValueTest,
};
use amp_rules_core::telemetry::request::{
    BinnedStep, Instants, InventoryRequest, KnownLines, LinesRequest, ParameterValue, PropertiesRequest, QueryRequest,
    Reading, Request, RowsRequest, SeriesRequest, UnmatchedRequest,
};
use amp_rules_core::telemetry::schema::{ComponentRule, ComponentTest, ErrorLines, Path, Table};
use amp_rules_core::time::{Time, Window};

use crate::lowering::generate::{logs, metrics};
pub(crate) use kql_testing::hostile::{PIECES, hostile};

fn dimension(name: &str) -> Path {
    Path::of("customDimensions", name)
}

/// Returns requests of every kind with the value in every position.
///
/// The value is never a number, and the first line test matches every line, so queries differ only in their literals.
pub(crate) fn planted(value: &str) -> Vec<Request> {
    let value = format!("x{value}");
    let rule = |test| ComponentRule { name: value.clone(), test };
    let mut table = logs(true, true, true, true, true);
    let json = |of: fn(String, String) -> ComponentTest| of(value.clone(), value.clone());
    table.components = vec![
        rule(json(ComponentTest::JsonEquals)),
        rule(json(ComponentTest::JsonPrefix)),
        rule(ComponentTest::JsonField(value.clone())),
        rule(ComponentTest::LinePrefix(value.clone())),
        rule(ComponentTest::ColumnPrefix(dimension(&value), value.clone())),
        rule(ComponentTest::ColumnEquals(dimension(&value), value.clone())),
    ];
    table.errors = Some(ErrorLines {
        level_fields: vec![value.clone()],
        error_levels: vec![value.clone()],
        info_levels: vec![value.clone()],
        error_regex: Some(regex::escape(&value)),
        info_regex: Some(regex::escape(&value)),
        regex: regex::escape(&value),
        except: Some(regex::escape(&value)),
    });
    let table = Arc::new(table);
    let log = |keys: &[&str]| reading(&table, &value, keys);
    let lines = |test: LineTest| LinesRequest {
        reading: log(&["podname", "job_name"]),
        components: vec![value.clone()],
        test,
        see: See::Message,
        sources: BTreeMap::from([("job_name".to_owned(), KeySource::Json(value.clone()))]),
        sums: Vec::new(),
        bin: Duration::from_secs(300),
        instants: Instants::All,
    };
    let known = KnownLines { components: vec![value.clone()], test: LineTest::Contains(value.clone()), see: See::Line };
    let names = vec![(value.clone(), dimension(&value))];
    let mut requests = vec![
        Request::Lines(lines(LineTest::Regex(".".to_owned()))),
        Request::Lines(lines(LineTest::Regex(regex::escape(&value)))),
        Request::Lines(lines(LineTest::Contains(value.clone()))),
        Request::Lines(lines(LineTest::Fields {
            fields: vec![FieldTest { name: "level".to_owned(), test: ValueTest::OneOf(vec![value.clone()]) }],
            text: None,
        })),
        Request::Rows(RowsRequest {
            reading: log(&["podname"]),
            sources: BTreeMap::from([("podname".to_owned(), KeySource::Column(dimension(&value)))]),
            bin: Duration::from_secs(300),
            instants: Instants::Ends(1),
        }),
        Request::Unmatched(UnmatchedRequest { reading: log(&["podname"]), known: vec![known], most: 3 }),
        Request::Inventory(InventoryRequest {
            reading: Reading { filter: Vec::new(), ..log(&["podname"]) },
            metric: None,
            every: Duration::from_secs(300),
            attributes: names.clone(),
            restart_marker: Some(regex::escape(&value)),
        }),
        Request::Query(QueryRequest {
            reading: Reading { filter: Vec::new(), ..log(&[]) },
            others: Vec::new(),
            text: "traces | where message == wanted | count".to_owned(),
            parameters: vec![("wanted".to_owned(), ParameterValue::Text(value.clone()))],
        }),
    ];
    requests.extend(of_metrics(&value, &names));
    requests
}

fn of_metrics(value: &str, names: &[(String, Path)]) -> Vec<Request> {
    let mut table = metrics(true, true);
    table.metric_keys =
        BTreeMap::from([(value.to_owned(), BTreeMap::from([("podname".to_owned(), dimension(value))]))]);
    let table = Arc::new(table);
    let named = vec![(value.to_owned(), vec![value.to_owned()])];
    let step = BinnedStep {
        aggregate: Aggregate::Dcount,
        column: Some(dimension(value)),
        by: vec![("name".to_owned(), None), (value.to_owned(), Some(dimension(value)))],
        every: Some(Duration::from_secs(300)),
        ending_at: None,
    };
    vec![
        Request::Series(SeriesRequest {
            reading: reading(&table, value, &["podname"]),
            metrics: named.clone(),
            value: Some(ValueColumn { path: dimension(value), default: Some(1.0) }),
            steps: vec![step.clone(), BinnedStep { aggregate: Aggregate::Max, column: None, ..step }],
        }),
        Request::Properties(PropertiesRequest {
            reading: reading(&table, value, &["podname"]),
            metrics: named,
            names: names.to_vec(),
        }),
    ]
}

fn reading(table: &Arc<Table>, value: &str, keys: &[&str]) -> Reading {
    let condition = |test| Condition { path: dimension(value), name: value.to_owned(), test };
    let noon = "2025-08-05T12:00:00Z".parse::<Time>().expect("it is an instant");
    Reading {
        table: table.clone(),
        subject: BTreeMap::from([("cluster".to_owned(), value.to_owned())]),
        window: Window { from: noon, to: noon.saturating_add(Duration::from_secs(3600)) },
        filter: vec![
            condition(Test::OneOf(vec![value.to_owned()])),
            condition(Test::Not(Box::new(Test::Prefix(value.to_owned())))),
            condition(Test::Contains(value.to_owned())),
            condition(Test::Regex(regex::escape(value))),
        ],
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
    }
}
