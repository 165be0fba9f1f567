//! The telemetry model of a pack: entity kinds, tables, columns, components, heartbeats, the metric catalogue.
//!
//! Input: a validated `pack.yaml`. Output: what requests and sources need to know of a table. The engine knows no
//! product: everything that is specific to one stands here as data.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::unit::Unit;

/// Where a value stands in a row: a column, and below a dynamic column the property names.
///
/// `customDimensions.podname` is `["customDimensions", "podname"]`. Never empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<String>);

impl Path {
    /// A path from its dotted text.
    #[must_use]
    pub fn dotted(text: &str) -> Self {
        Self(text.split('.').map(str::to_owned).collect())
    }

    /// A path from its parts; a property name may itself hold a dot.
    #[must_use]
    pub fn of(column: &str, property: &str) -> Self {
        Self(vec![column.to_owned(), property.to_owned()])
    }

    /// The parts, column first.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The column.
    #[must_use]
    pub fn column(&self) -> &str {
        self.0.first().map_or("", String::as_str)
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0.join("."))
    }
}

/// A kind of thing that patterns speak of: cluster, controller, pod, job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityKind {
    /// Its name in rule files.
    pub name: String,
    /// The next coarser kind.
    pub within: Option<String>,
    /// All key names that identify one of it, from the coarsest kind down: `cluster, controllertype, podname`.
    pub keys: Vec<String>,
}

/// What rows of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableKind {
    /// A row carries text: one line or a batch of lines.
    Logs,
    /// A row is a sample of a metric.
    Metrics,
    /// A row is an event.
    Events,
}

/// The type of a column, in the words of KQL.
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

    /// The word of KQL.
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

    /// The type that a word of KQL names.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A table of telemetry as a pack declares it. A request carries the table it reads, so a source needs nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name, which is also the name of its file in an incident folder.
    pub name: String,
    /// What its rows are.
    pub kind: TableKind,
    /// The column that dates a row.
    pub time: Path,
    /// The column that holds the text of a row (logs and, for samples kept as evidence, events).
    pub text: Option<Path>,
    /// Whether one row is a batch of lines.
    pub split_lines: bool,
    /// The column that names the metric.
    pub metric_name: Option<Path>,
    /// The column that holds the sample.
    pub value: Option<Path>,
    /// The column that says for how many rows a row stands (`itemCount`); 1 where there is none.
    pub weight: Option<Path>,
    /// The column that identifies a row (`itemId`): equal ones count once.
    pub identity: Option<Path>,
    /// How long the agent batches before it sends; widens onsets, never shifts them.
    pub flush: Duration,
    /// Columns and their types.
    pub columns: BTreeMap<String, ColumnType>,
    /// Where the entity keys stand.
    pub keys: BTreeMap<String, Path>,
    /// Where they stand in rows of one metric, where that differs (metric name → key → path).
    pub metric_keys: BTreeMap<String, BTreeMap<String, Path>>,
    /// Keys whose values compare without case, such as resource ids.
    pub folded_keys: BTreeSet<String>,
    /// What proves that the channel of an entity is alive: any one of these.
    pub heartbeats: Vec<Heartbeat>,
    /// What tells failing entities from healthy ones: name → where it stands.
    pub attributes: BTreeMap<String, Path>,
    /// A line that says a container has started anew (regex on lines of this table).
    pub restart_marker: Option<String>,
    /// Which process wrote a line: the first rule that fits.
    pub components: Vec<ComponentRule>,
    /// What an error looks like in the lines; without it nobody lists the errors that no pattern knows.
    pub errors: Option<ErrorLines>,
    /// The metrics that are known, by canonical name.
    pub metrics: BTreeMap<String, Metric>,
    /// Whether metrics outside the catalogue are an error in rules.
    pub closed_catalogue: bool,
}

impl Table {
    /// Where a name used in `where`, `by` or `names` stands: an entity key, a column, a dotted path, else a property of
    /// the only dynamic column.
    #[must_use]
    pub fn resolve(&self, name: &str) -> Option<Path> {
        if let Some(path) = self.keys.get(name) {
            return Some(path.clone());
        }
        if self.columns.contains_key(name) {
            return Some(Path(vec![name.to_owned()]));
        }
        if let Some((column, property)) = name.split_once('.')
            && self.columns.contains_key(column)
        {
            return Some(Path(vec![column.to_owned(), property.to_owned()]));
        }
        let mut dynamics = self.columns.iter().filter(|(_, kind)| **kind == ColumnType::Dynamic);
        match (dynamics.next(), dynamics.next()) {
            (Some((column, _)), None) => Some(Path::of(column, name)),
            _ => None,
        }
    }

