//! The tables of an incident folder, as the interpreter of KQL reads them.
//!
//! Input: a [`FixtureSource`]. Output: every readable row of a table, in the order of files and lines, each with the
//! columns that a query wants; and, once the query has run, what is lacking of the tables that it read ([`Lack`]). Rows
//! stream. A table that the folder lacks is an error, never a table without rows.
//!
//! All rows are given, whatever their time and subject: a query says itself which it wants, as it would on a service.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use amp_rules_core::telemetry::request::{Reading, Request, RowsRequest};
use amp_rules_core::telemetry::source::Gap;
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::time::{Time, Window};
use kql_lang::run::{Source, SourceError};
use kql_lang::value::Column;
use kql_lang::value::Row;

use crate::folder::FixtureSource;
use crate::query::{Recorded, cells};

/// The tables of a folder while a query runs on them.
#[derive(Debug)]
pub struct FolderTables<'f> {
    folder: &'f FixtureSource,
    read: RefCell<BTreeMap<String, Lack>>,
}

/// What is lacking of a table that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    /// Why, and when where that is known. Sorted.
    pub gaps: Vec<Gap>,
    /// Rows that could not be read, at most 100 of them. Sorted.
    pub problems: Vec<RowProblem>,
}

impl<'f> FolderTables<'f> {
    /// The tables of this folder.
    #[must_use]
    pub fn new(folder: &'f FixtureSource) -> Self {
        Self { folder, read: RefCell::default() }
    }

    /// What is lacking of the tables that were read, by name; complete tables are left out.
    #[must_use]
    pub fn lacks(self) -> BTreeMap<String, Lack> {
        let mut read = self.read.into_inner();
        read.retain(|_, lack| !lack.gaps.is_empty() || !lack.problems.is_empty());
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
        let every = Request::Rows(RowsRequest { reading, sources: BTreeMap::new(), bin: Duration::MAX });
        let mut read = self.read.borrow_mut();
        // A table may be read twice, and only once to its end.
        let lack = read.entry(table.to_owned()).or_default();
        lack.gaps.extend(self.folder.declared().gaps(&every));
        lack.gaps.extend(losses.reasons.into_iter().map(|reason| Gap { reason, range: None, entities: None }));
        lack.gaps.sort();
        lack.gaps.dedup();
        lack.problems.extend(losses.problems);
        lack.problems.sort();
        lack.problems.dedup();
        Ok(())
    }
}
