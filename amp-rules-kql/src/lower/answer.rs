//! The result of a lowered query as answers.
//!
//! Input: the table that came back. Output: per request, and per subject where there are many, what row folding would have
//! given. A row that is not of the shape that was asked for is an error of the service, never a shorter answer; a result that
//! the service may have cut makes every answer partial.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::telemetry::entity::Entity;
use amp_rules_core::telemetry::predicate::KeySource;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::data::{AnswerData, Gap, GapReason};
use amp_rules_core::telemetry::source::{Answer, Completeness, SourceError, SourceErrorKind};
use amp_rules_core::time::{Time, Window};
use kql_lang::value::Table;

use super::lowered::{Lowered, MOST_ROWS, Whose};
use super::part::Piece;
use super::pieces;
use super::row::{Row, as_integer, instant, list, text};
use crate::convert;

/// What the service may have left out of a result.
const CUT: Gap = Gap { reason: GapReason::Truncated, range: None, entities: None };

/// Rows of one request.
type Rows = Vec<Row>;

impl Lowered {
    /// The answers that a result holds: one per request of this query, with its position.
    ///
    /// `result` is the only result of the query, whole; where the service says that it has cut it, add a gap to each answer.
    ///
    /// # Errors
    ///
    /// Per request [`SourceErrorKind::Malformed`] where the result is not of the shape that was asked for, and
    /// [`SourceErrorKind::Unsupported`] where the request cannot be answered from rows of its table.
    #[must_use]
    pub fn answers(&self, result: &Table) -> Vec<(usize, Result<Answer, SourceError>)> {
        self.answers_of_fleet(result)
            .into_iter()
            .filter(|(subject, _, _)| *subject == 0)
            .map(|(_, position, answer)| (position, answer))
            .collect()
    }

    /// The positions of the subjects that the query asks for, ascending.
    #[must_use]
    pub fn subjects(&self) -> Vec<usize> {
        match &self.whose {
            Whose::One(subject) => vec![*subject],
            Whose::Fleet(fleet) => {
                let mut all: Vec<usize> =
                    (0..fleet.len()).flat_map(|number| fleet.positions(number)).copied().collect();
                all.sort_unstable();
                all
            }
        }
    }

    /// The answers that the result of a query for many subjects holds: the position of the subject, that of the request, and
    /// the answer, in no particular order.
    ///
    /// # Errors
    ///
    /// As [`Lowered::answers`].
    #[must_use]
    pub fn answers_of_fleet(&self, result: &Table) -> Vec<(usize, usize, Result<Answer, SourceError>)> {
        let malformed = |what: &str| SourceError::read(SourceErrorKind::Malformed, &self.table.name, what.to_owned());
        if let ([position], [Request::Query(_)], Whose::One(subject)) = (&*self.positions, &*self.requests, &self.whose)
        {
            let mut answer = Answer::complete(AnswerData::Table(convert::result_table(result)));
            if result.rows.len() >= MOST_ROWS {
                answer.completeness = Completeness::Partial(vec![CUT]);
            }
            return vec![(*subject, *position, Ok(answer))];
        }
        let rows = self.read(result);
        let cut = result.rows.len() >= MOST_ROWS;
        let mut answers = Vec::new();
        let many = match &self.whose {
            Whose::One(_) => 1,
            Whose::Fleet(fleet) => fleet.len(),
        };
        let is_fleet = matches!(self.whose, Whose::Fleet(_));
        for number in 0..many {
            let subjects = match &self.whose {
                Whose::One(subject) => std::slice::from_ref(subject),
                Whose::Fleet(fleet) => fleet.positions(number),
            };
            for (position, request) in self.positions.iter().zip(&self.requests) {
                let answer = || {
                    pieces::refusal(request).map_or(Ok(()), Err)?;
                    let rows = rows.as_ref().map_err(|what| malformed(what))?;
                    let mine = rows.get(&(number, *position)).map_or(&[][..], Vec::as_slice);
                    answer(request, is_fleet, mine, cut).ok_or_else(|| malformed("a cell is not what was asked for"))
                };
                answers.extend(subjects.iter().map(|subject| (*subject, *position, answer())));
            }
        }
        answers
    }

