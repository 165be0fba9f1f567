//! Cases and incidents as typed raw values: what stands in the file, with its place, and nothing interpreted.
//!
//! Input: one `cases.yaml`, `incident.yaml` or `scenario.yaml`. Output: [`CasesText`], [`IncidentText`] or [`ScenarioText`], or every
//! problem of the file.
//! Whether the ids and tables that they name exist is for those to say who know the rules.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::rules::diagnostic::Span;
use crate::time::Time;

mod read;

pub(crate) use read::{cases, incident};
pub use read::{read_cases, read_incident, read_scenario};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

/// A point in time, absolute or relative to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// So many ticks of 100 ns after now; negative before.
    Offset(i64),
    /// At this instant.
    At(Time),
}

impl Moment {
    /// The instant, given now.
    #[must_use]
    pub fn instant(self, now: Time) -> Time {
        match self {
            Self::Offset(ticks) => now.saturating_add_ticks(ticks),
            Self::At(time) => time,
        }
    }
}

/// A `cases.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub struct CasesText {
    /// The cases, those with variants already made into one each.
    pub cases: Vec<CaseText>,
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseText {
    /// What it states.
    pub name: Spanned<String>,
    /// The telemetry.
    pub given: GivenText,
    /// What the diagnosis must say.
    pub expect: ExpectText,
    /// Why it fails today.
    pub todo: Option<Spanned<String>>,
}

/// The telemetry of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenText {
    /// The instant of the diagnosis, where the case cares.
    pub now: Option<Time>,
    /// How far back is looked.
    pub window: Option<Duration>,
    /// The keys of the subject.
    pub subject: BTreeMap<String, String>,
    /// The names of backgrounds.
    pub background: Vec<Spanned<String>>,
    /// Groups of entities by name.
    pub entities: BTreeMap<String, Vec<WhoText>>,
    /// Attributes of every row.
    pub attributes: BTreeMap<String, String>,
    /// Lines by table.
    pub logs: Vec<(Spanned<String>, Vec<RowsText>)>,
    /// Events by table.
    pub events: Vec<(Spanned<String>, Vec<RowsText>)>,
    /// Series of samples.
    pub metrics: Vec<SeriesText>,
    /// What is missing or cut, by table.
    pub tables: Vec<(Spanned<String>, TableState)>,
    /// Who lives when; `None` where every named entity lives for the whole window.
    pub alive: Option<Vec<AliveText>>,
    /// What people reported.
    pub reported: Vec<ReportText>,
    /// Parameters with other values, as text.
    pub set: BTreeMap<String, Spanned<String>>,
    /// Whether some entities may be unseen.
    pub inventory_partial: bool,
}

/// One or many entities.
#[derive(Debug, Clone, PartialEq)]
pub enum WhoText {
    /// Keys, each with its values, and where they stand.
    Keys(BTreeMap<String, Vec<String>>, Span),
    /// A group, or a part of one.
    Group(Spanned<String>),
}

/// A `scenario.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioText {
    /// What it describes.
    pub title: Option<String>,
    /// The telemetry.
    pub given: GivenText,
}

/// Rows, once or repeatedly.
#[derive(Debug, Clone, PartialEq)]
pub struct RowsText {
    /// When the first one is.
    pub from: Moment,
    /// The end, itself excluded; `None` where there is one row only.
    pub to: Option<Moment>,
    /// How often in between; `None` where there is one row only.
    pub every: Option<Duration>,
    /// On for so long, then off for so long.
    pub pulse: Option<(Duration, Duration)>,
    /// Whose rows; the subject's if empty.
    pub entity: Vec<WhoText>,
    /// The process that wrote them.
    pub component: Option<Spanned<String>>,
    /// The lines of each row; none for events.
    pub lines: Vec<String>,
    /// Values of placeholders.
    pub with: BTreeMap<String, String>,
    /// For how many rows each stands.
    pub weight: u32,
    /// Other columns.
    pub columns: BTreeMap<String, String>,
    /// Where it stands.
    pub span: Span,
}

/// Samples of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesText {
    /// The metric, as it stands in rows.
    pub name: Spanned<String>,
    /// The table.
    pub table: Option<Spanned<String>>,
    /// Whose samples; the subject's if empty.
    pub entity: Vec<WhoText>,
    /// When the first sample was taken; if `None`, the window's start where there is a `to`, else so that the last one stands
    /// just before now.
    pub from: Option<Moment>,
    /// Until when the values are repeated; they are sent once if `None`.
    pub to: Option<Moment>,
    /// The distance of two samples.
    pub every: Duration,
    /// The samples in promtool's notation.
    pub values: Spanned<String>,
    /// For how many rows each sample stands, in the same notation.
    pub weight: Option<Spanned<String>>,
    /// Other columns.
    pub columns: BTreeMap<String, String>,
}

/// The state of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum TableState {
    /// Nothing is missing.
    Complete,
    /// It could not be read; why, as the word of a source error.
    Missing(Spanned<String>),
    /// Parts could not be read.
    MissingParts(Vec<MissingPart>),
    /// It came back cut; how, and since and until when.
    Partial(Spanned<String>, Option<Moment>, Option<Moment>),
}

