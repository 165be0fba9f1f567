//! Tokens.

use crate::span::Span;
use crate::value::Type;

/// The kind of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::syntax) enum Kind {
    /// A name, a keyword, or an operator that starts with a letter.
    Word,
    /// Punctuation, or a word operator with `!`.
    Mark,
    /// A string literal, with any kind of quotes.
    Text,
    /// A string literal without a closing quote.
    OpenText,
    /// `1`, `0x1f`
    Long,
    /// `1.5`, `1e3`
    Real,
    /// `1d`, `1.5h`
    TimeSpan,
    /// `74be27de-1e4e-49d9-b579-fe0b331d3642`, which is valid only inside `guid(…)`.
    Guid,
    /// `datetime(…)` and similar literals, brackets included.
    Wrapped(Type),
    /// Invalid input.
    Bad,
    /// The end of the text.
    End,
}

/// A token and its position.
#[derive(Clone, Copy, Debug)]
pub(in crate::syntax) struct Token {
    pub(in crate::syntax) kind: Kind,
    pub(in crate::syntax) span: Span,
    /// Number of bracket pairs around the token; a bracket is outside of its own pair.
    pub(in crate::syntax) nesting: usize,
    /// The index of the matching bracket.
    pub(in crate::syntax) partner: Option<usize>,
}

impl Token {
    pub(in crate::syntax) const fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span, nesting: 0, partner: None }
    }
}

/// Returns the type of a literal `word(…)` whose brackets contain plain characters. (`dynamic` contains tokens.)
pub(in crate::syntax) fn wrapped(word: &str) -> Option<Type> {
    Some(match word {
        "bool" => Type::Bool,
        "int" => Type::Int,
        "long" => Type::Long,
        "real" | "double" => Type::Real,
        "decimal" => Type::Decimal,
        "datetime" | "date" => Type::DateTime,
        "timespan" | "time" => Type::TimeSpan,
        "guid" => Type::Guid,
        _ => return None,
    })
}
