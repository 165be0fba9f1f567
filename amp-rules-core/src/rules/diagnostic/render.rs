//! Diagnostics for people: with the source lines that they mark, like those of rustc, or one line each.
//!
//! Input: a diagnostic and the texts. Output: text that is safe to print. The width is a parameter; nothing here queries a
//! terminal. A span that does not fit its text is moved to the nearest valid place. In source lines a character that is not
//! safe to print is replaced by one that stands for it, so that columns stay; elsewhere it is escaped.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::code::Severity;
use super::problem::{Diagnostic, Label};
use super::span::floor_boundary;
use super::texts::Texts;
use crate::escape::{self, Printable};

/// Whether the output has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Text only.
    Plain,
    /// With ANSI colours.
    Colour,
}

/// Renders a diagnostic with the source lines that it marks, at most `width` columns wide and at least 40.
pub(super) fn snippet(one: &Diagnostic, texts: &Texts, look: Look, width: usize) -> Printable {
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
    let message = escape::inline(&one.message);
    let sources: Vec<Source> = files_of(one).iter().map(|file| Source::of(file, one, texts)).collect();
    let mut group = Group::with_title(level.primary_title(&*message).id(code.as_str()));
    for source in &sources {
        let Some(text) = &source.text else {
            group = group.element(Origin::path(source.path.as_str()));
            continue;
        };
        let mut snippet = Snippet::source(text.as_str()).path(source.path.as_str()).fold(true);
        for (kind, range, label) in &source.labels {
            let label = (!label.is_empty()).then_some(label.as_str());
            snippet = snippet.annotation(kind.span(range.clone()).label(label));
        }
        group = group.element(snippet);
    }
    let help = one.help.as_deref().map(escape::inline);
    if let Some(help) = &help {
        group = group.element(Level::HELP.message(&**help));
    }
    Printable::of_escaped(renderer.render(&[group]).split('\n').map(other_file).collect::<Vec<_>>().join("\n"))
}

/// A rendered line; one that names a further file begins with an arrow and not with `:::`, which looks like a command of
/// GitHub Actions.
fn other_file(line: &str) -> Cow<'_, str> {
    let Some(at) = line.find(":::") else { return Cow::Borrowed(line) };
    // Before the mark there are only blanks and the sequences of a colour.
    let is_first = line.get(..at).is_some_and(|before| {
        before.split('\u{1b}').enumerate().all(|(place, part)| {
            let text = if place == 0 { part } else { part.trim_start_matches(|c| c != 'm').trim_start_matches('m') };
            text.trim().is_empty()
        })
    });
    if is_first { Cow::Owned(line.replacen(":::", "-->", 1)) } else { Cow::Borrowed(line) }
}

/// A file that a diagnostic refers to, as it is shown.
struct Source {
    path: String,
    /// Its text, if it is known.
    text: Option<String>,
    labels: Vec<(AnnotationKind, Range<usize>, String)>,
}

impl Source {
    fn of(file: &Arc<str>, one: &Diagnostic, texts: &Texts) -> Self {
        let path = escape::inline(file).into_owned();
        let Some(text) = texts.get(file) else { return Self { path, text: None, labels: Vec::new() } };
        let shown = escape::same_columns(text);
        // Characters keep their number, not their bytes.
        let moved = |at: usize| match &shown {
            Cow::Borrowed(_) => at,
            Cow::Owned(shown) => {
                let number = text.get(..at).map_or(0, |before| before.chars().count());
                shown.char_indices().nth(number).map_or(shown.len(), |(at, _)| at)
            }
        };
        let labels = one.labels.iter().enumerate().filter(|(_, label)| label.span.file == *file);
        let labels = labels.map(|(index, label)| {
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let range = range_of(label, text);
            (kind, moved(range.start)..moved(range.end), escape::inline(&label.text).into_owned())
        });
        let labels = labels.collect();
        Self { path, text: Some(shown.into_owned()), labels }
    }
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
    format!("{}\n", escape::one_line(&format!("{place}{} {}", one.code, one.message)))
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

/// Returns the label's bytes, moved to character boundaries of the text and without trailing white space.
fn range_of(label: &Label, text: &str) -> Range<usize> {
    let start = floor_boundary(text, label.span.start);
    let end = floor_boundary(text, label.span.end.max(label.span.start));
    let trimmed = text.get(start..end).map_or(0, |part| part.trim_end().len());
    start..start + trimmed
}
