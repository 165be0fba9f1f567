//! Percentiles by nearest rank: the result is always one of the values, never interpolated.

use super::{aggregate, first_kind};
use crate::registry::arguments::{fixed_number, number};
use crate::registry::{Accumulator, Aggregate, Argument, ArgumentError, Naming};
use crate::value::{Type, Value, compare, convert};

pub(super) static AGGREGATES: &[Aggregate] = &[
    aggregate(
        "percentile",
        2..=2,
        kind,
        Naming::Prefix("percentile"),
        start_one,
        "The least value that a percentage of the values does not exceed; null without values.",
    ),
    aggregate(
        "percentilew",
        3..=3,
        weighted_kind,
        Naming::Prefix("percentile"),
        start_weighted,
        "The percentile of weighted values: each value counts as many times as its weight.",
    ),
    aggregate(
        "percentiles",
        2..=usize::MAX,
        several_kind,
        Naming::Prefix("percentile"),
        start_several,
        "Several percentiles of the same values, one per column.",
    ),
    aggregate(
        "percentiles_array",
        2..=usize::MAX,
        several_kind,
        Naming::Prefix("percentiles"),
        start_several,
        "Several percentiles of the same values, as an array.",
    ),
    aggregate(
        "percentilesw_array",
        3..=usize::MAX,
        several_weighted_kind,
        Naming::Prefix("percentiles"),
        start_several_weighted,
        "Several percentiles of weighted values, as an array.",
    ),
];

fn ordered(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    match first_kind(arguments) {
        Type::Guid => Err(ArgumentError { argument: 0, expected: "a value that has an order".to_owned() }),
        Type::Int => Ok(Type::Long),
        kind => Ok(kind),
    }
}

fn kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    fixed_number(arguments, 1)?;
    ordered(arguments)
}

fn weighted_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    number(arguments, 1)?;
    fixed_number(arguments, 2)?;
    ordered(arguments)
}

fn several_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    let is_array = arguments.len() == 2 && arguments.get(1).is_some_and(|argument| argument.kind == Type::Dynamic);
    for place in 1..arguments.len() {
        if !is_array {
            fixed_number(arguments, place)?;
        }
    }
    ordered(arguments).map(|_| Type::Dynamic)
}

fn several_weighted_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    number(arguments, 1)?;
    let is_array = arguments.len() == 3 && arguments.get(2).is_some_and(|argument| argument.kind == Type::Dynamic);
    for place in 2..arguments.len() {
        if !is_array {
            fixed_number(arguments, place)?;
        }
    }
    ordered(arguments).map(|_| Type::Dynamic)
}

/// The form of the result of a percentile accumulator.
#[derive(Clone, Copy, Debug)]
enum Shape {
    One,
    Several,
}

#[derive(Debug)]
struct Percentiles {
    values: Vec<(Value, u64)>,
    shares: Vec<f64>,
    weighted: bool,
    shape: Shape,
}

fn shares(arguments: &[Argument], from: usize) -> Vec<f64> {
    let constants = arguments.iter().skip(from).filter_map(|argument| argument.constant.as_ref());
    let flat = constants.flat_map(|constant| match constant {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    });
    flat.filter_map(convert::real).collect()
}

fn start_one(arguments: &[Argument]) -> Box<dyn Accumulator> {
    Box::new(Percentiles { values: Vec::new(), shares: shares(arguments, 1), weighted: false, shape: Shape::One })
}

fn start_weighted(arguments: &[Argument]) -> Box<dyn Accumulator> {
    Box::new(Percentiles { values: Vec::new(), shares: shares(arguments, 2), weighted: true, shape: Shape::One })
}

fn start_several(arguments: &[Argument]) -> Box<dyn Accumulator> {
    Box::new(Percentiles { values: Vec::new(), shares: shares(arguments, 1), weighted: false, shape: Shape::Several })
}

fn start_several_weighted(arguments: &[Argument]) -> Box<dyn Accumulator> {
    Box::new(Percentiles { values: Vec::new(), shares: shares(arguments, 2), weighted: true, shape: Shape::Several })
}

impl Accumulator for Percentiles {
    fn add(&mut self, values: &[Value]) -> usize {
        let Some(value) = values.first().filter(|value| !value.is_null()) else { return 0 };
        // A whole number has a percentile of type `long`.
        let value = if let Value::Int(number) = value { &Value::Long(i64::from(*number)) } else { value };
        let weight = match values.get(1) {
            Some(weight) if self.weighted => {
                convert::long(weight).and_then(|weight| u64::try_from(weight).ok()).unwrap_or(0)
            }
            _ => 1,
        };
        if weight == 0 {
            return 0;
        }
        self.values.push((value.clone(), weight));
        size_of::<(Value, u64)>()
    }

    fn finish(mut self: Box<Self>) -> Value {
        self.values.sort_by(|left, right| compare(&left.0, &right.0));
        let total: u128 = self.values.iter().map(|(_, weight)| u128::from(*weight)).sum();
        let found: Vec<Value> = self.shares.iter().map(|share| nearest(&self.values, total, *share)).collect();
        match self.shape {
            Shape::Several => Value::array(found),
            Shape::One => found.into_iter().next().unwrap_or(Value::Null),
        }
    }
}

/// The value at rank ⌈share × total⌉, counted from 1, where each value counts as many times as its weight.
pub(in crate::registry) fn nearest(sorted: &[(Value, u64)], total: u128, share: f64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "beyond 2^53 rows a rank may be off by one")]
    let rank = (share.clamp(0.0, 100.0) / 100.0 * total as f64).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank is a whole number from 0 to the total"
    )]
    let rank = (rank as u128).max(1);
    let mut passed = 0;
    let place = sorted.iter().find(|(_, weight)| {
        passed += u128::from(*weight);
        passed >= rank
    });
    place.or(sorted.last()).map_or(Value::Null, |(value, _)| value.clone())
}
