//! Where the value after a name ends, and whether it is a secret.
//!
//! A value in quotes ends at the same quote with the same number of backslashes. Without quotes it ends at whitespace, at a
//! quote, or at a separator that another name or nothing follows, since a password may contain separators.

use std::ops::Range;

use super::encoded::decode;
use super::shape::{before, is_long_random, is_mixed, is_path, is_placeholder, is_random, lookback};

/// A value that is a secret unless it is a placeholder, or a word of a sentence.
pub(super) fn value(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    if let Some(range) = braced(text, at.start) {
        return Some(range);
    }
    let (range, is_quoted) = extent(text, at.start)?;
    let found = text.get(range.clone())?;
    let is_word = || !is_quoted && is_sentence(text, at.start, &range);
    let current_folder = found.starts_with('/') && is_path(found);
    (found.chars().count() > 2 && !is_placeholder(found) && !current_folder && !is_word()).then_some(range)
}

/// The same after names of secrets: Kubernetes objects and files also have them.
pub(super) fn secret_value(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let range = value(text, at)?;
    let found = text.get(range.clone())?;
    let is_object =
        found.contains('-') && found.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'.'));
    (!is_path(found) && !is_object).then_some(range)
}

/// A value that is a secret only if it is random.
pub(super) fn random_value(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let (range, _) = extent(text, at.start)?;
    let found = text.get(range.clone())?;
    is_random(found).then_some(range)
}

/// The default in `${NAME:-default}`.
pub(super) fn default_value(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let range = until(text, at.start, |c| matches!(c, '}' | '\r' | '\n'));
    let found = text.get(range.clone())?;
    (found.len() > 2 && !is_placeholder(found) && !is_path(found)).then_some(range)
}

/// The argument of an option; not another option.
pub(super) fn option_value(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let range = value(text, at)?;
    let found = text.get(range.clone())?;
    (!found.starts_with('-') && !is_path(found)).then_some(range)
}

/// A code of 3 to 10 digits.
pub(super) fn code(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(at.start..)?;
    let length = rest.bytes().take_while(u8::is_ascii_digit).count();
    let joined = rest.get(length..)?.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    ((3..=10).contains(&length) && !joined).then(|| at.start..at.start + length)
}

/// The text up to the quote that opens before a position.
pub(super) fn quoted(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let mark = lookback(text, at.start, 16);
    let slashes = mark.get(..mark.len().checked_sub(1)?)?.bytes().rev().take_while(|byte| *byte == b'\\').count();
    let range = extent(text, at.start.checked_sub(slashes + 1)?)?.0;
    text.get(range.clone()).is_some_and(not_a_placeholder).then_some(range)
}

/// Whether a text can be a password.
pub(super) fn not_a_placeholder(found: &str) -> bool {
    !is_placeholder(found)
}

/// Whether a text is base64 of a user and a password.
pub(super) fn basic(found: &str) -> bool {
    decode(found).is_some_and(|bytes| bytes.contains(&b':') && bytes.iter().all(|byte| *byte >= b' '))
        || is_long_random(found)
}

/// The value of a parameter of a query.
pub(super) fn parameter(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let range = until(text, at.start, |c| {
        c.is_whitespace() || matches!(c, '&' | '#' | '"' | '\'' | '<' | '>' | '\\' | '`' | ';' | ',')
    });
    text.get(range.clone()).is_some_and(|found| found.len() > 3 && !is_placeholder(found)).then_some(range)
}

/// The same after names with other meanings: only if it is long and random.
pub(super) fn long_parameter(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let range = parameter(text, at)?;
    text.get(range.clone()).is_some_and(is_long_random).then_some(range)
}

/// The text of an XML element.
pub(super) fn element(text: &str, at: Range<usize>) -> Option<Range<usize>> {
    let range = until(text, at.start, |c| matches!(c, '<' | '\n' | '\r'));
    text.get(range.clone())
        .is_some_and(|found| found.chars().count() > 2 && !is_placeholder(found) && !is_path(found))
        .then_some(range)
}

