//! Queries in KQL: typed results, parameters as values, rows of the window and the subject only.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::telemetry::request::{ParameterValue, QueryRequest, Reading, Request};
use crate::telemetry::schema::{ColumnType, Path, Table};
use crate::telemetry::source::conformance::build::{
    at, case, holding, log, metrics, partial_answer, query, sample, several, traces, whole_answer,
};
use crate::telemetry::source::conformance::case::Case;
use crate::telemetry::source::conformance::case::{Dataset, Want};
use crate::telemetry::source::data::{AnswerData, Cell, GapReason, ResultTable};
use crate::telemetry::source::error::SourceErrorKind;

pub(super) fn cases() -> Vec<Case> {
    vec![
        result(),
        nothing(),
        kinds(),
        values(),
        folded_subject(),
        rows_of_others(),
        joined(),
        unknown(),
        denied(),
        cut(),
        among_others(),
    ]
}

fn table(columns: &[(&str, ColumnType)], rows: Vec<Vec<Cell>>) -> AnswerData {
    let columns = columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    AnswerData::Table(ResultTable { columns, rows })
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

const COUNT: &[(&str, ColumnType)] = &[("Count", ColumnType::Long)];

fn counted(number: i64) -> Want {
    whole_answer(table(COUNT, vec![vec![Cell::Integer(number)]]))
}

fn result() -> Case {
    let given = vec![
        log(0, "a", "x", json!({})),
        log(700, "b", "y", json!({})),
        log(30, "c", "x", json!({"podname": "p2"})),
        log(40, "d", "z", json!({})),
    ];
    let kql = "traces | where message in ('x', 'y') | summarize lines = count(), latest = max(timestamp) by podname = tostring(customDimensions.podname) | order by podname asc";
    let columns = [("podname", ColumnType::String), ("lines", ColumnType::Long), ("latest", ColumnType::DateTime)];
    let rows = vec![
        vec![text("p1"), Cell::Integer(2), Cell::Time(at(700))],
        vec![text("p2"), Cell::Integer(1), Cell::Time(at(30))],
    ];
    case(
        "a query returns a typed table, in the order of its result",
        holding(traces(), given),
        Request::Query(query(traces(), kql)),
        whole_answer(table(&columns, rows)),
    )
}

fn nothing() -> Case {
    case(
        "an empty result still has its columns",
        holding(traces(), vec![log(0, "a", "x", json!({}))]),
        Request::Query(query(traces(), "traces | where message == 'never' | project message, timestamp")),
        whole_answer(table(&[("message", ColumnType::String), ("timestamp", ColumnType::DateTime)], Vec::new())),
    )
}

fn kinds() -> Case {
    let kql = "traces | project truth = message == 'x', small = int(7), whole = 8, part = 2.5, words = strcat(message, '!'), when = timestamp, span = 90s, gone = real(null), none = real(nan), list = dynamic([1, 'a'])";
    let columns = [
        ("truth", ColumnType::Bool),
        ("small", ColumnType::Int),
        ("whole", ColumnType::Long),
        ("part", ColumnType::Real),
        ("words", ColumnType::String),
        ("when", ColumnType::DateTime),
        ("span", ColumnType::TimeSpan),
        ("gone", ColumnType::Real),
        ("none", ColumnType::Real),
        ("list", ColumnType::Dynamic),
    ];
    let row = vec![
        Cell::Bool(true),
        Cell::Integer(7),
        Cell::Integer(8),
        Cell::Real(2.5),
        text("x!"),
        Cell::Time(at(5)),
        Cell::Span(900_000_000),
        Cell::Null,
        Cell::Null,
        text("[1,\"a\"]"),
    ];
    case(
        "cells keep their types, and NaN is null",
        holding(traces(), vec![log(5, "a", "x", json!({}))]),
        Request::Query(query(traces(), kql)),
        whole_answer(table(&columns, vec![row])),
    )
}

fn values() -> Case {
    let hostile = "'\"; .drop table traces | where 1 == 1 // \\ \n\r\t`é\u{1f600}\u{2028}\u{0}";
    let given =
        vec![log(0, "a", hostile, json!({})), log(1, "b", "x", json!({})), log(2, "c", "where 1 == 1", json!({}))];
    let mut request =
        query(traces(), "traces | where message == wanted and timestamp < ['to'] - ['long'] and 1.5 < part | count");
    request.parameters = vec![
        ("long".to_owned(), ParameterValue::Duration(std::time::Duration::from_secs(60))),
        ("part".to_owned(), ParameterValue::Number(2.5)),
        ("to".to_owned(), ParameterValue::Time(at(3600))),
        ("wanted".to_owned(), ParameterValue::Text(hostile.to_owned())),
    ];
    case(
        "a parameter is a value, whatever characters it contains",
        holding(traces(), given),
        Request::Query(request),
        counted(1),
    )
}

fn folded_subject() -> Case {
    let given = vec![
        log(0, "a", "x", json!({"cluster": "/SUBSCRIPTIONS/S/managedClusters/C1"})),
        log(1, "b", "x", json!({"cluster": "/subscriptions/s/managedclusters/c2"})),
    ];
    case(
        "a query reads the rows of its subject, in any case, and no others",
        holding(traces(), given),
        Request::Query(query(traces(), "traces | count")),
        counted(1),
    )
}

fn rows_of_others() -> Case {
    let given = [-1, 0, 3599, 3600].map(|second| log(second, &format!("i{second}"), "x", json!({})));
    case(
        "a query reads the rows of a half-open window, and no others",
        holding(traces(), given.to_vec()),
        Request::Query(query(traces(), "traces | count")),
        counted(2),
    )
}

fn joined() -> Case {
    let mut dataset = holding(traces(), vec![log(0, "a", "x", json!({})), log(1, "b", "x", json!({"podname": "p2"}))]);
    dataset.tables.push((Arc::new(metrics()), vec![sample(0, "m", "cpu", json!(2.5), json!({}))]));
    let kql = "traces | project podname = tostring(customDimensions.podname) | join kind=inner (customMetrics | project podname = tostring(customDimensions.podname), value) on podname | project podname, value";
    let request = QueryRequest { others: vec![Arc::new(metrics())], ..query(traces(), kql) };
    case(
        "a query may read several tables",
        dataset,
        Request::Query(request),
        whole_answer(table(
            &[("podname", ColumnType::String), ("value", ColumnType::Real)],
            vec![vec![text("p1"), Cell::Real(2.5)]],
        )),
    )
}

/// A table that no dataset contains.
fn absent() -> Table {
    Table {
        name: "nowhere".to_owned(),
        keys: BTreeMap::from([("cluster".to_owned(), Path::dotted("message"))]),
        ..traces()
    }
}

fn unknown() -> Case {
    case(
        "a query over a missing table has no answer",
        holding(traces(), Vec::new()),
        Request::Query(query(absent(), "nowhere | count")),
        Want::NoTable,
    )
}

fn denied() -> Case {
    let mut dataset = holding(traces(), vec![log(0, "a", "x", json!({}))]);
    dataset.missing.push(("customMetrics".to_owned(), SourceErrorKind::Denied));
    let request =
        QueryRequest { others: vec![Arc::new(metrics())], ..query(traces(), "traces | union (customMetrics) | count") };
    case(
        "a query over several tables of which one is denied has no answer",
        dataset,
        Request::Query(request),
        Want::Error(SourceErrorKind::Denied),
    )
}

fn cut() -> Case {
    let mut dataset: Dataset = holding(traces(), vec![log(0, "a", "x", json!({}))]);
    dataset.partial.push(("traces".to_owned(), GapReason::Truncated));
    case(
        "a query over a truncated table has a partial answer",
        dataset,
        Request::Query(query(traces(), "traces | count")),
        partial_answer(table(COUNT, vec![vec![Cell::Integer(1)]]), GapReason::Truncated),
    )
}

fn among_others() -> Case {
    let rows = crate::telemetry::source::conformance::build::rows(traces(), Vec::new());
    let reading: Reading = rows.reading.clone();
    let request = |kql: &str| Request::Query(QueryRequest { reading: reading.clone(), ..query(traces(), kql) });
    several(
        "queries keep their positions among other requests",
        holding(traces(), vec![log(0, "a", "x", json!({})), log(10, "b", "y", json!({}))]),
        vec![
            (request("traces | where message == 'y' | count"), counted(1)),
            (
                Request::Rows(rows.clone()),
                whole_answer(crate::telemetry::source::conformance::build::counts(
                    &[("p1", 0, 2, 0, 10)],
                    &[("p1", 0, "a", 0, "x"), ("p1", 10, "b", 0, "y")],
                )),
            ),
            (request("traces | count"), counted(2)),
        ],
    )
}
