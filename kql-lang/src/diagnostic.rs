//! Diagnostics: problems of a query, each with a code, a span and optional help.

use std::fmt;

use crate::span::Span;

/// The kind of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DiagnosticCode {
    /// The text does not parse.
    Syntax,
    /// A table that is not in the catalogue.
    UnknownTable,
    /// A column or variable that is not in scope.
    UnknownColumn,
    /// A function, aggregate or operator that does not exist in Kusto.
    UnknownFunction,
    /// Incompatible types, or the wrong number of arguments.
    Type,
    /// Valid KQL that this crate does not support: the query runs only on a service.
    Unsupported,
    /// A management command, or a call that accesses data outside the query's own database.
    Forbidden,
}

impl DiagnosticCode {
    /// Every code.
    pub const ALL: [Self; 7] = [
        Self::Syntax,
        Self::UnknownTable,
        Self::UnknownColumn,
        Self::UnknownFunction,
        Self::Type,
        Self::Unsupported,
        Self::Forbidden,
    ];

    /// Returns the code as text, stable across releases: `unknown-table`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::UnknownTable => "unknown-table",
            Self::UnknownColumn => "unknown-column",
            Self::UnknownFunction => "unknown-function",
            Self::Type => "type",
            Self::Unsupported => "unsupported",
            Self::Forbidden => "forbidden",
        }
    }

    /// Returns [`Severity::Warning`] for [`Self::Unsupported`], [`Severity::Error`] for every other code.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Unsupported => Severity::Warning,
            Self::Syntax
            | Self::UnknownTable
            | Self::UnknownColumn
            | Self::UnknownFunction
            | Self::Type
            | Self::Forbidden => Severity::Error,
        }
    }
}

impl fmt::Display for DiagnosticCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The severity of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The query is valid KQL, but this crate cannot run it.
    Warning,
    /// The query is invalid.
    Error,
}

/// A problem of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// The kind of problem.
    pub code: DiagnosticCode,
    /// The affected part of the text.
    pub span: Span,
    /// The message: one line, lower case, text of the query in backticks.
    pub message: String,
    /// A suggestion how to fix the problem.
    pub help: Option<String>,
    /// The code that Kusto reports for this problem (`KS142`), if there is one.
    pub kusto: Option<&'static str>,
}

impl Diagnostic {
    /// Creates a diagnostic without help and without Kusto's code.
    pub fn new(code: DiagnosticCode, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), help: None, kusto: None }
    }

    /// Sets the help text: one line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Sets Kusto's own code.
    #[must_use]
    pub const fn kusto(mut self, code: &'static str) -> Self {
        self.kusto = Some(code);
        self
    }

    /// Returns the severity; see [`DiagnosticCode::severity`].
    #[must_use]
    pub const fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}
