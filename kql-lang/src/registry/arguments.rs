//! Type rules for arguments, and typed access to argument values and results.

use std::sync::Arc;

use crate::registry::{Argument, ArgumentError, regex};
use crate::value::{Type, Value, convert};

/// A rule for one argument: a check of the argument, and a description of what is expected.
type Rule = (fn(&Argument) -> bool, &'static str);

fn check(arguments: &[Argument], place: usize, (fits, expected): Rule) -> Result<(), ArgumentError> {
    match arguments.get(place) {
        Some(argument) if !fits(argument) => Err(ArgumentError { argument: place, expected: expected.to_owned() }),
        _ => Ok(()),
    }
}

/// Any type.
pub(crate) fn any(_: &[Argument], _: usize) -> Result<(), ArgumentError> {
    Ok(())
}

/// A `string` or a `dynamic`.
pub(crate) fn text(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    check(arguments, place, (|argument| matches!(argument.kind, Type::String | Type::Dynamic), "a string"))
}

/// An `int`, `long`, `real` or `decimal`.
pub(crate) fn number(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    let fits = |argument: &Argument| matches!(argument.kind, Type::Int | Type::Long | Type::Real | Type::Decimal);
    check(arguments, place, (fits, "a number"))
}

/// An `int` or `long`.
pub(crate) fn whole(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    check(arguments, place, (|argument| matches!(argument.kind, Type::Int | Type::Long), "a whole number"))
}

/// An `int`, `long` or `real`.
pub(crate) fn real(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    let fits = |argument: &Argument| matches!(argument.kind, Type::Int | Type::Long | Type::Real);
    check(arguments, place, (fits, "a real number"))
}

/// A `guid`.
pub(crate) fn guid(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    check(arguments, place, (|argument| argument.kind == Type::Guid, "a guid"))
}

/// A `bool`.
pub(crate) fn truth(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    check(arguments, place, (|argument| argument.kind == Type::Bool, "a bool"))
}

/// A `datetime`.
pub(crate) fn datetime(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    check(arguments, place, (|argument| argument.kind == Type::DateTime, "a datetime"))
}

/// A `timespan`.
pub(crate) fn timespan(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    check(arguments, place, (|argument| argument.kind == Type::TimeSpan, "a timespan"))
}

/// A number, a datetime or a timespan.
pub(crate) fn summable(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    let fits = |argument: &Argument| {
        let kind = argument.kind;
        matches!(kind, Type::Int | Type::Long | Type::Real | Type::Decimal | Type::DateTime | Type::TimeSpan)
    };
    check(arguments, place, (fits, "a number, datetime or timespan"))
}

/// A `dynamic`.
pub(crate) fn dynamic(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    check(arguments, place, (|argument| argument.kind == Type::Dynamic, "a dynamic"))
}

/// Any type except `dynamic`.
pub(crate) fn plain(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    let expected = "a value that is not dynamic: convert it to another type first";
    check(arguments, place, (|argument| argument.kind != Type::Dynamic, expected))
}

/// A type: `typeof(…)`.
pub(crate) fn type_of(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    check(arguments, place, (|argument| argument.type_of.is_some(), "a type: `typeof(…)`"))
}

/// A constant number.
pub(crate) fn fixed_number(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    number(arguments, place)?;
    check(arguments, place, (|argument| argument.constant.is_some(), "a constant number"))
}

/// A constant regex.
pub(crate) fn fixed_regex(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    text(arguments, place)?;
    match arguments.get(place).map(|argument| &argument.constant) {
        Some(Some(Value::String(text))) => match regex::check(text) {
            Ok(()) => Ok(()),
            Err(reason) => Err(ArgumentError { argument: place, expected: format!("a regex ({reason})") }),
        },
        Some(_) => Err(ArgumentError { argument: place, expected: "a constant regex".to_owned() }),
        None => Ok(()),
    }
}

/// A regex, if the argument is constant.
pub(crate) fn regex_if_fixed(arguments: &[Argument], place: usize) -> Result<(), ArgumentError> {
    match arguments.get(place).and_then(|argument| argument.constant.as_ref()) {
        Some(Value::String(_)) => fixed_regex(arguments, place),
        _ => Ok(()),
    }
}

/// One of these constant words; case-insensitive.
pub(crate) fn one_of(arguments: &[Argument], place: usize, words: &[&str]) -> Result<(), ArgumentError> {
    let word = arguments.get(place).and_then(|argument| argument.constant.as_ref());
    match word {
        Some(Value::String(word)) if words.iter().any(|known| known.eq_ignore_ascii_case(word)) => Ok(()),
        _ => Err(ArgumentError { argument: place, expected: format!("one of `{}`", words.join("`, `")) }),
    }
}

/// The type rule of a function: the type of its result, and one rule per argument; the rule after `..` applies to the
/// rest.
macro_rules! returns {
    ($kind:ident) => {
        |_: &[$crate::registry::Argument]| Ok($crate::value::Type::$kind)
    };
    ($kind:ident; $($rule:ident),+) => {
        |arguments: &[$crate::registry::Argument]| {
            for (place, rule) in [$($crate::registry::arguments::$rule as $crate::registry::arguments::Check),+].into_iter().enumerate() {
                rule(arguments, place)?;
            }
            Ok($crate::value::Type::$kind)
        }
    };
    ($kind:ident; $($rule:ident),*; ..$rest:ident) => {
        |arguments: &[$crate::registry::Argument]| {
            let rules: &[$crate::registry::arguments::Check] = &[$($crate::registry::arguments::$rule),*];
            for place in 0..arguments.len() {
                rules.get(place).copied().unwrap_or($crate::registry::arguments::$rest)(arguments, place)?;
            }
            Ok($crate::value::Type::$kind)
        }
    };
}
pub(crate) use returns;

/// A rule for the argument at an index.
pub(crate) type Check = fn(&[Argument], usize) -> Result<(), ArgumentError>;

/// The value at an index; null if there is none.
pub(crate) fn at(row: &[Value], place: usize) -> &Value {
    row.get(place).unwrap_or(&Value::Null)
}

/// The string at an index; empty for null.
pub(crate) fn text_at(row: &[Value], place: usize) -> Arc<str> {
    convert::text(at(row, place))
}

/// The result of `tostring` for the value at an index: the service writes a `bool` column as .NET does, and a bool
/// within a `dynamic` as JSON does.
pub(crate) fn as_written(arguments: &[Argument], row: &[Value], place: usize) -> Arc<str> {
    match (arguments.get(place).map(|argument| argument.kind), at(row, place)) {
        (Some(Type::Bool), Value::Bool(truth)) => Arc::from(if *truth { "True" } else { "False" }),
        (_, value) => convert::text(value),
    }
}

/// The whole number at an index.
pub(crate) fn long_at(row: &[Value], place: usize) -> Option<i64> {
    convert::long(at(row, place))
}

/// The number at an index, as a real.
pub(crate) fn real_at(row: &[Value], place: usize) -> Option<f64> {
    convert::real(at(row, place))
}

/// The ticks of the datetime at an index.
pub(crate) fn datetime_at(row: &[Value], place: usize) -> Option<i64> {
    convert::datetime(at(row, place))
}

/// The ticks of the timespan at an index.
pub(crate) fn timespan_at(row: &[Value], place: usize) -> Option<i64> {
    convert::timespan(at(row, place))
}

/// The elements of the array at an index.
pub(crate) fn array_at(row: &[Value], place: usize) -> Option<&[Value]> {
    match at(row, place) {
        Value::Array(items) => Some(items),
        _ => None,
    }
}

/// A `long`, or null.
pub(crate) fn long(value: Option<i64>) -> Value {
    value.map_or(Value::Null, Value::Long)
}

/// An `int`, or null.
pub(crate) fn int(value: Option<i64>) -> Value {
    value.and_then(|value| i32::try_from(value).ok()).map_or(Value::Null, Value::Int)
}

/// A `real`, or null.
pub(crate) fn as_real(value: Option<f64>) -> Value {
    value.map_or(Value::Null, Value::Real)
}

/// A `bool`, or null.
pub(crate) fn as_truth(value: Option<bool>) -> Value {
    value.map_or(Value::Null, Value::Bool)
}

/// A `string`, empty for `None`: strings are never null.
pub(crate) fn as_text(value: Option<String>) -> Value {
    Value::text(value.unwrap_or_default())
}

/// A `datetime`, or null.
pub(crate) fn as_datetime(ticks: Option<i64>) -> Value {
    ticks.map_or(Value::Null, Value::DateTime)
}

/// A `timespan`, or null.
pub(crate) fn as_timespan(ticks: Option<i64>) -> Value {
    ticks.map_or(Value::Null, Value::TimeSpan)
}

/// A length or count as a `long`.
pub(crate) fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
