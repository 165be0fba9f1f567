//! What can be asked of telemetry: lines, series, properties, inventory, rows, error lines that nothing matches, an
//! author's own query.
//!
//! A [`Request`] is a value: it carries the table it reads and everything a backend needs, and no callback. Two equal
//! requests have equal answers, so a plan asks each once. Rows outside `window` never count; bins are aligned to the
//! epoch and named by their start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::telemetry::predicate::{Aggregate, Condition, KeySource, LineTest, See, ValueColumn};
use crate::telemetry::schema::{ColumnType, Path, Table};
use crate::time::{Time, Window};

/// The part of a request that every kind shares: which rows of which table.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The table.
    pub table: Arc<Table>,
    /// The subject, as in [`Scope::subject`]; keys that the table does not know are ignored.
    pub subject: BTreeMap<String, String>,
    /// The window.
    pub window: Window,
    /// Which rows count, all conditions together.
    pub filter: Vec<Condition>,
    /// The entity keys of the answer (subject keys left out); a row without one of them has no entity and does not count.
    pub keys: Vec<String>,
}

/// Matching lines, per entity and bin.
#[derive(Clone, Debug, PartialEq)]
pub struct LinesRequest {
    /// Which rows.
    pub reading: Reading,
    /// The components whose lines count; any where empty.
    pub components: Vec<String>,
    /// What a line must match.
    pub test: LineTest,
    /// Which text is tried.
    pub see: See,
    /// Entity keys that do not stand where the table says.
    pub sources: BTreeMap<String, KeySource>,
    /// Named captures whose numbers are added up, weighted; a capture that is no number adds nothing.
    pub sums: Vec<String>,
    /// The width of a bin.
    pub bin: Duration,
}

/// Rows, per entity and bin.
#[derive(Clone, Debug, PartialEq)]
pub struct RowsRequest {
    /// Which rows.
    pub reading: Reading,
    /// Entity keys that do not stand where the table says (columns only).
    pub sources: BTreeMap<String, KeySource>,
    /// The width of a bin.
    pub bin: Duration,
}

/// One binned step of a [`SeriesRequest`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BinnedStep {
    /// How numbers are folded.
    pub aggregate: Aggregate,
    /// What is folded: the number (`None`), else a column.
    pub column: Option<Path>,
    /// What is kept apart besides the reading's entity keys; `None` stands for the metric's canonical name.
    pub by: Vec<(String, Option<Path>)>,
    /// The width of its bins; `None` for one bin that is the whole window (only in the last step).
    pub every: Option<Duration>,
    /// Where bins end: they are aligned so that one ends here; to the epoch where there is none.
    pub ending_at: Option<Time>,
}

/// A binned series of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRequest {
    /// Which rows.
    pub reading: Reading,
    /// Canonical metric names with all their spellings.
    pub metrics: Vec<(String, Vec<String>)>,
    /// The cell that is read as the number; the table's value where there is none.
    pub value: Option<ValueColumn>,
    /// The steps, first to last; at least one, every one but the last with a bin.
    pub steps: Vec<BinnedStep>,
}

/// The state of properties in the latest row per entity.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertiesRequest {
    /// Which rows.
    pub reading: Reading,
    /// Canonical metric names with all their spellings; any row where empty.
    pub metrics: Vec<(String, Vec<String>)>,
    /// The properties, by the name that the author used.
    pub names: Vec<(String, Path)>,
}

/// Who is alive: which bins hold a heartbeat, per entity.
#[derive(Clone, Debug, PartialEq)]
pub struct InventoryRequest {
    /// Which rows (`filter` is empty).
    pub reading: Reading,
    /// The metric whose samples beat, with all its spellings; any row where there is none.
    pub metric: Option<(String, Vec<String>)>,
    /// The width of a bin.
    pub every: Duration,
    /// Attributes to report, by name.
    pub attributes: Vec<(String, Path)>,
    /// The regex of a line that says the entity has started anew, where the table has one.
    pub restart_marker: Option<String>,
}

/// Lines that something understands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownLines {
    /// The components whose lines are meant; any where empty.
    pub components: Vec<String>,
    /// What such a line matches.
    pub test: LineTest,
    /// Which text is tried.
    pub see: See,
}

/// Error lines that nothing understands, grouped by template over the whole window.
///
/// What an error is says the table ([`Table::errors`]); what makes lines alike say the masks of
/// [`crate::telemetry::source::template`].
#[derive(Clone, Debug, PartialEq)]
pub struct UnmatchedRequest {
    /// Which rows.
    pub reading: Reading,
    /// What is understood, sorted: a line that matches one of these and is of one of its components does not count.
    pub known: Vec<KnownLines>,
    /// How many templates are told, the most frequent first.
    pub most: usize,
}

