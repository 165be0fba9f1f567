//! The bound form of a query: pipelines with numbered columns and resolved functions.
//!
//! The only names left in a plan are those of tables and parameters; the caller of the run supplies their values.
//! Definitions refer only to earlier definitions, so they can be evaluated in order.

use std::sync::Arc;

use crate::ast::{BinaryOp, InOp, UnaryOp};
use crate::registry;
use crate::span::Span;
use crate::value::{Column, Type, Value};

/// A query that is ready to run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Definitions, each evaluated once per run; each refers only to earlier ones.
    pub definitions: Vec<Definition>,
    /// The results, in the order of their statements.
    pub results: Vec<Output>,
}

/// One result of a query.
#[derive(Clone, Debug)]
pub struct Output {
    /// The name assigned by `as`.
    pub name: Option<String>,
    /// The rows of the result.
    pub relation: Relation,
}

/// A value that is evaluated once per run, before anything that refers to it.
#[derive(Clone, Debug)]
pub enum Definition {
    /// A query parameter: its value comes from the settings of the run, otherwise it is the default.
    Parameter {
        /// The name of the parameter.
        name: String,
        /// The type of the parameter.
        kind: Type,
        /// The value if the settings of the run have none.
        default: Option<Value>,
    },
    /// A scalar.
    Scalar(Scalar),
    /// The first cell of a table, `toscalar(…)`; null of the given type if the table is empty.
    Cell(Relation, Type),
    /// The values of the first column of a table as a list: `x in (T | …)`.
    Set(Relation),
    /// A table that is referenced several times, or that is materialised.
    Table(Relation),
}

/// A pipeline: the origin of its rows and the steps applied to them.
#[derive(Clone, Debug)]
pub struct Relation {
    /// The origin of the rows.
    pub origin: Origin,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The columns of the result.
    pub columns: Vec<Column>,
}

/// The origin of the rows of a pipeline.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A table of the source, restricted to the columns that are needed.
    Table {
        /// The name of the table.
        name: String,
        /// The requested columns, in the order in which rows contain them.
        columns: Vec<Column>,
    },
    /// Literal rows of the query; their expressions refer to no column.
    Rows(Vec<Vec<Scalar>>),
    /// `range`: one column of numbers, instants or timespans.
    Range {
        /// The first value.
        from: Scalar,
        /// The last value, inclusive.
        to: Scalar,
        /// The step between values.
        step: Scalar,
        /// The type of the column.
        kind: Type,
        /// The place of the operator in the query text.
        span: Span,
    },
    /// A definition that is a table.
    Defined(usize),
    /// The rows that the surrounding operator supplies, with so many columns: the input of the operators in brackets of
    /// `mv-apply` and `partition`.
    Given(usize),
}

/// A step of a pipeline with the source location of its operator.
#[derive(Clone, Debug)]
pub struct Step {
    /// The operation.
    pub action: Action,
    /// The place of the operator in the query text.
    pub span: Span,
    /// The number of columns of the input rows.
    pub width: usize,
}

/// The operation of a step.
#[derive(Clone, Debug)]
pub enum Action {
    /// Keeps the rows for which the condition is true.
    Filter(Scalar),
    /// Replaces each row by the values of these expressions.
    Map(Vec<Scalar>),
    /// Groups rows; each result row contains the keys, then the results of the aggregates.
    Aggregate {
        /// The group keys.
        keys: Vec<Scalar>,
        /// The aggregates computed for each group.
        aggregates: Vec<Aggregation>,
    },
    /// Sorts, stably.
    Sort(Vec<SortBy>),
    /// Keeps the first rows in sort order; ties keep their input order.
    Top(Scalar, Vec<SortBy>),
    /// Keeps the first rows.
    Take(Scalar),
    /// Keeps the first of equal rows.
    Distinct,
    /// Replaces all rows by one row with their count.
    Count,
    /// Expands arrays and bags to one row per element.
    Expand(Expansion),
    /// Combines the rows of two tables by key.
    Join(Box<Join>),
    /// Appends the rows of another table with the same columns.
    Append(Relation),
    /// Appends columns extracted from a string to each row.
    Parse(Box<Pattern>),
    /// Produces one row per group, with arrays over an axis.
    Series(Box<Series>),
    /// Appends columns that depend on neighbouring rows to each row.
    Window(Vec<Window>),
    /// Applies operators to parts of the rows.
    Apply(Box<Apply>),
    /// Follows sequences of rows that match steps.
    Scan(Box<Scan>),
}

/// `mv-apply` and `partition`: operators applied to parts of the rows.
#[derive(Clone, Debug)]
pub struct Apply {
    /// What is a part.
    pub parts: Parts,
    /// The operators; their origin is [`Origin::Given`].
    pub inner: Relation,
    /// The cells of a result row.
    pub output: Vec<Cell>,
}

