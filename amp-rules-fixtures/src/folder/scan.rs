//! One pass over the files of one table.
//!
//! Input: rows and problems from `rows`. Output: every good row, passed to the caller; problems with file and line, at most
//! [`MAX_PROBLEMS`] and the count of the rest; the reasons why the answer is partial.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use amp_rules_core::telemetry::schema::{ColumnType, Table};
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::Value;

use super::bytes::{OnBytesRead, Usage};
use super::file::{FileFormat, FileRule, TableFile};
use super::problem::more_than;
use super::rows;
use super::sink::{Header, Object, Sink, Wanted};
use crate::declared::gap_reason_of;
use crate::form::{Mapper, Record};
use crate::input::{Limit, Limits};

/// The maximum number of problems kept per table, and per folder. The rest is counted.
pub(super) const MAX_PROBLEMS: usize = 100;

/// Receives every good row. An error is the reason why the row is bad after all.
type Each<'a> = dyn FnMut(&Table, Record) -> Result<(), String> + 'a;

/// The state of one pass over the files of one table.
pub(super) struct Scan<'a> {
    table: &'a Arc<Table>,
    /// The limits, and what the pass consumed so far.
    pub(super) usage: Rc<Usage>,
    /// The columns of numeric types.
    numbers: Vec<&'a str>,
    /// Whether a file has a header with the table's time.
    has_header: bool,
    each: Box<Each<'a>>,
    /// The file that is being read.
    origin: String,
    /// The rule for its rows, and the mapper of the rows under the current header.
    current: Option<(FileRule, Mapper)>,
    /// Whether empty cells are missing, unless they are texts: CSV cannot distinguish them.
    drops_empty: bool,
    /// What was added to rows.
    remarks: Vec<RowProblem>,
    /// Whether to stop after one good row or [`MAX_PROBLEMS`] bad ones.
    pub(super) probe: bool,
    /// Set by the caller to stop.
    pub(super) stop: Option<&'a Cell<bool>>,
    /// The number of good rows.
    pub(super) rows: u64,
    /// The number of rows, good or bad.
    seen: u64,
    /// The number of problems, including those that are not kept.
    bad: u64,
    pub(super) problems: Vec<RowProblem>,
    lost: BTreeSet<GapReason>,
    failed: Option<(SourceErrorKind, String)>,
}

/// The reasons for missing rows and the problems; or why no row could be read.
pub(super) type ScanOutcome = Result<(BTreeSet<GapReason>, Vec<RowProblem>), (SourceErrorKind, String)>;

impl<'a> Scan<'a> {
    pub(super) fn new(table: &'a Arc<Table>, limits: Limits, each: Box<Each<'a>>) -> Self {
        let is_number = |kind: &ColumnType| {
            matches!(kind, ColumnType::Int | ColumnType::Long | ColumnType::Real | ColumnType::Decimal)
        };
        let numbers = table.columns.iter().filter(|(_, kind)| is_number(kind)).map(|(name, _)| name.as_str()).collect();
        Self {
            table,
            usage: Rc::new(Usage::new(limits)),
            numbers,
            has_header: false,
            each,
            origin: String::new(),
            current: None,
            drops_empty: false,
            remarks: Vec::new(),
            probe: false,
            stop: None,
            rows: 0,
            seen: 0,
            bad: 0,
            problems: Vec::new(),
            lost: BTreeSet::new(),
            failed: None,
        }
    }

    /// Reads a file to its end, or until enough is known.
    pub(super) fn read(&mut self, file: &TableFile, on_bytes_read: OnBytesRead<'_>) {
        self.origin.clone_from(&file.name);
        self.current = Some((file.rule.clone(), file.rule.mapper(self.table)));
        self.drops_empty = file.format == FileFormat::Csv;
        let usage = Rc::clone(&self.usage);
        rows::read(file, &usage, on_bytes_read, self);
        self.end_mapper();
        self.current = None;
    }

    /// Collects what the current mapper added to rows.
    fn end_mapper(&mut self) {
        let remarks = self.current.iter().flat_map(|(_, mapper)| mapper.remarks());
        let origin = &self.origin;
        self.remarks.extend(remarks.map(|what| RowProblem { origin: origin.clone(), line: 0, what }));
    }

    /// The row of an object of the current file.
    fn mapped(&self, row: Object) -> Result<Record, String> {
        let Some((_, mapper)) = &self.current else { return Ok(Record { cells: row, ..Record::default() }) };
        let mut row = mapper.map(row)?;
        if self.drops_empty {
            // KQL strings are never null; values of other types are.
            let is_text = |column: &String| self.table.columns.get(column) == Some(&ColumnType::String);
            for (column, cell) in &mut row.cells {
                if cell.as_str() == Some("") && !is_text(column) {
                    *cell = Value::Null;
                }
            }
        }
        Ok(row)
    }