/// What a query in KQL results in: the escape hatch, for a source that runs KQL.
///
/// A source hands the query only rows of the window and, where a table knows the subject's keys, of the subject.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryRequest {
    /// The first table that the text names, the subject, the window, and the entity keys that the result is read by;
    /// `filter` is empty.
    pub reading: Reading,
    /// The other tables that the text names, by name.
    pub others: Vec<Arc<Table>>,
    /// The text as its author wrote it, comments included. It names parameters; none of their values stands in it.
    pub text: String,
    /// The parameters that the text names, sorted. A source binds them before the text, as values.
    pub parameters: Vec<(String, ParameterValue)>,
}

/// The value of a parameter of a query.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterValue {
    /// A text, whatever characters it holds.
    Text(String),
    /// A number.
    Number(f64),
    /// An instant.
    Time(Time),
    /// A length of time.
    Duration(Duration),
}

impl ParameterValue {
    /// The type that the query sees.
    #[must_use]
    pub fn kind(&self) -> ColumnType {
        match self {
            Self::Text(_) => ColumnType::String,
            Self::Number(_) => ColumnType::Real,
            Self::Time(_) => ColumnType::DateTime,
            Self::Duration(_) => ColumnType::TimeSpan,
        }
    }
}

/// One read from a source.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Matching lines.
    Lines(LinesRequest),
    /// A binned series.
    Series(SeriesRequest),
    /// Properties of the latest row.
    Properties(PropertiesRequest),
    /// Who is alive.
    Inventory(InventoryRequest),
    /// Rows.
    Rows(RowsRequest),
    /// Error lines that nothing understands.
    Unmatched(UnmatchedRequest),
    /// What a query results in.
    Query(QueryRequest),
}

impl Request {
    /// Which rows it reads; of a query, which may read several tables, those of the first.
    #[must_use]
    pub fn reading(&self) -> &Reading {
        match self {
            Self::Lines(request) => &request.reading,
            Self::Series(request) => &request.reading,
            Self::Properties(request) => &request.reading,
            Self::Inventory(request) => &request.reading,
            Self::Rows(request) => &request.reading,
            Self::Unmatched(request) => &request.reading,
            Self::Query(request) => &request.reading,
        }
    }

    /// Every table that it reads.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        let others: &[Arc<Table>] = match self {
            Self::Query(request) => &request.others,
            Self::Lines(_)
            | Self::Series(_)
            | Self::Properties(_)
            | Self::Inventory(_)
            | Self::Rows(_)
            | Self::Unmatched(_) => &[],
        };
        std::iter::once(&self.reading().table).chain(others)
    }

    /// The kind, as capabilities and messages name it.
    #[must_use]
    pub fn kind(&self) -> RequestKind {
        match self {
            Self::Lines(_) => RequestKind::Lines,
            Self::Series(_) => RequestKind::Series,
            Self::Properties(_) => RequestKind::Properties,
            Self::Inventory(_) => RequestKind::Inventory,
            Self::Rows(_) => RequestKind::Rows,
            Self::Unmatched(_) => RequestKind::Unmatched,
            Self::Query(_) => RequestKind::Query,
        }
    }

    /// The canonical metrics it reads; empty where it reads any row.
    #[must_use]
    pub fn metrics(&self) -> Vec<&str> {
        match self {
            Self::Series(request) => request.metrics.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Properties(request) => request.metrics.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Inventory(request) => request.metric.iter().map(|(name, _)| name.as_str()).collect(),
            Self::Lines(_) | Self::Rows(_) | Self::Unmatched(_) | Self::Query(_) => Vec::new(),
        }
    }
}

/// The kinds of [`Request`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestKind {
    /// [`Request::Lines`]
    Lines,
    /// [`Request::Series`]
    Series,
    /// [`Request::Properties`]
    Properties,
    /// [`Request::Inventory`]
    Inventory,
    /// [`Request::Rows`]
    Rows,
    /// [`Request::Unmatched`]
    Unmatched,
    /// [`Request::Query`]
    Query,
}

impl RequestKind {
    /// The name in messages and in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lines => "lines",
            Self::Series => "series",
            Self::Properties => "properties",
            Self::Inventory => "inventory",
            Self::Rows => "rows",
            Self::Unmatched => "unmatched",
            Self::Query => "query",
        }
    }
}

impl std::fmt::Display for RequestKind {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.as_str())
    }
}
