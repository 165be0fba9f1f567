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
use amp_rules_fixtures::record::{RawRows, RecordError};
use kql_lang::literal;
use serde_json::{Map, Value};

/// Rows by table, or why there are none.
#[derive(Debug)]
pub(super) struct FetchedRows(BTreeMap<String, Result<ResultTable, Refusal>>);

/// Why a table could not be read.
#[derive(Debug)]
struct Refusal {
    kind: SourceErrorKind,
    context: String,
}

impl FetchedRows {
    /// Whether at least one table was read.
    ///
    /// # Errors
    ///
    /// [`RecordError::Unreadable`] with the reasons, if none was.
    pub(super) fn check(&self) -> Result<(), RecordError> {
        let errors: Vec<SourceError> =
            self.0.iter().filter_map(|(table, rows)| rows.as_ref().err().map(|refusal| refusal.error(table))).collect();
        if errors.is_empty() || errors.len() < self.0.len() { Ok(()) } else { Err(RecordError::Unreadable(errors)) }
    }
}

impl Refusal {
    fn error(&self, table: &str) -> SourceError {
        SourceError::read(self.kind, table, self.context.as_str())
    }
}

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
        let malformed =
            || Refusal { kind: SourceErrorKind::Malformed, context: "the service did not answer with rows".to_owned() };
        let fetched = match answer {
            Err(error) => Err(Refusal { kind: error.kind, context: error.context }),
            Ok(answer) => {
                let state = match answer.completeness {
                    Completeness::Partial(gaps) => {
                        gaps.first().map_or(State::Complete, |gap| State::Partial(gap.reason, gap.range))
                    }
                    Completeness::Complete => State::Complete,
                };
                declared.tables.insert(name.clone(), Declared { state, ..Declared::default() });
                if let AnswerData::Table(table) = answer.data { Ok(table) } else { Err(malformed()) }
            }
        };
        rows.insert(name, fetched);
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
        let rows = match self.0.get(table) {
            Some(Ok(rows)) => rows,
            Some(Err(refusal)) => return Err(refusal.error(table)),
            None => {
                let kind = SourceErrorKind::NotConfigured;
                return Err(SourceError::read(kind, table, "the diagnosis does not read it"));
            }
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
