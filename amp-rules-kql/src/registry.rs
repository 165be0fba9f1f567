//! The one list of functions and aggregates: the binder types calls by it, the interpreter runs them, `docs/kql.md` prints it.

use std::ops::RangeInclusive;

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
pub struct Moment {
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
    pub result: fn(&[Argument]) -> Result<Type, Misfit>,
    /// How its result is called.
    pub naming: Naming,
    /// Its value. `arguments` have the types that `result` accepted; it is called once per row, and never panics.
    pub call: fn(&Moment, &[Argument], &[Value]) -> Value,
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
    pub result: fn(&[Argument]) -> Result<Type, Misfit>,
    /// How its result is called.
    pub naming: Naming,
    /// A new, empty tally.
    pub start: fn(&[Argument]) -> Box<dyn Tally>,
    /// One line for the reference.
    pub summary: &'static str,
}

/// What an aggregate has seen of one group.
pub trait Tally: std::fmt::Debug {
    /// One more row: the values of the arguments. Returns by how many bytes the tally has grown, for the budget.
    fn add(&mut self, values: &[Value]) -> usize;
    /// The result.
    fn finish(self: Box<Self>) -> Value;
}

/// Why arguments do not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Which argument, from 0.
    pub argument: usize,
    /// What was expected: `a string`, `a number`, `a constant`.
    pub expected: String,
}
