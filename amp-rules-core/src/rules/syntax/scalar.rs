//! Scalars as written: the positions of their characters in the file, and spellings that are easily misread.
//!
//! Input: the text of the file and a node. Output: byte ranges, and descriptions of hazards. Nothing here interprets a
//! value.

use super::node::{Bytes, Node, Style, Value};

/// Returns the bytes in the file of the range `from..to` of a scalar's text; the whole scalar if they cannot be determined.
pub(crate) fn locate(file: &str, node: &Node, from: usize, to: usize) -> Bytes {
    let Some(map) = places(file, node) else { return node.bytes };
    let (Some(start), Some(end)) = (map.get(from), map.get(to.max(from))) else { return node.bytes };
    Bytes { start: *start, end: (*end).max(*start) }
}

/// Returns for every byte of the text, and its end, the position in the file.
///
/// `None` if the file does not read back to the same text.
pub(crate) fn places(file: &str, node: &Node) -> Option<Vec<usize>> {
    let Value::Scalar { text, style } = &node.value else { return None };
    let raw = file.get(node.bytes.start..node.bytes.end)?;
    let mut walk = Walk { raw, at: 0, style: *style, indent: 0 };
    walk.begin()?;
    let mut map = Vec::with_capacity(text.len() + 1);
    for wanted in text.chars() {
        let Some((at, found)) = walk.next(wanted) else {
            // The last line break of a block is outside the node's bytes.
            if wanted == '\n' && walk.at >= raw.len() {
                map.extend(std::iter::repeat_n(node.bytes.end, 1));
                continue;
            }
            return None;
        };
        if found != wanted {
            return None;
        }
        map.extend(std::iter::repeat_n(node.bytes.start + at, wanted.len_utf8()));
    }
    map.push(node.bytes.start + walk.at);
    Some(map)
}

struct Walk<'a> {
    raw: &'a str,
    at: usize,
    style: Style,
    indent: usize,
}

impl Walk<'_> {
    fn begin(&mut self) -> Option<()> {
        match self.style {
            Style::Plain => {}
            Style::Single | Style::Double => self.at = 1,
            Style::Literal | Style::Folded => {
                self.at = self.raw.find('\n')? + 1;
                let body = self.raw.get(self.at..)?;
                // With an indentation indicator (`|2`) the first line does not determine the indentation.
                let lines = body.lines().filter(|line| !line.trim().is_empty());
                self.indent = lines.map(|line| line.len() - line.trim_start_matches(' ').len()).min()?;
                self.skip_indent();
            }
        }
        Some(())
    }

    fn rest(&self) -> &str {
        self.raw.get(self.at..).unwrap_or("")
    }

    fn skip_indent(&mut self) {
        let spaces = self.rest().bytes().take(self.indent).take_while(|byte| *byte == b' ').count();
        self.at += spaces;
    }

    /// Returns the next character of the text and its position.
    fn next(&mut self, wanted: char) -> Option<(usize, char)> {
        let at = self.at;
        let c = self.rest().chars().next()?;
        match self.style {
            Style::Literal => {
                self.at += c.len_utf8();
                if c == '\r' && self.rest().starts_with('\n') {
                    self.at += 1;
                    self.skip_indent();
                    return Some((at, '\n'));
                }
                if c == '\n' {
                    self.skip_indent();
                }
                Some((at, c))
            }
            Style::Plain | Style::Single | Style::Double | Style::Folded => {
                if self.breaks() {
                    return self.fold(wanted);
                }
                if c == '\'' && self.style == Style::Single {
                    self.at += 2;
                    return Some((at, '\''));
                }
                if c == '\\' && self.style == Style::Double {
                    return self.escape(wanted);
                }
                self.at += c.len_utf8();
                Some((at, c))
            }
        }
    }

    /// Returns whether white space with a line break starts here.
    fn breaks(&self) -> bool {
        let rest = self.rest();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        rest.get(blank..).is_some_and(|after| after.starts_with(['\n', '\r']))
    }

    /// Folds line breaks: one is a space, several are one fewer. Before a line of a block that is indented further, a
    /// line break stays.
    fn fold(&mut self, wanted: char) -> Option<(usize, char)> {
        let at = self.at;
        if wanted == ' ' {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start().len();
            return Some((at, ' '));
        }
        if wanted != '\n' {
            return None;
        }
        let line = self.raw.get(..at)?.rsplit('\n').next()?;
        let is_blank = line.trim().is_empty();
        self.next_line()?;
        if !is_blank && self.breaks() {
            self.next_line()?;
        }
        if !self.breaks() {
            self.skip_indent();
        }
        Some((at, '\n'))
    }

    fn next_line(&mut self) -> Option<()> {
        self.at += self.rest().find('\n')? + 1;
        Some(())
    }

    fn escape(&mut self, wanted: char) -> Option<(usize, char)> {
        let at = self.at;
        let kind = self.rest().chars().nth(1)?;
        let length = match kind {
            'x' => 4,
            'u' => 6,
            'U' => 10,
            other => 1 + other.len_utf8(),
        };
        self.at += length;
        // The parser has already decoded the escape, so the character is the wanted one.
        Some((at, wanted))
    }
}

