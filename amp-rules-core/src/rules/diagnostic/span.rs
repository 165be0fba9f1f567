//! Places in rule files: byte ranges, and lines and columns.

use std::sync::Arc;

/// A byte range of one rule file.
///
/// `start` and `end` are byte offsets into the text, `end` exclusive; if they are equal they mark a position.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The name of the rule file.
    pub file: Arc<str>,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// Creates a span from its parts.
    pub fn new(file: impl Into<Arc<str>>, start: usize, end: usize) -> Self {
        Self { file: file.into(), start, end }
    }
}

/// A line and a column, both from 1. A column counts Unicode scalar values; a byte order mark has no column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

/// Returns the position of a byte offset in a text. An offset past the end counts as the end.
#[must_use]
pub fn position(text: &str, offset: usize) -> Position {
    let offset = floor_boundary(text, offset);
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let in_line = before.get(line_start..).unwrap_or("");
    let column = in_line.chars().filter(|c| *c != '\u{feff}').count() + 1;
    Position { line, column }
}

/// Returns the greatest offset at or before `offset` at which a character starts.
pub(super) fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while at > 0 && !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::{Position, position};

    #[test]
    fn columns_count_characters_and_not_bytes() {
        assert_eq!(position("äö: x", 6), Position { line: 1, column: 5 });
        assert_eq!(position("a\r\nb", 3), Position { line: 2, column: 1 });
        assert_eq!(position("\u{feff}id", 3), Position { line: 1, column: 1 });
    }
}
