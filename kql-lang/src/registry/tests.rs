mod dynamics;
mod numbers;
mod rows;
mod texts;
mod times;

use super::*;
use crate::value::{convert, json};

/// A test argument: a value and the type of its column.
#[derive(Clone, Debug)]
pub(crate) struct In {
    pub(crate) kind: Type,
    pub(crate) value: Value,
}

impl From<i64> for In {
    fn from(value: i64) -> Self {
        Self { kind: Type::Long, value: Value::Long(value) }
    }
}

impl From<f64> for In {
    fn from(value: f64) -> Self {
        Self { kind: Type::Real, value: Value::Real(value) }
    }
}

impl From<bool> for In {
    fn from(value: bool) -> Self {
        Self { kind: Type::Bool, value: Value::Bool(value) }
    }
}

impl From<&str> for In {
    fn from(value: &str) -> Self {
        Self { kind: Type::String, value: Value::text(value) }
    }
}

impl From<Value> for In {
    fn from(value: Value) -> Self {
        let kind = match value {
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Long(_) => Type::Long,
            Value::Real(_) => Type::Real,
            Value::Decimal(_) => Type::Decimal,
            Value::String(_) => Type::String,
            Value::DateTime(_) => Type::DateTime,
            Value::TimeSpan(_) => Type::TimeSpan,
            Value::Guid(_) => Type::Guid,
            Value::Null | Value::Array(_) | Value::Bag(_) => Type::Dynamic,
        };
        Self { kind, value }
    }
}

/// A null of a type.
pub(crate) fn null(kind: Type) -> In {
    In { kind, value: Value::Null }
}

/// A datetime.
pub(crate) fn at(text: &str) -> In {
    convert::to(Type::DateTime, &Value::text(text)).into()
}

/// A timespan.
pub(crate) fn span(text: &str) -> In {
    convert::to(Type::TimeSpan, &Value::text(text)).into()
}

/// A dynamic, by its JSON.
pub(crate) fn dynamic(text: &str) -> In {
    In { kind: Type::Dynamic, value: json::read(text).unwrap_or(Value::Null) }
}

fn describe(arguments: &[In]) -> Vec<Argument> {
    let one = |argument: &In| Argument { kind: argument.kind, constant: Some(argument.value.clone()), type_of: None };
    arguments.iter().map(one).collect()
}

fn is_of(value: &Value, kind: Type) -> bool {
    let own = In::from(value.clone()).kind;
    own == kind || kind == Type::Dynamic || (value.is_null() && kind != Type::String)
}

/// The instant of evaluation in tests: 2026-01-02T03:04:05Z.
fn context() -> EvalContext {
    EvalContext::new(convert::long(&at("2026-01-02T03:04:05Z").value).expect("an instant"))
}

/// The result of a function, as JSON, after checking that it has the type given by the type rule.
#[track_caller]
pub(crate) fn call(name: &str, arguments: &[In]) -> String {
    let function = scalar(name).unwrap_or_else(|| panic!("no function `{name}`"));
    assert!(function.arity.contains(&arguments.len()), "{name} takes {:?}", function.arity);
    let described = describe(arguments);
    let kind = (function.result)(&described).unwrap_or_else(|argument_error| panic!("{name}: {argument_error:?}"));
    let row: Vec<Value> = arguments.iter().map(|argument| argument.value.clone()).collect();
    let value = (function.call)(&context(), &described, &row);
    assert!(is_of(&value, kind), "{name} returns {value:?}, which is not a {kind:?}");
    json::write(&value)
}

/// The failure of a function that reaches a limit.
#[track_caller]
pub(crate) fn failure(name: &str, arguments: &[In]) -> String {
    let function = scalar(name).unwrap_or_else(|| panic!("no function `{name}`"));
    let row: Vec<Value> = arguments.iter().map(|argument| argument.value.clone()).collect();
    let context = context();
    let value = (function.call)(&context, &describe(arguments), &row);
    context.count(name, &value);
    match context.take_failure() {
        Some(Failure::Function(message)) => message,
        other => panic!("{name} does not fail: {other:?}"),
    }
}

