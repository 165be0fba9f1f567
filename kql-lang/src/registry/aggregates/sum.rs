//! Sums, means, and bitwise aggregates.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{aggregate, first_kind, when};
use crate::ast::BinaryOp;
use crate::registry::arguments::{Check, summable, truth, whole};
use crate::registry::{Accumulator, Aggregate, Argument, ArgumentError, Naming, operators};
use crate::value::{Type, Value, convert};

pub(super) static AGGREGATES: &[Aggregate] = &[
    aggregate(
        "sum",
        1..=1,
        |arguments| sum_kind(arguments, &[summable]),
        Naming::Prefix("sum"),
        start,
        "The sum of all values; 0 without values.",
    ),
    aggregate(
        "sumif",
        2..=2,
        |arguments| sum_kind(arguments, &[summable, truth]),
        Naming::Prefix("sumif"),
        |arguments| when(1, start, arguments),
        "The sum of the values over the rows that match a condition; 0 without values.",
    ),
    aggregate(
        "avg",
        1..=1,
        |arguments| avg_kind(arguments, &[summable]),
        Naming::Prefix("avg"),
        start_mean,
        "The mean of all values; NaN without values.",
    ),
    aggregate(
        "avgif",
        2..=2,
        |arguments| avg_kind(arguments, &[summable, truth]),
        Naming::Prefix("avgif"),
        |arguments| when(1, start_mean, arguments),
        "The mean of the values over the rows that match a condition; NaN without values.",
    ),
    aggregate(
        "binary_all_and",
        1..=1,
        bits_kind,
        Naming::FirstArgument,
        |arguments| bits(arguments, |a, b| a & b),
        "The bitwise AND of all values.",
    ),
    aggregate(
        "binary_all_or",
        1..=1,
        bits_kind,
        Naming::FirstArgument,
        |arguments| bits(arguments, |a, b| a | b),
        "The bitwise OR of all values.",
    ),
    aggregate(
        "binary_all_xor",
        1..=1,
        bits_kind,
        Naming::FirstArgument,
        |arguments| bits(arguments, |a, b| a ^ b),
        "The bitwise XOR of all values.",
    ),
];

fn follow(arguments: &[Argument], rules: &[Check]) -> Result<(), ArgumentError> {
    rules.iter().enumerate().try_for_each(|(place, rule)| rule(arguments, place))
}

fn sum_kind(arguments: &[Argument], rules: &[Check]) -> Result<Type, ArgumentError> {
    follow(arguments, rules)?;
    match first_kind(arguments) {
        Type::DateTime => Err(ArgumentError { argument: 0, expected: "a number or a timespan".to_owned() }),
        Type::Int => Ok(Type::Long),
        kind => Ok(kind),
    }
}

fn avg_kind(arguments: &[Argument], rules: &[Check]) -> Result<Type, ArgumentError> {
    follow(arguments, rules)?;
    Ok(match first_kind(arguments) {
        kind @ (Type::Decimal | Type::TimeSpan | Type::DateTime) => kind,
        _ => Type::Real,
    })
}

#[derive(Debug)]
struct Sum {
    sum: Value,
}

fn start(arguments: &[Argument]) -> Box<dyn Accumulator> {
    let sum = match first_kind(arguments) {
        Type::Real => Value::Real(0.0),
        Type::Decimal => Value::Decimal(Decimal::ZERO),
        Type::TimeSpan => Value::TimeSpan(0),
        _ => Value::Long(0),
    };
    Box::new(Sum { sum })
}

impl Accumulator for Sum {
    fn add(&mut self, values: &[Value]) -> usize {
        let Some(value) = values.first() else { return 0 };
        let sum = operators::apply(BinaryOp::Add, &self.sum, value);
        // Nulls are ignored; a sum of decimals that overflows is null and stays null.
        if !value.is_null() {
            self.sum = sum;
        }
        0
    }

    fn finish(self: Box<Self>) -> Value {
        self.sum
    }
}

#[derive(Debug)]
struct Mean {
    kind: Type,
    reals: f64,
    ticks: i128,
    decimals: Option<Decimal>,
    rows: i64,
}

fn start_mean(arguments: &[Argument]) -> Box<dyn Accumulator> {
    Box::new(Mean { kind: first_kind(arguments), reals: 0.0, ticks: 0, decimals: Some(Decimal::ZERO), rows: 0 })
}

impl Accumulator for Mean {
    fn add(&mut self, values: &[Value]) -> usize {
        match values.first() {
            Some(Value::DateTime(ticks) | Value::TimeSpan(ticks)) => self.ticks += i128::from(*ticks),
            Some(value @ (Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_))) => {
                if self.kind == Type::Decimal {
                    let more = convert::decimal(value);
                    self.decimals = self.decimals.zip(more).and_then(|(sum, more)| sum.checked_add(more));
                }
                self.reals += convert::real(value).unwrap_or(0.0);
            }
            _ => return 0,
        }
        self.rows += 1;
        0
    }

    fn finish(self: Box<Self>) -> Value {
        let ticks = || self.ticks.checked_div(i128::from(self.rows)).and_then(|mean| i64::try_from(mean).ok());
        match self.kind {
            Type::DateTime => ticks().map_or(Value::Null, Value::DateTime),
            Type::TimeSpan => ticks().map_or(Value::Null, Value::TimeSpan),
            Type::Decimal => {
                let mean = self.decimals.and_then(|sum| sum.checked_div(Decimal::from(self.rows)));
                mean.map_or(Value::Null, Value::Decimal)
            }
            _ => Value::Real(self.reals / self.rows.to_f64().unwrap_or(f64::NAN)),
        }
    }
}

#[derive(Debug)]
struct Bits {
    kind: Type,
    bits: Option<i64>,
    join: fn(i64, i64) -> i64,
}

fn bits_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    whole(arguments, 0).map(|()| first_kind(arguments))
}

fn bits(arguments: &[Argument], join: fn(i64, i64) -> i64) -> Box<dyn Accumulator> {
    Box::new(Bits { kind: first_kind(arguments), bits: None, join })
}

impl Accumulator for Bits {
    fn add(&mut self, values: &[Value]) -> usize {
        if let Some(more) = values.first().and_then(convert::long) {
            self.bits = Some(self.bits.map_or(more, |bits| (self.join)(bits, more)));
        }
        0
    }

    fn finish(self: Box<Self>) -> Value {
        self.bits.map_or(Value::Null, |bits| convert::to(self.kind, &Value::Long(bits)))
    }
}
