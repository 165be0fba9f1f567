//! Queries in KQL over recorded rows.
//!
//! Input: rows of tables, by way of [`Recorded`], and a text in KQL with its parameters. Output: the table that the text
//! results in, by the interpreter of `amp-rules-kql`, and what is lacking of the rows that it read. A query sees the rows of
//! the window and of the subject only, each identity once. A construct that the interpreter lacks is refused by its name;
//! parameters are bound as values and never become text.

pub(crate) mod cells;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

use amp_rules_core::request::{ParameterValue, QueryRequest, Reading, Request};
use amp_rules_core::schema::{Schema, Table};
use amp_rules_core::source::data::{AnswerData, RowProblem};
use amp_rules_core::source::declared::Declared;
use amp_rules_core::source::memory::MemorySource;
use amp_rules_core::source::rows::{IDENTITIES, Identities, Row, Turn};
use amp_rules_core::source::{
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

/// Problems of rows that an answer lists.
const PROBLEMS: usize = 100;

/// What was wrong with the rows of a table while it was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Losses {
    pub(crate) reasons: BTreeSet<GapReason>,
    pub(crate) problems: Vec<RowProblem>,
}

/// Rows that were recorded, with what is said to be missing of them.
pub(crate) trait Recorded {
    /// What is missing.
    fn declared(&self) -> &Declared;

    /// Gives every readable row of a table, in a fixed order, until the sink breaks.
    fn each(&self, table: &Table, sink: &mut dyn FnMut(&Row) -> ControlFlow<()>) -> Result<Losses, SourceError>;
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question<'q> {
    /// The text.
    pub text: &'q str,
    /// Its parameters.
    pub parameters: &'q [(String, ParameterValue)],
    /// The rows that it sees; all where nothing is said.
    pub window: Option<Window>,
    /// The subject whose rows it sees, as far as tables know its keys.
    pub subject: &'q BTreeMap<String, String>,
    /// The instant that `now()` gives.
    pub now: Time,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Queried {
    /// The last result of the text.
    pub table: value::Table,
    /// What the rows that were read lack. Sorted.
    pub gaps: Vec<Gap>,
    /// Rows that could not be read, at most 100 of them.
    pub problems: Vec<RowProblem>,
}

/// Why a query has no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum QueryError {
    /// The text is wrong.
    Wrong(Vec<Diagnostic>),
    /// The text uses constructs that only a service has.
    LiveOnly(Vec<LiveOnly>),
    /// A table cannot be read.
    Source(SourceError),
    /// It could not be run to its end.
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
    /// The same as the failure of one request.
    fn of_request(self) -> SourceError {
        let operation = "run a query";
        match self {
            Self::Source(error) => error,
            Self::LiveOnly(_) => SourceError::new(SourceErrorKind::Unsupported, operation, self.to_string()),
            Self::Wrong(_) => SourceError::new(SourceErrorKind::Malformed, operation, self.to_string()),
            Self::Run(error) => SourceError::new(SourceErrorKind::Other, operation, error.to_string()),
        }
    }
}

/// Runs a text over recorded rows of these tables.
pub(crate) fn ask(
    recorded: &dyn Recorded,
    tables: &[Arc<Table>],
    question: &Question<'_>,
) -> Result<Queried, QueryError> {
    let kinds = question.parameters.iter().map(|(name, value)| (name, value.kind()));
    let schema = Schema {
        tables: tables.iter().map(|table| (table.name.clone(), Arc::clone(table))).collect(),
        ..Schema::default()
    };
    let catalog = kinds.fold(convert::catalog(&schema), |catalog, (name, kind)| {
        catalog.with_parameter(name, convert::scalar_type(kind))
    });
    let parsed = parse(question.text);
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
    let reader = Reader { recorded, tables, question, read: RefCell::default(), failed: RefCell::default() };
    let values = question.parameters.iter().map(|(name, value)| (name.clone(), convert::parameter(value)));
    let settings =
        Settings { now: convert::datetime(question.now), parameters: values.collect(), ..Settings::default() };
    let outcome = run::run(&plan, &reader, &settings);
    if let Some(error) = reader.failed.take() {
        return Err(QueryError::Source(error));
    }
    let table = outcome.map_err(QueryError::Run)?.tables.pop().map(|(_, table)| table);
    let table = table.unwrap_or_else(|| value::Table { columns: Vec::new(), rows: Vec::new() });
    let (gaps, problems) = reader.losses();
    Ok(Queried { table, gaps, problems })
}