/// The error of the type rule of a function.
#[track_caller]
pub(crate) fn argument_error(name: &str, arguments: &[In]) -> ArgumentError {
    let function = scalar(name).unwrap_or_else(|| panic!("no function `{name}`"));
    (function.result)(&describe(arguments)).expect_err("the arguments fit")
}

/// Calls of functions with the JSON of their results.
macro_rules! table {
    ($($name:ident($($argument:expr),*) => $want:expr;)+) => {
        $(assert_eq!(
            $crate::registry::tests::call(stringify!($name), &[$($crate::registry::tests::In::from($argument)),*]),
            $want,
            "{}({})", stringify!($name), stringify!($($argument),*)
        );)+
    };
}
pub(crate) use table;

#[test]
fn names_are_unique_and_not_listed_as_service_only() {
    let all = scalars::TOPICS.iter().copied().flatten();
    let declared: usize = all.map(|function| function.aliases.len() + 1).sum();
    assert_eq!(SCALARS.len(), declared, "two functions have the same name");
    let all = aggregates::TOPICS.iter().copied().flatten();
    let declared: usize = all.map(|function| function.aliases.len() + 1).sum();
    assert_eq!(AGGREGATES.len(), declared, "two aggregates have the same name");
    for name in names() {
        assert!(!is_service_only(name), "{name}");
        // The only ones that are both take several arguments as a function and one as an aggregate.
        let is_both = scalar(name).is_some() && aggregate(name).is_some();
        assert!(!is_both || name.contains("merge"), "{name} is a function and an aggregate");
    }
    assert!(SERVICE_ONLY.is_sorted());
}

#[test]
fn every_function_has_a_summary() {
    let summaries = scalars().map(|function| (function.name, function.summary));
    for (name, summary) in summaries.chain(aggregates().map(|function| (function.name, function.summary))) {
        assert!(summary.ends_with('.') && !summary.contains('\n'), "{name}: {summary}");
    }
}

#[test]
fn functions_accept_any_values_of_any_types() {
    let values = [
        In::from(Value::Null),
        In::from(i64::MIN),
        In::from(i64::MAX),
        In::from(0),
        In::from(f64::NAN),
        In::from(1e308),
        In::from("é(\\1%"),
        In::from(""),
        In::from(true),
        In::from(Value::Int(i32::MIN)),
        In::from(Value::DateTime(crate::datetime::LAST)),
        In::from(Value::TimeSpan(i64::MIN)),
        In::from(Value::Guid(1)),
        In::from(Value::Decimal(rust_decimal::Decimal::MAX)),
        dynamic(r#"[1,"a",null,[2]]"#),
        dynamic(r#"{"a":{"b":1}}"#),
    ];
    for function in scalars() {
        for first in &values {
            for second in &values {
                for length in 0..=4 {
                    let row: Vec<In> = [first, second, second, first].into_iter().take(length).cloned().collect();
                    if !function.arity.contains(&length) {
                        continue;
                    }
                    let described = describe(&row);
                    let kind = (function.result)(&described);
                    let row: Vec<Value> = row.into_iter().map(|argument| argument.value).collect();
                    let value = (function.call)(&context(), &described, &row);
                    if let Ok(kind) = kind {
                        assert!(is_of(&value, kind), "{} of {row:?} returns {value:?}, not a {kind:?}", function.name);
                    }
                }
            }
        }
    }
    for function in aggregates() {
        for first in &values {
            for second in &values {
                let described = describe(&[first.clone(), second.clone()]);
                let mut accumulator = (function.start)(&described);
                accumulator.add(&[first.value.clone(), second.value.clone()]);
                accumulator.add(&[second.value.clone(), first.value.clone()]);
                accumulator.add(&[]);
                accumulator.finish();
            }
        }
    }
}
