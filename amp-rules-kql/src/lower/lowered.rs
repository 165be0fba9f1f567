//! A lowered query: its text, and the conversion of its result to answers.
//!
//! Input: the result table. Output: one answer per request and subject, equal to the answer of row aggregation. A row of an
//! unexpected shape is an error of the service, never a shorter answer; a result that may have been truncated makes every
//! answer partial.

use std::collections::BTreeMap;
use std::sync::Arc;

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::data::AnswerData;
use amp_rules_core::telemetry::source::{Answer, Completeness, SourceError, SourceErrorKind};
use amp_rules_core::time::Window;
use kql_lang::value::Table as ResultTable;

use super::answer::{self, ROW_LIMIT_GAP};
use super::answer_data;
use super::fleet::Fleet;
use super::piece::Piece;
use super::row::{Row, as_integer, instant, list, text};
use crate::convert;

/// The instant to which bins are aligned.
pub(super) const EPOCH: &str = "datetime(1970-01-01)";

/// The maximum length of a query text, in bytes. Longer queries are split if they contain more than one request.
pub const MAX_QUERY_BYTES: usize = 96 << 10;

/// The number of rows after which a service truncates a result.
// https://learn.microsoft.com/azure/azure-monitor/service-limits ("Log queries"), read 2026-11-20.
pub const MAX_ROWS: usize = 500_000;

/// A query that answers one or more requests on one table.
#[derive(Clone, Debug)]
pub struct Lowered {
    /// The table that the query reads; the first one for a query written in a rule.
    pub table: Arc<Table>,
    /// The positions of the requests that the query answers, ascending.
    pub positions: Vec<usize>,
    /// The window that contains all rows of the query.
    pub window: Window,
    /// The text of the query.
    pub kql: String,
    /// The requests at the positions.
    pub(super) requests: Vec<Request>,
    /// Result parts that several requests share: the part number of the first request, and the positions of the others.
    pub(super) shared: Vec<(usize, Vec<usize>)>,
    /// The subjects that the query reads.
    pub(super) subjects: Subjects,
}

/// Rows of one request.
type Rows = Vec<Row>;

impl Lowered {
    /// Returns the answers in a result: one per request of this query, with the position of the request.
    ///
    /// `result` is the complete result table. If the service reports a truncated result, the caller must add a gap to each
    /// answer.
    ///
    /// # Errors
    ///
    /// Per request: [`SourceErrorKind::Malformed`] if the result has an unexpected shape, and
    /// [`SourceErrorKind::Unsupported`] if rows of the table cannot answer the request.
    #[must_use]
    pub fn answers(&self, result: &ResultTable) -> Vec<(usize, Result<Answer, SourceError>)> {
        self.answers_of_fleet(result)
            .into_iter()
            .filter(|(subject, _, _)| *subject == 0)
            .map(|(_, position, answer)| (position, answer))
            .collect()
    }

    /// Returns the positions of the subjects that the query reads, ascending.
    #[must_use]
    pub fn subjects(&self) -> Vec<usize> {
        match &self.subjects {
            Subjects::One(subject) => vec![*subject],
            Subjects::Fleet(fleet) => {
                let mut all: Vec<usize> =
                    (0..fleet.len()).flat_map(|number| fleet.positions(number)).copied().collect();
                all.sort_unstable();
                all
            }
        }
    }

    /// Returns the answers in the result of a query for many subjects: the position of the subject, the position of the
    /// request, and the answer, in unspecified order.
    ///
    /// # Errors
    ///
    /// As [`Lowered::answers`].
    #[must_use]
    pub fn answers_of_fleet(&self, result: &ResultTable) -> Vec<(usize, usize, Result<Answer, SourceError>)> {
        let malformed = |what: &str| SourceError::read(SourceErrorKind::Malformed, &self.table.name, what.to_owned());
        if let ([position], [Request::Query(_)], Subjects::One(subject)) =
            (&*self.positions, &*self.requests, &self.subjects)
        {
            let mut answer = Answer::complete(AnswerData::Table(convert::result_table(result)));
            if result.rows.len() >= MAX_ROWS {
                answer.completeness = Completeness::Partial(vec![ROW_LIMIT_GAP]);
            }
            return vec![(*subject, *position, Ok(answer))];
        }
        let rows = self.read(result);
        let cut = result.rows.len() >= MAX_ROWS;
        let mut answers = Vec::new();
        let many = match &self.subjects {
            Subjects::One(_) => 1,
            Subjects::Fleet(fleet) => fleet.len(),
        };
        let is_fleet = matches!(self.subjects, Subjects::Fleet(_));
        for number in 0..many {
            let subjects = match &self.subjects {
                Subjects::One(subject) => std::slice::from_ref(subject),
                Subjects::Fleet(fleet) => fleet.positions(number),
            };
            for (position, request) in self.positions.iter().zip(&self.requests) {
                let answer = || {
                    answer_data::refusal(request).map_or(Ok(()), Err)?;
                    let rows = rows.as_ref().map_err(|what| malformed(what))?;
                    let mine = rows.get(&(number, *position)).map_or(&[][..], Vec::as_slice);
                    answer::answer(request, is_fleet, mine, cut)
                        .ok_or_else(|| malformed("a cell of the result has an unexpected value"))
                };
                answers.extend(subjects.iter().map(|subject| (*subject, *position, answer())));
            }
        }
        answers
    }

    /// Returns the rows by subject number and request position.
    fn read(&self, result: &ResultTable) -> Result<BTreeMap<(usize, usize), Rows>, &'static str> {
        let column = |name: &str| result.columns.iter().position(|column| &*column.name == name);
        let (Some(part), Some(entity), Some(at), Some(cells)) =
            (column("part"), column("entity"), column("at"), column("cells"))
        else {
            return Err("a column is missing in the result");
        };
        let mut pieces: BTreeMap<(usize, usize), Rows> = BTreeMap::new();
        for row in &result.rows {
            let found = || {
                let number = usize::try_from(as_integer(row.get(part)?)?).ok()?;
                let keys = list(row.get(entity)?)?.iter().map(text).collect::<Option<Vec<_>>>()?;
                Some((number, keys, instant(row.get(at)?)?, list(row.get(cells)?)?))
            };
            let (number, mut keys, at, cells) = found().ok_or("a row of the result has an unexpected shape")?;
            let (position, piece) = Piece::from_number(number);
            let piece = piece.filter(|_| self.positions.contains(&position));
            let piece = piece.ok_or("a row of the result belongs to no request of the query")?;
            let mut subject = 0;
            if matches!(self.subjects, Subjects::Fleet(_)) {
                let number = (!keys.is_empty()).then(|| keys.remove(0)).and_then(|number| number.parse().ok());
                subject = number.ok_or("a row of the result has no subject")?;
            } else if piece.is_of_subject() {
                keys.clear();
            }
            let row = Row { piece, keys, at, cells };
            let others = self.shared.iter().filter(|(first, _)| *first == number).flat_map(|(_, others)| others);
            for other in others {
                pieces.entry((subject, *other)).or_default().push(row.clone());
            }
            pieces.entry((subject, position)).or_default().push(row);
        }
        Ok(pieces)
    }
}

/// The subjects that a query reads.
#[derive(Clone, Debug)]
pub(super) enum Subjects {
    /// One subject, by its position.
    One(usize),
    /// Several subjects; each result row has the number of its subject.
    Fleet(Fleet),
}
