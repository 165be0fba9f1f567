//! Array functions: construction, length, slicing, rotation and sorting.

use std::cmp::Ordering;

use super::{ELEMENTS_AT_MOST, scalar};
use crate::ast::BinaryOp;
use crate::datetime::HOUR;
use crate::registry::arguments::{array_at, as_real, at, count, dynamic, long, long_at, returns};
use crate::registry::{Argument, ArgumentError, ColumnName, EvalContext, Naming, ResultColumn, Scalar, operators};
use crate::value::{Type, Value, compare, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "pack_array",
        0..=usize::MAX,
        returns!(Dynamic),
        |_, _, row| Value::array(row.to_vec()),
        "An array of these values.",
    ),
    scalar(
        "array_length",
        1..=1,
        returns!(Long; dynamic),
        |_, _, row| long(array_at(row, 0).map(|items| count(items.len()))),
        "The number of elements of an array; null for other values.",
    )
    .also(&["arraylength"]),
    scalar(
        "array_concat",
        1..=64,
        returns!(Dynamic; ; ..dynamic),
        array_concat,
        "The elements of several arrays as one array.",
    ),
    scalar(
        "array_slice",
        3..=3,
        returns!(Dynamic; dynamic, whole, whole),
        array_slice,
        "The elements from one index to another, both inclusive; negative indexes count from the end.",
    ),
    scalar(
        "array_split",
        2..=2,
        array_split_kind,
        array_split,
        "The parts of an array between indexes, as an array of arrays.",
    ),
    scalar(
        "array_index_of",
        2..=5,
        returns!(Long; dynamic, any, whole, whole, whole),
        array_index_of,
        "The index of the n-th occurrence of an element within a length from a start; -1 if there is none.",
    ),
    scalar(
        "array_reverse",
        1..=1,
        returns!(Dynamic; dynamic),
        |_, _, row| array_at(row, 0).map_or(Value::Null, |items| Value::array(items.iter().rev().cloned().collect())),
        "An array in reverse order.",
    ),
    scalar(
        "array_rotate_left",
        2..=2,
        returns!(Dynamic; dynamic, whole),
        |_, _, row| rotated(row, 1),
        "An array rotated to the left by a number of places.",
    ),
    scalar(
        "array_rotate_right",
        2..=2,
        returns!(Dynamic; dynamic, whole),
        |_, _, row| rotated(row, -1),
        "An array rotated to the right by a number of places.",
    ),
    scalar(
        "array_shift_left",
        2..=3,
        returns!(Dynamic; dynamic, whole, any),
        |_, _, row| shifted(row, 1),
        "An array shifted to the left by a number of places, padded with null or a given value.",
    ),
    scalar(
        "array_shift_right",
        2..=3,
        returns!(Dynamic; dynamic, whole, any),
        |_, _, row| shifted(row, -1),
        "An array shifted to the right by a number of places, padded with null or a given value.",
    ),
    scalar(
        "array_sort_asc",
        1..=64,
        sort_kind,
        |_, arguments, row| sorted(arguments, row, false),
        "An array in ascending order, nulls last unless `false` is given; further arrays in the order of the first.",
    )
    .with_columns(sort_columns),
    scalar(
        "array_sort_desc",
        1..=64,
        sort_kind,
        |_, arguments, row| sorted(arguments, row, true),
        "An array in descending order, nulls last unless `false` is given; further arrays in the order of the first.",
    )
    .with_columns(sort_columns),
    scalar(
        "array_sum",
        1..=1,
        returns!(Real; dynamic),
        |_, _, row| as_real(sum(row)),
        "The sum of an array of numbers; null if an element is not a number.",
    )
    .also(&["series_sum"]),
    scalar(
        "array_iff",
        3..=3,
        returns!(Dynamic; dynamic, any, any),
        array_iff,
        "Per index, the element of the second array (or value) if the first array is true there, otherwise of the third.",
    )
    .also(&["array_iif"]),
    scalar(
        "range",
        2..=3,
        returns!(Dynamic; ; ..summable),
        range,
        "The values from a start to a stop, inclusive, by steps of 1, or of 1h for times.",
    ),
    scalar("repeat", 2..=2, returns!(Dynamic; any, whole), repeat, "An array with a value repeated a number of times.")
        .named(Naming::Prefix("repeat")),
    scalar(
        "zip",
        2..=64,
        returns!(Dynamic; ; ..dynamic),
        zip,
        "An array of arrays: per index, the elements of all arrays.",
    ),
];

/// The limit of elements, for messages; equal to [`ELEMENTS_AT_MOST`].
const TOO_LONG: &str = "1,048,576 elements";

