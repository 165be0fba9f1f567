//! Mathematical functions: roots, powers, logarithms, trigonometry, rounding and bit operations.

use rust_decimal::{Decimal, RoundingStrategy};

use super::scalar;
use crate::registry::arguments::{as_real, at, fixed_number, int, long, long_at, number, real_at, returns};
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value, convert};

/// A function of one number that returns a real; null if the result is not a real number.
macro_rules! real_of {
    ($name:literal, $function:expr, $summary:literal) => {
        scalar($name, 1..=1, returns!(Real; number), |_, _, row| as_real(real_at(row, 0).map($function).filter(|real| !real.is_nan())), $summary)
            .keeps_name()
    };
}

/// A function of two whole numbers that returns a `long`.
macro_rules! bits_of {
    ($name:literal, $function:expr, $summary:literal) => {
        scalar($name, 2..=2, returns!(Long; whole, whole), |_, _, row| long(long_at(row, 0).zip(long_at(row, 1)).and_then($function)), $summary)
            .keeps_name()
    };
}

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar("abs", 1..=1, abs_kind, abs, "The absolute value.").keeps_name(),
    scalar(
        "round",
        1..=2,
        round_kind,
        round,
        "The number rounded to a number of decimal places, halves away from zero.",
    )
    .keeps_name(),
    scalar(
        "ceiling",
        1..=1,
        returns!(Real; number),
        |_, _, row| as_real(real_at(row, 0).map(f64::ceil)),
        "The least whole number that is greater than or equal to the number.",
    )
    .keeps_name(),
    scalar("sign", 1..=1, returns!(Real; number), |_, _, row| as_real(real_at(row, 0).map(sign)), "-1, 0 or 1."),
    scalar(
        "pow",
        2..=2,
        returns!(Real; number, number),
        |_, _, row| as_real(real_at(row, 0).zip(real_at(row, 1)).map(|(a, b)| a.powf(b))),
        "A number to the power of another.",
    )
    .keeps_name(),
    real_of!("sqrt", f64::sqrt, "The square root; null for negative numbers."),
    real_of!("exp", f64::exp, "e to the power of a number."),
    real_of!("exp2", f64::exp2, "2 to the power of a number."),
    real_of!("exp10", |number| 10_f64.powf(number), "10 to the power of a number."),
    real_of!("log", f64::ln, "The natural logarithm; null for negative numbers."),
    real_of!("log2", f64::log2, "The logarithm to base 2; null for negative numbers."),
    real_of!("log10", f64::log10, "The logarithm to base 10; null for negative numbers."),
    real_of!("sin", f64::sin, "The sine of an angle in radians."),
    real_of!("cos", f64::cos, "The cosine of an angle in radians."),
    real_of!("tan", f64::tan, "The tangent of an angle in radians."),
    real_of!("asin", f64::asin, "The arcsine in radians; null outside -1 to 1."),
    real_of!("acos", f64::acos, "The arccosine in radians; null outside -1 to 1."),
    real_of!("atan", f64::atan, "The arctangent in radians."),
    scalar(
        "atan2",
        2..=2,
        returns!(Real; number, number),
        |_, _, row| as_real(real_at(row, 0).zip(real_at(row, 1)).map(|(y, x)| y.atan2(x))),
        "The angle in radians between the x axis and the point (second, first).",
    )
    .keeps_name(),
    scalar(
        "cot",
        1..=1,
        returns!(Real; number),
        |_, _, row| as_real(real_at(row, 0).map(|number| 1.0 / number.tan())),
        "The cotangent of an angle in radians.",
    ),
    scalar(
        "degrees",
        1..=1,
        returns!(Real; number),
        |_, _, row| as_real(real_at(row, 0).map(|angle| 180.0 / std::f64::consts::PI * angle)),
        "An angle converted from radians to degrees.",
    ),
    scalar(
        "radians",
        1..=1,
        returns!(Real; number),
        |_, _, row| as_real(real_at(row, 0).map(|angle| std::f64::consts::PI / 180.0 * angle)),
        "An angle converted from degrees to radians.",
    ),
    scalar("pi", 0..=0, returns!(Real), |_, _, _| Value::Real(std::f64::consts::PI), "The constant pi."),
    scalar("isnan", 1..=1, returns!(Bool; real), |_, _, row| test_real(row, f64::is_nan), "Whether a number is NaN."),
    scalar(
        "isinf",
        1..=1,
        returns!(Bool; real),
        |_, _, row| test_real(row, f64::is_infinite),
        "Whether a number is infinite.",
    ),
    scalar(
        "isfinite",
        1..=1,
        returns!(Bool; real),
        |_, _, row| test_real(row, f64::is_finite),
        "Whether a number is neither infinite nor NaN.",
    ),
    bits_of!("binary_and", |(a, b)| Some(a & b), "The bitwise AND of two numbers."),
    bits_of!("binary_or", |(a, b)| Some(a | b), "The bitwise OR of two numbers."),
    bits_of!("binary_xor", |(a, b)| Some(a ^ b), "The bitwise XOR of two numbers."),
    bits_of!(
        "binary_shift_left",
        |(a, by)| shift(by).map(|by| a.wrapping_shl(by)),
        "The number shifted to the left by a number of bits, modulo 64."
    ),
    bits_of!(
        "binary_shift_right",
        |(a, by)| shift(by).map(|by| a.wrapping_shr(by)),
        "The number shifted to the right by a number of bits, modulo 64; the sign is kept."
    ),
    scalar(
        "binary_not",
        1..=1,
        returns!(Long; whole),
        |_, _, row| long(long_at(row, 0).map(|number| !number)),
        "The bitwise NOT of a number.",
    )
    .keeps_name(),
    scalar(
        "bitset_count_ones",
        1..=1,
        returns!(Long; whole),
        |_, _, row| long(long_at(row, 0).map(|number| i64::from(number.count_ones()))),
        "The number of bits that are set.",
    )
    .keeps_name(),
];

