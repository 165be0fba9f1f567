//! The tables of an incident folder as a source for the KQL interpreter.
//!
//! Input: a [`FixtureSource`]. Output: every readable row of a table, in the order of files and lines, with the columns
//! that a query needs; and, after the query, the gaps of the tables that it read ([`TableGaps`]). Rows stream. A table
//! that the folder does not have is an error, never a table without rows.
//!
//! All rows are passed on, whatever their time and subject: as on a service, the query itself selects.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use amp_rules_core::telemetry::request::{Instants, Reading, Request, RowsRequest};
use amp_rules_core::telemetry::source::Gap;
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::time::{Time, Window};
use kql_lang::run::{Source, SourceError};
use kql_lang::value::Column;
use kql_lang::value::Row;

use crate::folder::FixtureSource;
use crate::query::{RowSource, cells};

/// The tables of a folder while a query runs on them.
#[derive(Debug)]
pub struct FolderTables<'f> {
    folder: &'f FixtureSource,
    read: RefCell<BTreeMap<String, TableGaps>>,
}

/// Gaps and unreadable rows of a table that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableGaps {
    /// The gaps: why rows are missing and, if known, in which time range. Sorted.
    pub gaps: Vec<Gap>,
    /// Unreadable rows, sorted, at most 100.
    pub problems: Vec<RowProblem>,
}

impl<'f> FolderTables<'f> {
    /// The tables of this folder.
    #[must_use]
    pub fn new(folder: &'f FixtureSource) -> Self {
        Self { folder, read: RefCell::default() }
    }

    /// The gaps of the tables that were read, by name, without complete tables.
    #[must_use]
    pub fn into_gaps(self) -> BTreeMap<String, TableGaps> {
        let mut read = self.read.into_inner();
        read.retain(|_, one| !one.gaps.is_empty() || !one.problems.is_empty());
        read
    }
}

impl Source for FolderTables<'_> {
    fn scan(
        &self,
        table: &str,
        columns: &[Column],
        sink: &mut dyn FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), SourceError> {
        let known = self.folder.table(table)?;
        let losses = self
            .folder
            .each(&known, &mut |row| sink(columns.iter().map(|column| cells::of_row(&known, row, column)).collect()))?;
        let reading = Reading {
            table: known,
            subject: BTreeMap::new(),
            window: Window { from: Time::MIN, to: Time::MAX },
            filter: Vec::new(),
            keys: Vec::new(),
        };
        let all_rows = Request::Rows(RowsRequest {
            reading,
            sources: BTreeMap::new(),
            bin: Duration::MAX,
            instants: Instants::None,
        });
        let mut read = self.read.borrow_mut();
        // A query may read a table twice, and the first time only in part.
        let found = read.entry(table.to_owned()).or_default();
        found.gaps.extend(self.folder.declared().gaps(&all_rows));
        found.gaps.extend(losses.reasons.into_iter().map(|reason| Gap { reason, range: None, entities: None }));
        found.gaps.sort();
        found.gaps.dedup();
        found.problems.extend(losses.problems);
        found.problems.sort();
        found.problems.dedup();
        Ok(())
    }
}
