//! Answers: plain data per entity and bin, in a fixed order.
//!
//! Every list is sorted by entity, then by bin, so that equal telemetry gives equal answers in whatever order its rows arrive.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::telemetry::entity::Entity;
use crate::telemetry::number::number_text;
use crate::telemetry::schema::ColumnType;
use crate::time::{TICKS_PER_SECOND, Time, Window};

/// The number of characters after which Application Insights truncates the value of a custom dimension.
pub const PROPERTY_CHARACTERS: usize = 8192;

/// The width of the bins of which [`Properties::rows`] has the first rows.
pub const PROPERTY_BIN: Duration = Duration::from_secs(300);

/// The number of characters after which Application Insights truncates a message.
pub const MESSAGE_CHARACTERS: usize = 32_768;

/// The number of characters after which the text of a sample is truncated.
pub(crate) const SAMPLE_CHARACTERS: usize = 2000;

/// The number of characters of the beginning and of the end of the sample of a [`Template`] that is longer than both and `…`.
pub const SAMPLE_ENDS: (usize, usize) = (1000, 999);

/// The number of rows with one template from which on the template is news, at whatever level; see [`Template::is_news`].
pub const NEWS_ROWS: u32 = 3;

/// Whether a text is exactly as long as the service's limit, so that its end may be missing.
///
/// Characters are counted as Unicode scalar values and as UTF-16 code units: services differ, and a false positive only makes
/// a verdict unknown.
pub(crate) fn is_truncated(text: &str, limit: usize) -> bool {
    text.len() >= limit && (text.chars().count() == limit || text.encode_utf16().count() == limit)
}

/// The answer to one request. Build one with [`Answer::complete`] and set the other fields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The data, of the kind that was requested.
    pub data: AnswerData,
    /// Whether the data covers everything that was requested.
    pub completeness: Completeness,
    /// The instant before which all rows have arrived; `None` to use the watermark of the plan.
    pub watermark: Option<Time>,
    /// Entities with rows of which none has a column that the filter tests, each with the column's name. Sorted.
    ///
    /// The result of the filter is then unknown for the entity, not false.
    pub missing_columns: Vec<(Entity, String)>,
    /// Rows that could not be used, at most 100.
    pub problems: Vec<RowProblem>,
    /// The id that the service gave the call, for support requests.
    pub request_id: Option<String>,
}

impl Answer {
    /// A complete answer.
    #[must_use]
    pub fn complete(data: AnswerData) -> Self {
        Self {
            data,
            completeness: Completeness::Complete,
            watermark: None,
            missing_columns: Vec::new(),
            problems: Vec::new(),
            request_id: None,
        }
    }
}

/// The data of an [`Answer`].
#[derive(Clone, Debug, PartialEq)]
pub enum AnswerData {
    /// For lines and rows requests.
    Counts(Counts),
    /// For series requests; sorted by entity, `by` and bin.
    Series(Vec<Point>),
    /// For properties requests; sorted by entity.
    Properties(Vec<Properties>),
    /// For inventory requests; sorted by entity.
    Inventory(Vec<EntityHeartbeats>),
    /// For unmatched requests.
    Unmatched(UnmatchedLines),
    /// For query requests; rows in the order of the query's result.
    Table(ResultTable),
}

/// Counted lines or rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Sorted by entity and bin; bins without a line or row are absent.
    pub cells: Vec<CountCell>,
    /// The earliest three per entity; sorted by entity, time, row id, line, text.
    pub samples: Vec<(Entity, Vec<Sample>)>,
}

/// The lines or rows of one entity in one bin.
#[derive(Clone, Debug, PartialEq)]
pub struct CountCell {
    /// The entity.
    pub entity: Entity,
    /// The start of the bin.
    pub bin: Time,
    /// The number of lines or rows, weighted.
    pub count: u64,
    /// The time of the earliest.
    pub first: Time,
    /// The time of the latest.
    pub last: Time,
    /// The weighted sums of the requested captures, in the order of the request.
    pub sums: Vec<f64>,
    /// The instants of the lines or rows, sorted, as far as the request asks for them; see [`Instants`].
    ///
    /// [`Instants`]: crate::telemetry::request::Instants
    pub instants: Vec<CountedInstant>,
}

/// The lines or rows of one entity at one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountedInstant {
    /// The instant.
    pub at: Time,
    /// The number of lines or rows, weighted.
    pub weight: u64,
    /// The number of lines or rows.
    pub rows: u64,
}

/// One line or row kept as evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// The time of the row.
    pub at: Time,
    /// The id of the row: its identity, or else a hash of its content; never a file position.
    pub row: String,
    /// The index of the line in the row, from 0.
    pub line: u32,
    /// The text, at most 2,000 characters.
    pub text: String,
}

