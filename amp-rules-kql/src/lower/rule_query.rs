//! Lowers a query written in a rule: the unchanged text, after statements that bind its parameters and restrict its tables.
//!
//! Input: a [`QueryRequest`]. Output: a [`Lowered`]. Each table in the text is bound, under its own name, to its rows in the
//! window and of the subject, so the text can read no other rows. No value becomes code: parameters and subjects are encoded
//! literals.

use amp_rules_core::telemetry::request::{QueryRequest, Request};
use amp_rules_core::time::Window;
use kql_lang::value::Value;
use kql_lang::{literal, prologue};

use super::cells;
use super::dialect::Dialect;
use super::lowered::{Lowered, Subjects};
use crate::convert;

/// Returns the query of the request at a position, for the subject at a position.
pub(super) fn lower(position: usize, request: &QueryRequest, subject: usize, dialect: &Dialect) -> Lowered {
    let Window { from, to } = request.reading.window;
    let parameters: Vec<(String, Value)> =
        request.parameters.iter().map(|(name, value)| (name.clone(), convert::parameter(value))).collect();
    let mut kql = prologue::prologue(&parameters);
    let tables = std::iter::once(&request.reading.table).chain(&request.others);
    for table in tables {
        let within = |time: &str| {
            format!(
                "{time} >= {} and {time} < {}",
                literal::datetime(convert::datetime(from)),
                literal::datetime(convert::datetime(to))
            )
        };
        let mut rows = dialect.rows(table, within).replace('\n', " ");
        for (key, wanted) in request.reading.subject.iter().filter(|(key, _)| table.keys.contains_key(*key)) {
            rows.push_str(&format!(" | where {}", cells::is_of_subject(table, key, &literal::string(wanted))));
        }
        kql.push_str(&format!("let {} = {rows};\n", literal::name(&table.name)));
    }
    kql.push_str(&request.text);
    if !kql.ends_with('\n') {
        kql.push('\n');
    }
    Lowered {
        table: request.reading.table.clone(),
        positions: vec![position],
        window: request.reading.window,
        kql,
        requests: vec![Request::Query(request.clone())],
        shared: Vec::new(),
        subjects: Subjects::One(subject),
    }
}
