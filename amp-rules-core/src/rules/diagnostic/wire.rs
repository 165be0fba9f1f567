//! Diagnostics for programs: typed structs for JSON.
//!
//! Input: a diagnostic and the texts. Output: a [`DiagnosticWire`] with lines, columns and byte offsets. The core types
//! themselves are never serialized.

use serde::Serialize;

use super::problem::{Diagnostic, Edit, Label};
use super::span::{Position, Span};
use super::texts::Texts;

/// A place as line, column and byte offset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PositionWire {
    /// The line, from 1; 0 if the text is not known.
    pub line: usize,
    /// The column in Unicode scalar values, from 1; 0 if the text is not known.
    pub column: usize,
    /// The byte offset, from 0.
    pub offset: usize,
}

/// A marked span with a text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LabelWire {
    /// The name of the rule file.
    pub file: String,
    /// Its start.
    pub start: PositionWire,
    /// Its end, exclusive.
    pub end: PositionWire,
    /// The text at the span; can be empty.
    pub text: String,
}

/// A replacement of one span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct EditWire {
    /// The name of the rule file.
    pub file: String,
    /// Its start.
    pub start: PositionWire,
    /// Its end, exclusive.
    pub end: PositionWire,
    /// The text that replaces it.
    pub replacement: String,
}

/// A change that a tool can apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FixWire {
    /// Whether the intended meaning is certainly kept.
    pub safe: bool,
    /// The edits, in the order of the text.
    pub edits: Vec<EditWire>,
}

/// One diagnostic. All fields are always present, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DiagnosticWire {
    /// `AMP` and three digits.
    pub code: String,
    /// The short name of the code.
    pub slug: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// The message.
    pub message: String,
    /// How to fix it.
    pub help: Option<String>,
    /// The marked spans; the first marks the problem.
    pub labels: Vec<LabelWire>,
    /// A change that fixes the problem.
    pub fix: Option<FixWire>,
}

impl DiagnosticWire {
    pub(super) fn new(one: &Diagnostic, texts: &Texts) -> Self {
        Self {
            code: one.code.name(),
            slug: one.code.slug.to_owned(),
            severity: one.severity.as_str().to_owned(),
            message: one.message.clone(),
            help: one.help.clone(),
            labels: one.labels.iter().map(|label| LabelWire::new(label, texts)).collect(),
            fix: one.fix.as_ref().map(|fix| FixWire {
                safe: fix.safe,
                edits: fix.edits.iter().map(|edit| EditWire::new(edit, texts)).collect(),
            }),
        }
    }
}

impl LabelWire {
    fn new(label: &Label, texts: &Texts) -> Self {
        let (start, end) = ends_of(&label.span, texts);
        Self { file: label.span.file.to_string(), start, end, text: label.text.clone() }
    }
}

impl EditWire {
    fn new(edit: &Edit, texts: &Texts) -> Self {
        let (start, end) = ends_of(&edit.span, texts);
        Self { file: edit.span.file.to_string(), start, end, replacement: edit.replacement.clone() }
    }
}

fn ends_of(span: &Span, texts: &Texts) -> (PositionWire, PositionWire) {
    let wire = |at: Option<Position>, offset| PositionWire {
        line: at.map_or(0, |at| at.line),
        column: at.map_or(0, |at| at.column),
        offset,
    };
    (wire(texts.start(span), span.start), wire(texts.end(span), span.end))
}
