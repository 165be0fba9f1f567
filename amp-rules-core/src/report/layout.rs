//! Text laid out in columns: wrapping, truncation, plurals, and telemetry on one line.
//!
//! Text in, text out, escaped where it is wrapped or put on one line. A column is a terminal cell: most characters take one, East Asian wide characters take two, combining
//! characters take none.

use crate::escape;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

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
    fn one_is_singular_and_zero_is_plural() {
        assert_eq!([0, 1, 2].map(|number| plural(number, "pattern")), ["0 patterns", "1 pattern", "2 patterns"]);
    }
}
