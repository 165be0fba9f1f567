//! Errors of a run.

use std::error::Error;
use std::fmt;

use crate::span::Span;

/// The error of a source that cannot read its rows.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// The limit of [`Limits`](super::Limits) that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Buffered rows.
    Rows,
    /// Buffered bytes.
    Bytes,
    /// Rows that passed a step.
    Steps,
    /// Time.
    Time,
}

/// The error of a run.
#[derive(Debug)]
pub enum RunError {
    /// A limit was reached. A narrower query or a greater limit helps.
    LimitReached {
        /// The limit.
        limit: Limit,
        /// The value of the limit; 0 for time, which the caller measures.
        value: u64,
        /// The operator that exceeded it.
        span: Span,
    },
    /// A source failed.
    Source {
        /// The table that was read.
        table: String,
        /// The error of the source.
        source: SourceError,
    },
    /// A parameter has no value.
    Parameter(String),
    /// An invalid value for an operator, such as a step of zero.
    Value {
        /// The reason.
        message: String,
        /// The operator.
        span: Span,
    },
}

impl fmt::Display for RunError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LimitReached { limit, value, .. } => {
                let what = match limit {
                    Limit::Rows => "rows held",
                    Limit::Bytes => "bytes held",
                    Limit::Steps => "steps",
                    Limit::Time => return out.write_str("cannot finish the query: the limit of time is reached"),
                };
                write!(out, "cannot finish the query: the limit of {value} {what} is reached")
            }
            Self::Source { table, .. } => write!(out, "cannot read table `{table}`"),
            Self::Parameter(name) => write!(out, "cannot run the query: parameter `{name}` has no value"),
            Self::Value { message, .. } => write!(out, "cannot run the query: {message}"),
        }
    }
}

impl Error for RunError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Source { source, .. } => Some(&**source),
            Self::LimitReached { .. } | Self::Parameter(_) | Self::Value { .. } => None,
        }
    }
}
