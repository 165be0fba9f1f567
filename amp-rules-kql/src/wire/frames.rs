//! Azure Data Explorer: the frames of version 2, progressive or not, and the tables of version 1.

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
    columns: Vec<Named>,
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
struct Named {
    column_name: String,
    column_type: Option<String>,
    data_type: Option<String>,
}

impl Named {
    fn kind(&self) -> &str {
        self.column_type.as_deref().or(self.data_type.as_deref()).unwrap_or("dynamic")
    }
}

/// A result table that is being put together.
struct Growing {
    id: i64,
    name: String,
    table: Table,
}

/// The result tables of version 2.
///
/// # Errors
///
/// A [`Failure`] where the body is empty, is no list of frames, is cut off before its last frame, or holds an error and no
/// result table.
pub fn frames(body: &[u8]) -> Result<Decoded, Failure> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::malformed("the answer has no body"));
    }
    let frames: Vec<Frame<'_>> = match serde_json::from_slice(body) {
        Ok(frames) => frames,
        Err(error) => {
            let failure =
                serde_json::from_slice::<Json>(body).ok().and_then(|body| body.get("error").map(Failure::of_object));
            return Err(
                failure.unwrap_or_else(|| Failure::malformed(format!("the answer is no list of frames: {error}")))
            );
        }
    };
    let mut growing: Vec<Growing> = Vec::new();
    let mut lacking = Vec::new();
    let mut complete = false;
    for frame in frames {
        lacking.extend(frame.one_api_errors.iter().map(Failure::of_object));
        let primary = frame.table_kind.as_deref() == Some("PrimaryResult");
        match frame.frame_type.as_str() {
            "DataTable" | "TableHeader" if primary => {
                let name = frame.table_name.clone().unwrap_or_default();
                let columns = frame.columns.iter().map(|column| (column.column_name.as_str(), column.kind()));
                let mut grown = Growing { id: frame.table_id.unwrap_or(-1), table: table(&name, columns, &[])?, name };
                append(&mut grown, &frame.rows, &mut lacking)?;
                growing.push(grown);
            }
            "TableFragment" => {
                let id = frame.table_id.unwrap_or(-1);
                let Some(grown) = growing.iter_mut().find(|grown| grown.id == id) else { continue };
                if frame.table_fragment_type.as_deref() == Some("DataReplace") {
                    grown.table.rows.clear();
                }
                append(grown, &frame.rows, &mut lacking)?;
            }
            "TableCompletion" => {
                let id = frame.table_id.unwrap_or(-1);
                if let (Some(grown), Some(many)) = (growing.iter().find(|grown| grown.id == id), frame.row_count)
                    && many != grown.table.rows.len() as u64
                {
                    let text = format!("`{}` should have {many} rows and has {}", grown.name, grown.table.rows.len());
                    lacking.push(Failure::malformed(text));
                }
            }
            "DataTable" if frame.table_kind.as_deref() == Some("QueryCompletionInformation") => {
                lacking.extend(completion(&frame));
            }
            "DataSetCompletion" => {
                complete = true;
                if frame.cancelled == Some(true) {
                    lacking.push(Failure::said("Cancelled", "the service cancelled the query"));
                }
                if frame.has_errors == Some(true) && lacking.is_empty() {
                    lacking.push(Failure::said("", "the service reports errors and names none"));
                }
            }
            _ => {}
        }
    }
    if !complete {
        lacking.push(Failure::malformed("the answer ends before its last frame"));
    }
    if growing.is_empty() {
        let none = || Failure::malformed("the answer holds no result table");
        return Err(lacking.into_iter().next().unwrap_or_else(none));
    }
    let tables = growing.into_iter().map(|grown| (grown.name, grown.table)).collect();
    Ok(Decoded { tables, lacking, permissions: None })
}

