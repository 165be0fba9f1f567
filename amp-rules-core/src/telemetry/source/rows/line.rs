//! The lines of a row: where a batch splits, what a regex sees, and which component wrote it.
//!
//! Input: a row of a table with text. Output: [`Line`]s, each with its text as it stands, the text that a regex sees, and
//! its component by the table's rules. Empty lines are no lines. No line is ever joined with another row's.

use std::borrow::Cow;
use std::cell::OnceCell;

use serde_json::{Map, Value};

use super::row::{Row, text_of};
use crate::telemetry::predicate::See;
use crate::telemetry::schema::{ComponentTest, Table};

/// The fields of a JSON line that make up its message, in this order.
pub const MESSAGE_FIELDS: [&str; 5] = ["msg", "message", "error", "err", "log"];

/// One line of a row.
#[derive(Clone, Debug)]
pub struct Line<'r> {
    /// Its position among the pieces of the row, empty ones included, from 0.
    pub index: u32,
    /// The line as it stands, without ANSI escapes and trailing carriage returns. Never empty.
    pub text: Cow<'r, str>,
    json: OnceCell<Option<Map<String, Value>>>,
}

impl<'r> Line<'r> {
    /// A line of a row from one piece of its text; `None` for an empty one.
    #[must_use]
    pub fn new(index: u32, piece: &'r str) -> Option<Self> {
        let text = match without_ansi(piece) {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim_end_matches('\r')),
            Cow::Owned(text) => Cow::Owned(text.trim_end_matches('\r').to_owned()),
        };
        if text.is_empty() { None } else { Some(Self { index, text, json: OnceCell::new() }) }
    }

    /// The JSON object that the line is, where it is one.
    #[must_use]
    pub fn json(&self) -> Option<&Map<String, Value>> {
        let parse =
            || if self.text.trim_start().starts_with('{') { serde_json::from_str(&self.text).ok() } else { None };
        self.json.get_or_init(parse).as_ref()
    }

    /// The text that a regex sees.
    ///
    /// [`See::Message`] of a JSON line are its text fields [`MESSAGE_FIELDS`], unescaped and joined by newlines; fields
    /// that are empty or no text are left out, and a line without any is seen whole. A line that is no JSON is seen whole.
    #[must_use]
    pub fn seen(&self, see: See) -> Cow<'_, str> {
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

    /// The text of a top-level field of a JSON line; empty text is none.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.json()?.get(name).and_then(text_of).filter(|text| !text.is_empty())
    }

    /// Which component wrote the line: the first rule of the table that fits; `None` where none does.
    #[must_use]
    pub fn component<'t>(&self, table: &'t Table, row: &Row) -> Option<&'t str> {
        table.components.iter().find(|rule| self.fits(&rule.test, row)).map(|rule| rule.name.as_str())
    }

    fn fits(&self, test: &ComponentTest, row: &Row) -> bool {
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

/// The lines of a text cell of a table.
///
/// A batch splits at newlines; one without a newline that does not begin with `{` splits at the two characters
/// backslash-n instead, as some agents send it. Where the table's rows are single lines, the text is one line.
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

/// The text without ANSI control sequences: escape, `[`, parameters, one letter.
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
    fn a_batch_splits_at_newlines_and_empty_lines_are_no_lines() {
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
    fn ansi_escapes_and_carriage_returns_are_removed() {
        splits("\u{1b}[1;31mError\u{1b}[0m\r\n\u{1b}[0m\r", &[(0, "Error")]);
        splits("\u{1b}[2Kok\u{1b}[", &[(0, "ok\u{1b}[")]);
    }

    #[test]
    fn a_regex_sees_the_message_fields_of_a_json_line_in_order_and_unescaped() {
        let text = r#"{"error":"b \"c\"","msg":"a","level":"error","err":"","log":5}"#;
        let line = Line::new(0, text).unwrap();
        assert_eq!(line.seen(See::Message), "a\nb \"c\"");
        assert_eq!(line.seen(See::Line), text);
    }

    #[test]
    fn a_line_without_message_fields_is_seen_whole() {
        for text in [r#"{"level":"error"}"#, "plain", r#"{"msg":"cut"#, r#"["msg"]"#] {
            assert_eq!(Line::new(0, text).unwrap().seen(See::Message), text);
        }
    }

    #[test]
    fn the_first_rule_that_fits_names_the_component() {
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
