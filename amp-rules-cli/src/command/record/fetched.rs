//! Rows of services in the form of an incident folder.
//!
//! A plan and a source that runs KQL in; out come the rows of each table that the plan reads, for the subject and the
//! windows of the plan. A table that cannot be read is declared missing, a truncated one partial.

use std::collections::BTreeMap;
use std::sync::Arc;

use amp_rules_core::telemetry::request::{QueryRequest, Reading, Request};
use amp_rules_core::telemetry::schema::{ColumnType, Table};
use amp_rules_core::telemetry::source::data::{AnswerData, Cell, ResultTable, RowProblem};
use amp_rules_core::telemetry::source::{Completeness, SourceError, SourceErrorKind};
use amp_rules_core::time::Window;
use amp_rules_core::{Plan, TelemetrySource};
use amp_rules_fixtures::declared::{Declarations, Declared, State};
use amp_rules_fixtures::record::RawRows;
use kql_lang::literal;
use serde_json::{Map, Value};

/// Rows by table.
#[derive(Debug)]
pub(super) struct FetchedRows(BTreeMap<String, ResultTable>);

/// Fetches every table that a plan reads.
pub(super) async fn fetch(plan: &Plan, source: &dyn TelemetrySource) -> (FetchedRows, Declarations) {
    let mut windows: BTreeMap<String, (Arc<Table>, Window)> = BTreeMap::new();
    for request in plan.requests() {
        let window = request.reading().window;
        for table in request.tables() {
            let (_, known) = windows.entry(table.name.clone()).or_insert_with(|| (Arc::clone(table), window));
            *known = Window { from: known.from.min(window.from), to: known.to.max(window.to) };
        }
    }
    let requests: Vec<Request> = windows.into_values().map(|(table, window)| all_rows(plan, table, window)).collect();
    let answers = source.fetch(&requests).await;
    let (mut rows, mut declared) = (BTreeMap::new(), Declarations::default());
    for (request, answer) in requests.iter().zip(answers) {
        let name = request.reading().table.name.clone();
        let state = match answer {
            Err(error) => State::Missing(error.kind),
            Ok(answer) => match answer.data {
                AnswerData::Table(table) => {
                    rows.insert(name.clone(), table);
                    match answer.completeness {
                        Completeness::Partial(gaps) => {
                            gaps.first().map_or(State::Complete, |gap| State::Partial(gap.reason, gap.range))
                        }
                        Completeness::Complete => State::Complete,
                    }
                }
                _ => State::Missing(SourceErrorKind::Malformed),
            },
        };
        declared.tables.insert(name, Declared { state, ..Declared::default() });
    }
    (FetchedRows(rows), declared)
}

fn all_rows(plan: &Plan, table: Arc<Table>, window: Window) -> Request {
    let columns: Vec<String> = table.columns.keys().map(|column| literal::name(column)).collect();
    let text = format!("{}\n| project {}\n", literal::name(&table.name), columns.join(", "));
    let subject = plan.scope().subject.clone();
    let reading = Reading { table, subject, window, filter: Vec::new(), keys: Vec::new() };
    Request::Query(QueryRequest { reading, others: Vec::new(), text, parameters: Vec::new() })
}

impl RawRows for FetchedRows {
    fn raw(&self, table: &str, each: &mut dyn FnMut(Map<String, Value>)) -> Result<Vec<RowProblem>, SourceError> {
        let Some(rows) = self.0.get(table) else {
            let kind = SourceErrorKind::NotConfigured;
            return Err(SourceError::read(kind, table, "the diagnosis does not read it"));
        };
        for row in &rows.rows {
            let cells = rows.columns.iter().zip(row);
            each(cells.filter_map(|((name, kind), cell)| Some((name.clone(), json(*kind, cell)?))).collect());
        }
        Ok(Vec::new())
    }
}

/// A cell as in an export; `None` for a null.
fn json(kind: ColumnType, cell: &Cell) -> Option<Value> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Bool(truth) => Value::from(*truth),
        Cell::Integer(number) => Value::from(*number),
        Cell::Real(number) => Value::from(*number),
        Cell::Text(text) if kind == ColumnType::Dynamic => {
            serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()))
        }
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Time(_) | Cell::Span(_) => Value::from(cell.text()?),
    })
}