/// A part of a table that could not be read.
#[derive(Debug, Clone, PartialEq)]
pub struct MissingPart {
    /// The samples of this metric.
    pub metric: Option<Spanned<String>>,
    /// The lines of this process.
    pub component: Option<Spanned<String>>,
    /// Why, as the word of a source error.
    pub reason: Spanned<String>,
}

/// A stretch of an entity's life.
#[derive(Debug, Clone, PartialEq)]
pub struct AliveText {
    /// Who.
    pub entity: Vec<WhoText>,
    /// Since when; since before the window if `None`.
    pub from: Option<Moment>,
    /// Until when; until now if `None`.
    pub to: Option<Moment>,
    /// In which tables; in all if empty.
    pub tables: Vec<Spanned<String>>,
    /// Other columns of the rows that show it.
    pub columns: BTreeMap<String, String>,
}

/// What somebody reported.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportText {
    /// The complaint.
    pub pattern: Spanned<String>,
    /// Of what; empty for the subject.
    pub entity: BTreeMap<String, String>,
    /// Since when.
    pub since: Option<Moment>,
    /// Until when.
    pub until: Option<Moment>,
}

/// What the diagnosis must say. `None` says nothing; an empty list says that there are none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExpectText {
    /// The status.
    pub status: Option<Spanned<String>>,
    /// The roots, by rank; `root: x` is a list of one.
    pub roots: Option<Vec<RootText>>,
    /// The grade of the first root.
    pub grade: Option<Spanned<String>>,
    /// Patterns that the roots explain, in this order.
    pub chain: Option<Vec<Spanned<String>>>,
    /// Patterns in the role consequence.
    pub consequences: Option<Vec<Spanned<String>>>,
    /// Patterns in the role contributing.
    pub contributing: Option<Vec<Spanned<String>>>,
    /// Patterns in the role independent.
    pub independent: Option<Vec<Spanned<String>>>,
    /// Patterns in the role noise.
    pub noise: Option<Vec<Spanned<String>>>,
    /// Patterns in the role recovered.
    pub recovered: Option<Vec<Spanned<String>>>,
    /// Patterns in the role unresolved.
    pub unresolved: Option<Vec<Spanned<String>>>,
    /// Patterns that are unknown.
    pub undecided: Option<Vec<Spanned<String>>>,
    /// Patterns that are listed as hypotheses.
    pub hypotheses: Option<Vec<Spanned<String>>>,
    /// Patterns with a conflict.
    pub conflicts: Option<Vec<Spanned<String>>>,
    /// What holds of single entities.
    pub instances: Vec<InstanceText>,
    /// Whether the folder's pattern is to be quiet.
    pub quiet: Option<bool>,
    /// Patterns that are not true.
    pub absent: Option<Vec<Spanned<String>>>,
    /// The first steps of the remedy.
    pub remedy_first: Option<Vec<Spanned<String>>>,
    /// The severity of the first root.
    pub severity: Option<Spanned<String>>,
    /// Whether exactly these, and nothing else.
    pub strict: bool,
    /// Where it stands.
    pub span: Option<Span>,
}

impl ExpectText {
    /// Whether nothing is expected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let nothing = Self { strict: self.strict, span: self.span.clone(), ..Self::default() };
        *self == nothing
    }

    /// Every pattern id that is named, with its place.
    pub fn patterns(&self) -> impl Iterator<Item = &Spanned<String>> {
        let roots = self.roots.iter().flatten().map(|root| &root.pattern);
        let lists = [
            &self.chain,
            &self.consequences,
            &self.contributing,
            &self.independent,
            &self.noise,
            &self.recovered,
            &self.unresolved,
            &self.undecided,
            &self.hypotheses,
            &self.conflicts,
            &self.absent,
        ];
        roots
            .chain(lists.into_iter().flatten().flatten())
            .chain(self.instances.iter().map(|instance| &instance.pattern))
    }
}

/// A root.
#[derive(Debug, Clone, PartialEq)]
pub struct RootText {
    /// The pattern.
    pub pattern: Spanned<String>,
    /// Its grade.
    pub grade: Option<Spanned<String>>,
    /// One of its entities.
    pub entity: Option<BTreeMap<String, String>>,
    /// Its severity.
    pub severity: Option<Spanned<String>>,
}

/// A pattern of one entity.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceText {
    /// The pattern.
    pub pattern: Spanned<String>,
    /// The entity; all that lie within it where it is coarser.
    pub entity: BTreeMap<String, String>,
    /// What is said of it: `true`, `absent`, `undecided` or a role.
    pub is: Spanned<String>,
}

/// An `incident.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentText {
    /// Its title.
    pub title: Spanned<String>,
    /// The keys of what is diagnosed.
    pub subject: BTreeMap<String, String>,
    /// The instant of the diagnosis.
    pub now: Time,
    /// How far back is looked.
    pub window: Option<Duration>,
    /// The state of each table that is named.
    pub tables: Vec<(Spanned<String>, TableState)>,
    /// What people reported.
    pub reported: Vec<ReportText>,
    /// Parameters with other values, as text.
    pub set: BTreeMap<String, Spanned<String>>,
    /// Whether some entities may be unseen.
    pub inventory_partial: bool,
    /// Where it comes from.
    pub provenance: Option<String>,
    /// What the diagnosis must say.
    pub expect: Option<ExpectText>,
}
