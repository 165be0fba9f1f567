//! Replacement and trimming: `replace_string`, `replace_regex`, `trim` and related functions.

use std::sync::Arc;

use ::regex::{Captures, Regex};

use super::scalar;
use crate::registry::arguments::{array_at, returns, text_at};
use crate::registry::regex;
use crate::registry::{Argument, EvalContext, MADE_AT_MOST, Scalar};
use crate::value::Value;

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar(
        "replace_string",
        3..=3,
        returns!(String; text, text, text),
        replace_string,
        "A string with every occurrence of another string replaced.",
    ),
    scalar(
        "replace_strings",
        3..=3,
        returns!(String; text, dynamic, dynamic),
        replace_strings,
        "A string with the strings of one list replaced by those of another; replacements are not replaced again.",
    ),
    scalar(
        "replace_regex",
        3..=3,
        returns!(String; text, fixed_regex, text),
        |context, _, row| replaced(context, "replace_regex", [&text_at(row, 0), &text_at(row, 1), &text_at(row, 2)]),
        "A string with every match of a regex replaced; `\\1` inserts the first capture group.",
    ),
    scalar(
        "replace",
        3..=3,
        returns!(String; fixed_regex, text, text),
        |context, _, row| replaced(context, "replace", [&text_at(row, 2), &text_at(row, 0), &text_at(row, 1)]),
        "`replace_regex` with its former order of arguments: regex, replacement, text.",
    ),
    scalar(
        "trim",
        2..=2,
        returns!(String; fixed_regex, text),
        |_, _, row| trimmed(row, true, true),
        "A string without the matches of a regex at its start and end.",
    ),
    scalar(
        "trim_start",
        2..=2,
        returns!(String; fixed_regex, text),
        |_, _, row| trimmed(row, true, false),
        "A string without the matches of a regex at its start.",
    ),
    scalar(
        "trim_end",
        2..=2,
        returns!(String; fixed_regex, text),
        |_, _, row| trimmed(row, false, true),
        "A string without the matches of a regex at its end.",
    ),
];

/// The limit of the length of a text, for messages; equal to [`MADE_AT_MOST`].
const TOO_LONG: &str = "16,777,216 bytes";

fn replace_string(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (source, wanted, instead) = (text_at(row, 0), text_at(row, 1), text_at(row, 2));
    if wanted.is_empty() {
        return Value::String(source);
    }
    let mut out = String::new();
    for (place, part) in source.split(&*wanted).enumerate() {
        if place > 0 {
            out.push_str(&instead);
        }
        out.push_str(part);
        if out.len() > MADE_AT_MOST {
            return context.limit("replace_string", TOO_LONG);
        }
    }
    Value::text(out)
}

/// A part of a text during `replace_strings`: text of the source, or text that was put in and is not replaced again.
enum Part<'t> {
    Source(&'t str),
    Done(Arc<str>),
}

/// Replaces the strings of the first list in their order. An element of the second list that is not a string replaces
/// nothing: as recorded from the service, what it would replace stays.
fn replace_strings(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let source = text_at(row, 0);
    let (wanted, instead) = (array_at(row, 1).unwrap_or_default(), array_at(row, 2).unwrap_or_default());
    let mut parts = vec![Part::Source(&source)];
    for (wanted, instead) in wanted.iter().zip(instead) {
        let Value::String(wanted) = wanted else { continue };
        if wanted.is_empty() {
            continue;
        }
        let instead = if let Value::String(instead) = instead { instead } else { wanted };
        let mut next = Vec::with_capacity(parts.len());
        let mut length = 0;
        for part in parts {
            let Part::Source(text) = part else {
                next.push(part);
                continue;
            };
            for (place, piece) in text.split(&**wanted).enumerate() {
                if place > 0 {
                    next.push(Part::Done(Arc::clone(instead)));
                    length += instead.len();
                }
                if !piece.is_empty() {
                    next.push(Part::Source(piece));
                }
            }
            if length > MADE_AT_MOST {
                return context.limit("replace_strings", TOO_LONG);
            }
        }
        parts = next;
    }
    let parts = parts.iter().map(|part| match part {
        Part::Source(text) => text,
        Part::Done(text) => &**text,
    });
    Value::text(parts.collect::<String>())
}

/// A piece of a replacement.
enum Piece<'a> {
    Text(&'a str),
    Group(usize),
}

/// The pieces of a replacement: `\0` to `\9` are capture groups, `\\` is a backslash, other characters are literal.
fn pieces(rewrite: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = rewrite;
    while let Some((before, after)) = rest.split_once('\\') {
        pieces.push(Piece::Text(before));
        let next = after.chars().next();
        let length = next.map_or(0, char::len_utf8);
        match next.and_then(|character| character.to_digit(10)) {
            Some(digit) => pieces.push(Piece::Group(usize::try_from(digit).unwrap_or_default())),
            None if next == Some('\\') => pieces.push(Piece::Text("\\")),
            None => {
                pieces.push(Piece::Text("\\"));
                pieces.push(Piece::Text(after.get(..length).unwrap_or_default()));
            }
        }
        rest = after.get(length..).unwrap_or_default();
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn replaced(context: &EvalContext, function: &str, [source, pattern, rewrite]: [&str; 3]) -> Value {
    let Some(regex) = regex::get(pattern) else { return context.invalid_regex(pattern) };
    match rewritten(source, &regex, &pieces(rewrite)) {
        Some(text) => Value::text(text),
        None => context.limit(function, TOO_LONG),
    }
}

fn rewritten(source: &str, regex: &Regex, pieces: &[Piece<'_>]) -> Option<String> {
    let mut out = String::new();
    let mut from = 0;
    for captures in regex.captures_iter(source) {
        let found = captures.get(0)?;
        out.push_str(source.get(from..found.start())?);
        put(&mut out, &captures, pieces);
        from = found.end();
        if out.len() > MADE_AT_MOST {
            return None;
        }
    }
    out.push_str(source.get(from..)?);
    Some(out)
}

fn put(out: &mut String, captures: &Captures<'_>, pieces: &[Piece<'_>]) {
    for piece in pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Group(group) => out.push_str(captures.get(*group).map_or("", |found| found.as_str())),
        }
    }
}

fn trimmed(row: &[Value], start: bool, end: bool) -> Value {
    let (pattern, source) = (text_at(row, 0), text_at(row, 1));
    let mut text = &*source;
    if start && let Some(found) = regex::get(&format!(r"\A(?:{pattern})+")).and_then(|regex| regex.find(text)) {
        text = text.get(found.end()..).unwrap_or_default();
    }
    if end && let Some(found) = regex::get(&format!(r"(?:{pattern})+\z")).and_then(|regex| regex.find(text)) {
        text = text.get(..found.start()).unwrap_or_default();
    }
    Value::text(text)
}
