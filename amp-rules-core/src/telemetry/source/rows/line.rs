//! The lines of a row: how a batch is split, which text is searched, and which component wrote a line.
//!
//! Input: the text of a row. Output: [`Line`]s, each with its original text, the text that a regex searches, and its
//! component by the table's rules. Empty lines are skipped. Lines of a row that form a record are one [`Line`]; lines of
//! different rows are never joined, because rows arrive in any order, and may be lost.

use std::borrow::Cow;
use std::cell::OnceCell;

use regex::Regex;
use serde_json::{Map, Value};

use super::row::{Row, text_of};
use crate::telemetry::matcher;
use crate::telemetry::predicate::See;
use crate::telemetry::schema::{ComponentTest, Table};

/// The top-level fields of a JSON line that make up its message, in this order.
pub const MESSAGE_FIELDS: [&str; 5] = ["msg", "message", "error", "err", "log"];

/// One line of a row.
#[derive(Clone, Debug)]
pub struct Line<'r> {
    /// Its index among the lines of the row, from 0; empty lines count.
    pub index: u32,
    /// The text of the line, without ANSI escapes and trailing carriage returns. Never empty. A record of several lines has
    /// newlines between them.
    pub text: Cow<'r, str>,
    json: OnceCell<Option<Map<String, Value>>>,
}

impl<'r> Line<'r> {
    /// A line from a piece of a row's text; `None` if it is empty.
    #[must_use]
    pub fn new(index: u32, piece: &'r str) -> Option<Self> {
        let text = match without_ansi(piece) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches('\r')),
            Cow::Owned(text) => Cow::Owned(text.trim_end_matches('\r').to_owned()),
        };
        if text.is_empty() { None } else { Some(Self { index, text, json: OnceCell::new() }) }
    }

    /// The line as a JSON object, if it is one.
    #[must_use]
    pub fn json(&self) -> Option<&Map<String, Value>> {
        let parse =
            || if self.text.trim_start().starts_with('{') { serde_json::from_str(&self.text).ok() } else { None };
        self.json.get_or_init(parse).as_ref()
    }

    /// The text that a regex searches.
    ///
    /// [`See::Message`] of a JSON line is the text of its [`MESSAGE_FIELDS`], unescaped and joined by newlines. Fields that
    /// are empty or not text are left out; without any of them, and for a line that is not JSON, it is the whole line.
    #[must_use]
    pub fn searched_text(&self, see: See) -> Cow<'_, str> {
        let fields = match see {
            See::Line => None,
            See::Message => self.json(),
        };
        let texts = |object: &Map<String, Value>| {
            let texts =
                MESSAGE_FIELDS.iter().filter_map(|field| object.get(*field)?.as_str()).filter(|text| !text.is_empty());
            texts.collect::<Vec<_>>().join("\n")
        };
        match fields.map(texts) {
            Some(message) if !message.is_empty() => Cow::Owned(message),
            _ => Cow::Borrowed(&self.text),
        }
    }

    /// The text that decides whether the line is an error: as [`See::Message`], but empty for a JSON line without message
    /// fields, whose other fields are not judged.
    #[must_use]
    pub fn judged_text(&self) -> Cow<'_, str> {
        match self.searched_text(See::Message) {
            Cow::Borrowed(_) if self.json().is_some() => Cow::Borrowed(""),
            text => text,
        }
    }

    /// The text of a top-level field of a JSON line; `None` if it is empty.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.json()?.get(name).and_then(text_of).filter(|text| !text.is_empty())
    }

    /// The component that wrote the line: that of the first rule of the table that matches, or of the row if no rule
    /// determines it.
    #[must_use]
    pub fn component<'t>(&self, table: &'t Table, row: &Row) -> Option<&'t str> {
        let rules = &table.components;
        let found = rules.iter().find(|rule| self.matches_rule(&rule.test, row)).map(|rule| rule.name.as_str());
        let of_row = row.component().filter(|_| table.is_undetermined(found));
        let of_row = of_row.and_then(|own| rules.iter().map(|rule| rule.name.as_str()).find(|name| *name == own));
        of_row.or(found)
    }

    /// The components that may have written the line, where the row lacks a column that the rules test: those whose rule tests
    /// such a column, up to the first rule that matches, and the component of that rule, or an empty name if none matches. `None`
    /// if the row has all columns that decide, or a component of its own, so that [`component`](Self::component) is certain.
    #[must_use]
    pub fn possible_components<'t>(&self, table: &'t Table, row: &Row) -> Option<Vec<&'t str>> {
        let mut possible = Vec::new();
        if row.component().is_some() {
            return None;
        }
        for rule in &table.components {
            let is_missing = match &rule.test {
                ComponentTest::ColumnEquals(path, _) | ComponentTest::ColumnPrefix(path, _) => row.cell(path).is_none(),
                _ => false,
            };
            let matches = !is_missing && self.matches_rule(&rule.test, row);
            if matches && possible.is_empty() {
                return None;
            }
            if is_missing || matches {
                possible.push(rule.name.as_str());
            }
            if matches {
                return Some(possible);
            }
        }
        if possible.is_empty() {
            return None;
        }
        possible.push("");
        Some(possible)
    }

    fn matches_rule(&self, test: &ComponentTest, row: &Row) -> bool {
        let field = |name: &str| self.json().and_then(|object| object.get(name)).and_then(text_of);
        match test {
            ComponentTest::JsonField(name) => self.json().is_some_and(|object| object.contains_key(name)),
            ComponentTest::JsonEquals(name, text) => field(name).is_some_and(|found| found == text.as_str()),
            ComponentTest::JsonPrefix(name, text) => field(name).is_some_and(|found| found.starts_with(text.as_str())),
            ComponentTest::ColumnEquals(path, text) => row.text(path).is_some_and(|found| found == text.as_str()),
            ComponentTest::ColumnPrefix(path, text) => {
                row.text(path).is_some_and(|found| found.starts_with(text.as_str()))
            }
            ComponentTest::LinePrefix(text) => self.text.starts_with(text.as_str()),
            ComponentTest::Otherwise => true,
        }
    }
}

