//! The interface for reading the rows of tables.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::run::error::SourceError;
use crate::value::{Column, Row, Table, Value};

/// Provides the rows of tables.
///
/// Callers may rely only on the contract of `scan`. An implementation passes each row exactly once, with exactly the
/// requested columns in the requested order, each value of the requested type or null, and stops when the sink breaks.
/// Passing all columns of a table regardless of the request is a bug: values would be assigned to the wrong names.
pub trait Source {
    /// Passes the rows of a table to `sink`, in a fixed order.
    ///
    /// # Errors
    ///
    /// If the rows cannot be read completely; the whole run then fails.
    fn scan(
        &self,
        table: &str,
        columns: &[Column],
        sink: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), SourceError>;
}

/// Tables in memory.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    tables: BTreeMap<String, Table>,
}

impl Tables {
    /// A source without tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a table.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, table: Table) -> Self {
        self.tables.insert(name.into(), table);
        self
    }
}

impl Source for Tables {
    fn scan(
        &self,
        table: &str,
        columns: &[Column],
        sink: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let table = self.tables.get(table).ok_or_else(|| format!("unknown table `{table}`"))?;
        let at: Vec<Option<usize>> =
            columns.iter().map(|column| table.columns.iter().position(|known| known.name == column.name)).collect();
        for row in &table.rows {
            let picked = at.iter().map(|at| at.and_then(|at| row.get(at)).cloned().unwrap_or(Value::Null)).collect();
            if sink(picked).is_break() {
                break;
            }
        }
        Ok(())
    }
}
