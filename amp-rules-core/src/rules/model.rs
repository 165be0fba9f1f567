//! Patterns as values that make sense: what one `pattern.yaml` means once it has been validated.
//!
//! Input: checked documents. Output: [`Pattern`]s whose numbers have units, whose regexes compile and whose
//! required parts are not optional. References to other patterns are still names; [`crate::rules::rule_set`] resolves them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::telemetry::predicate::{Aggregate, Comparison, Condition, KeySource, LineTest, See, ValueColumn};
use crate::telemetry::schema::Path;
use crate::unit::{Quantity, Unit};

pub mod query;
pub(crate) mod validate;

/// What a pattern is by nature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// It can be where an incident begins, and be confirmed as its root.
    Cause,
    /// Something else brings it about; as a root it stays open.
    Effect,
    /// What an incident costs.
    Impact,
    /// What people report.
    Complaint,
    /// Expected noise.
    Benign,
    /// A statement that can contradict, and is never part of the causal graph.
    Fact,
}

impl Class {
    /// The name in rule files and reports: `cause`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::Effect => "effect",
            Self::Impact => "impact",
            Self::Complaint => "complaint",
            Self::Benign => "benign",
            Self::Fact => "fact",
        }
    }
}

/// How bad a pattern is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warning,
    /// Something fails.
    Error,
    /// Much fails.
    Critical,
}

impl Severity {
    /// The name in rule files and reports: `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }
}

/// How surely a cause brings about its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// It can.
    Possible,
    /// It mostly does.
    Likely,
    /// It always does, so an effect seen absent speaks against it.
    Sure,
}

impl Strength {
    /// The name in rule files and reports: `likely`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Sure => "sure",
        }
    }
}

/// A value that is written in the rule or is a parameter of the pack (`$name`).
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// Written in the rule.
    Literal(Quantity),
    /// A parameter's name, without the `$`.
    Parameter(String),
}

/// A parameter of the pack: a constant that a user of the rules may want to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its value unless the scope sets another.
    pub value: Quantity,
    /// Where the value comes from.
    pub because: String,
}

/// A threshold: `above: 10 GB`.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// How it compares.
    pub comparison: Comparison,
    /// With what.
    pub limit: Setting,
    /// The unit of the number that is compared; the limit is converted to it.
    pub unit: Unit,
    /// Other limits, for the severity to report; truth stays with `limit`.
    pub levels: Vec<(Severity, Setting)>,
}

/// What zero rows say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsentMeans {
    /// Not so: the default of lines and events, where the channel was visible.
    False,
    /// Nothing can be said, and something should have been there: the default of metrics.
    Unknown,
    /// Nothing can be said, and nothing was to be expected.
    Silence,
}

/// How long one occurrence stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Lasts {
    /// So long.
    For(Setting),
    /// Until the entity starts anew (`restart_marker` of its table).
    UntilRestart,
}

/// How a symptom of a finer kind answers for a coarser entity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rollup {
    /// Some living entity below has it.
    Any,
    /// Every living entity below has it.
    Every,
    /// At least so many have it.
    AtLeast(u32),
    /// At least this share of them has it, in `(0, 1]`.
    Share(f64),
}

/// A symptom of this pattern or of another (`other-pattern.symptom`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymptomRef {
    /// The other pattern, where it is one.
    pub pattern: Option<String>,
    /// The symptom's name.
    pub symptom: String,
}

/// Lines of a log table.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLines {
    /// The table.
    pub table: String,
    /// The components whose lines count; any where empty.
    pub components: Vec<String>,
    /// What a line must match.
    pub test: LineTest,
    /// Which text is tried.
    pub see: See,
    /// Which rows count.
    pub filter: Vec<Condition>,
    /// Named captures whose numbers are added up, weighted.
    pub sums: Vec<String>,
    /// Entity keys that stand in the line or elsewhere.
    pub keys: BTreeMap<String, KeySource>,
}

/// One aggregation step of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// How numbers are folded.
    pub aggregate: Aggregate,
    /// What is folded: `value` (`None`), else a column (for `dcount`, and for other numbers in the first step).
    pub column: Option<String>,
    /// What is kept apart besides the entity's own keys: key names, `name` for the metric, other columns.
    pub by: Vec<String>,
    /// The width of its bins; the whole window where there is none. Bins of a day or more end at the watermark.
    pub every: Option<Duration>,
}

