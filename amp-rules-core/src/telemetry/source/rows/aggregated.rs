//! The result of aggregating the rows of one request.

use super::super::data::{Answer, AnswerData, Completeness, Gap, RowProblem};
use crate::telemetry::entity::Entity;

/// The result for one request, as far as rows alone determine it.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregated {
    /// The data, of the kind that was requested.
    pub data: AnswerData,
    /// As in [`Answer::missing_columns`].
    pub missing_columns: Vec<(Entity, String)>,
    /// Gaps that the rows themselves show: columns that rows lack, values truncated by the service, rows that may be
    /// duplicates, templates that were grouped coarsely.
    pub gaps: Vec<Gap>,
    /// The columns that requests need and that rows lack, if that leaves a gap in this answer.
    pub problems: Vec<RowProblem>,
}

impl Aggregated {
    /// The answer of a source that has read every row of the table.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        let mut answer = Answer::complete(self.data);
        answer.completeness = Completeness::with_gaps(self.gaps);
        answer.missing_columns = self.missing_columns;
        answer.problems = self.problems;
        answer
    }
}
