//! A lowered query: its text, and what is needed to read its result.

use std::sync::Arc;

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::time::Window;

use super::fleet::Fleet;

/// Where bins are aligned.
pub(super) const EPOCH: &str = "datetime(1970-01-01)";

/// The longest query text, in bytes, that is sent in one request where it can be parted.
pub const LONGEST_TEXT: usize = 64 << 10;

/// A service cuts a result after so many rows.
// https://learn.microsoft.com/azure/azure-monitor/service-limits ("Log queries"), read 2026-11-20.
pub const MOST_ROWS: usize = 500_000;

/// The query of some requests on one table.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The table that it reads; of an author's own query the first.
    pub table: Arc<Table>,
    /// The positions of the requests that it answers, ascending.
    pub positions: Vec<usize>,
    /// What all its rows lie in.
    pub window: Window,
    /// The text of the query.
    pub kql: String,
    /// The requests at the positions.
    pub(super) requests: Vec<Request>,
    /// Pieces of answers that the query gives once for several requests: of the first, and the others.
    pub(super) shared: Vec<(usize, Vec<usize>)>,
    /// The subjects that it reads.
    pub(super) whose: Whose,
}

/// The subjects that a query reads.
#[derive(Clone, Debug)]
pub(super) enum Whose {
    /// One subject, by its position.
    One(usize),
    /// Several at once; each row of its result names its subject.
    Fleet(Fleet),
}