/// A series of numbers from a metric table.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesSpec {
    /// The table.
    pub table: String,
    /// Canonical metric names; several are a union.
    pub metrics: Vec<String>,
    /// Which rows count.
    pub filter: Vec<Condition>,
    /// The cell that is read as the number; the table's value where there is none.
    pub value: Option<ValueColumn>,
    /// The steps, at least one.
    pub steps: Vec<Step>,
    /// An absent series is 0 where a sample of this metric is present.
    pub zero_if_present: Option<String>,
    /// The unit of the resulting number.
    pub unit: Unit,
}

/// A flow that can drop or cease.
#[derive(Clone, Debug, PartialEq)]
pub enum Flow {
    /// The rows of a table.
    Rows {
        /// The table.
        table: String,
        /// Which rows count.
        filter: Vec<Condition>,
    },
    /// A metric.
    Series(SeriesSpec),
}

/// The state of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyState {
    /// The empty text.
    Empty,
    /// Some text.
    Set,
    /// This text.
    Text(String),
}

/// What makes a symptom hold.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are a few hundred symptoms, each made once; boxes would only be in the way"
)]
pub enum SymptomKind {
    /// At least so many matching lines.
    Log {
        /// Which lines.
        lines: LogLines,
        /// How many, 1 by default.
        at_least: Setting,
        /// Within how long; the whole window where nothing is said.
        within: Option<Setting>,
    },
    /// A number passes a threshold.
    Metric {
        /// Which number.
        series: SeriesSpec,
        /// Which threshold.
        threshold: Threshold,
        /// In how many bins in a row.
        consecutive: u32,
    },
    /// A quotient passes a threshold.
    Ratio {
        /// Above the line.
        of: SeriesSpec,
        /// Below it.
        to: SeriesSpec,
        /// Below this the quotient does not apply.
        min_to: Option<Setting>,
        /// Which threshold.
        threshold: Threshold,
    },
    /// Properties of the latest row are in a state.
    Property {
        /// The table.
        table: String,
        /// Canonical metric names whose rows carry them; any row where empty.
        metrics: Vec<String>,
        /// Property names and where they stand.
        names: Vec<(String, Path)>,
        /// Which rows count.
        filter: Vec<Condition>,
        /// Whether a property that the latest row lacks reads as empty.
        absent_is_empty: bool,
        /// The state.
        is: PropertyState,
        /// For at least so many of the names.
        at_least: u32,
    },
    /// Nothing was seen for so long although the channel was alive.
    Absent {
        /// Of what: a `Log` or a `Metric`.
        of: Box<SymptomKind>,
        /// For how long.
        lasting: Setting,
    },
    /// A flow falls by a share against its baseline.
    Drop {
        /// Which flow.
        flow: Flow,
        /// The share, in `(0, 1)`.
        share: Setting,
        /// The width of its bins.
        every: Duration,
        /// How many bins the baseline is made of; the pack's default where nothing is said.
        baseline_bins: Option<u32>,
    },
    /// A flow stops.
    Ceases {
        /// Which flow.
        flow: Flow,
        /// The width of its bins.
        every: Duration,
    },
    /// Another symptom was seen so often within a time.
    Repeats {
        /// Which.
        symptom: SymptomRef,
        /// How often.
        at_least: Setting,
        /// Within how long.
        within: Setting,
    },
    /// A streak of failures without one success.
    Persists {
        /// The failures.
        symptom: SymptomRef,
        /// How long.
        lasting: Setting,
        /// The success that ends a streak.
        without: Option<SymptomRef>,
        /// How many failures make a streak, 3 by default.
        at_least: u32,
    },
    /// At least so many rows.
    Event {
        /// The table.
        table: String,
        /// Which rows count.
        filter: Vec<Condition>,
        /// How many.
        at_least: Setting,
        /// Within how long; the whole window where nothing is said.
        within: Option<Setting>,
        /// Entity keys that stand elsewhere than the table says.
        keys: BTreeMap<String, KeySource>,
    },
    /// A number in some row of a query's result passes a threshold.
    Query {
        /// Which query.
        query: query::Query,
        /// Which threshold.
        threshold: Threshold,
    },
}