/// The parts of the rows to which operators are applied.
#[derive(Clone, Debug)]
pub enum Parts {
    /// The rows that each row expands to.
    Elements(Expansion),
    /// The rows with the same value, in the order of the first row of each.
    Groups(Scalar),
}

/// A cell of the result of [`Apply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A column of the expanded row.
    Outer(usize),
    /// A column of the result of the operators.
    Inner(usize),
}

/// `scan`. Its expressions read a row of the current columns (those of the input, then the declared ones), followed by as
/// many columns per step: the row that last matched the step, in the sequence that is continued.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The values of the declared columns before a step assigns them, with their types.
    pub defaults: Vec<(Scalar, Type)>,
    /// The steps, in order.
    pub steps: Vec<ScanStep>,
    /// Whether the number of the sequence is appended to each row.
    pub match_id: bool,
}

/// A step of `scan`.
#[derive(Clone, Debug)]
pub struct ScanStep {
    /// Whether rows that match are part of the result.
    pub emits: bool,
    /// The condition for a row to match.
    pub condition: Scalar,
    /// The assigned columns, by their number, with their values.
    pub assignments: Vec<(usize, Scalar)>,
}

/// An aggregate and its inputs.
#[derive(Clone, Debug)]
pub enum Aggregation {
    /// A function of the registry.
    Function {
        /// The function.
        function: &'static registry::Aggregate,
        /// The arguments, evaluated on each row.
        arguments: Vec<Scalar>,
        /// Type and constant value of each argument.
        described: Vec<registry::Argument>,
    },
    /// `arg_max`, `arg_min`: the values of the row with the greatest or least first value. Produces one value per
    /// scalar.
    Extreme {
        /// `true` for the greatest value, `false` for the least.
        greatest: bool,
        /// The compared value, then the values to keep.
        values: Vec<Scalar>,
    },
    /// `take_any`: the values of the first row for which the condition is true. Produces one value per scalar.
    First {
        /// The values to keep.
        values: Vec<Scalar>,
        /// The condition on the row.
        condition: Option<Scalar>,
    },
}

impl Aggregation {
    /// Number of values that the aggregate produces.
    #[must_use]
    pub const fn width(&self) -> usize {
        match self {
            Self::Function { .. } => 1,
            Self::Extreme { values, .. } | Self::First { values, .. } => values.len(),
        }
    }
}

/// A sort key.
#[derive(Clone, Debug)]
pub struct SortBy {
    /// The value to sort by.
    pub value: Scalar,
    /// Whether the order is ascending.
    pub ascending: bool,
    /// Whether nulls are sorted first.
    pub nulls_first: bool,
}

/// `mv-expand`.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// The values that are expanded in parallel, with their result columns and element types.
    pub items: Vec<ExpandItem>,
    /// Whether properties of bags become arrays of name and value instead of bags with one property.
    pub bags_as_arrays: bool,
    /// The column of the result that contains the index of the element, from 0.
    pub index: Option<usize>,
    /// The maximum number of result rows per input row.
    pub limit: Option<Scalar>,
    /// The number of columns of the result; those of the input come first and keep their numbers.
    pub width: usize,
}

/// One value expanded by `mv-expand`.
#[derive(Clone, Debug)]
pub struct ExpandItem {
    /// The value to expand.
    pub value: Scalar,
    /// The number of the result column.
    pub column: usize,
    /// The type to which elements are converted.
    pub kind: Option<Type>,
}

/// The kind of a join: which rows are in its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// As `Inner`, with only the first left row of each key.
    InnerUnique,
    /// Pairs.
    Inner,
    /// Pairs, and left rows without a match.
    LeftOuter,
    /// Pairs, and right rows without a match.
    RightOuter,
    /// Pairs, and rows of both sides without a match.
    FullOuter,
    /// Left rows without a match.
    LeftAnti,
    /// Right rows without a match.
    RightAnti,
    /// Left rows with a match.
    LeftSemi,
    /// Right rows with a match.
    RightSemi,
}

/// `join` and `lookup`.
#[derive(Clone, Debug)]
pub struct Join {
    /// The kind of the join.
    pub kind: JoinKind,
    /// The right side.
    pub right: Relation,
    /// The numbers of the left and the right column of each equality.
    pub on: Vec<(usize, usize)>,
    /// The types of the left columns, from which the empty values of unmatched right rows are made.
    pub left: Vec<Column>,
    /// The columns of the pair (left columns, then right columns) that make up the result. For one-sided kinds, the
    /// columns of that side.
    pub output: Vec<usize>,
}

