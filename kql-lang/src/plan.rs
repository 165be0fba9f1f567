//! What a bound query is: pipelines whose columns are numbers and whose functions are known.
//!
//! A plan holds no names that still have to be looked up, except those of tables and parameters, which the run
//! gets from its caller. Definitions refer only to earlier ones, so that a run needs no search for an order.

use std::sync::Arc;

use crate::ast::{BinaryOp, InOp, UnaryOp};
use crate::registry;
use crate::span::Span;
use crate::value::{Column, Type, Value};

/// A query that is ready to run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// What is evaluated once per run, each referring only to earlier ones.
    pub definitions: Vec<Definition>,
    /// The results in the order of their statements.
    pub results: Vec<Output>,
}

/// One result of a query.
#[derive(Clone, Debug)]
pub struct Output {
    /// The name that `as` gave it.
    pub name: Option<String>,
    /// Its rows.
    pub relation: Relation,
}

/// What is evaluated once per run, before anything that refers to it.
#[derive(Clone, Debug)]
pub enum Definition {
    /// A parameter of the query: its value comes with the settings of the run, else it is the default.
    Parameter {
        /// Its name.
        name: String,
        /// Its type.
        kind: Type,
        /// What it is if the run does not say.
        default: Option<Value>,
    },
    /// A scalar.
    Scalar(Scalar),
    /// The first cell of a table: `toscalar(…)`; null of the type if there is none.
    Cell(Relation, Type),
    /// The values of the first column of a table, as a list: `x in (T | …)`.
    Set(Relation),
    /// A table that is referred to from several places, or that is materialised.
    Table(Relation),
}

/// A pipeline: where rows come from and what is done with them.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Where the rows come from.
    pub origin: Origin,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// The columns of the result.
    pub columns: Vec<Column>,
}

/// Where the rows of a pipeline come from.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A table of the source: the columns that are needed.
    Table {
        /// Its name.
        name: String,
        /// The columns, in the order in which rows hold them.
        columns: Vec<Column>,
    },
    /// Rows that stand in the query; none of them refers to a column.
    Rows(Vec<Vec<Scalar>>),
    /// `range`: of numbers, instants or spans, one column.
    Range {
        /// The first value.
        from: Scalar,
        /// The last value, inclusive.
        to: Scalar,
        /// The distance.
        step: Scalar,
        /// The type of the column.
        kind: Type,
        /// Where it stands.
        span: Span,
    },
    /// A definition that is a table.
    Defined(usize),
}

/// A step of a pipeline and where its operator stands.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// The operator in the text.
    pub span: Span,
    /// How many columns rows have before it.
    pub width: usize,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Keeps the rows for which this is true.
    Filter(Scalar),
    /// Replaces each row by the values of these expressions.
    Map(Vec<Scalar>),
    /// Groups rows; a row of the result is the keys, then what the aggregates give.
    Aggregate {
        /// The keys of the groups.
        keys: Vec<Scalar>,
        /// What is computed of each group.
        aggregates: Vec<Aggregation>,
    },
    /// Sorts, stably.
    Sort(Vec<SortBy>),
    /// Keeps the first rows of a sort; ties stand in their first order.
    Top(Scalar, Vec<SortBy>),
    /// Keeps the first rows.
    Take(Scalar),
    /// Keeps the first of equal rows.
    Distinct,
    /// One row: how many rows there are.
    Count,
    /// One row per element of arrays and bags.
    Expand(Expansion),
    /// Rows of two tables side by side.
    Join(Box<Join>),
    /// The rows of another table after those of this; its columns are the same.
    Append(Relation),
    /// Columns taken out of a text, appended to the row.
    Parse(Box<Pattern>),
    /// One row per group with arrays over an axis.
    Series(Box<Series>),
    /// Columns that depend on the rows before and after, appended to the row.
    Window(Vec<Window>),
}

/// An aggregate and what it is computed of.
#[derive(Clone, Debug)]
pub enum Aggregation {
    /// A function of the registry.
    Function {
        /// Which.
        function: &'static registry::Aggregate,
        /// What of each row.
        arguments: Vec<Scalar>,
        /// What is known of the arguments.
        described: Vec<registry::Argument>,
    },
    /// `arg_max`, `arg_min`: the values of the row whose first value is the greatest or least. Gives one value per scalar.
    Extreme {
        /// Whether the greatest is sought.
        greatest: bool,
        /// What is compared, then what is kept.
        values: Vec<Scalar>,
    },
    /// `take_any`: the values of the first row for which the condition holds. Gives one value per scalar.
    First {
        /// What is kept.
        values: Vec<Scalar>,
        /// Which rows are looked at.
        condition: Option<Scalar>,
    },
}

impl Aggregation {
    /// How many values it gives.
    #[must_use]
    pub const fn width(&self) -> usize {
        match self {
            Self::Function { .. } => 1,
            Self::Extreme { values, .. } | Self::First { values, .. } => values.len(),
        }
    }
}

/// What is sorted by.
#[derive(Clone, Debug)]
pub struct SortBy {
    /// The value.
    pub value: Scalar,
    /// Whether small values come first.
    pub ascending: bool,
    /// Whether nulls come first.
    pub nulls_first: bool,
}

