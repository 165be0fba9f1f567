//! Secrets in sentences: `the password is swordfish`, `Password:` on a line of its own.

use std::ops::Range;

use super::shape::{is_path, is_placeholder, is_random, lookback};
use super::values::extent;

/// A random word without quotes in a sentence, or any text in quotes.
pub(super) fn prose(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let (range, _) = extent(text, at.start)?;
    let found = text.get(range.clone())?;
    let has = |test: fn(char) -> bool| found.chars().any(test);
    let shown = found.chars().count() > 5 && has(|c| c.is_ascii_digit()) && has(char::is_alphabetic);
    let is_object =
        found.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.'))
            && found.contains(['-', '.']);
    (shown && !is_placeholder(found) && !is_path(found) && !is_object && !found.contains(['=', ':', '(', '{', '[']))
        .then_some(range)
}

/// Words that say something about a secret, in lower case.
const ABOUT: &[&str] = &[
    "correct",
    "valid",
    "weak",
    "strong",
    "short",
    "long",
    "same",
    "different",
    "null",
    "present",
    "absent",
    "mandatory",
    "necessary",
    "stale",
    "fresh",
    "safe",
    "unsafe",
    "secure",
    "good",
    "bad",
    "okay",
    "already",
    "also",
    "only",
    "still",
    "never",
    "always",
    "just",
    "used",
    "sent",
    "kept",
    "read",
    "lost",
    "given",
    "gone",
    "here",
    "there",
    "plain",
    "random",
    "secret",
    "password",
    "token",
    "what",
    "when",
    "where",
    "which",
    "that",
    "this",
    "your",
    "their",
    "than",
    "then",
    "over",
    "under",
    "within",
    "about",
    "being",
    "now",
    "new",
    "old",
    "too",
    "very",
    "case",
    "case-sensitive",
    "base64",
    "json",
    "text",
    "string",
    "binary",
    "false",
    "true",
    "unavailable",
    "inaccessible",
    "out",
    "needed",
    "one",
    "two",
    "more",
    "less",
    "most",
    "least",
    "equal",
    "between",
    "after",
    "before",
    "ready",
    "done",
    "active",
    "inactive",
    "due",
    "available",
    "blank",
    "full",
    "complete",
    "incomplete",
    "wrong",
    "right",
    "nothing",
    "unset",
    "malformed",
    "rotating",
];

/// A word that a sentence states to be a secret: as [`prose`], or the last word of it, unless it says something about one.
pub(super) fn stated(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    if let Some(range) = prose(text, at.clone()) {
        return Some(range);
    }
    let (mut range, is_quoted) = extent(text, at.start)?;
    let found = text.get(range.clone())?.trim_end_matches('.');
    if is_quoted && names_password(text, at.start) && !is_placeholder(found) && found.len() < 128 {
        return Some(range);
    }
    range.end = range.start + found.len();
    let lower = found.to_lowercase();
    let is_word = found.chars().count() > 3 && found.chars().all(char::is_alphabetic);
    let is_form = ["ed", "ing", "able", "ible", "ly", "ful", "less"].iter().any(|end| lower.ends_with(end));
    let rest = text.get(range.end..)?;
    let is_last = is_quoted
        || rest.trim_start_matches(['.', ',', ';', '!', ')']).trim_start_matches([' ', '\t']).is_empty()
        || rest.starts_with(['.', ',', ';', '!', '\n', '\r', ')'])
        || [" and ", " but ", " for ", " now", " on "].iter().any(|next| rest.starts_with(next));
    (is_word && is_last && !is_form && !is_placeholder(found) && !ABOUT.contains(&lower.as_str())).then_some(range)
}

/// A word in quotes after `password`, or a random word without them.
pub(super) fn bare(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    if let Some(range) = prose(text, at.clone()) {
        return Some(range);
    }
    let (range, is_quoted) = extent(text, at.start)?;
    let found = text.get(range.clone())?;
    let is_word = found.chars().count() > 3 && !found.contains(['{', '(', '[', '=', ':', '/', '-', '.']);
    (is_quoted && names_password(text, at.start) && is_word && !is_placeholder(found)).then_some(range)
}

/// Whether the words before a position are about a password, rather than a secret or a token of Kubernetes.
fn names_password(text: &str, at: usize) -> bool {
    let near = lookback(text, at, 32).to_lowercase();
    ["password", "passwd", "pwd", "passphrase"].iter().any(|name| near.contains(name))
}

/// The only word on its line: a random one, or any after a line that is only the name.
pub(super) fn lone_value(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let (range, _) = extent(text, at.start)?;
    let found = text.get(range.clone())?;
    let rest = text.get(range.end..)?.trim_start_matches(['"', '\'', '`', ',', ' ', '\t', '\\']);
    let is_last = rest.is_empty() || rest.starts_with(['\r', '\n', 'n', 'r', '}']);
    let is_entry = found.ends_with(':') || found.contains('=') && !found.ends_with('=');
    let name = lookback(text, at.start, 64).trim_end().rsplit('\n').next()?;
    let is_heading = !name.trim().contains(' ') && !found.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_likely = is_random(found)
        || (found.len() > 3 && is_heading)
        || (found.len() > 5 && name.len() < 48 && found.contains(|c: char| c.is_ascii_digit()));
    (is_last && !is_entry && is_likely && !is_placeholder(found) && !is_path(found)).then_some(range)
}
