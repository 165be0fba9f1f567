//! `bin`, `bin_at`: the start of the bin that contains a value.

use rust_decimal::Decimal;

use super::scalar;
use crate::datetime;
use crate::registry::arguments::{as_datetime, as_timespan, at, summable};
use crate::registry::operators::wider;
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "bin",
        2..=2,
        bin_kind,
        bin,
        "The greatest multiple of a size that is not above the value; datetime bins start at 0001-01-01.",
    )
    .also(&["floor"])
    .keeps_name(),
    scalar(
        "bin_at",
        3..=3,
        bin_at_kind,
        bin_at,
        "The start of the value's bin, for bins of a size of which one starts at a given point.",
    )
    .keeps_name(),
];

fn kind_at(arguments: &[Argument], place: usize) -> Type {
    arguments.get(place).map_or(Type::Dynamic, |argument| argument.kind)
}

fn argument_error<T>(argument: usize, expected: &str) -> Result<T, ArgumentError> {
    Err(ArgumentError { argument, expected: expected.to_owned() })
}

fn bin_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    summable(arguments, 0)?;
    match (kind_at(arguments, 0), kind_at(arguments, 1)) {
        (kind @ (Type::DateTime | Type::TimeSpan), Type::TimeSpan) => Ok(kind),
        (Type::DateTime | Type::TimeSpan, _) => argument_error(1, "a timespan"),
        (value, size) => match wider(value, size) {
            Some(Type::Int) => Ok(Type::Long),
            Some(kind) => Ok(kind),
            None => argument_error(1, "a number"),
        },
    }
}

fn bin(_: &EvalContext, arguments: &[Argument], row: &[Value]) -> Value {
    let Ok(kind) = bin_kind(arguments) else { return Value::Null };
    floor(kind, at(row, 0), at(row, 1), None)
}

fn bin_at_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    let kind = bin_kind(arguments)?;
    let fits = match kind {
        Type::DateTime => kind_at(arguments, 2) == Type::DateTime,
        Type::TimeSpan => kind_at(arguments, 2) == Type::TimeSpan,
        kind => wider(kind, kind_at(arguments, 2)).is_some(),
    };
    match fits {
        true if matches!(kind, Type::DateTime | Type::TimeSpan) => Ok(kind),
        true => Ok(wider(kind, kind_at(arguments, 2)).unwrap_or(kind)),
        false => argument_error(2, "a point of the same type as the value"),
    }
}

fn bin_at(_: &EvalContext, arguments: &[Argument], row: &[Value]) -> Value {
    let Ok(kind) = bin_at_kind(arguments) else { return Value::Null };
    floor(kind, at(row, 0), at(row, 1), Some(at(row, 2)))
}

/// The start of the value's bin; bins start at multiples of the size from the origin. Null if the size is not above
/// zero.
fn floor(kind: Type, value: &Value, size: &Value, origin: Option<&Value>) -> Value {
    if value.is_null() || size.is_null() || origin.is_some_and(Value::is_null) {
        return Value::Null;
    }
    match kind {
        Type::Real => {
            let origin = origin.map_or(Some(0.0), convert::real);
            let reals = convert::real(value).zip(convert::real(size)).zip(origin).filter(|((_, size), _)| *size > 0.0);
            reals.map_or(Value::Null, |((value, size), origin)| {
                Value::Real(((value - origin) / size).floor() * size + origin)
            })
        }
        Type::Decimal => decimal(value, size, origin).map_or(Value::Null, Value::Decimal),
        _ => {
            let origin = origin.map_or(Some(0), convert::long);
            let longs = convert::long(value).zip(convert::long(size)).zip(origin);
            let start = longs.and_then(|((value, size), origin)| floor_long(value, size, origin));
            match kind {
                Type::DateTime => as_datetime(start.and_then(datetime::in_range)),
                Type::TimeSpan => as_timespan(start),
                _ => start.map_or(Value::Null, Value::Long),
            }
        }
    }
}

/// The start of the bin of a whole number; `None` if the size is not above zero or the start is out of range.
pub(super) fn floor_long(value: i64, size: i64, origin: i64) -> Option<i64> {
    if size <= 0 {
        return None;
    }
    let rest = (i128::from(value) - i128::from(origin)).rem_euclid(i128::from(size));
    i64::try_from(i128::from(value) - rest).ok()
}

fn decimal(value: &Value, size: &Value, origin: Option<&Value>) -> Option<Decimal> {
    let (value, size) = convert::decimal(value).zip(convert::decimal(size))?;
    let origin = origin.map_or(Some(Decimal::ZERO), convert::decimal)?;
    if size <= Decimal::ZERO {
        return None;
    }
    value.checked_sub(origin)?.checked_div(size)?.floor().checked_mul(size)?.checked_add(origin)
}
