//! The aggregate functions, by topic.
//!
//! Nulls are ignored, except by `count()`. Without any value, counts, sums and variances are 0, lists and sets are
//! empty, the mean of numbers is NaN, and all other results are null.

mod collect;
mod count;
mod extreme;
pub(super) mod percentile;
pub(super) mod sketch;
mod sum;
mod variance;

use std::ops::RangeInclusive;

use crate::registry::{Accumulator, Aggregate, Argument, ArgumentError, Naming};
use crate::value::{Type, Value, convert};

/// All aggregates, by topic.
pub(super) static TOPICS: &[&[Aggregate]] = &[
    count::AGGREGATES,
    sum::AGGREGATES,
    extreme::AGGREGATES,
    collect::AGGREGATES,
    percentile::AGGREGATES,
    sketch::AGGREGATES,
    variance::AGGREGATES,
];

type Rule = fn(&[Argument]) -> Result<Type, ArgumentError>;
type Start = fn(&[Argument]) -> Box<dyn Accumulator>;

const fn aggregate(
    name: &'static str,
    arity: RangeInclusive<usize>,
    result: Rule,
    naming: Naming,
    start: Start,
    summary: &'static str,
) -> Aggregate {
    Aggregate { name, aliases: &[], arity, result, naming, start, summary }
}

impl Aggregate {
    /// Adds aliases.
    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
}

/// An accumulator that receives only rows for which one of the values, the condition, is true; the condition itself is
/// not passed on.
#[derive(Debug)]
struct Conditional {
    inner: Box<dyn Accumulator>,
    place: usize,
}

impl Accumulator for Conditional {
    fn add(&mut self, values: &[Value]) -> usize {
        if values.get(self.place).and_then(convert::truth) != Some(true) {
            return 0;
        }
        let rest = values.iter().enumerate().filter(|(place, _)| *place != self.place);
        let rest: Vec<Value> = rest.map(|(_, value)| value.clone()).collect();
        self.inner.add(&rest)
    }

    fn finish(self: Box<Self>) -> Value {
        self.inner.finish()
    }
}

/// Wraps an accumulator so that it receives only rows for which the argument at `place` is true.
fn when(place: usize, start: Start, arguments: &[Argument]) -> Box<dyn Accumulator> {
    let rest = arguments.iter().enumerate().filter(|(at, _)| *at != place);
    let rest: Vec<Argument> = rest.map(|(_, argument)| argument.clone()).collect();
    Box::new(Conditional { inner: start(&rest), place })
}

/// The type of the first argument.
fn first_kind(arguments: &[Argument]) -> Type {
    arguments.first().map_or(Type::Dynamic, |argument| argument.kind)
}

/// The value of an argument as a whole number, if it is the same for all rows.
fn constant(arguments: &[Argument], place: usize) -> Option<i64> {
    arguments.get(place).and_then(|argument| argument.constant.as_ref()).and_then(convert::long)
}
