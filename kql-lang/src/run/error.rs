//! Why a query has no result.

use std::error::Error;
use std::fmt;

use crate::span::Span;

/// Why a source could not give rows.
pub type SourceError = Box<dyn Error + Send + Sync>;

/// Which limit of a [`Limits`](super::Limits) was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Rows held.
    Rows,
    /// Bytes held.
    Bytes,
    /// Steps.
    Steps,
}

/// Why a query has no result.
#[derive(Debug)]
pub enum RunError {
    /// A limit of the budget was reached. A narrower query or a greater budget helps.
    LimitReached {
        /// Which.
        limit: Limit,
        /// What it is.
        value: u64,
        /// The operator that went beyond it.
        span: Span,
    },
    /// A source failed.
    Source {
        /// Of which table.
        table: String,
        /// What it said.
        source: SourceError,
    },
    /// A parameter has no value.
    Parameter(String),
    /// A value that an operator cannot work with, such as a step of zero.
    Value {
        /// What is wrong.
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
