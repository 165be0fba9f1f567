//! Reads saved responses of query services: the `tables` format, Kusto v1 tables and Kusto v2 frames.
//!
//! Input: the JSON text of one response. Output: the rows of its primary table, and the reasons for missing rows that the
//! response contains: a partial error beside the tables, an object in place of a row, errors in completion frames, failures
//! in the query completion information. A response that is an error has no rows and is reported as failed.
//!
//! Which table is the primary one may stand behind the rows, so a response with many rows is read twice: first without its
//! rows, then the rows of the primary table one by one. No response is held in memory as a whole.

mod document;
mod message;
mod outline;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::ops::ControlFlow;

use amp_rules_core::telemetry::source::GapReason;
use serde_json::Value;

use super::bytes::{self, Place, Usage};
use super::problem::{cut_off, json_problem, more_than};
use super::sink::{Header, Object, Sink, Wanted};
use crate::input::{Limit, Limits};
use document::{Rows, Stop};

pub(crate) use document::RowsAt;
use message::{kind_of, message, reason_of, short};
use outline::{Kept, KeptRows};

/// Reads one saved response; `place` is where it is read again.
pub(crate) fn read<'a>(reader: Box<dyn BufRead + 'a>, place: &Place, limits: &Limits, sink: &mut dyn Sink) {
    let mut kept = KeptRows::new(sink.is_probe());
    let document = match document::read(reader, RowsAt::Tables, limits, &mut kept) {
        Ok(document) => document,
        // A probe wants to know whether there are rows, and a table with many has some.
        Err(Stop::Enough) => return sink.skip_rows(),
        Err(Stop::Broken(error)) => return broken(&error, sink),
    };
    let mut response = Response { limits, kept: kept.tables, selected: BTreeMap::new(), columns: Vec::new() };
    response.interpret(document, sink);
    response.emit(place, sink);
}

/// Reports a document that is not JSON or cannot be read.
fn broken(error: &serde_json::Error, sink: &mut dyn Sink) {
    let line = u64::try_from(error.line()).unwrap_or(0);
    let what = match json_problem(error) {
        what if error.is_io() => return cut_off(&what, line, sink),
        _ if error.is_eof() => "the saved response is cut off".to_owned(),
        what => format!("not a saved response: {what} at line {} column {}", error.line(), error.column()),
    };
    sink.note(line, what);
}

/// A response without its rows, and the tables whose rows are wanted.
struct Response<'l> {
    limits: &'l Limits,
    /// The first rows of every table.
    kept: Vec<Kept>,
    /// The tables whose rows are wanted, with the index of their columns.
    selected: BTreeMap<usize, usize>,
    columns: Vec<Columns>,
}

/// The columns of a table, and how many of its rows were read. Fragments of one table share them.
struct Columns {
    names: Vec<String>,
    rows: u64,
}