    /// The rows by subject and request.
    fn read(&self, result: &Table) -> Result<BTreeMap<(usize, usize), Rows>, &'static str> {
        let column = |name: &str| result.columns.iter().position(|column| &*column.name == name);
        let (Some(part), Some(entity), Some(at), Some(cells)) =
            (column("part"), column("entity"), column("at"), column("cells"))
        else {
            return Err("a column is missing from the result");
        };
        let mut pieces: BTreeMap<(usize, usize), Rows> = BTreeMap::new();
        for row in &result.rows {
            let found = || {
                let number = usize::try_from(as_integer(row.get(part)?)?).ok()?;
                let keys = list(row.get(entity)?)?.iter().map(text).collect::<Option<Vec<_>>>()?;
                Some((number, keys, instant(row.get(at)?)?, list(row.get(cells)?)?))
            };
            let (number, mut keys, at, cells) = found().ok_or("a row of the result is not what was asked for")?;
            let (position, piece) = Piece::read(number);
            let piece = piece.filter(|_| self.positions.contains(&position));
            let piece = piece.ok_or("the result speaks of something that was not asked for")?;
            let mut subject = 0;
            if matches!(self.whose, Whose::Fleet(_)) {
                let number = (!keys.is_empty()).then(|| keys.remove(0)).and_then(|number| number.parse().ok());
                subject = number.ok_or("a row of the result does not say whose it is")?;
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

fn answer(request: &Request, of_fleet: bool, rows: &[Row], was_cut: bool) -> Option<Answer> {
    let reading = request.reading();
    // The number of the subject is left out.
    let keys = reading.keys.get(usize::from(of_fleet)..).unwrap_or_default();
    let in_row: Vec<String> = match request {
        Request::Lines(lines) => {
            let in_line =
                |key: &&String| matches!(lines.sources.get(*key), Some(KeySource::Json(_) | KeySource::Capture(_)));
            keys.iter().filter(|key| !in_line(key)).cloned().collect()
        }
        _ => keys.to_vec(),
    };
    let of = |piece: Piece| rows.iter().filter(move |row| row.piece == piece);
    let mut gaps = Vec::new();
    let data = match request {
        Request::Lines(lines) => AnswerData::Counts(pieces::counts(&of, keys, lines.sums.len())?),
        Request::Rows(_) => AnswerData::Counts(pieces::counts(&of, keys, 0)?),
        Request::Series(series) => {
            AnswerData::Series(pieces::points(of(Piece::Point), keys, !series.metrics.is_empty())?)
        }
        Request::Properties(request) => {
            AnswerData::Properties(pieces::properties(of(Piece::State), keys, request.names.len())?)
        }
        Request::Inventory(request) => AnswerData::Inventory(pieces::lives(&of, keys, &request.attributes)?),
        Request::Unmatched(_) => {
            let (lines, is_coarse) = pieces::unmatched(&of)?;
            if is_coarse {
                gaps.push(Gap { reason: GapReason::Templates, range: None, entities: None });
            }
            AnswerData::Unmatched(lines)
        }
        Request::Query(_) => return None,
    };
    let mut missing_columns = Vec::new();
    for row in of(Piece::Uncarried) {
        for (condition, cell) in reading.filter.iter().zip(&row.cells) {
            if as_integer(cell)? == 0 {
                missing_columns.push((row.entity(&in_row), condition.name.clone()));
            }
        }
    }
    missing_columns.sort();
    missing_columns.dedup();
    let mut cut: BTreeMap<Option<Window>, BTreeSet<Entity>> = BTreeMap::new();
    for row in of(Piece::Cut) {
        cut.entry(bin_of(request, row.at)).or_default().insert(row.entity(keys));
    }
    for row in of(Piece::CutMessage) {
        cut.entry(bin_of(request, row.at)).or_default().insert(row.entity(&in_row));
    }
    gaps.extend(cut.into_iter().map(|(range, entities)| Gap {
        reason: GapReason::Truncated,
        range,
        entities: Some(entities.into_iter().collect()),
    }));
    if was_cut {
        gaps.push(CUT);
    }
    gaps.sort();
    let completeness = if gaps.is_empty() { Completeness::Complete } else { Completeness::Partial(gaps) };
    let mut answer = Answer::complete(data);
    answer.missing_columns = missing_columns;
    answer.completeness = completeness;
    Some(answer)
}

/// The bin of the answer that begins at an instant; `None` for the whole window.
fn bin_of(request: &Request, from: Time) -> Option<Window> {
    let every = match request {
        Request::Lines(request) => Some(request.bin),
        Request::Rows(request) => Some(request.bin),
        Request::Series(request) => request.steps.last().and_then(|step| step.every),
        Request::Properties(_) | Request::Unmatched(_) | Request::Query(_) => None,
        Request::Inventory(request) => Some(request.every),
    };
    every.map(|every| Window { from, to: from.saturating_add(every) })
}
