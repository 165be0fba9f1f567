//! What a source answers with: plain data, per entity and bin, in a fixed order.
//!
//! Every list is sorted (entities, then bins), so equal telemetry gives equal answers whatever the order of its rows.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::rows::number_text;
use crate::telemetry::entity::Entity;
use crate::telemetry::schema::ColumnType;
use crate::time::{TICKS_PER_SECOND, Time, Window};

/// Application Insights cuts the value of a custom dimension after so many characters.
pub const PROPERTY_CHARACTERS: usize = 8192;

/// Application Insights cuts a message after so many characters.
pub const MESSAGE_CHARACTERS: usize = 32_768;

/// The text of a row that is kept as evidence is cut after so many characters.
const TEXT_CHARACTERS: usize = 2000;

/// Whether a text is exactly as long as the service's limit, so that its end may be missing.
///
/// Characters are counted as Unicode scalar values and as UTF-16 units: services differ, and a wrong "may be" is harmless.
pub(crate) fn is_cut(text: &str, limit: usize) -> bool {
    text.len() >= limit && (text.chars().count() == limit || text.encode_utf16().count() == limit)
}

/// The answer to one request. Build one with [`Answer::complete`] and set the other fields.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Answer {
    /// The data, of the kind that was asked for.
    pub data: AnswerData,
    /// Whether it is all there is.
    pub completeness: Completeness,
    /// Nothing before this instant is still to arrive; the scope's own watermark holds where there is none.
    pub watermark: Option<Time>,
    /// Entities of which rows were read but none carried a column that the filter tests, with the column's name.
    ///
    /// What the filter asks is then unknown of them, not false. Sorted.
    pub missing_columns: Vec<(Entity, String)>,
    /// Rows that could not be used, at most 100 of them.
    pub problems: Vec<RowProblem>,
    /// The id under which the service knows the call.
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
    /// To lines and rows requests.
    Counts(Counts),
    /// To series requests: sorted by entity, `by` and bin.
    Series(Vec<Point>),
    /// To properties requests: sorted by entity.
    Properties(Vec<Properties>),
    /// To inventory requests: sorted by entity.
    Inventory(Vec<EntityHeartbeats>),
    /// To unmatched requests.
    Unmatched(UnmatchedLines),
    /// To query requests: the rows in the order in which the query gave them.
    Table(ResultTable),
}

/// Counted lines or rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counts {
    /// Sorted by entity and bin; bins without a line are not there.
    pub cells: Vec<CountCell>,
    /// Per entity the earliest three, sorted by entity, time, row id, line, text.
    pub samples: Vec<(Entity, Vec<Sample>)>,
}

/// The lines or rows of one entity in one bin.
#[derive(Clone, Debug, PartialEq)]
pub struct CountCell {
    /// Whose.
    pub entity: Entity,
    /// The start of the bin.
    pub bin: Time,
    /// How many, weighted.
    pub count: u64,
    /// The time of the first.
    pub first: Time,
    /// The time of the last.
    pub last: Time,
    /// The sums of the captures asked for, in that order, weighted.
    pub sums: Vec<f64>,
}

/// One line or row kept as evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sample {
    /// When.
    pub at: Time,
    /// The row: its identity, else a hash of its content; never a file position.
    pub row: String,
    /// Which line of the row, from 0.
    pub line: u32,
    /// The text, cut at 2,000 characters.
    pub text: String,
}

/// One point of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Whose.
    pub entity: Entity,
    /// What the last step keeps apart besides, in the order of its `by`.
    pub by: Vec<String>,
    /// The start of the bin; the start of the window where the step has none.
    pub bin: Time,
    /// The number. Never NaN or infinite: such samples are missing samples.
    pub value: f64,
    /// How many of the metrics asked for contributed.
    pub metrics: u32,
}

/// The properties of one entity's latest row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Properties {
    /// Whose.
    pub entity: Entity,
    /// The time of the latest row.
    pub at: Time,
    /// The latest row, as in [`Sample::row`].
    pub row: String,
    /// The state of each property asked for, in that order.
    pub states: Vec<Property>,
}

