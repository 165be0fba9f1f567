//! What a text is made of.

use crate::span::Span;
use crate::value::Type;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::syntax) enum Kind {
    /// A name, a keyword, or an operator that begins with a letter.
    Word,
    /// A sign, or a word operator with `!`.
    Mark,
    /// A text in any of its quotes.
    Text,
    /// A text whose closing quote is missing.
    OpenText,
    /// `1`, `0x1f`
    Long,
    /// `1.5`, `1e3`
    Real,
    /// `1d`, `1.5h`
    TimeSpan,
    /// `74be27de-1e4e-49d9-b579-fe0b331d3642`, which stands in no query without `guid(…)`.
    Guid,
    /// `datetime(…)` and similar literals, brackets included.
    Wrapped(Type),
    /// No part of the language.
    Bad,
    /// The end of the text.
    End,
}

/// A token at its place.
#[derive(Clone, Copy, Debug)]
pub(in crate::syntax) struct Token {
    pub(in crate::syntax) kind: Kind,
    pub(in crate::syntax) span: Span,
    /// In how many pairs of brackets it stands; brackets themselves stand outside of their own pair.
    pub(in crate::syntax) nesting: usize,
    /// The other bracket of a pair, as a number of a token.
    pub(in crate::syntax) partner: Option<usize>,
}

impl Token {
    pub(in crate::syntax) const fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span, nesting: 0, partner: None }
    }
}

/// The type of a literal `word(…)` whose brackets hold plain characters. (`dynamic` holds tokens.)
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
