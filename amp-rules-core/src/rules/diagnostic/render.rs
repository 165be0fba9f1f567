//! Diagnostics for people: with the source lines that they mark, like those of rustc, or one line each.
//!
//! Input: a diagnostic and the texts. Output: text. The width is a parameter; nothing here queries a terminal. A span
//! that does not fit its text is moved to the nearest valid place.

use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::code::Severity;
use super::problem::{Diagnostic, Label};
use super::span::floor_boundary;
use super::texts::Texts;

/// Whether the output has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Text only.
    Plain,
    /// With ANSI colours.
    Colour,
}

/// Renders a diagnostic with the source lines that it marks, at most `width` columns wide and at least 40.
pub(super) fn snippet(one: &Diagnostic, texts: &Texts, look: Look, width: usize) -> String {
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
        let Some(text) = texts.get(file) else {
            group = group.element(Origin::path(file.to_string()));
            continue;
        };
        let mut snippet = Snippet::source(text).path(file.to_string()).fold(true);
        for (index, label) in one.labels.iter().enumerate().filter(|(_, label)| label.span.file == *file) {
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            snippet = snippet.annotation(kind.span(range_of(label, text)).label(text_of(label)));
        }
        group = group.element(snippet);
    }
    if let Some(help) = &one.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    renderer.render(&[group])
}

/// Returns `path:line:col: CODE message` and a line end.
pub(super) fn line(one: &Diagnostic, texts: &Texts) -> String {
    let place = match one.span() {
        None => String::new(),
        Some(span) => match texts.start(span) {
            Some(at) => format!("{}:{}:{}: ", span.file, at.line, at.column),
            None => format!("{}: ", span.file),
        },
    };
    format!("{place}{} {}\n", one.code, one.message)
}

/// Returns the files that a diagnostic refers to, the one with the problem first.
fn files_of(one: &Diagnostic) -> Vec<Arc<str>> {
    let mut files: Vec<Arc<str>> = Vec::new();
    for label in &one.labels {
        if !files.contains(&label.span.file) {
            files.push(Arc::clone(&label.span.file));
        }
    }
    files
}

fn text_of(label: &Label) -> Option<&str> {
    (!label.text.is_empty()).then_some(label.text.as_str())
}

/// Returns the label's bytes, moved to character boundaries of the text and without trailing white space.
fn range_of(label: &Label, text: &str) -> std::ops::Range<usize> {
    let start = floor_boundary(text, label.span.start);
    let end = floor_boundary(text, label.span.end.max(label.span.start));
    let trimmed = text.get(start..end).map_or(0, |part| part.trim_end().len());
    start..start + trimmed
}
