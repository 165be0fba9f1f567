//! The tables shape: Application Insights and Log Analytics.

use std::sync::Arc;

use kql_lang::value::{Column, Table, Type};
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::{Decoded, Failure, FailureKind, Permissions, cell};

#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow)]
    tables: Option<Vec<Shape<'b>>>,
    error: Option<Json>,
    permissions: Option<Permissions>,
}

#[derive(Deserialize)]
struct Shape<'b> {
    name: String,
    columns: Vec<Named>,
    #[serde(borrow)]
    rows: Vec<&'b RawValue>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The tables of a body that came with status 200.
///
/// # Errors
///
/// A [`Failure`] where the body is empty, is no JSON, holds an error and no table, or a cell that is not of its column's type.
pub fn tables(body: &[u8]) -> Result<Decoded, Failure> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Failure::malformed("the answer has no body; was `Content-Type: application/json` sent?"));
    }
    let body: Body<'_> =
        serde_json::from_slice(body).map_err(|error| Failure::malformed(format!("the answer is no table: {error}")))?;
    let error = body.error.as_ref().map(Failure::of_object);
    let Some(shapes) = body.tables else {
        return Err(error.unwrap_or_else(|| Failure::malformed("the answer holds neither tables nor an error")));
    };
    let mut decoded =
        Decoded { tables: Vec::new(), lacking: error.into_iter().collect(), permissions: body.permissions };
    for shape in shapes {
        let columns = shape.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str()));
        let table = table(&shape.name, columns, &shape.rows)?;
        decoded.tables.push((shape.name, table));
    }
    Ok(decoded)
}

/// What a body says that came with a status of 400 or above.
///
/// `status` decides where the body does not say more: gateways answer with pages, proxies with nothing.
#[must_use]
pub fn failure(status: u16, body: &[u8]) -> Failure {
    let by_status = match status {
        401 | 403 => FailureKind::Denied,
        408 | 504 => FailureKind::Timeout,
        429 => FailureKind::Throttled,
        413 => FailureKind::Truncated,
        400..500 => FailureKind::Rejected,
        _ => FailureKind::Passing,
    };
    let failure = serde_json::from_slice::<Json>(body).ok().map(|body| match body.get("error") {
        Some(error) => Failure::of_object(error),
        None => Failure::of_object(&body),
    });
    match failure {
        Some(mut failure) if !failure.message.is_empty() => {
            // Only the text says that a table is missing; for the rest the status is more reliable.
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

/// A table from names, types and rows of cells.
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
            return Err(Failure::malformed(format!("row {} of `{name}` is no row", at + 1)));
        };
        values.push(cells(name, &found, row, at)?);
    }
    Ok(Table { columns: found, rows: values })
}

/// What stands in a row. Rows are read one at a time: beside the body only their values are held.
pub(super) fn read(row: &RawValue) -> Json {
    serde_json::from_str(row.get()).unwrap_or_default()
}

/// The values of a row.
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
                format!("row {} of `{name}`: `{}` should be {:?} and is `{shown}`", at + 1, column.name, column.kind);
            Failure::malformed(text)
        })
    });
    values.collect()
}