/// The values of all cookies of a `Cookie` header.
pub(super) fn cookies(text: &str, at: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = at.start;
    loop {
        let name = until(text, start, |c| c.is_whitespace() || matches!(c, '=' | ';' | '"' | '\'' | '\\' | ','));
        if !text.get(name.end..).is_some_and(|rest| rest.starts_with('=')) {
            return found;
        }
        let quotes = usize::from(text.get(name.end + 1..).is_some_and(|rest| rest.starts_with('"')));
        let value = until(text, name.end + 1 + quotes, |c| c.is_whitespace() || matches!(c, ';' | '"' | '\'' | '\\'));
        let is_value = text.get(value.clone()).is_some_and(|one| one.len() > 2 && !is_placeholder(one));
        start = value.end + quotes;
        if is_value {
            found.push(value);
        }
        let Some(rest) = text.get(start..).and_then(|rest| rest.strip_prefix(';')) else { return found };
        start = text.len() - rest.trim_start_matches([' ', '\t']).len();
    }
}

/// The value of the cookie of a `Set-Cookie` header, without its attributes.
pub(super) fn set_cookies(text: &str, at: Range<usize>) -> Vec<Range<usize>> {
    cookies(text, at).into_iter().take(1).collect()
}

/// The user, or the password, of an URL, if a slash in it is not encoded: `https://bob:a/b@host.example.com`.
pub(super) fn user_with_slash(text: &str, range: Range<usize>) -> Option<Range<usize>> {
    let found = text.get(range.clone())?;
    let (first, _) = found.split_once('/')?;
    if let Some((user, password)) = first.split_once(':') {
        // A port of a host.
        let is_port = password.bytes().all(|byte| byte.is_ascii_digit());
        return (!is_port && !user.contains(['.', '['])).then(|| range.start + user.len() + 1..range.end);
    }
    let is_token = |part: &str| part.len() > 9 && (is_mixed(part) || is_long_random(part));
    let is_host = first.contains('.') || first.is_empty();
    let is_word = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_' | b'.'));
    (!is_host && found.split('/').any(|part| is_token(part) && !is_word(part))).then_some(range)
}

/// A value in the braces of ODBC: <https://learn.microsoft.com/sql/odbc/reference/syntax/sqldriverconnect-function>.
///
/// A word in braces is a placeholder.
fn braced(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?.strip_prefix('{')?;
    let length = rest.find(['}', '"', '\'', '\n', '{'])?;
    let found = rest.get(..length)?;
    let is_word = found.bytes().all(|byte| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.' | b' ' | b':' | b',')
    });
    let closes = rest.get(length..)?.starts_with('}');
    (closes && lookback(text, at, 1) == "=" && found.len() > 2 && !is_word && !is_placeholder(found))
        .then(|| at + 1..at + 1 + length)
}

/// The range of the value that starts at a position, without its quotes, and whether it is quoted.
pub(super) fn extent(text: &str, at: usize) -> Option<(Range<usize>, bool)> {
    let rest = text.get(at..)?;
    let slashes = rest.bytes().take_while(|byte| *byte == b'\\').count();
    let quote = rest.get(slashes..)?.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'));
    if let Some(quote) = quote {
        let start = at + slashes + 1;
        let inner = text.get(start..)?;
        // In SQL, YAML and CSV, a quote within quotes is written twice.
        let mut doubled = 0;
        let mut closes = |(end, _): &(usize, &str)| {
            let again = *end > 0 && inner.get(end + 1..).is_some_and(|rest| rest.starts_with(quote));
            let is_second = doubled == *end && *end > 0;
            if slashes == 0 && again && !is_second {
                doubled = end + 1;
                return false;
            }
            !is_second
                && inner
                    .get(..*end)
                    .is_some_and(|before| before.bytes().rev().take_while(|byte| *byte == b'\\').count() == slashes)
        };
        // A quote that does not close was cut off, or is an apostrophe: the value ends with the line.
        let end = inner
            .match_indices(quote)
            .find(|hit| closes(hit))
            .map_or_else(|| until(text, start, |c| matches!(c, '\r' | '\n')).end, |(end, _)| start + end - slashes);
        return (end > start).then_some((start..end, true));
    }
    if lookback(text, at, 1) == ":" && rest.starts_with(':') {
        return None;
    }
    let mut range =
        until(text, at, |c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '`' | '<' | '>'));
    range.end = at + separated(text.get(range.clone())?, text.get(range.end..)?);
    // In a connection string, whitespace belongs to the value.
    if is_in_connection_string(text, at) && text.get(range.end..).is_some_and(|rest| rest.starts_with([' ', '\t'])) {
        let whole = until(text, at, |c| matches!(c, ';' | '"' | '\'' | '\r' | '\n'));
        if text.get(whole.end..).is_some_and(|rest| rest.starts_with(';')) {
            range = whole;
        }
    }
    (!range.is_empty()).then_some((range, false))
}