/// `mv-expand`.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// What is expanded side by side: the value, the column of the result that it fills, and the type it is turned into.
    pub items: Vec<ExpandItem>,
    /// Whether properties become arrays of name and value instead of bags.
    pub bags_as_arrays: bool,
    /// The column of the result that counts elements from 0.
    pub index: Option<usize>,
    /// How many rows one row may become.
    pub limit: Option<Scalar>,
    /// How many columns the result has; those of the input come first, under their numbers.
    pub width: usize,
}

/// One expanded value.
#[derive(Clone, Debug)]
pub struct ExpandItem {
    /// What is expanded.
    pub value: Scalar,
    /// Which column of the result it fills.
    pub column: usize,
    /// What elements are turned into.
    pub kind: Option<Type>,
}

/// Which rows of a join come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// As `Inner`, with the first left row of each key only.
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
    /// Which rows come out.
    pub kind: JoinKind,
    /// The right side.
    pub right: Relation,
    /// The columns that must be equal: of the left, of the right.
    pub on: Vec<(usize, usize)>,
    /// The types of the left columns: what an unmatched right row holds there.
    pub left: Vec<Column>,
    /// Which columns of the pair (left ones, then right ones) make the result. For one-sided kinds, of that side.
    pub output: Vec<usize>,
}

/// `parse`.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The text.
    pub text: Scalar,
    /// How it is matched.
    pub mode: ParseMode,
    /// The parts in order.
    pub parts: Vec<PatternPart>,
    /// The columns of the result that are filled; each at its place in the row.
    pub columns: Vec<(usize, Type)>,
    /// How many columns the result has.
    pub width: usize,
    /// Whether rows without a match are dropped (`parse-where`).
    pub only_matches: bool,
}

/// How `parse` matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseMode {
    /// Texts are literal; one value that does not convert empties all columns.
    Simple,
    /// Texts are literal; a value that does not convert is null, the others stay.
    Relaxed,
    /// Texts are regexes, with these flags.
    Regex(String),
}

/// A part of a pattern of `parse`.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternPart {
    /// Anything, thrown away.
    Skip,
    /// A text, or a regex.
    Text(String),
    /// The next column, of this type.
    Column(Type),
}

/// `make-series`.
#[derive(Clone, Debug)]
pub struct Series {
    /// The keys.
    pub keys: Vec<Scalar>,
    /// The axis.
    pub on: Scalar,
    /// Its type.
    pub kind: Type,
    /// The first bin; that of the least value if absent.
    pub from: Option<Scalar>,
    /// The end, exclusive; that after the greatest value if absent.
    pub to: Option<Scalar>,
    /// The width of a bin.
    pub step: Scalar,
    /// The aggregates.
    pub aggregates: Vec<Aggregation>,
    /// Of the keys and what the aggregates give, the values that go into the arrays, each with what stands for an empty bin.
    pub values: Vec<(Scalar, Scalar)>,
    /// Whether no rows give one row of defaults.
    pub nonempty: bool,
}

/// A function that looks at rows before or after.
#[derive(Clone, Debug)]
pub enum Window {
    /// The number of the row since the last restart, counted from `start`.
    RowNumber {
        /// The first number.
        start: Scalar,
        /// Where it starts again.
        restart: Option<Scalar>,
    },
    /// The value some rows before (negative: after).
    Shift {
        /// The value.
        value: Scalar,
        /// By how many rows.
        by: i64,
        /// What stands for rows that are not there.
        default: Scalar,
    },
    /// The sum up to this row since the last restart.
    Sum {
        /// What is added up.
        value: Scalar,
        /// Where it starts again.
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
        /// Which.
        function: &'static registry::Scalar,
        /// Its arguments.
        arguments: Vec<Scalar>,
        /// What is known of them.
        described: Vec<registry::Argument>,
    },
    /// `-x`
    Unary(UnaryOp, Box<Scalar>),
    /// An operator; `and` and `or` look at the right side only if they must.
    Binary(BinaryOp, Box<Scalar>, Box<Scalar>),
    /// The value of the first branch whose condition is true, else the last one.
    Case(Vec<(Scalar, Scalar)>, Box<Scalar>),
    /// The first value that is not null (and not empty, for strings).
    Coalesce(Vec<Scalar>),
    /// A value turned into another type.
    Convert(Type, Box<Scalar>),
    /// A property of a bag.
    Member(Box<Scalar>, Arc<str>),
    /// An element of an array, or a property of a bag.
    Element(Box<Scalar>, Box<Scalar>),
    /// Whether a value is in a list; elements that are arrays stand for what they hold.
    In(InOp, Box<Scalar>, Vec<Scalar>),
    /// Whether a value lies between two, both inclusive.
    Between {
        /// Whether the answer is turned around.
        negated: bool,
        /// The value.
        operand: Box<Scalar>,
        /// The lower bound.
        low: Box<Scalar>,
        /// The upper bound.
        high: Box<Scalar>,
    },
}
