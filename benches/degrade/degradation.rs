//! Single degradations of telemetry.
//!
//! Input: a [`Cluster`] and a [`Degradation`]. Output: the degraded cluster. A declared loss is declared as a source declares
//! it; any other one leaves no trace but the rows.

use std::fmt;

use amp_rules_benches::rng::Rng;
use amp_rules_core::RuleSet;
use amp_rules_core::telemetry::schema::Path;
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use amp_rules_core::time::{TICKS_PER_SECOND, Time, Window};
use amp_rules_fixtures::declared::State;
use serde_json::{Map, Value};

use crate::cluster::{Cluster, POD, table};

type Row = Map<String, Value>;

/// What is appended to renamed columns and metrics.
const RENAMED: &str = "_v2";

/// One degradation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Degradation {
    /// A table is declared missing.
    TableMissing { table: String },
    /// A table has no rows, and nothing is declared.
    TableEmpty { table: String },
    /// The rows of all tables within a range are missing.
    Range { range: Window, declared: bool },
    /// A random share of the rows of all tables is missing, undeclared.
    Share { percent: u32, seed: u64 },
    /// The clock of a table is wrong by some minutes.
    Clock { table: String, minutes: i64 },
    /// A column or property of a table has another name.
    Column { table: String, path: Path },
    /// A metric has another name.
    Metric { table: String, metric: String },
    /// A table has a name that the pack does not know.
    TableRenamed { table: String },
    /// All rows of one pod from an instant on are missing, undeclared.
    Pod { pod: String, from: Time },
}

/// The kinds of degradations, in the order of the page.
pub(crate) const KINDS: [&str; 12] = [
    "a table missing, declared",
    "a table without rows",
    "a range of time missing, declared",
    "a range of time missing, undeclared",
    "10 % of the rows missing",
    "30 % of the rows missing",
    "the clock of a table wrong by 2 min",
    "the clock of a table wrong by 10 min",
    "a column renamed",
    "a metric renamed",
    "a table renamed",
    "the rows of one pod missing from an instant on",
];

impl Degradation {
    /// The kind, as an index into [`KINDS`].
    pub(crate) fn kind(&self) -> usize {
        match self {
            Self::TableMissing { .. } => 0,
            Self::TableEmpty { .. } => 1,
            Self::Range { declared: true, .. } => 2,
            Self::Range { declared: false, .. } => 3,
            Self::Share { percent, .. } => {
                if *percent <= 10 {
                    4
                } else {
                    5
                }
            }
            Self::Clock { minutes, .. } => {
                if minutes.abs() <= 2 {
                    6
                } else {
                    7
                }
            }
            Self::Column { .. } => 8,
            Self::Metric { .. } => 9,
            Self::TableRenamed { .. } => 10,
            Self::Pod { .. } => 11,
        }
    }

    /// The cluster with this degradation.
    pub(crate) fn apply(&self, cluster: &Cluster, rules: &RuleSet) -> Cluster {
        let mut out = cluster.clone();
        match self {
            Self::TableMissing { table } => {
                out.rows.remove(table);
                out.missing.push((table.clone(), SourceErrorKind::Denied));
            }
            Self::TableEmpty { table } => out.rows.entry(table.clone()).or_default().clear(),
            Self::Range { range, declared } => {
                for (name, rows) in &mut out.rows {
                    let time = &table(rules, name).time;
                    rows.retain(|row| instant(row, time).is_none_or(|at| at < range.from || range.to <= at));
                    if *declared {
                        let state = &mut out.declarations.tables.entry(name.clone()).or_default().state;
                        *state = State::Partial(GapReason::TimeRange, Some(*range));
                    }
                }
            }
            Self::Share { percent, seed } => {
                let mut rng = Rng::new(*seed);
                for rows in out.rows.values_mut() {
                    rows.retain(|_| !rng.chance(f64::from(*percent) / 100.0));
                }
            }
            Self::Clock { table: name, minutes } => {
                let time = &table(rules, name).time;
                for row in out.rows.get_mut(name).into_iter().flatten() {
                    let Some(at) = instant(row, time) else { continue };
                    let moved = at.saturating_add_ticks(minutes * 60 * TICKS_PER_SECOND);
                    *cell_mut(row, time).unwrap() = Value::String(moved.to_string());
                }
            }
            Self::Column { table, path } => {
                out.rows.get_mut(table).into_iter().flatten().for_each(|row| rename(row, path.parts()));
            }
            Self::Metric { table: name, metric } => {
                let name_path = table(rules, name).metric_name.as_ref().unwrap();
                for row in out.rows.get_mut(name).into_iter().flatten() {
                    if text(row, name_path) == Some(metric) {
                        *cell_mut(row, name_path).unwrap() = Value::String(format!("{metric}{RENAMED}"));
                    }
                }
            }
            Self::TableRenamed { table } => {
                out.rows.remove(table);
                out.missing.push((table.clone(), SourceErrorKind::TableMissing));
            }
            Self::Pod { pod, from } => {
                for (name, rows) in &mut out.rows {
                    let table = table(rules, name);
                    let Some(key) = table.keys.get(POD) else { continue };
                    rows.retain(|row| {
                        text(row, key) != Some(pod) || instant(row, &table.time).is_none_or(|at| at < *from)
                    });
                }
            }
        }
        out
    }
}

impl fmt::Display for Degradation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TableMissing { table } => write!(out, "`{table}` declared missing"),
            Self::TableEmpty { table } => write!(out, "`{table}` without rows"),
            Self::Range { range, declared } => {
                let how = if *declared { "declared" } else { "undeclared" };
                write!(out, "no rows from {} to {}, {how}", range.from, range.to)
            }
            Self::Share { percent, seed } => write!(out, "{percent} % of the rows missing (seed {seed})"),
            Self::Clock { table, minutes } => write!(out, "clock of `{table}` wrong by {minutes:+} min"),
            Self::Column { table, path } => write!(out, "`{path}` of `{table}` renamed"),
            Self::Metric { metric, .. } => write!(out, "metric `{metric}` renamed"),
            Self::TableRenamed { table } => write!(out, "`{table}` renamed"),
            Self::Pod { pod, from } => write!(out, "no rows of pod `{pod}` from {from}"),
        }
    }
}

/// The instant of a row.
pub(crate) fn instant(row: &Row, time: &Path) -> Option<Time> {
    text(row, time)?.parse().ok()
}

/// The text in a cell or property.
pub(crate) fn text<'a>(row: &'a Row, path: &Path) -> Option<&'a str> {
    let (column, properties) = path.parts().split_first()?;
    properties.iter().try_fold(row.get(column)?, |value, property| value.get(property))?.as_str()
}

fn cell_mut<'a>(row: &'a mut Row, path: &Path) -> Option<&'a mut Value> {
    let (column, properties) = path.parts().split_first()?;
    properties.iter().try_fold(row.get_mut(column)?, |value, property| value.get_mut(property))
}

/// Renames the last part of a path.
fn rename(row: &mut Row, path: &[String]) {
    match path {
        [] => {}
        [name] => {
            if let Some(value) = row.remove(name) {
                row.insert(format!("{name}{RENAMED}"), value);
            }
        }
        [column, rest @ ..] => {
            if let Some(Value::Object(inner)) = row.get_mut(column) {
                rename(inner, rest);
            }
        }
    }
}