/// Joins the lines of a row to records, by [`Table::fold`].
#[derive(Debug, Default)]
pub struct Records {
    starts: Option<Regex>,
}

impl Records {
    /// The records of a table.
    ///
    /// # Errors
    ///
    /// The regex does not compile.
    pub fn new(table: &Table) -> Result<Self, regex::Error> {
        let starts = table.fold.as_deref().filter(|_| table.split_lines).map(matcher::compile);
        Ok(Self { starts: starts.transpose()? })
    }

    /// Whether every line is a record.
    #[must_use]
    pub fn are_lines(&self) -> bool {
        self.starts.is_none()
    }

    /// The records of a row's text, each with the index of its first line. The lines before the first start are a record too.
    pub fn of<'r>(&self, table: &Table, text: &'r str) -> Vec<Line<'r>> {
        let Some(starts) = &self.starts else { return lines_of(table, text).collect() };
        let mut records: Vec<Line<'r>> = Vec::new();
        for line in lines_of(table, text) {
            match records.last_mut() {
                Some(record) if !starts.is_match(&line.text) => {
                    let joined = record.text.to_mut();
                    joined.push('\n');
                    joined.push_str(&line.text);
                }
                _ => records.push(line),
            }
        }
        records
    }
}

/// The lines of a row's text.
///
/// A batch is split at newlines. A batch without a newline that does not begin with `{` is split at the two characters
/// backslash and `n` instead, which is how some agents send it. If rows of the table are single lines, the text is one line.
pub fn lines_of<'r>(table: &Table, text: &'r str) -> impl Iterator<Item = Line<'r>> + use<'r> {
    let separator = if !table.split_lines {
        None
    } else if text.contains('\n') || text.starts_with('{') {
        Some("\n")
    } else {
        Some(r"\n")
    };
    let (split, whole) = match separator {
        Some(separator) => (Some(text.split(separator)), None),
        None => (None, Some(text)),
    };
    let pieces = split.into_iter().flatten().chain(whole);
    pieces.zip(0_u32..).filter_map(|(piece, index)| Line::new(index, piece))
}

