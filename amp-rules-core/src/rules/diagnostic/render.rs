//! Diagnostics for people: a picture of the text in the look of rustc, or one line each.
//!
//! Input: [`Diagnostics`]. Output: text. The width is the caller's; nothing here asks a terminal.

use std::fmt::Write as _;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Diagnostic, Diagnostics, Label, Severity, floor_boundary};

/// Whether the picture has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Text only.
    Plain,
    /// With ANSI colours.
    Colour,
}

impl Diagnostics {
    /// Every diagnostic as a picture of the text it points into, `width` columns wide, a blank line between two.
    #[must_use]
    pub fn full(&self, look: Look, width: usize) -> String {
        let mut out = String::new();
        for one in self {
            out.push_str(&self.full_one(one, look, width));
            out.push_str("\n\n");
        }
        if out.ends_with("\n\n") {
            out.pop();
        }
        out
    }

    /// One of the diagnostics as a picture.
    #[must_use]
    pub fn full_one(&self, one: &Diagnostic, look: Look, width: usize) -> String {
        let renderer = match look {
            Look::Plain => Renderer::plain(),
            Look::Colour => Renderer::styled(),
        }
        .term_width(width.max(40));
        let level = match one.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let code = one.code.name();
        let mut group = Group::with_title(level.primary_title(one.message.as_str()).id(code.as_str()));
        for file in &files_of(one) {
            let Some(text) = self.text(file) else {
                group = group.element(Origin::path(file.to_string()));
                continue;
            };
            let mut snippet = Snippet::source(text).path(file.to_string()).fold(true);
            for (index, label) in one.labels.iter().enumerate().filter(|(_, label)| label.span.file == *file) {
                let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
                snippet = snippet.annotation(kind.span(range_of(label, text)).label(words_of(label)));
            }
            group = group.element(snippet);
        }
        if let Some(help) = &one.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        renderer.render(&[group])
    }

    /// One line per diagnostic: `path:line:col: CODE message`.
    #[must_use]
    pub fn concise(&self) -> String {
        let mut out = String::new();
        for one in self {
            let place = match one.span() {
                None => String::new(),
                Some(span) => match self.start(span) {
                    Some(at) => format!("{}:{}:{}: ", span.file, at.line, at.column),
                    None => format!("{}: ", span.file),
                },
            };
            // Writing into a string cannot fail.
            let _ = writeln!(out, "{place}{} {}", one.code, one.message);
        }
        out
    }
}

/// The files that a diagnostic points into, the one with the problem first.
fn files_of(one: &Diagnostic) -> Vec<Arc<str>> {
    let mut files: Vec<Arc<str>> = Vec::new();
    for label in &one.labels {
        if !files.contains(&label.span.file) {
            files.push(Arc::clone(&label.span.file));
        }
    }
    files
}

fn words_of(label: &Label) -> Option<&str> {
    (!label.text.is_empty()).then_some(label.text.as_str())
}

/// The label's bytes, moved to where the text has characters, line ends at the end left out.
fn range_of(label: &Label, text: &str) -> std::ops::Range<usize> {
    let start = floor_boundary(text, label.span.start);
    let end = floor_boundary(text, label.span.end.max(label.span.start));
    let trimmed = text.get(start..end).map_or(0, |part| part.trim_end().len());
    start..start + trimmed
}
