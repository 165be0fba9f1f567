//! The text of one query, put together: its first statements, a part of the result per piece of an answer, their union.
//!
//! Input: the requests on one table. Output: a [`Draft`] with the text. What several requests would compute alike is computed
//! once, and the draft records for which requests.

use std::collections::BTreeMap;

use amp_rules_core::telemetry::request::{Reading, Request};
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::time::{Time, Window};
use kql_lang::literal;

use super::cells;
use super::dialect::Dialect;
use super::lowered::Whose;
use super::part::Piece;
use crate::convert;

/// The name of the rows that any of the requests looks at.
pub(super) const ROWS: &str = "_rows";

/// A query that is being written.
#[derive(Debug)]
pub(super) struct Draft {
    /// What all its rows lie in.
    pub(super) window: Window,
    /// The text, once it is done.
    pub(super) kql: String,
    /// As in [`super::lowered::Lowered`].
    pub(super) shared: Vec<(usize, Vec<usize>)>,
    /// The statements before the last.
    pub(super) statements: Vec<String>,
    /// The parts of the result.
    pub(super) parts: Vec<String>,
    /// Parts of the result by all but the request that they are for.
    alike: BTreeMap<(Piece, String), usize>,
}

impl Draft {
    /// A query with the statements that give the rows, and no part of the result yet.
    pub(super) fn new(table: &Table, requests: &[(usize, &Request)], whose: &Whose, dialect: &Dialect) -> Self {
        let window = around(requests.iter().map(|(_, request)| request.reading()));
        let mut draft = Self {
            window,
            kql: String::new(),
            shared: Vec::new(),
            statements: Vec::new(),
            parts: Vec::new(),
            alike: BTreeMap::new(),
        };
        draft.prologue(table, requests, whose, dialect);
        draft
    }

    /// Adds a part that says the same for every request that asks for the same text: the first gives it its number.
    pub(super) fn share(&mut self, piece: Piece, position: usize, text: impl FnOnce(String) -> String, key: String) {
        let part = piece.of(position);
        match self.alike.get(&(piece, key.clone())) {
            Some(first) => match self.shared.iter_mut().find(|(known, _)| known == first) {
                Some((_, others)) => others.push(position),
                None => self.shared.push((*first, vec![position])),
            },
            None => {
                self.alike.insert((piece, key), part);
                self.parts.push(text(format!("long({part})")));
            }
        }
    }

    /// Whether a row lies in the window of a reading; `None` where all rows of the query do.
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

    /// The rows that any of the requests looks at.
    fn prologue(&mut self, table: &Table, requests: &[(usize, &Request)], whose: &Whose, dialect: &Dialect) {
        self.statements.push(format!("let _from = {}", literal::datetime(convert::datetime(self.window.from))));
        self.statements.push(format!("let _to = {}", literal::datetime(convert::datetime(self.window.to))));
        let mut rows = dialect.rows(table, |time| format!("{time} >= _from and {time} < _to"));
        match whose {
            Whose::Fleet(fleet) => rows.push_str(&fleet.steps(table, &mut self.statements)),
            Whose::One(_) => {
                let subject = requests.first().map(|(_, request)| &request.reading().subject);
                let known = subject.into_iter().flatten().filter(|(key, _)| table.keys.contains_key(*key));
                for (at, (key, wanted)) in known.enumerate() {
                    self.statements.push(format!("let _subject{at} = {}", literal::string(wanted)));
                    rows.push_str(&format!("\n| where {}", cells::is_of(table, key, &format!("_subject{at}"))));
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
        // Rows with text may be too many to be kept; samples are read by many parts.
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

/// Tests as one; `true` where there is none.
pub(super) fn all(tests: impl IntoIterator<Item = String>) -> String {
    let tests: Vec<String> = tests.into_iter().filter(|test| test != "true").collect();
    if tests.is_empty() { "true".to_owned() } else { tests.join(" and ") }
}

/// The window that holds all windows.
fn around<'r>(readings: impl Iterator<Item = &'r Reading> + Clone) -> Window {
    Window {
        from: readings.clone().map(|reading| reading.window.from).min().unwrap_or(Time::MIN),
        to: readings.map(|reading| reading.window.to).max().unwrap_or(Time::MAX),
    }
}
