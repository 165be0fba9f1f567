//! Registry of functions and aggregates, used by the binder to type calls and by the interpreter to evaluate them.

mod aggregates;
mod arguments;
mod context;
pub mod operators;
pub mod regex;
mod scalars;
mod service_only;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

pub use self::context::EvalContext;
pub(crate) use self::context::{Failure, MADE_AT_MOST};
pub use service_only::SERVICE_ONLY;

use crate::value::{Type, Value};

/// An argument as known to the binder.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The type of the argument.
    pub kind: Type,
    /// The value, if it is the same for all rows.
    pub constant: Option<Value>,
    /// The type named by a `typeof(…)` argument.
    pub type_of: Option<Type>,
}

/// The name of an unnamed column (`project tostring(a)`), as derived by Kusto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// The name of any other expression: `Column1`, `print_0`.
    None,
    /// The name of the first argument: `bin(timestamp, 1h)` is `timestamp`.
    FirstArgument,
    /// The prefix, an underscore, and the name of the first argument: `avg_value`; prefix and `_` if the argument has
    /// no name.
    Prefix(&'static str),
    /// The prefix and an underscore, independent of the arguments: `count_`.
    OnlyPrefix(&'static str),
    /// This name: `hll_merged_result`.
    Fixed(&'static str),
}

/// A column of a function with several results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultColumn {
    /// The default name.
    pub name: ColumnName,
    /// The type.
    pub kind: Type,
}

/// The default name of a column of a function with several results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnName {
    /// The name of an argument and a suffix: `values_sorted`.
    OfArgument {
        /// The number of the argument, from 0.
        argument: usize,
        /// What follows its name.
        suffix: &'static str,
    },
    /// The name of the function, the name of the first argument, and a suffix: `series_stats_values_min`.
    OfFunction(&'static str),
}

/// A scalar function.
#[derive(Debug)]
pub struct Scalar {
    /// The name in Kusto.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// The accepted numbers of arguments.
    pub arity: RangeInclusive<usize>,
    /// The type of the result, or an error with the invalid argument (from 0) and the expected kind of argument.
    pub result: fn(&[Argument]) -> Result<Type, ArgumentError>,
    /// The default name of a result column.
    pub naming: Naming,
    /// The columns of a result that is a list of values, one per column; `None` for a single value. As a single value, the
    /// result is an array of them.
    pub columns: fn(&[Argument]) -> Option<Vec<ResultColumn>>,
    /// Computes the result. `arguments` have types accepted by `result`; called once per row, never panics.
    pub call: fn(&EvalContext, &[Argument], &[Value]) -> Value,
    /// A one-line summary for the language reference.
    pub summary: &'static str,
}

/// An aggregate function.
#[derive(Debug)]
pub struct Aggregate {
    /// The name in Kusto.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// The accepted numbers of arguments.
    pub arity: RangeInclusive<usize>,
    /// The type of the result, or an error for an invalid argument.
    pub result: fn(&[Argument]) -> Result<Type, ArgumentError>,
    /// The default name of a result column.
    pub naming: Naming,
    /// Creates an empty accumulator.
    pub start: fn(&[Argument]) -> Box<dyn Accumulator>,
    /// A one-line summary for the language reference.
    pub summary: &'static str,
}

/// The state of an aggregate for one group.
pub trait Accumulator: std::fmt::Debug {
    /// Adds a row, given as the values of the arguments. Returns by how many bytes the accumulator has grown, for the
    /// budget.
    fn add(&mut self, values: &[Value]) -> usize;
    /// The result.
    fn finish(self: Box<Self>) -> Value;
}

/// An argument that does not fit a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError {
    /// The number of the argument, from 0.
    pub argument: usize,
    /// The expected kind of argument: `a string`, `a number`, `a constant`.
    pub expected: String,
}

static SCALARS: LazyLock<BTreeMap<&'static str, &'static Scalar>> = LazyLock::new(|| {
    let all = scalars::TOPICS.iter().copied().flatten();
    all.flat_map(|function| function.aliases.iter().chain([&function.name]).map(move |name| (*name, function)))
        .collect()
});

static AGGREGATES: LazyLock<BTreeMap<&'static str, &'static Aggregate>> = LazyLock::new(|| {
    let all = aggregates::TOPICS.iter().copied().flatten();
    all.flat_map(|function| function.aliases.iter().chain([&function.name]).map(move |name| (*name, function)))
        .collect()
});

/// The scalar function with this name or alias; case-sensitive.
#[must_use]
pub fn scalar(name: &str) -> Option<&'static Scalar> {
    SCALARS.get(name).copied()
}

/// The function behind `pack_all(true)`.
pub(crate) fn pack_filled() -> &'static Scalar {
    scalars::pack_filled()
}

/// The function behind the operator `parse-kv`.
pub(crate) fn parse_kv() -> &'static Scalar {
    scalars::parse_kv()
}

/// The aggregate with this name or alias; case-sensitive.
#[must_use]
pub fn aggregate(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.get(name).copied()
}

/// All scalar functions, ordered by name, each once.
pub fn scalars() -> impl Iterator<Item = &'static Scalar> {
    SCALARS.iter().filter(|(name, function)| **name == function.name).map(|(_, function)| *function)
}

/// All aggregates, ordered by name, each once.
pub fn aggregates() -> impl Iterator<Item = &'static Aggregate> {
    AGGREGATES.iter().filter(|(name, function)| **name == function.name).map(|(_, function)| *function)
}

/// The names of all functions and aggregates, including aliases.
pub fn names() -> impl Iterator<Item = &'static str> {
    SCALARS.keys().chain(AGGREGATES.keys()).copied()
}

/// Whether the language has a function or aggregate of this name that is not in the registry.
#[must_use]
pub fn is_service_only(name: &str) -> bool {
    SERVICE_ONLY.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests;