/// Rows of a table; an object in place of a row is an error that came after the rows before it.
fn append(grown: &mut Growing, rows: &[&RawValue], lacking: &mut Vec<Failure>) -> Result<(), Failure> {
    for (at, row) in rows.iter().enumerate() {
        match read(row) {
            Json::Array(row) => {
                let values = cells(&grown.name, &grown.table.columns, &row, at)?;
                grown.table.rows.push(values);
            }
            row @ Json::Object(_) => lacking.extend(exceptions(&row)),
            _ => return Err(Failure::malformed(format!("row {} of `{}` is no row", at + 1, grown.name))),
        }
    }
    Ok(())
}

/// The failures of an object that stands in place of a row.
fn exceptions(object: &Json) -> Vec<Failure> {
    let errors = object.get("OneApiErrors").and_then(Json::as_array).into_iter().flatten().map(Failure::of_object);
    let texts = object.get("Exceptions").and_then(Json::as_array).into_iter().flatten();
    let texts = texts.filter_map(Json::as_str).map(|text| Failure::said("", text));
    let found: Vec<Failure> = errors.chain(texts).collect();
    if found.is_empty() { vec![Failure::of_object(object)] } else { found }
}

/// The failures that only the table about the query's end tells of.
fn completion(frame: &Frame<'_>) -> Vec<Failure> {
    let column = |name: &str| frame.columns.iter().position(|column| column.column_name == name);
    let (level, payload) = (column("Level"), column("Payload").or_else(|| column("EventPayload")));
    let status = column("StatusCodeName");
    let mut found = Vec::new();
    for row in &frame.rows {
        let row = read(row);
        let Some(row) = row.as_array() else { continue };
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at));
        // Levels: 1 critical, 2 error, 3 warning, 4 and above are remarks.
        if !cell(level).and_then(Json::as_i64).is_some_and(|level| (1..=2).contains(&level)) {
            continue;
        }
        let code = cell(status).and_then(Json::as_str).unwrap_or_default();
        let written = cell(payload).and_then(Json::as_str).unwrap_or_default();
        let text = serde_json::from_str::<Json>(written)
            .ok()
            .and_then(|payload| payload.get("Text").and_then(Json::as_str).map(str::to_owned));
        found.push(Failure::said(code, text.as_deref().unwrap_or(written)));
    }
    found
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct First<'b> {
    #[serde(borrow)]
    tables: Option<Vec<FirstTable<'b>>>,
    #[serde(default)]
    exceptions: Vec<String>,
    #[serde(rename = "error")]
    error: Option<Json>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FirstTable<'b> {
    table_name: String,
    columns: Vec<Named>,
    #[serde(borrow)]
    rows: Vec<&'b RawValue>,
}

/// The result tables of version 1; the table of contents, where there is one, says which those are.
///
/// # Errors
///
/// As [`frames`].
pub fn tables_v1(body: &[u8]) -> Result<Decoded, Failure> {
    let body: First<'_> = serde_json::from_slice(body)
        .map_err(|error| Failure::malformed(format!("the answer is no list of tables: {error}")))?;
    let mut lacking: Vec<Failure> = body.exceptions.iter().map(|text| Failure::said("", text)).collect();
    lacking.extend(body.error.as_ref().map(Failure::of_object));
    let Some(found) = body.tables else {
        let none = || Failure::malformed("the answer holds no table");
        return Err(lacking.into_iter().next().unwrap_or_else(none));
    };
    // With more than two tables the last lists the others: ordinal, kind, name.
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
    let mut decoded = Decoded { tables: Vec::new(), lacking, permissions: None };
    for (at, found) in found.into_iter().enumerate().filter(|(at, _)| primary.contains(at)) {
        let columns = found.columns.iter().map(|column| (column.column_name.as_str(), column.kind()));
        let mut grown = Growing {
            id: i64::try_from(at).unwrap_or(-1),
            table: table(&found.table_name, columns, &[])?,
            name: found.table_name,
        };
        append(&mut grown, &found.rows, &mut decoded.lacking)?;
        decoded.tables.push((grown.name, grown.table));
    }
    Ok(decoded)
}
