//! From raw rows to any answer: what a source needs that can only return rows.
//!
//! Input: requests, then the rows of their tables one by one, in any order. Output: per request a [`Aggregated`], which is an
//! answer but for what only the source can know. The result does not depend on the order of rows, nor on rows that came
//! twice under one identity. Memory grows with entities and bins, not with rows, except for what needs all samples
//! (percentiles, gains of counters, turns, the history of properties) and for the identities of counted rows, of which at
//! most 4 million per table are kept; beyond that an answer declares [`GapReason::Duplicates`] and counts less, never more.
//! Error lines are kept apart up to 2,000 templates; beyond that they are grouped more coarsely ([`GapReason::Templates`]).
//!
//! Nothing here reads a file or waits: rows are handed over.
//!
//! [`GapReason::Duplicates`]: crate::telemetry::source::GapReason::Duplicates
//! [`GapReason::Templates`]: crate::telemetry::source::GapReason::Templates

mod counts;
mod exact;
mod filter;
mod identity;
mod inventory;
mod line;
mod properties;
mod row;
mod row_scope;
mod series;
mod table;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod unmatched;

pub use self::identity::{Dedup, IDENTITIES, Identities};
pub use self::inventory::starts_of;
pub use self::line::{Line, MESSAGE_FIELDS, lines_of};
pub(crate) use self::row::number_text;
pub use self::row::{Number, Row, number_of, text_of};
use self::table::TableAggregator;
pub use self::unmatched::{GROUPS as TEMPLATES, WORDS as TEMPLATE_WORDS};
use crate::telemetry::entity::Entity;
use crate::telemetry::request::Request;
use crate::telemetry::source::data::{Answer, AnswerData, Completeness, Gap};
use crate::telemetry::source::{SourceError, SourceErrorKind};

/// Requests that are being answered from rows.
#[derive(Debug)]
pub struct RowAggregator {
    groups: Vec<TableAggregator>,
    refused: Vec<(usize, SourceError)>,
    asked: usize,
}

/// What rows alone say to one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregated {
    /// The data, of the kind that was asked for.
    pub data: AnswerData,
    /// As in [`Answer::missing_columns`].
    pub missing_columns: Vec<(Entity, String)>,
    /// What the rows themselves show to be lacking: values cut by the service, duplicates that cannot be told.
    pub gaps: Vec<Gap>,
}

impl Aggregated {
    /// The answer of a source that has read every row there is.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        let completeness = if self.gaps.is_empty() { Completeness::Complete } else { Completeness::Partial(self.gaps) };
        Answer { completeness, missing_columns: self.missing_columns, ..Answer::complete(self.data) }
    }
}

impl RowAggregator {
    /// Gets ready to answer the requests.
    #[must_use]
    pub fn new(requests: &[Request]) -> Self {
        Self::with_identities(requests, IDENTITIES)
    }

    /// The same with another number of identities that are remembered per table.
    #[must_use]
    pub(crate) fn with_identities(requests: &[Request], limit: usize) -> Self {
        let mut fold = Self { groups: Vec::new(), refused: Vec::new(), asked: requests.len() };
        let refuse = |request: &Request, what: String| {
            SourceError::read(SourceErrorKind::Unsupported, &request.reading().table.name, what)
        };
        for (position, request) in requests.iter().enumerate() {
            let table = &request.reading().table;
            // Requests of one plan share their tables, so the comparison by address nearly always decides.
            let same = |group: &TableAggregator| std::sync::Arc::ptr_eq(&group.table, table) || group.table == *table;
            let group = match fold.groups.iter().position(same) {
                Some(known) => fold.groups.get_mut(known),
                None => {
                    fold.groups.push(TableAggregator::new(table.clone(), limit));
                    fold.groups.last_mut()
                }
            };
            if let Some(Err(what)) = group.map(|group| group.join(position, request)) {
                fold.refused.push((position, refuse(request, what)));
            }
        }
        for group in &mut fold.groups {
            if let Err(what) = group.compile() {
                let of_table =
                    requests.iter().enumerate().filter(|(_, request)| request.reading().table == group.table);
                fold.refused.extend(of_table.map(|(position, request)| (position, refuse(request, what.clone()))));
            }
        }
        fold
    }

    /// Whether any request reads the table.
    #[must_use]
    pub fn reads(&self, table: &str) -> bool {
        self.groups.iter().any(|group| group.table.name == table)
    }

    /// Takes in a row of a table; rows of tables that nobody asked for are ignored.
    pub fn add(&mut self, table: &str, row: &Row) {
        for group in self.groups.iter_mut().filter(|group| group.table.name == table) {
            group.add(row);
        }
    }

    /// What the rows say: one entry per request, in order.
    ///
    /// # Errors
    ///
    /// Per request, [`SourceErrorKind::Unsupported`] where it cannot be answered from rows of its table: a regex that does
    /// not compile, lines of a table without text, numbers of a table without values.
    #[must_use]
    pub fn finish(self) -> Vec<Result<Aggregated, SourceError>> {
        let missing = || SourceError::new(SourceErrorKind::Other, "answer from rows", "the request was lost");
        let mut found: Vec<Result<Aggregated, SourceError>> = (0..self.asked).map(|_| Err(missing())).collect();
        let folded =
            self.groups.into_iter().flat_map(TableAggregator::finish).map(|(position, folded)| (position, Ok(folded)));
        let refused = self.refused.into_iter().map(|(position, error)| (position, Err(error)));
        for (position, result) in folded.chain(refused) {
            if let Some(place) = found.get_mut(position) {
                *place = result;
            }
        }
        found
    }
}

/// Answers requests from all rows of their tables, each with the name of its table.
///
/// Every table that a request reads counts as complete; a source that lacks a table or a part of it says so itself.
pub fn answer_from_rows<'r>(
    requests: &[Request],
    rows: impl IntoIterator<Item = (&'r str, &'r Row)>,
) -> Vec<Result<Answer, SourceError>> {
    let mut fold = RowAggregator::new(requests);
    for (table, row) in rows {
        fold.add(table, row);
    }
    fold.finish().into_iter().map(|folded| folded.map(Aggregated::into_answer)).collect()
}
