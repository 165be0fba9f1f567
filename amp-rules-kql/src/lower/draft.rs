//! A query under construction: `let` statements, and result parts that become a union.
//!
//! Input: the requests on one table. Output: a [`Draft`] with the query text. Identical parts of several requests are computed
//! once, and the draft records the requests that share them.

use std::collections::BTreeMap;

use amp_rules_core::telemetry::request::{Reading, Request};
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::time::{Time, Window};
use kql_lang::literal;

use super::cells;
use super::dialect::Dialect;
use super::lowered::Subjects;
use super::piece::Piece;
use crate::convert;

/// The name of the statement with the rows that any of the requests reads.
pub(super) const ROWS: &str = "_rows";

/// A query under construction.
#[derive(Debug)]
pub(super) struct Draft {
    /// The window that contains all rows of the query.
    pub(super) window: Window,
    /// The query text; empty until assembled.
    pub(super) kql: String,
    /// As in [`super::lowered::Lowered`].
    pub(super) shared: Vec<(usize, Vec<usize>)>,
    /// The `let` statements.
    pub(super) statements: Vec<String>,
    /// The result parts.
    pub(super) parts: Vec<String>,
    /// The names of statements with some of the rows, by the test that they pass.
    named_rows: BTreeMap<String, String>,
    /// Part numbers of shareable parts, by piece and text.
    shared_parts: BTreeMap<(Piece, String), usize>,
}

impl Draft {
    /// Creates a draft with the statements that select the rows, and no result parts.
    pub(super) fn new(table: &Table, requests: &[(usize, &Request)], subjects: &Subjects, dialect: &Dialect) -> Self {
        let window = enclosing_window(requests.iter().map(|(_, request)| request.reading()));
        let mut draft = Self {
            window,
            kql: String::new(),
            shared: Vec::new(),
            statements: Vec::new(),
            parts: Vec::new(),
            named_rows: BTreeMap::new(),
            shared_parts: BTreeMap::new(),
        };
        draft.prologue(table, requests, subjects, dialect);
        draft
    }

    /// Adds a part that requests with the same `key` share; it has the part number of the first such request.
    pub(super) fn share(&mut self, piece: Piece, position: usize, text: impl FnOnce(String) -> String, key: String) {
        let part = piece.number(position);
        match self.shared_parts.get(&(piece, key.clone())) {
            Some(first) => match self.shared.iter_mut().find(|(known, _)| known == first) {
                Some((_, others)) => others.push(position),
                None => self.shared.push((*first, vec![position])),
            },
            None => {
                self.shared_parts.insert((piece, key), part);
                self.parts.push(text(format!("long({part})")));
            }
        }
    }

    /// Returns the name of a statement with the rows that pass a test; adds the statement if it is new.
    pub(super) fn rows_where(&mut self, test: String) -> String {
        let number = self.named_rows.len();
        let statements = &mut self.statements;
        let name = self.named_rows.entry(test).or_insert_with_key(|test| {
            let name = format!("_some{number}");
            statements.push(format!("let {name} = {ROWS}\n| where {test}"));
            name
        });
        name.clone()
    }

    /// Returns the test that a row is in the window of a reading; `None` if all rows of the query are.
    pub(super) fn within(&self, table: &Table, reading: &Reading) -> Option<String> {
        (reading.window != self.window).then(|| {
            let Window { from, to } = reading.window;
            let time = cells::time(table);
            format!(
                "{time} >= {} and {time} < {}",
                literal::datetime(convert::datetime(from)),
                literal::datetime(convert::datetime(to))
            )
        })
    }

    /// Adds the statements that select the rows which any of the requests reads.
    fn prologue(&mut self, table: &Table, requests: &[(usize, &Request)], subjects: &Subjects, dialect: &Dialect) {
        self.statements.push(format!("let _from = {}", literal::datetime(convert::datetime(self.window.from))));
        self.statements.push(format!("let _to = {}", literal::datetime(convert::datetime(self.window.to))));
        let mut rows = dialect.rows(table, |time| format!("{time} >= _from and {time} < _to"));
        match subjects {
            Subjects::Fleet(fleet) => rows.push_str(&fleet.steps(table, &mut self.statements)),
            Subjects::One(_) => {
                let subject = requests.first().map(|(_, request)| &request.reading().subject);
                let known = subject.into_iter().flatten().filter(|(key, _)| table.keys.contains_key(*key));
                for (at, (key, wanted)) in known.enumerate() {
                    self.statements.push(format!("let _subject{at} = {}", literal::string(wanted)));
                    rows.push_str(&format!("\n| where {}", cells::is_of_subject(table, key, &format!("_subject{at}"))));
                }
            }
        }
        let metrics = |request: &Request| spellings(request);
        if requests.iter().all(|(_, request)| !request.metrics().is_empty())
            && let Some(path) = &table.metric_name
        {
            let mut names: Vec<String> = requests.iter().flat_map(|(_, request)| metrics(request)).collect();
            names.sort();
            names.dedup();
            let names: Vec<String> = names.iter().map(|name| literal::string(name)).collect();
            rows.push_str(&format!("\n| where {} in ({})", cells::text(table, path), names.join(", ")));
        }
        // Samples are read by many parts, so they are materialized; rows with text may be too many for that.
        let rows = if table.text.is_some() { rows } else { format!("materialize({rows})") };
        self.statements.push(format!("let {ROWS} = {rows}"));
    }
}

fn spellings(request: &Request) -> Vec<String> {
    let metrics = match request {
        Request::Series(request) => request.metrics.as_slice(),
        Request::Properties(request) => request.metrics.as_slice(),
        Request::Inventory(request) => request.metric.as_slice(),
        Request::Lines(_) | Request::Rows(_) | Request::Unmatched(_) | Request::Query(_) => &[],
    };
    metrics.iter().flat_map(|(name, spellings)| spellings.iter().chain([name])).cloned().collect()
}

/// Returns the conjunction of tests; `true` if there are none.
pub(super) fn all(tests: impl IntoIterator<Item = String>) -> String {
    let tests: Vec<String> = tests.into_iter().filter(|test| test != "true").collect();
    if tests.is_empty() { "true".to_owned() } else { tests.join(" and ") }
}

/// Returns the smallest window that contains the windows of all readings.
fn enclosing_window<'r>(readings: impl Iterator<Item = &'r Reading> + Clone) -> Window {
    Window {
        from: readings.clone().map(|reading| reading.window.from).min().unwrap_or(Time::MIN),
        to: readings.map(|reading| reading.window.to).max().unwrap_or(Time::MAX),
    }
}
