//! `+ - * / %` on numbers, datetimes and timespans.
//!
//! Whole numbers wrap around at 64 bits; a whole number divided by zero is null, a real divided by zero is infinite; a
//! remainder is never negative. Datetimes outside the years 1 to 9999 are null, as are decimals that overflow.

use rust_decimal::Decimal;

use super::{is_number, wider};
use crate::ast::BinaryOp;
use crate::datetime;
use crate::value::{Type, Value, convert};

/// The type of the result; `None` if the operand types cannot be combined.
pub(super) const fn kind(op: BinaryOp, left: Type, right: Type) -> Option<Type> {
    use BinaryOp::{Add, Divide, Modulo, Multiply, Subtract};
    match (op, left, right) {
        (_, Type::Dynamic, Type::Dynamic) => Some(Type::Dynamic),
        (_, Type::Dynamic, Type::Int | Type::Long) | (_, Type::Int | Type::Long, Type::Dynamic) => Some(Type::Long),
        (_, Type::Dynamic, Type::Real | Type::Decimal) => Some(right),
        (_, Type::Real | Type::Decimal, Type::Dynamic) => Some(left),
        (Add, Type::DateTime, Type::TimeSpan | Type::Dynamic)
        | (Add, Type::TimeSpan | Type::Dynamic, Type::DateTime)
        | (Subtract, Type::DateTime, Type::TimeSpan) => Some(Type::DateTime),
        (Subtract, Type::DateTime, Type::DateTime | Type::Dynamic)
        | (Subtract, Type::Dynamic, Type::DateTime)
        | (Add | Subtract, Type::TimeSpan, Type::TimeSpan | Type::Dynamic)
        | (Add | Subtract, Type::Dynamic, Type::TimeSpan)
        | (Modulo, Type::TimeSpan | Type::DateTime, Type::TimeSpan) => Some(Type::TimeSpan),
        (Divide, Type::TimeSpan, Type::TimeSpan) => Some(Type::Real),
        (Multiply | Divide, Type::TimeSpan, other) if is_number(other) => Some(Type::TimeSpan),
        (Multiply, other, Type::TimeSpan) if is_number(other) => Some(Type::TimeSpan),
        _ => match wider(left, right) {
            Some(Type::Int) => Some(Type::Long),
            other => other,
        },
    }
}

pub(super) fn apply(op: BinaryOp, left: &Value, right: &Value) -> Value {
    match (left, right) {
        (Value::DateTime(a), Value::TimeSpan(b)) => datetime_timespan(op, *a, *b),
        (Value::TimeSpan(a), Value::DateTime(b)) => match op {
            BinaryOp::Add => datetime_timespan(op, *b, *a),
            _ => Value::Null,
        },
        (Value::DateTime(a), Value::DateTime(b)) => match op {
            BinaryOp::Subtract => Value::TimeSpan(a.wrapping_sub(*b)),
            _ => Value::Null,
        },
        (Value::TimeSpan(a), Value::TimeSpan(b)) => timespans(op, *a, *b),
        // JSON has no datetimes, so strings of a `dynamic` are parsed as the type of the other operand.
        (Value::DateTime(_) | Value::TimeSpan(_), Value::String(_)) => {
            as_time(right).map_or(Value::Null, |b| apply(op, left, &b))
        }
        (Value::String(_), Value::DateTime(_) | Value::TimeSpan(_)) => {
            as_time(left).map_or(Value::Null, |a| apply(op, &a, right))
        }
        (Value::TimeSpan(a), b) => scaled(op, *a, b),
        (a, Value::TimeSpan(b)) if op == BinaryOp::Multiply => scaled(op, *b, a),
        (Value::Decimal(_), _) | (_, Value::Decimal(_)) => match (number(left), number(right)) {
            (Some(a), Some(b)) => decimals(op, a, b).map_or(Value::Null, Value::Decimal),
            _ => Value::Null,
        },
        (Value::Real(_), _) | (_, Value::Real(_)) => match (real(left), real(right)) {
            (Some(a), Some(b)) => Value::Real(reals(op, a, b)),
            _ => Value::Null,
        },
        _ => match (left.as_long(), right.as_long()) {
            (Some(a), Some(b)) => longs(op, a, b).map_or(Value::Null, Value::Long),
            _ => Value::Null,
        },
    }
}

