//! The first rows of every table of a response: all rows of a small table, and enough of a large one to see that it is large.

use std::ops::ControlFlow;

use serde_json::Value;

use super::document::Rows;

/// The most bytes of text that the kept rows of one table have. Tables that describe others have a few rows.
const TABLE_BYTES: usize = 64 << 10;

/// The most bytes of text that all kept rows have.
const ALL_BYTES: usize = 4 << 20;

/// The kept rows of one table.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) rows: Vec<Value>,
    bytes: usize,
    /// Whether these are all rows of the table.
    pub(super) complete: bool,
}

/// Keeps the first rows of every table.
pub(super) struct KeptRows {
    pub(super) tables: Vec<Kept>,
    bytes: usize,
    /// Whether to stop at a table with more rows than are kept.
    stops: bool,
}

impl KeptRows {
    /// Nothing kept yet.
    pub(super) fn new(stops: bool) -> Self {
        Self { tables: Vec::new(), bytes: 0, stops }
    }

    fn table(&mut self, table: usize) -> Option<&mut Kept> {
        if self.tables.len() <= table {
            self.tables.resize_with(table + 1, || Kept { complete: true, ..Kept::default() });
        }
        self.tables.get_mut(table)
    }
}

impl Rows for KeptRows {
    fn wants(&mut self, table: usize) -> bool {
        let room = self.bytes < ALL_BYTES;
        self.table(table).is_some_and(|kept| {
            kept.complete &= room && kept.bytes < TABLE_BYTES;
            kept.complete
        })
    }

    fn row(&mut self, table: usize, row: Value, bytes: usize) -> ControlFlow<()> {
        self.bytes += bytes;
        let stops = self.stops;
        if let Some(kept) = self.table(table) {
            kept.bytes += bytes;
            kept.rows.push(row);
            if stops && kept.bytes >= TABLE_BYTES {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}
