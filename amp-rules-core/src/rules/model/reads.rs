//! What symptoms read: lines, series of numbers, flows, states of properties.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::telemetry::predicate::{Aggregate, Condition, KeySource, LineTest, See, ValueColumn};
use crate::unit::Unit;

/// Lines of a log table.
#[derive(Clone, Debug, PartialEq)]
pub struct LogLines {
    /// The table.
    pub table: String,
    /// The components whose lines count; all if empty.
    pub components: Vec<String>,
    /// The test that a line must pass.
    pub test: LineTest,
    /// Which text of a line is tested.
    pub see: See,
    /// Which rows count.
    pub filter: Vec<Condition>,
    /// Named captures whose numbers are summed, weighted by row.
    pub sums: Vec<String>,
    /// Entity keys that are in the line, or in another column than the table declares.
    pub keys: BTreeMap<String, KeySource>,
}

/// One aggregation step of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The aggregate function.
    pub aggregate: Aggregate,
    /// What is aggregated: `value` (`None`) or a column (for `dcount`, and for other numbers in the first step).
    pub column: Option<String>,
    /// What to group by in addition to the entity's keys: key names, `name` for the metric, other columns.
    pub by: Vec<String>,
    /// The width of its bins; the whole window if `None`. Bins of a day or more end at the watermark.
    pub every: Option<Duration>,
}

/// A series of numbers from a metric table.
#[derive(Clone, Debug, PartialEq)]
pub struct SeriesSpec {
    /// The table.
    pub table: String,
    /// Canonical metric names; several form a union.
    pub metrics: Vec<String>,
    /// Which rows count.
    pub filter: Vec<Condition>,
    /// The column that is read as the number; the table's value column if `None`.
    pub value: Option<ValueColumn>,
    /// The steps, at least one.
    pub steps: Vec<Step>,
    /// The key whose living entities the first step counts (`living`); the step itself is `dcount`, which is what a source
    /// computes from rows alone. `None` if the first step aggregates rows.
    pub living: Option<String>,
    /// A missing series counts as 0 if this metric has a sample.
    pub zero_if_present: Option<String>,
    /// The unit of the resulting number.
    pub unit: Unit,
}

/// A volume over time that can drop or cease.
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

impl PropertyState {
    /// Whether a text is in this state.
    pub(crate) fn holds(&self, text: &str) -> bool {
        match self {
            Self::Empty => text.is_empty(),
            Self::Set => !text.is_empty(),
            Self::Text(wanted) => text == wanted,
        }
    }
}
