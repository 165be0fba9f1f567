//! Element-wise functions on series (arrays of numbers): `series_add` and related functions, and gap filling.

use super::scalar;
use crate::registry::arguments::{array_at, as_real, at, returns};
use crate::registry::{Argument, EvalContext, Scalar};
use crate::value::{Value, compare, convert};

/// A function of two series, or of a series and a number.
macro_rules! pairwise {
    ($name:literal, $function:expr, $summary:literal) => {
        scalar($name, 2..=2, returns!(Dynamic; any, any), |_, _, row| pairs(row, $function), $summary)
    };
}

/// A function applied to each number of a series.
macro_rules! each {
    ($name:literal, $function:expr, $summary:literal) => {
        scalar($name, 1..=1, returns!(Dynamic; dynamic), |_, _, row| mapped(row, $function), $summary)
    };
}

pub(super) static FUNCTIONS: &[Scalar] = &[
    pairwise!("series_add", |a, b| Value::Real(a + b), "The element-wise sum of two series."),
    pairwise!("series_subtract", |a, b| Value::Real(a - b), "The element-wise difference of two series."),
    pairwise!("series_multiply", |a, b| Value::Real(a * b), "The element-wise product of two series."),
    pairwise!("series_divide", |a, b| Value::Real(a / b), "The element-wise quotient of two series."),
    pairwise!("series_greater", |a, b| Value::Bool(a > b), "Whether the first series is greater, element-wise."),
    pairwise!(
        "series_greater_equals",
        |a, b| Value::Bool(a >= b),
        "Whether the first series is greater or equal, element-wise."
    ),
    pairwise!("series_less", |a, b| Value::Bool(a < b), "Whether the first series is less, element-wise."),
    pairwise!(
        "series_less_equals",
        |a, b| Value::Bool(a <= b),
        "Whether the first series is less or equal, element-wise."
    ),
    pairwise!("series_equals", |a, b| Value::Bool(a == b), "Whether two series are equal, element-wise."),
    pairwise!("series_not_equals", |a, b| Value::Bool(a != b), "Whether two series differ, element-wise."),
    each!("series_abs", f64::abs, "The absolute values of a series."),
    each!(
        "series_sign",
        |number| if number > 0.0 {
            1.0
        } else if number < 0.0 {
            -1.0
        } else {
            0.0
        },
        "The sign of each number of a series: -1, 0 or 1."
    ),
    each!("series_floor", f64::floor, "The numbers of a series rounded down."),
    each!("series_ceiling", f64::ceil, "The numbers of a series rounded up."),
    each!("series_exp", f64::exp, "e to the power of each number of a series."),
    each!("series_log", f64::ln, "The natural logarithms of a series."),
    each!("series_sin", f64::sin, "The sines of a series."),
    each!("series_cos", f64::cos, "The cosines of a series."),
    each!("series_tan", f64::tan, "The tangents of a series."),
    each!("series_asin", f64::asin, "The arcsines of a series."),
    each!("series_acos", f64::acos, "The arccosines of a series."),
    each!("series_atan", f64::atan, "The arctangents of a series."),
    pairwise!(
        "series_pow",
        |a, b| Value::Real(a.powf(b)),
        "The first series to the power of the second, element-wise."
    ),
    scalar("series_dot_product", 2..=2, returns!(Real; any, any), dot_product, "The dot product of two series."),
    scalar(
        "series_fill_const",
        1..=3,
        returns!(Dynamic; dynamic, number, number),
        fill_const,
        "A series with its gaps (nulls, or a given number) filled with a number, by default 0.",
    )
    .keeps_name(),
    scalar(
        "series_fill_forward",
        1..=2,
        returns!(Dynamic; dynamic, number),
        |_, _, row| fill_from_before(row),
        "A series with each gap filled with the preceding number.",
    )
    .keeps_name(),
    scalar(
        "series_fill_backward",
        1..=2,
        returns!(Dynamic; dynamic, number),
        |_, _, row| fill_from_after(row),
        "A series with each gap filled with the following number.",
    )
    .keeps_name(),
];

/// The pairs of numbers at each index of two series, `None` where either is not a number; a single number is paired with
/// every element of the other series.
pub(super) fn numbers(row: &[Value]) -> Option<impl Iterator<Item = Option<(f64, f64)>> + '_> {
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

/// A number; a string is not a number, even if it could be parsed as one.
pub(super) fn real(value: &Value) -> Option<f64> {
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
