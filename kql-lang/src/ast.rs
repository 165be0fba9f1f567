//! The syntax tree of a query. Every node has a span; names are not resolved.
//!
//! Tabular and scalar expressions share one type, since the language nests them: `toscalar(T | count)`,
//! `x in (T | project y)`. Parentheses are not represented; the printer writes them where needed.

use crate::span::Node;
use crate::value::{Type, Value};

/// An expression and its span.
pub type Expr = Node<ExprKind>;

/// A name and its span. The name excludes brackets and quotes; the span includes them.
pub type Name = Node<String>;

/// A query: one or more statements. Normally the last one is the only one that is not a `let`, and gives the result.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The statements in source order.
    pub statements: Vec<Statement>,
}

/// A statement. Statements are separated by semicolons.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// `let name = value`; the value is a scalar, a table or a function.
    Let {
        /// The new name.
        name: Name,
        /// The value of the name.
        value: Expr,
    },
    /// `set name = value` or `set name`: an option of the service.
    Set {
        /// The name of the option.
        name: Name,
        /// The value, if given.
        value: Option<Expr>,
    },
    /// `declare query_parameters (name: type = default, …)`
    Parameters(Vec<Parameter>),
    /// An expression whose value is a result of the query.
    Expression(Expr),
}

/// A parameter of a function or of the query.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// The name.
    pub name: Name,
    /// The type.
    pub kind: ParameterKind,
    /// The default value, if any.
    pub default: Option<Expr>,
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterKind {
    /// A scalar of this type.
    Scalar(Type),
    /// A table: `(column: type, …)`; an empty list is `(*)`, a table with any columns.
    Table(Vec<(Name, Type)>),
}

/// The kind of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A constant. Nulls are typed.
    Literal(Type, Value),
    /// `typeof(type)`
    TypeOf(Type),
    /// A column, variable or table.
    Name(String),
    /// `*`, in calls such as `count(*)` and in projections.
    Star,
    /// `base.name`
    Member(Box<Expr>, Name),
    /// `base[index]`
    Element(Box<Expr>, Box<Expr>),
    /// `name(arguments)`; also `database(…)`, `materialize(…)`, `toscalar(…)`, user functions and aggregates.
    Call(Name, Vec<Argument>),
    /// `-x`, `+x`. (Logical negation is the function `not`.)
    Unary(UnaryOp, Box<Expr>),
    /// `left op right`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `left in (list)` and its variants; an item of the list may be a pipeline.
    In(InOp, Box<Expr>, Vec<Expr>),
    /// `x between (low .. high)` or `x !between (low .. high)`.
    Between {
        /// Whether it is `!between`.
        negated: bool,
        /// The tested value.
        operand: Box<Expr>,
        /// The lower bound, inclusive.
        low: Box<Expr>,
        /// The upper bound, inclusive.
        high: Box<Expr>,
    },
    /// `source | operator | …`; there is at least one operator, and the source is not a `Pipe`.
    Pipe(Box<Expr>, Vec<Operator>),
    /// A source at the start of a pipeline: `print`, `range`, `union`, `datatable`.
    Source(Box<Source>),
    /// `(parameters) { statements }`, only in `let`.
    Function {
        /// Whether it is a view: `view () { … }`.
        view: bool,
        /// The parameters in order.
        parameters: Vec<Parameter>,
        /// The statements of its body.
        body: Vec<Statement>,
    },
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Argument {
    /// The name of a named argument, as in `f(k = v)`.
    pub name: Option<Name>,
    /// The value.
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

/// Operators with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "each is the operator of its name; `Cs` is the case-sensitive form, `Not` the form with `!`"
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
#[expect(missing_docs, reason = "each is the operator of its name; `Tilde` is the case-insensitive form")]
pub enum InOp {
    In,
    NotIn,
    InTilde,
    NotInTilde,
    HasAny,
    HasAll,
}

/// An expression with optional names for its result columns: `x`, `a = x`, `(a, b) = x`.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The names: none, one, or several for an expression with several results.
    pub names: Vec<Name>,
    /// The expression.
    pub value: Expr,
}