/// One point of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// The entity.
    pub entity: Entity,
    /// The values of the last step's `by`, in its order.
    pub by: Vec<String>,
    /// The start of the bin; the start of the window if the step has no bins.
    pub bin: Time,
    /// The value; finite. NaN and infinite samples count as missing.
    pub value: f64,
    /// How many of the requested metrics contributed.
    pub metrics: u32,
}

/// The properties of one entity's latest row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// The entity.
    pub entity: Entity,
    /// The times of the first row of each bin of [`PROPERTY_BIN`], aligned to the epoch, that has rows; sorted. So the first
    /// one is that of the first row, and from each of these times on it is known what the properties are.
    pub rows: Vec<Time>,
    /// The time of the latest row.
    pub at: Time,
    /// The id of the latest row, as in [`Sample::row`].
    pub row: String,
    /// The state of each requested property, in the order of the request.
    pub states: Vec<Property>,
}

/// The state of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its text in the latest row; `None` if the row lacks it (an empty text is `Some("")`).
    pub value: Option<String>,
    /// The time of the first row from which on it has had this value; `None` if every row of the window has it.
    pub since: Option<Time>,
    /// Its values before that in order of time, each with the time of the first row that has it. Adjacent ones differ.
    pub earlier: Vec<(Time, Option<String>)>,
}

impl Property {
    /// Returns the state of a property from its values in order of time.
    pub fn of_rows<'v>(rows: impl IntoIterator<Item = (Time, Option<&'v str>)>) -> Self {
        let mut changes: Vec<(Time, Option<&str>)> = Vec::new();
        for (at, value) in rows {
            if changes.last().is_none_or(|(_, last)| *last != value) {
                changes.push((at, value));
            }
        }
        let latest = changes.pop();
        let owned = |value: Option<&str>| value.map(str::to_owned);
        Self {
            value: owned(latest.and_then(|(_, value)| value)),
            since: latest.map(|(at, _)| at).filter(|_| !changes.is_empty()),
            earlier: changes.into_iter().map(|(at, value)| (at, owned(value))).collect(),
        }
    }

    /// The instants from which on it had another value than before, and that of the first row if there are any.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Time> + '_ {
        self.earlier.iter().map(|(at, _)| *at).chain(self.since)
    }

    /// Its value at an instant: that of the last row up to it, or of the first row.
    pub(crate) fn value_at(&self, at: Time) -> Option<&str> {
        if self.since.is_none_or(|since| since <= at) {
            return self.value.as_deref();
        }
        let known = self.earlier.iter().rev().find(|(from, _)| *from <= at).or(self.earlier.first());
        known.and_then(|(_, value)| value.as_deref())
    }
}

/// The heartbeats and restarts of one entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityHeartbeats {
    /// The entity.
    pub entity: Entity,
    /// The starts of the bins that contain a heartbeat, sorted.
    pub beats: Vec<Time>,
    /// The time of the first heartbeat.
    pub first: Time,
    /// The time of the last heartbeat.
    pub last: Time,
    /// The latest text of each requested attribute; attributes that no row has are absent.
    pub attributes: BTreeMap<String, String>,
    /// The times of its restarts, sorted: one per restart marker, or per run of restart markers within two minutes.
    pub starts: Vec<Time>,
}

/// Error lines that no known test matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmatchedLines {
    /// The most frequent, by descending count, then component and template; at most as many as requested.
    pub templates: Vec<Template>,
    /// The number of templates, including those that are not listed.
    pub distinct: u64,
    /// The number of templates that are news, including those that are not listed.
    pub news: u64,
    /// The number of lines, weighted.
    pub lines: u64,
}

/// Lines that differ only in the text behind placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The component that wrote them; empty if the table declares none for them.
    pub component: String,
    /// The text with placeholders, see [`super::template`]; ends with `…` if only the first words were compared.
    pub template: String,
    /// The number of lines or rows, weighted.
    pub count: u64,
    /// The number of different rows that contain them, counted up to [`NEWS_ROWS`]. Rows without an identity are the same if
    /// their time, text and entity are.
    pub rows: u32,
    /// Whether one of them is at error level.
    pub at_error: bool,
    /// The number of lines, weighted, that a known test matches, but for another component. Counted only where the component
    /// of the line could not be determined.
    pub elsewhere: u64,
    /// The number of entities that wrote them.
    pub entities: u64,
    /// The time of the earliest.
    pub first: Time,
    /// The time of the latest.
    pub last: Time,
    /// The earliest line; among equally early ones the first by row id, line and text. Its text is the message and error of
    /// the line, see [`super::template`], without its middle if it is longer than 2,000 characters.
    pub sample: Sample,
}

impl Template {
    /// Whether the lines are news: one is at error level, or they are in at least [`NEWS_ROWS`] rows.
    #[must_use]
    pub fn is_news(&self) -> bool {
        self.at_error || self.rows >= NEWS_ROWS
    }
}

