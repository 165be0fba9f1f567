//! The functions of many rows, by topic.
//!
//! Nulls do not count, except for `count()`. Of no value at all, counts, sums and variances are 0, lists and sets are
//! empty, the mean of numbers is NaN, and everything else is null.

mod collect;
mod count;
mod extreme;
mod percentile;
mod sum;
mod variance;

use std::ops::RangeInclusive;

use crate::registry::{Accumulator, Aggregate, Argument, ArgumentError, Naming};
use crate::value::{Type, Value, convert};

/// All of them, by topic.
pub(super) static TOPICS: &[&[Aggregate]] = &[
    count::AGGREGATES,
    sum::AGGREGATES,
    extreme::AGGREGATES,
    collect::AGGREGATES,
    percentile::AGGREGATES,
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
    /// The same aggregate with other names.
    const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }
}

/// A accumulator that looks only at rows whose condition, one of the values, is true; it is not passed on.
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

/// The accumulator of an aggregate under the condition at a place.
fn when(place: usize, start: Start, arguments: &[Argument]) -> Box<dyn Accumulator> {
    let rest = arguments.iter().enumerate().filter(|(at, _)| *at != place);
    let rest: Vec<Argument> = rest.map(|(_, argument)| argument.clone()).collect();
    Box::new(Conditional { inner: start(&rest), place })
}

/// The type of the first argument.
fn first_kind(arguments: &[Argument]) -> Type {
    arguments.first().map_or(Type::Dynamic, |argument| argument.kind)
}

/// The number at a place that is the same for all rows, if there is one.
fn constant(arguments: &[Argument], place: usize) -> Option<i64> {
    arguments.get(place).and_then(|argument| argument.constant.as_ref()).and_then(convert::long)
}
