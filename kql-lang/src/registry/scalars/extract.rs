//! Functions that extract parts with regexes and JSON paths: `extract`, `extract_all`, `extract_json`.

use ::regex::Captures;

use super::scalar;
use crate::registry::arguments::{array_at, fixed_regex, long_at, returns, text, text_at, type_of, whole};
use crate::registry::regex;
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value, convert, json};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "extract",
        3..=4,
        extract_kind,
        extract,
        "A capture group (0 for the whole match) of the first match of a regex, converted to a type if one is given; empty or null without a match.",
    ),
    scalar(
        "extract_all",
        2..=3,
        extract_all_kind,
        extract_all,
        "The capture groups of all matches of a regex; groups can be selected by number or name.",
    )
    .also(&["extractall"]),
    scalar(
        "extract_json",
        2..=3,
        extract_json_kind,
        extract_json,
        "The value at a path (`$.a[0]['b']`) of a JSON string, converted to a type if one is given.",
    )
    .also(&["extractjson"]),
    scalar(
        "regex_quote",
        1..=1,
        returns!(String),
        |_, _, row| Value::text(::regex::escape(&text_at(row, 0))),
        "A string escaped as a regex that matches it literally.",
    ),
];

fn extract_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    fixed_regex(arguments, 0)?;
    whole(arguments, 1)?;
    text(arguments, 2)?;
    type_of(arguments, 3)?;
    Ok(arguments.get(3).and_then(|argument| argument.type_of).unwrap_or(Type::String))
}

fn extract(_: &EvalContext, arguments: &[Argument], row: &[Value]) -> Value {
    let kind = arguments.get(3).and_then(|argument| argument.type_of).unwrap_or(Type::String);
    let found = regex::get(&text_at(row, 0)).and_then(|regex| {
        let group = usize::try_from(long_at(row, 1)?).ok()?;
        let source = text_at(row, 2);
        regex.captures(&source)?.get(group).map(|found| Value::text(found.as_str()))
    });
    found.map_or_else(|| Value::nothing(kind), |found| typed(kind, &found))
}

/// A string converted to a type; for `dynamic`, parsed as JSON.
fn typed(kind: Type, value: &Value) -> Value {
    match (kind, value) {
        (Type::Dynamic, Value::String(text)) => json::parse(text),
        _ => convert::to(kind, value),
    }
}

fn extract_all_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    fixed_regex(arguments, 0)?;
    let constant = arguments.first().and_then(|argument| argument.constant.as_ref()).map(convert::text);
    if constant.and_then(|text| regex::get(&text)).is_some_and(|regex| regex.captures_len() < 2) {
        return Err(ArgumentError { argument: 0, expected: "a regex with a capture group".to_owned() });
    }
    if arguments.len() == 3 {
        crate::registry::arguments::dynamic(arguments, 1)?;
        text(arguments, 2)?;
    } else {
        text(arguments, 1)?;
    }
    Ok(Type::Dynamic)
}

fn extract_all(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(regex) = regex::get(&text_at(row, 0)) else { return Value::Null };
    let source = text_at(row, if row.len() > 2 { 2 } else { 1 });
    let chosen: Vec<Value> = match array_at(row, 1) {
        Some(groups) if row.len() > 2 => groups.to_vec(),
        _ => (1..regex.captures_len()).map(|group| Value::Long(i64::try_from(group).unwrap_or(i64::MAX))).collect(),
    };
    let matches: Vec<Value> = regex
        .captures_iter(&source)
        .map(|captures| match chosen.as_slice() {
            [one] => group(&captures, one),
            several => Value::array(several.iter().map(|one| group(&captures, one)).collect()),
        })
        .collect();
    if matches.is_empty() { Value::Null } else { Value::array(matches) }
}

/// A capture group by number or name; empty if it did not participate in the match.
fn group(captures: &Captures<'_>, which: &Value) -> Value {
    let found = match which {
        Value::String(name) => captures.name(name),
        number => convert::long(number).and_then(|number| captures.get(usize::try_from(number).ok()?)),
    };
    Value::text(found.map_or("", |found| found.as_str()))
}

fn extract_json_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    text(arguments, 0)?;
    text(arguments, 1)?;
    type_of(arguments, 2)?;
    let constant = arguments.first().and_then(|argument| argument.constant.as_ref()).map(convert::text);
    if constant.is_some_and(|path| steps(&path).is_none()) {
        return Err(ArgumentError { argument: 0, expected: "a path like `$.a[0]['b']`".to_owned() });
    }
    Ok(arguments.get(2).and_then(|argument| argument.type_of).unwrap_or(Type::String))
}

fn extract_json(_: &EvalContext, arguments: &[Argument], row: &[Value]) -> Value {
    let kind = arguments.get(2).and_then(|argument| argument.type_of).unwrap_or(Type::String);
    let found = steps(&text_at(row, 0)).and_then(|steps| {
        let json = json::read(&text_at(row, 1))?;
        steps.iter().try_fold(json, |value, step| element(&value, step))
    });
    match found {
        None | Some(Value::Null) => Value::nothing(kind),
        Some(found) => convert::to(kind, &found),
    }
}

/// One step of a path.
pub(super) enum Step {
    Property(String),
    Place(i64),
}

/// The value at a step; negative indexes count from the end.
pub(super) fn element(value: &Value, step: &Step) -> Option<Value> {
    match (value, step) {
        (Value::Bag(bag), Step::Property(name)) => bag.get(name).cloned(),
        (Value::Array(items), Step::Place(place)) => {
            let place = usize::try_from(*place)
                .ok()
                .or_else(|| items.len().checked_sub(usize::try_from(place.unsigned_abs()).ok()?))?;
            items.get(place).cloned()
        }
        _ => None,
    }
}

/// The steps of a path `$.a.b[0]['c']["d"]`; `None` if the syntax is invalid.
pub(super) fn steps(path: &str) -> Option<Vec<Step>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let name = after.get(..end).filter(|name| !name.is_empty())?;
            steps.push(Step::Property(name.to_owned()));
            rest = after.get(end..)?;
        } else {
            let after = rest.strip_prefix('[')?;
            let quote = after.chars().next().filter(|character| matches!(character, '\'' | '"'));
            if let Some(quote) = quote {
                let (name, after) = after.get(1..)?.split_once(quote)?;
                steps.push(Step::Property(name.to_owned()));
                rest = after.strip_prefix(']')?;
            } else {
                let (place, after) = after.split_once(']')?;
                steps.push(Step::Place(place.trim().parse().ok()?));
                rest = after;
            }
        }
    }
    Some(steps)
}
