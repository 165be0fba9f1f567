//! What a query says, as a tree: every node knows where it stands, and none knows what its names mean.
//!
//! Pipelines and scalars share one kind of expression, as they do in the language: `toscalar(T | count)`,
//! `x in (T | project y)`. Parentheses are not kept; the printer writes those that are needed.

use crate::span::Node;
use crate::value::{Type, Value};

/// An expression at its place.
pub type Expr = Node<ExprKind>;

/// A name at its place, without the brackets or quotes that it may be written in.
pub type Name = Node<String>;

/// A whole query: statements, the last of which (normally the only one that is no `let`) gives the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// In order.
    pub statements: Vec<Statement>,
}

/// One statement; they are parted by semicolons.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `let name = value`, where the value is scalar, tabular or a function.
    Let {
        /// What is named.
        name: Name,
        /// What it stands for.
        value: Expr,
    },
    /// `set name = value`: an option of the service; `value` is absent where only the name stands.
    Set {
        /// The option.
        name: Name,
        /// Its value.
        value: Option<Expr>,
    },
    /// `declare query_parameters (name: type = default, …)`
    Parameters(Vec<Parameter>),
    /// A query.
    Expression(Expr),
}

/// A parameter of a function or of the whole query.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub kind: ParameterKind,
    /// What it is where the caller says nothing.
    pub default: Option<Expr>,
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterKind {
    /// A scalar of this type.
    Scalar(Type),
    /// A table: `(column: type, …)`, or `(*)` where there are no columns.
    Table(Vec<(Name, Type)>),
}

/// What an expression can be.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant; a null has a type as well.
    Literal(Type, Value),
    /// `typeof(type)`
    TypeOf(Type),
    /// A column, variable or table.
    Name(String),
    /// `*`, in calls, projections and `count(*)`-like places.
    Star,
    /// `base.name`
    Member(Box<Expr>, Name),
    /// `base[index]`
    Element(Box<Expr>, Box<Expr>),
    /// `name(arguments)`; also `database(…)`, `materialize(…)`, `toscalar(…)`, user functions and aggregates.
    Call(Name, Vec<Argument>),
    /// `-x`, `+x`. (Negation of truth is the function `not`.)
    Unary(UnaryOp, Box<Expr>),
    /// `left op right`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `left in (list)` and its variants; the list may hold a pipeline.
    In(InOp, Box<Expr>, Vec<Expr>),
    /// `x between (low .. high)`, negated with `!between`.
    Between {
        /// Whether it is `!between`.
        negated: bool,
        /// What is tested.
        operand: Box<Expr>,
        /// The lower bound, inclusive.
        low: Box<Expr>,
        /// The upper bound, inclusive.
        high: Box<Expr>,
    },
    /// `source | operator | …`; never empty, and the source is never itself a pipe.
    Pipe(Box<Expr>, Vec<Operator>),
    /// `print`, `range`, `union`, `datatable`: an operator that stands at the head of a pipeline.
    Source(Box<Source>),
    /// `(parameters) { statements }`, in `let` only; `view` where it is one.
    Function {
        /// `view () { … }`
        view: bool,
        /// In order.
        parameters: Vec<Parameter>,
        /// The statements of its body.
        body: Vec<Statement>,
    },
}

/// An argument of a call; `name` as in `bag_pack(k = v)`-like named arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// Its name, where it is given by name.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expr,
}

/// Operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Minus,
    /// `+`
    Plus,
}

/// Operators with two operands, from the loosest to the tightest: `or`, `and`, comparisons and text operators, `+ -`, `* / %`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each is the operator of its name; `Cs` marks the form with case, `Not` the form with `!`"
)]
pub enum BinaryOp {
    Or,
    And,
    Equal,
    NotEqual,
    EqualTilde,
    NotEqualTilde,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Contains,
    NotContains,
    ContainsCs,
    NotContainsCs,
    Has,
    NotHas,
    HasCs,
    NotHasCs,
    HasPrefix,
    NotHasPrefix,
    HasPrefixCs,
    NotHasPrefixCs,
    HasSuffix,
    NotHasSuffix,
    HasSuffixCs,
    NotHasSuffixCs,
    StartsWith,
    NotStartsWith,
    StartsWithCs,
    NotStartsWithCs,
    EndsWith,
    NotEndsWith,
    EndsWithCs,
    NotEndsWithCs,
    MatchesRegex,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}

/// Operators with a list on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the operator of its name; `Tilde` marks the form without case")]
pub enum InOp {
    In,
    NotIn,
    InTilde,
    NotInTilde,
    HasAny,
    HasAll,
}

/// An expression with the name or names that its result shall have: `x`, `a = x`, `(a, b) = x`.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// None, one, or several for expressions with several results.
    pub names: Vec<Name>,
    /// The expression.
    pub value: Expr,
}

/// A parameter of an operator: `kind = leftouter`, `hint.strategy = shuffle`, `withsource = T`.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Its name, dots included.
    pub name: Name,
    /// Its value: a word or a literal.
    pub value: Expr,
}

