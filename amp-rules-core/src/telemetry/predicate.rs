//! Predicates on cells and lines, and aggregates of numbers.
//!
//! Plain values, shared by requests, the matcher and the patterns of a rule set. Nothing here reads telemetry.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

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

impl Comparison {
    /// Whether a number compares so with a limit.
    #[must_use]
    pub fn holds(self, number: f64, limit: f64) -> bool {
        match self {
            Self::Above => number > limit,
            Self::AtLeast => number >= limit,
            Self::Below => number < limit,
            Self::AtMost => number <= limit,
            Self::Equals => number == limit,
        }
    }

    /// The sign.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::AtMost => "<=",
            Self::Equals => "==",
        }
    }
}

/// The test of a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineTest {
    /// Contains a match of this regex: the syntax of the `regex` crate, limited to what means the same in Kusto.
    Regex(String),
    /// Contains this text, with case.
    Contains(String),
    /// Has fields that pass tests.
    Fields {
        /// The tests of fields; the line passes all of them.
        fields: Vec<FieldTest>,
        /// The test of the text that the line passes too: a [`Regex`](Self::Regex) or a [`Contains`](Self::Contains).
        text: Option<Box<LineTest>>,
    },
}

impl LineTest {
    /// The part that tests the text, a [`Regex`](Self::Regex) or a [`Contains`](Self::Contains); `None` if only fields are
    /// tested.
    #[must_use]
    pub fn of_text(&self) -> Option<&Self> {
        match self {
            Self::Regex(_) | Self::Contains(_) => Some(self),
            Self::Fields { text, .. } => text.as_deref(),
        }
    }

    /// The regex, if it has one.
    #[must_use]
    pub fn regex(&self) -> Option<&str> {
        match self.of_text() {
            Some(Self::Regex(regex)) => Some(regex),
            _ => None,
        }
    }

    /// The tests of fields.
    #[must_use]
    pub fn fields(&self) -> &[FieldTest] {
        match self {
            Self::Regex(_) | Self::Contains(_) => &[],
            Self::Fields { fields, .. } => fields,
        }
    }
}

/// The test of a field of a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldTest {
    /// The name: dots separate the keys of nested objects. A key that contains the dots itself is used where there are no
    /// such objects.
    pub name: String,
    /// The test. A line without the field does not pass.
    pub test: ValueTest,
}

/// The test of the value of a field. `null` counts as no value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueTest {
    /// Equal to one of these texts; compared as numbers if both sides are numbers. Lists and objects are equal to none.
    OneOf(Vec<String>),
    /// A number within all of these bounds.
    Within(Vec<(Comparison, Limit)>),
    /// Not the empty text.
    Set,
    /// The empty text.
    Empty,
}

/// A number with a total order, as a bound.
#[derive(Clone, Copy, Debug)]
pub struct Limit(f64);

impl Limit {
    /// A bound; negative zero becomes zero.
    #[must_use]
    pub fn new(number: f64) -> Self {
        Self(number + 0.0)
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> f64 {
        self.0
    }
}

impl PartialEq for Limit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Limit {}

impl PartialOrd for Limit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Limit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Hash for Limit {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl fmt::Display for FieldTest {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)?;
        match &self.test {
            ValueTest::OneOf(texts) => write!(out, " = {}", texts.join(" or ")),
            ValueTest::Within(bounds) => {
                let bounds: Vec<String> =
                    bounds.iter().map(|(comparison, limit)| format!(" {} {}", comparison.sign(), limit.0)).collect();
                out.write_str(&bounds.join(" and"))
            }
            ValueTest::Set => out.write_str(" is set"),
            ValueTest::Empty => out.write_str(" is empty"),
        }
    }
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
