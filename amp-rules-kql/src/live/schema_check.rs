//! Compares the tables that a pack declares with the tables of the services.
//!
//! Input: the schema of the pack. Output: one [`TableCheck`] per table with its service and its differences: a missing table, a
//! missing column, a column of another type. It runs one query per table (`getschema`) and reads no rows.

use std::collections::BTreeMap;

use amp_rules_core::telemetry::schema::{ColumnType, Table};
use amp_rules_core::telemetry::source::{SourceError, SourceErrorKind};
use amp_rules_core::time::Window;
use kql_lang::literal;
use kql_lang::value::Value;
use tokio::time::Instant;

use super::client::Client;
use super::service::Service;
use crate::convert;
use crate::wire::{self, Decoded};

/// The result of the check of one table.
#[derive(Debug)]
pub struct TableCheck {
    /// The name in the pack.
    pub table: String,
    /// The title of the queried service; `None` if no configured service holds the table.
    pub service: Option<String>,
    /// The state of the table on the service.
    pub state: TableState,
}

/// The state of a table on a service.
#[derive(Debug)]
#[non_exhaustive]
pub enum TableState {
    /// No configured service holds the table.
    NotConfigured,
    /// The table exists with every column that the pack declares.
    Fits,
    /// The table exists and differs from the pack.
    Differs(Vec<Difference>),
    /// The query for the schema failed; [`SourceErrorKind::TableMissing`] if the table does not exist.
    Failed(SourceError),
}

/// A difference between a table and its declaration in the pack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The column does not exist.
    ColumnMissing {
        /// The name on the service.
        column: String,
        /// The type in the pack.
        declared: ColumnType,
    },
    /// The column has another type.
    ColumnOfOtherType {
        /// The name on the service.
        column: String,
        /// The type in the pack.
        declared: ColumnType,
        /// The type on the service, as the service names it.
        found: String,
    },
}

/// Compares a table of a pack with the table of the service that holds it.
pub(super) async fn check(holder: Option<&Client>, table: &Table, window: Window, until: Instant) -> TableCheck {
    let checked = |service, state| TableCheck { table: table.name.clone(), service, state };
    let Some(client) = holder else { return checked(None, TableState::NotConfigured) };
    let title = Some(client.service().title());
    let failed = |kind, context: String| {
        TableState::Failed(SourceError::new(kind, format!("read the schema of {}", table.name), context))
    };
    let (name, columns) = declared(client.service(), table);
    let state = match client.query(&format!("{}\n| getschema\n", literal::name(&name)), window, until).await {
        Err(error) => failed(error.kind, error.context),
        Ok(answered) => match found(&answered.decoded) {
            None => failed(
                SourceErrorKind::Malformed,
                format!("the response is not a list of columns (call {})", answered.id),
            ),
            Some(found) => compared(&columns, &found),
        },
    };
    checked(title, state)
}

/// Returns the name and columns of a table on a service; columns without a name there are excluded.
fn declared(service: &Service, table: &Table) -> (String, Vec<(String, ColumnType)>) {
    let (name, names) = service.names(&table.name).unwrap_or_else(|| (table.name.clone(), BTreeMap::new()));
    let service_name = |(pack_name, kind): (&String, &ColumnType)| match names.get(pack_name) {
        Some(service_name) => Some((service_name.clone(), *kind)),
        None => names.is_empty().then(|| (pack_name.clone(), *kind)),
    };
    (name, table.columns.iter().filter_map(service_name).collect())
}

/// Returns the columns in a `getschema` result, with their types as the service names them.
fn found(decoded: &Decoded) -> Option<Vec<(String, String)>> {
    let (_, table) = decoded.tables.first()?;
    let place = |name: &str| table.columns.iter().position(|column| &*column.name == name);
    let (name, kind) = (place("ColumnName")?, place("ColumnType").or_else(|| place("DataType"))?);
    let text = |row: &[Value], at: usize| match row.get(at) {
        Some(Value::String(text)) => Some(text.to_string()),
        _ => None,
    };
    table.rows.iter().map(|row| Some((text(row, name)?, text(row, kind)?))).collect()
}

fn compared(declared: &[(String, ColumnType)], found: &[(String, String)]) -> TableState {
    let differs = |(column, kind): &(String, ColumnType)| {
        let (column, declared) = (column.clone(), *kind);
        match found.iter().find(|(name, _)| *name == column) {
            None => Some(Difference::ColumnMissing { column, declared }),
            Some((_, there)) if wire::kind(there).map(convert::column_type) == Some(declared) => None,
            Some((_, there)) => Some(Difference::ColumnOfOtherType { column, declared, found: there.clone() }),
        }
    };
    let differences: Vec<Difference> = declared.iter().filter_map(differs).collect();
    if differences.is_empty() { TableState::Fits } else { TableState::Differs(differences) }
}
