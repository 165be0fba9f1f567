//! Decodes the response formats of Azure Data Explorer: frames (v2, progressive or not) and tables (v1).
//!
//! Input: the body of a response with status 200. Output: [`Decoded`] or a [`Failure`].

use kql_lang::value::Table;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::tables::{cells, read, table};
use super::{Decoded, Failure};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Frame<'b> {
    frame_type: String,
    table_id: Option<i64>,
    table_kind: Option<String>,
    table_name: Option<String>,
    table_fragment_type: Option<String>,
    #[serde(default)]
    columns: Vec<ColumnHeader>,
    #[serde(default, borrow)]
    rows: Vec<&'b RawValue>,
    #[serde(default)]
    one_api_errors: Vec<Json>,
    has_errors: Option<bool>,
    cancelled: Option<bool>,
    row_count: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ColumnHeader {
    column_name: String,
    column_type: Option<String>,
    data_type: Option<String>,
}

impl ColumnHeader {
    fn kind(&self) -> &str {
        self.column_type.as_deref().or(self.data_type.as_deref()).unwrap_or("dynamic")
    }
}

/// A result table under construction.
struct PartialTable {
    id: i64,
    name: String,
    table: Table,
}

/// Decodes the result tables of a v2 response.
///
/// # Errors
///
/// A [`Failure`] if the body is empty, is not a list of frames, or contains no result table. A body that ends before its last
/// frame decodes to a [`Decoded`] with a [`FailureKind::Malformed`](super::FailureKind::Malformed) partial failure.
pub fn frames(body: &[u8]) -> Result<Decoded, Failure> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::malformed("the response has no body"));
    }
    let frames: Vec<Frame<'_>> = match serde_json::from_slice(body) {
        Ok(frames) => frames,
        Err(error) => {
            let failure = serde_json::from_slice::<Json>(body)
                .ok()
                .and_then(|body| body.get("error").map(Failure::from_error_object));
            return Err(
                failure.unwrap_or_else(|| Failure::malformed(format!("the response is not a list of frames: {error}")))
            );
        }
    };
    let mut partial_tables: Vec<PartialTable> = Vec::new();
    let mut partial_failures = Vec::new();
    let mut complete = false;
    for frame in frames {
        partial_failures.extend(frame.one_api_errors.iter().map(Failure::from_error_object));
        let primary = frame.table_kind.as_deref() == Some("PrimaryResult");
        match frame.frame_type.as_str() {
            "DataTable" | "TableHeader" if primary => {
                let name = frame.table_name.clone().unwrap_or_default();
                let columns = frame.columns.iter().map(|column| (column.column_name.as_str(), column.kind()));
                let mut partial =
                    PartialTable { id: frame.table_id.unwrap_or(-1), table: table(&name, columns, &[])?, name };
                append(&mut partial, &frame.rows, &mut partial_failures)?;
                partial_tables.push(partial);
            }
            "TableFragment" => {
                let id = frame.table_id.unwrap_or(-1);
                let Some(partial) = partial_tables.iter_mut().find(|partial| partial.id == id) else { continue };
                if frame.table_fragment_type.as_deref() == Some("DataReplace") {
                    partial.table.rows.clear();
                }
                append(partial, &frame.rows, &mut partial_failures)?;
            }
            "TableCompletion" => {
                let id = frame.table_id.unwrap_or(-1);
                if let (Some(partial), Some(many)) =
                    (partial_tables.iter().find(|partial| partial.id == id), frame.row_count)
                    && many != partial.table.rows.len() as u64
                {
                    let text = format!("`{}` has {} rows, expected {many}", partial.name, partial.table.rows.len());
                    partial_failures.push(Failure::malformed(text));
                }
            }
            "DataTable" if frame.table_kind.as_deref() == Some("QueryCompletionInformation") => {
                partial_failures.extend(completion(&frame));
            }
            "DataSetCompletion" => {
                complete = true;
                if frame.cancelled == Some(true) {
                    partial_failures.push(Failure::from_code("Cancelled", "the service cancelled the query"));
                }
                if frame.has_errors == Some(true) && partial_failures.is_empty() {
                    partial_failures.push(Failure::from_code("", "the service reports errors without details"));
                }
            }
            _ => {}
        }
    }
    if !complete {
        partial_failures.push(Failure::malformed("the response ends before its last frame"));
    }
    if partial_tables.is_empty() {
        let none = || Failure::malformed("the response contains no result table");
        return Err(partial_failures.into_iter().next().unwrap_or_else(none));
    }
    let tables = partial_tables.into_iter().map(|partial| (partial.name, partial.table)).collect();
    Ok(Decoded { tables, partial_failures, permissions: None })
}