impl Response<'_> {
    fn interpret(&mut self, document: Value, sink: &mut dyn Sink) {
        // A recording holds the response as `body`, beside the request and the status.
        let document = match document {
            Value::Object(mut object) if object.contains_key("body") && !object.contains_key("tables") => {
                object.remove("body").unwrap_or_default()
            }
            other => other,
        };
        match document {
            Value::Array(tables) if tables.iter().all(|table| table.get("FrameType").is_none()) => {
                self.tables(&tables, sink)
            }
            Value::Array(frames) => self.v2(&frames, sink),
            Value::Object(object) => {
                if let Some(Value::Array(tables)) = object.get("tables") {
                    self.tables(tables, sink);
                    if let Some(error) = object.get("error").filter(|error| !error.is_null()) {
                        lost(error, sink);
                    }
                } else if let Some(Value::Array(tables)) = object.get("Tables") {
                    self.v1(tables, &object, sink);
                } else if let Some(error) = object.get("error").or_else(|| object.get("Message")) {
                    let words = message(error);
                    sink.failed(kind_of(&words), format!("the saved response is an error: {}", short(&words)));
                } else {
                    sink.note(1, "not a saved response: it has no `tables`".to_owned());
                }
            }
            _ => sink.note(1, "not a saved response: neither an object nor an array of frames".to_owned()),
        }
    }

    /// Reads tables with the names that services give them: `PrimaryResult`, `PrimaryResult_1` and so on are results. One table
    /// alone is a result under any name, and several tables may end with one that lists the kinds of the others.
    fn tables(&mut self, tables: &[Value], sink: &mut dyn Sink) {
        let parts = |table: &Value| {
            let lower = columns(table.get("columns"), "name");
            let names = if lower.is_empty() { columns(table.get("Columns"), "ColumnName") } else { lower };
            (names, table.get("rows").or_else(|| table.get("Rows")).cloned())
        };
        let is_result = |table: &&Value| {
            let name = text(table, "name").or_else(|| text(table, "TableName")).unwrap_or_default();
            name.starts_with("PrimaryResult") || name == "QueryResult"
        };
        let mut results: Vec<&Value> = tables.iter().filter(is_result).collect();
        if results.is_empty() && tables.len() == 1 {
            results.extend(tables);
        }
        if results.is_empty()
            && let Some(listed) = tables.last().filter(|_| tables.len() > 2)
        {
            let (names, rows) = parts(listed);
            let kinds = self.kinds(&names, rows.as_ref(), sink);
            results =
                kinds.iter().filter(|(_, kind)| kind == "QueryResult").filter_map(|(at, _)| tables.get(*at)).collect();
        }
        if results.is_empty() {
            sink.note(1, "the response has no result: no table in it is named `PrimaryResult`".to_owned());
        }
        for table in results {
            let (names, rows) = parts(table);
            self.select(names, rows.as_ref(), sink);
        }
    }

    /// The kinds of tables by their index, from the rows of a table that lists them.
    fn kinds(&self, names: &[String], rows: Option<&Value>, sink: &mut dyn Sink) -> Vec<(usize, String)> {
        let cell = |row: &Value, name: &str| {
            names.iter().position(|column| column == name).and_then(|at| row.get(at)).cloned()
        };
        let kind = |row: &Value| {
            let at = cell(row, "Ordinal").and_then(|at| at.as_u64()).and_then(|at| usize::try_from(at).ok())?;
            Some((at, cell(row, "Kind").and_then(|kind| kind.as_str().map(str::to_owned))?))
        };
        self.rows_of(rows, sink).iter().filter_map(kind).collect()
    }

    /// Reads Kusto v1 tables. With more than two tables the last one lists the others; `QueryResult` is the primary one.
    ///
    /// <https://learn.microsoft.com/kusto/api/rest/response>
    fn v1(&mut self, tables: &[Value], object: &Object, sink: &mut dyn Sink) {
        let contents = tables.last().filter(|_| tables.len() > 2);
        let kinds = contents
            .map(|contents| self.kinds(&columns(contents.get("Columns"), "ColumnName"), contents.get("Rows"), sink));
        let of_kind = |wanted: &str| {
            let listed = kinds.iter().flatten().filter(|(_, kind)| kind == wanted);
            listed.filter_map(|(at, _)| tables.get(*at)).collect::<Vec<&Value>>()
        };
        let results = if kinds.is_some() { of_kind("QueryResult") } else { tables.first().into_iter().collect() };
        if results.is_empty() {
            sink.note(1, "the response has no result: no table in it is a `QueryResult`".to_owned());
        }
        for table in results {
            self.select(columns(table.get("Columns"), "ColumnName"), table.get("Rows"), sink);
        }
        for status in of_kind("QueryStatus") {
            self.failures(status, "Severity", "StatusDescription", sink);
        }
        if let Some(exceptions) =
            object.get("Exceptions").filter(|list| list.as_array().is_some_and(|list| !list.is_empty()))
        {
            lost(exceptions, sink);
        }
    }

    /// Reads Kusto v2 frames: <https://learn.microsoft.com/kusto/api/rest/response-v2>.
    fn v2(&mut self, frames: &[Value], sink: &mut dyn Sink) {
        // Tables whose completion has not been seen: id, and index of their columns.
        let mut open: Vec<(Value, usize)> = Vec::new();
        let mut primary = false;
        let mut ended = false;
        for frame in frames {
            let id = || frame.get("TableId").cloned().unwrap_or_default();
            match text(frame, "FrameType") {
                Some("DataTable") if text(frame, "TableKind") == Some("PrimaryResult") => {
                    self.select(columns(frame.get("Columns"), "ColumnName"), frame.get("Rows"), sink);
                    primary = true;
                }
                Some("DataTable") if text(frame, "TableKind") == Some("QueryCompletionInformation") => {
                    self.failures(frame, "Level", "Payload", sink)
                }
                Some("TableHeader") if text(frame, "TableKind") == Some("PrimaryResult") => {
                    primary = true;
                    self.columns.push(Columns { names: columns(frame.get("Columns"), "ColumnName"), rows: 0 });
                    open.push((id(), self.columns.len() - 1));
                }
                Some("TableFragment") => {
                    let id = id();
                    if let Some((_, columns)) = open.iter().find(|(table, _)| *table == id) {
                        if text(frame, "TableFragmentType") == Some("DataReplace") {
                            self.selected.retain(|_, selected| selected != columns);
                        }
                        if let Some(table) = number(frame.get("Rows")) {
                            self.selected.insert(table, *columns);
                        }
                    }
                }
                Some("TableCompletion") => {
                    let id = id();
                    open.retain(|(table, _)| *table != id);
                    errors(frame, sink);
                }
                Some("DataSetCompletion") => {
                    ended = true;
                    if frame.get("Cancelled").and_then(Value::as_bool) == Some(true) {
                        sink.lost(GapReason::Timeout, 0, "the query was cancelled".to_owned());
                    }
                    errors(frame, sink);
                }
                _ => {}
            }
        }
        for _ in open {
            sink.lost(GapReason::Truncated, 0, "the table has no completion frame".to_owned());
        }
        if !primary {
            sink.note(1, "not a saved response: no primary result among its frames".to_owned());
        } else if !ended {
            sink.lost(GapReason::Truncated, 0, "the response has no completion frame".to_owned());
        }
    }

    /// Selects the rows of a table.
    fn select(&mut self, names: Vec<String>, rows: Option<&Value>, sink: &mut dyn Sink) {
        let Some(table) = number(rows) else {
            return sink.note(0, "the table of the response has no rows".to_owned());
        };
        if names.len() > self.limits.size(Limit::Columns) {
            let reason = more_than(self.limits, Limit::Columns, u64::try_from(names.len()).ok());
            return sink.note(0, format!("too many columns: {reason}"));
        }
        self.columns.push(Columns { names, rows: 0 });
        self.selected.insert(table, self.columns.len() - 1);
    }

    /// The rows of a table that describes others.
    fn rows_of(&self, rows: Option<&Value>, sink: &mut dyn Sink) -> &[Value] {
        let kept = number(rows).and_then(|number| self.kept.get(number));
        if kept.is_some_and(|kept| !kept.complete) {
            sink.lost(GapReason::Other, 0, "a table of the response that describes the others is too large".to_owned());
        }
        kept.map(|kept| kept.rows.as_slice()).unwrap_or_default()
    }

    /// Reports the rows of a status table whose level is at most 2 (1 critical, 2 error).
    fn failures(&self, table: &Value, level: &str, words: &str, sink: &mut dyn Sink) {
        let names = columns(table.get("Columns"), "ColumnName");
        let place = |name: &str| names.iter().position(|column| column == name);
        let (Some(level), Some(words)) = (place(level), place(words)) else { return };
        for row in self.rows_of(table.get("Rows"), sink) {
            if row.get(level).and_then(Value::as_i64).is_some_and(|level| level <= 2) {
                lost(row.get(words).unwrap_or(&Value::Null), sink);
            }
        }
    }

    /// Passes the selected rows on.
    fn emit(mut self, place: &Place, sink: &mut dyn Sink) {
        let limits = self.limits;
        let complete = |table: &usize| self.kept.get(*table).is_some_and(|kept| kept.complete);
        let all_kept = self.selected.keys().all(complete);
        let mut selected = SelectedRows { selected: &self.selected, columns: &mut self.columns, current: None, sink };
        if all_kept {
            for table in self.selected.keys() {
                let rows = self.kept.get_mut(*table).map(|kept| std::mem::take(&mut kept.rows));
                if !selected.wants(*table) {
                    continue;
                }
                for row in rows.unwrap_or_default() {
                    if selected.row(*table, row, 0).is_break() {
                        return;
                    }
                }
            }
            return;
        }
        let usage = Usage::new(*limits);
        let reader = match bytes::open(place, &usage, &|_| {}) {
            Ok(reader) => reader,
            Err(reason) => return cut_off(&reason, 0, selected.sink),
        };
        if let Err(Stop::Broken(error)) = document::read(reader, RowsAt::Tables, limits, &mut selected) {
            broken(&error, selected.sink);
        }
    }
}

