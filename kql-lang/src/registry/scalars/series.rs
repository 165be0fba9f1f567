//! Arrays of numbers place by place: `series_add` and related functions, and gaps filled.

use super::scalar;
use crate::registry::arguments::{array_at, as_real, at, gives};
use crate::registry::{Argument, EvalContext, Scalar};
use crate::value::{Value, compare, convert};

/// A function of two series, or of a series and a number.
macro_rules! pairwise {
    ($name:literal, $function:expr, $summary:literal) => {
        scalar($name, 2..=2, gives!(Dynamic; any, any), |_, _, row| pairs(row, $function), $summary)
    };
}

/// A function of each number of a series.
macro_rules! each {
    ($name:literal, $function:expr, $summary:literal) => {
        scalar($name, 1..=1, gives!(Dynamic; dynamic), |_, _, row| mapped(row, $function), $summary)
    };
}

pub(super) static FUNCTIONS: &[Scalar] = &[
    pairwise!("series_add", |a, b| Value::Real(a + b), "The sums of two series, place by place."),
    pairwise!("series_subtract", |a, b| Value::Real(a - b), "The differences of two series, place by place."),
    pairwise!("series_multiply", |a, b| Value::Real(a * b), "The products of two series, place by place."),
    pairwise!("series_divide", |a, b| Value::Real(a / b), "The quotients of two series, place by place."),
    pairwise!("series_greater", |a, b| Value::Bool(a > b), "Whether the first series is greater, place by place."),
    pairwise!(
        "series_greater_equals",
        |a, b| Value::Bool(a >= b),
        "Whether the first series is not less, place by place."
    ),
    pairwise!("series_less", |a, b| Value::Bool(a < b), "Whether the first series is less, place by place."),
    pairwise!(
        "series_less_equals",
        |a, b| Value::Bool(a <= b),
        "Whether the first series is not greater, place by place."
    ),
    pairwise!("series_equals", |a, b| Value::Bool(a == b), "Whether two series are equal, place by place."),
    pairwise!("series_not_equals", |a, b| Value::Bool(a != b), "Whether two series differ, place by place."),
    each!("series_abs", f64::abs, "The numbers of a series without their signs."),
    each!(
        "series_sign",
        |number| if number > 0.0 {
            1.0
        } else if number < 0.0 {
            -1.0
        } else {
            0.0
        },
        "-1, 0 or 1 for each number of a series."
    ),
    each!("series_floor", f64::floor, "The numbers of a series rounded down."),
    each!("series_ceiling", f64::ceil, "The numbers of a series rounded up."),
    each!("series_exp", f64::exp, "e to the power of each number of a series."),
    each!("series_log", f64::ln, "The natural logarithms of a series."),
    scalar(
        "series_dot_product",
        2..=2,
        gives!(Real; any, any),
        dot_product,
        "The sum of the products of two series, place by place.",
    ),
    scalar(
        "series_fill_const",
        1..=3,
        gives!(Dynamic; dynamic, number, number),
        fill_const,
        "A series with its gaps (nulls, or a given number) filled with a number, 0 unless given.",
    )
    .keeps_name(),
    scalar(
        "series_fill_forward",
        1..=2,
        gives!(Dynamic; dynamic, number),
        |_, _, row| fill_from_before(row),
        "A series with each gap filled with the number before it.",
    )
    .keeps_name(),
    scalar(
        "series_fill_backward",
        1..=2,
        gives!(Dynamic; dynamic, number),
        |_, _, row| fill_from_after(row),
        "A series with each gap filled with the number after it.",
    )
    .keeps_name(),
];

/// The numbers at a place of one or both series; a number stands for a series of itself.
fn numbers(row: &[Value]) -> Option<impl Iterator<Item = Option<(f64, f64)>> + '_> {
    let length = match (array_at(row, 0), array_at(row, 1)) {
        (Some(left), Some(right)) => left.len().max(right.len()),
        (Some(only), None) | (None, Some(only)) => only.len(),
        (None, None) => return None,
    };
    let number = |side: usize, place: usize| match at(row, side) {
        Value::Array(items) => items.get(place).and_then(real),
        value => real(value),
    };
    Some((0..length).map(move |place| number(0, place).zip(number(1, place))))
}

/// A number; a string is none, even if it could be read as one.
fn real(value: &Value) -> Option<f64> {
    if matches!(value, Value::String(_)) { None } else { convert::real(value) }
}

fn pairs(row: &[Value], function: fn(f64, f64) -> Value) -> Value {
    numbers(row).map_or(Value::Null, |numbers| {
        Value::array(numbers.map(|pair| pair.map_or(Value::Null, |(a, b)| function(a, b))).collect())
    })
}

fn mapped(row: &[Value], function: fn(f64) -> f64) -> Value {
    array_at(row, 0)
        .map_or(Value::Null, |items| Value::array(items.iter().map(|item| as_real(real(item).map(function))).collect()))
}

fn dot_product(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    as_real(numbers(row).and_then(|mut numbers| numbers.try_fold(0.0, |sum, pair| pair.map(|(a, b)| sum + a * b))))
}

fn is_gap(item: &Value, placeholder: Option<&Value>) -> bool {
    item.is_null() || placeholder.is_some_and(|placeholder| compare(item, placeholder).is_eq())
}

fn fill_const(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let filling = row.get(1).cloned().unwrap_or(Value::Long(0));
    let Some(items) = array_at(row, 0) else { return Value::Null };
    let filled = items.iter().map(|item| if is_gap(item, row.get(2)) { filling.clone() } else { item.clone() });
    Value::array(filled.collect())
}

fn fill_from_before(row: &[Value]) -> Value {
    let Some(items) = array_at(row, 0) else { return Value::Null };
    Value::array(filled(items.iter(), row.get(1)))
}

fn fill_from_after(row: &[Value]) -> Value {
    let Some(items) = array_at(row, 0) else { return Value::Null };
    let mut filled = filled(items.iter().rev(), row.get(1));
    filled.reverse();
    Value::array(filled)
}

fn filled<'a>(items: impl Iterator<Item = &'a Value>, placeholder: Option<&Value>) -> Vec<Value> {
    let mut last: Option<&Value> = None;
    let fill = |item: &'a Value| {
        if !is_gap(item, placeholder) {
            last = Some(item);
            return item.clone();
        }
        last.unwrap_or(item).clone()
    };
    items.map(fill).collect()
}
