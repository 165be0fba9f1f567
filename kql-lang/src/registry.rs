//! The one list of functions and aggregates: the binder types calls by it, the interpreter runs them.

mod aggregates;
mod arguments;
pub mod operators;
pub mod regex;
mod scalars;
mod service_only;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

pub use service_only::SERVICE_ONLY;

use crate::value::{Type, Value};

/// An argument as the binder knows it.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The type of its values.
    pub kind: Type,
    /// Its value, where that is the same for all rows.
    pub constant: Option<Value>,
    /// The type that a `typeof(…)` argument names.
    pub type_of: Option<Type>,
}

/// What is the same for all rows of one run.
#[derive(Clone, Debug)]
pub struct EvalContext {
    /// The instant of evaluation, in ticks since 0001-01-01: what `now()` gives and `ago()` counts from.
    pub now: i64,
}

/// How a column is called that the author gave no name (`project tostring(a)`), as Kusto does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// As any expression: `Column1`, `print_0`.
    None,
    /// As the first argument would be called: `bin(timestamp, 1h)` is `timestamp`.
    FirstArgument,
    /// The prefix, an underscore, and the name of the first argument: `avg_value`; the prefix and `_` where that has none.
    Prefix(&'static str),
    /// The prefix and an underscore, whatever the arguments: `count_`.
    OnlyPrefix(&'static str),
}

/// A function of single values.
#[derive(Debug)]
pub struct Scalar {
    /// Its name in Kusto.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// How many arguments it takes.
    pub arity: RangeInclusive<usize>,
    /// The type of its result, or what is wrong with the arguments: which of them (from 0) and what was expected.
    pub result: fn(&[Argument]) -> Result<Type, ArgumentError>,
    /// How its result is called.
    pub naming: Naming,
    /// Its value. `arguments` have the types that `result` accepted; it is called once per row, and never panics.
    pub call: fn(&EvalContext, &[Argument], &[Value]) -> Value,
    /// One line for the reference.
    pub summary: &'static str,
}

/// A function of many rows.
#[derive(Debug)]
pub struct Aggregate {
    /// Its name in Kusto.
    pub name: &'static str,
    /// Other names of the same function.
    pub aliases: &'static [&'static str],
    /// How many arguments it takes.
    pub arity: RangeInclusive<usize>,
    /// The type of its result, or what is wrong with the arguments.
    pub result: fn(&[Argument]) -> Result<Type, ArgumentError>,
    /// How its result is called.
    pub naming: Naming,
    /// A new, empty accumulator.
    pub start: fn(&[Argument]) -> Box<dyn Accumulator>,
    /// One line for the reference.
    pub summary: &'static str,
}

/// What an aggregate has seen of one group.
pub trait Accumulator: std::fmt::Debug {
    /// One more row: the values of the arguments. Returns by how many bytes the accumulator has grown, for the budget.
    fn add(&mut self, values: &[Value]) -> usize;
    /// The result.
    fn finish(self: Box<Self>) -> Value;
}

/// Why arguments do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArgumentError {
    /// Which argument, from 0.
    pub argument: usize,
    /// What was expected: `a string`, `a number`, `a constant`.
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

/// The function of single values with this name or alias; names are compared with case.
#[must_use]
pub fn scalar(name: &str) -> Option<&'static Scalar> {
    SCALARS.get(name).copied()
}

/// The aggregate with this name or alias; names are compared with case.
#[must_use]
pub fn aggregate(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.get(name).copied()
}

/// All functions of single values, in the order of their names, each once.
pub fn scalars() -> impl Iterator<Item = &'static Scalar> {
    SCALARS.iter().filter(|(name, function)| **name == function.name).map(|(_, function)| *function)
}

/// All aggregates, in the order of their names, each once.
pub fn aggregates() -> impl Iterator<Item = &'static Aggregate> {
    AGGREGATES.iter().filter(|(name, function)| **name == function.name).map(|(_, function)| *function)
}

/// The names of all functions and aggregates, aliases included.
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
