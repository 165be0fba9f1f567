//! What is wrong with a query, where, and what may have been meant.

use std::fmt;

use crate::span::Span;

/// The kind of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum DiagnosticCode {
    /// The text does not parse.
    Syntax,
    /// A table that the catalogue does not have.
    UnknownTable,
    /// A column or variable that is not in scope.
    UnknownColumn,
    /// A function, aggregate or operator that Kusto does not have either.
    UnknownFunction,
    /// Values of types that do not go together, or the wrong number of arguments.
    Type,
    /// Valid KQL outside the subset of this crate: the query runs on a service only.
    Unsupported,
    /// A management command, or a call that reaches beyond the query's own database.
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

    /// The code as text, stable across releases: `unknown-table`.
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

    /// How bad it is: [`Severity::Warning`] for [`Self::Unsupported`], an error for every other code.
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

/// How bad a diagnostic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The query is valid KQL, but this crate cannot run it.
    Warning,
    /// The query is wrong.
    Error,
}

/// One problem of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// Its kind.
    pub code: DiagnosticCode,
    /// The part of the text that it is about.
    pub span: Span,
    /// The message: one line, lower case, text of the query in backticks.
    pub message: String,
    /// What may have been meant, or what to do.
    pub help: Option<String>,
    /// The code that Kusto itself reports (`KS142`), if it has one.
    pub kusto: Option<&'static str>,
}

impl Diagnostic {
    /// A diagnostic without help.
    pub fn new(code: DiagnosticCode, span: Span, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), help: None, kusto: None }
    }

    /// Adds a line of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds Kusto's own code.
    #[must_use]
    pub const fn kusto(mut self, code: &'static str) -> Self {
        self.kusto = Some(code);
        self
    }

    /// How bad it is; see [`DiagnosticCode::severity`].
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
