//! The receiver of what the readers of files find.

use std::ops::ControlFlow;

use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use serde_json::{Map, Value};

/// A row as the file holds it.
pub(crate) type Object = Map<String, Value>;

/// Receives rows, bad rows and losses of one file. A `Break` ends the reading.
pub(crate) trait Sink {
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
