//! Positions in the text of a query.

use std::fmt;

/// A range of bytes in the text of a query. `end` is exclusive; an empty span is a position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
}

impl Span {
    /// Creates a span from its start and end.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the smallest span that contains both spans.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// A part of a query and its span.
///
/// Equality ignores the span: two nodes are equal if their items are equal.
#[derive(Clone)]
pub struct Node<T> {
    /// The item.
    pub item: T,
    /// The position of the item in the text.
    pub span: Span,
}

impl<T> Node<T> {
    /// Creates a node.
    pub const fn new(item: T, span: Span) -> Self {
        Self { item, span }
    }

    /// Creates a node that was not parsed from a text; its span is empty and at offset 0.
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
