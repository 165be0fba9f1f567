//! A telemetry source that runs lowered queries in the interpreter on typed tables.
//!
//! Input: a dataset. Output: a source. Data that the dataset declares as missing or partial is handled as in recordings, outside
//! of the queries.

use std::collections::BTreeMap;
use std::sync::Arc;

use amp_rules_core::TelemetrySource;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema;
use amp_rules_core::telemetry::source::conformance::Dataset;
use amp_rules_core::telemetry::source::data::{Completeness, Gap, GapReason};
use amp_rules_core::telemetry::source::declared::Declared;
use amp_rules_core::telemetry::source::rows::{Number, Row, number_of, text_of};
use amp_rules_core::telemetry::source::{Answer, Capabilities, SourceError, SourceErrorKind};
use amp_rules_kql::convert::scalar_type;
use amp_rules_kql::lower::{Dialect, Lowered, lower, unsupported};
use async_trait::async_trait;
use kql_lang::bind::{self, Catalog};
use kql_lang::datetime::TICKS_TO_EPOCH;
use kql_lang::run::{self, Settings, Tables};
use kql_lang::syntax;
use kql_lang::value::{Column, Table, Type, Value, convert, json};

/// A source that lowers requests, runs the queries and converts the results.
#[derive(Clone, Debug)]
pub(crate) struct Interpreted {
    tables: Tables,
    catalog: Catalog,
    declared: Declared,
    /// The number of rows without a valid time, per table.
    undated: BTreeMap<String, usize>,
}

impl Interpreted {
    pub(crate) fn new(dataset: &Dataset) -> Self {
        let mut declared = Declared::new();
        let (mut tables, mut catalog, mut undated) = (Tables::new(), Catalog::new(), BTreeMap::new());
        for (table, rows) in &dataset.tables {
            declared.table(&table.name);
            let typed = typed(table, rows);
            let lost = rows.len() - typed.rows.len();
            if lost > 0 {
                undated.insert(table.name.clone(), lost);
            }
            catalog = catalog.with_table(&table.name, typed.columns.clone());
            tables = tables.with(&table.name, typed);
        }
        for (table, kind) in &dataset.missing {
            declared.missing(table, *kind);
        }
        for (table, metric, kind) in &dataset.missing_metrics {
            declared.missing_metric(table, metric, *kind);
        }
        for (table, component, kind) in &dataset.missing_components {
            declared.missing_component(table, component, *kind);
        }
        for (table, reason) in &dataset.partial {
            declared.partial(table, *reason, None);
        }
        if dataset.inventory_partial {
            declared.inventory_partial();
        }
        Self { tables, catalog, declared, undated }
    }

    /// Runs a query.
    pub(crate) fn run(&self, lowered: &Lowered) -> Table {
        run_text(&lowered.kql, &self.catalog, &self.tables)
    }

    pub(crate) fn answer(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        let mut answers: Vec<Option<Result<Answer, SourceError>>> =
            requests.iter().map(|request| self.declared.refusal(request).map(Err)).collect();
        let asked: Vec<(usize, Request)> = requests
            .iter()
            .enumerate()
            .filter(|(position, _)| answers[*position].is_none())
            .map(|(position, request)| (position, request.clone()))
            .collect();
        let (positions, asked): (Vec<usize>, Vec<Request>) = asked.into_iter().unzip();
        for lowered in lower(&asked, &Dialect::new()) {
            for (position, answer) in lowered.answers(&self.run(&lowered)) {
                let request = &asked[position];
                answers[positions[position]] = Some(answer.map(|answer| self.complete(request, answer)));
            }
        }
        let unanswered = |request: &Request| {
            Err(match unsupported(request) {
                Some(reason) => SourceError::new(SourceErrorKind::Unsupported, "answer", reason),
                None => SourceError::new(SourceErrorKind::Other, "answer", "the request was lost"),
            })
        };
        let asked = answers.into_iter().zip(requests);
        asked.map(|(answer, request)| answer.unwrap_or_else(|| unanswered(request))).collect()
    }

    /// Adds the declared gaps of the table to an answer.
    pub(crate) fn complete(&self, request: &Request, mut answer: Answer) -> Answer {
        let mut gaps = match answer.completeness {
            Completeness::Complete => Vec::new(),
            Completeness::Partial(gaps) => gaps,
        };
        gaps.extend(self.declared.gaps(request));
        if self.undated.contains_key(&request.reading().table.name) {
            gaps.push(Gap { reason: GapReason::BadRows, range: None, entities: None });
        }
        gaps.sort();
        answer.completeness = if gaps.is_empty() { Completeness::Complete } else { Completeness::Partial(gaps) };
        answer
    }
}

#[async_trait]
impl TelemetrySource for Interpreted {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all().rounding_sums()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        self.answer(requests)
    }
}

/// Parses, binds and runs a text that has to be right.
pub(crate) fn run_text(text: &str, catalog: &Catalog, tables: &dyn run::Source) -> Table {
    let parsed = syntax::parse(text);
    assert!(parsed.diagnostics.is_empty(), "{:?}\n{text}", parsed.diagnostics);
    let bound = bind::bind(&parsed.query, catalog);
    assert!(bound.diagnostics.is_empty(), "{:?}\n{text}", bound.diagnostics);
    let plan = bound.plan.expect("a query without problems has a plan");
    let mut outcome = run::run(&plan, tables, &Settings::default()).expect("the query runs");
    outcome.tables.pop().expect("a query has a result").1
}

/// Returns rows as a service stores them: each cell has its column type or is null.
pub(crate) fn typed(table: &Arc<schema::Table>, rows: &[serde_json::Value]) -> Table {
    let columns: Vec<Column> = table
        .columns
        .iter()
        .map(|(name, kind)| Column { name: name.as_str().into(), kind: scalar_type(*kind) })
        .collect();
    let dated = rows.iter().filter_map(|row| Row::from_json(table, row.as_object()?.clone()).ok());
    let cells = |row: Row| columns.iter().map(|column| cell(table, &row, column)).collect();
    Table { rows: dated.map(cells).collect(), columns }
}

fn cell(table: &schema::Table, row: &Row, column: &Column) -> Value {
    if table.time.parts() == [column.name.to_string()] {
        return Value::DateTime(row.time().ticks() + TICKS_TO_EPOCH);
    }
    let cell = row.cells().get(&*column.name).unwrap_or(&serde_json::Value::Null);
    match column.kind {
        Type::String => Value::text(text_of(cell).unwrap_or_default().into_owned()),
        Type::Dynamic => json::from_json(cell),
        Type::Real => match number_of(cell) {
            Number::Is(number) => Value::Real(number),
            Number::NotFinite => Value::Real(f64::NAN),
            Number::Absent => Value::Null,
        },
        Type::Int | Type::Long => match number_of(cell) {
            Number::Is(number) => convert::to(column.kind, &Value::Real(number)),
            Number::NotFinite | Number::Absent => Value::Null,
        },
        kind => convert::to(kind, &json::from_json(cell)),
    }
}
