//! Diagnostics for machines: typed structs that are written as JSON.
//!
//! Input: [`Diagnostics`]. Output: one [`DiagnosticWire`] each, with lines, columns and byte offsets. The core types
//! themselves are never serialised.

use serde::Serialize;

use super::{Diagnostics, Fix, Position, Span};

/// A place as line, column and byte offset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PositionWire {
    /// The line, from 1; 0 if the text is not known.
    pub line: usize,
    /// The column in Unicode scalar values, from 1; 0 if the text is not known.
    pub column: usize,
    /// The byte offset, from 0.
    pub offset: usize,
}

/// A remark at a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelWire {
    /// The name of the rule file.
    pub file: String,
    /// Where it begins.
    pub start: PositionWire,
    /// Where it ends, exclusive.
    pub end: PositionWire,
    /// What to say there; may be empty.
    pub text: String,
}

/// A replacement of one stretch of text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EditWire {
    /// The name of the rule file.
    pub file: String,
    /// Where it begins.
    pub start: PositionWire,
    /// Where it ends, exclusive.
    pub end: PositionWire,
    /// What stands there afterwards.
    pub replacement: String,
}

/// A change that a tool can make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FixWire {
    /// Whether it surely keeps what the author meant.
    pub safe: bool,
    /// The edits, in the order of the text.
    pub edits: Vec<EditWire>,
}

/// One diagnostic. The fields stand in this order, and all of them always.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiagnosticWire {
    /// `AMP` and three digits.
    pub code: String,
    /// The short name of the code.
    pub slug: String,
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// What is wrong.
    pub message: String,
    /// Advice.
    pub help: Option<String>,
    /// Where; the first is the place to look at.
    pub labels: Vec<LabelWire>,
    /// A change that makes it go away.
    pub fix: Option<FixWire>,
}

impl Diagnostics {
    /// The diagnostics as values to be written as JSON, in order.
    #[must_use]
    pub fn to_wire(&self) -> Vec<DiagnosticWire> {
        self.iter()
            .map(|one| DiagnosticWire {
                code: one.code.name(),
                slug: one.code.slug.to_owned(),
                severity: one.severity.as_str().to_owned(),
                message: one.message.clone(),
                help: one.help.clone(),
                labels: one
                    .labels
                    .iter()
                    .map(|label| {
                        let (start, end) = self.ends_of(&label.span);
                        LabelWire { file: label.span.file.to_string(), start, end, text: label.text.clone() }
                    })
                    .collect(),
                fix: one.fix.as_ref().map(|fix| self.fix_to_wire(fix)),
            })
            .collect()
    }

    /// The diagnostics as a JSON array, one element per diagnostic.
    #[must_use]
    pub fn to_json(&self) -> String {
        // The wire structs hold strings and numbers only, which always serialise.
        serde_json::to_string_pretty(&self.to_wire()).unwrap_or_default()
    }

    fn fix_to_wire(&self, fix: &Fix) -> FixWire {
        FixWire {
            safe: fix.safe,
            edits: fix
                .edits
                .iter()
                .map(|edit| {
                    let (start, end) = self.ends_of(&edit.span);
                    EditWire { file: edit.span.file.to_string(), start, end, replacement: edit.replacement.clone() }
                })
                .collect(),
        }
    }

    fn ends_of(&self, span: &Span) -> (PositionWire, PositionWire) {
        let wire = |at: Option<Position>, offset| PositionWire {
            line: at.map_or(0, |at| at.line),
            column: at.map_or(0, |at| at.column),
            offset,
        };
        (wire(self.start(span), span.start), wire(self.end(span), span.end))
    }
}
