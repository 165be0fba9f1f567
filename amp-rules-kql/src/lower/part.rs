//! What a row of a lowered query's result is: for which request, and what of its answer.

/// What a result row holds of an answer; with the position of its request it makes the number in the column `part`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// A counted cell: count, first, last, sums.
    Cell,
    /// A sample line: row id, line, text.
    Sample,
    /// A point of a series: value, number of metrics, then the texts it is kept apart by.
    Point,
    /// A state of properties: row id, then the texts, each after `=`, empty where missing.
    State,
    /// A bin with heartbeats: first, last, then the latest texts of the attributes, each after its instant.
    Beat,
    /// An instant at which an entity restarted.
    Start,
    /// An entity of which no row carried a tested column: per condition 1 where some row did.
    Uncarried,
    /// An entity and bin with a value that the service has cut.
    Cut,
    /// An entity, coarser where keys stand in lines, and bin with a message that the service has cut.
    CutMessage,
    /// Error lines of one template that nothing understands: component, template, count, entities, first, last, and the
    /// row id, line and text of the earliest.
    Template,
    /// All error lines that nothing understands: templates, lines, and to how many words templates are cut, -1 where not.
    Strangers,
}

impl Piece {
    const ALL: [Self; 11] = [
        Self::Cell,
        Self::Sample,
        Self::Point,
        Self::State,
        Self::Beat,
        Self::Start,
        Self::Uncarried,
        Self::Cut,
        Self::CutMessage,
        Self::Template,
        Self::Strangers,
    ];

    /// The number of a piece of the answer to the request at a position.
    pub(super) fn of(self, position: usize) -> usize {
        position * Self::ALL.len() + Self::ALL.iter().position(|piece| *piece == self).unwrap_or_default()
    }

    /// The position and piece of a number.
    pub(super) fn read(number: usize) -> (usize, Option<Self>) {
        (number / Self::ALL.len(), Self::ALL.get(number % Self::ALL.len()).copied())
    }

    /// Whether it is said of a subject, whatever the entity.
    pub(super) fn is_of_subject(self) -> bool {
        matches!(self, Self::Template | Self::Strangers)
    }

    /// The remainder by which a query tells pieces of one kind.
    pub(super) fn remainder(self) -> String {
        format!("% {} == {}", Self::ALL.len(), self.of(0))
    }
}
