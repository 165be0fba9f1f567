//! Symptoms: observable facts, kind by kind.

use std::collections::BTreeMap;
use std::time::Duration;

use super::query::Query;
use super::reads::{Flow, LogLines, PropertyState, SeriesSpec};
use super::setting::{Setting, Threshold};
use crate::telemetry::predicate::{Condition, KeySource};
use crate::telemetry::schema::Path;

/// How zero rows are interpreted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsentMeans {
    /// The symptom is absent, if the channel was visible: the default for lines and events.
    False,
    /// The symptom is unknown, and rows were expected: the default for metrics.
    Unknown,
    /// The symptom is unknown, and no rows were expected.
    Silence,
}

/// How long one occurrence stays in effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Lasts {
    /// This long.
    For(Setting),
    /// Until the entity restarts (`restart_marker` of its table).
    UntilRestart,
}

/// How a symptom of a finer entity kind is rolled up to a coarser entity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rollup {
    /// At least one live entity below has it.
    Any,
    /// Every live entity below has it.
    Every,
    /// At least this many have it.
    AtLeast(u32),
    /// At least this share of them has it, in `(0, 1]`.
    Share(f64),
}

/// A symptom of this pattern or of another (`other-pattern.symptom`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SymptomRef {
    /// The other pattern; `None` for this one.
    pub pattern: Option<String>,
    /// The symptom's name.
    pub symptom: String,
}

/// A step of a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceStep {
    /// The symptom, which has lines or rows.
    pub symptom: SymptomRef,
    /// Whether it must not occur between the steps around it; after the last one, until the period is over.
    pub negated: bool,
}

/// Planned occurrences, which `repeats` does not count.
#[derive(Clone, Debug, PartialEq)]
pub struct ExceptAfter {
    /// The marker: each of its occurrences excuses the first one that follows it.
    pub symptom: SymptomRef,
    /// The longest time from the marker to the occurrence.
    pub within: Setting,
}

/// What shows that an occurrence of a symptom is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndsWhen<S, P> {
    /// A symptom.
    Symptom(S),
    /// A pattern.
    Pattern(P),
}

/// The condition of a symptom.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are a few hundred symptoms, each created once; boxes would complicate every match"
)]
pub enum SymptomKind {
    /// At least this many lines match.
    Log {
        /// Which lines.
        lines: LogLines,
        /// How many. Default: 1.
        at_least: Setting,
        /// Within how long; the whole window if `None`.
        within: Option<Setting>,
    },
    /// A number passes a threshold.
    Metric {
        /// Which number.
        series: SeriesSpec,
        /// Which threshold.
        threshold: Threshold,
        /// In how many consecutive bins.
        consecutive: u32,
    },
    /// A quotient passes a threshold.
    Ratio {
        /// The numerator.
        of: SeriesSpec,
        /// The denominator.
        to: SeriesSpec,
        /// The smallest denominator for which the quotient applies.
        min_to: Option<Setting>,
        /// Which threshold.
        threshold: Threshold,
    },
    /// Properties of the rows are in a state, now those of the latest.
    Property {
        /// The table.
        table: String,
        /// Canonical names of the metrics whose rows have them; any row if empty.
        metrics: Vec<String>,
        /// Property names and their paths.
        names: Vec<(String, Path)>,
        /// Which rows count.
        filter: Vec<Condition>,
        /// Whether a property that the latest row lacks counts as empty.
        absent_is_empty: bool,
        /// The state.
        is: PropertyState,
        /// How many of the names must be in that state.
        at_least: u32,
    },
    /// Something was not seen for a time although the channel had heartbeats.
    Absent {
        /// What was not seen: a `Log` or a `Metric`.
        of: Box<SymptomKind>,
        /// For how long.
        lasting: Setting,
    },
    /// A flow falls by a share compared with its baseline.
    Drop {
        /// Which flow.
        flow: Flow,
        /// The share, in `(0, 1)`.
        share: Setting,
        /// The width of its bins.
        every: Duration,
        /// How many bins the baseline is computed from; the pack's default if `None`.
        baseline_bins: Option<u32>,
    },
    /// Other symptoms occur one after another.
    Sequence {
        /// The steps, in order. The first is not negated.
        steps: Vec<SequenceStep>,
        /// Within how long, from the first step.
        within: Setting,
    },
    /// A flow stops.
    Ceases {
        /// Which flow.
        flow: Flow,
        /// The width of its bins.
        every: Duration,
    },
    /// Another symptom occurs several times within a time.
    Repeats {
        /// Which symptom.
        symptom: SymptomRef,
        /// How many times.
        at_least: Setting,
        /// Within how long.
        within: Setting,
        /// Planned occurrences, which do not count.
        except_after: Option<ExceptAfter>,
    },
    /// A streak of failures without a success in between.
    Persists {
        /// The failures.
        symptom: SymptomRef,
        /// For how long.
        lasting: Setting,
        /// The success that ends a streak.
        without: Option<SymptomRef>,
        /// How many failures form a streak. Default: 3.
        at_least: u32,
    },
    /// At least this many rows.
    Event {
        /// The table.
        table: String,
        /// Which rows count.
        filter: Vec<Condition>,
        /// How many.
        at_least: Setting,
        /// Within how long; the whole window if `None`.
        within: Option<Setting>,
        /// Entity keys that are in another column than the table declares.
        keys: BTreeMap<String, KeySource>,
    },
    /// A number in at least one row of a query's result passes a threshold.
    Query {
        /// Which query.
        query: Query,
        /// Which threshold.
        threshold: Threshold,
    },
}

/// One observable fact.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Symptom {
    /// Its name within the pattern.
    pub name: String,
    /// Its condition.
    pub kind: SymptomKind,
    /// The entity kind that it is evaluated for.
    pub per: String,
    /// How it is rolled up to a coarser entity.
    pub rollup: Rollup,
    /// How zero rows are interpreted.
    pub absent_means: AbsentMeans,
    /// Whether it supports at most a provisional root on its own.
    pub weak: bool,
    /// Matches of one entity less than this after the first of a group are one occurrence.
    pub apart: Option<Setting>,
    /// How long one occurrence stays in effect.
    pub lasts: Option<Lasts>,
    /// What shows that an occurrence is over.
    pub ends_when: Option<EndsWhen<SymptomRef, String>>,
    /// The longest time from the fact to its first line or row.
    pub detection_delay: Option<Setting>,
    /// Whether it matches lines of any cause, so that a match does not explain a line.
    pub catch_all: bool,
    /// Failures after a restart that are followed by a success within this time do not count.
    pub startup_grace: Option<Setting>,
    /// The origin of its number.
    pub because: Option<String>,
    /// Example lines that must match.
    pub matching: Vec<String>,
    /// Example lines that must not match.
    pub not_matching: Vec<String>,
}