/// Passes the rows of selected tables on.
struct SelectedRows<'r> {
    selected: &'r BTreeMap<usize, usize>,
    columns: &'r mut [Columns],
    /// The index of the columns of the rows that are passed on now, and whether they are wanted.
    current: Option<(usize, bool)>,
    sink: &'r mut dyn Sink,
}

impl Rows for SelectedRows<'_> {
    fn wants(&mut self, table: usize) -> bool {
        let Some(index) = self.selected.get(&table) else { return false };
        match self.current {
            Some((current, wanted)) if current == *index => wanted,
            _ => {
                let names = self.columns.get(*index).map(|columns| columns.names.clone()).unwrap_or_default();
                let wanted = match self.sink.header(&Header { names, ..Header::default() }) {
                    Wanted::Rows(_) => true,
                    Wanted::Nothing => false,
                    Wanted::Wrong(what) => {
                        self.sink.note(0, what);
                        false
                    }
                };
                self.current = Some((*index, wanted));
                wanted
            }
        }
    }

    fn row(&mut self, table: usize, row: Value, _: usize) -> ControlFlow<()> {
        match self.selected.get(&table).and_then(|columns| self.columns.get_mut(*columns)) {
            Some(columns) => columns.emit(row, self.sink),
            None => ControlFlow::Continue(()),
        }
    }
}

