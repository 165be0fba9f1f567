//! String search: `contains`, `has`, `startswith` and related functions.
//!
//! Case is ignored character by character, by simple uppercase mapping and independent of any locale. A term is a
//! maximal run of ASCII letters and digits, as defined in Kusto's documentation.

use std::borrow::Cow;

/// The case-folded form of a string.
#[must_use]
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|byte| byte.is_ascii_lowercase()) {
            return Cow::Owned(text.to_ascii_uppercase());
        }
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(upper).collect())
}

/// The uppercase form of a character, if it is a single character.
fn upper(character: char) -> char {
    let mut forms = character.to_uppercase();
    match (forms.next(), forms.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

/// `=~`
#[must_use]
pub fn equal_ignoring_case(left: &str, right: &str) -> bool {
    if left.is_ascii() && right.is_ascii() {
        return left.eq_ignore_ascii_case(right);
    }
    left.chars().map(upper).eq(right.chars().map(upper))
}

/// `contains`
#[must_use]
pub fn contains(text: &str, part: &str) -> bool {
    fold(text).contains(&*fold(part))
}

/// `startswith`
#[must_use]
pub fn starts_with(text: &str, part: &str) -> bool {
    let mut characters = text.chars().map(upper);
    part.chars().map(upper).all(|wanted| characters.next() == Some(wanted))
}

/// `endswith`
#[must_use]
pub fn ends_with(text: &str, part: &str) -> bool {
    let mut characters = text.chars().rev().map(upper);
    part.chars().rev().map(upper).all(|wanted| characters.next() == Some(wanted))
}

/// `has`: the part occurs in the text and does not start or end within a term.
#[must_use]
pub fn has(text: &str, part: &str) -> bool {
    bounded(&fold(text), &fold(part), true, true)
}

pub(super) fn has_cs(text: &str, part: &str) -> bool {
    bounded(text, part, true, true)
}

pub(super) fn has_prefix(text: &str, part: &str) -> bool {
    bounded(&fold(text), &fold(part), true, false)
}

pub(super) fn has_prefix_cs(text: &str, part: &str) -> bool {
    bounded(text, part, true, false)
}

pub(super) fn has_suffix(text: &str, part: &str) -> bool {
    bounded(&fold(text), &fold(part), false, true)
}

pub(super) fn has_suffix_cs(text: &str, part: &str) -> bool {
    bounded(text, part, false, true)
}

/// Whether the part occurs in the text with its start, its end or both at the boundary of a term.
fn bounded(text: &str, part: &str, at_start: bool, at_end: bool) -> bool {
    if part.is_empty() {
        return true;
    }
    let bytes = text.as_bytes();
    let is_term = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let (first, last) = (is_term(part.as_bytes().first()), is_term(part.as_bytes().last()));
    let mut from = 0;
    while let Some(place) = text.get(from..).and_then(|rest| rest.find(part)) {
        let start = from + place;
        let end = start + part.len();
        let before = start.checked_sub(1).and_then(|place| bytes.get(place));
        let start_fits = !at_start || !first || !is_term(before);
        let end_fits = !at_end || !last || !is_term(bytes.get(end));
        if start_fits && end_fits {
            return true;
        }
        // Occurrences may overlap, so the search continues after one character.
        from = start + text.get(start..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    }
    false
}