/// The result of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultTable {
    /// The columns in order, each with its type. Names are case-sensitive.
    pub columns: Vec<(String, ColumnType)>,
    /// The rows; each has one cell per column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a [`ResultTable`].
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Null; also NaN and infinite numbers.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A finite number.
    Real(f64),
    /// A text; arrays, property bags and GUIDs are converted to text.
    Text(String),
    /// An instant.
    Time(Time),
    /// A signed duration in ticks of 100 ns.
    Span(i64),
}

impl Cell {
    /// The cell as a number: 0 or 1 for a boolean, seconds for a duration; `None` for text, instants and null.
    #[must_use]
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Bool(truth) => Some(if *truth { 1.0 } else { 0.0 }),
            Self::Integer(number) => Some(*number as f64),
            Self::Real(number) => Some(number + 0.0).filter(|number| number.is_finite()),
            Self::Span(ticks) => Some(*ticks as f64 / TICKS_PER_SECOND as f64),
            Self::Null | Self::Text(_) | Self::Time(_) => None,
        }
    }

    /// The cell as text; `None` for null. A duration is written in seconds, such as `1.5s`.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(truth) => truth.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Real(number) => number_text(*number),
            Self::Text(text) => text.clone(),
            Self::Time(time) => time.to_string(),
            Self::Span(ticks) => format!("{}s", number_text(*ticks as f64 / TICKS_PER_SECOND as f64)),
        })
    }
}

impl ResultTable {
    /// The index of a column.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| name == column)
    }

    /// A row as text, such as `podname=p1, failures=12`, at most 2,000 characters. Nulls are left out.
    #[must_use]
    pub fn row_text(&self, row: &[Cell]) -> String {
        let cells =
            self.columns.iter().zip(row).filter_map(|((name, _), cell)| Some(format!("{name}={}", cell.text()?)));
        cells.collect::<Vec<_>>().join(", ").chars().take(SAMPLE_CHARACTERS).collect()
    }

    /// The id of a row in evidence: a hash of its content in 32 hexadecimal digits.
    #[must_use]
    pub fn row_id(&self, row: &[Cell]) -> String {
        let mut hash = Sha256::new();
        for ((name, _), cell) in self.columns.iter().zip(row) {
            for text in [Some(name.clone()), cell.text()] {
                let text = text.unwrap_or_default();
                hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
                hash.update(text);
            }
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Whether an answer covers everything that was requested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Nothing is missing.
    Complete,
    /// Something is missing; every gap is listed. Never empty.
    Partial(Vec<Gap>),
}

impl Completeness {
    /// `Complete` if there are no gaps, otherwise `Partial` with the gaps.
    #[must_use]
    pub fn with_gaps(gaps: Vec<Gap>) -> Self {
        if gaps.is_empty() { Self::Complete } else { Self::Partial(gaps) }
    }

    /// The gaps; empty if complete.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        match self {
            Self::Complete => &[],
            Self::Partial(gaps) => gaps,
        }
    }
}

/// Something that is missing from an answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Why it is missing.
    pub reason: GapReason,
    /// The affected interval; `None` for the whole window.
    pub range: Option<Window>,
    /// The affected entities; `None` for all. They may be coarser than the entities of the answer.
    pub entities: Option<Vec<Entity>>,
}

/// Why something is missing from an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GapReason {
    /// The service truncated the answer or a value in it.
    Truncated,
    /// An interval of time was not read.
    TimeRange,
    /// Rows were sampled without weights.
    Sampled,
    /// Rows could not be read.
    BadRows,
    /// Rows lack a column that the request reads.
    MissingColumn,
    /// There were too many identities to recognize every duplicate.
    Duplicates,
    /// There were too many templates; lines were grouped by their first words.
    Templates,
    /// Part of the read timed out.
    Timeout,
    /// Access to part of the table was denied.
    Denied,
    /// Some entities may be missing from the inventory.
    Inventory,
    /// Any other reason.
    Other,
}

impl GapReason {
    /// The name in reports and in `partial:` of an incident file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::TimeRange => "time_range",
            Self::Sampled => "sampled",
            Self::BadRows => "bad_rows",
            Self::MissingColumn => "missing_column",
            Self::Duplicates => "duplicates",
            Self::Templates => "templates",
            Self::Timeout => "timeout",
            Self::Denied => "denied",
            Self::Inventory => "inventory",
            Self::Other => "other",
        }
    }
}

/// A row that could not be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowProblem {
    /// Where the row came from: the name of a file or a table.
    pub origin: String,
    /// The line or the row's number there, from 1; 0 if it has none.
    pub line: u64,
    /// What is wrong with the row.
    pub what: String,
}
