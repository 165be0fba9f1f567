//! The telemetry that a case or a scenario describes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::spanned::{Spanned, TimeSpec};
use crate::rules::diagnostic::Span;
use crate::time::Time;

/// The telemetry of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenText {
    /// The time of the diagnosis, if the case sets one.
    pub now: Option<Time>,
    /// The length of the window before now.
    pub window: Option<Duration>,
    /// The keys of the subject.
    pub subject: BTreeMap<String, String>,
    /// The names of backgrounds.
    pub background: Vec<Spanned<String>>,
    /// Groups of entities by name.
    pub entities: BTreeMap<String, Vec<EntityText>>,
    /// Attributes of every row.
    pub attributes: BTreeMap<String, String>,
    /// Lines by table.
    pub logs: Vec<(Spanned<String>, Vec<RowsText>)>,
    /// Events by table.
    pub events: Vec<(Spanned<String>, Vec<RowsText>)>,
    /// Series of samples.
    pub metrics: Vec<SeriesText>,
    /// Tables that are missing or incomplete.
    pub tables: Vec<(Spanned<String>, TableState)>,
    /// When entities exist. If `None`, every entity that is named exists for the whole window.
    pub alive: Option<Vec<AliveText>>,
    /// What people reported.
    pub reported: Vec<ReportText>,
    /// Parameters with other values, as text.
    pub set: BTreeMap<String, Spanned<String>>,
    /// Whether some entities may not have been seen.
    pub inventory_partial: bool,
}

/// One or many entities.
#[derive(Debug, Clone, PartialEq)]
pub enum EntityText {
    /// Keys, each with its values, and their position.
    Keys(BTreeMap<String, Vec<String>>, Span),
    /// A group, or a part of one.
    Group(Spanned<String>),
}

/// Rows, once or repeatedly.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsText {
    /// The time of the first row.
    pub from: TimeSpec,
    /// The end, exclusive; `None` for a single row.
    pub to: Option<TimeSpec>,
    /// The interval between two rows; `None` for a single row.
    pub every: Option<Duration>,
    /// How long the rows are on and how long off, repeatedly.
    pub pulse: Option<(Duration, Duration)>,
    /// Their entities; the subject if empty.
    pub entity: Vec<EntityText>,
    /// The process that wrote them.
    pub component: Option<Spanned<String>>,
    /// The lines of each row; none for events.
    pub lines: Vec<String>,
    /// Values of placeholders.
    pub with: BTreeMap<String, String>,
    /// How many rows each row represents.
    pub weight: u32,
    /// Other columns.
    pub columns: BTreeMap<String, String>,
    /// The position of the whole entry.
    pub span: Span,
}

/// Samples of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesText {
    /// The metric, spelled as in rows.
    pub name: Spanned<String>,
    /// The table.
    pub table: Option<Spanned<String>>,
    /// Their entities; the subject if empty.
    pub entity: Vec<EntityText>,
    /// The time of the first sample. If `None`, the start of the window if there is a `to`, otherwise such that the last
    /// sample is just before now.
    pub from: Option<TimeSpec>,
    /// The end until which the values repeat, exclusive; they are sent once if `None`.
    pub to: Option<TimeSpec>,
    /// The interval between two samples.
    pub every: Duration,
    /// The samples in promtool's notation.
    pub values: Spanned<String>,
    /// How many rows each sample represents, in the same notation.
    pub weight: Option<Spanned<String>>,
    /// Other columns.
    pub columns: BTreeMap<String, String>,
}

/// The state of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum TableState {
    /// Nothing is missing.
    Complete,
    /// It could not be read; the reason as the word of a source error.
    Missing(Spanned<String>),
    /// Parts could not be read.
    MissingParts(Vec<MissingPart>),
    /// Its answer is incomplete: how, from when and until when.
    Partial(Spanned<String>, Option<TimeSpec>, Option<TimeSpec>),
}

/// A part of a table that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingPart {
    /// The samples of this metric.
    pub metric: Option<Spanned<String>>,
    /// The lines of this process.
    pub component: Option<Spanned<String>>,
    /// The reason, as the word of a source error.
    pub reason: Spanned<String>,
}

/// A time in which entities exist.
#[derive(Debug, Clone, PartialEq)]
pub struct AliveText {
    /// The entities.
    pub entity: Vec<EntityText>,
    /// The start; before the window if `None`.
    pub from: Option<TimeSpec>,
    /// The end; now if `None`.
    pub to: Option<TimeSpec>,
    /// The tables that have heartbeats of them; all if empty.
    pub tables: Vec<Spanned<String>>,
    /// Other columns of the heartbeat rows.
    pub columns: BTreeMap<String, String>,
}

/// A problem that people reported.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportText {
    /// A pattern of class `complaint` or `impact`.
    pub pattern: Spanned<String>,
    /// The entity; the subject if empty.
    pub entity: BTreeMap<String, String>,
    /// When it started.
    pub since: Option<TimeSpec>,
    /// When it ended; `None` if it is ongoing.
    pub until: Option<TimeSpec>,
}
