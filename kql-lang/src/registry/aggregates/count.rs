//! Counts of rows and of distinct values.

use std::collections::HashSet;

use super::{aggregate, when};
use crate::registry::arguments::{count, returns};
use crate::registry::{Accumulator, Aggregate, Argument, Naming};
use crate::value::{Key, Value, convert};

pub(super) static AGGREGATES: &[Aggregate] = &[
    aggregate(
        "count",
        0..=1,
        returns!(Long),
        Naming::Prefix("count"),
        start,
        "The number of rows, including nulls; with a condition, of the rows that match it.",
    ),
    aggregate(
        "countif",
        1..=1,
        returns!(Long; truth),
        Naming::Prefix("countif"),
        |arguments| when(0, |_| start(&[]), arguments),
        "The number of rows that match a condition.",
    ),
    aggregate(
        "dcount",
        1..=2,
        returns!(Long; any, plain),
        Naming::Prefix("dcount"),
        start_distinct,
        "The number of distinct values; exact here, an estimate on the service.",
    ),
    aggregate(
        "dcountif",
        2..=3,
        returns!(Long; any, truth, plain),
        Naming::Prefix("dcountif"),
        |arguments| when(1, start_distinct, arguments),
        "The number of distinct values over the rows that match a condition; exact here, an estimate on the service.",
    ),
    aggregate(
        "count_distinct",
        1..=1,
        returns!(Long; plain),
        Naming::Prefix("count_distinct"),
        start_distinct,
        "The number of distinct values.",
    ),
    aggregate(
        "count_distinctif",
        2..=2,
        returns!(Long; plain, truth),
        Naming::Prefix("count_distinctif"),
        |arguments| when(1, start_distinct, arguments),
        "The number of distinct values over the rows that match a condition.",
    ),
];

#[derive(Debug, Default)]
struct Rows {
    rows: i64,
    is_condition: bool,
}

fn start(arguments: &[Argument]) -> Box<dyn Accumulator> {
    let is_condition = arguments.first().is_some_and(|argument| argument.kind == crate::value::Type::Bool);
    Box::new(Rows { rows: 0, is_condition })
}

impl Accumulator for Rows {
    fn add(&mut self, values: &[Value]) -> usize {
        let counts = !self.is_condition || values.first().and_then(convert::truth) == Some(true);
        self.rows += i64::from(counts);
        0
    }

    fn finish(self: Box<Self>) -> Value {
        Value::Long(self.rows)
    }
}

#[derive(Debug, Default)]
struct Distinct {
    seen: HashSet<Key>,
}

fn start_distinct(_: &[Argument]) -> Box<dyn Accumulator> {
    Box::<Distinct>::default()
}

impl Accumulator for Distinct {
    fn add(&mut self, values: &[Value]) -> usize {
        match values.first() {
            Some(value) if !value.is_null() && self.seen.insert(Key(value.clone())) => value.weight(),
            _ => 0,
        }
    }

    fn finish(self: Box<Self>) -> Value {
        Value::Long(count(self.seen.len()))
    }
}
