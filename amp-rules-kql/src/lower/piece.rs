//! The column `part` of a result row: the request that the row belongs to, and the piece of its answer.

/// The piece of an answer in a result row. The column `part` encodes it together with the position of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// A count cell: count, first, last, sums.
    Cell,
    /// The instants of a count cell: instants, their weights, their numbers of rows; three lists of one length. Of properties: one
    /// list with the instant of the first row of each bin.
    Instants,
    /// A sample line: row id, line, text.
    Sample,
    /// A point of a series: value, number of metrics, then the values of the grouping columns.
    Point,
    /// A state of properties: row id, then the texts, each prefixed with `=`; empty if missing.
    State,
    /// A bin with heartbeats: first, last, then the latest texts of the attributes, each prefixed with its instant.
    Heartbeat,
    /// An instant at which an entity restarted.
    Start,
    /// An entity without a value in a tested column: per condition 1 if some row has a value, else 0.
    MissingColumns,
    /// An entity and bin with a truncated value.
    Truncated,
    /// An entity and bin with a row that lacks a key, the column that decides the component of its line, or its weight. Missing
    /// keys of the entity are empty.
    Unread,
    /// An entity and bin with a truncated message. The entity lacks the keys that are parts of lines, and a missing key is empty.
    TruncatedMessage,
    /// Unmatched error lines with one template: component, template, count, rows up to the number that makes news, whether one
    /// is at error level, how many are known for another component, entities, first, last, and the row id, line and reason
    /// of the earliest.
    Template,
    /// All unmatched error lines: number of templates, number of those that are news, number of lines, and the number of words to which templates are
    /// shortened; -1 if they are not.
    UnmatchedTotals,
}

impl Piece {
    const ALL: [Self; 13] = [
        Self::Cell,
        Self::Instants,
        Self::Sample,
        Self::Point,
        Self::State,
        Self::Heartbeat,
        Self::Start,
        Self::MissingColumns,
        Self::Truncated,
        Self::Unread,
        Self::TruncatedMessage,
        Self::Template,
        Self::UnmatchedTotals,
    ];

    /// Returns the part number of this piece for the request at a position.
    pub(super) fn number(self, position: usize) -> usize {
        position * Self::ALL.len() + Self::ALL.iter().position(|piece| *piece == self).unwrap_or_default()
    }

    /// Returns the request position and the piece of a part number.
    pub(super) fn from_number(number: usize) -> (usize, Option<Self>) {
        (number / Self::ALL.len(), Self::ALL.get(number % Self::ALL.len()).copied())
    }

    /// Returns whether the piece describes the subject as a whole, not an entity.
    pub(super) fn is_of_subject(self) -> bool {
        matches!(self, Self::Template | Self::UnmatchedTotals)
    }

    /// Returns the KQL test that a part number is of this piece, without its left operand.
    pub(super) fn remainder(self) -> String {
        format!("% {} == {}", Self::ALL.len(), self.number(0))
    }
}
