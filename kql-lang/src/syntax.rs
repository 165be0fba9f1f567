//! Reads and writes the text of a query.
//!
//! [`parse`] turns text into a tree and reports every diagnostic with its place, [`print()`] writes a tree in one style, and
//! [`format()`] formats a text and keeps its comments. Nothing here knows a schema, and no text, however long, deep or
//! broken, makes any of it panic, recurse without bound or take more than linear time.

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

/// The longest text that is read, in bytes. Kusto itself refuses queries beyond 2,000,000 characters.
pub const MAX_TEXT: usize = 2_000_000;

/// How deep brackets may stand within each other.
pub const MAX_NESTING: usize = 100;

/// How high the tree of one statement may be: a chain of as many `or`s is that high, a list of as many items is not.
///
/// Whoever walks a parsed tree by recursion needs no more frames than this.
pub const MAX_HEIGHT: usize = 1_000;

/// How many diagnostics of one text are reported.
pub const MAX_DIAGNOSTICS: usize = 50;

/// The operators of pipelines that are read, synonyms included.
pub(crate) fn operators() -> impl Iterator<Item = &'static str> {
    words::OPERATORS.iter().copied()
}

/// The operators and heads of pipelines that Kusto has and the subset has not, sorted.
pub(crate) fn service_only_operators() -> impl Iterator<Item = &'static str> {
    let all: std::collections::BTreeSet<&str> =
        words::BEYOND.iter().chain(words::HEADS_BEYOND).copied().filter(|word| !word.starts_with('_')).collect();
    all.into_iter()
}

/// What came of reading a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// All statements that could be read; an operator or statement with a diagnostic is left out, its neighbours are there.
    pub query: Query,
    /// What is wrong, in the order of the text; empty if the tree is the whole text.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a query.
///
/// What Kusto has and the offline subset has not is in the tree by name (`Unsupported`) and not among the diagnostics,
/// unless the tree has no place for it.
#[must_use]
pub fn parse(text: &str) -> Parsed {
    if text.len() > MAX_TEXT {
        let message = format!("a query of {} bytes is longer than {MAX_TEXT}", text.len());
        let diagnostic = Diagnostic::new(DiagnosticCode::Syntax, Span::new(0, 0), message);
        return Parsed { query: Query { statements: Vec::new() }, diagnostics: vec![diagnostic] };
    }
    parser::parse(text, &lexer::lex(text))
}
