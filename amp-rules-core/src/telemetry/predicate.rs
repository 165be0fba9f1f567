//! Predicates on cells and lines, and aggregates of numbers.
//!
//! Plain values, shared by requests, the matcher and the patterns of a rule set. Nothing here reads telemetry.

use super::schema::Path;

/// A test of one cell of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The path of the cell.
    pub path: Path,
    /// The name of the cell in the rule file.
    pub name: String,
    /// The test.
    pub test: Test,
}

/// The test of a [`Condition`]. A missing cell fails every test except [`Test::Not`].
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// Equal to one of these texts; compared as numbers if both sides are numbers.
    OneOf(Vec<String>),
    /// Begins with this text, with case.
    Prefix(String),
    /// Contains this text, without case, as KQL's `contains`.
    Contains(String),
    /// Contains a match of this regex.
    Regex(String),
    /// A number greater than this.
    Above(f64),
    /// A number less than this.
    Below(f64),
    /// A dotted version that satisfies all of these bounds, such as `>=6.20.0` and `<6.22.0`.
    Version(Vec<(Comparison, Vec<u64>)>),
    /// The negation of a test.
    Not(Box<Test>),
}

/// The comparison of a number with a threshold; exact, without an epsilon.
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

/// The test of a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineTest {
    /// Contains a match of this regex: the syntax of the `regex` crate, limited to what means the same in Kusto.
    Regex(String),
    /// Contains this text, with case.
    Contains(String),
}

/// The text of a line that a test searches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum See {
    /// The fields `msg`, `message`, `error`, `err` and `log` of a JSON line, unescaped and joined by newlines; of any other line
    /// the whole line.
    Message,
    /// The whole line.
    Line,
}

/// The source of the value of an entity key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeySource {
    /// A column of the row.
    Column(Path),
    /// A top-level field of the JSON line.
    Json(String),
    /// A named capture of the regex.
    Capture(String),
}

/// How a step aggregates numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aggregate {
    /// The greatest.
    Max,
    /// The least.
    Min,
    /// The mean, weighted by the rows' weights in the first step.
    Avg,
    /// The sum, weighted by the rows' weights in the first step.
    Sum,
    /// The number of samples, weighted by the rows' weights in the first step.
    Count,
    /// The number of distinct texts of a column.
    Dcount,
    /// The nearest-rank percentile, 0 to 100.
    Percentile(u8),
    /// The value of the latest sample.
    Last,
    /// The increase of a cumulative counter; a decrease counts as a restart from zero.
    Increase,
    /// How often the series changes between rising and falling.
    Turns,
}

/// A cell that replaces the table's value column.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueColumn {
    /// The path of the cell.
    pub path: Path,
    /// The number of a row without the cell; `None` if such a row has no sample.
    pub default: Option<f64>,
}