fn as_time(value: &Value) -> Option<Value> {
    convert::timespan(value).map(Value::TimeSpan).or_else(|| convert::datetime(value).map(Value::DateTime))
}

fn datetime_timespan(op: BinaryOp, datetime: i64, timespan: i64) -> Value {
    let ticks = match op {
        BinaryOp::Add => datetime.checked_add(timespan),
        BinaryOp::Subtract => datetime.checked_sub(timespan),
        BinaryOp::Modulo => return datetime.checked_rem_euclid(timespan).map_or(Value::Null, Value::TimeSpan),
        _ => None,
    };
    ticks.and_then(datetime::in_range).map_or(Value::Null, Value::DateTime)
}

fn timespans(op: BinaryOp, a: i64, b: i64) -> Value {
    match op {
        BinaryOp::Add => Value::TimeSpan(a.wrapping_add(b)),
        BinaryOp::Subtract => Value::TimeSpan(a.wrapping_sub(b)),
        BinaryOp::Modulo => a.checked_rem_euclid(b).map_or(Value::Null, Value::TimeSpan),
        #[expect(clippy::cast_precision_loss, reason = "the quotient of two timespans is a real")]
        BinaryOp::Divide => Value::Real(a as f64 / b as f64),
        _ => Value::Null,
    }
}

/// A timespan multiplied or divided by a number; for a real, computed in reals.
fn scaled(op: BinaryOp, ticks: i64, by: &Value) -> Value {
    let result = match (op, by) {
        (BinaryOp::Multiply | BinaryOp::Divide, Value::Int(_) | Value::Long(_)) => {
            by.as_long().and_then(|by| longs(op, ticks, by))
        }
        #[expect(clippy::cast_precision_loss, reason = "the result is a real and has its precision")]
        (BinaryOp::Multiply, Value::Real(_) | Value::Decimal(_)) => {
            convert::real(by).and_then(|by| convert::truncated(ticks as f64 * by))
        }
        #[expect(clippy::cast_precision_loss, reason = "the result is a real and has its precision")]
        (BinaryOp::Divide, Value::Real(_) | Value::Decimal(_)) => {
            convert::real(by).and_then(|by| convert::truncated(ticks as f64 / by))
        }
        _ => None,
    };
    result.map_or(Value::Null, Value::TimeSpan)
}

fn longs(op: BinaryOp, a: i64, b: i64) -> Option<i64> {
    match op {
        BinaryOp::Add => Some(a.wrapping_add(b)),
        BinaryOp::Subtract => Some(a.wrapping_sub(b)),
        BinaryOp::Multiply => Some(a.wrapping_mul(b)),
        BinaryOp::Divide => (b != 0).then(|| a.wrapping_div(b)),
        BinaryOp::Modulo => (b != 0).then(|| a.wrapping_rem_euclid(b)),
        _ => None,
    }
}

fn reals(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        _ => a.rem_euclid(b),
    }
}

fn decimals(op: BinaryOp, a: Decimal, b: Decimal) -> Option<Decimal> {
    match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        _ => {
            let rest = a.checked_rem(b)?;
            if rest.is_sign_negative() && !rest.is_zero() { rest.checked_add(b.abs()) } else { Some(rest) }
        }
    }
}

fn real(value: &Value) -> Option<f64> {
    matches!(value, Value::Int(_) | Value::Long(_) | Value::Real(_)).then(|| convert::real(value)).flatten()
}

fn number(value: &Value) -> Option<Decimal> {
    matches!(value, Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_))
        .then(|| convert::decimal(value))
        .flatten()
}

pub(super) fn negated(value: &Value) -> Value {
    match value {
        Value::Int(number) => Value::Long(-i64::from(*number)),
        Value::Long(number) => Value::Long(number.wrapping_neg()),
        Value::Real(number) => Value::Real(-number),
        Value::Decimal(number) => Value::Decimal(-number),
        Value::TimeSpan(ticks) => Value::TimeSpan(ticks.wrapping_neg()),
        Value::Null
        | Value::Bool(_)
        | Value::String(_)
        | Value::DateTime(_)
        | Value::Guid(_)
        | Value::Array(_)
        | Value::Bag(_) => Value::Null,
    }
}