/// Answers a request for a query.
pub(crate) fn answer(recorded: &dyn Recorded, request: &QueryRequest) -> Result<Answer, SourceError> {
    let tables: Vec<Arc<Table>> =
        std::iter::once(&request.reading.table).chain(&request.others).map(Arc::clone).collect();
    let question = Question {
        text: &request.text,
        parameters: &request.parameters,
        window: Some(request.reading.window),
        subject: &request.reading.subject,
        now: request.reading.window.to,
    };
    let queried = ask(recorded, &tables, &question).map_err(QueryError::of_request)?;
    let mut answer = Answer::complete(AnswerData::Table(convert::result_table(&queried.table)));
    if !queried.gaps.is_empty() {
        answer.completeness = Completeness::Partial(queried.gaps);
    }
    answer.problems = queried.problems;
    Ok(answer)
}

/// The tables of a query as the interpreter reads them.
struct Reader<'r> {
    recorded: &'r dyn Recorded,
    tables: &'r [Arc<Table>],
    question: &'r Question<'r>,
    read: RefCell<BTreeMap<String, Losses>>,
    failed: RefCell<Option<SourceError>>,
}

impl Reader<'_> {
    /// A request for one table alone, to ask what is declared of it.
    fn request(&self, table: &Arc<Table>) -> Request {
        Request::Query(QueryRequest {
            reading: Reading {
                table: Arc::clone(table),
                subject: self.question.subject.clone(),
                window: self.question.window.unwrap_or(Window { from: Time::MIN, to: Time::MAX }),
                filter: Vec::new(),
                keys: Vec::new(),
            },
            others: Vec::new(),
            text: String::new(),
            parameters: Vec::new(),
        })
    }

    fn rows(
        &self,
        table: &Arc<Table>,
        columns: &[Column],
        sink: &mut dyn FnMut(value::Row) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        if let Some(refused) = self.recorded.declared().refusal(&self.request(table)) {
            return Err(refused);
        }
        let mut identities = Identities::new(IDENTITIES);
        let mut untold = false;
        let mut losses = self.recorded.each(table, &mut |row| {
            if !self.is_seen(table, row) {
                return ControlFlow::Continue(());
            }
            match identities.turn(row.identity(table).as_deref()) {
                Turn::First => sink(columns.iter().map(|column| cells::of_row(table, row, column)).collect()),
                Turn::Again => ControlFlow::Continue(()),
                Turn::Untold => {
                    untold = true;
                    ControlFlow::Continue(())
                }
            }
        })?;
        if untold {
            losses.reasons.insert(GapReason::Duplicates);
        }
        let mut read = self.read.borrow_mut();
        let known = read.entry(table.name.clone()).or_default();
        known.reasons.extend(losses.reasons);
        known.problems.extend(losses.problems);
        Ok(())
    }

    fn is_seen(&self, table: &Table, row: &Row) -> bool {
        if self.question.window.is_some_and(|window| !window.contains(row.time())) {
            return false;
        }
        let metric = table.metric_name.as_ref().and_then(|path| row.text(path));
        row.is_of(table, metric.as_deref(), self.question.subject)
    }

    /// What all tables that were read lack.
    fn losses(self) -> (Vec<Gap>, Vec<RowProblem>) {
        let mut gaps: BTreeSet<Gap> = BTreeSet::new();
        let mut problems: Vec<RowProblem> = Vec::new();
        for (name, losses) in self.read.take() {
            let whole = |reason| Gap { reason, range: None, entities: None };
            gaps.extend(losses.reasons.into_iter().map(whole));
            if let Some(table) = self.tables.iter().find(|table| table.name == name) {
                gaps.extend(self.recorded.declared().gaps(&self.request(table)));
            }
            problems.extend(losses.problems);
        }
        problems.sort();
        problems.dedup();
        problems.truncate(PROBLEMS);
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
        let known = found.ok_or_else(|| format!("the rules know no table `{table}`"))?;
        self.rows(known, columns, sink).map_err(|error| {
            let told = error.to_string();
            self.failed.replace(Some(error));
            told.into()
        })
    }
}

/// Rows in memory that can be asked in KQL too.
#[derive(Clone, Debug)]
pub struct MemoryWithQueries(pub MemorySource);

impl Recorded for MemorySource {
    fn declared(&self) -> &Declared {
        Self::declared(self)
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
    let object: &Map<String, Value> = value.as_object().ok_or("it is no object")?;
    Row::from_json(table, object.clone())
}

#[async_trait]
impl TelemetrySource for MemoryWithQueries {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        let answers = self.0.answer(requests);
        let queried = |(request, rows): (&Request, Result<Answer, SourceError>)| match request {
            Request::Query(query) => answer(&self.0, query),
            _ => rows,
        };
        requests.iter().zip(answers).map(queried).collect()
    }
}