/// How YAML readers can take a plain scalar for something else than a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Misread {
    /// `yes`, `no`, `on`, `off`: a boolean for many readers of YAML.
    Boolean,
    /// `1.10`, `010`, `1e3`, `0x1f`, `1_000`: a number that is written back differently.
    Number,
    /// `1:30`: a base-60 number for older readers.
    Sexagesimal,
    /// `2025-01-01`: a date.
    Date,
}

impl Misread {
    /// Returns how others read it, for messages.
    pub(crate) fn reads_as(self) -> &'static str {
        match self {
            Self::Boolean => "a boolean for other YAML readers",
            Self::Number => "as a number it would be written differently",
            Self::Sexagesimal => "a base-60 number for older YAML readers",
            Self::Date => "a date for other YAML readers",
        }
    }
}

/// Returns how a plain scalar can be misread; `None` if it cannot.
pub(crate) fn misread(text: &str) -> Option<Misread> {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "yes" | "no" | "on" | "off" | "y" | "n") {
        return Some(Misread::Boolean);
    }
    let first = text.chars().next()?;
    if !(first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    let digits = text.trim_start_matches(['+', '-']);
    let mut parts = digits.split(':');
    if digits.contains(':') && parts.all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some(Misread::Sexagesimal);
    }
    let date: Vec<&str> = digits.split('-').collect();
    if let [year, month, day] = date.as_slice()
        && year.len() == 4
        && month.len() <= 2
        && day.len() <= 2
        && date.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Some(Misread::Date);
    }
    let radix = lower.trim_start_matches(['+', '-']);
    if radix.strip_prefix("0x").is_some_and(|hex| !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
        || radix
            .strip_prefix("0o")
            .is_some_and(|octal| !octal.is_empty() && octal.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Some(Misread::Number);
    }
    let plain = digits.replace('_', "");
    let number = plain.parse::<f64>().ok().filter(|number| number.is_finite())?;
    let written_back = format!("{number}");
    (written_back != digits || first == '+').then_some(Misread::Number)
}

/// Returns what a character is that is easily mistaken for another in a regex.
pub(crate) fn look_alike(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{00a0}' | '\u{2007}' | '\u{202f}' => "a no-break space, which does not match a space in a regex",
        '\u{2018}' | '\u{2019}' | '\u{201c}' | '\u{201d}' => "a curly quote, which logs do not have",
        '\u{2013}' | '\u{2014}' | '\u{2212}' => "a dash, not a hyphen",
        '\u{0370}'..='\u{03ff}' => "a Greek letter",
        '\u{0400}'..='\u{04ff}' => "a Cyrillic letter",
        '\u{ff01}'..='\u{ff5e}' => "a full-width character",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Misread, locate, misread};
    use crate::rules::syntax::parse::parse;

    #[track_caller]
    fn found(yaml: &str, needle: &str, want: &str) {
        let root = parse(&"x.yaml".into(), yaml, &mut Vec::new()).unwrap();
        let node = root.get("a").unwrap();
        let text = node.text().unwrap();
        let at = text.find(needle).unwrap();
        let bytes = locate(yaml, node, at, at + needle.len());
        assert_eq!(&yaml[bytes.start..bytes.end], want);
    }

    #[test]
    fn a_place_in_the_text_is_found_through_every_quoting() {
        found("a: one (two\n", "(two", "(two");
        found("a: 'it''s (two'\n", "(two", "(two");
        found("a: 'it''s'\n", "'", "''");
        found("a: \"\\\\d \\u0041(two\"\n", "(two", "(two");
        found("a: |\n  one\n  (two\n", "(two", "(two");
        found("a: one\n  two (three\n", "(three", "(three");
    }

    #[test]
    fn a_place_is_found_in_folded_blocks() {
        found("a: >\n  one\n  two\n", "two", "two");
        found("a: >-\r\n  one\r\n  two three\r\n", "three", "three");
        found("a: >\n  one\n\n  two\n", "two", "two");
        found("a: >\n  one\n\n\n\n  two three\n", "three", "three");
        found("a: >\n  one\n    further\n  two\n", "further", "further");
        found("a: >\n  one\n    further\n  two\n", "two", "two");
    }

    #[test]
    fn a_place_is_found_in_literal_blocks_whatever_their_line_ends() {
        found("x: 1\na: |\r\n    one\r\n\r\n    (two é three)\r\n", "three", "three");
        found("a: |2\n    one\n  two\n", "two", "two");
        found("b:\n  - 1\na: |\n  one\n    two\n", "two", "two");
    }

    #[test]
    fn easily_misread_scalars_are_found() {
        for (text, want) in [
            ("yes", Some(Misread::Boolean)),
            ("off", Some(Misread::Boolean)),
            ("1.10", Some(Misread::Number)),
            ("010", Some(Misread::Number)),
            ("1e3", Some(Misread::Number)),
            ("0x1f", Some(Misread::Number)),
            ("1:30", Some(Misread::Sexagesimal)),
            ("2025-01-01", Some(Misread::Date)),
            ("1.5", None),
            ("10", None),
            ("0.1.0", None),
            ("10 GB", None),
            ("true story", None),
            ("no way", None),
        ] {
            assert_eq!(misread(text), want, "{text}");
        }
    }
}