/// A parameter of an operator: `kind = leftouter`, `hint.strategy = shuffle`, `withsource = T`.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The name, including dots.
    pub name: Name,
    /// The value: a word or a literal.
    pub value: Expr,
}

/// A sort key with its direction and the position of nulls; `None` if not specified.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// The expression to sort by. Kusto does not allow `name = …` here.
    pub value: Expr,
    /// `Some(true)` for `asc`, `Some(false)` for `desc`.
    pub ascending: Option<bool>,
    /// `Some(true)` for `nulls first`, `Some(false)` for `nulls last`.
    pub nulls_first: Option<bool>,
}

/// A column pattern in `project-away` and related operators: a name that may contain `*`.
pub type NamePattern = Node<String>;

/// A pipeline operator and its span, from its first token to its last.
pub type Operator = Node<OperatorKind>;

/// The kind of an operator.
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
    /// `project-reorder`; each pattern with an optional order: `asc`, `desc`, `granny-asc`, `granny-desc`.
    ProjectReorder(Vec<(NamePattern, Option<String>)>),
    /// `summarize aggregates by keys`
    Summarize {
        /// `hint.…`
        settings: Vec<Setting>,
        /// The aggregates; may be empty.
        aggregates: Vec<Named>,
        /// The group keys; may be empty.
        by: Vec<Named>,
    },
    /// `sort by`, `order by`
    Sort(Vec<SortKey>),
    /// `top n by key, …`
    Top(Expr, Vec<SortKey>),
    /// `take`, `limit`
    Take(Expr),
    /// `distinct columns`; `*` selects all.
    Distinct(Vec<Named>),
    /// `count`
    Count,
    /// `count as name`
    CountAs(Name),
    /// `mv-expand`
    MvExpand {
        /// `kind`, `bagexpansion`, `with_itemindex`
        settings: Vec<Setting>,
        /// The expanded expressions, each with the type to convert its elements to, if given.
        items: Vec<(Named, Option<Type>)>,
        /// `limit n`
        limit: Option<Expr>,
    },
    /// `mv-apply`
    MvApply(Box<MvApply>),
    /// `partition by column (operators)`
    Partition {
        /// `hint.…`
        settings: Vec<Setting>,
        /// The column whose values divide the rows.
        by: Expr,
        /// The operators applied to each part.
        operators: Vec<Operator>,
    },
    /// `parse-kv text as (key: type, …) with (option = value, …)`
    ParseKv {
        /// The text.
        text: Expr,
        /// The keys, which become columns, with their types.
        keys: Vec<(Name, Type)>,
        /// `pair_delimiter`, `kv_delimiter`, `quote`, `escape`, `greedy`, `regex`
        options: Vec<Setting>,
    },
    /// `scan`
    Scan(Box<Scan>),
    /// `search`, after `|`
    Search(Box<Search>),
    /// `invoke function(arguments)`: a function whose first argument is the table.
    Invoke(Name, Vec<Argument>),
    /// `evaluate plugin(arguments)`, for the plugins that run offline
    Evaluate(Box<Evaluate>),
    /// `join settings (right) on conditions`
    Join(Box<Join>),
    /// `lookup settings (right) on conditions`
    Lookup(Box<Join>),
    /// `union settings tables`, after `|`
    Union {
        /// `kind`, `withsource`, `isfuzzy`
        settings: Vec<Setting>,
        /// The tables to add.
        tables: Vec<Expr>,
    },
    /// `render kind with (properties)`; does not change the rows.
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
    /// An operator that Kusto has and this crate does not support; its arguments are not parsed.
    Unsupported(String),
}

/// The arguments of `join` and `lookup`.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// `kind`, `hint.…`
    pub settings: Vec<Setting>,
    /// The right side.
    pub right: Expr,
    /// The conditions after `on`: names, or equalities of `$left.a` and `$right.b`.
    pub on: Vec<Expr>,
}