    /// Counts a problem, and keeps it if there is room.
    fn record(&mut self, line: u64, what: String) {
        self.bad += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(RowProblem { origin: self.origin.clone(), line, what });
        }
    }

    /// Records a bad row.
    fn wrong(&mut self, line: u64, what: String) -> ControlFlow<()> {
        self.lost.insert(GapReason::BadRows);
        self.record(line, what);
        if self.probe && self.bad >= MAX_PROBLEMS as u64 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Whether the table has more rows than it may have; reported once.
    fn is_full(&mut self, line: u64) -> bool {
        let most = self.usage.limits.get(Limit::TableRows);
        if self.seen == most.saturating_add(1) {
            let reason = more_than(&self.usage.limits, Limit::TableRows, None);
            self.lost.insert(GapReason::Truncated);
            self.record(line, format!("the table has {reason}; the rest is not read"));
        }
        self.seen > most
    }

    /// Whether the files had neither rows nor problems.
    pub(super) fn is_empty(&self) -> bool {
        self.rows == 0 && self.bad == 0 && self.failed.is_none()
    }

    /// Whether the files have neither a row, nor a problem, nor a header with the table's time. Then they do not show that the
    /// table has no rows: an export that failed leaves such a file too.
    pub(super) fn shows_nothing(&self) -> bool {
        self.is_empty() && !self.has_header
    }

    /// What was added to rows. It is no problem.
    pub(super) fn take_remarks(&mut self) -> Vec<RowProblem> {
        std::mem::take(&mut self.remarks)
    }

    /// The number of problems, and the first one.
    pub(super) fn problems(&self) -> (u64, Option<String>) {
        let text = |problem: &RowProblem| match problem.line {
            0 => problem.what.clone(),
            line => format!("line {line}: {}", problem.what),
        };
        (self.bad, self.problems.first().map(text))
    }

    /// The reasons for missing rows and the problems.
    ///
    /// # Errors
    ///
    /// No row could be read although there was something to read: the kind and the message.
    pub(super) fn finish(mut self) -> ScanOutcome {
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

/// Cells of numeric columns that are not numbers: the problem, and whether it makes the row a bad one.
///
/// Nulls, and NaN and infinities as text, are missing samples without a problem. Other texts are missing samples with a
/// problem. Booleans, arrays and objects make the row bad.
fn mistyped(numbers: &[&str], row: &Object) -> Vec<(String, bool)> {
    let wrong = numbers.iter().filter_map(|name| Some((name, row.get(*name)?))).filter(|(_, cell)| match cell {
        Value::Null | Value::Number(_) => false,
        Value::String(text) => !text.is_empty() && text.trim().parse::<f64>().is_err(),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => true,
    });
    let short = |cell: &Value| cell.to_string().chars().take(60).collect::<String>();
    wrong.map(|(name, cell)| (format!("`{name}` is not a number: {}", short(cell)), !cell.is_string())).collect()
}

impl Sink for Scan<'_> {
    fn header(&mut self, header: &Header) -> Wanted {
        let Some((rule, _)) = &self.current else { return Wanted::Rows(None) };
        let rule = rule.clone();
        let Some(mapper) = rule.mapper_for(self.table, header) else { return Wanted::Nothing };
        self.has_header |= mapper.has_time(&header.names);
        let is_timed = mapper.has_time(&header.names) || header.names.iter().all(String::is_empty);
        let text = mapper.text_name(&header.names).map(str::to_owned);
        self.end_mapper();
        self.current = Some((rule, mapper));
        if is_timed {
            return Wanted::Rows(text);
        }
        Wanted::Wrong(format!("the header names no column `{}`", self.table.time.column()))
    }

    fn row(&mut self, line: u64, row: Object) -> ControlFlow<()> {
        self.seen += 1;
        if self.is_full(line) {
            return ControlFlow::Break(());
        }
        let row = match self.mapped(row) {
            Ok(row) => row,
            Err(what) => return self.wrong(line, what),
        };
        for (what, bad) in mistyped(&self.numbers, &row.cells) {
            if bad {
                return self.wrong(line, what);
            }
            self.record(line, what);
        }
        match (self.each)(self.table, row) {
            Ok(()) => {
                self.rows += 1;
                if self.probe || self.stop.is_some_and(Cell::get) {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            }
            Err(what) => self.wrong(line, what),
        }
    }

    fn bad(&mut self, line: u64, what: String) -> ControlFlow<()> {
        self.seen += 1;
        if self.is_full(line) { ControlFlow::Break(()) } else { self.wrong(line, what) }
    }

    fn is_probe(&self) -> bool {
        self.probe
    }

    fn skip_rows(&mut self) {
        self.rows += 1;
    }

    fn lost(&mut self, reason: GapReason, line: u64, what: String) {
        self.lost.insert(reason);
        self.record(line, what);
    }

    fn failed(&mut self, kind: SourceErrorKind, what: String) {
        self.lost.insert(gap_reason_of(kind));
        self.record(0, what.clone());
        let what = format!("`{}`: {what}", self.origin);
        self.failed.get_or_insert((kind, what));
    }
}
