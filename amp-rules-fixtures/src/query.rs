//! KQL queries over recorded rows.
//!
//! Input: rows of tables, through [`RowSource`], and a KQL text with its parameters. Output: the result table, computed by
//! the interpreter of `amp-rules-kql`, and the gaps of the rows that the query read. A query sees only rows in the window
//! and of the subject, and each row identity once. A construct that the interpreter does not support is rejected by name.
//! Parameters are bound as values and never become part of the text.

pub(crate) mod cells;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use amp_rules_core::telemetry::request::QueryRequest as PlannedQuery;
use amp_rules_core::telemetry::request::{ParameterValue, Reading, Request};
use amp_rules_core::telemetry::schema::{Schema, Table};
use amp_rules_core::telemetry::source::data::{AnswerData, RowProblem};
use amp_rules_core::telemetry::source::declared::Declared;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::telemetry::source::rows::{Dedup, IDENTITIES, Identities, Row};
use amp_rules_core::telemetry::source::{
    Answer, Capabilities, Completeness, Gap, GapReason, SourceError, SourceErrorKind, TelemetrySource,
};
use amp_rules_core::time::{Time, Window};
use amp_rules_kql::convert;
use async_trait::async_trait;
use kql_lang::bind::{LiveOnly, bind};
use kql_lang::diagnostic::{Diagnostic, DiagnosticCode};
use kql_lang::run::{self, RunError, Settings};
use kql_lang::syntax::parse;
use kql_lang::value::{self, Column};
use serde_json::{Map, Value};

/// The maximum number of row problems in an answer.
const MAX_PROBLEMS: usize = 100;

/// What was lost of a table while it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses {
    /// Why rows are missing. Empty if none are.
    pub(crate) reasons: BTreeSet<GapReason>,
    /// Unreadable rows and cells.
    pub(crate) problems: Vec<RowProblem>,
}

/// Recorded rows with their declared completeness.
pub(crate) trait RowSource {
    /// The declared completeness of the tables.
    fn declared(&self) -> &Declared;

    /// The limits of a query on the rows.
    fn query_limits(&self) -> run::Limits;

    /// Calls `sink` with every readable row of a table, in a fixed order, until it breaks.
    ///
    /// # Errors
    ///
    /// The table does not exist, or none of its rows can be read.
    fn each(&self, table: &Table, sink: &mut dyn FnMut(&Row) -> ControlFlow<()>) -> Result<Losses, SourceError>;
}

/// A KQL query over recorded rows.
///
/// Not to be confused with [`amp_rules_core::telemetry::request::QueryRequest`], a query that the plan of a rule set contains.
#[derive(Clone, Debug)]
pub struct QueryRequest<'q> {
    /// The KQL text.
    pub text: &'q str,
    /// The parameters, by name.
    pub parameters: &'q [(String, ParameterValue)],
    /// The window of the rows that the query sees; `None` for all rows.
    pub window: Option<Window>,
    /// The subject of the rows that the query sees. Keys that a table does not have are ignored for this table.
    pub subject: &'q BTreeMap<String, String>,
    /// The value of `now()`.
    pub now: Time,
}

/// The result of a query.
#[derive(Clone, Debug)]
pub struct QueryOutput {
    /// The last result table of the text.
    pub table: value::Table,
    /// Gaps in the rows that were read, sorted.
    pub gaps: Vec<Gap>,
    /// Unreadable rows, sorted, at most 100.
    pub problems: Vec<RowProblem>,
}

/// Why a query has no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum QueryError {
    /// The text has errors. Correct the text.
    Wrong(Vec<Diagnostic>),
    /// The text uses constructs that only a service supports. Run it there.
    LiveOnly(Vec<LiveOnly>),
    /// A table cannot be read.
    Source(SourceError),
    /// The query did not run to completion.
    Run(RunError),
}

impl fmt::Display for QueryError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(problems) => match problems.first() {
                Some(first) => write!(out, "the query is wrong: {first}"),
                None => out.write_str("the query is wrong"),
            },
            Self::LiveOnly(constructs) => {
                let names: Vec<String> = constructs.iter().map(|one| format!("`{}`", one.construct)).collect();
                write!(out, "{} runs on a service only", names.join(", "))
            }
            Self::Source(error) => error.fmt(out),
            Self::Run(error) => error.fmt(out),
        }
    }
}

impl Error for QueryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Wrong(_) | Self::LiveOnly(_) => None,
            Self::Source(error) => error.source(),
            Self::Run(error) => error.source(),
        }
    }
}

