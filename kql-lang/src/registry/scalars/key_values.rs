//! `parse-kv`: keys and values of a text such as `name=John, phone="555 5555"`.

use std::sync::Arc;

use super::scalar;
use crate::registry::arguments::{array_at, at, text_at};
use crate::registry::{Argument, EvalContext, Scalar, regex};
use crate::value::{Bag, Type, Value, convert};

/// The text, then the options of `parse-kv` as a bag, then the keys: a bag of the keys that occur, with their values.
pub(crate) static PARSE_KV: Scalar =
    scalar("parse-kv", 3..=3, |_| Ok(Type::Dynamic), parse_kv, "The values of keys in a text.");

/// What separates keys and values.
struct Delimiters<'o> {
    pair: &'o str,
    value: &'o str,
    open: Option<char>,
    close: Option<char>,
    escape: Option<char>,
}

fn parse_kv(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (text, keys) = (text_at(row, 0), array_at(row, 2).unwrap_or_default());
    let Value::Bag(options) = at(row, 1) else { return Value::Null };
    let option = |name: &str| match options.get(name) {
        Some(Value::String(text)) => Some(Arc::clone(text)),
        _ => None,
    };
    if let Some(pattern) = option("regex") {
        let Some(regex) = regex::get(&pattern) else { return context.invalid_regex(&pattern) };
        let found = regex.captures_iter(&text).filter_map(|captures| {
            Some((Arc::from(captures.get(1)?.as_str()), Value::text(captures.get(2)?.as_str())))
        });
        return first_of(found);
    }
    let (pair, value) = (option("pair_delimiter").unwrap_or(" ".into()), option("kv_delimiter").unwrap_or("=".into()));
    let quote = option("quote");
    let mut quotes = quote.as_deref().unwrap_or_default().chars();
    let open = quotes.next();
    let by = Delimiters {
        pair: &pair,
        value: &value,
        open,
        close: quotes.next().or(open),
        escape: option("escape").and_then(|escape| escape.chars().next()),
    };
    if options.get("greedy").and_then(convert::truth) == Some(true) {
        let keys: Vec<Arc<str>> = keys.iter().map(convert::text).collect();
        return first_of(greedy(&text, &by, &keys).into_iter());
    }
    first_of(pairs(&text, &by).into_iter())
}

/// The first value of each key.
fn first_of(pairs: impl Iterator<Item = (Arc<str>, Value)>) -> Value {
    let mut seen = std::collections::HashSet::new();
    Value::bag(Bag::of(pairs.filter(|(key, _)| seen.insert(Arc::clone(key)))))
}

/// Whether a text ends where a pair begins: at its start, or after the delimiter of pairs.
fn follows_pair(before: &str, delimiter: &str) -> bool {
    let trimmed = delimiter.trim();
    let follows = if trimmed.is_empty() { before.ends_with(delimiter) } else { before.trim_end().ends_with(trimmed) };
    before.trim().is_empty() || follows
}

/// Each value ends where the next pair delimiter is followed by one of the keys.
fn greedy(text: &str, by: &Delimiters<'_>, keys: &[Arc<str>]) -> Vec<(Arc<str>, Value)> {
    let mut starts: Vec<(usize, usize, &Arc<str>)> = Vec::new();
    for key in keys {
        let wanted = format!("{key}{}", by.value);
        let mut from = 0;
        while let Some(place) = text.get(from..).and_then(|rest| rest.find(&wanted)) {
            let at = from + place;
            let before = text.get(..at).unwrap_or_default();
            if follows_pair(before, by.pair) {
                starts.push((at, at + wanted.len(), key));
            }
            from = at + wanted.len().max(1);
        }
    }
    starts.sort_by_key(|(at, ..)| *at);
    let ends = starts.iter().skip(1).map(|(at, ..)| *at).chain([text.len()]);
    let values = starts.iter().zip(ends).map(|((_, from, key), to)| {
        let value = text.get(*from..to).unwrap_or_default().trim();
        (Arc::clone(key), Value::text(value.strip_suffix(by.pair.trim()).unwrap_or(value).trim()))
    });
    values.collect()
}

fn pairs(text: &str, by: &Delimiters<'_>) -> Vec<(Arc<str>, Value)> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (key, after, ended) = part(rest, by, by.value);
        rest = after;
        if !ended {
            continue;
        }
        let (value, after, _) = part(rest, by, by.pair);
        rest = after;
        found.push((Arc::from(key.as_str()), Value::text(value)));
    }
    found
}

/// The text up to a delimiter, what follows it, and whether the delimiter was found. A key without a value ends at the
/// delimiter of pairs.
fn part<'t>(text: &'t str, by: &Delimiters<'_>, delimiter: &str) -> (String, &'t str, bool) {
    let trimmed = text.trim_start();
    if let Some(inner) = by.open.and_then(|open| trimmed.strip_prefix(open)) {
        let mut out = String::new();
        let mut characters = inner.char_indices();
        while let Some((place, character)) = characters.next() {
            if by.escape == Some(character) && by.escape != by.close {
                if let Some((_, escaped)) = characters.next() {
                    out.push(escaped);
                }
                continue;
            }
            if by.close == Some(character) {
                let after = inner.get(place + character.len_utf8()..).unwrap_or_default();
                // An escape that is the closing quote itself: two of them stand for one.
                if by.escape == by.close && after.starts_with(character) {
                    characters.next();
                    out.push(character);
                    continue;
                }
                return match after.find(delimiter) {
                    Some(at)
                        if after.get(..at).is_some_and(|between| between.trim().is_empty()) || delimiter == by.pair =>
                    {
                        (out, after.get(at + delimiter.len()..).unwrap_or_default(), true)
                    }
                    _ => (out, "", delimiter == by.pair),
                };
            }
            out.push(character);
        }
        return (out, "", delimiter == by.pair);
    }
    let end = text.find(delimiter);
    let pair = text.find(by.pair).unwrap_or(text.len());
    match end {
        Some(at)
            if delimiter == by.pair
                || at < pair
                || text
                    .get(..at)
                    .is_some_and(|key| key.trim_start().len() < key.len() && !key.trim_start().contains(by.pair)) =>
        {
            (
                text.get(..at).unwrap_or_default().trim().to_owned(),
                text.get(at + delimiter.len()..).unwrap_or_default(),
                true,
            )
        }
        _ if delimiter == by.pair => (text.trim().to_owned(), "", true),
        _ => (String::new(), text.get(pair + by.pair.len()..).unwrap_or_default(), false),
    }
}
