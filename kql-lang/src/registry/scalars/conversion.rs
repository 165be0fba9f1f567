//! Conversions: `tostring`, `tolong`, `parse_json` and related functions.

use super::scalar;
use crate::registry::arguments::{as_written, at, long_at, returns};
use crate::registry::{Argument, EvalContext, Naming, Scalar};
use crate::value::{Type, Value, convert, json};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "tostring",
        1..=1,
        returns!(String),
        |_, arguments, row| Value::String(as_written(arguments, row, 0)),
        "The value as a string; a `bool` is `True` or `False`.",
    )
    .keeps_name(),
    scalar(
        "toint",
        1..=1,
        returns!(Int),
        |_, _, row| convert::to(Type::Int, at(row, 0)),
        "The value as an `int`, or null.",
    )
    .keeps_name(),
    scalar(
        "tolong",
        1..=1,
        returns!(Long),
        |_, _, row| convert::to(Type::Long, at(row, 0)),
        "The value as a `long`, or null.",
    )
    .keeps_name(),
    scalar(
        "toreal",
        1..=1,
        returns!(Real),
        |_, _, row| convert::to(Type::Real, at(row, 0)),
        "The value as a `real`, or null.",
    )
    .also(&["todouble"])
    .keeps_name(),
    scalar(
        "tobool",
        1..=1,
        returns!(Bool),
        |_, _, row| convert::to(Type::Bool, at(row, 0)),
        "The value as a `bool`, or null.",
    )
    .also(&["toboolean"])
    .keeps_name(),
    scalar(
        "todecimal",
        1..=1,
        returns!(Decimal),
        |_, _, row| convert::to(Type::Decimal, at(row, 0)),
        "The value as a `decimal`, or null.",
    )
    .keeps_name(),
    scalar(
        "todatetime",
        1..=1,
        returns!(DateTime),
        |_, _, row| convert::to(Type::DateTime, at(row, 0)),
        "The value as a `datetime`, or null.",
    )
    .keeps_name(),
    scalar(
        "totimespan",
        1..=1,
        returns!(TimeSpan),
        |_, _, row| convert::to(Type::TimeSpan, at(row, 0)),
        "The value as a `timespan`, or null.",
    )
    .also(&["totime"])
    .keeps_name(),
    scalar(
        "toguid",
        1..=1,
        returns!(Guid; text),
        |_, _, row| convert::to(Type::Guid, at(row, 0)),
        "The string as a `guid`, or null.",
    )
    .keeps_name(),
    scalar(
        "parse_json",
        1..=1,
        returns!(Dynamic; text),
        parse_json,
        "The parsed value of a JSON string; any other string unchanged.",
    )
    .also(&["parsejson"])
    .keeps_name(),
    scalar(
        "todynamic",
        1..=1,
        returns!(Dynamic; text),
        parse_json,
        "The parsed value of a JSON string; any other string unchanged.",
    )
    .also(&["toobject"])
    .keeps_name(),
    scalar("gettype", 1..=1, returns!(String), gettype, "The name of the type of the value.")
        .named(Naming::Prefix("type")),
    scalar(
        "tohex",
        1..=2,
        returns!(String; whole, whole),
        tohex,
        "A whole number in hexadecimal, padded with zeros to a length.",
    )
    .keeps_name(),
    scalar(
        "dynamic_to_json",
        1..=1,
        returns!(String),
        |_, _, row| Value::text(json::write(&sorted(at(row, 0)))),
        "The value as JSON with properties sorted by name.",
    ),
];

fn parse_json(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    match at(row, 0) {
        Value::String(text) => json::parse(text),
        other => other.clone(),
    }
}

fn gettype(_: &EvalContext, arguments: &[Argument], row: &[Value]) -> Value {
    let kind = arguments.first().map_or(Type::Dynamic, |argument| argument.kind);
    let name = match kind {
        Type::Bool => "bool",
        Type::Int => "int",
        Type::Long => "long",
        Type::Real => "real",
        Type::Decimal => "decimal",
        Type::String => "string",
        Type::DateTime => "datetime",
        Type::TimeSpan => "timespan",
        Type::Guid => "guid",
        Type::Dynamic => match at(row, 0) {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Long(_) => "long",
            Value::Real(_) => "real",
            Value::Decimal(_) => "decimal",
            Value::String(_) => "string",
            Value::DateTime(_) => "datetime",
            Value::TimeSpan(_) => "timespan",
            Value::Guid(_) => "guid",
            Value::Array(_) => "array",
            Value::Bag(_) => "dictionary",
        },
    };
    Value::text(name)
}

fn tohex(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let length = long_at(row, 1).and_then(|length| usize::try_from(length).ok()).unwrap_or(0).min(64);
    match at(row, 0) {
        Value::Int(number) => Value::text(format!("{number:0length$x}")),
        other => Value::text(convert::long(other).map(|number| format!("{number:0length$x}")).unwrap_or_default()),
    }
}

/// The value with the properties of its bags sorted by name.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Array(items) => Value::array(items.iter().map(sorted).collect()),
        Value::Bag(bag) => {
            let mut entries: Vec<_> = bag.entries().map(|(name, value)| (name.clone(), sorted(value))).collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::bag(crate::value::Bag::of(entries))
        }
        other => other.clone(),
    }
}
