//! The schema of a pack: entity kinds, tables, columns, components, heartbeats and metrics.
//!
//! Input: a validated `pack.yaml`. Output: what requests and sources need to know about a table. The engine knows no product:
//! everything that is specific to one is data of these types.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::form::{Derivation, InputForm};
pub use super::path::Path;
use crate::unit::Unit;

/// A kind of entity, such as cluster, controller, pod or job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityKind {
    /// The name in rule files.
    pub name: String,
    /// The next coarser kind.
    pub within: Option<String>,
    /// The keys that identify an entity of this kind, from the coarsest kind down: `cluster, controllertype, podname`.
    pub keys: Vec<String>,
}

/// The kind of rows in a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// A row has text: one line or a batch of lines.
    Logs,
    /// A row is a sample of a metric.
    Metrics,
    /// A row is an event.
    Events,
}

/// The type of a column, as in KQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `long`
    Long,
    /// `real`
    Real,
    /// `decimal`
    Decimal,
    /// `string`
    String,
    /// `datetime`
    DateTime,
    /// `timespan`
    TimeSpan,
    /// `guid`
    Guid,
    /// `dynamic`
    Dynamic,
}

impl ColumnType {
    /// Every type.
    pub const ALL: [Self; 10] = [
        Self::Bool,
        Self::Int,
        Self::Long,
        Self::Real,
        Self::Decimal,
        Self::String,
        Self::DateTime,
        Self::TimeSpan,
        Self::Guid,
        Self::Dynamic,
    ];

    /// The name in KQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Decimal => "decimal",
            Self::String => "string",
            Self::DateTime => "datetime",
            Self::TimeSpan => "timespan",
            Self::Guid => "guid",
            Self::Dynamic => "dynamic",
        }
    }

    /// The type with this name in KQL.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A table as a pack declares it. A request carries the table that it reads, so a source needs nothing else of the rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The name; also the name of its file in an incident folder.
    pub name: String,
    /// The kind of its rows.
    pub kind: TableKind,
    /// The column with the time of a row.
    pub time: Path,
    /// The column with the text of a row: for logs, and for events the text that is kept as evidence.
    pub text: Option<Path>,
    /// Whether one row is a batch of lines.
    pub split_lines: bool,
    /// A regex of the first line of a record: a line of a batch that it does not match is part of the record before it. Without
    /// it, every line is a record.
    pub fold: Option<String>,
    /// The column with the metric name.
    pub metric_name: Option<Path>,
    /// The column with the value of the sample.
    pub value: Option<Path>,
    /// The column with the number of rows that a row stands for (`itemCount`); 1 if there is none.
    pub weight: Option<Path>,
    /// The column that identifies a row (`itemId`); rows with equal identities count once.
    pub identity: Option<Path>,
    /// How long the agent batches before it sends. It widens the interval of an onset and never shifts it.
    pub flush: Duration,
    /// Columns and their types.
    pub columns: BTreeMap<String, ColumnType>,
    /// The paths of the entity keys.
    pub keys: BTreeMap<String, Path>,
    /// The paths of entity keys in rows of one metric, if they differ: metric name → key → path.
    pub metric_keys: BTreeMap<String, BTreeMap<String, Path>>,
    /// The keys whose values are compared without case, such as resource ids.
    pub folded_keys: BTreeSet<String>,
    /// The heartbeats: any one of them proves that telemetry of an entity arrives.
    pub heartbeats: Vec<Heartbeat>,
    /// Attributes that may distinguish failing entities from healthy ones: name → path.
    pub attributes: BTreeMap<String, Path>,
    /// A regex on lines of this table that matches the line a container writes when it starts.
    pub restart_marker: Option<String>,
    /// The rules that attribute a line to a component; the first that matches applies.
    pub components: Vec<ComponentRule>,
    /// The definition of an error line; without it, unmatched errors of this table are not listed.
    pub errors: Option<ErrorLines>,
    /// The catalogue of metrics, by canonical name.
    pub metrics: BTreeMap<String, Metric>,
    /// Whether a rule that names a metric outside the catalogue is an error.
    pub closed_catalogue: bool,
}