/// One observable fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Symptom {
    /// Its name within the pattern.
    pub name: String,
    /// What makes it hold.
    pub kind: SymptomKind,
    /// The entity kind it speaks of.
    pub per: String,
    /// How it answers for a coarser entity.
    pub rollup: Rollup,
    /// What zero rows say.
    pub absent_means: AbsentMeans,
    /// Alone it gives at most a provisional root.
    pub weak: bool,
    /// How long one occurrence stands.
    pub lasts: Option<Lasts>,
    /// Failures of a new restart_marker that then succeeds do not count.
    pub startup_grace: Option<Setting>,
    /// Where its number comes from.
    pub because: Option<String>,
    /// Lines that must match.
    pub matching: Vec<String>,
    /// Lines that must not match.
    pub not_matching: Vec<String>,
}

/// A condition over symptoms `S` and patterns `P` (names here, indices in a rule set).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When<S, P> {
    /// The symptom holds.
    Symptom(S),
    /// The other pattern holds.
    Pattern(P),
    /// All hold.
    All(Vec<When<S, P>>),
    /// Some holds.
    Any(Vec<When<S, P>>),
    /// It does not hold.
    Not(Box<When<S, P>>),
    /// At least `count` hold.
    AtLeast {
        /// How many.
        count: u32,
        /// Of these.
        of: Vec<When<S, P>>,
    },
    /// `then` holds where `that` holds; where `that` does not, the condition does not apply and is false.
    Requires {
        /// The guard.
        that: Box<When<S, P>>,
        /// The condition.
        then: Box<When<S, P>>,
    },
}

/// Which entities an edge joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// One key set is a projection of the other, with equal values.
    Contains,
    /// The very same entity.
    Same,
    /// Anything within the same subject.
    Cluster,
}

/// `causes`: this pattern suffices for the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Causes {
    /// The effect.
    pub pattern: String,
    /// How surely.
    pub strength: Strength,
    /// The least and the greatest delay; no greatest where `None`.
    pub lag: (Duration, Option<Duration>),
    /// Clock differences forgiven; the pack's default where nothing is said.
    pub tolerance: Option<Duration>,
    /// Which entities it joins.
    pub reach: Reach,
    /// Whether it closes a loop on purpose.
    pub feedback: bool,
    /// Why the edge is there.
    pub because: Option<String>,
}

/// `amplifies`: this pattern worsens the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amplifies {
    /// What it worsens.
    pub pattern: String,
    /// Whether it explains what nothing else explains.
    pub may_be_sole: bool,
    /// Whether it closes a loop on purpose.
    pub feedback: bool,
    /// Why the edge is there.
    pub because: Option<String>,
}

/// One step of a remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemedyStep {
    /// Its id, unique in the pattern.
    pub id: String,
    /// What to do or to verify.
    pub text: String,
    /// Whether it checks that the others worked.
    pub verifies: bool,
    /// What it may do besides.
    pub caution: Option<String>,
}

/// The number that says how bad an impact is: `symptom.capture`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Magnitude {
    /// The symptom.
    pub symptom: SymptomRef,
    /// Its summed capture.
    pub capture: String,
    /// What is counted, for reports: `points`.
    pub unit: Option<String>,
}

/// One pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it is by nature.
    pub class: Class,
    /// How bad it is.
    pub severity: Severity,
    /// The entity kind one instance speaks of.
    pub scope: String,
    /// The entities it applies to: key → allowed values.
    pub applies_to: BTreeMap<String, Vec<String>>,
    /// Where a loop starts when times cannot tell.
    pub entry: bool,
    /// Who has to act.
    pub owner: Option<String>,
    /// What it means, in a sentence or two.
    pub summary: String,
    /// Its symptoms, in the author's order.
    pub symptoms: Vec<Symptom>,
    /// When it holds; `None` for a pattern without symptoms, which is unobservable.
    pub when: Option<When<SymptomRef, String>>,
    /// What makes it more than noise.
    pub noise_unless: Option<When<SymptomRef, String>>,
    /// How bad an impact is.
    pub magnitude: Option<Magnitude>,
    /// What it brings about.
    pub causes: Vec<Causes>,
    /// What it worsens.
    pub amplifies: Vec<Amplifies>,
    /// What cannot hold of the same entity at the same time.
    pub contradicts: Vec<String>,
    /// What to do.
    pub remedy: Vec<RemedyStep>,
    /// Named queries that help to look further.
    pub queries: Vec<String>,
    /// Where the knowledge comes from.
    pub references: Vec<String>,
    /// How it was obtained, where that matters (`reconstructed`).
    pub provenance: Option<String>,
}
