//! String functions: concatenation, length, comparison, case conversion.

use std::cmp::Ordering;
use std::sync::Arc;

use super::scalar;
use crate::registry::arguments::{array_at, as_text, as_written, at, count, long_at, returns, text_at};
use crate::registry::operators::has;
use crate::registry::{Argument, EvalContext, MADE_AT_MOST, Naming, Scalar};
use crate::value::{Value, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "strcat",
        1..=64,
        returns!(String),
        |context, arguments, row| concatenated(context, "strcat", "", arguments, row, 0),
        "The concatenation of the arguments.",
    ),
    scalar(
        "strcat_delim",
        3..=65,
        returns!(String),
        |context, arguments, row| concatenated(context, "strcat_delim", &text_at(row, 0), arguments, row, 1),
        "The concatenation of the arguments after the first, separated by the first.",
    ),
    scalar(
        "strcat_array",
        2..=2,
        returns!(String; dynamic, any),
        |context, _, row| {
            let items = array_at(row, 0).unwrap_or_default();
            joined(context, "strcat_array", &text_at(row, 1), items.iter().map(convert::text))
        },
        "The concatenation of the elements of an array, separated by a delimiter.",
    )
    .also(&["array_strcat"]),
    scalar(
        "strrep",
        2..=3,
        returns!(String; any, whole, any),
        strrep,
        "A string repeated a number of times (at most 1024), separated by an optional delimiter.",
    ),
    scalar(
        "strlen",
        1..=1,
        returns!(Long; text),
        |_, _, row| Value::Long(count(text_at(row, 0).chars().count())),
        "The number of characters (code points) of a string.",
    )
    .named(Naming::Prefix("strlen")),
    scalar(
        "string_size",
        1..=1,
        returns!(Long; text),
        |_, _, row| Value::Long(count(text_at(row, 0).len())),
        "The number of UTF-8 bytes of a string.",
    )
    .named(Naming::Prefix("string_size")),
    scalar(
        "strcmp",
        2..=2,
        returns!(Long),
        |_, _, row| Value::Long(compared(&text_at(row, 0), &text_at(row, 1))),
        "-1, 0 or 1 if the first string is less than, equal to or greater than the second.",
    ),
    scalar(
        "toupper",
        1..=1,
        returns!(String),
        |_, _, row| Value::text(in_case(&text_at(row, 0), char::to_uppercase)),
        "A string in uppercase.",
    ),
    scalar(
        "tolower",
        1..=1,
        returns!(String),
        |_, _, row| Value::text(in_case(&text_at(row, 0), char::to_lowercase)),
        "A string in lowercase.",
    ),
    scalar(
        "reverse",
        1..=1,
        returns!(String),
        |_, _, row| Value::text(text_at(row, 0).chars().rev().collect::<String>()),
        "A string with its characters in reverse order.",
    ),
    scalar(
        "translate",
        3..=3,
        returns!(String; text, text, text),
        translate,
        "A string with each character of a list replaced by the one at the same index of another list.",
    ),
    scalar(
        "isascii",
        1..=1,
        returns!(Bool),
        |_, _, row| Value::Bool(text_at(row, 0).is_ascii()),
        "Whether a string contains only ASCII characters.",
    ),
    scalar(
        "isutf8",
        1..=1,
        returns!(Bool),
        |_, _, _| Value::Bool(true),
        "Whether a string is UTF-8; here always true.",
    ),
    scalar(
        "unicode_codepoints_from_string",
        1..=1,
        returns!(Dynamic),
        |_, _, row| {
            Value::array(
                text_at(row, 0).chars().map(|character| Value::Long(i64::from(u32::from(character)))).collect(),
            )
        },
        "The code points of a string.",
    )
    .also(&["to_utf8"]),
    scalar(
        "unicode_codepoints_to_string",
        1..=usize::MAX,
        returns!(String; ; ..any),
        from_codepoints,
        "The string with the given code points.",
    )
    .also(&["make_string"]),
    scalar(
        "has_any_index",
        2..=2,
        returns!(Long; text, dynamic),
        has_any_index,
        "The index of the first item of a list that occurs in the string as a term, or -1.",
    ),
];

/// A text in another case; characters that map to several characters are unchanged, so the text gets no longer.
fn in_case<F: Iterator<Item = char>>(text: &str, form: fn(char) -> F) -> String {
    let one = |character| {
        let mut forms = form(character);
        match (forms.next(), forms.next()) {
            (Some(other), None) => other,
            _ => character,
        }
    };
    text.chars().map(one).collect()
}

/// The arguments from an index on, joined by a delimiter.
fn concatenated(
    context: &EvalContext,
    function: &str,
    delimiter: &str,
    arguments: &[Argument],
    row: &[Value],
    from: usize,
) -> Value {
    joined(context, function, delimiter, (from..row.len()).map(|place| as_written(arguments, row, place)))
}

fn joined(context: &EvalContext, function: &str, delimiter: &str, parts: impl Iterator<Item = Arc<str>>) -> Value {
    let mut text = String::new();
    for (place, part) in parts.enumerate() {
        if place > 0 {
            text.push_str(delimiter);
        }
        text.push_str(&part);
        if text.len() > MADE_AT_MOST {
            return context.limit(function, "16,777,216 bytes");
        }
    }
    Value::text(text)
}

fn strrep(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    // Kusto treats a larger number as 1024: strrep-function, read 2026-11-22.
    let times = long_at(row, 1).unwrap_or(0).clamp(0, 1024);
    let times = usize::try_from(times).unwrap_or(0);
    let parts: Vec<Value> = std::iter::repeat_n(at(row, 0).clone(), times).collect();
    joined(context, "strrep", &text_at(row, 2), parts.iter().map(convert::text))
}

fn compared(left: &str, right: &str) -> i64 {
    match left.cmp(right) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

/// If the replacement list is shorter, its last character is used for the rest; if it is empty, the characters are
/// removed.
fn translate(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (wanted, instead) = (text_at(row, 0), text_at(row, 1));
    let instead: Vec<char> = instead.chars().collect();
    let mut places = std::collections::HashMap::new();
    for (place, character) in wanted.chars().enumerate() {
        places.entry(character).or_insert(place);
    }
    let text = text_at(row, 2);
    let replaced = text.chars().filter_map(|character| match places.get(&character) {
        Some(place) => instead.get(*place).or(instead.last()).copied(),
        None => Some(character),
    });
    as_text(Some(replaced.collect()))
}

fn from_codepoints(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let flat = row.iter().flat_map(|value| match value {
        Value::Array(items) => items.as_slice(),
        other => std::slice::from_ref(other),
    });
    let points = flat.filter_map(convert::long).filter_map(|point| u32::try_from(point).ok());
    Value::text(points.filter_map(char::from_u32).collect::<String>())
}

fn has_any_index(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let text = text_at(row, 0);
    let terms = array_at(row, 1).unwrap_or_default();
    let place = terms.iter().position(|term| has(&text, &convert::text(term)));
    Value::Long(place.map_or(-1, count))
}
