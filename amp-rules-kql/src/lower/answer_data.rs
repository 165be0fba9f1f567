//! Converts the result rows of one request to the data of its answer.
//!
//! Input: decoded rows in any order. Output: the data in the order required of answers; `None` if a cell has an unexpected
//! value.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::telemetry::entity::Entity;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::Path;
use amp_rules_core::telemetry::source::SourceError;
use amp_rules_core::telemetry::source::data::{
    CountCell, CountedInstant, Counts, EntityHeartbeats, Point, Properties, Property, Sample, Template, UnmatchedLines,
};
use amp_rules_core::telemetry::source::rows::{answer_from_rows, starts_of};
use amp_rules_core::time::Time;
use kql_lang::value::Value;

use super::piece::Piece;
use super::row::{Row, as_integer, instant, list, real, text};

/// Returns the error of a request that rows of its table cannot answer. Row aggregation decides that.
pub(super) fn refusal(request: &Request) -> Option<SourceError> {
    match request {
        // Row aggregation never answers a query, so it cannot decide.
        Request::Query(_) => None,
        request => answer_from_rows(std::slice::from_ref(request), []).pop()?.err(),
    }
}

/// Returns counted lines or rows.
pub(super) fn counts<'r, I: Iterator<Item = &'r Row>>(
    of: &impl Fn(Piece) -> I,
    keys: &[String],
    sums: usize,
) -> Option<Counts> {
    let mut cells = Vec::new();
    for row in of(Piece::Cell) {
        let mut values = row.cells.iter();
        let count = u64::try_from(as_integer(values.next()?)?).ok()?;
        let (first, last) = (instant(values.next()?)?, instant(values.next()?)?);
        let mut found: Vec<f64> = values.take(sums).map(|value| real(value).map(bounded)).collect::<Option<_>>()?;
        found.resize(sums, 0.0);
        cells.push(CountCell {
            entity: row.entity(keys),
            bin: row.at,
            count,
            first,
            last,
            sums: found,
            instants: Vec::new(),
        });
    }
    cells.sort_by(|one, other| (&one.entity, one.bin).cmp(&(&other.entity, other.bin)));
    for row in of(Piece::Instants) {
        let entity = row.entity(keys);
        // A result that was cut may lack the cell.
        if let Ok(at) = cells.binary_search_by(|cell| (&cell.entity, cell.bin).cmp(&(&entity, row.at)))
            && let Some(cell) = cells.get_mut(at)
        {
            cell.instants = instants(&row.cells)?;
        }
    }
    let mut samples: BTreeMap<Entity, Vec<Sample>> = BTreeMap::new();
    for row in of(Piece::Sample) {
        let [id, line, body] = row.cells.as_slice() else { return None };
        let line = u32::try_from(as_integer(line)?).ok()?;
        let sample = Sample { at: row.at, row: text(id)?, line, text: text(body)? };
        samples.entry(row.entity(keys)).or_default().push(sample);
    }
    for samples in samples.values_mut() {
        samples.sort();
    }
    Some(Counts { cells, samples: samples.into_iter().collect() })
}

/// Returns the instants of a cell from the lists of instants, weights and numbers of rows.
fn instants(lists: &[Value]) -> Option<Vec<CountedInstant>> {
    let [instants, weights, rows] = lists else { return None };
    let (instants, weights, rows) = (list(instants)?, list(weights)?, list(rows)?);
    let number = |value: &Value| u64::try_from(as_integer(value)?).ok();
    let all = instants.iter().zip(&weights).zip(&rows);
    all.map(|((at, weight), rows)| {
        Some(CountedInstant { at: instant(at)?, weight: number(weight)?, rows: number(rows)? })
    })
    .collect()
}

/// Replaces an infinite sum by the largest finite number with the same sign.
fn bounded(sum: f64) -> f64 {
    if sum.is_finite() { sum + 0.0 } else { f64::MAX.copysign(sum) }
}

/// Returns the points of a series. The number of contributing metrics is 0 unless metrics were requested.
pub(super) fn points<'r>(rows: impl Iterator<Item = &'r Row>, keys: &[String], of_metrics: bool) -> Option<Vec<Point>> {
    let mut points = Vec::new();
    for row in rows {
        let mut values = row.cells.iter();
        let value = real(values.next()?)?;
        let metrics = u32::try_from(as_integer(values.next()?)?).ok()?;
        let by = values.map(text).collect::<Option<_>>()?;
        let metrics = if of_metrics { metrics } else { 0 };
        points.push(Point { entity: row.entity(keys), by, bin: row.at, value: value + 0.0, metrics });
    }
    points.sort_by(|one, other| (&one.entity, &one.by, one.bin).cmp(&(&other.entity, &other.by, other.bin)));
    Some(points)
}

/// A row of properties: instant, row id, and the text of each property that has a value.
type StateRow = (Time, String, Vec<Option<String>>);

