//! The tables and parameters that a query may use.

use std::collections::BTreeMap;

use crate::value::{Column, Type};

/// The tables and parameters that a query may use.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub(super) tables: BTreeMap<String, Vec<Column>>,
    pub(super) parameters: BTreeMap<String, Type>,
    pub(super) database: Option<String>,
}

impl Catalog {
    /// A catalogue without tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same catalogue with a table; its columns in order.
    #[must_use]
    pub fn with_table(mut self, name: impl Into<String>, columns: Vec<Column>) -> Self {
        self.tables.insert(name.into(), columns);
        self
    }

    /// The same catalogue with a parameter, whose value the run gives.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, kind: Type) -> Self {
        self.parameters.insert(name.into(), kind);
        self
    }

    /// The same catalogue with the name by which `database("…")` may call it; without, that is forbidden.
    #[must_use]
    pub fn with_database(mut self, name: impl Into<String>) -> Self {
        self.database = Some(name.into());
        self
    }

    /// The columns of a table.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<&[Column]> {
        self.tables.get(name).map(Vec::as_slice)
    }
}