impl QueryError {
    /// The same error as that of one request.
    fn into_source_error(self) -> SourceError {
        let operation = "run a query";
        match self {
            Self::Source(error) => error,
            Self::LiveOnly(_) => SourceError::new(SourceErrorKind::Unsupported, operation, self.to_string()),
            Self::Wrong(_) => SourceError::new(SourceErrorKind::Malformed, operation, self.to_string()),
            Self::Run(error) => SourceError::new(SourceErrorKind::Other, operation, error.to_string()),
        }
    }
}

/// Runs a query over the recorded rows of these tables.
///
/// # Errors
///
/// See [`QueryError`].
pub(crate) fn run_query(
    source: &dyn RowSource,
    tables: &[Arc<Table>],
    request: &QueryRequest<'_>,
) -> Result<QueryOutput, QueryError> {
    let kinds = request.parameters.iter().map(|(name, value)| (name, value.kind()));
    let schema = Schema {
        tables: tables.iter().map(|table| (table.name.clone(), Arc::clone(table))).collect(),
        ..Schema::default()
    };
    let catalog = kinds.fold(convert::catalog(&schema), |catalog, (name, kind)| {
        catalog.with_parameter(name, convert::scalar_type(kind))
    });
    let parsed = parse(request.text);
    if !parsed.diagnostics.is_empty() {
        return Err(QueryError::Wrong(parsed.diagnostics));
    }
    let bound = bind(&parsed.query, &catalog);
    let wrong = |problem: &Diagnostic| problem.code != DiagnosticCode::Unsupported;
    let Some(plan) = bound.plan.filter(|_| bound.live_only.is_empty()) else {
        let only_live = !bound.live_only.is_empty() && !bound.diagnostics.iter().any(wrong);
        return Err(if only_live {
            QueryError::LiveOnly(bound.live_only)
        } else {
            QueryError::Wrong(bound.diagnostics)
        });
    };
    let reader = Reader { source, tables, request, read: RefCell::default(), failed: RefCell::default() };
    let values = request.parameters.iter().map(|(name, value)| (name.clone(), convert::parameter(value)));
    let settings =
        Settings { now: convert::datetime(request.now), parameters: values.collect(), limits: source.query_limits() };
    let outcome = run::run(&plan, &reader, &settings);
    if let Some(error) = reader.failed.take() {
        return Err(QueryError::Source(error));
    }
    let table = outcome.map_err(QueryError::Run)?.tables.pop().map(|(_, table)| table);
    let table = table.unwrap_or_else(|| value::Table { columns: Vec::new(), rows: Vec::new() });
    let (gaps, problems) = reader.losses();
    Ok(QueryOutput { table, gaps, problems })
}

/// Answers a query of a plan.
///
/// # Errors
///
/// The query has no result. The kind of the error is what the caller can do.
pub(crate) fn answer(source: &dyn RowSource, query: &PlannedQuery) -> Result<Answer, SourceError> {
    let tables: Vec<Arc<Table>> = std::iter::once(&query.reading.table).chain(&query.others).map(Arc::clone).collect();
    let request = QueryRequest {
        text: &query.text,
        parameters: &query.parameters,
        window: Some(query.reading.window),
        subject: &query.reading.subject,
        now: query.reading.window.to,
    };
    let output = run_query(source, &tables, &request).map_err(QueryError::into_source_error)?;
    let mut answer = Answer::complete(AnswerData::Table(convert::result_table(&output.table)));
    if !output.gaps.is_empty() {
        answer.completeness = Completeness::Partial(output.gaps);
    }
    answer.problems = output.problems;
    Ok(answer)
}

/// The tables of a query for the interpreter.
struct Reader<'r> {
    source: &'r dyn RowSource,
    tables: &'r [Arc<Table>],
    request: &'r QueryRequest<'r>,
    /// Losses of the tables that were read, by name.
    read: RefCell<BTreeMap<String, Losses>>,
    /// The error of the table that could not be read.
    failed: RefCell<Option<SourceError>>,
}

