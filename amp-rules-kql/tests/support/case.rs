//! What the tests of the language share: running a text, and comparing what comes out with JSON.

use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_kql::bind::{self, Catalog};
use amp_rules_kql::problem::{Problem, ProblemKind};
use amp_rules_kql::run::{self, RunError, Settings, Source};
use amp_rules_kql::syntax;
use amp_rules_kql::value::{Table, json};

/// What came of a text.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The last result.
    Rows(Table),
    /// It holds constructs outside the subset, and nothing that is wrong.
    Refused(Vec<String>),
    /// Something is wrong with it.
    Wrong(Vec<Problem>),
    /// It ran, and could not go on.
    Failed(RunError),
}

/// Parses, binds and runs a text.
pub(crate) fn answer(text: &str, catalog: &Catalog, source: &dyn Source, settings: &Settings) -> Answer {
    let parsed = syntax::parse(text);
    let mut problems = parsed.problems;
    let bound = bind::bind(&parsed.query, catalog);
    if problems.is_empty() {
        problems = bound.problems;
    }
    if !problems.is_empty() {
        let refused = |problem: &Problem| matches!(problem.kind, ProblemKind::Unsupported | ProblemKind::Forbidden);
        return if problems.iter().all(refused) {
            Answer::Refused(problems.iter().map(|problem| problem.message.clone()).collect())
        } else {
            Answer::Wrong(problems)
        };
    }
    match run::run(&bound.plan.expect("a query without problems has a plan"), source, settings) {
        Ok(mut outcome) => Answer::Rows(outcome.tables.pop().expect("a query has a result").1),
        Err(error) => Answer::Failed(error),
    }
}

/// The cells of a table as JSON.
pub(crate) fn cells(table: &Table) -> Vec<Vec<serde_json::Value>> {
    table.rows.iter().map(|row| row.iter().map(json::cell).collect()).collect()
}

/// Whether two cells show the same: numbers within rounding, instants whether or not they show a fraction of zero.
pub(crate) fn same(a: &serde_json::Value, b: &serde_json::Value) -> bool {
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

/// Whether two lists show the same.
pub(crate) fn same_all(a: &[serde_json::Value], b: &[serde_json::Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

/// Whether two tables hold the same rows, each as often, in any order.
pub(crate) fn same_rows(a: &[Vec<serde_json::Value>], b: &[Vec<serde_json::Value>]) -> bool {
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

/// A file or folder of the project's data, beside the project.
pub(crate) fn shared(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(path)
}

/// Queries in the manner of a team's dashboards, by name; each stands behind a line `//# name`.
pub(crate) fn dashboards() -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/dashboards.kql");
    let text = fs::read_to_string(path).expect("the queries can be read");
    let query = |part: &str| {
        let (name, query) = part.split_once('\n').expect("a query stands behind its name");
        (format!("dashboards/{name}"), query.to_owned())
    };
    text.split("//# ").skip(1).map(query).collect()
}