/// The length of a value without quotes, up to a separator that ends it.
fn separated(value: &str, rest: &str) -> usize {
    let mut open = 0_usize;
    for (at, c) in value.char_indices() {
        let after = value.get(at + c.len_utf8()..).unwrap_or_default();
        let ends = match c {
            '&' | ';' | ',' => {
                let (name, length) = after.split_once(['=', ':']).map_or(("", 0), |(name, _)| (name, name.len()));
                let is_name = length > 0
                    && length < 64
                    && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
                after.is_empty() || is_name || after.starts_with("amp;")
            }
            '(' | '[' | '{' => {
                open += 1;
                false
            }
            ')' | ']' | '}' => {
                open = open.wrapping_sub(1);
                open == usize::MAX
            }
            '\\' => after.is_empty() || after.starts_with(['n', 'r', 't', '"', '\'']),
            '.' | ':' | '!' => {
                after.is_empty() && c != '!' && (rest.is_empty() || rest.starts_with(char::is_whitespace))
            }
            _ => false,
        };
        if ends {
            return at;
        }
    }
    value.len()
}

/// Whether the name before a position is an entry after others, as in `Server=db;User ID=sa;Password=…`.
fn is_in_connection_string(text: &str, at: usize) -> bool {
    let before = lookback(text, at, 64);
    let name = before.trim_end_matches([' ', '=']);
    let entry = name.rsplit_once(';').map(|(_, name)| name);
    entry.is_some_and(|name| name.chars().all(|c| c.is_alphanumeric() || c == ' ')) && before.trim_end().ends_with('=')
}

/// Whether a value without quotes is a word of a sentence: after `name: `, lower case, and followed by another word.
pub(super) fn is_sentence(text: &str, at: usize, range: &Range<usize>) -> bool {
    let spaced = before(text, &(at..at)).is_some_and(char::is_whitespace);
    let words = |text: &str| text.chars().next().is_some_and(|c| c.is_alphabetic());
    let follows = text.get(range.end..).is_some_and(|rest| {
        let next = rest.trim_start_matches([',', ':']);
        next.strip_prefix(' ').is_some_and(words)
    });
    let is_word = text.get(range.clone()).is_some_and(|one| one.chars().skip(1).all(|c| c.is_lowercase() || c == '-'));
    let crosses = lookback(text, at, 256).trim_end_matches([' ', '\t']).ends_with('\n');
    let is_entry =
        text.get(range.clone()).is_some_and(|one| one.ends_with(':') || (crosses && one.contains(['=', ':'])))
            || (crosses && text.get(range.end..).is_some_and(|rest| rest.starts_with([':', '='])));
    is_entry || (spaced && is_word && follows)
}

/// The range from a position up to a character.
pub(super) fn until(text: &str, start: usize, stops: impl Fn(char) -> bool) -> Range<usize> {
    let rest = text.get(start..).unwrap_or_default();
    start..start + rest.find(stops).unwrap_or(rest.len())
}
