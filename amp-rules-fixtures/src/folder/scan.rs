//! One pass over the files of one table: what was read, what was wrong, what was lost.
//!
//! Input: what a file holds, as `rows` hands it on. Output: every good row to the caller; problems with file and line, at
//! most [`KEPT`] of them and the count of the rest; the reasons for which the answer is partial.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use amp_rules_core::telemetry::schema::{ColumnType, Table};
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::Value;

use super::rows::{Object, Sink};
use crate::declared::gap_of;

/// So many problems are kept per table, and per folder; the rest is counted.
pub(super) const KEPT: usize = 100;

type Each<'a> = dyn FnMut(&Table, Object) -> Result<(), String> + 'a;

/// The bookkeeping of one pass over the files of one table.
pub(super) struct Scan<'a> {
    table: &'a Table,
    /// The columns that hold numbers.
    numbers: Vec<&'a str>,
    each: Box<Each<'a>>,
    pub(super) origin: String,
    /// Whether one good row, or a hundred bad ones, are enough.
    pub(super) enough: bool,
    /// Set by the caller once it wants no more rows.
    pub(super) stop: Option<&'a Cell<bool>>,
    pub(super) rows: u64,
    bad: u64,
    pub(super) problems: Vec<RowProblem>,
    lost: BTreeSet<GapReason>,
    failed: Option<(SourceErrorKind, String)>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(table: &'a Table, each: Box<Each<'a>>) -> Self {
        let is_number = |kind: &ColumnType| {
            matches!(kind, ColumnType::Int | ColumnType::Long | ColumnType::Real | ColumnType::Decimal)
        };
        let numbers = table.columns.iter().filter(|(_, kind)| is_number(kind)).map(|(name, _)| name.as_str()).collect();
        Self {
            table,
            numbers,
            each,
            origin: String::new(),
            enough: false,
            stop: None,
            rows: 0,
            bad: 0,
            problems: Vec::new(),
            lost: BTreeSet::new(),
            failed: None,
        }
    }

    fn record(&mut self, line: u64, what: String) {
        self.bad += 1;
        if self.problems.len() < KEPT {
            self.problems.push(RowProblem { origin: self.origin.clone(), line, what });
        }
    }

    /// Whether nothing at all was found: an empty file is a table without rows.
    pub(super) fn empty(&self) -> bool {
        self.rows == 0 && self.bad == 0 && self.failed.is_none()
    }

    /// What was lost and what was wrong; an error where nothing at all could be used.
    pub(super) fn finish(mut self) -> Result<(BTreeSet<GapReason>, Vec<RowProblem>), (SourceErrorKind, String)> {
        if self.rows == 0 && self.bad > 0 {
            let first = self
                .problems
                .first()
                .map(|problem| format!("{} line {}: {}", problem.origin, problem.line, problem.what))
                .unwrap_or_default();
            return Err(self.failed.unwrap_or((SourceErrorKind::Malformed, format!("no row could be read; {first}"))));
        }
        let more = self.bad.saturating_sub(self.problems.len() as u64);
        if more > 0 {
            self.problems.push(RowProblem {
                origin: self.table.name.clone(),
                line: 0,
                what: format!("{more} more problems like these"),
            });
        }
        Ok((self.lost, self.problems))
    }
}

/// Cells of columns of numbers that are none, in words, and whether one is nothing that could be read as a missing sample.
///
/// Nulls, and NaN and infinities as text, are missing samples and right so; other texts are missing samples that are
/// worth a remark; truth values, lists and objects make the row a bad one.
fn mistyped(numbers: &[&str], row: &Object) -> Vec<(String, bool)> {
    let wrong = numbers.iter().filter_map(|name| Some((name, row.get(*name)?))).filter(|(_, cell)| match cell {
        Value::Null | Value::Number(_) => false,
        Value::String(text) => !text.is_empty() && text.trim().parse::<f64>().is_err(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => true,
    });
    let told = |cell: &Value| cell.to_string().chars().take(60).collect::<String>();
    wrong.map(|(name, cell)| (format!("`{name}` is no number: {}", told(cell)), !cell.is_string())).collect()
}

impl Sink for Scan<'_> {
    fn row(&mut self, line: u64, row: Object) -> ControlFlow<()> {
        for (what, bad) in mistyped(&self.numbers, &row) {
            if bad {
                return self.bad(line, what);
            }
            self.record(line, what);
        }
        match (self.each)(self.table, row) {
            Ok(()) => {
                self.rows += 1;
                if self.enough || self.stop.is_some_and(Cell::get) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            }
            Err(what) => self.bad(line, what),
        }
    }

    fn bad(&mut self, line: u64, what: String) -> ControlFlow<()> {
        self.lost.insert(GapReason::BadRows);
        self.record(line, what);
        if self.enough && self.bad >= KEPT as u64 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn lost(&mut self, reason: GapReason, line: u64, what: String) {
        self.lost.insert(reason);
        self.record(line, what);
    }

    fn failed(&mut self, kind: SourceErrorKind, what: String) {
        self.lost.insert(gap_of(kind));
        self.record(0, what.clone());
        self.failed.get_or_insert((kind, what));
    }
}
