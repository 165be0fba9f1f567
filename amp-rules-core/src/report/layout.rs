//! Text laid out in columns: wrapping, truncation, plurals, and telemetry on one line.
//!
//! Text in, text out, escaped where it is wrapped or put on one line. A column is a terminal cell: most characters take one,
//! East Asian wide characters take two, combining characters take none.

use std::sync::LazyLock;

use regex::Regex;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::escape;

/// The number of terminal columns that a text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text broken at blanks into lines of at most `columns` columns, without line ends.
///
/// The first line begins with `first`, the others with `rest`; both count towards the width. A word that is wider than a
/// line stands on a line of its own. Lines have no blanks at the end. Tabs and line breaks count as blanks.
pub(super) fn wrap(text: &str, columns: usize, first: &str, rest: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()) {
        let word = escape::inline(word);
        if !empty && width(&line) + 1 + width(&word) > columns {
            lines.push(line.trim_end().to_owned());
            rest.clone_into(&mut line);
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(&word);
        empty = false;
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// Text of rules on one line: as [`escape::inline`], but tabs and line breaks are blanks, adjacent blanks are one, and those
/// at the ends none.
pub(super) fn flow(text: &str) -> String {
    let words: Vec<&str> = text.split([' ', '\t', '\n', '\r']).filter(|word| !word.is_empty()).collect();
    escape::inline(&words.join(" ")).into_owned()
}

/// A number with its noun, in the plural unless the number is 1: `1 pattern`, `3 patterns`.
///
/// The plural is formed with `s`.
#[must_use]
pub fn plural(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// The text, truncated to `columns` columns; `…` stands for what is left out.
#[must_use]
pub fn truncate(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// The text, shortened to `columns` columns in its middle; `…` stands for what is left out.
///
/// The beginning of a message identifies it, and its end gives the reason. The number of an HTTP status stays wherever it
/// stands, with the word before it and the words after it, if there is room.
#[must_use]
pub fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let kept = status(text).filter(|kept| width(kept) + 10 <= columns);
    let ends = |room: usize| (first(text, room - room / 2), last(text, room / 2));
    let (begin, end) = ends(columns.saturating_sub(1));
    let Some(kept) = kept.filter(|kept| !begin.contains(kept) && !end.contains(kept)) else {
        return format!("{}…{}", begin.trim_end(), end.trim_start());
    };
    let (begin, end) = ends(columns.saturating_sub(2 + width(kept)));
    format!("{}…{kept}…{}", begin.trim_end(), end.trim_start())
}

/// The longest beginning of a text that fits.
fn first(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut end = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        end = at + c.len_utf8();
    }
    text.get(..end).unwrap_or(text)
}

/// The longest end of a text that fits.
fn last(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        start = at;
    }
    text.get(start..).unwrap_or(text)
}

/// The number of an HTTP status in a text, with the word before it and up to three words after it.
fn status(text: &str) -> Option<&str> {
    static STATUS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\b(HTTP|status|code|response|returned|error)[ _-]?(code|status)?[/0-9.]*[^0-9A-Za-z]{0,3}[45][0-9]{2}\b( [A-Za-z]+){0,3}").ok()
    });
    STATUS.as_ref()?.find(text).map(|found| found.as_str())
}

/// Text from telemetry on one line: as [`escape::inline`], but tabs are blanks, adjacent blanks are one, and those at the
/// ends none.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.trim().chars() {
        let c = if c == '\t' { ' ' } else { c };
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    escape::inline(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_telemetry_cannot_control_a_terminal() {
        assert_eq!(one_line(" a\u{1b}[2Jb\nc\u{202e}d \t e\r\n"), "a\\u{1b}[2Jb\\nc\\u{202e}d e");
    }

    #[test]
    fn lines_wrap_by_the_columns_they_take() {
        assert_eq!(wrap("one two three", 9, "- ", "  "), ["- one two", "  three"]);
        assert_eq!(wrap("表表 表表", 6, "", ""), ["表表", "表表"]);
        assert_eq!(wrap("averyverylongword x", 6, "", ""), ["averyverylongword", "x"]);
        assert_eq!(truncate("表表表", 5), "表表…");
    }

    #[test]
    fn a_long_text_loses_its_middle_but_not_the_number_of_a_status() {
        assert_eq!(shorten("short", 5), "short");
        assert_eq!(shorten("the beginning and the end", 13), "the be…he end");
        let text =
            format!("cannot send | server returned HTTP status 403 Forbidden: {} data collection rule", "x".repeat(99));
        let short = shorten(&text, 60);
        assert_eq!(short, "cannot send | ser…HTTP status 403 Forbidden…collection rule");
        assert!(width(&short) <= 60);
        assert_eq!(shorten("表表表表", 5), "表…表");
    }

    #[test]
    fn one_is_singular_and_zero_is_plural() {
        assert_eq!([0, 1, 2].map(|number| plural(number, "pattern")), ["0 patterns", "1 pattern", "2 patterns"]);
    }
}