/// Reads a document that is an array of rows, or has one.
pub(crate) fn rows<'a>(reader: Box<dyn BufRead + 'a>, at: RowsAt, limits: &Limits, sink: &mut dyn Sink) {
    let mut passed = PlainRows { number: 0, limits, sink };
    match document::read(reader, at, limits, &mut passed) {
        Ok(row @ Value::Object(_)) if at == RowsAt::Root => {
            let _ = passed.row(0, row, 0);
        }
        Ok(Value::Number(_)) if at == RowsAt::Root => {}
        Ok(Value::Object(document)) => {
            let RowsAt::Key(key) = at else { return };
            if !document.contains_key(key) {
                let _ = passed.row(0, Value::Object(document), 0);
            }
        }
        Err(Stop::Enough) => {}
        Ok(_) => sink.note(1, "neither an array of rows nor a row".to_owned()),
        Err(Stop::Broken(error)) => broken(&error, sink),
    }
}

/// Passes the elements of one array on.
struct PlainRows<'r> {
    number: u64,
    limits: &'r Limits,
    sink: &'r mut dyn Sink,
}

impl Rows for PlainRows<'_> {
    fn wants(&mut self, _: usize) -> bool {
        true
    }

    fn row(&mut self, _: usize, row: Value, _: usize) -> ControlFlow<()> {
        self.number += 1;
        let number = self.number;
        match row {
            Value::Object(row) if row.len() <= self.limits.size(Limit::Columns) => {
                self.sink.row(0, row.into_iter().filter(|(_, cell)| !cell.is_null()).collect())
            }
            Value::Object(row) => {
                let reason = more_than(self.limits, Limit::Columns, u64::try_from(row.len()).ok());
                self.sink.bad(0, format!("row {number} has too many columns: {reason}"))
            }
            _ => self.sink.bad(0, format!("row {number} is not an object")),
        }
    }
}

impl Columns {
    /// Passes a row on.
    fn emit(&mut self, row: Value, sink: &mut dyn Sink) -> ControlFlow<()> {
        self.rows += 1;
        let (number, names) = (self.rows, &self.names);
        match row {
            Value::Array(cells) if cells.len() == names.len() => {
                sink.row(0, names.iter().cloned().zip(cells).collect())
            }
            Value::Array(cells) => {
                sink.bad(0, format!("row {number} has {} cells for {} columns", cells.len(), names.len()))
            }
            // Services put an error object in place of a row where they stopped.
            Value::Object(error) => {
                lost(&Value::Object(error), sink);
                ControlFlow::Continue(())
            }
            _ => sink.bad(0, format!("row {number} is not an array of cells")),
        }
    }
}

/// The number of the table whose rows stood here.
fn number(rows: Option<&Value>) -> Option<usize> {
    rows.and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok())
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// The names of columns; `key` is where a column holds its name.
fn columns(list: Option<&Value>, key: &str) -> Vec<String> {
    list.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|column| text(column, key).unwrap_or_default().to_owned())
        .collect()
}

/// Reports the errors of a completion frame.
fn errors(frame: &Value, sink: &mut dyn Sink) {
    for error in frame.get("OneApiErrors").and_then(Value::as_array).into_iter().flatten() {
        lost(error, sink);
    }
}

/// Reports missing rows with the reason that the text of the error suggests.
fn lost(error: &Value, sink: &mut dyn Sink) {
    let words = message(error);
    sink.lost(reason_of(&words), 0, format!("the response is partial: {}", short(&words)));
}
