//! Reads saved responses of query services: the `tables` format, Kusto v1 tables and Kusto v2 frames.
//!
//! Input: the JSON text of one response. Output: the rows of its primary table, and the reasons for missing rows that the
//! response contains: a partial error beside the tables, an object in place of a row, errors in completion frames, failures
//! in the query completion information. A response that is an error has no rows and is reported as failed.

use std::io::BufRead;

use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::Value;

use super::sink::{Object, Sink};

/// Reads one saved response.
pub(crate) fn read<'a>(reader: Box<dyn BufRead + 'a>, sink: &mut dyn Sink) {
    let document: Value = match serde_json::from_reader(reader) {
        Ok(document) => document,
        Err(error) => {
            let what = if error.is_eof() {
                "the saved response is cut off".to_owned()
            } else {
                format!("not a saved response: {error}")
            };
            return sink.note(u64::try_from(error.line()).unwrap_or(0), what);
        }
    };
    // A recording holds the response as `body`, beside the request and the status.
    let document = match document {
        Value::Object(mut object) if object.contains_key("body") && !object.contains_key("tables") => {
            object.remove("body").unwrap_or_default()
        }
        other => other,
    };
    match document {
        Value::Array(frames) => v2(&frames, sink),
        Value::Object(object) => {
            if let Some(Value::Array(tables)) = object.get("tables") {
                let primary =
                    tables.iter().find(|table| text(table, "name") == Some("PrimaryResult")).or_else(|| tables.first());
                if let Some(table) = primary {
                    rows(columns(table.get("columns"), "name"), table.get("rows"), sink);
                }
                if let Some(error) = object.get("error").filter(|error| !error.is_null()) {
                    lost(error, sink);
                }
            } else if let Some(Value::Array(tables)) = object.get("Tables") {
                v1(tables, &object, sink);
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

/// Reads Kusto v1 tables. With more than two tables the last one lists the others; `QueryResult` is the primary one.
///
/// <https://learn.microsoft.com/kusto/api/rest/response>
fn v1(tables: &[Value], object: &Object, sink: &mut dyn Sink) {
    let kinds = tables.last().filter(|_| tables.len() > 2).map(|contents| {
        let names = columns(contents.get("Columns"), "ColumnName");
        let cell = |row: &Value, name: &str| {
            names.iter().position(|column| column == name).and_then(|at| row.get(at)).cloned()
        };
        let list = contents.get("Rows").and_then(Value::as_array).cloned().unwrap_or_default();
        list.iter()
            .map(|row| {
                (
                    cell(row, "Ordinal").and_then(|at| at.as_u64()).unwrap_or(u64::MAX),
                    cell(row, "Kind").and_then(|kind| kind.as_str().map(str::to_owned)).unwrap_or_default(),
                )
            })
            .collect::<Vec<_>>()
    });
    let at = |wanted: &str| {
        let found = kinds.iter().flatten().find(|(_, kind)| kind == wanted)?;
        tables.get(usize::try_from(found.0).ok()?)
    };
    if let Some(table) = at("QueryResult").or_else(|| tables.first()) {
        rows(columns(table.get("Columns"), "ColumnName"), table.get("Rows"), sink);
    }
    if let Some(status) = at("QueryStatus") {
        failures(status, "Severity", "StatusDescription", sink);
    }
    if let Some(exceptions) =
        object.get("Exceptions").filter(|list| list.as_array().is_some_and(|list| !list.is_empty()))
    {
        lost(exceptions, sink);
    }
}

/// Reads Kusto v2 frames: <https://learn.microsoft.com/kusto/api/rest/response-v2>.
fn v2(frames: &[Value], sink: &mut dyn Sink) {
    let mut open: Vec<(Value, Vec<String>, Vec<Value>)> = Vec::new();
    let mut primary = false;
    let mut ended = false;
    for frame in frames {
        match text(frame, "FrameType") {
            Some("DataTable") if text(frame, "TableKind") == Some("PrimaryResult") => {
                if !primary {
                    rows(columns(frame.get("Columns"), "ColumnName"), frame.get("Rows"), sink);
                }
                primary = true;
            }
            Some("DataTable") if text(frame, "TableKind") == Some("QueryCompletionInformation") => {
                failures(frame, "Level", "Payload", sink)
            }
            Some("TableHeader") if text(frame, "TableKind") == Some("PrimaryResult") && !primary => {
                primary = true;
                open.push((
                    frame.get("TableId").cloned().unwrap_or_default(),
                    columns(frame.get("Columns"), "ColumnName"),
                    Vec::new(),
                ));
            }
            Some("TableFragment") => {
                let id = frame.get("TableId").cloned().unwrap_or_default();
                if let Some((_, _, so_far)) = open.iter_mut().find(|(table, _, _)| *table == id) {
                    if text(frame, "TableFragmentType") == Some("DataReplace") {
                        so_far.clear();
                    }
                    so_far.extend(frame.get("Rows").and_then(Value::as_array).cloned().unwrap_or_default());
                }
            }
            Some("TableCompletion") => {
                let id = frame.get("TableId").cloned().unwrap_or_default();
                if let Some(at) = open.iter().position(|(table, _, _)| *table == id) {
                    let (_, names, list) = open.swap_remove(at);
                    rows(names, Some(&Value::Array(list)), sink);
                }
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
    for (_, names, list) in open {
        rows(names, Some(&Value::Array(list)), sink);
        sink.lost(GapReason::Truncated, 0, "the table has no completion frame".to_owned());
    }
    if !primary {
        sink.note(1, "not a saved response: no primary result among its frames".to_owned());
    } else if !ended {
        sink.lost(GapReason::Truncated, 0, "the response has no completion frame".to_owned());
    }
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

/// Passes the rows of a table on. Null cells are left out.
fn rows(names: Vec<String>, list: Option<&Value>, sink: &mut dyn Sink) {
    let Some(list) = list.and_then(Value::as_array) else {
        return sink.note(0, "the table of the response has no rows".to_owned());
    };
    for (index, row) in list.iter().enumerate() {
        let number = index + 1;
        let step = match row {
            Value::Array(cells) if cells.len() == names.len() => sink
                .row(0, names.iter().cloned().zip(cells.iter().cloned()).filter(|(_, cell)| !cell.is_null()).collect()),
            Value::Array(cells) => {
                sink.bad(0, format!("row {number} has {} cells for {} columns", cells.len(), names.len()))
            }
            // Services put an error object in place of a row where they stopped.
            Value::Object(error) => {
                lost(&Value::Object(error.clone()), sink);
                continue;
            }
            _ => sink.bad(0, format!("row {number} is not an array of cells")),
        };
        if step.is_break() {
            return;
        }
    }
}

/// Reports the rows of a status table whose level is at most 2 (1 critical, 2 error).
fn failures(table: &Value, level: &str, words: &str, sink: &mut dyn Sink) {
    let names = columns(table.get("Columns"), "ColumnName");
    let place = |name: &str| names.iter().position(|column| column == name);
    let (Some(level), Some(words)) = (place(level), place(words)) else { return };
    for row in table.get("Rows").and_then(Value::as_array).into_iter().flatten() {
        if row.get(level).and_then(Value::as_i64).is_some_and(|level| level <= 2) {
            lost(row.get(words).unwrap_or(&Value::Null), sink);
        }
    }
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
    let lower = words.to_lowercase();
    let reason =
        if ["result_set_too_large", "limitsexceeded", "limits_exceeded", "truncat", "record count limit", "80da0003"]
            .iter()
            .any(|word| lower.contains(word))
        {
            GapReason::Truncated
        } else if ["timeout", "timed out", "80da0008"].iter().any(|word| lower.contains(word)) {
            GapReason::Timeout
        } else {
            GapReason::Other
        };
    sink.lost(reason, 0, format!("the response is partial: {}", short(&words)));
}

/// The innermost message of an error object, prefixed with its codes.
fn message(error: &Value) -> String {
    match error {
        // The payload of a status row is JSON text.
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(payload)) if payload.get("Text").is_some_and(Value::is_string) => {
                payload.get("Text").map(message).unwrap_or_default()
            }
            _ => text.clone(),
        },
        Value::Array(list) => list.first().map(message).unwrap_or_default(),
        Value::Object(object) => {
            let code = object.get("code").and_then(Value::as_str).unwrap_or_default();
            let inner = ["innererror", "details", "error", "OneApiErrors", "Exceptions"]
                .iter()
                .filter_map(|key| object.get(*key))
                .find(|inner| !inner.is_null() && inner.as_array().is_none_or(|list| !list.is_empty()));
            let own =
                object.get("@message").or_else(|| object.get("message")).and_then(Value::as_str).unwrap_or_default();
            let words = inner.map(message).filter(|inner| !inner.is_empty()).unwrap_or_else(|| own.to_owned());
            if code.is_empty() || words.contains(code) { words } else { format!("{code}: {words}") }
        }
        _ => String::new(),
    }
}

/// The first line of a text, at most 200 characters.
fn short(words: &str) -> String {
    let line = words.lines().next().unwrap_or_default();
    let mut text: String = line.chars().take(200).collect();
    if text.len() < line.len() {
        text.push('…');
    }
    text
}

/// The error kind that the text of an error message suggests.
fn kind_of(words: &str) -> SourceErrorKind {
    let lower = words.to_lowercase();
    let has = |list: &[&str]| list.iter().any(|word| lower.contains(word));
    if has(&["throttl", "too many requests", "429"]) {
        SourceErrorKind::Throttled
    } else if has(&["timeout", "timed out"]) {
        SourceErrorKind::Timeout
    } else if has(&["authoriz", "forbidden", "access", "permission", "credential", "token"]) {
        SourceErrorKind::Denied
    } else {
        SourceErrorKind::Other
    }
}
