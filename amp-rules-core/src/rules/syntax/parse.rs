//! Text → tree. Reads the events of the YAML parser, because only they have the quoting style of scalars.
//!
//! Input: the text of one file. Output: a [`Node`] tree, or one diagnostic at the place where parsing stopped, with a
//! probable cause. Nothing here panics, recurses with the input, or expands aliases without a limit.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_yaml::granit_parser::{ErrorKind, Event, Options, Parser, ScalarStyle, ScanError, Span as YamlSpan};

use super::node::{Bytes, Entry, Node, Style, Value};
use super::yaml_error::{Explanation, explain, suggest_from_line};
use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Span};

/// The deepest nesting that is accepted; the format itself needs eight levels.
const DEPTH: usize = 48;
/// The longest scalar that is accepted, in bytes; longer ones are data, not rules.
const SCALAR: usize = 256 * 1024;
/// The most values that are accepted in one file, including those that aliases repeat.
const NODES: usize = 500_000;
/// The most values that aliases can repeat.
const REPEATED: usize = 20_000;
/// The most values that are kept for aliases; a value inside several anchors counts once for each.
const ANCHORED: usize = NODES;
/// The longest file that is accepted, in bytes. The largest of the built-in pack has 60 KiB.
const TEXT: usize = 16 << 20;

/// The limits on one file, for the documentation: what is limited, and the greatest value that is accepted.
pub const LIMITS: [(&str, usize); 6] = [
    ("bytes of one file", TEXT),
    ("bytes of one value", SCALAR),
    ("levels of nesting", DEPTH),
    ("values in one file", NODES),
    ("values that aliases repeat", REPEATED),
    ("values inside anchors", ANCHORED),
];

/// An open list or map.
struct Frame {
    start: usize,
    flow: bool,
    anchor: usize,
    repeated: usize,
    kind: Open,
}

enum Open {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<(String, Bytes)> },
}

/// Parses one file. Returns `None` if it is empty or could not be parsed; in the latter case the reason is in `problems`.
pub(crate) fn parse(file: &Arc<str>, text: &str, problems: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut reader = Reader {
        file,
        text,
        stack: Vec::new(),
        anchors: BTreeMap::new(),
        nodes: 0,
        repeated: 0,
        anchored: 0,
        root: None,
        documents: 0,
    };
    if text.len() > TEXT {
        let message = format!("a file of {} bytes", text.len());
        problems.push(
            Diagnostic::new(&codes::ALIAS_BUDGET, reader.span(0, 0), message)
                .help(format!("a file has at most {TEXT} bytes: split it")),
        );
        return None;
    }
    if let Some(found) = control_character(text) {
        let (at, character) = found;
        problems.push(
            Diagnostic::new(
                &codes::YAML_SYNTAX,
                reader.span(at, at + character.len_utf8()),
                format!("control character U+{:04X} in the text", u32::from(character)),
            )
            .label("not allowed in YAML")
            .help(if character == '\0' {
                "the file may be UTF-16 or binary: save it as UTF-8 text"
            } else {
                "remove it, or write it as an escape in double quotes"
            }),
        );
        return None;
    }
    match reader.read() {
        Ok(()) => reader.root,
        Err(problem) => {
            problems.push(*problem);
            None
        }
    }
}

/// Returns the first character that YAML does not allow.
fn control_character(text: &str) -> Option<(usize, char)> {
    text.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}'))
}

struct Reader<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    stack: Vec<Frame>,
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
    repeated: usize,
    anchored: usize,
    root: Option<Node>,
    documents: usize,
}