fn sign(number: f64) -> f64 {
    if number > 0.0 {
        1.0
    } else if number < 0.0 {
        -1.0
    } else {
        number
    }
}

fn test_real(row: &[Value], test: fn(f64) -> bool) -> Value {
    Value::Bool(real_at(row, 0).is_some_and(test))
}

/// The shift distance in bits; `None` for negative numbers.
fn shift(by: i64) -> Option<u32> {
    u32::try_from(by.rem_euclid(64)).ok().filter(|_| by >= 0)
}

fn abs_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    match arguments.first().map(|argument| argument.kind) {
        Some(Type::Int | Type::Long) => Ok(Type::Long),
        Some(kind @ (Type::Real | Type::Decimal | Type::TimeSpan)) => Ok(kind),
        _ => Err(ArgumentError { argument: 0, expected: "a number or a timespan".to_owned() }),
    }
}

fn abs(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    match at(row, 0) {
        Value::Int(number) => Value::Long(i64::from(*number).abs()),
        Value::Long(number) => Value::Long(number.wrapping_abs()),
        Value::Real(number) => Value::Real(number.abs()),
        Value::Decimal(number) => Value::Decimal(number.abs()),
        Value::TimeSpan(ticks) => Value::TimeSpan(ticks.wrapping_abs()),
        _ => Value::Null,
    }
}

fn round_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    number(arguments, 0)?;
    fixed_number(arguments, 1)?;
    Ok(arguments.first().map_or(Type::Real, |argument| argument.kind))
}

fn round(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let digits = match row.get(1) {
        None => 0,
        Some(digits) => match convert::long(digits) {
            Some(digits) => i32::try_from(digits.clamp(-330, 330)).unwrap_or_default(),
            None => return Value::Null,
        },
    };
    match at(row, 0) {
        Value::Real(number) => Value::Real(rounded(*number, digits)),
        Value::Decimal(number) => rounded_decimal(*number, digits).map_or(Value::Null, Value::Decimal),
        Value::Int(number) => int(rounded_whole(i64::from(*number), digits)),
        Value::Long(number) => long(rounded_whole(*number, digits)),
        _ => Value::Null,
    }
}

/// Rounds halves away from zero. Digits beyond the precision of the number have no effect.
pub(super) fn rounded(number: f64, digits: i32) -> f64 {
    let result = if digits >= 0 {
        let scale = 10_f64.powi(digits);
        (number * scale).round() / scale
    } else {
        let scale = 10_f64.powi(-digits);
        (number / scale).round() * scale
    };
    if result.is_finite() || !number.is_finite() {
        result
    } else if digits > 0 {
        number
    } else {
        0.0
    }
}

fn rounded_whole(number: i64, digits: i32) -> Option<i64> {
    if digits >= 0 {
        return Some(number);
    }
    let Some(scale) = 10_i128.checked_pow(digits.unsigned_abs()) else { return Some(0) };
    let number = i128::from(number);
    let half = if number < 0 { -(scale / 2) } else { scale / 2 };
    i64::try_from((number + half) / scale * scale).ok()
}

fn rounded_decimal(number: Decimal, digits: i32) -> Option<Decimal> {
    if let Ok(digits) = u32::try_from(digits) {
        return Some(number.round_dp_with_strategy(digits.min(28), RoundingStrategy::MidpointAwayFromZero));
    }
    let scale = Decimal::from_i128_with_scale(10_i128.checked_pow(digits.unsigned_abs().min(28))?, 0);
    let shares = number.checked_div(scale)?;
    shares.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).checked_mul(scale)
}
