//! Builds the answer to one request from its rows in a query result.
//!
//! Input: the request and its rows. Output: the [`Answer`] with its gaps and missing columns; `None` if a cell has an
//! unexpected shape.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::telemetry::entity::Entity;
use amp_rules_core::telemetry::predicate::KeySource;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::data::{AnswerData, Gap, GapReason};
use amp_rules_core::telemetry::source::{Answer, Completeness};
use amp_rules_core::time::{Time, Window};

use super::answer_data;
use super::piece::Piece;
use super::row::{Row, as_integer};

/// The gap of a result that reached the row limit of the service.
pub(super) const ROW_LIMIT_GAP: Gap = Gap { reason: GapReason::Truncated, range: None, entities: None };

/// Returns the answer to a request; `None` if a cell has an unexpected value.
///
/// `of_fleet`: the first key is the subject number. `is_truncated`: the result reached the row limit of the service.
pub(super) fn answer(request: &Request, of_fleet: bool, rows: &[Row], is_truncated: bool) -> Option<Answer> {
    let reading = request.reading();
    // The first key is the subject number, which is not part of the answer.
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
        Request::Lines(lines) => AnswerData::Counts(answer_data::counts(&of, keys, lines.sums.len())?),
        Request::Rows(_) => AnswerData::Counts(answer_data::counts(&of, keys, 0)?),
        Request::Series(series) => {
            AnswerData::Series(answer_data::points(of(Piece::Point), keys, !series.metrics.is_empty())?)
        }
        Request::Properties(request) => {
            AnswerData::Properties(answer_data::properties(&of, keys, request.names.len())?)
        }
        Request::Inventory(request) => AnswerData::Inventory(answer_data::heartbeats(&of, keys, &request.attributes)?),
        Request::Unmatched(_) => {
            let (lines, is_coarse) = answer_data::unmatched(&of)?;
            if is_coarse {
                gaps.push(Gap { reason: GapReason::Templates, range: None, entities: None });
            }
            AnswerData::Unmatched(lines)
        }
        Request::Query(_) => return None,
    };
    let mut missing_columns = Vec::new();
    for row in of(Piece::MissingColumns) {
        for ((name, _), cell) in request.tested_columns().zip(&row.cells) {
            if as_integer(cell)? == 0 {
                missing_columns.push((row.entity(&in_row), name.to_owned()));
            }
        }
    }
    missing_columns.sort();
    missing_columns.dedup();
    let mut unused: BTreeMap<(GapReason, Option<Window>), BTreeSet<Entity>> = BTreeMap::new();
    for row in of(Piece::Truncated) {
        unused.entry((GapReason::Truncated, bin_of(request, row.at))).or_default().insert(row.entity(keys));
    }
    for row in of(Piece::Unread) {
        let entity = present(&row.entity(keys));
        unused.entry((GapReason::MissingColumn, bin_of(request, row.at))).or_default().insert(entity);
    }
    for row in of(Piece::TruncatedMessage) {
        unused
            .entry((GapReason::Truncated, bin_of(request, row.at)))
            .or_default()
            .insert(present(&row.entity(&in_row)));
    }
    gaps.extend(unused.into_iter().map(|((reason, range), entities)| Gap {
        reason,
        range,
        entities: Some(entities.into_iter().collect()),
    }));
    if is_truncated {
        gaps.push(ROW_LIMIT_GAP);
    }
    gaps.sort();
    let completeness = if gaps.is_empty() { Completeness::Complete } else { Completeness::Partial(gaps) };
    let mut answer = Answer::complete(data);
    answer.missing_columns = missing_columns;
    answer.completeness = completeness;
    Some(answer)
}

/// Returns an entity without the keys that the row lacks, which are empty.
fn present(entity: &Entity) -> Entity {
    let keys = entity.keys().filter(|(_, value)| !value.is_empty());
    Entity::new(keys.map(|(key, value)| (key.to_owned(), value.to_owned())))
}

/// Returns the bin of the answer that starts at an instant; `None` if the answer has no bins.
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