impl Reader<'_> {
    /// A request for one table alone, to look up its declarations.
    fn table_request(&self, table: &Arc<Table>) -> Request {
        Request::Query(PlannedQuery {
            reading: Reading {
                table: Arc::clone(table),
                subject: self.request.subject.clone(),
                window: self.request.window.unwrap_or(Window { from: Time::MIN, to: Time::MAX }),
                filter: Vec::new(),
                keys: Vec::new(),
            },
            others: Vec::new(),
            text: String::new(),
            parameters: Vec::new(),
        })
    }

    /// Calls `sink` with the requested columns of every row that the query sees, each identity once.
    fn rows(
        &self,
        table: &Arc<Table>,
        columns: &[Column],
        sink: &mut dyn FnMut(value::Row) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        if let Some(refused) = self.source.declared().refusal(&self.table_request(table)) {
            return Err(refused);
        }
        let mut identities = Identities::new(IDENTITIES);
        // Whether some row may be a duplicate of one whose identity is no longer remembered.
        let mut unknown = false;
        let mut losses = self.source.each(table, &mut |row| {
            if !self.is_in_scope(table, row) {
                return ControlFlow::Continue(());
            }
            match identities.insert(row.identity(table).as_deref()) {
                Dedup::First => sink(columns.iter().map(|column| cells::of_row(table, row, column)).collect()),
                Dedup::Duplicate => ControlFlow::Continue(()),
                Dedup::Unknown => {
                    unknown = true;
                    ControlFlow::Continue(())
                }
            }
        })?;
        if unknown {
            losses.reasons.insert(GapReason::Duplicates);
        }
        let mut read = self.read.borrow_mut();
        let known = read.entry(table.name.clone()).or_default();
        known.reasons.extend(losses.reasons);
        known.problems.extend(losses.problems);
        Ok(())
    }

    /// Whether a row is in the window and of the subject.
    fn is_in_scope(&self, table: &Table, row: &Row) -> bool {
        if self.request.window.is_some_and(|window| !window.contains(row.time())) {
            return false;
        }
        let metric = table.metric_name.as_ref().and_then(|path| row.text(path));
        row.matches_subject(table, metric.as_deref(), self.request.subject)
    }

    /// The gaps and problems of all tables that were read.
    fn losses(self) -> (Vec<Gap>, Vec<RowProblem>) {
        let mut gaps: BTreeSet<Gap> = BTreeSet::new();
        let mut problems: Vec<RowProblem> = Vec::new();
        for (name, losses) in self.read.take() {
            let gap = |reason| Gap { reason, range: None, entities: None };
            gaps.extend(losses.reasons.into_iter().map(gap));
            if let Some(table) = self.tables.iter().find(|table| table.name == name) {
                gaps.extend(self.source.declared().gaps(&self.table_request(table)));
            }
            problems.extend(losses.problems);
        }
        problems.sort();
        problems.dedup();
        problems.truncate(MAX_PROBLEMS);
        (gaps.into_iter().collect(), problems)
    }
}

impl run::Source for Reader<'_> {
    fn scan(
        &self,
        table: &str,
        columns: &[Column],
        sink: &mut dyn FnMut(value::Row) -> ControlFlow<()>,
    ) -> Result<(), run::SourceError> {
        let found = self.tables.iter().find(|known| known.name == table);
        let known = found.ok_or_else(|| format!("the rules define no table `{table}`"))?;
        self.rows(known, columns, sink).map_err(|error| {
            let message = error.to_string();
            self.failed.replace(Some(error));
            message.into()
        })
    }
}

/// An in-memory source that also answers KQL queries.
#[derive(Clone, Debug)]
pub(crate) struct MemoryWithQueries(pub(crate) MemorySource);

impl RowSource for MemorySource {
    fn declared(&self) -> &Declared {
        Self::declared(self)
    }

    fn query_limits(&self) -> run::Limits {
        run::Limits::DEFAULT
    }

    fn each(&self, table: &Table, sink: &mut dyn FnMut(&Row) -> ControlFlow<()>) -> Result<Losses, SourceError> {
        let mut losses = Losses::default();
        for (value, line) in self.rows(&table.name).iter().zip(1_u64..) {
            match row(table, value) {
                Ok(row) => {
                    if sink(&row).is_break() {
                        break;
                    }
                }
                Err(what) => {
                    losses.reasons.insert(GapReason::BadRows);
                    losses.problems.push(RowProblem { origin: table.name.clone(), line, what });
                }
            }
        }
        Ok(losses)
    }
}

fn row(table: &Table, value: &Value) -> Result<Row, String> {
    let object: &Map<String, Value> = value.as_object().ok_or("the row is not a JSON object")?;
    Row::from_json(table, object.clone())
}

#[async_trait]
impl TelemetrySource for MemoryWithQueries {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        let answers = self.0.answer(requests);
        let with_queries = |(request, from_rows): (&Request, Result<Answer, SourceError>)| match request {
            Request::Query(query) => answer(&self.0, query),
            _ => from_rows,
        };
        requests.iter().zip(answers).map(with_queries).collect()
    }
}