/// Returns the latest states of properties from the rows in which any of them changed.
pub(super) fn properties<'r, I: Iterator<Item = &'r Row>>(
    of: &impl Fn(Piece) -> I,
    keys: &[String],
    many: usize,
) -> Option<Vec<Properties>> {
    let mut firsts: BTreeMap<Entity, Vec<Time>> = BTreeMap::new();
    for row in of(Piece::Instants) {
        let [instants] = row.cells.as_slice() else { return None };
        firsts.insert(row.entity(keys), list(instants)?.iter().map(instant).collect::<Option<_>>()?);
    }
    let mut entities: BTreeMap<Entity, Vec<StateRow>> = BTreeMap::new();
    for row in of(Piece::State) {
        let mut values = row.cells.iter();
        let id = text(values.next()?)?;
        let states = values.map(|value| Some(text(value)?.strip_prefix('=').map(str::to_owned)));
        entities.entry(row.entity(keys)).or_default().push((row.at, id, states.collect::<Option<_>>()?));
    }
    let mut found = Vec::new();
    for (entity, mut rows) in entities {
        rows.sort();
        let Some((at, row, _)) = rows.last() else { continue };
        let states = (0..many).map(|index| {
            Property::of_rows(rows.iter().map(|(at, _, states)| (*at, states.get(index).and_then(Option::as_deref))))
        });
        let states = states.collect();
        // A result that was cut may lack the list.
        let firsts = firsts.remove(&entity).unwrap_or_default();
        found.push(Properties { entity, rows: firsts, at: *at, row: row.clone(), states });
    }
    Some(found)
}

/// Returns heartbeats per entity from bins with heartbeats and instants of starts.
pub(super) fn heartbeats<'r, I: Iterator<Item = &'r Row>>(
    of: &impl Fn(Piece) -> I,
    keys: &[String],
    attributes: &[(String, Path)],
) -> Option<Vec<EntityHeartbeats>> {
    let mut starts: BTreeMap<Entity, BTreeSet<Time>> = BTreeMap::new();
    for row in of(Piece::Start) {
        starts.entry(row.entity(keys)).or_default().insert(row.at);
    }
    let mut entities: BTreeMap<Entity, (EntityHeartbeats, BTreeMap<String, String>)> = BTreeMap::new();
    for row in of(Piece::Heartbeat) {
        let mut values = row.cells.iter();
        let (first, last) = (instant(values.next()?)?, instant(values.next()?)?);
        let entity = row.entity(keys);
        let new = || {
            let heartbeats = EntityHeartbeats {
                entity: entity.clone(),
                beats: Vec::new(),
                first,
                last,
                attributes: BTreeMap::new(),
                starts: Vec::new(),
            };
            (heartbeats, BTreeMap::new())
        };
        let (heartbeats, dated) = entities.entry(entity.clone()).or_insert_with(new);
        heartbeats.beats.push(row.at);
        heartbeats.first = heartbeats.first.min(first);
        heartbeats.last = heartbeats.last.max(last);
        for ((name, _), value) in attributes.iter().zip(values) {
            let value = text(value)?;
            if !value.is_empty() && dated.get(name).is_none_or(|known: &String| *known < value) {
                dated.insert(name.clone(), value);
            }
        }
    }
    let finished = entities.into_iter().map(|(entity, (mut heartbeats, dated))| {
        heartbeats.beats.sort();
        // The text before the equals sign is the instant.
        let attributes = dated.into_iter().filter_map(|(name, text)| Some((name, text.split_once('=')?.1.to_owned())));
        heartbeats.attributes = attributes.collect();
        heartbeats.starts = starts.remove(&entity).map(starts_of).unwrap_or_default();
        heartbeats
    });
    Some(finished.collect())
}

/// Returns the unmatched error lines, and whether their templates were shortened to their first words.
pub(super) fn unmatched<'r, I: Iterator<Item = &'r Row>>(of: &impl Fn(Piece) -> I) -> Option<(UnmatchedLines, bool)> {
    let mut found = UnmatchedLines::default();
    let mut is_coarse = false;
    for row in of(Piece::Template) {
        let [component, template, count, rows, at_error, elsewhere, entities, first, last, id, line, body] =
            row.cells.as_slice()
        else {
            return None;
        };
        found.templates.push(Template {
            component: text(component)?,
            template: text(template)?,
            count: u64::try_from(as_integer(count)?).ok()?,
            rows: u32::try_from(as_integer(rows)?).ok()?,
            at_error: as_integer(at_error)? != 0,
            elsewhere: u64::try_from(as_integer(elsewhere)?).ok()?,
            entities: u64::try_from(as_integer(entities)?).ok()?,
            first: instant(first)?,
            last: instant(last)?,
            sample: Sample {
                at: row.at,
                row: text(id)?,
                line: u32::try_from(as_integer(line)?).ok()?,
                text: text(body)?,
            },
        });
    }
    for row in of(Piece::UnmatchedTotals) {
        let [distinct, news, lines, level] = row.cells.as_slice() else { return None };
        found.distinct = u64::try_from(as_integer(distinct)?).ok()?;
        found.news = u64::try_from(as_integer(news)?).ok()?;
        found.lines = u64::try_from(as_integer(lines)?).ok()?;
        is_coarse = as_integer(level)? >= 0;
    }
    found.templates.sort_by(|one, other| {
        let by_name = || (&one.component, &one.template).cmp(&(&other.component, &other.template));
        other.count.cmp(&one.count).then_with(by_name)
    });
    Some((found, is_coarse))
}