/// `parse`.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The string to parse.
    pub text: Scalar,
    /// The matching mode.
    pub mode: ParseMode,
    /// The parts of the pattern, in order.
    pub parts: Vec<PatternPart>,
    /// The columns to fill; each with its place in the result row.
    pub columns: Vec<(usize, Type)>,
    /// The number of columns of the result.
    pub width: usize,
    /// Whether rows without a match are dropped (`parse-where`).
    pub only_matches: bool,
}

/// The matching mode of `parse`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseMode {
    /// Strings are literal; one value that cannot be converted empties all columns.
    Simple,
    /// Strings are literal; a value that cannot be converted is null, the others are kept.
    Relaxed,
    /// Strings are regular expressions, with these flags.
    Regex(String),
}

/// A part of a `parse` pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternPart {
    /// `*`: any text, discarded.
    Skip,
    /// A literal string, or a regular expression.
    Text(String),
    /// The next column, with its type.
    Column(Type),
}

/// `make-series`.
#[derive(Clone, Debug)]
pub struct Series {
    /// The group keys.
    pub keys: Vec<Scalar>,
    /// The axis.
    pub on: Scalar,
    /// The type of the axis.
    pub kind: Type,
    /// The start of the first bin; if absent, the bin of the least value.
    pub from: Option<Scalar>,
    /// The end, exclusive; if absent, the end of the bin of the greatest value.
    pub to: Option<Scalar>,
    /// Whether bins start at multiples of the step, and the last is the one that contains the end: `in range(…)`.
    pub in_range: bool,
    /// The width of a bin.
    pub step: Scalar,
    /// The aggregates.
    pub aggregates: Vec<Aggregation>,
    /// The array values, computed from the keys and the results of the aggregates, each with the value of an empty bin.
    pub values: Vec<(Scalar, Scalar)>,
    /// Whether an empty input produces one row of defaults.
    pub nonempty: bool,
}

/// A window function: its value depends on preceding or following rows.
#[derive(Clone, Debug)]
pub enum Window {
    /// The number of the row since the last restart, counted from `start`.
    RowNumber {
        /// The first number.
        start: Scalar,
        /// The condition for restarting the count.
        restart: Option<Scalar>,
    },
    /// The value of an expression at a preceding row (or a following row, if the distance is negative).
    Shift {
        /// The value.
        value: Scalar,
        /// The distance in rows.
        by: i64,
        /// The value if there is no such row.
        default: Scalar,
    },
    /// The rank of a value among the values since the last restart; equal values have the same rank.
    Rank {
        /// The value.
        value: Scalar,
        /// The condition for restarting the ranks.
        restart: Option<Scalar>,
        /// Whether the next rank is one higher, or the number of the row.
        dense: bool,
    },
    /// The first instant of the session of the row.
    Session {
        /// The instant.
        value: Scalar,
        /// The greatest distance from the first row of a session.
        from_first: Scalar,
        /// The greatest distance between neighbours of a session.
        between: Scalar,
        /// The condition for starting a new session.
        restart: Option<Scalar>,
    },
    /// The sum up to this row since the last restart.
    Sum {
        /// The summand.
        value: Scalar,
        /// The condition for restarting the sum.
        restart: Option<Scalar>,
    },
}

/// An expression whose names are resolved.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// A value.
    Constant(Value),
    /// A column of the row.
    Column(usize),
    /// The value of a definition.
    Defined(usize),
    /// A function of the registry.
    Call {
        /// The function.
        function: &'static registry::Scalar,
        /// Its arguments.
        arguments: Vec<Scalar>,
        /// Type and constant value of each argument.
        described: Vec<registry::Argument>,
    },
    /// `-x`
    Unary(UnaryOp, Box<Scalar>),
    /// A binary operator; `and` and `or` evaluate the right side only if needed.
    Binary(BinaryOp, Box<Scalar>, Box<Scalar>),
    /// The value of the first branch with a true condition, otherwise the last value.
    Case(Vec<(Scalar, Scalar)>, Box<Scalar>),
    /// The first value that is not null (and not empty, for strings).
    Coalesce(Vec<Scalar>),
    /// A value converted to another type.
    Convert(Type, Box<Scalar>),
    /// A property of a bag.
    Member(Box<Scalar>, Arc<str>),
    /// An element of an array, or a property of a bag.
    Element(Box<Scalar>, Box<Scalar>),
    /// Whether a value is in a list; array elements of the list are replaced by their items.
    In(InOp, Box<Scalar>, Vec<Scalar>),
    /// Whether a value is between two bounds, both inclusive.
    Between {
        /// Whether the result is negated (`!between`).
        negated: bool,
        /// The value to test.
        operand: Box<Scalar>,
        /// The lower bound.
        low: Box<Scalar>,
        /// The upper bound.
        high: Box<Scalar>,
    },
}
