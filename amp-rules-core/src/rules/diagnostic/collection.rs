//! The diagnostics of a set of rule files, sorted, and their output forms.

use std::fmt;

use super::code::Severity;
use super::problem::Diagnostic;
use super::render::{Look, line, snippet};
use super::rule_file::RuleFile;
use super::span::{Position, Span};
use super::texts::Texts;
use super::wire::DiagnosticWire;
use crate::escape::Printable;

/// All diagnostics of a set of rule files, with the texts that they refer to.
///
/// Sorted by file, position, code and message, without duplicates. Its `Display` is the concise form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
    texts: Texts,
}

impl Diagnostics {
    /// Sorts diagnostics and keeps the texts that they refer to.
    #[must_use]
    pub fn new(mut list: Vec<Diagnostic>, files: &[RuleFile]) -> Self {
        list.sort_by(Diagnostic::order);
        list.dedup();
        let texts = Texts::of(list.iter().flat_map(|one| &one.labels).map(|label| &label.span.file), files);
        Self { list, texts }
    }

    /// Merges two sets.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        let mut list = self.list;
        list.extend(other.list);
        list.sort_by(Diagnostic::order);
        list.dedup();
        let texts = self.texts.merge(other.texts);
        Self { list, texts }
    }

    /// Keeps the diagnostics for which `keep` returns a value; it can change their severity.
    #[must_use]
    pub fn filter_map(self, keep: impl FnMut(Diagnostic) -> Option<Diagnostic>) -> Self {
        Self { list: self.list.into_iter().filter_map(keep).collect(), texts: self.texts }
    }

    /// Iterates over the diagnostics in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Returns the number of diagnostics.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Returns whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns whether one of them is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// Returns the number of diagnostics with this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.list.iter().filter(|one| one.severity == severity).count()
    }

    /// Returns the text of a file that a diagnostic refers to.
    #[must_use]
    pub fn text(&self, file: &str) -> Option<&str> {
        self.texts.get(file)
    }

    /// Returns the position of the start of a span, if its text is known.
    #[must_use]
    pub fn start(&self, span: &Span) -> Option<Position> {
        self.texts.start(span)
    }

    /// Returns the position after the end of a span, if its text is known.
    #[must_use]
    pub fn end(&self, span: &Span) -> Option<Position> {
        self.texts.end(span)
    }

    /// Renders every diagnostic with the source lines that it marks, at most `width` columns wide, separated by blank lines.
    #[must_use]
    pub fn full(&self, look: Look, width: usize) -> Printable {
        let mut out = Printable::default();
        for (place, one) in self.iter().enumerate() {
            if place > 0 {
                out.push(&Printable::lines("\n"));
            }
            out.push(&self.full_one(one, look, width));
            out.push(&Printable::lines("\n"));
        }
        out
    }

    /// Renders one of the diagnostics with the source lines that it marks.
    fn full_one(&self, one: &Diagnostic, look: Look, width: usize) -> Printable {
        snippet(one, &self.texts, look, width)
    }

    /// Returns one line per diagnostic: `path:line:col: CODE message`, safe to print.
    #[must_use]
    pub fn concise(&self) -> String {
        self.iter().map(|one| line(one, &self.texts)).collect()
    }

    /// Returns the diagnostics as values for JSON, in order.
    #[must_use]
    pub fn to_wire(&self) -> Vec<DiagnosticWire> {
        self.iter().map(|one| DiagnosticWire::new(one, &self.texts)).collect()
    }

    /// Returns the diagnostics as a JSON array, one element per diagnostic.
    #[must_use]
    pub fn to_json(&self) -> Printable {
        // The wire structs contain only strings and numbers, whose serialization cannot fail.
        Printable::json(&serde_json::to_string_pretty(&self.to_wire()).unwrap_or_default())
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
    use super::Diagnostics;
    use crate::rules::codes;
    use crate::rules::diagnostic::{Diagnostic, Look, RuleFile, Span};

    fn two() -> Diagnostics {
        let file = RuleFile::new("a.yaml", "id: x\ncauses: memory-hgih\n");
        let list = vec![
            Diagnostic::new(&codes::DANGLING_REFERENCE, Span::new("a.yaml", 14, 25), "unknown pattern `memory-hgih`")
                .label("no pattern with this id")
                .help("did you mean `memory-high`?"),
            Diagnostic::new(&codes::YAML_SYNTAX, Span::new("a.yaml", 0, 2), "first"),
            Diagnostic::new(&codes::YAML_SYNTAX, Span::new("a.yaml", 0, 2), "first"),
        ];
        Diagnostics::new(list, &[file])
    }

    #[test]
    fn diagnostics_are_sorted_and_unique() {
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
    fn text_of_a_file_is_shown_escaped_and_marked_at_its_column() {
        let text = "id: \u{1b}[31m\u{202e}x\r\n::error::y\n";
        let file = RuleFile::new("::a\u{7}.yaml", text);
        let at = text.find('x').unwrap();
        let one = Diagnostic::new(&codes::YAML_SYNTAX, Span::new("::a\u{7}.yaml", at, at + 1), "a\n::b \u{9b}1m")
            .label("l\u{2028}")
            .help("##[error]h\u{200b}");
        let all = Diagnostics::new(vec![one], &[file]);
        assert_eq!(
            all.full(Look::Plain, 100),
            "error[AMP001]: a\\n::b \\u{9b}1m\n --> ::a\\u{7}.yaml:1:11\n  |\n1 | id: \u{241b}[31m\u{fffd}x\n  |           ^ l\\u{2028}\n  |\n  = help: #\\u{23}[error]h\\u{200b}\n"
        );
        assert_eq!(all.concise(), "\\u{3a}:a\\u{7}.yaml:1:11: AMP001 a\\n::b \\u{9b}1m\n");
        assert!(all.to_json().contains("::a\\u0007.yaml"));
    }

    #[test]
    fn no_line_that_names_a_file_looks_like_a_command() {
        let files = [RuleFile::new("a.yaml", "id: x\n"), RuleFile::new("b.yaml", "id: y # :::\n")];
        let one = Diagnostic::new(&codes::YAML_SYNTAX, Span::new("a.yaml", 0, 2), "a ::: b")
            .also(Span::new("b.yaml", 0, 2), "here");
        let all = Diagnostics::new(vec![one], &files);
        let plain = all.full(Look::Plain, 80);
        for part in ["a ::: b\n", "\n --> a.yaml:1:1\n", "\n --> b.yaml:1:1\n", "id: y # :::\n"] {
            assert!(plain.contains(part), "{part} in {plain}");
        }
        let coloured = all.full(Look::Colour, 80);
        assert!(coloured.contains("b.yaml:1:1") && coloured.matches(":::").count() == 2, "{coloured}");
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