impl Table {
    /// The path of a name used in `where`, `by` or `names`: that of an entity key, a column, a dotted path, or else of a property
    /// of the only dynamic column.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<Path> {
        if let Some(path) = self.keys.get(name) {
            return Some(path.clone());
        }
        if self.columns.contains_key(name) {
            return Some(Path::column_of(name));
        }
        if let Some((column, property)) = name.split_once('.')
            && self.columns.contains_key(column)
        {
            return Some(Path::of(column, property));
        }
        let mut dynamics = self.columns.iter().filter(|(_, kind)| **kind == ColumnType::Dynamic);
        match (dynamics.next(), dynamics.next()) {
            (Some((column, _)), None) => Some(Path::of(column, name)),
            _ => None,
        }
    }

    /// The path of an entity key in the rows of a metric.
    #[must_use]
    pub fn key_path(&self, key: &str, metric: Option<&str>) -> Option<&Path> {
        metric
            .and_then(|metric| self.metric_keys.get(metric))
            .and_then(|keys| keys.get(key))
            .or_else(|| self.keys.get(key))
    }

    /// Whether the component of a line could not be determined: it has none, or the one of the rule that matches any line.
    #[must_use]
    pub fn is_undetermined(&self, component: Option<&str>) -> bool {
        component.is_none_or(|name| self.fallback_component() == Some(name))
    }

    /// The columns that the rules of components test, in the order of the rules.
    pub fn component_columns(&self) -> impl Iterator<Item = &Path> {
        self.components.iter().filter_map(|rule| match &rule.test {
            ComponentTest::ColumnEquals(path, _) | ComponentTest::ColumnPrefix(path, _) => Some(path),
            _ => None,
        })
    }

    /// The component of lines that no other rule matches; `None` if they have none.
    #[must_use]
    pub fn fallback_component(&self) -> Option<&str> {
        let fallback = self.components.iter().find(|rule| rule.test == ComponentTest::Otherwise);
        fallback.map(|rule| rule.name.as_str())
    }

    /// The names under which a metric may appear in rows, including the canonical name, sorted.
    #[must_use]
    pub fn spellings(&self, metric: &str) -> Vec<String> {
        let mut names = self.metrics.get(metric).map(|metric| metric.spellings.clone()).unwrap_or_default();
        names.push(metric.to_owned());
        names.sort();
        names.dedup();
        names
    }
}

/// Rows, or samples of a metric, that are sent regularly: at least one per bin of width `every`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The table of the heartbeat rows. It differs from the table that declares the heartbeat if one agent sends both.
    pub table: String,
    /// The metric of the heartbeat samples; `None` if any row counts.
    pub metric: Option<String>,
    /// The interval between heartbeats.
    pub every: Duration,
}

/// The definition of an error line.
///
/// A line is at error level, at info level or below, or at neither. The level of a JSON line with one of the level fields is
/// that field's text; for every other line, the two regexes on its message decide, `error_regex` first. A line at error level
/// is an error, a line at info level or below is not, and any other line is an error if its message matches `regex`. A line
/// whose message matches `except` is never an error.
///
/// The message of a JSON line is the text of its message fields, and empty without any; other fields are never judged. That
/// of any other line is the whole line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorLines {
    /// The top-level fields of a JSON line that can have its level; the first with a text counts.
    pub level_fields: Vec<String>,
    /// The levels that are errors, compared without case.
    pub error_levels: Vec<String>,
    /// The levels that are never errors, compared without case: info and below.
    pub info_levels: Vec<String>,
    /// A regex on the message of a line at error level without a level field.
    pub error_regex: Option<String>,
    /// A regex on the message of a line at info level or below without a level field.
    pub info_regex: Option<String>,
    /// A regex on the message of a line at another level, or without a level.
    pub regex: String,
    /// A regex on the message of a harmless line.
    pub except: Option<String>,
}

impl ErrorLines {
    /// Regexes such that the text of every row with an error line matches at least one. Levels are matched without case.
    #[must_use]
    pub fn hints(&self) -> Vec<String> {
        let levels = self.error_levels.iter().map(|level| format!("(?i){}", regex::escape(level)));
        self.error_regex.iter().cloned().chain([self.regex.clone()]).chain(levels).collect()
    }
}