/// The state of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Its text in the latest row; `None` where the row lacks it (an empty text is `Some("")`).
    pub value: Option<String>,
    /// Since which row it has been so; `None` where it was so in every row of the window.
    pub since: Option<Time>,
}

impl Property {
    /// Whether the service cut the value, so that nothing can be said of its equality with a text that begins so.
    pub(crate) fn is_cut(&self) -> bool {
        self.value.as_deref().is_some_and(|text| is_cut(text, PROPERTY_CHARACTERS))
    }
}

/// The life of one entity as its heartbeats tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityHeartbeats {
    /// Whose.
    pub entity: Entity,
    /// The starts of the bins that hold a heartbeat, sorted.
    pub beats: Vec<Time>,
    /// The first heartbeat.
    pub first: Time,
    /// The last heartbeat.
    pub last: Time,
    /// The latest text of each attribute asked for that any row carried.
    pub attributes: BTreeMap<String, String>,
    /// When it started anew, as its lines say: sorted, one entry per matching line or run of them.
    pub starts: Vec<Time>,
}

/// Error lines that nothing understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmatchedLines {
    /// The most frequent, by count, component and template; no more than were asked for.
    pub templates: Vec<Template>,
    /// How many templates there are, those that are not told included.
    pub distinct: u64,
    /// How many such lines there are, weighted.
    pub lines: u64,
}

/// Lines that differ only where a placeholder stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The component that wrote them; empty where the table names none.
    pub component: String,
    /// What they have in common, see [`super::template`]; ends with `…` where only the first words were compared.
    pub template: String,
    /// How many, weighted.
    pub count: u64,
    /// How many entities wrote them.
    pub entities: u64,
    /// The time of the first.
    pub first: Time,
    /// The time of the last.
    pub last: Time,
    /// The earliest; of equally early ones the first by row id, line and text.
    pub sample: Sample,
}

/// What a query results in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResultTable {
    /// Its columns in order, each with its type. Names compare with case.
    pub columns: Vec<(String, ColumnType)>,
    /// Its rows; each has one cell per column.
    pub rows: Vec<Vec<Cell>>,
}

/// A cell of a [`ResultTable`].
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing; also what is no number: NaN and infinities.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Real(f64),
    /// A text; lists, property bags and ids as text.
    Text(String),
    /// An instant.
    Time(Time),
    /// A length of time in ticks, signed.
    Span(i64),
}

impl Cell {
    /// The number that it holds: of a truth value 0 or 1, of a length of time its seconds. A text is no number.
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

    /// The text that it reads as; `None` for null.
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
    /// Where a column stands.
    #[must_use]
    pub fn position(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|(name, _)| name == column)
    }

    /// A row in words: `podname=p1, failures=12`. Nulls are left out.
    #[must_use]
    pub fn words(&self, row: &[Cell]) -> String {
        let told =
            self.columns.iter().zip(row).filter_map(|((name, _), cell)| Some(format!("{name}={}", cell.text()?)));
        told.collect::<Vec<_>>().join(", ").chars().take(TEXT_CHARACTERS).collect()
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

/// Something that an answer lacks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// When; the whole window where nothing is said.
    pub range: Option<Window>,
    /// Whose; everybody's where nothing is said. Keys may be fewer than the answer's.
    pub entities: Option<Vec<Entity>>,
}

/// Why something is lacking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum GapReason {
    /// The service cut the answer.
    Truncated,
    /// A stretch of time was not read.
    TimeRange,
    /// Rows were sampled without weights.
    Sampled,
    /// Rows could not be read.
    BadRows,
    /// Too many identities to tell duplicates apart.
    Duplicates,
    /// Too many different lines to keep apart; they are grouped by their first words.
    Templates,
    /// Part of the read timed out.
    Timeout,
    /// Part of the table may not be read.
    Denied,
    /// Some entities may be unseen.
    Inventory,
    /// Anything else.
    Other,
}

impl GapReason {
    /// The word used in reports and in `partial:` of an incident.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::TimeRange => "time_range",
            Self::Sampled => "sampled",
            Self::BadRows => "bad_rows",
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
    /// Where it came from: a file's name, or a table's.
    pub origin: String,
    /// The line there, from 1; 0 where it has none.
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}
