//! Conditional functions and null checks: `iff`, `case`, `coalesce`, `max_of`, `isempty` and related functions.

use std::cmp::Ordering;

use super::scalar;
use crate::registry::arguments::{as_truth, at, returns, truth};
use crate::registry::operators::wider;
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value, compare, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar("iff", 3..=3, branches, iff, "The second value if the first is true, otherwise the third.").also(&["iif"]),
    scalar("case", 3..=usize::MAX, branches, case, "The value after the first true condition, otherwise the last."),
    scalar("coalesce", 2..=64, coalesced, coalesce, "The first value that is not null, or not empty for strings."),
    scalar(
        "max_of",
        2..=64,
        ordered,
        |_, arguments, row| extreme(arguments, row, Ordering::Greater),
        "The greatest of its arguments; nulls are ignored.",
    ),
    scalar(
        "min_of",
        2..=64,
        ordered,
        |_, arguments, row| extreme(arguments, row, Ordering::Less),
        "The least of its arguments; nulls are ignored.",
    ),
    scalar(
        "not",
        1..=1,
        returns!(Bool; truth),
        |_, _, row| as_truth(convert::truth(at(row, 0)).map(|truth| !truth)),
        "The negation of a condition; null for null.",
    ),
    scalar(
        "isnull",
        1..=1,
        returns!(Bool),
        |_, _, row| Value::Bool(at(row, 0).is_null()),
        "Whether the value is null; a string never is.",
    ),
    scalar(
        "isnotnull",
        1..=1,
        returns!(Bool),
        |_, _, row| Value::Bool(!at(row, 0).is_null()),
        "Whether the value is not null; a string never is null.",
    )
    .also(&["notnull"]),
    scalar(
        "isempty",
        1..=1,
        returns!(Bool),
        |_, _, row| Value::Bool(is_empty(at(row, 0))),
        "Whether the value is null or the empty string.",
    ),
    scalar(
        "isnotempty",
        1..=1,
        returns!(Bool),
        |_, _, row| Value::Bool(!is_empty(at(row, 0))),
        "Whether the value is neither null nor the empty string.",
    )
    .also(&["notempty"]),
];

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// The common type of the possible results: the type itself if all are equal, the wider type of two numbers, the other
/// type if one is `dynamic`, and `dynamic` for all other combinations.
fn common(kinds: impl Iterator<Item = Type>) -> Type {
    kinds
        .map(Some)
        .reduce(|left, right| match (left?, right?) {
            (left, right) if left == right => Some(left),
            (Type::Dynamic, other) | (other, Type::Dynamic) => Some(other),
            (left, right) => wider(left, right),
        })
        .flatten()
        .unwrap_or(Type::Dynamic)
}

/// Whether an argument of `iff` or `case` is a result: every second, and the last.
fn is_result(place: usize, length: usize) -> bool {
    place % 2 == 1 || place + 1 == length
}

fn result_kinds(arguments: &[Argument]) -> impl Iterator<Item = Type> {
    let length = arguments.len();
    arguments.iter().enumerate().filter(move |(place, _)| is_result(*place, length)).map(|(_, argument)| argument.kind)
}

fn branches(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    let length = arguments.len();
    for place in (0..length).filter(|place| !is_result(*place, length)) {
        truth(arguments, place)?;
    }
    if length.is_multiple_of(2) {
        let expected = "a last value, for when no condition is true".to_owned();
        return Err(ArgumentError { argument: length.saturating_sub(1), expected });
    }
    Ok(common(result_kinds(arguments)))
}

fn iff(context: &EvalContext, arguments: &[Argument], row: &[Value]) -> Value {
    case(context, arguments, row)
}

fn case(_: &EvalContext, arguments: &[Argument], row: &[Value]) -> Value {
    let kind = common(result_kinds(arguments));
    let mut rest = row.iter();
    while let Some(first) = rest.next() {
        match rest.next() {
            Some(value) if convert::truth(first) == Some(true) => return convert::to(kind, value),
            Some(_) => {}
            None => return convert::to(kind, first),
        }
    }
    Value::Null
}

/// The common type of arguments that must have one type or be numbers.
fn common_type(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    let mut kind = arguments.first().map_or(Type::Dynamic, |argument| argument.kind);
    for (place, argument) in arguments.iter().enumerate() {
        kind = if kind == argument.kind {
            kind
        } else if let Some(wider) = wider(kind, argument.kind) {
            wider
        } else {
            return Err(ArgumentError {
                argument: place,
                expected: "a value of the same type as the first".to_owned(),
            });
        };
    }
    Ok(kind)
}

fn coalesced(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    common_type(arguments)
}

fn coalesce(_: &EvalContext, arguments: &[Argument], row: &[Value]) -> Value {
    let kind = common_type(arguments).unwrap_or(Type::Dynamic);
    let found = row.iter().find(|value| !(value.is_null() || (kind == Type::String && is_empty(value))));
    found.map_or_else(|| Value::nothing(kind), |value| convert::to(kind, value))
}

fn ordered(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    let kind = common_type(arguments)?;
    if matches!(kind, Type::Guid | Type::Dynamic) {
        return Err(ArgumentError { argument: 0, expected: "a value that has an order".to_owned() });
    }
    Ok(kind)
}

fn extreme(arguments: &[Argument], row: &[Value], wanted: Ordering) -> Value {
    let kind = common_type(arguments).unwrap_or(Type::Dynamic);
    let mut best = Value::Null;
    for value in row.iter().filter(|value| !value.is_null()).map(|value| convert::to(kind, value)) {
        if best.is_null() || compare(&value, &best) == wanted {
            best = value;
        }
    }
    best
}
