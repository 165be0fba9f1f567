//! Parses, prints and formats query text.
//!
//! [`parse`] turns text into a syntax tree and reports every diagnostic with its span, [`print()`] writes a tree in one
//! style, and [`format()`] formats a text and keeps its comments. No schema is needed. However long, deeply nested or
//! malformed the input, no function panics, recurses without bound or takes more than linear time.

use crate::ast::Query;
use crate::diagnostic::{Diagnostic, DiagnosticCode};
use crate::span::Span;

mod format;
mod lexer;
mod parser;
mod printer;
mod words;

pub use format::format;
pub use printer::print;

/// Maximum length of a query text, in bytes. Kusto itself rejects queries longer than 2,000,000 characters.
pub const MAX_TEXT: usize = 2_000_000;

/// Maximum nesting depth of brackets.
pub const MAX_NESTING: usize = 100;

/// Maximum height of the tree of one statement. A chain of `n` `or`s has height `n`; a list of `n` items does not.
///
/// A recursive walk over a parsed tree needs at most this many stack frames.
pub const MAX_HEIGHT: usize = 1_000;

/// Maximum number of diagnostics reported for one text.
pub const MAX_DIAGNOSTICS: usize = 50;

/// The supported pipeline operators, including synonyms.
pub(crate) fn operators() -> impl Iterator<Item = &'static str> {
    words::OPERATORS.iter().copied()
}

/// The pipeline operators and sources that Kusto supports and this crate does not, sorted.
pub(crate) fn service_only_operators() -> impl Iterator<Item = &'static str> {
    let all: std::collections::BTreeSet<&str> = words::UNSUPPORTED_OPERATORS
        .iter()
        .chain(words::UNSUPPORTED_SOURCES)
        .copied()
        .filter(|word| !word.starts_with('_'))
        .collect();
    all.into_iter()
}

/// The result of parsing a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// All statements that could be parsed. An operator or statement with an error is omitted; its neighbours are kept.
    pub query: Query,
    /// The diagnostics in source order; empty if the tree represents the whole text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a query.
///
/// A construct that Kusto supports and this crate does not is an `Unsupported` node in the tree. It is a diagnostic only if
/// the tree has no node for it.
#[must_use]
pub fn parse(text: &str) -> Parsed {
    if text.len() > MAX_TEXT {
        let message = format!("the query has {} bytes; the maximum is {MAX_TEXT}", text.len());
        let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, Span::new(0, 0), message);
        return Parsed { query: Query { statements: Vec::new() }, diagnostics: vec![diagnostic] };
    }
    parser::parse(text, &lexer::lex(text))
}