impl<'a> Reader<'a> {
    fn read(&mut self) -> Result<(), Box<Diagnostic>> {
        let mut options = Options::default();
        options.block_nesting_limit = DEPTH * 2;
        options.flow_nesting_limit = DEPTH * 2;
        options.simple_key_max_lookahead = 1024;
        for next in Parser::new_from_str_with_options(self.text, options) {
            let (event, at) = next.map_err(|error| Box::new(self.broken(&error)))?;
            self.event(event, at)?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, at: YamlSpan) -> Result<(), Box<Diagnostic>> {
        let bytes = self.bytes(at);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(Box::new(
                        Diagnostic::new(
                            &codes::YAML_SYNTAX,
                            self.span(bytes.start, bytes.end),
                            "a second document starts in this file",
                        )
                        .help("a file contains one document: remove the `---`, or move the rest to another file"),
                    ));
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(tag) = &tag
                    && !matches!(tag.suffix(), "str" | "")
                {
                    return Err(self.tagged(bytes));
                }
                if text.len() > SCALAR {
                    return Err(Box::new(
                        Diagnostic::new(
                            &codes::ALIAS_BUDGET,
                            self.span(bytes.start, bytes.start),
                            format!("a text of {} bytes", text.len()),
                        )
                        .help(format!("a value has at most {SCALAR} bytes")),
                    ));
                }
                let mut style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted => Style::Single,
                    ScalarStyle::DoubleQuoted => Style::Double,
                    ScalarStyle::Literal => Style::Literal,
                    ScalarStyle::Folded => Style::Folded,
                };
                if tag.is_some() && style == Style::Plain {
                    // `!!str 5` is the same as `'5'`.
                    style = Style::Single;
                }
                let bytes = self.with_header(bytes, style);
                let node = Node { bytes: self.trimmed(bytes), value: Value::Scalar { text: text.into_owned(), style } };
                self.remember(anchor, &node, 1)?;
                self.put(node, 1)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                if tag.is_some() {
                    return Err(self.tagged(bytes));
                }
                self.open(bytes, anchor, Open::List(Vec::new()))?;
            }
            Event::MappingStart(_, anchor, tag) => {
                if tag.is_some() {
                    return Err(self.tagged(bytes));
                }
                self.open(bytes, anchor, Open::Map { entries: Vec::new(), key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(bytes)?,
            Event::Alias(anchor) => self.alias(anchor, bytes)?,
            // Streams, document ends, comments: events without a value.
            _ => {}
        }
        Ok(())
    }

    fn open(&mut self, bytes: Bytes, anchor: usize, kind: Open) -> Result<(), Box<Diagnostic>> {
        if self.stack.len() >= DEPTH {
            return Err(Box::new(
                Diagnostic::new(
                    &codes::ALIAS_BUDGET,
                    self.span(bytes.start, bytes.start + 1),
                    format!("nested more than {DEPTH} levels deep"),
                )
                .help("the format needs eight levels; a bracket may be unclosed"),
            ));
        }
        if let Some(Frame { kind: Open::Map { key: None, .. }, .. }) = self.stack.last() {
            return Err(Box::new(
                Diagnostic::new(
                    &codes::YAML_SYNTAX,
                    self.span(bytes.start, bytes.start + 1),
                    "a key is a list or a map",
                )
                .label("expected a key, which is a text")
                .help("quote the key if it starts with a bracket or a brace; `{{…}}` without quotes is a map"),
            ));
        }
        let flow = self.text.get(bytes.start..).is_some_and(|rest| rest.starts_with(['[', '{']));
        self.stack.push(Frame { start: bytes.start, flow, anchor, repeated: 1, kind });
        Ok(())
    }

    fn close(&mut self, bytes: Bytes) -> Result<(), Box<Diagnostic>> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let (value, last) = match frame.kind {
            Open::List(items) => {
                let last = items.last().map(|node| node.bytes.end);
                (Value::List(items), last)
            }
            Open::Map { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.bytes.end);
                (Value::Map(entries), last)
            }
        };
        let end = if frame.flow { bytes.end } else { last.unwrap_or(frame.start) };
        let node = Node { bytes: Bytes { start: frame.start, end: end.max(frame.start) }, value };
        self.remember(frame.anchor, &node, frame.repeated)?;
        self.put(node, frame.repeated)
    }

    fn alias(&mut self, anchor: usize, bytes: Bytes) -> Result<(), Box<Diagnostic>> {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            return Err(Box::new(
                Diagnostic::new(
                    &codes::YAML_SYNTAX,
                    self.span(bytes.start, bytes.end),
                    "an alias inside the value that it repeats",
                )
                .help("write the value out"),
            ));
        };
        let size = *size;
        self.repeated += size;
        if self.repeated > REPEATED {
            return Err(Box::new(
                Diagnostic::new(&codes::ALIAS_BUDGET, self.span(bytes.start, bytes.end), "aliases repeat too much")
                    .label(format!("more than {REPEATED} values are repeated up to this point"))
                    .help("write the values out, or define them in the pack"),
            ));
        }
        let mut node = node.clone();
        node.bytes = bytes;
        self.put(node, size)
    }

    /// Stores a node for aliases, unless it is too large to be repeated.
    fn remember(&mut self, anchor: usize, node: &Node, size: usize) -> Result<(), Box<Diagnostic>> {
        if anchor == 0 || size > REPEATED {
            return Ok(());
        }
        self.anchored += size;
        if self.anchored > ANCHORED {
            return Err(Box::new(
                Diagnostic::new(
                    &codes::ALIAS_BUDGET,
                    self.span(node.bytes.start, node.bytes.end),
                    "anchors hold too much",
                )
                .label(format!("more than {ANCHORED} values stand inside anchors up to this point"))
                .help("remove anchors that no alias uses"),
            ));
        }
        self.anchors.insert(anchor, (node.clone(), size));
        Ok(())
    }

    fn put(&mut self, node: Node, size: usize) -> Result<(), Box<Diagnostic>> {
        self.nodes += size;
        if self.nodes > NODES {
            return Err(Box::new(
                Diagnostic::new(
                    &codes::ALIAS_BUDGET,
                    self.span(node.bytes.start, node.bytes.end),
                    format!("more than {NODES} values in one file"),
                )
                .help("split the file"),
            ));
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        frame.repeated += size;
        match &mut frame.kind {
            Open::List(items) => items.push(node),
            Open::Map { entries, key } => match key.take() {
                Some((name, key_bytes)) => {
                    let mut value = node;
                    if value.bytes.start >= value.bytes.end && value.is_null() {
                        // There is no value: diagnostics about it mark the key.
                        value.bytes = key_bytes;
                    }
                    entries.push(Entry { key: name, key_bytes, value });
                }
                None => match node.value {
                    Value::Scalar { text, .. } => *key = Some((text, node.bytes)),
                    Value::List(_) | Value::Map(_) => {
                        let span = Span { file: Arc::clone(self.file), start: node.bytes.start, end: node.bytes.end };
                        return Err(Box::new(Diagnostic::new(&codes::YAML_SYNTAX, span, "a key is a list or a map")));
                    }
                },
            },
        }
        Ok(())
    }

    fn tagged(&self, bytes: Bytes) -> Box<Diagnostic> {
        Box::new(
            Diagnostic::new(&codes::YAML_SYNTAX, self.span(bytes.start, bytes.end), "a YAML tag")
                .help("remove the tag; quote the value if it is a text"),
        )
    }

    fn bytes(&self, span: YamlSpan) -> Bytes {
        let start = span.start.byte_offset().unwrap_or(0).min(self.text.len());
        let end = span.end.byte_offset().unwrap_or(start).min(self.text.len());
        Bytes { start, end: end.max(start) }
    }

    /// Extends the bytes of a block scalar to its `|` or `>`, which the parser leaves out.
    fn with_header(&self, bytes: Bytes, style: Style) -> Bytes {
        if !matches!(style, Style::Literal | Style::Folded) {
            return bytes;
        }
        let header = self.text.get(..bytes.start).and_then(|before| before.rfind(['|', '>']));
        Bytes { start: header.unwrap_or(bytes.start), end: bytes.end }
    }

    fn trimmed(&self, bytes: Bytes) -> Bytes {
        let length = self.text.get(bytes.start..bytes.end).map_or(0, |text| text.trim_end().len());
        Bytes { start: bytes.start, end: bytes.start + length }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { file: Arc::clone(self.file), start, end }
    }

    /// Creates the diagnostic for an error of the YAML parser.
    fn broken(&self, error: &ScanError) -> Diagnostic {
        let at = error.marker().byte_offset().unwrap_or(self.text.len()).min(self.text.len());
        let (line_start, line) = self.line_at(at);
        let indent_len = line.len() - line.trim_start_matches([' ', '\t']).len();
        let indent = line.get(..indent_len).unwrap_or("");
        if let Some(tab) = indent.find('\t') {
            let start = line_start + tab;
            return Diagnostic::new(&codes::YAML_SYNTAX, self.span(start, start + 1), "a tab is used for indentation")
                .label("expected spaces")
                .help("YAML allows only spaces for indentation: replace each tab by two spaces");
        }
        let Explanation { message, mut expected, help } = explain(error.kind());
        if let ErrorKind::UnclosedFlowCollection { open } = error.kind() {
            expected = if *open == '[' { "`]`" } else { "`}`" };
        }
        let mut one = Diagnostic::new(&codes::YAML_SYNTAX, self.span(at, self.next_character(at)), message);
        if !expected.is_empty() {
            one = one.label(format!("expected {expected}"));
        }
        // At the end of the text, the bracket that is still open is more useful than the position.
        if at >= self.text.trim_end().len()
            && let Some(frame) = self.stack.iter().rev().find(|frame| frame.flow)
        {
            let bracket = match frame.kind {
                Open::List(_) => ("[", "]"),
                Open::Map { .. } => ("{", "}"),
            };
            one.message = format!("the file ends inside `{}`", bracket.0);
            return one
                .label(format!("expected `{}`", bracket.1))
                .also(self.span(frame.start, frame.start + 1), "opened here")
                .help("the file may be truncated");
        }
        one.help = suggest_from_line(line).or((!help.is_empty()).then(|| help.to_owned()));
        one
    }

    fn line_at(&self, at: usize) -> (usize, &'a str) {
        let start = self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let rest = self.text.get(start..).unwrap_or("");
        (start, rest.lines().next().unwrap_or(""))
    }

    fn next_character(&self, at: usize) -> usize {
        self.text
            .get(at..)
            .and_then(|rest| rest.chars().next())
            .filter(|c| !c.is_whitespace())
            .map_or(at, |c| at + c.len_utf8())
    }
}

