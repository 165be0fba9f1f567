//! Least and greatest values, the rows that contain them, and arbitrary rows.
//!
//! `arg_max`, `arg_min` and `take_any` of several values return an array of them, starting with the compared value; the
//! binder makes columns of its elements.

use std::cmp::Ordering;

use super::{aggregate, first_kind, when};
use crate::registry::arguments::{Check, truth};
use crate::registry::{Accumulator, Aggregate, Argument, ArgumentError, Naming};
use crate::value::{Type, Value, compare};

pub(super) static AGGREGATES: &[Aggregate] = &[
    aggregate(
        "min",
        1..=1,
        |arguments| kind(arguments, &[]),
        Naming::Prefix("min"),
        |_| extreme(Ordering::Less),
        "The least value; null without values.",
    ),
    aggregate(
        "minif",
        2..=2,
        |arguments| kind(arguments, &[truth]),
        Naming::Prefix("minif"),
        |arguments| when(1, |_| extreme(Ordering::Less), arguments),
        "The least value over the rows that match a condition; null without values.",
    ),
    aggregate(
        "max",
        1..=1,
        |arguments| kind(arguments, &[]),
        Naming::Prefix("max"),
        |_| extreme(Ordering::Greater),
        "The greatest value; null without values.",
    ),
    aggregate(
        "maxif",
        2..=2,
        |arguments| kind(arguments, &[truth]),
        Naming::Prefix("maxif"),
        |arguments| when(1, |_| extreme(Ordering::Greater), arguments),
        "The greatest value over the rows that match a condition; null without values.",
    ),
    aggregate(
        "arg_min",
        1..=usize::MAX,
        row_kind,
        Naming::FirstArgument,
        |_| extreme_row(Ordering::Less),
        "The values of the row with the least first value.",
    )
    .also(&["argmin"]),
    aggregate(
        "arg_max",
        1..=usize::MAX,
        row_kind,
        Naming::FirstArgument,
        |_| extreme_row(Ordering::Greater),
        "The values of the row with the greatest first value.",
    )
    .also(&["argmax"]),
    aggregate(
        "take_any",
        1..=usize::MAX,
        any_kind,
        Naming::FirstArgument,
        |_| Box::<Any>::default(),
        "The values of an arbitrary row; here the first row with a non-null first value, if there is one.",
    )
    .also(&["any"]),
    aggregate(
        "take_anyif",
        2..=2,
        |arguments| truth(arguments, 1).map(|()| first_kind(arguments)),
        Naming::FirstArgument,
        |arguments| when(1, |_| Box::<Any>::default(), arguments),
        "A value of an arbitrary row that matches a condition; here the first that is not null.",
    )
    .also(&["anyif"]),
];

fn ordered(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    match first_kind(arguments) {
        Type::Guid => Err(ArgumentError { argument: 0, expected: "a value that has an order".to_owned() }),
        kind => Ok(kind),
    }
}

fn kind(arguments: &[Argument], rest: &[Check]) -> Result<Type, ArgumentError> {
    rest.iter().enumerate().try_for_each(|(place, rule)| rule(arguments, place + 1))?;
    ordered(arguments)
}

fn row_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    let kind = ordered(arguments)?;
    Ok(if arguments.len() == 1 { kind } else { Type::Dynamic })
}

fn any_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    Ok(if arguments.len() == 1 { first_kind(arguments) } else { Type::Dynamic })
}

#[derive(Debug)]
struct Extreme {
    wanted: Ordering,
    best: Value,
}

fn extreme(wanted: Ordering) -> Box<dyn Accumulator> {
    Box::new(Extreme { wanted, best: Value::Null })
}

impl Accumulator for Extreme {
    fn add(&mut self, values: &[Value]) -> usize {
        match values.first() {
            Some(value) if is_better(value, &self.best, self.wanted) => {
                let grown = value.weight().saturating_sub(self.best.weight());
                self.best = value.clone();
                grown
            }
            _ => 0,
        }
    }

    fn finish(self: Box<Self>) -> Value {
        self.best
    }
}

/// Whether a value replaces the best one so far: nulls never do, and NaN only if there is no value yet.
fn is_better(value: &Value, best: &Value, wanted: Ordering) -> bool {
    let is_nan = |value: &Value| matches!(value, Value::Real(real) if real.is_nan());
    match (value, best) {
        (Value::Null, _) => false,
        (_, Value::Null) => true,
        (value, best) if is_nan(value) || is_nan(best) => !is_nan(value),
        (value, best) => compare(value, best) == wanted,
    }
}

#[derive(Debug)]
struct ExtremeRow {
    wanted: Ordering,
    row: Vec<Value>,
}

fn extreme_row(wanted: Ordering) -> Box<dyn Accumulator> {
    Box::new(ExtremeRow { wanted, row: Vec::new() })
}

fn weight(row: &[Value]) -> usize {
    row.iter().map(Value::weight).sum()
}

fn result(row: Vec<Value>) -> Value {
    match <[Value; 1]>::try_from(row) {
        Ok([one]) => one,
        Err(row) if row.is_empty() => Value::Null,
        Err(row) => Value::array(row),
    }
}

impl Accumulator for ExtremeRow {
    fn add(&mut self, values: &[Value]) -> usize {
        let value = values.first().unwrap_or(&Value::Null);
        // If all compared values are null, the first row is the result.
        let replaces = self.row.first().is_none_or(|best| is_better(value, best, self.wanted));
        if !replaces {
            return 0;
        }
        let before = weight(&self.row);
        self.row = values.to_vec();
        weight(&self.row).saturating_sub(before)
    }

    fn finish(self: Box<Self>) -> Value {
        result(self.row)
    }
}

#[derive(Debug, Default)]
struct Any {
    row: Vec<Value>,
}

impl Accumulator for Any {
    fn add(&mut self, values: &[Value]) -> usize {
        if self.row.first().is_some_and(|value| !value.is_null()) {
            return 0;
        }
        let value = values.first().unwrap_or(&Value::Null);
        if self.row.is_empty() || !value.is_null() {
            self.row = values.to_vec();
            return weight(&self.row);
        }
        0
    }

    fn finish(self: Box<Self>) -> Value {
        result(self.row)
    }
}
