//! Runs a query and compares its result with JSON.

use std::path::{Path, PathBuf};

use kql_lang::bind::{self, Catalog};
use kql_lang::diagnostic::{Diagnostic, DiagnosticCode};
use kql_lang::run::{self, RunError, Settings, Source};
use kql_lang::syntax;
use kql_lang::value::{Table, json};

/// The outcome of a query.
#[derive(Debug)]
pub enum Answer {
    /// The query ran; this is its last result.
    Rows(Table),
    /// The query is valid KQL with unsupported or forbidden constructs; the messages.
    Refused(Vec<String>),
    /// The query is invalid.
    Wrong(Vec<Diagnostic>),
    /// The query failed at run time.
    Failed(RunError),
}

/// Parses, binds and runs a query.
#[must_use]
pub fn answer(text: &str, catalog: &Catalog, source: &dyn Source, settings: &Settings) -> Answer {
    let parsed = syntax::parse(text);
    let mut diagnostics = parsed.diagnostics;
    let bound = bind::bind(&parsed.query, catalog);
    if diagnostics.is_empty() {
        diagnostics = bound.diagnostics;
    }
    if !diagnostics.is_empty() {
        let refused = |diagnostic: &Diagnostic| {
            matches!(diagnostic.code, DiagnosticCode::Unsupported | DiagnosticCode::Forbidden)
        };
        return if diagnostics.iter().all(refused) {
            Answer::Refused(diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).collect())
        } else {
            Answer::Wrong(diagnostics)
        };
    }
    match run::run(&bound.plan.expect("a query without diagnostics has a plan"), source, settings) {
        Ok(mut outcome) => Answer::Rows(outcome.tables.pop().expect("a query has a result").1),
        Err(error) => Answer::Failed(error),
    }
}

/// Returns the cells of a table as JSON.
#[must_use]
pub fn cells(table: &Table) -> Vec<Vec<serde_json::Value>> {
    table.rows.iter().map(|row| row.iter().map(json::cell).collect()).collect()
}

/// Whether two cells are equal: numbers within rounding, instants with or without a fraction of zero.
#[must_use]
pub fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        (Value::String(a), Value::String(b)) => a.replace(".0000000Z", "Z") == b.replace(".0000000Z", "Z"),
        (Value::Array(a), Value::Array(b)) => same_all(a, b),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// Whether two lists of cells are equal; see [`same`].
#[must_use]
pub fn same_all(a: &[serde_json::Value], b: &[serde_json::Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

/// Whether two tables have the same rows, including duplicates, in any order.
#[must_use]
pub fn same_rows(a: &[Vec<serde_json::Value>], b: &[Vec<serde_json::Value>]) -> bool {
    let mut rest: Vec<&Vec<serde_json::Value>> = b.iter().collect();
    a.len() == b.len()
        && a.iter().all(|row| match rest.iter().position(|other| same_all(row, other)) {
            Some(at) => {
                rest.swap_remove(at);
                true
            }
            None => false,
        })
}

/// Returns the path of a file or folder of the shared data, which is not part of the repository.
#[must_use]
pub fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path)
}