/// Removes ANSI control sequences: escape, `[`, parameters, one letter.
fn without_ansi(text: &str) -> Cow<'_, str> {
    if memchr::memchr(0x1b, text.as_bytes()).is_none() {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        kept.push_str(before);
        let tail = after.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';' || c == '?');
        match tail.strip_prefix(|c: char| c.is_ascii_alphabetic()) {
            Some(tail) => rest = tail,
            None => {
                kept.push_str("\u{1b}[");
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::telemetry::source::rows::testing::{traces, traces_row};

    #[track_caller]
    fn splits(text: &str, want: &[(u32, &str)]) {
        let lines: Vec<_> = lines_of(&traces(), text).map(|line| (line.index, line.text.into_owned())).collect();
        assert_eq!(lines, want.iter().map(|(index, text)| (*index, (*text).to_owned())).collect::<Vec<_>>());
    }

    #[test]
    fn a_batch_splits_at_newlines_and_empty_lines_are_skipped() {
        splits("a\n\nb\r\n\r\n", &[(0, "a"), (2, "b")]);
        splits("", &[]);
    }

    #[test]
    fn a_row_without_newline_splits_at_backslash_n_unless_it_is_json() {
        splits(r"a\nb", &[(0, "a"), (1, "b")]);
        splits(r#"{"stack":"a\nb"}"#, &[(0, r#"{"stack":"a\nb"}"#)]);
        splits("a\\nb\nc", &[(0, "a\\nb"), (1, "c")]);
    }

    #[test]
    fn a_table_of_single_lines_does_not_split() {
        let mut table = traces();
        table.split_lines = false;
        let lines: Vec<_> = lines_of(&table, "a\nb").map(|line| line.text.into_owned()).collect();
        assert_eq!(lines, ["a\nb"]);
    }

    #[test]
    fn lines_that_do_not_start_a_record_belong_to_the_one_before() {
        let mut table = traces();
        table.fold = Some(r"^\d{4}-".to_owned());
        let records = |text: &str| -> Vec<(u32, String)> {
            let records = Records::new(&table).unwrap().of(&table, text);
            records.into_iter().map(|record| (record.index, record.text.into_owned())).collect()
        };
        let want = |all: &[(u32, &str)]| all.iter().map(|(at, text)| (*at, (*text).to_owned())).collect::<Vec<_>>();
        let text = "rest\r\n of one\n\n2026-01 a\n\tat b\n\n\u{1b}[1m2026-02 c\u{1b}[0m\n2026-03 d";
        let all = [(0, "rest\n of one"), (3, "2026-01 a\n\tat b"), (6, "2026-02 c"), (7, "2026-03 d")];
        assert_eq!(records(text), want(&all));
        assert_eq!(records(r"2026-01 a\n  at b\n2026-02 c"), want(&[(0, "2026-01 a\n  at b"), (2, "2026-02 c")]));
        assert_eq!(records(""), want(&[]));
    }

    #[test]
    fn a_record_is_json_if_it_is_as_a_whole() {
        let mut table = traces();
        table.fold = Some(r#"^\{"level""#.to_owned());
        let records = Records::new(&table).unwrap();
        let text = "{\"level\":\"error\",\n\"msg\":\"it failed\"}\n{\"level\":\"error\",\"msg\":\"x\"}\n  at y";
        let all: Vec<_> =
            records.of(&table, text).iter().map(|line| line.searched_text(See::Message).into_owned()).collect();
        assert_eq!(all, ["it failed", "{\"level\":\"error\",\"msg\":\"x\"}\n  at y"]);
    }

    #[test]
    fn ansi_escapes_and_carriage_returns_are_removed() {
        splits("\u{1b}[1;31mError\u{1b}[0m\r\n\u{1b}[0m\r", &[(0, "Error")]);
        splits("\u{1b}[2Kok\u{1b}[", &[(0, "ok\u{1b}[")]);
    }

    #[test]
    fn a_regex_searches_the_message_fields_of_a_json_line_in_order_and_unescaped() {
        let text = r#"{"error":"b \"c\"","msg":"a","level":"error","err":"","log":5}"#;
        let line = Line::new(0, text).unwrap();
        assert_eq!(line.searched_text(See::Message), "a\nb \"c\"");
        assert_eq!(line.searched_text(See::Line), text);
    }

    #[test]
    fn a_line_without_message_fields_is_searched_whole() {
        for text in [r#"{"level":"error"}"#, "plain", r#"{"msg":"cut"#, r#"["msg"]"#] {
            assert_eq!(Line::new(0, text).unwrap().searched_text(See::Message), text);
        }
    }

    #[test]
    fn only_the_message_fields_of_a_json_line_are_judged() {
        for (text, want) in [
            (r#"{"level":"error","failed":"x"}"#, ""),
            (r#"{"msg":"a","failed":"x"}"#, "a"),
            (r#"["failed"]"#, r#"["failed"]"#),
            ("plain failed", "plain failed"),
        ] {
            assert_eq!(Line::new(0, text).unwrap().judged_text(), want, "{text}");
        }
    }

    #[test]
    fn the_first_rule_that_matches_names_the_component() {
        for (text, want) in [
            (r#"{"filepath":"/opt/microsoft/linuxmonagent/mdsd.err","msg":"x"}"#, "mdsd"),
            (r#"{"filepath":"/opt/microsoft/otelcollector/collector-log.txt"}"#, "otelcollector"),
            (r#"{"otelcol.component.kind":"exporter","filepath":"/elsewhere"}"#, "otelcollector"),
            (r#"{"filepath":"/elsewhere"}"#, "main"),
            ("{\"filepath\":\"/opt/microsoft/linuxmonagent/mdsd.err\"", "main"),
        ] {
            let row = traces_row(json!({"message": text, "customDimensions": {"tag": "prometheus.log.main"}}));
            assert_eq!(Line::new(0, text).unwrap().component(&traces(), &row), Some(want), "{text}");
        }
        let row = traces_row(json!({"message": "x"}));
        assert_eq!(Line::new(0, "x").unwrap().component(&traces(), &row), Some("other"));
        let mut table = traces();
        table.components.clear();
        assert_eq!(Line::new(0, "x").unwrap().component(&table, &row), None);
    }
}
