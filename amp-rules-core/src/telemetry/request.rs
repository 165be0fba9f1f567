//! Requests to a telemetry source: lines, series, properties, inventory, rows, unmatched error lines, and queries in KQL.
//!
//! A [`Request`] is a plain value with the table that it reads and everything else that a backend needs. Equal requests have
//! equal answers, so a plan contains each once. Rows outside the window never count. Bins are aligned to the Unix epoch unless
//! stated otherwise, and identified by their start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::telemetry::predicate::{Aggregate, Condition, KeySource, LineTest, See, ValueColumn};
use crate::telemetry::schema::{ColumnType, Path, Table};
use crate::time::{Time, Window};

/// Which rows of which table a request reads, and by which entities it groups them.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The table.
    pub table: Arc<Table>,
    /// The subject: key → value. Keys that the table does not have are ignored.
    pub subject: BTreeMap<String, String>,
    /// The window.
    pub window: Window,
    /// The conditions on rows; a row has to satisfy all of them.
    pub filter: Vec<Condition>,
    /// The entity keys of the answer, without those of the subject. A row that lacks one of them does not count.
    pub keys: Vec<String>,
}

/// The instants that the cells of an answer list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Instants {
    /// None.
    #[default]
    None,
    /// So many of the earliest and of the latest of each cell; all of a cell that has at most twice as many.
    Ends(u32),
    /// All.
    All,
}

/// Matching lines, per entity and bin.
#[derive(Clone, Debug, PartialEq)]
pub struct LinesRequest {
    /// The rows to read.
    pub reading: Reading,
    /// The components whose lines count; all if empty.
    pub components: Vec<String>,
    /// The test that a line has to pass.
    pub test: LineTest,
    /// The text of the line that the test searches.
    pub see: See,
    /// The sources of entity keys that are not where the table declares them.
    pub sources: BTreeMap<String, KeySource>,
    /// Named captures whose numbers are summed, weighted; a capture that is not a number adds nothing.
    pub sums: Vec<String>,
    /// The width of a bin.
    pub bin: Duration,
    /// The instants to list.
    pub instants: Instants,
}

/// Rows, per entity and bin.
#[derive(Clone, Debug, PartialEq)]
pub struct RowsRequest {
    /// The rows to read.
    pub reading: Reading,
    /// The sources of entity keys that are not where the table declares them; columns only.
    pub sources: BTreeMap<String, KeySource>,
    /// The width of a bin.
    pub bin: Duration,
    /// The instants to list.
    pub instants: Instants,
}

/// One binned step of a [`SeriesRequest`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BinnedStep {
    /// How numbers are aggregated.
    pub aggregate: Aggregate,
    /// The column that is aggregated; `None` for the number of the row or point.
    pub column: Option<Path>,
    /// The columns to group by, in addition to the reading's entity keys: name and path. The path `None` stands for the
    /// metric's canonical name.
    pub by: Vec<(String, Option<Path>)>,
    /// The width of the bins; `None` for one bin that is the whole window, which only the last step may have.
    pub every: Option<Duration>,
    /// The instant at which one of the bins ends; `None` to align bins to the Unix epoch.
    pub ending_at: Option<Time>,
}

/// A binned series of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesRequest {
    /// The rows to read.
    pub reading: Reading,
    /// The metrics: canonical name and all names in rows.
    pub metrics: Vec<(String, Vec<String>)>,
    /// The cell with the number; `None` for the table's value column.
    pub value: Option<ValueColumn>,
    /// The steps, first to last. There is at least one; all except the last have bins.
    pub steps: Vec<BinnedStep>,
}

/// The values of properties in the latest row per entity.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertiesRequest {
    /// The rows to read.
    pub reading: Reading,
    /// The metrics: canonical name and all names in rows; if empty, any row counts.
    pub metrics: Vec<(String, Vec<String>)>,
    /// The properties: name in the rule file, and path.
    pub names: Vec<(String, Path)>,
}

/// The bins with a heartbeat, per entity.
#[derive(Clone, Debug, PartialEq)]
pub struct InventoryRequest {
    /// The rows to read; `filter` is empty.
    pub reading: Reading,
    /// The metric of the heartbeat samples: canonical name and all names in rows; `None` if any row counts.
    pub metric: Option<(String, Vec<String>)>,
    /// The width of a bin.
    pub every: Duration,
    /// The attributes to report: name and path.
    pub attributes: Vec<(String, Path)>,
    /// The table's regex of a line that an entity writes when it starts, if there is one.
    pub restart_marker: Option<String>,
}

/// Lines that a symptom matches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KnownLines {
    /// The components whose lines are known; all if empty.
    pub components: Vec<String>,
    /// The test that such a line passes.
    pub test: LineTest,
    /// The text of the line that the test searches.
    pub see: See,
}

/// Error lines that no known test matches, grouped by template over the whole window.
///
/// [`Table::errors`] defines what an error line is, [`crate::telemetry::source::template`] which lines share a template.
#[derive(Clone, Debug, PartialEq)]
pub struct UnmatchedRequest {
    /// The rows to read.
    pub reading: Reading,
    /// The known lines, sorted. A line that passes one of these tests and is of one of its components does not count.
    pub known: Vec<KnownLines>,
    /// The number of templates to return, most frequent first.
    pub most: usize,
}

/// The result of a query in KQL, for sources that run KQL.
///
/// The source limits the input of the query to rows of the window and, in tables that have the subject's keys, of the subject.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryRequest {
    /// The first table in the text, the subject, the window, and the entity keys in the result; `filter` is empty.
    pub reading: Reading,
    /// The other tables in the text, sorted by name.
    pub others: Vec<Arc<Table>>,
    /// The text as in the rule file, including comments. It refers to parameters by name and contains none of their values.
    pub text: String,
    /// The parameters in the text, sorted by name. A source binds them as values.
    pub parameters: Vec<(String, ParameterValue)>,
}

/// The value of a query parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterValue {
    /// A text; any characters are allowed.
    Text(String),
    /// A number.
    Number(f64),
    /// An instant.
    Time(Time),
    /// A duration.
    Duration(Duration),
}

impl ParameterValue {
    /// The type of the parameter in the query.
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

/// One request to a source.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Matching lines.
    Lines(LinesRequest),
    /// A binned series.
    Series(SeriesRequest),
    /// Properties of the latest row per entity.
    Properties(PropertiesRequest),
    /// Heartbeats per entity.
    Inventory(InventoryRequest),
    /// Rows.
    Rows(RowsRequest),
    /// Error lines that no known test matches.
    Unmatched(UnmatchedRequest),
    /// The result of a query.
    Query(QueryRequest),
}

impl Request {
    /// The rows that it reads; for a query, which may read several tables, those of the first.
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

    /// The tables that it reads.
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

    /// The kind.
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

    /// The columns whose absence from all rows of an entity makes the request unknown for it: those that the filter tests, then
    /// the property with the number of a series, each with its name in the rule file.
    pub fn tested_columns(&self) -> impl Iterator<Item = (&str, &Path)> {
        let filter = self.reading().filter.iter().map(|condition| (condition.name.as_str(), &condition.path));
        let value = match self {
            Self::Series(request) => request.value.as_ref().filter(|value| value.default.is_none()),
            _ => None,
        };
        let value = value.filter(|value| value.path.parts().len() > 1);
        filter.chain(value.and_then(|value| Some((value.path.parts().last()?.as_str(), &value.path))))
    }

    /// The canonical names of the metrics that it reads; empty if it reads rows of any metric.
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