fn array_concat(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let mut items = Vec::new();
    for value in row {
        match value {
            Value::Array(more) => items.extend(more.iter().cloned()),
            Value::Null => {}
            other => items.push(other.clone()),
        }
        if items.len() > ELEMENTS_AT_MOST {
            return context.limit("array_concat", TOO_LONG);
        }
    }
    Value::array(items)
}

/// A non-negative index, from one that counts from the end if negative; not below 0.
fn place(length: usize, given: i64) -> usize {
    match usize::try_from(given) {
        Ok(place) => place,
        Err(_) => length.saturating_sub(usize::try_from(given.unsigned_abs()).unwrap_or(usize::MAX)),
    }
}

fn array_slice(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (Some(items), Some(start), Some(end)) = (array_at(row, 0), long_at(row, 1), long_at(row, 2)) else {
        return Value::Null;
    };
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let start = place(items.len(), start);
    // Unlike the start, an end before the first element leaves an empty slice.
    let end = if end < 0 { end.saturating_add(length).saturating_add(1) } else { end.saturating_add(1) };
    let end = usize::try_from(end).unwrap_or(0).min(items.len());
    Value::array(items.get(start..end).unwrap_or_default().to_vec())
}

fn array_split_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    dynamic(arguments, 0)?;
    match arguments.get(1).map(|argument| argument.kind) {
        Some(Type::Int | Type::Long | Type::Dynamic) => Ok(Type::Dynamic),
        _ => Err(ArgumentError { argument: 1, expected: "a whole number or an array of whole numbers".to_owned() }),
    }
}

fn array_split(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(items) = array_at(row, 0) else { return Value::Null };
    let places: Vec<usize> = match at(row, 1) {
        Value::Array(places) => {
            places.iter().filter_map(convert::long).map(|given| place(items.len(), given)).collect()
        }
        one => convert::long(one).map(|given| place(items.len(), given)).into_iter().collect(),
    };
    let mut parts = Vec::with_capacity(places.len() + 1);
    let mut from = 0;
    for to in places {
        let to = to.min(items.len()).max(from);
        parts.push(Value::array(items.get(from..to).unwrap_or_default().to_vec()));
        from = to;
    }
    parts.push(Value::array(items.get(from..).unwrap_or_default().to_vec()));
    Value::array(parts)
}

fn array_index_of(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(items) = array_at(row, 0) else { return Value::Null };
    let number = |place: usize, default: i64| row.get(place).map_or(Some(default), convert::long);
    let (Some(start), Some(length), Some(occurrence)) = (number(2, 0), number(3, -1), number(4, 1)) else {
        return Value::Null;
    };
    let Some(skipped) = usize::try_from(occurrence).ok().and_then(|occurrence| occurrence.checked_sub(1)) else {
        return Value::Null;
    };
    let start = place(items.len(), start);
    let most = usize::try_from(length).unwrap_or(usize::MAX);
    let wanted = at(row, 1);
    let places = items.iter().enumerate().skip(start).take(most);
    let found = places.filter(|(_, item)| compare(item, wanted).is_eq()).nth(skipped);
    Value::Long(found.map_or(-1, |(place, _)| count(place)))
}

fn rotated(row: &[Value], direction: i64) -> Value {
    let (Some(items), Some(by)) = (array_at(row, 0), long_at(row, 1)) else { return Value::Null };
    let mut items = items.to_vec();
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    if let Some(by) = (by % length.max(1) * direction).checked_rem_euclid(length) {
        items.rotate_left(usize::try_from(by).unwrap_or(0));
    }
    Value::array(items)
}

fn shifted(row: &[Value], direction: i64) -> Value {
    let (Some(items), Some(by)) = (array_at(row, 0), long_at(row, 1)) else { return Value::Null };
    let by = by.saturating_mul(direction);
    let filling = at(row, 2);
    let moved = (0..items.len()).map(|place| {
        let from = i64::try_from(place).ok().and_then(|place| place.checked_add(by));
        from.and_then(|from| usize::try_from(from).ok()).and_then(|from| items.get(from)).unwrap_or(filling).clone()
    });
    Value::array(moved.collect())
}

/// Arrays, and optionally a `bool` at the end.
fn sort_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    for place in 0..sorted_arrays(arguments) {
        dynamic(arguments, place)?;
    }
    Ok(Type::Dynamic)
}

/// The number of arguments that are arrays.
fn sorted_arrays(arguments: &[Argument]) -> usize {
    let has_order = arguments.len() > 1 && arguments.last().is_some_and(|argument| argument.kind == Type::Bool);
    arguments.len() - usize::from(has_order)
}

