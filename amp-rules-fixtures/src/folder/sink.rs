//! The receiver of what the readers of files find.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::{Map, Value};

/// A row as the file holds it.
pub(crate) type Object = Map<String, Value>;

/// The names of the columns of the rows that follow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Header {
    /// The names, without marks such as `[UTC]`.
    pub(crate) names: Vec<String>,
    /// The columns whose times are in UTC by their mark.
    pub(crate) utc: BTreeSet<String>,
}

/// What a receiver does with the rows under a header.
pub(crate) enum Wanted {
    /// It receives them. The column with their text, if they have one.
    Rows(Option<String>),
    /// It needs none of them.
    Nothing,
    /// They are no rows of its table, for this reason.
    Wrong(String),
}

/// Receives rows, bad rows and losses of one file. A `Break` ends the reading.
pub(crate) trait Sink {
    /// Receives the header of the rows that follow, from formats that have one.
    fn header(&mut self, header: &Header) -> Wanted;
    /// Receives a row. `line` counts from 1; 0 stands for formats whose rows have no line of their own.
    fn row(&mut self, line: u64, row: Object) -> ControlFlow<()>;
    /// Receives the description of something that should be a row and is not.
    fn bad(&mut self, line: u64, what: String) -> ControlFlow<()>;
    /// Like [`Sink::bad`], for readers that stop there anyway.
    fn note(&mut self, line: u64, what: String) {
        let _ = self.bad(line, what);
    }
    /// Whether the first row is enough.
    fn is_probe(&self) -> bool;
    /// Counts a row that a probe did not have to look at.
    fn skip_rows(&mut self);
    /// Receives a reason for missing rows: the file states it, or could not be read to its end.
    fn lost(&mut self, reason: GapReason, line: u64, what: String);
    /// Receives the error that the file holds instead of rows.
    fn failed(&mut self, kind: SourceErrorKind, what: String);
}
