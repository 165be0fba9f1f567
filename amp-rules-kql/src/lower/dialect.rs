//! The names that a service uses for the tables and columns of a pack.
//!
//! Input: per table the name on the service, and the columns with different names. Output: the start of a pipeline that renames
//! everything to the names of the pack. Tables and columns that are not listed have the same name on the service.

use std::collections::BTreeMap;

use amp_rules_core::telemetry::schema::{Schema, Served, Table};
use kql_lang::literal;

use super::cells;

/// The table and column names of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    tables: BTreeMap<String, ServiceTable>,
}

/// The names of a table and its columns on a service.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ServiceTable {
    service: Option<String>,
    table: String,
    /// Column name in the pack → column name on the service.
    columns: BTreeMap<String, String>,
}

impl Dialect {
    /// Creates a dialect that uses the names of the pack.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a dialect from the service names in a pack. Each table uses the first of the preferred services that holds it,
    /// or the first service listed for it.
    #[must_use]
    pub fn of(schema: &Schema, preferred: &[&str]) -> Self {
        let names = |(table, services): (&String, &Vec<Served>)| {
            let by_name = |name: &&str| services.iter().find(|served| served.service == *name);
            let served = preferred.iter().find_map(by_name).or_else(|| services.first())?;
            let (service, columns) = (Some(served.service.clone()), served.columns.clone());
            Some((table.clone(), ServiceTable { service, table: served.table.clone(), columns }))
        };
        Self { tables: schema.services.iter().filter_map(names).collect() }
    }

    /// Returns the service that defines the names of a table; `None` if the pack lists no service for it.
    #[must_use]
    pub fn service(&self, table: &str) -> Option<&str> {
        self.tables.get(table)?.service.as_deref()
    }

    /// Adds a table with another name on the service; `columns` are pairs of the name in the pack and the name on the service.
    #[must_use]
    pub fn with_table(
        mut self,
        table: impl Into<String>,
        name: impl Into<String>,
        columns: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        self.tables.insert(
            table.into(),
            ServiceTable { service: None, table: name.into(), columns: columns.into_iter().collect() },
        );
        self
    }

    /// Returns the pipeline of the rows of a table that pass a test of their time, with the names of the pack. `within` returns
    /// the test for a time expression.
    pub(super) fn rows(&self, table: &Table, within: impl Fn(&str) -> String) -> String {
        let Some(names) = self.tables.get(&table.name) else {
            return format!("{}\n| where {}", literal::name(&table.name), within(&cells::time(table)));
        };
        let column = |pack_name: &str| names.columns.get(pack_name).map_or(pack_name, String::as_str).to_owned();
        let renamed: Vec<String> = names
            .columns
            .iter()
            .filter(|(pack_name, service_name)| pack_name != service_name)
            .map(|(pack_name, service_name)| format!("{} = {}", literal::name(pack_name), literal::name(service_name)))
            .collect();
        let rows = format!(
            "{}\n| where {}",
            literal::name(&names.table),
            within(&cells::time_at(table, &column(table.time.column())))
        );
        if renamed.is_empty() { rows } else { format!("{rows}\n| project-rename {}", renamed.join(", ")) }
    }
}
