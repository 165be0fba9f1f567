//! Telemetry described instead of recorded: a few sentences in, rows as a service would export them out.
//!
//! Input: the `given:` of a case, or the `story.yaml` of an incident, read into a [`Story`]. Output: [`Rows`], one JSON
//! object per row and table, the same for the same story. Cases evaluate them in memory; [`write_folder`] makes an
//! incident folder of them. No clock and no randomness: what looks scattered is a function of its index.

mod attribute;
mod expand;
mod life;
mod notation;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::plan::{Scope, UserReport};
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::time::{Time, Window};
use serde_json::{Map, Value};

use crate::declared::{Declarations, State};

pub use notation::{Notation, Sequence};
pub use read::{Stage, background};
pub(crate) use read::{declarations as declarations_of, reports as reports_of};
pub(crate) use write::complete;
pub use write::{Written, write_folder};

/// Entity keys with their values, the subject's left out.
pub type Keys = BTreeMap<String, String>;

/// Rows by table, each table's sorted by time. A table that is there with no row was read and is empty.
pub type Rows = BTreeMap<String, Vec<Map<String, Value>>>;

/// A described world.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The instant of the diagnosis.
    pub now: Time,
    /// How far back is looked.
    pub window: Duration,
    /// The keys of the subject, which every row carries.
    pub subject: Keys,
    /// Lines of log tables.
    pub logs: Vec<Lines>,
    /// Series of samples.
    pub metrics: Vec<Samples>,
    /// Rows of event tables.
    pub events: Vec<Events>,
    /// Who is named; who lives unless [`Story::alive`] says otherwise.
    pub named: BTreeSet<Keys>,
    /// Who lives when; everybody who is named, all the time, where nothing is said.
    pub alive: Option<Vec<Alive>>,
    /// Cells of every row whose table has such an attribute: `agentversion` → `6.18.0`.
    pub attributes: BTreeMap<String, String>,
    /// Series that everybody sends who is selected, except where the story itself speaks of the metric.
    pub background: Vec<Samples>,
    /// What is missing or cut.
    pub tables: Declarations,
    /// What people reported.
    pub reported: Vec<UserReport>,
    /// Parameters that have other values here.
    pub set: BTreeMap<String, String>,
}

/// When something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// The first time.
    pub from: Time,
    /// The end, itself excluded.
    pub to: Time,
    /// The distance of two; once only where there is none.
    pub every: Option<Duration>,
    /// On for so long, then off for so long, over and over from the first time on.
    pub pulse: Option<(Duration, Duration)>,
}

/// Lines, once or repeatedly.
#[derive(Clone, Debug, PartialEq)]
pub struct Lines {
    /// The table.
    pub table: String,
    /// When.
    pub times: Times,
    /// Whose: each of these writes all of them. Empty keys are the subject itself.
    pub entities: Vec<Keys>,
    /// The process that writes; as the line itself says where nothing is said.
    pub component: Option<String>,
    /// The lines of one row; `{name}` is replaced by the next value of that name.
    pub lines: Vec<String>,
    /// Values of placeholders.
    pub with: BTreeMap<String, Sequence>,
    /// For how many rows each stands.
    pub weight: u64,
    /// Other cells of the rows.
    pub columns: BTreeMap<String, String>,
}

/// Rows of an event table, once or repeatedly.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// The table.
    pub table: String,
    /// When.
    pub times: Times,
    /// Whose.
    pub entities: Vec<Keys>,
    /// For how many rows each stands.
    pub weight: u64,
    /// The other cells; `{name}` is replaced as in lines.
    pub columns: BTreeMap<String, String>,
    /// Values of placeholders.
    pub with: BTreeMap<String, Sequence>,
}

/// Samples of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Samples {
    /// The table; `None` for the one whose catalogue lists the metric.
    pub table: Option<String>,
    /// The metric as rows spell it.
    pub name: String,
    /// Whose.
    pub entities: Vec<Keys>,
    /// The first sample.
    pub from: Time,
    /// The end, itself excluded: the values begin anew until then. They are sent once where there is none.
    pub to: Option<Time>,
    /// The distance of two samples.
    pub every: Duration,
    /// The samples; `None` is a gap.
    pub values: Notation,
    /// For how many rows each sample stands, in the same order; 1 where there is none.
    pub weights: Option<Notation>,
    /// Other cells of the rows; a property of the only dynamic column may go by its name alone.
    pub columns: BTreeMap<String, String>,
}

/// A stretch of a life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alive {
    /// Who.
    pub entities: Vec<Keys>,
    /// From when to when.
    pub span: Window,
    /// In which tables there are signs of life; in all where nothing is said.
    pub tables: Option<BTreeSet<String>>,
    /// Other cells of the rows that show it.
    pub columns: BTreeMap<String, String>,
}

/// Why a story cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot make rows: {0}")]
pub struct StoryError(pub(crate) String);

impl Story {
    /// The scope of a diagnosis of this story.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::new(self.span());
        scope.subject.clone_from(&self.subject);
        scope.parameters.clone_from(&self.set);
        scope.reports.clone_from(&self.reported);
        scope
    }

    /// The window.
    #[must_use]
    pub fn span(&self) -> Window {
        Window { from: self.now.saturating_sub(self.window), to: self.now }
    }

    /// The rows of the story, of every table that is not declared missing.
    ///
    /// # Errors
    ///
    /// The story names a table, a metric or a component that the schema does not know, or a line that the rules of the
    /// table attribute to another process than the one named, or describes more than two million rows.
    pub fn rows(&self, schema: &Schema) -> Result<Rows, StoryError> {
        expand::rows(self, schema)
    }

    /// The story as a source of telemetry. Tables that the story neither names nor keeps alive are not configured.
    ///
    /// # Errors
    ///
    /// As for [`Story::rows`].
    pub fn source(&self, schema: &Schema) -> Result<MemorySource, StoryError> {
        Ok(self.source_of(self.rows(schema)?))
    }

    /// These rows, with what the story declares of tables, as a source.
    pub(crate) fn source_of(&self, rows: Rows) -> MemorySource {
        let mut source = MemorySource::new();
        for (name, rows) in rows {
            source = source.table(&name, rows.into_iter().map(Value::Object));
        }
        self.tables.apply(source)
    }

    /// Whether a table is declared missing as a whole.
    pub(crate) fn is_missing(&self, table: &str) -> bool {
        self.tables.get(table).is_some_and(|declared| matches!(declared.state, State::Missing(_)))
    }
}
