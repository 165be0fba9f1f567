//! Where something stands in the text of a query.

use std::fmt;

/// A stretch of a query's text, in bytes; `end` is exclusive, both at the same place mark a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// A span from its two ends.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A part of a query and where it stands.
///
/// Two nodes are equal if what they hold is equal: where a query stands written does not make it another query.
#[derive(Clone)]
pub struct Node<T> {
    /// What it is.
    pub item: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Node<T> {
    /// A part at its place.
    pub const fn new(item: T, span: Span) -> Self {
        Self { item, span }
    }

    /// A part that stands nowhere: made by a program, not read from a text.
    pub fn made(item: T) -> Self {
        Self { item, span: Span::default() }
    }
}

impl<T: PartialEq> PartialEq for Node<T> {
    fn eq(&self, other: &Self) -> bool {
        self.item == other.item
    }
}

impl<T: fmt::Debug> fmt::Debug for Node<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.item.fmt(out)
    }
}
