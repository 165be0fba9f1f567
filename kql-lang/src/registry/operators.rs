//! Operators: accepted operand types, result types, and evaluation.
//!
//! Null follows Kusto's rules: arithmetic and comparisons with a null are null; a null compared with a value is false
//! for `==` and true for `!=`; two nulls compare as null for both; missing strings are empty; `and` and `or` are
//! three-valued.

mod arithmetic;
mod list;
mod search;

use std::cmp::Ordering;

pub use list::Membership;
pub use search::{contains, ends_with, equal_ignoring_case, fold, has, starts_with};

use crate::ast::{BinaryOp, UnaryOp};
use crate::registry::regex;
use crate::value::compare::{equal, order};
use crate::value::{Type, Value, convert};

/// Whether values of this type are numbers.
#[must_use]
pub const fn is_number(kind: Type) -> bool {
    matches!(kind, Type::Int | Type::Long | Type::Real | Type::Decimal)
}

/// The common type of two numbers: the wider one.
#[must_use]
pub const fn wider(left: Type, right: Type) -> Option<Type> {
    match (left, right) {
        (Type::Decimal, other) | (other, Type::Decimal) if is_number(other) => Some(Type::Decimal),
        (Type::Real, other) | (other, Type::Real) if is_number(other) => Some(Type::Real),
        (Type::Int, Type::Int) => Some(Type::Int),
        (Type::Int | Type::Long, Type::Int | Type::Long) => Some(Type::Long),
        _ => None,
    }
}

/// The result type of an operator; `None` if it does not accept operands of these types.
#[must_use]
pub const fn binary(op: BinaryOp, left: Type, right: Type) -> Option<Type> {
    let fits = match op {
        BinaryOp::Or | BinaryOp::And => truths(left) && truths(right),
        BinaryOp::Equal | BinaryOp::NotEqual => comparable(left, right),
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => ordered(left, right),
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            return arithmetic::kind(op, left, right);
        }
        BinaryOp::EqualTilde
        | BinaryOp::NotEqualTilde
        | BinaryOp::Contains
        | BinaryOp::NotContains
        | BinaryOp::ContainsCs
        | BinaryOp::NotContainsCs
        | BinaryOp::Has
        | BinaryOp::NotHas
        | BinaryOp::HasCs
        | BinaryOp::NotHasCs
        | BinaryOp::HasPrefix
        | BinaryOp::NotHasPrefix
        | BinaryOp::HasPrefixCs
        | BinaryOp::NotHasPrefixCs
        | BinaryOp::HasSuffix
        | BinaryOp::NotHasSuffix
        | BinaryOp::HasSuffixCs
        | BinaryOp::NotHasSuffixCs
        | BinaryOp::StartsWith
        | BinaryOp::NotStartsWith
        | BinaryOp::StartsWithCs
        | BinaryOp::NotStartsWithCs
        | BinaryOp::EndsWith
        | BinaryOp::NotEndsWith
        | BinaryOp::EndsWithCs
        | BinaryOp::NotEndsWithCs
        | BinaryOp::MatchesRegex => texts(left) && texts(right),
    };
    if fits { Some(Type::Bool) } else { None }
}

const fn truths(kind: Type) -> bool {
    matches!(kind, Type::Bool | Type::Dynamic)
}

const fn texts(kind: Type) -> bool {
    matches!(kind, Type::String | Type::Dynamic)
}

const fn counts(kind: Type) -> bool {
    matches!(kind, Type::Bool) || is_number(kind)
}

/// Whether `==` accepts operands of these types.
#[must_use]
pub const fn comparable(left: Type, right: Type) -> bool {
    matches!(
        (left, right),
        (Type::Dynamic, _)
            | (_, Type::Dynamic)
            | (Type::String, Type::String)
            | (Type::DateTime, Type::DateTime)
            | (Type::TimeSpan, Type::TimeSpan)
            | (Type::Guid, Type::Guid | Type::String)
            | (Type::String, Type::Guid)
    ) || (counts(left) && counts(right))
}

/// Whether `<` and the other comparisons accept operands of these types; strings have no order in Kusto.
#[must_use]
pub const fn ordered(left: Type, right: Type) -> bool {
    match (left, right) {
        (Type::Dynamic, other) | (other, Type::Dynamic) => matches!(other, Type::Dynamic) || is_number(other),
        (Type::DateTime, Type::DateTime) | (Type::TimeSpan, Type::TimeSpan) => true,
        _ => counts(left) && counts(right),
    }
}

/// The result type of a sign: a whole number becomes a `long`.
#[must_use]
pub const fn unary(_op: UnaryOp, kind: Type) -> Option<Type> {
    match kind {
        Type::Int | Type::Long => Some(Type::Long),
        Type::Real | Type::Decimal | Type::TimeSpan | Type::Dynamic => Some(kind),
        Type::Bool | Type::String | Type::DateTime | Type::Guid => None,
    }
}

/// The result of a sign.
#[must_use]
pub fn apply_unary(op: UnaryOp, value: &Value) -> Value {
    match op {
        UnaryOp::Minus => arithmetic::negated(value),
        UnaryOp::Plus => match value {
            Value::Int(number) => Value::Long(i64::from(*number)),
            other => other.clone(),
        },
    }
}

