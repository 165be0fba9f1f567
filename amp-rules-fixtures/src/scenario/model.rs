//! The parsed form of a scenario: absolute times, resolved entities, parsed notations.
//!
//! `read` builds these values, `expand` turns them into rows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use amp_rules_core::plan::{Scope, UserReport};
use amp_rules_core::time::{Time, Window};
use serde_json::{Map, Value};

use super::notation::{Notation, Sequence};
use crate::declared::Declarations;

/// Entity keys with their values, without the keys of the subject. Empty keys are the subject itself.
pub(crate) type Keys = BTreeMap<String, String>;

/// Rows by table name, each table's sorted by time. A table with an empty list was read and has no rows.
pub type Rows = BTreeMap<String, Vec<Map<String, Value>>>;

/// A description of telemetry and its surroundings, ready to be expanded into rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The instant of the diagnosis.
    pub(crate) now: Time,
    /// The length of the window, which ends at `now`.
    pub(crate) window: Duration,
    /// The keys of the subject. Every row has them.
    pub(crate) subject: Keys,
    /// Rows of log tables.
    pub(crate) logs: Vec<LogRows>,
    /// Series of samples.
    pub(crate) metrics: Vec<Samples>,
    /// Rows of event tables.
    pub(crate) events: Vec<EventRows>,
    /// All entities that the scenario names.
    pub(crate) named: BTreeSet<Keys>,
    /// Entities that report, and when. `None`: all named entities, over the whole window.
    pub(crate) active: Option<Vec<ActiveEntities>>,
    /// Cells of every row whose table has this attribute: `agentversion` → `6.18.0`.
    pub(crate) attributes: BTreeMap<String, String>,
    /// Series that all selected entities report, except where `metrics` has the same metric of the same entity.
    pub(crate) background: Vec<Samples>,
    /// Missing and partial tables.
    pub(crate) tables: Declarations,
    /// Complaints and impacts that people reported.
    pub(crate) reported: Vec<UserReport>,
    /// Overridden parameters of the pack: name → value.
    pub(crate) set: BTreeMap<String, String>,
}

/// The instants of repeated rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    /// The first instant.
    pub(crate) from: Time,
    /// The end, exclusive.
    pub(crate) to: Time,
    /// The distance between two instants; `None` for a single one.
    pub(crate) every: Option<Duration>,
    /// Alternating lengths of time with and without rows, starting with rows at `from`.
    pub(crate) pulse: Option<(Duration, Duration)>,
}

/// Rows of a log table, once or repeated.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogRows {
    /// The table.
    pub(crate) table: String,
    /// The instants.
    pub(crate) times: Times,
    /// The entities. Each one gets a row per instant.
    pub(crate) entities: Vec<Keys>,
    /// The component that writes the lines; `None` leaves lines and cells as they are.
    pub(crate) component: Option<String>,
    /// The lines of one row; `{name}` is replaced by the next value of the placeholder.
    pub(crate) lines: Vec<String>,
    /// Values of placeholders, by name.
    pub(crate) with: BTreeMap<String, Sequence>,
    /// The number of rows that each row represents, at least 1.
    pub(crate) weight: u64,
    /// Other cells of the rows.
    pub(crate) columns: BTreeMap<String, String>,
}

/// Rows of an event table, once or repeated.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EventRows {
    /// The table.
    pub(crate) table: String,
    /// The instants.
    pub(crate) times: Times,
    /// The entities. Each one gets a row per instant.
    pub(crate) entities: Vec<Keys>,
    /// The number of rows that each row represents, at least 1.
    pub(crate) weight: u64,
    /// The other cells; placeholders are replaced as in lines.
    pub(crate) columns: BTreeMap<String, String>,
    /// Values of placeholders, by name.
    pub(crate) with: BTreeMap<String, Sequence>,
}

/// Samples of one metric.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Samples {
    /// The table; `None` for the one whose catalogue lists the metric.
    pub(crate) table: Option<String>,
    /// The metric as spelled in rows.
    pub(crate) name: String,
    /// The entities. Each one gets all samples.
    pub(crate) entities: Vec<Keys>,
    /// The instant of the first sample.
    pub(crate) from: Time,
    /// The end, exclusive: the values repeat until then. `None`: the values are sent once.
    pub(crate) to: Option<Time>,
    /// The distance between two samples.
    pub(crate) every: Duration,
    /// The values; `None` is a gap.
    pub(crate) values: Notation,
    /// The number of rows that each sample represents, in the order of `values`. `None`: 1 each.
    pub(crate) weights: Option<Notation>,
    /// Other cells of the rows. A property of the only dynamic column may be given by its name alone.
    pub(crate) columns: BTreeMap<String, String>,
}

impl Samples {
    /// The end of one pass over the values, exclusive.
    pub(crate) fn end_of_values(&self) -> Time {
        self.from.saturating_add(self.every.saturating_mul(u32::try_from(self.values.len()).unwrap_or(u32::MAX)))
    }
}

/// Entities that report heartbeats and background series during a span of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ActiveEntities {
    /// The entities.
    pub(crate) entities: Vec<Keys>,
    /// The span of time.
    pub(crate) span: Window,
    /// The tables with heartbeats; `None` for all of them.
    pub(crate) tables: Option<BTreeSet<String>>,
    /// Other cells of the heartbeat rows.
    pub(crate) columns: BTreeMap<String, String>,
}

/// Why a scenario cannot be expanded, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot make rows: {0}")]
pub struct ScenarioError(pub(crate) String);

impl Scenario {
    /// The scope of a diagnosis of this scenario.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::new(self.span());
        scope.subject.clone_from(&self.subject);
        scope.parameters.clone_from(&self.set);
        scope.reports.clone_from(&self.reported);
        scope
    }

    /// The declarations of tables.
    #[must_use]
    pub fn declarations(&self) -> &Declarations {
        &self.tables
    }

    /// The window of the diagnosis.
    #[must_use]
    pub fn span(&self) -> Window {
        Window { from: self.now.saturating_sub(self.window), to: self.now }
    }
}

/// Whether `fine` has every key of `coarse` with the same value.
pub(crate) fn within(fine: &Keys, coarse: &Keys) -> bool {
    coarse.iter().all(|(key, value)| fine.get(key) == Some(value))
}

/// Whether one of the two is within the other.
pub(crate) fn compatible(one: &Keys, other: &Keys) -> bool {
    within(one, other) || within(other, one)
}