/// A rule that attributes a line to a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentRule {
    /// The component.
    pub name: String,
    /// The test that a line of the component passes.
    pub test: ComponentTest,
}

/// The test of a [`ComponentRule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComponentTest {
    /// The line is a JSON object with this top-level field.
    JsonField(String),
    /// The line is a JSON object with this top-level field, and the field's text equals this.
    JsonEquals(String, String),
    /// The line is a JSON object with this top-level field, and the field's text begins with this.
    JsonPrefix(String, String),
    /// The text of this cell of the row equals this.
    ColumnEquals(Path, String),
    /// The text of this cell of the row begins with this.
    ColumnPrefix(Path, String),
    /// The line begins with this.
    LinePrefix(String),
    /// Any line.
    Otherwise,
}

/// Whether the values of a metric are levels, differences, or running totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricType {
    /// A level at an instant.
    Gauge,
    /// The change since the last sample.
    Delta,
    /// A running total that restarts at zero with its process.
    Cumulative,
}

/// A metric of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The unit of its values.
    pub unit: Unit,
    /// The type of its values.
    pub kind: MetricType,
    /// How often it is sent.
    pub every: Option<Duration>,
    /// Other names under which it appears in rows.
    pub spellings: Vec<String>,
}

/// The engine's parameters (`defaults:` of a pack). `docs/semantics.md` defines the effect of each.
#[derive(Clone, Debug, PartialEq)]
pub struct Defaults {
    /// The ingestion delay: rows later than `now` less this may still arrive.
    pub ingestion_delay: Duration,
    /// The clock difference that a causal edge tolerates.
    pub tolerance: Duration,
    /// The greatest distance between the activity of a cause and that of its effect.
    pub max_cause_gap: Duration,
    /// Episodes at most this far apart are merged.
    pub merge_gap: Duration,
    /// The number of bins without a heartbeat that still count as visible.
    pub blind_bins: u32,
    /// The number of unobserved patterns that a causal path may pass through.
    pub max_hidden_hops: u32,
    /// How long agents batch, for tables that do not declare it.
    pub flush: Duration,
    /// The number of bins of a baseline.
    pub baseline_bins: u32,
    /// The number of those bins that must be known.
    pub baseline_at_least: u32,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            ingestion_delay: Duration::from_secs(15 * 60),
            tolerance: Duration::from_secs(2 * 60),
            max_cause_gap: Duration::from_secs(30 * 60),
            merge_gap: Duration::from_secs(45 * 60),
            blind_bins: 1,
            max_hidden_hops: 2,
            flush: Duration::from_secs(15),
            baseline_bins: 24,
            baseline_at_least: 6,
        }
    }
}

/// The schema of a pack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// Entity kinds, coarser ones first.
    pub entities: Vec<EntityKind>,
    /// Tables by name.
    pub tables: BTreeMap<String, std::sync::Arc<Table>>,
    /// The engine's parameters.
    pub defaults: Defaults,
    /// The services that have a table, by the table's name; the usual one first.
    pub services: BTreeMap<String, Vec<Served>>,
    /// The forms in which people have rows of the tables, in the order of the pack.
    pub forms: Vec<InputForm>,
    /// Entity keys that can be derived from other keys of a row: key → derivations, the first that applies counts.
    pub derived_keys: BTreeMap<String, Vec<Derivation>>,
}

/// A table in a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The service.
    pub service: String,
    /// The name of the table there.
    pub table: String,
    /// The columns with another name there: name in the pack → name there.
    pub columns: BTreeMap<String, String>,
}

impl Schema {
    /// An entity kind by its name.
    #[must_use]
    pub fn entity(&self, name: &str) -> Option<&EntityKind> {
        self.entities.iter().find(|kind| kind.name == name)
    }

    /// Whether `coarse` is `fine` itself or a coarser kind that contains it.
    #[must_use]
    pub fn contains(&self, coarse: &str, fine: &str) -> bool {
        let mut at = Some(fine);
        // INVARIANT: validated packs have no cycle in `within`; the bound makes the loop end for one that has.
        for _ in 0..=self.entities.len() {
            match at {
                Some(name) if name == coarse => return true,
                Some(name) => at = self.entity(name).and_then(|kind| kind.within.as_deref()),
                None => return false,
            }
        }
        false
    }
}
