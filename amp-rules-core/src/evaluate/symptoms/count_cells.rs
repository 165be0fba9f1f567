//! The cells of an answer that counts lines or rows, by entity.

use std::collections::BTreeMap;

use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::plan::Need;
use crate::telemetry::entity::Entity;
use crate::telemetry::source::AnswerData;
use crate::telemetry::source::data::CountCell;

/// Count cells by entity, each entity's in order of time.
pub(super) type CountCells<'a> = BTreeMap<&'a Entity, Vec<&'a CountCell>>;

/// The cells of a counting need by entity.
pub(super) fn cells<'a>(visibility: &Visibility<'a>, need: &Need) -> Result<CountCells<'a>, UnknownReason> {
    let answer = visibility.answer(need)?;
    let AnswerData::Counts(counts) = &answer.data else { return Err(UnknownReason::Unobservable) };
    let mut cells = CountCells::new();
    for cell in &counts.cells {
        cells.entry(&cell.entity).or_default().push(cell);
    }
    Ok(cells)
}
