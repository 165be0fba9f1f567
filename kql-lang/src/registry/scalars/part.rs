//! Substrings and their positions: `substring`, `indexof`, `split`, `countof`.

use super::scalar;
use crate::registry::arguments::{at, count, long_at, one_of, regex_if_fixed, returns, text, text_at};
use crate::registry::regex;
use crate::registry::{Argument, ArgumentError, EvalContext, Scalar};
use crate::value::{Type, Value, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "substring",
        2..=3,
        returns!(String; any, whole, whole),
        substring,
        "The part of a string from a character on (counted from the end if negative), up to a number of characters.",
    ),
    scalar(
        "indexof",
        2..=5,
        returns!(Long; any, any, whole, whole, whole),
        |_, _, row| index_of(row),
        "The index of the n-th occurrence of a string in another, within a length from a start; -1 if there is none.",
    ),
    scalar(
        "indexof_regex",
        2..=5,
        returns!(Long; any, fixed_regex, whole, whole, whole),
        |context, _, row| index_of_regex(context, row),
        "The index of the n-th match of a regex, within a length from a start; -1 if there is none; null if the start is negative.",
    ),
    scalar(
        "split",
        2..=3,
        returns!(Dynamic; any, text, whole),
        split,
        "The parts of a string between delimiters; with an index, an array with only that part.",
    )
    .keeps_name(),
    scalar(
        "countof",
        2..=3,
        countof_kind,
        countof,
        "The number of occurrences of a string (they may overlap) or, with `regex`, of a regex in a string.",
    ),
];

/// The byte offset of a character; the length of the text for indexes beyond its end.
fn byte_of(text: &str, character: usize) -> usize {
    if text.is_ascii() {
        return character.min(text.len());
    }
    text.char_indices().nth(character).map_or(text.len(), |(place, _)| place)
}

/// A non-negative character index, from one that counts from the end if negative.
fn place(text: &str, given: i64) -> usize {
    match usize::try_from(given) {
        Ok(place) => place,
        Err(_) => text.chars().count().saturating_sub(usize::try_from(given.unsigned_abs()).unwrap_or(usize::MAX)),
    }
}

fn substring(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let source = text_at(row, 0);
    let Some(start) = long_at(row, 1) else { return Value::text("") };
    let from = byte_of(&source, place(&source, start));
    let rest = source.get(from..).unwrap_or_default();
    let length = match row.get(2) {
        None => usize::MAX,
        Some(length) => usize::try_from(convert::long(length).unwrap_or(0)).unwrap_or(0),
    };
    Value::text(rest.get(..byte_of(rest, length)).unwrap_or_default())
}

/// The start, the length and the number of skipped occurrences; null for invalid ones.
fn bounds(row: &[Value]) -> Option<(i64, i64, usize)> {
    let number = |place: usize, default: i64| row.get(place).map_or(Some(default), convert::long);
    let (start, length, occurrence) = (number(2, 0)?, number(3, -1)?, number(4, 1)?);
    let skipped = usize::try_from(occurrence).ok().and_then(|occurrence| occurrence.checked_sub(1))?;
    (length >= -1).then_some((start, length, skipped))
}

/// The number of the character at a byte offset, or -1.
fn character_at(source: &str, byte: Option<usize>) -> Value {
    Value::Long(byte.map_or(-1, |byte| count(source.get(..byte).unwrap_or_default().chars().count())))
}

fn index_of(row: &[Value]) -> Value {
    let (source, wanted) = (text_at(row, 0), text_at(row, 1));
    let Some((start, length, skipped)) = bounds(row) else { return Value::Null };
    let mut from = byte_of(&source, place(&source, start));
    let mut found = None;
    // As in the service, the length applies again from each skipped occurrence.
    for _ in 0..=skipped {
        // Past the end there is no match, not even of the empty text: `from` grows with each iteration.
        found = None;
        let Some(rest) = source.get(from..) else { break };
        // An occurrence must start within the length, but may end beyond it.
        let within = |place: &usize| usize::try_from(length).map_or(true, |length| *place < byte_of(rest, length));
        found = rest.find(&*wanted).filter(within).map(|place| from + place);
        let Some(place) = found else { break };
        let passed = source.get(place..).and_then(|rest| rest.chars().next());
        from = place + passed.map_or(1, char::len_utf8);
    }
    character_at(&source, found)
}

/// Matches do not overlap; a negative start is invalid.
fn index_of_regex(context: &EvalContext, row: &[Value]) -> Value {
    let (source, wanted) = (text_at(row, 0), text_at(row, 1));
    let Some((start, length, skipped)) = bounds(row) else { return Value::Null };
    let Ok(start) = usize::try_from(start) else { return Value::Null };
    let Some(regex) = regex::get(&wanted) else { return context.invalid_regex(&wanted) };
    let from = byte_of(&source, start);
    let rest = source.get(from..).unwrap_or_default();
    let end = usize::try_from(length).map_or(rest.len(), |length| byte_of(rest, length));
    let found = regex.find_iter(rest).nth(skipped).map(|found| found.start());
    character_at(&source, found.filter(|place| *place < end || end == rest.len()).map(|place| from + place))
}

/// The offsets of a text in another; occurrences may overlap.
fn occurrences<'a>(source: &'a str, wanted: &'a str) -> impl Iterator<Item = usize> + 'a {
    let mut from = 0;
    std::iter::from_fn(move || {
        let found = from + source.get(from..)?.find(wanted)?;
        from = found + source.get(found..)?.chars().next().map_or(1, char::len_utf8);
        Some(found)
    })
}

fn split(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (source, delimiter) = (text_at(row, 0), text_at(row, 1));
    let mut parts: Box<dyn Iterator<Item = &str>> =
        if delimiter.is_empty() { Box::new(std::iter::once(&*source)) } else { Box::new(source.split(&*delimiter)) };
    match row.get(2) {
        None => Value::array(parts.map(Value::text).collect()),
        Some(wanted) => {
            let wanted = convert::long(wanted).and_then(|wanted| usize::try_from(wanted).ok());
            Value::array(wanted.and_then(|wanted| parts.nth(wanted)).map(Value::text).into_iter().collect())
        }
    }
}

fn countof_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    text(arguments, 0)?;
    text(arguments, 1)?;
    if arguments.len() > 2 {
        one_of(arguments, 2, &["normal", "regex"])?;
        let kind = arguments.get(2).and_then(|argument| argument.constant.as_ref()).map(convert::text);
        if kind.is_some_and(|kind| kind.eq_ignore_ascii_case("regex")) {
            regex_if_fixed(arguments, 1)?;
        }
    }
    Ok(Type::Long)
}

fn countof(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (source, wanted) = (text_at(row, 0), text_at(row, 1));
    let is_regex = matches!(at(row, 2), Value::String(kind) if kind.eq_ignore_ascii_case("regex"));
    let times = if is_regex {
        match regex::get(&wanted) {
            Some(regex) => regex.find_iter(&source).count(),
            None => return context.invalid_regex(&wanted),
        }
    } else if wanted.is_empty() {
        0
    } else {
        occurrences(&source, &wanted).count()
    };
    Value::Long(count(times))
}