/// The result of an operator for operands whose types [`binary`] accepts; null for others.
///
/// If one operand is a `dynamic` and the result is not, the caller converts the result with [`convert::to`].
#[must_use]
pub fn apply(op: BinaryOp, left: &Value, right: &Value) -> Value {
    match op {
        BinaryOp::And => and(left, right),
        BinaryOp::Or => or(left, right),
        BinaryOp::Equal => equal(left, right).map_or(Value::Null, Value::Bool),
        BinaryOp::NotEqual => equal(left, right).map_or(Value::Null, |same| Value::Bool(!same)),
        BinaryOp::Less => ordering(left, right, Ordering::is_lt),
        BinaryOp::LessEqual => ordering(left, right, Ordering::is_le),
        BinaryOp::Greater => ordering(left, right, Ordering::is_gt),
        BinaryOp::GreaterEqual => ordering(left, right, Ordering::is_ge),
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Modulo => {
            arithmetic::apply(op, left, right)
        }
        BinaryOp::MatchesRegex => Value::Bool(as_texts(left, right, regex::is_match)),
        BinaryOp::EqualTilde => Value::Bool(as_texts(left, right, equal_ignoring_case)),
        BinaryOp::NotEqualTilde => Value::Bool(!as_texts(left, right, equal_ignoring_case)),
        BinaryOp::Contains => Value::Bool(as_texts(left, right, contains)),
        BinaryOp::NotContains => Value::Bool(!as_texts(left, right, contains)),
        BinaryOp::ContainsCs => Value::Bool(as_texts(left, right, |text, part| text.contains(part))),
        BinaryOp::NotContainsCs => Value::Bool(!as_texts(left, right, |text, part| text.contains(part))),
        BinaryOp::Has => Value::Bool(as_texts(left, right, has)),
        BinaryOp::NotHas => Value::Bool(!as_texts(left, right, has)),
        BinaryOp::HasCs => Value::Bool(as_texts(left, right, search::has_cs)),
        BinaryOp::NotHasCs => Value::Bool(!as_texts(left, right, search::has_cs)),
        BinaryOp::HasPrefix => Value::Bool(as_texts(left, right, search::has_prefix)),
        BinaryOp::NotHasPrefix => Value::Bool(!as_texts(left, right, search::has_prefix)),
        BinaryOp::HasPrefixCs => Value::Bool(as_texts(left, right, search::has_prefix_cs)),
        BinaryOp::NotHasPrefixCs => Value::Bool(!as_texts(left, right, search::has_prefix_cs)),
        BinaryOp::HasSuffix => Value::Bool(as_texts(left, right, search::has_suffix)),
        BinaryOp::NotHasSuffix => Value::Bool(!as_texts(left, right, search::has_suffix)),
        BinaryOp::HasSuffixCs => Value::Bool(as_texts(left, right, search::has_suffix_cs)),
        BinaryOp::NotHasSuffixCs => Value::Bool(!as_texts(left, right, search::has_suffix_cs)),
        BinaryOp::StartsWith => Value::Bool(as_texts(left, right, starts_with)),
        BinaryOp::NotStartsWith => Value::Bool(!as_texts(left, right, starts_with)),
        BinaryOp::StartsWithCs => Value::Bool(as_texts(left, right, |text, part| text.starts_with(part))),
        BinaryOp::NotStartsWithCs => Value::Bool(!as_texts(left, right, |text, part| text.starts_with(part))),
        BinaryOp::EndsWith => Value::Bool(as_texts(left, right, ends_with)),
        BinaryOp::NotEndsWith => Value::Bool(!as_texts(left, right, ends_with)),
        BinaryOp::EndsWithCs => Value::Bool(as_texts(left, right, |text, part| text.ends_with(part))),
        BinaryOp::NotEndsWithCs => Value::Bool(!as_texts(left, right, |text, part| text.ends_with(part))),
    }
}

fn as_texts(left: &Value, right: &Value, test: impl Fn(&str, &str) -> bool) -> bool {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => false,
        (Value::String(left), Value::String(right)) => test(left, right),
        _ => test(&convert::text(left), &convert::text(right)),
    }
}

fn ordering(left: &Value, right: &Value, test: impl Fn(Ordering) -> bool) -> Value {
    match order(left, right) {
        Some(order) => Value::Bool(test(order)),
        None if left.is_null() || right.is_null() => Value::Null,
        None => Value::Bool(false),
    }
}

/// `and`: false if either side is false, otherwise null if either is null, otherwise true.
#[must_use]
pub fn and(left: &Value, right: &Value) -> Value {
    match (convert::truth(left), convert::truth(right)) {
        (Some(false), _) | (_, Some(false)) => Value::Bool(false),
        (Some(true), Some(true)) => Value::Bool(true),
        _ => Value::Null,
    }
}

/// `or`: true if either side is true, otherwise null if either is null, otherwise false.
#[must_use]
pub fn or(left: &Value, right: &Value) -> Value {
    match (convert::truth(left), convert::truth(right)) {
        (Some(true), _) | (_, Some(true)) => Value::Bool(true),
        (Some(false), Some(false)) => Value::Bool(false),
        _ => Value::Null,
    }
}

/// Whether `between` accepts operands of these types: those of `<=`, or a datetime, a datetime and a timespan after it.
#[must_use]
pub const fn between(operand: Type, low: Type, high: Type) -> bool {
    let timed = matches!((operand, low, high), (Type::DateTime, Type::DateTime, Type::TimeSpan));
    timed || (ordered(operand, low) && ordered(operand, high))
}

/// `between`, with inclusive bounds: the [`and`] of both comparisons, so a null bound can make it null.
#[must_use]
pub fn apply_between(operand: &Value, low: &Value, high: &Value) -> Value {
    let high = match (low, high) {
        (Value::DateTime(_), Value::TimeSpan(_)) => &arithmetic::apply(BinaryOp::Add, low, high),
        _ => high,
    };
    and(&apply(BinaryOp::GreaterEqual, operand, low), &apply(BinaryOp::LessEqual, operand, high))
}

#[cfg(test)]
mod tests;