/// Whether a sort goes up or down, and where nulls stand; `None` where the author does not say.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// What is sorted by; `name = …` is not allowed by Kusto.
    pub value: Expr,
    /// `Some(true)` for `asc`, `Some(false)` for `desc`.
    pub ascending: Option<bool>,
    /// `Some(true)` for `nulls first`.
    pub nulls_first: Option<bool>,
}

/// A column in `project-away` and related operators: a name that may hold `*`.
pub type NamePattern = Node<String>;

/// An operator of a pipeline at its place (from its first word to its last).
pub type Operator = Node<OperatorKind>;

/// What an operator can be.
#[derive(Clone, Debug, PartialEq)]
pub enum OperatorKind {
    /// `where`, `filter`
    Where(Expr),
    /// `extend`
    Extend(Vec<Named>),
    /// `project`
    Project(Vec<Named>),
    /// `project-away`
    ProjectAway(Vec<NamePattern>),
    /// `project-keep`
    ProjectKeep(Vec<NamePattern>),
    /// `project-rename new = old, …`
    ProjectRename(Vec<(Name, Name)>),
    /// `project-reorder`: with `asc`, `desc`, `granny-asc`, `granny-desc` where said.
    ProjectReorder(Vec<(NamePattern, Option<String>)>),
    /// `summarize aggregates by keys`
    Summarize {
        /// `hint.…`
        settings: Vec<Setting>,
        /// The aggregates; may be none.
        aggregates: Vec<Named>,
        /// The keys; may be none.
        by: Vec<Named>,
    },
    /// `sort by`, `order by`
    Sort(Vec<SortKey>),
    /// `top n by key, …`
    Top(Expr, Vec<SortKey>),
    /// `take`, `limit`
    Take(Expr),
    /// `distinct columns`; `*` for all.
    Distinct(Vec<Named>),
    /// `count`
    Count,
    /// `mv-expand`
    MvExpand {
        /// `kind`, `bagexpansion`, `with_itemindex`
        settings: Vec<Setting>,
        /// What is expanded, each with the type it is turned into.
        items: Vec<(Named, Option<Type>)>,
        /// `limit n`
        limit: Option<Expr>,
    },
    /// `join settings (right) on conditions`
    Join(Box<Join>),
    /// `lookup settings (right) on conditions`
    Lookup(Box<Join>),
    /// `union settings tables`, in mid-pipeline
    Union {
        /// `kind`, `withsource`, `isfuzzy`
        settings: Vec<Setting>,
        /// The tables that are added.
        tables: Vec<Expr>,
    },
    /// `render kind with (properties)`; changes nothing.
    Render(Name, Vec<Setting>),
    /// `as name`
    As(Name),
    /// `serialize`, with columns as in `extend`
    Serialize(Vec<Named>),
    /// `parse`
    Parse(Parse),
    /// `parse-where`
    ParseWhere(Parse),
    /// `make-series`
    MakeSeries(Box<MakeSeries>),
    /// `getschema`
    GetSchema,
    /// An operator that Kusto has and this subset has not; its words are not read.
    Unsupported(String),
}

/// What `join` and `lookup` say.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// `kind`, `hint.…`
    pub settings: Vec<Setting>,
    /// The right side.
    pub right: Expr,
    /// `on`: names, or equalities of `$left.a` and `$right.b`.
    pub on: Vec<Expr>,
}

/// What `parse` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Parse {
    /// `kind`, `flags`
    pub settings: Vec<Setting>,
    /// The text that is taken apart.
    pub text: Expr,
    /// The pattern, in order.
    pub parts: Vec<ParsePart>,
}

/// A part of the pattern of `parse`.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsePart {
    /// `*`: anything, thrown away.
    Skip,
    /// A text, or a regex with `kind=regex`.
    Text(Node<String>),
    /// A column, `string` unless another type is said.
    Column(Name, Option<Type>),
}

/// What `make-series` says.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeSeries {
    /// `kind = nonempty`, `hint.…`
    pub settings: Vec<Setting>,
    /// The aggregates, each with the value of empty bins.
    pub aggregates: Vec<(Named, Option<Expr>)>,
    /// The axis.
    pub on: Expr,
    /// `from`, inclusive
    pub from: Option<Expr>,
    /// `to`, exclusive
    pub to: Option<Expr>,
    /// `step`
    pub step: Expr,
    /// The keys.
    pub by: Vec<Named>,
}

/// Operators that stand at the head of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `print`
    Print(Vec<Named>),
    /// `range name from a to b step c`
    Range {
        /// The column.
        name: Name,
        /// The first value.
        from: Box<Expr>,
        /// The last value, inclusive.
        to: Box<Expr>,
        /// The distance.
        step: Box<Expr>,
    },
    /// `union` with its settings and tables
    Union {
        /// `kind`, `withsource`, `isfuzzy`
        settings: Vec<Setting>,
        /// The tables.
        tables: Vec<Expr>,
    },
    /// `datatable (columns) [values]`
    Datatable {
        /// Names and types.
        columns: Vec<(Name, Type)>,
        /// The values, row by row.
        values: Vec<Expr>,
    },
    /// A head that Kusto has and this subset has not (`search`, `find`, `externaldata`, `evaluate`): its words are not read.
    Unsupported(String),
}
