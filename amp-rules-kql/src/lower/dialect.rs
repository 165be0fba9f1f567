//! How a service calls the tables and columns that a pack names.
//!
//! Input: per table the service's name, and its columns where they are called otherwise. Output: the beginning of a pipeline
//! in which everything has the pack's names again. What is not listed is called as the pack calls it.

use std::collections::BTreeMap;

use amp_rules_core::telemetry::schema::{Schema, Served, Table};
use kql_lang::literal;

use super::cells;

/// The names of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dialect {
    tables: BTreeMap<String, Named>,
}

/// What a service calls a table.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    service: Option<String>,
    table: String,
    /// The pack's name of a column and the service's.
    columns: BTreeMap<String, String>,
}

impl Dialect {
    /// The names of the pack.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The names that a pack gives: of each table those of the first of these services that holds it, else those of its
    /// usual one.
    #[must_use]
    pub fn of(schema: &Schema, preferred: &[&str]) -> Self {
        let named = |(table, services): (&String, &Vec<Served>)| {
            let by_name = |name: &&str| services.iter().find(|served| served.service == *name);
            let served = preferred.iter().find_map(by_name).or_else(|| services.first())?;
            let (service, columns) = (Some(served.service.clone()), served.columns.clone());
            Some((table.clone(), Named { service, table: served.table.clone(), columns }))
        };
        Self { tables: schema.services.iter().filter_map(named).collect() }
    }

    /// The service whose names those of a table are; `None` where the pack says nothing of it.
    #[must_use]
    pub fn service(&self, table: &str) -> Option<&str> {
        self.tables.get(table)?.service.as_deref()
    }

    /// The same with a table that is called otherwise; `columns` are pairs of the pack's name and the service's.
    #[must_use]
    pub fn with_table(
        mut self,
        table: impl Into<String>,
        name: impl Into<String>,
        columns: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        self.tables
            .insert(table.into(), Named { service: None, table: name.into(), columns: columns.into_iter().collect() });
        self
    }

    /// The rows of a table that pass a test of their time, under the names of the pack. `within` makes the test from the
    /// column of the time.
    pub(super) fn rows(&self, table: &Table, within: impl Fn(&str) -> String) -> String {
        let Some(named) = self.tables.get(&table.name) else {
            return format!("{}\n| where {}", literal::name(&table.name), within(&cells::time(table)));
        };
        let column = |ours: &str| named.columns.get(ours).map_or(ours, String::as_str).to_owned();
        let renamed: Vec<String> = named
            .columns
            .iter()
            .filter(|(ours, theirs)| ours != theirs)
            .map(|(ours, theirs)| format!("{} = {}", literal::name(ours), literal::name(theirs)))
            .collect();
        let rows = format!(
            "{}\n| where {}",
            literal::name(&named.table),
            within(&cells::time_at(table, &column(table.time.column())))
        );
        if renamed.is_empty() { rows } else { format!("{rows}\n| project-rename {}", renamed.join(", ")) }
    }
}
