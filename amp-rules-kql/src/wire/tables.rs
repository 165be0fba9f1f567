//! Decodes the response format of Application Insights and Log Analytics.
//!
//! Input: the body of a response. Output: [`Decoded`] or a [`Failure`].

use std::sync::Arc;

use kql_lang::value::{Column, Table, Type};
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::{Decoded, Failure, FailureKind, Permissions, cell};

#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow)]
    tables: Option<Vec<TableBody<'b>>>,
    error: Option<Json>,
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct TableBody<'b> {
    name: String,
    columns: Vec<ColumnHeader>,
    #[serde(borrow)]
    rows: Vec<&'b RawValue>,
}

#[derive(Deserialize)]
struct ColumnHeader {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// Decodes the tables of a response with status 200.
///
/// # Errors
///
/// A [`Failure`] if the body is empty, is not JSON, contains no tables, or has a cell that does not match its column type.
pub fn tables(body: &[u8]) -> Result<Decoded, Failure> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::malformed("the response has no body; was `Content-Type: application/json` sent?"));
    }
    let body: Body<'_> = serde_json::from_slice(body)
        .map_err(|error| Failure::malformed(format!("the response is not a list of tables: {error}")))?;
    let error = body.error.as_ref().map(Failure::from_error_object);
    let Some(table_bodies) = body.tables else {
        return Err(error.unwrap_or_else(|| Failure::malformed("the response contains neither tables nor an error")));
    };
    let mut decoded =
        Decoded { tables: Vec::new(), partial_failures: error.into_iter().collect(), permissions: body.permissions };
    for body in table_bodies {
        let columns = body.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str()));
        let table = table(&body.name, columns, &body.rows)?;
        decoded.tables.push((body.name, table));
    }
    Ok(decoded)
}

/// Decodes the body of a response with a status of 400 or above.
///
/// `status` determines the kind if the body is not a structured error: gateways send HTML pages, proxies send nothing.
#[must_use]
pub fn failure(status: u16, body: &[u8]) -> Failure {
    let by_status = match status {
        401 | 403 => FailureKind::Denied,
        408 | 504 => FailureKind::Timeout,
        429 => FailureKind::Throttled,
        413 => FailureKind::Truncated,
        400..500 => FailureKind::Rejected,
        _ => FailureKind::Transient,
    };
    let failure = serde_json::from_slice::<Json>(body).ok().map(|body| match body.get("error") {
        Some(error) => Failure::from_error_object(error),
        None => Failure::from_error_object(&body),
    });
    match failure {
        Some(mut failure) if !failure.message.is_empty() => {
            // These two kinds are known from the body only; for the others the status is more reliable.
            if failure.kind != FailureKind::TableMissing && failure.kind != FailureKind::Truncated {
                failure.kind = by_status;
            }
            failure
        }
        _ => {
            let text = String::from_utf8_lossy(body);
            let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
            let plain = if line.starts_with('<') { "" } else { line };
            let message: String = plain.chars().take(300).collect();
            Failure { kind: by_status, code: status.to_string(), message, permanent: None }
        }
    }
}

/// Creates a table from column names, column types and rows.
pub(super) fn table<'a>(
    name: &str,
    columns: impl Iterator<Item = (&'a str, &'a str)>,
    rows: &[&RawValue],
) -> Result<Table, Failure> {
    let mut found = Vec::new();
    for (column, kind) in columns {
        let kind = cell::kind(kind).unwrap_or(Type::Dynamic);
        found.push(Column { name: Arc::from(column), kind });
    }
    let mut values = Vec::with_capacity(rows.len());
    for (at, row) in rows.iter().enumerate() {
        let row = read(row);
        let Some(row) = row.as_array() else {
            return Err(Failure::malformed(format!("row {} of `{name}` is not an array", at + 1)));
        };
        values.push(cells(name, &found, row, at)?);
    }
    Ok(Table { columns: found, rows: values })
}

/// Parses one row. Rows are parsed one at a time to avoid a second JSON copy of the whole body.
pub(super) fn read(row: &RawValue) -> Json {
    serde_json::from_str(row.get()).unwrap_or_default()
}

/// Decodes the cells of a row.
pub(super) fn cells(
    name: &str,
    columns: &[Column],
    row: &[Json],
    at: usize,
) -> Result<Vec<kql_lang::value::Value>, Failure> {
    if row.len() != columns.len() {
        let text = format!("row {} of `{name}` has {} cells for {} columns", at + 1, row.len(), columns.len());
        return Err(Failure::malformed(text));
    }
    let values = columns.iter().zip(row).map(|(column, json)| {
        cell::value(column.kind, json).ok_or_else(|| {
            let shown: String = json.to_string().chars().take(60).collect();
            let text =
                format!("row {} of `{name}`: expected {:?} in `{}`, found `{shown}`", at + 1, column.kind, column.name);
            Failure::malformed(text)
        })
    });
    values.collect()
}
