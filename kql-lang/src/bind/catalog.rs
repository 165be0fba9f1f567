//! The tables and parameters that a query may use.

use std::collections::BTreeMap;

use crate::value::{Column, Type};

/// The tables and parameters that a query may use.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    pub(super) tables: BTreeMap<String, Vec<Column>>,
    pub(super) parameters: BTreeMap<String, Type>,
    pub(super) database: Option<String>,
    /// Whether unknown tables are accepted.
    pub(super) open: bool,
}

impl Catalog {
    /// An empty catalogue.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table with its columns, in order.
    #[must_use]
    pub fn with_table(mut self, name: impl Into<String>, columns: Vec<Column>) -> Self {
        self.tables.insert(name.into(), columns);
        self
    }

    /// Adds a parameter; its value is an input of the run.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, kind: Type) -> Self {
        self.parameters.insert(name.into(), kind);
        self
    }

    /// Sets the name accepted by `database("…")`; by default, every call of `database` is rejected.
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

    /// Accepts unknown tables, with any columns: [`Bound::inferred`](super::Bound::inferred) lists those that a query uses.
    #[must_use]
    pub fn open(mut self) -> Self {
        self.open = true;
        self
    }
}
