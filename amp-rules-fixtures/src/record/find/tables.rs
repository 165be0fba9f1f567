//! Secrets in tables of text: CSV, Markdown, and columns aligned with spaces.
//!
//! A line whose fields contain the name of a secret names the columns of the lines after it.

use std::ops::Range;

use super::secret_name::is_secret_name;
use super::shape::is_placeholder;

/// How fields are separated.
#[derive(Clone, Copy, PartialEq)]
enum Separator {
    Mark(char),
    /// Two spaces or more.
    Spaces,
}

/// The values below the names of secrets, for the line that a match starts. An empty range at the end of the table follows,
/// so that no line of it is searched as another header.
pub(super) fn values(text: &str, at: Range<usize>) -> Vec<Range<usize>> {
    let Some(header) = line(text, at.start) else { return Vec::new() };
    let line = text.get(header.clone()).unwrap_or_default();
    // The text may be a string in a line of JSON: it starts after a quote that does not close.
    let start = if is_open(line) { line.rfind('"').map_or(0, |quote| quote + 1) } else { 0 };
    let separators =
        [Separator::Mark(','), Separator::Mark(';'), Separator::Mark('\t'), Separator::Mark('|'), Separator::Spaces];
    for separator in separators {
        let is_markdown = separator == Separator::Mark('|')
            && line_after(text, header.end).is_some_and(|row| text.get(row).is_some_and(|row| row.starts_with('|')));
        let start = if is_markdown { line.find('|').unwrap_or_default() } else { start };
        let names = fields(text, header.start + start..header.end, separator);
        let is_secret = |name: &Range<usize>| {
            let name = text.get(name.clone()).unwrap_or_default();
            let is_sentence = ["the ", "a ", "an ", "no ", "your "].iter().any(|word| name.starts_with(word));
            name.len() < 48
                && !is_sentence
                && !name.contains(['=', ':', '{', '('])
                && (is_secret_name(name) || is_token(name))
        };
        let columns: Vec<usize> =
            names.iter().enumerate().filter(|(_, name)| is_secret(name)).map(|(index, _)| index).collect();
        let words = |name: &Range<usize>| text.get(name.clone()).map_or(0, |name| name.split_whitespace().count());
        if names.len() < 2 || columns.is_empty() || names.iter().any(|name| !(1..=2).contains(&words(name))) {
            continue;
        }
        let mut found = Vec::new();
        let mut next = header.end;
        while let Some(row) = line_after(text, next) {
            let line = text.get(row.clone()).unwrap_or_default();
            let end = if is_open(line) { line.find('"').unwrap_or(line.len()) } else { line.len() };
            let cells = fields(text, row.start..row.start + end, separator);
            if cells.len() != names.len() {
                break;
            }
            let is_value = |cell: &&Range<usize>| {
                text.get((*cell).clone()).is_some_and(|value| value.len() > 2 && !is_placeholder(value))
            };
            found.extend(columns.iter().filter_map(|column| cells.get(*column)).filter(is_value).cloned());
            next = row.end;
        }
        if next > header.end {
            found.push(next..next);
            return found;
        }
    }
    Vec::new()
}

/// Whether a quote in a line does not close.
fn is_open(line: &str) -> bool {
    line.bytes().filter(|byte| *byte == b'"').count() % 2 == 1
}

fn is_token(name: &str) -> bool {
    ["token", "key", "pw", "pass", "pat", "jwt", "sas"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// The rest of the line from a position, if another line follows it.
fn line(text: &str, start: usize) -> Option<Range<usize>> {
    let length = text.get(start..)?.find(['\r', '\n'])?;
    Some(start..start + length)
}

/// The line after the line that ends at a position; `None` at the end of the text.
fn line_after(text: &str, end: usize) -> Option<Range<usize>> {
    let rest = text.get(end..)?;
    let rest = rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n')?;
    let start = text.len() - rest.len();
    let length = rest.find(['\r', '\n']).unwrap_or(rest.len());
    (length > 0).then_some(start..start + length)
}

/// The fields of a line, without quotes and whitespace around them. The marks around a row of Markdown are no fields.
fn fields(text: &str, row: Range<usize>, separator: Separator) -> Vec<Range<usize>> {
    let line = text.get(row.clone()).unwrap_or_default();
    let mut found = Vec::new();
    let (mut start, mut quoted, mut spaces) = (0, false, 0_usize);
    for (at, c) in line.char_indices().chain([(line.len(), '\0')]) {
        let is_end = at == line.len();
        quoted ^= c == '"';
        let ends = match separator {
            Separator::Mark(mark) => c == mark && !quoted,
            // The first other character after two spaces starts a field.
            Separator::Spaces => spaces > 1 && c != ' ',
        };
        spaces = if c == ' ' { spaces + 1 } else { 0 };
        if ends || is_end {
            found.push(trimmed(line, start..at, row.start));
            start = if separator == Separator::Spaces { at } else { at + c.len_utf8() };
        }
    }
    if separator == Separator::Mark('|') {
        let is_empty = |one: Option<&Range<usize>>| one.is_some_and(Range::is_empty);
        if is_empty(found.last()) {
            found.pop();
        }
        if is_empty(found.first()) {
            found.remove(0);
        }
    }
    found
}

/// A part of a line without quotes and whitespace around it, as a range of the text.
fn trimmed(line: &str, part: Range<usize>, offset: usize) -> Range<usize> {
    let text = line.get(part.clone()).unwrap_or_default();
    let is_outer = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '*');
    let start = part.start + text.len() - text.trim_start_matches(is_outer).len();
    let length = text.trim_matches(is_outer).len();
    offset + start..offset + start + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: &[&str]) {
        let found: Vec<&str> =
            values(text, 0..0).into_iter().filter(|range| !range.is_empty()).map(|range| &text[range]).collect();
        assert_eq!(found, want, "{text}");
    }

    #[test]
    fn columns_with_the_name_of_a_secret_have_secrets() {
        check("name,password\na,one1\n\"b\",\"tw,o\"\r\n\nc,none", &["one1", "tw,o"]);
        check("id;api_key;x\n1;one1;2", &["one1"]);
        check("| user | Password |\n|---|---|\n| a | one1 |\n", &["one1"]);
        check("NAME    TOKEN      AGE\na       one1       5d\n", &["one1"]);
        check("a\ttoken\nb\tone1", &["one1"]);
        check("no table, only a password\nand a line", &[]);
        check("the password, which is wrong\nof x, y", &[]);
        check("name,password", &[]);
        check("{\"m\":\"name,password\na,one1\nb,two2\",\"n\":1}", &["one1", "two2"]);
        check("log=| user | password |\n| a | one1 |\n", &["one1"]);
    }
}
