//! One diagnostic with its labels, help and fix.

use std::cmp::Ordering;

use super::code::{Code, Severity};
use super::span::Span;

/// A marked span with a text. The first label of a diagnostic marks the problem, the others show its context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The marked span.
    pub span: Span,
    /// The text at the span; can be empty.
    pub text: String,
}

/// A replacement of one span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The span that is replaced.
    pub span: Span,
    /// The text that replaces it.
    pub replacement: String,
}

/// A change of the text that fixes the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Whether the intended meaning is certainly kept. Other fixes must be reviewed.
    pub safe: bool,
    /// The edits, disjoint, in the order of the text.
    pub edits: Vec<Edit>,
}

/// A problem in a rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The kind of problem.
    pub code: &'static Code,
    /// Its severity; normally that of the code.
    pub severity: Severity,
    /// One line, lower case, no full stop, text of the author in backticks.
    pub message: String,
    /// The marked spans; the first marks the problem.
    pub labels: Vec<Label>,
    /// How to fix it, if known.
    pub help: Option<String>,
    /// A change that a tool can apply, if there is one.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// Creates a diagnostic with the severity of its code and one label without text.
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

    /// Sets the text of the first label.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(first) = self.labels.first_mut() {
            first.text = text.into();
        }
        self
    }

    /// Adds a label that shows context.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Sets the help.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    /// Sets a fix that replaces one span and keeps the meaning.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { safe: true, edits: vec![Edit { span, replacement: replacement.into() }] });
        self
    }

    /// Sets a fix that replaces one span and must be reviewed.
    #[must_use]
    pub(crate) fn unsafe_fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { safe: false, edits: vec![Edit { span, replacement: replacement.into() }] });
        self
    }

    /// Returns the span that marks the problem.
    #[must_use]
    pub fn span(&self) -> Option<&Span> {
        self.labels.first().map(|label| &label.span)
    }

    pub(super) fn order(&self, other: &Self) -> Ordering {
        self.span()
            .cmp(&other.span())
            .then_with(|| self.code.number.cmp(&other.code.number))
            .then_with(|| self.message.cmp(&other.message))
    }
}
