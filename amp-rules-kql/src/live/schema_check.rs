//! Compares the tables that a pack declares with what the services have.
//!
//! Input: the pack's schema. Output: per table where it lies and how it differs: it is missing, a column is missing or of
//! another type. One small query per table (`getschema`), no row is read.

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

/// A table of the pack and its state on the service that holds it.
#[derive(Debug)]
pub struct TableCheck {
    /// Its name in the pack.
    pub table: String,
    /// The service that was asked.
    pub service: Option<String>,
    /// What was found there.
    pub state: TableState,
}

/// The state of a table on a service.
#[derive(Debug)]
pub enum TableState {
    /// No configured service holds it.
    NotConfigured,
    /// It is there with every column that the pack declares.
    Fits,
    /// It is there, and differs.
    Differs(Vec<Difference>),
    /// It could not be looked at.
    Failed(SourceError),
}

/// How a table differs from what the pack declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A column is not there.
    ColumnMissing {
        /// Its name.
        column: String,
        /// Its type in the pack.
        declared: ColumnType,
    },
    /// A column has another type.
    ColumnOfOtherType {
        /// Its name.
        column: String,
        /// Its type in the pack.
        declared: ColumnType,
        /// Its type there, in the service's words.
        found: String,
    },
}

/// Compares a table of a pack with what the service that holds it has.
pub(super) async fn check(holder: Option<&Client>, table: &Table, window: Window, until: Instant) -> TableCheck {
    let checked = |service, state| TableCheck { table: table.name.clone(), service, state };
    let Some(client) = holder else { return checked(None, TableState::NotConfigured) };
    let title = Some(client.service().title());
    let failed =
        |kind, context: String| TableState::Failed(SourceError::new(kind, format!("look at {}", table.name), context));
    let (name, columns) = declared(client.service(), table);
    let state = match client.ask(&format!("{}\n| getschema\n", literal::name(&name)), window, until).await {
        Err(error) => failed(error.kind, error.context),
        Ok(answered) => match found(&answered.decoded) {
            None => {
                failed(SourceErrorKind::Malformed, format!("the answer is no list of columns (call {})", answered.id))
            }
            Some(found) => compared(&columns, &found),
        },
    };
    checked(title, state)
}

/// The name and the columns under which a service has a table; columns that it has no name for are left out.
fn declared(service: &Service, table: &Table) -> (String, Vec<(String, ColumnType)>) {
    let (name, names) = service.names(&table.name).unwrap_or_else(|| (table.name.clone(), BTreeMap::new()));
    let theirs = |(ours, kind): (&String, &ColumnType)| match names.get(ours) {
        Some(theirs) => Some((theirs.clone(), *kind)),
        None => names.is_empty().then(|| (ours.clone(), *kind)),
    };
    (name, table.columns.iter().filter_map(theirs).collect())
}

/// The columns that `getschema` lists, with their types in the service's words.
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