/// Appends rows to a table. An object in place of a row is an error that occurred after the preceding rows.
fn append(partial: &mut PartialTable, rows: &[&RawValue], partial_failures: &mut Vec<Failure>) -> Result<(), Failure> {
    for (at, row) in rows.iter().enumerate() {
        match read(row) {
            Json::Array(row) => {
                let values = cells(&partial.name, &partial.table.columns, &row, at)?;
                partial.table.rows.push(values);
            }
            row @ Json::Object(_) => partial_failures.extend(exceptions(&row)),
            _ => return Err(Failure::malformed(format!("row {} of `{}` is not an array", at + 1, partial.name))),
        }
    }
    Ok(())
}

/// Returns the failures in an object that is in place of a row.
fn exceptions(object: &Json) -> Vec<Failure> {
    let errors =
        object.get("OneApiErrors").and_then(Json::as_array).into_iter().flatten().map(Failure::from_error_object);
    let texts = object.get("Exceptions").and_then(Json::as_array).into_iter().flatten();
    let texts = texts.filter_map(Json::as_str).map(|text| Failure::from_code("", text));
    let found: Vec<Failure> = errors.chain(texts).collect();
    if found.is_empty() { vec![Failure::from_error_object(object)] } else { found }
}

/// Returns the errors listed in the `QueryCompletionInformation` table.
fn completion(frame: &Frame<'_>) -> Vec<Failure> {
    let column = |name: &str| frame.columns.iter().position(|column| column.column_name == name);
    let (level, payload) = (column("Level"), column("Payload").or_else(|| column("EventPayload")));
    let status = column("StatusCodeName");
    let mut found = Vec::new();
    for row in &frame.rows {
        let row = read(row);
        let Some(row) = row.as_array() else { continue };
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at));
        // Levels: 1 critical, 2 error, 3 warning, 4 and above informational.
        if !cell(level).and_then(Json::as_i64).is_some_and(|level| (1..=2).contains(&level)) {
            continue;
        }
        let code = cell(status).and_then(Json::as_str).unwrap_or_default();
        let payload_text = cell(payload).and_then(Json::as_str).unwrap_or_default();
        let text = serde_json::from_str::<Json>(payload_text)
            .ok()
            .and_then(|payload| payload.get("Text").and_then(Json::as_str).map(str::to_owned));
        found.push(Failure::from_code(code, text.as_deref().unwrap_or(payload_text)));
    }
    found
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct V1Body<'b> {
    #[serde(borrow)]
    tables: Option<Vec<V1Table<'b>>>,
    #[serde(default)]
    exceptions: Vec<String>,
    #[serde(rename = "error")]
    error: Option<Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct V1Table<'b> {
    table_name: String,
    columns: Vec<ColumnHeader>,
    #[serde(borrow)]
    rows: Vec<&'b RawValue>,
}

/// Decodes the result tables of a v1 response. If it has a table of contents, that table identifies the result tables.
///
/// # Errors
///
/// As [`frames`].
pub fn tables_v1(body: &[u8]) -> Result<Decoded, Failure> {
    let body: V1Body<'_> = serde_json::from_slice(body)
        .map_err(|error| Failure::malformed(format!("the response is not a list of tables: {error}")))?;
    let mut partial_failures: Vec<Failure> = body.exceptions.iter().map(|text| Failure::from_code("", text)).collect();
    partial_failures.extend(body.error.as_ref().map(Failure::from_error_object));
    let Some(found) = body.tables else {
        let none = || Failure::malformed("the response contains no table");
        return Err(partial_failures.into_iter().next().unwrap_or_else(none));
    };
    // With more than two tables, the last is the table of contents: ordinal, kind, name.
    let contents = if found.len() > 2 { found.last() } else { None };
    let primary: Vec<usize> = match contents {
        Some(contents) => {
            let kind = contents.columns.iter().position(|column| column.column_name == "Kind");
            let ordinal = contents.columns.iter().position(|column| column.column_name == "Ordinal");
            let rows: Vec<Json> = contents.rows.iter().map(|row| read(row)).collect();
            let rows = rows.iter().filter_map(Json::as_array);
            let query =
                rows.filter(|row| kind.and_then(|at| row.get(at)).and_then(Json::as_str) == Some("QueryResult"));
            query
                .filter_map(|row| ordinal.and_then(|at| row.get(at)).and_then(Json::as_u64))
                .filter_map(|ordinal| usize::try_from(ordinal).ok())
                .collect()
        }
        None => vec![0],
    };
    let mut decoded = Decoded { tables: Vec::new(), partial_failures, permissions: None };
    for (at, found) in found.into_iter().enumerate().filter(|(at, _)| primary.contains(at)) {
        let columns = found.columns.iter().map(|column| (column.column_name.as_str(), column.kind()));
        let mut partial = PartialTable {
            id: i64::try_from(at).unwrap_or(-1),
            table: table(&found.table_name, columns, &[])?,
            name: found.table_name,
        };
        append(&mut partial, &found.rows, &mut decoded.partial_failures)?;
        decoded.tables.push((partial.name, partial.table));
    }
    Ok(decoded)
}
