//! Where the rows of tables come from.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::run::error::SourceError;
use crate::value::{Column, Row, Table, Value};

/// Where the rows of tables come from.
///
/// A caller may rely on nothing but what `scan` says. An implementer gives each row once, with exactly the wanted
/// columns in the wanted order, each of the wanted type or null, and stops when the sink breaks. An implementation that
/// gives all columns of its table, whatever is wanted, is wrong: values would stand under other names.
pub trait Source {
    /// Gives the rows of a table to `sink`, in a fixed order.
    ///
    /// # Errors
    ///
    /// If the rows cannot be read to the end; the run then fails as a whole.
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
    /// No tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The same tables and one more.
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
        let table = self.tables.get(table).ok_or_else(|| format!("there is no table `{table}`"))?;
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
