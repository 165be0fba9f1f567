//! What is wrong with a query, where, and what may have been meant.

use std::fmt;

use crate::span::Span;

/// What kind of problem it is; each has a diagnostic code of its own in rule files (`AMP4xx`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// The text is no query.
    Syntax,
    /// A table that the schema does not have.
    UnknownTable,
    /// A column or variable that is not there.
    UnknownColumn,
    /// A function, aggregate or operator that Kusto does not have either.
    UnknownFunction,
    /// Values of types that do not go together, or the wrong number of them.
    Type,
    /// A construct that Kusto has and this subset has not: the query runs on a service only.
    Unsupported,
    /// A management command or a call that reaches beyond the query's own database.
    Forbidden,
}

/// One problem of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// Where.
    pub span: Span,
    /// What is wrong: one line, lower case, what the author wrote in backticks.
    pub message: String,
    /// What may have been meant, or what to do.
    pub help: Option<String>,
    /// The code that Kusto itself gives (`KS142`), where it has one.
    pub kusto: Option<&'static str>,
}

impl Problem {
    /// A problem without help.
    pub fn new(kind: ProblemKind, span: Span, message: impl Into<String>) -> Self {
        Self { kind, span, message: message.into(), help: None, kusto: None }
    }

    /// The same problem with a word of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same problem with Kusto's own code.
    #[must_use]
    pub const fn kusto(mut self, code: &'static str) -> Self {
        self.kusto = Some(code);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}
