//! Predicates on rows, cells and lines, and how numbers are aggregated.
//!
//! These are plain values shared by requests, the matcher and the patterns of a rule set. Nothing here reads telemetry.

use super::schema::Path;

/// One cell of a row against a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// Where the cell stands.
    pub path: Path,
    /// The name that the author used for it.
    pub name: String,
    /// What it must satisfy.
    pub test: Test,
}

/// The test of a [`Condition`] on rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Equal to one of these texts (a number is compared as a number where both sides are one).
    OneOf(Vec<String>),
    /// Begins so.
    Prefix(String),
    /// Contains this, without regard to case as in KQL's `contains`.
    Contains(String),
    /// Matches this regex.
    Regex(String),
    /// A number greater than this.
    Above(f64),
    /// A number less than this.
    Below(f64),
    /// A dotted version within all these bounds (`>=6.20.0`, `<6.22.0`).
    Version(Vec<(Comparison, Vec<u64>)>),
    /// Not so; a cell that is missing satisfies it.
    Not(Box<Test>),
}

/// How a number is compared with a threshold. Exact, no epsilon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// `>`
    Above,
    /// `>=`
    AtLeast,
    /// `<`
    Below,
    /// `<=`
    AtMost,
    /// `==`
    Equals,
}

/// How a line is recognised.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineTest {
    /// A regex of the `regex` crate that means the same in Kusto, tried on each line.
    Regex(String),
    /// A literal; letters compare with case.
    Contains(String),
}

/// Which text of a line is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum See {
    /// Of a JSON line the fields `msg, message, error, err, log`, unescaped and joined by newlines; else the whole line.
    Message,
    /// The line as it stands.
    Line,
}

/// Where an entity key of a line comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySource {
    /// A column of the row.
    Column(Path),
    /// A top-level field of the JSON line.
    Json(String),
    /// A named capture of the regex.
    Capture(String),
}

/// How a step folds numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aggregate {
    /// Greatest.
    Max,
    /// Least.
    Min,
    /// Mean, weighted by the row's weight in the first step.
    Avg,
    /// Sum, weighted by the row's weight in the first step.
    Sum,
    /// Number of samples, weighted in the first step.
    Count,
    /// Number of distinct texts of a column.
    Dcount,
    /// Nearest-rank percentile, 0 to 100.
    Percentile(u8),
    /// The latest.
    Last,
    /// What a cumulative counter gained, aware of resets.
    Increase,
    /// How often a series changes direction.
    Turns,
}

/// Another number than the table's value.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueColumn {
    /// Where it stands.
    pub path: Path,
    /// What a row without it counts as; nothing where there is no default.
    pub default: Option<f64>,
}
