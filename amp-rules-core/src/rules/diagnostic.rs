//! Says what is wrong with a rule file, where, and how to fix it.
//!
//! Input: [`Diagnostic`]s, each with a [`Code`], a severity, a message, labelled byte spans and, where we can guess, help.
//! Output: [`Diagnostics`], sorted by file, position and code, without repetitions, as a picture of the text
//! ([`Diagnostics::full`]), one line each ([`Diagnostics::concise`]) or JSON ([`Diagnostics::to_json`]).
//!
//! Nothing here reads a file: the texts come along with the diagnostics. Nothing here panics on a span that does not
//! fit its text; such a span is moved to the nearest place that exists.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

mod render;
mod wire;

pub use crate::suggest::nearest;
pub use render::Look;
pub use wire::{DiagnosticWire, EditWire, FixWire, LabelWire, PositionWire};

/// YAML text with a name.
///
/// - `name`: as a person would look for it, normally a path relative to the pack (`collector/memory-high/pattern.yaml`);
///   its last segment says which kind of file it is.
/// - `text`: the whole content. A byte order mark and CRLF line ends are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// What the file is called in messages.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

impl RuleFile {
    /// A rule file from its name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }
}

/// How bad a diagnostic is. Errors keep a rule set from loading; the order is from bad to harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The rule set refuses to load, or is provably wrong.
    Error,
    /// It loads, and is probably not what the author meant.
    Warning,
    /// It loads and works; something could be better.
    Info,
}

impl Severity {
    /// The word that messages use: `error`, `warning`, `info`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One kind of problem. All codes stand in [`crate::rules::codes`]; a number is never given to another problem.
#[derive(Debug, Clone, Copy)]
pub struct Code {
    /// The three digits after `AMP`.
    pub number: u16,
    /// A short name in kebab-case that may be used instead of the number.
    pub slug: &'static str,
    /// The severity unless a setting says otherwise.
    pub severity: Severity,
    /// Whether the strict profile makes an error of it.
    pub strict: bool,
    /// One line: what is wrong.
    pub summary: &'static str,
    /// The page in markdown: what it means, why it matters, a wrong and a right example.
    pub page: &'static str,
}

impl Code {
    /// The code as it is written: `AMP` and three digits.
    #[must_use]
    pub fn name(&self) -> String {
        format!("AMP{:03}", self.number)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Code {}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AMP{:03}", self.number)
    }
}

/// A stretch of one rule file.
///
/// `start` and `end` are byte offsets into the text, `end` exclusive; both at the same place mark a position.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The name of the rule file.
    pub file: Arc<str>,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// A span from its parts.
    pub fn new(file: impl Into<Arc<str>>, start: usize, end: usize) -> Self {
        Self { file: file.into(), start, end }
    }
}

/// A remark that points into the text. The first label of a diagnostic is where the problem is, the others show why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What to say there; may be empty.
    pub text: String,
}

/// A replacement of one stretch of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced.
    pub span: Span,
    /// What stands there afterwards.
    pub replacement: String,
}

/// A change of the text that makes the problem go away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Whether the meaning that the author had in mind is surely kept. Other fixes want to be looked at.
    pub safe: bool,
    /// The edits, disjoint, in the order of the text.
    pub edits: Vec<Edit>,
}

/// A remark about a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of problem.
    pub code: &'static Code,
    /// How bad it is here; normally the code's own severity.
    pub severity: Severity,
    /// One line, lower case, no full stop, what the author wrote in backticks.
    pub message: String,
    /// Where; the first is the place to look at.
    pub labels: Vec<Label>,
    /// Advice, if there is any.
    pub help: Option<String>,
    /// A change that a tool can make, if there is one.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic with the code's own severity, pointing at one place.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            labels: vec![Label { span, text: String::new() }],
            help: None,
            fix: None,
        }
    }

    /// Says something at the first place.
    #[must_use]
    pub fn saying(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// Points at one more place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Gives advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Offers to replace a stretch of text, keeping the meaning.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { safe: true, edits: vec![Edit { span, replacement: replacement.into() }] });
        self
    }

    /// Offers to replace a stretch of text; a person has to look at the outcome.
    #[must_use]
    pub fn unsafe_fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { safe: false, edits: vec![Edit { span, replacement: replacement.into() }] });
        self
    }

    /// The place to look at.
    #[must_use]
    pub fn span(&self) -> Option<&Span> {
        self.labels.first().map(|label| &label.span)
    }

    fn order(&self, other: &Self) -> Ordering {
        self.span()
            .cmp(&other.span())
            .then_with(|| self.code.number.cmp(&other.code.number))
            .then_with(|| self.message.cmp(&other.message))
    }
}

/// A line and a column, both from 1. A column counts Unicode scalar values; a byte order mark has no column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

/// Where a byte offset is in a text. An offset behind the end is the end.
#[must_use]
pub fn position(text: &str, offset: usize) -> Position {
    let offset = floor_boundary(text, offset);
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let in_line = before.get(line_start..).unwrap_or("");
    let column = in_line.chars().filter(|c| *c != '\u{feff}').count() + 1;
    Position { line, column }
}