/// With several arrays, the result has one column per array.
fn sort_columns(arguments: &[Argument]) -> Option<Vec<ResultColumn>> {
    let arrays = sorted_arrays(arguments);
    let column =
        |argument| ResultColumn { name: ColumnName::OfArgument { argument, suffix: "_sorted" }, kind: Type::Dynamic };
    (arrays > 1).then(|| (0..arrays).map(column).collect())
}

fn sorted(arguments: &[Argument], row: &[Value], descending: bool) -> Value {
    let arrays = sorted_arrays(arguments);
    let Some(items) = array_at(row, 0) else {
        return if arrays > 1 { Value::array(vec![Value::Null; arrays]) } else { Value::Null };
    };
    let nulls_last = row.get(arrays).and_then(convert::truth).unwrap_or(true);
    let mut order: Vec<(usize, &Value)> = items.iter().enumerate().collect();
    order.sort_by(|(_, left), (_, right)| match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_last => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, true) if nulls_last => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) if descending => compare(right, left),
        (false, false) => compare(left, right),
    });
    let first = Value::array(order.iter().map(|(_, item)| (*item).clone()).collect());
    if arrays == 1 {
        return first;
    }
    // An array of another length than the first has no order of its own: it is null.
    let rest = (1..arrays).map(|place| match array_at(row, place) {
        Some(other) if other.len() == items.len() => {
            Value::array(order.iter().map(|(at, _)| other.get(*at).cloned().unwrap_or(Value::Null)).collect())
        }
        _ => Value::Null,
    });
    Value::array(std::iter::once(first).chain(rest).collect())
}

fn sum(row: &[Value]) -> Option<f64> {
    array_at(row, 0)?.iter().try_fold(0.0, |sum, item| match item {
        Value::Bool(_) | Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => {
            Some(sum + convert::real(item)?)
        }
        _ => None,
    })
}

fn array_iff(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(conditions) = array_at(row, 0) else { return Value::Null };
    let pick = |from: usize, place: usize| match at(row, from) {
        Value::Array(items) => items.get(place).cloned().unwrap_or(Value::Null),
        value => value.clone(),
    };
    let chosen = conditions.iter().enumerate().map(|(place, condition)| match convert::truth(condition) {
        Some(true) => pick(1, place),
        Some(false) => pick(2, place),
        None => Value::Null,
    });
    Value::array(chosen.collect())
}

fn range(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (start, stop) = (at(row, 0), at(row, 1));
    let step = match (row.get(2), start) {
        (Some(step), _) => step.clone(),
        (None, Value::DateTime(_) | Value::TimeSpan(_)) => Value::TimeSpan(HOUR),
        (None, _) => Value::Long(1),
    };
    if [start, stop, &step].iter().any(|value| value.is_null()) {
        return Value::Null;
    }
    let sign = |value: &Value| convert::real(value).map_or(0.0, |real| if real == 0.0 { 0.0 } else { real.signum() });
    let beyond = match sign(&step) {
        1.0 => Ordering::Greater,
        -1.0 => Ordering::Less,
        _ => return Value::Null,
    };
    let mut items = Vec::new();
    let mut next = match (start, &step) {
        (Value::Int(_) | Value::Long(_), Value::Real(_)) => convert::to(Type::Real, start),
        (Value::Int(_), _) => convert::to(Type::Long, start),
        (other, _) => other.clone(),
    };
    while !next.is_null() && compare(&next, stop) != beyond {
        if items.len() >= ELEMENTS_AT_MOST {
            return context.limit("range", TOO_LONG);
        }
        let after = operators::apply(BinaryOp::Add, &next, &step);
        // Whole numbers wrap around; a value that does not advance would never reach the stop.
        let advances = compare(&after, &next) == beyond;
        items.push(std::mem::replace(&mut next, after));
        if !advances {
            break;
        }
    }
    Value::array(items)
}

fn repeat(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(times) = long_at(row, 1) else { return Value::Null };
    let times = usize::try_from(times).unwrap_or(0);
    if times > ELEMENTS_AT_MOST {
        return context.limit("repeat", TOO_LONG);
    }
    Value::array(vec![at(row, 0).clone(); times])
}

fn zip(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let arrays: Vec<&[Value]> = (0..row.len()).map(|place| array_at(row, place).unwrap_or_default()).collect();
    let length = arrays.iter().map(|items| items.len()).max().unwrap_or(0);
    let tuples = (0..length).map(|place| {
        Value::array(arrays.iter().map(|items| items.get(place).cloned().unwrap_or(Value::Null)).collect())
    });
    Value::array(tuples.collect())
}