#[cfg(test)]
mod tests {
    use super::{REPEATED, TEXT, parse};
    use crate::rules::diagnostic::Diagnostic;
    use crate::rules::syntax::node::{Node, Style, Value};

    fn read(text: &str) -> (Option<Node>, Vec<Diagnostic>) {
        let mut problems = Vec::new();
        let node = parse(&"x.yaml".into(), text, &mut problems);
        (node, problems)
    }

    #[track_caller]
    fn broken(text: &str, message: &str, piece: &str) {
        let (node, problems) = read(text);
        assert!(node.is_none(), "{text:?} was read");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].message, message);
        let span = problems[0].span().unwrap();
        assert_eq!(&text[span.start..span.end], piece);
    }

    #[test]
    fn every_value_has_its_bytes_and_its_style() {
        let text = "a: 1.10\nb: 'it''s'\nc: \"x\\ny\"\nd: |\n  one\n  two\ne: [yes, {k: v}]\nf:\n";
        let root = read(text).0.unwrap();
        let seen: Vec<_> = root
            .map()
            .unwrap()
            .iter()
            .map(|entry| {
                let style = match &entry.value.value {
                    Value::Scalar { style, .. } => Some(*style),
                    _ => None,
                };
                (entry.key.as_str(), &text[entry.value.bytes.start..entry.value.bytes.end], style)
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("a", "1.10", Some(Style::Plain)),
                ("b", "'it''s'", Some(Style::Single)),
                ("c", "\"x\\ny\"", Some(Style::Double)),
                ("d", "|\n  one\n  two", Some(Style::Literal)),
                ("e", "[yes, {k: v}]", None),
                ("f", "f", Some(Style::Plain)),
            ]
        );
        assert_eq!(root.get("b").unwrap().text(), Some("it's"));
        assert!(root.get("f").is_none());
    }

    #[test]
    fn a_block_ends_with_its_last_value() {
        let text = "a:\n  b: 1\n  c: 2\n\n# a comment\nd: 3\n";
        let root = read(text).0.unwrap();
        let a = root.get("a").unwrap();
        assert_eq!(&text[a.bytes.start..a.bytes.end], "b: 1\n  c: 2");
    }

    #[test]
    fn a_byte_order_mark_and_crlf_are_read() {
        let root = read("\u{feff}a: 1\r\nb: 2\r\n").0.unwrap();
        assert_eq!(root.get("b").unwrap().text(), Some("2"));
    }

    #[test]
    fn an_empty_file_is_no_tree_and_no_problem() {
        for text in ["", "\n\n", "# nothing\n", "\u{feff}"] {
            let (node, problems) = read(text);
            assert!(problems.is_empty() && node.is_none_or(|node| node.is_null()), "{text:?}");
        }
    }

    #[test]
    fn an_invalid_text_gives_one_diagnostic_at_its_place() {
        broken("a:\n\tb: 1\n", "a tab is used for indentation", "\t");
        broken("a: {b: 1\n", "unclosed bracket", "{");
        broken("a: b: c\n", "a `:` where no value is allowed", ":");
        broken("a: \u{1}\n", "control character U+0001 in the text", "\u{1}");
        broken("a: 1\n---\nb: 2\n", "a second document starts in this file", "---");
        broken("a: \"\\d+\"\n", "unknown escape in double quotes", "\"");
    }

    #[test]
    fn exponential_aliases_and_deep_nesting_are_rejected() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let alias = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![alias; 10].join(", ")));
        }
        assert_eq!(read(&bomb).1[0].code.number, 15);
        assert_eq!(read(&"[".repeat(100_000)).1.len(), 1);
        assert_eq!(read(&format!("{}x", "- ".repeat(10_000))).1.len(), 1);
        assert_eq!(read(&format!("a: {}", "x".repeat(1 << 20))).1[0].code.number, 15);
        assert_eq!(
            read(&"# a comment\n".repeat(TEXT / 12 + 1)).1[0].message,
            format!("a file of {} bytes", (TEXT / 12 + 1) * 12)
        );
    }

    #[test]
    fn anchors_inside_anchors_do_not_multiply_what_is_kept() {
        let values = "x, ".repeat(REPEATED - 100);
        let (open, close): (String, String) = (0..40).map(|level| (format!("&a{level} ["), "], ")).unzip();
        let one = format!("- {open}{values}{close}\n").replace("], \n", "]\n");
        assert_eq!(read(&one.repeat(2)).1[0].code.number, 15);
        assert!(read("- &a [x]\n- *a\n").1.is_empty());
    }
}