/// The arguments of `mv-apply`.
#[derive(Clone, Debug, PartialEq)]
pub struct MvApply {
    /// `kind`, `bagexpansion`, `with_itemindex`
    pub settings: Vec<Setting>,
    /// The expanded expressions, each with the type to convert its elements to, if given.
    pub items: Vec<(Named, Option<Type>)>,
    /// `limit n`
    pub limit: Option<Expr>,
    /// The operators applied to the elements of each row.
    pub operators: Vec<Operator>,
}

/// The arguments of `scan`.
#[derive(Clone, Debug, PartialEq)]
pub struct Scan {
    /// `with_match_id`
    pub settings: Vec<Setting>,
    /// The declared columns, each with its type and the value that it has before it is assigned, if given.
    pub columns: Vec<(Name, Type, Option<Expr>)>,
    /// The steps, in order.
    pub steps: Vec<ScanStep>,
}

/// A step of `scan`: `step name output = last : condition => column = value, …;`.
#[derive(Clone, Debug, PartialEq)]
pub struct ScanStep {
    /// The name of the step.
    pub name: Name,
    /// `all`, `last` or `none`; `None` if not given.
    pub output: Option<Name>,
    /// The condition for a row to match.
    pub condition: Expr,
    /// The values assigned to declared columns.
    pub assignments: Vec<(Name, Expr)>,
}

/// The arguments of `search`.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// `kind`
    pub settings: Vec<Setting>,
    /// The tables to search, each a name or a name with `*`; all tables if empty.
    pub tables: Vec<Expr>,
    /// The condition. A string in it is a term that any column can contain.
    pub condition: Expr,
}

/// The arguments of `evaluate`.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluate {
    /// The name of the plugin.
    pub plugin: Name,
    /// Its arguments.
    pub arguments: Vec<Argument>,
    /// The columns of the result, if given after `:`; a star for the columns of the input comes first, if there is one.
    pub schema: Option<Vec<(Name, Type)>>,
}

/// The arguments of `parse`.
#[derive(Clone, Debug, PartialEq)]
pub struct Parse {
    /// `kind`, `flags`
    pub settings: Vec<Setting>,
    /// The text to parse.
    pub text: Expr,
    /// The parts of the pattern in order.
    pub parts: Vec<ParsePart>,
}

/// A part of the pattern of `parse`.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsePart {
    /// `*`: any text, discarded.
    Skip,
    /// A literal text; a regex with `kind=regex`.
    Text(Node<String>),
    /// A column and its type; `string` by default.
    Column(Name, Option<Type>),
}

/// The arguments of `make-series`.
#[derive(Clone, Debug, PartialEq)]
pub struct MakeSeries {
    /// `kind = nonempty`, `hint.…`
    pub settings: Vec<Setting>,
    /// The aggregates, each with the value of empty bins, if given.
    pub aggregates: Vec<(Named, Option<Expr>)>,
    /// The axis column.
    pub on: Expr,
    /// The start of the axis (`from`), inclusive.
    pub from: Option<Expr>,
    /// The end of the axis (`to`), exclusive.
    pub to: Option<Expr>,
    /// The bin size (`step`).
    pub step: Expr,
    /// Whether the axis is given as `in range(from, to, step)`, with an inclusive end and bins as in `bin`.
    pub in_range: bool,
    /// The group keys.
    pub by: Vec<Named>,
}

/// The source at the start of a pipeline.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// `print`
    Print(Vec<Named>),
    /// `range name from a to b step c`
    Range {
        /// The column name.
        name: Name,
        /// The first value.
        from: Box<Expr>,
        /// The last value, inclusive.
        to: Box<Expr>,
        /// The difference between two values.
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
        /// Names and types of the columns.
        columns: Vec<(Name, Type)>,
        /// The values, row by row.
        values: Vec<Expr>,
    },
    /// `search`
    Search(Box<Search>),
    /// A source that Kusto has and this crate does not support (`find`, `externaldata`, `evaluate`); its arguments
    /// are not parsed.
    Unsupported(String),
}