/// The greatest place at or before `offset` where a character begins.
fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// All remarks about a set of rule files, with the texts they point into.
///
/// Sorted by file, position, code and message, each once. As an error it reads as its concise form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    texts: BTreeMap<Arc<str>, Arc<str>>,
}

impl Diagnostics {
    /// Sorts the remarks and keeps the texts that they point into.
    #[must_use]
    pub fn new(mut list: Vec<Diagnostic>, files: &[RuleFile]) -> Self {
        list.sort_by(Diagnostic::order);
        list.dedup();
        let mut texts: BTreeMap<Arc<str>, Arc<str>> = BTreeMap::new();
        let known: BTreeMap<&str, &str> =
            files.iter().rev().map(|file| (file.name.as_str(), file.text.as_str())).collect();
        for label in list.iter().flat_map(|one| &one.labels) {
            if !texts.contains_key(&label.span.file)
                && let Some(text) = known.get(&*label.span.file)
            {
                texts.insert(Arc::clone(&label.span.file), Arc::from(*text));
            }
        }
        Self { list, texts }
    }

    /// Both together.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let mut list = self.list;
        list.extend(other.list);
        list.sort_by(Diagnostic::order);
        list.dedup();
        let mut texts = other.texts;
        texts.extend(self.texts);
        Self { list, texts }
    }

    /// Only those that `keep` says yes to; it may change their severity.
    #[must_use]
    pub fn filter_map(self, keep: impl FnMut(Diagnostic) -> Option<Diagnostic>) -> Self {
        Self { list: self.list.into_iter().filter_map(keep).collect(), texts: self.texts }
    }

    /// The remarks in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many have this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|one| one.severity == severity).count()
    }

    /// The text of a file that a remark points into.
    #[must_use]
    pub fn text(&self, file: &str) -> Option<&str> {
        self.texts.get(file).map(|text| &**text)
    }

    /// Line and column of the start of a span, if its text is known.
    #[must_use]
    pub fn start(&self, span: &Span) -> Option<Position> {
        self.text(&span.file).map(|text| position(text, span.start))
    }

    /// Line and column just behind the end of a span, if its text is known.
    #[must_use]
    pub fn end(&self, span: &Span) -> Option<Position> {
        self.text(&span.file).map(|text| position(text, span.end))
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.concise().trim_end())
    }
}

impl std::error::Error for Diagnostics {}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, Diagnostics, Look, Position, RuleFile, Span, position};
    use crate::rules::codes;

    fn two() -> Diagnostics {
        let file = RuleFile::new("a.yaml", "id: x\ncauses: memory-hgih\n");
        let list = vec![
            Diagnostic::new(&codes::DANGLING_REFERENCE, Span::new("a.yaml", 14, 25), "unknown pattern `memory-hgih`")
                .saying("no pattern with this id")
                .help("did you mean `memory-high`?"),
            Diagnostic::new(&codes::YAML_SYNTAX, Span::new("a.yaml", 0, 2), "first"),
            Diagnostic::new(&codes::YAML_SYNTAX, Span::new("a.yaml", 0, 2), "first"),
        ];
        Diagnostics::new(list, &[file])
    }

    #[test]
    fn diagnostics_are_sorted_and_each_stands_once() {
        let messages: Vec<_> = two().iter().map(|one| one.message.clone()).collect();
        assert_eq!(messages, ["first", "unknown pattern `memory-hgih`"]);
    }

    #[test]
    fn concise_gives_path_line_column_and_code() {
        assert_eq!(two().concise(), "a.yaml:1:1: AMP001 first\na.yaml:2:9: AMP104 unknown pattern `memory-hgih`\n");
    }

    #[test]
    fn full_shows_the_line_the_label_and_the_help() {
        let full = two().full(Look::Plain, 100);
        for part in [
            "error[AMP104]: unknown pattern `memory-hgih`",
            "a.yaml:2:9",
            "^^^^^^^^^^^ no pattern with this id",
            "help: did you mean `memory-high`?",
        ] {
            assert!(full.contains(part), "{part} is missing in\n{full}");
        }
    }

    #[test]
    fn columns_count_characters_and_not_bytes() {
        assert_eq!(position("äö: x", 6), Position { line: 1, column: 5 });
        assert_eq!(position("a\r\nb", 3), Position { line: 2, column: 1 });
        assert_eq!(position("\u{feff}id", 3), Position { line: 1, column: 1 });
    }

    #[test]
    fn a_span_outside_the_text_is_moved_and_does_not_panic() {
        let file = RuleFile::new("a.yaml", "ä");
        for (start, end) in [(1, 1), (0, 99), (50, 60), (1, 0)] {
            let one = Diagnostic::new(&codes::YAML_SYNTAX, Span::new("a.yaml", start, end), "x");
            let all = Diagnostics::new(vec![one], std::slice::from_ref(&file));
            assert!(all.full(Look::Plain, 80).contains("AMP001"));
        }
    }
}