    /// Where an entity key stands in the rows of a metric.
    #[must_use]
    pub fn key_path(&self, key: &str, metric: Option<&str>) -> Option<&Path> {
        metric
            .and_then(|metric| self.metric_keys.get(metric))
            .and_then(|keys| keys.get(key))
            .or_else(|| self.keys.get(key))
    }

    /// The spellings under which a canonical metric name may appear in rows, itself included, sorted.
    #[must_use]
    pub fn spellings(&self, metric: &str) -> Vec<String> {
        let mut names = self.metrics.get(metric).map(|metric| metric.spellings.clone()).unwrap_or_default();
        names.push(metric.to_owned());
        names.sort();
        names.dedup();
        names
    }
}

/// A sign of life: rows (of a metric) in every bin of `every`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The table whose rows beat; another table than the one it vouches for where one agent ships both.
    pub table: String,
    /// The metric whose samples beat; any row where there is none.
    pub metric: Option<String>,
    /// How often it beats.
    pub every: Duration,
}

/// What says of a line that it is an error, whether or not a pattern knows it.
///
/// A JSON line that has the field is an error if its text is one of the levels, any other line if its message matches the
/// regex; neither is where it matches the exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorLines {
    /// The (top-level) field of a JSON line that names its level.
    pub field: Option<String>,
    /// The levels that are errors; compared without case.
    pub levels: Vec<String>,
    /// What the message of a line without such a field matches.
    pub regex: String,
    /// What the message of a harmless line matches.
    pub except: Option<String>,
}

/// How a line is attributed to a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComponentRule {
    /// The component.
    pub name: String,
    /// When it wrote the line.
    pub test: ComponentTest,
}

/// The test of a [`ComponentRule`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComponentTest {
    /// The line is a JSON object with this (top-level) field.
    JsonField(String),
    /// … and the field's text is this.
    JsonEquals(String, String),
    /// … and the field's text begins so.
    JsonPrefix(String, String),
    /// A column of the row has this text.
    ColumnEquals(Path, String),
    /// A column of the row begins so.
    ColumnPrefix(Path, String),
    /// The line begins so.
    LinePrefix(String),
    /// Anything that no earlier rule has claimed.
    Otherwise,
}

/// Whether a metric is a level, a difference, or a running total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricType {
    /// A level at an instant.
    Gauge,
    /// What happened since the last sample.
    Delta,
    /// A running total that restarts with its process.
    Cumulative,
}

/// A metric of the catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The unit of its values.
    pub unit: Unit,
    /// What its values are.
    pub kind: MetricType,
    /// How often it is sent.
    pub every: Option<Duration>,
    /// Other names under which it is sent.
    pub spellings: Vec<String>,
}

/// The engine's own numbers (`defaults:` of a pack); `docs/semantics.md` says what each does.
#[derive(Clone, Debug, PartialEq)]
pub struct Defaults {
    /// Nothing younger than `now` less this counts as missing.
    pub ingestion_delay: Duration,
    /// Clock differences that an edge forgives.
    pub tolerance: Duration,
    /// How far apart the activities of a cause and its effect may lie.
    pub max_cause_gap: Duration,
    /// Episodes at most this far apart are one.
    pub merge_gap: Duration,
    /// How many bins without a heartbeat still count as visible.
    pub blind_bins: u32,
    /// How many unseen patterns a causal path may pass.
    pub max_hidden_hops: u32,
    /// How long agents batch, where a table does not say.
    pub flush: Duration,
    /// How many bins a baseline is made of.
    pub baseline_bins: u32,
    /// How many of them must be known.
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

/// The telemetry model of a pack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// Entity kinds, coarser ones first.
    pub entities: Vec<EntityKind>,
    /// Tables by name.
    pub tables: BTreeMap<String, std::sync::Arc<Table>>,
    /// The engine's numbers.
    pub defaults: Defaults,
    /// Which services hold a table, by its name: the usual one first.
    pub services: BTreeMap<String, Vec<Served>>,
}

/// What a service calls a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The service.
    pub service: String,
    /// The name of the table there.
    pub table: String,
    /// The columns that are called otherwise there: name in the pack → name there.
    pub columns: BTreeMap<String, String>,
}

impl Schema {
    /// An entity kind by its name.
    #[must_use]
    pub fn entity(&self, name: &str) -> Option<&EntityKind> {
        self.entities.iter().find(|kind| kind.name == name)
    }

    /// Whether `coarse` is `fine` itself or a kind that it lies within.
    #[must_use]
    pub fn contains(&self, coarse: &str, fine: &str) -> bool {
        let mut at = Some(fine);
        // INVARIANT: validated packs have no cycle in `within`; the count bounds a wrong one.
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
