//! A series request over rows: the first step folds rows, each further step folds the points of the one before.
//!
//! Input: rows of the metrics asked for, in any order. Output: [`Point`]s sorted by entity, `by` and bin. Memory grows with
//! groups and bins; the aggregates that need an order (percentiles, gains of counters, turns) keep one number per sample.
//! NaN, infinite and null samples are missing samples: a bin without any other is a gap, never a zero.

mod fold;

use self::fold::{Item, Names, StepFold};
use super::filter::{is_folded, place};
use super::row::{Number, Row, number_text};
use crate::telemetry::entity::Entity;
use crate::telemetry::predicate::Aggregate;
use crate::telemetry::request::{BinnedStep, Reading, SeriesRequest};
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::Point;
use crate::time::{Time, Window, ticks_of};

/// A series request that is being answered.
#[derive(Debug)]
pub(super) struct SeriesFold {
    request: SeriesRequest,
    first: StepFold,
}

impl SeriesFold {
    /// Nothing folded yet.
    ///
    /// # Errors
    ///
    /// In words, where the request asks for something that its table does not have.
    pub(super) fn new(request: &SeriesRequest) -> Result<Self, String> {
        let table = &request.reading.table;
        let first = request.steps.first().ok_or("the series has no step")?;
        let needs_number = first.column.is_none() && !matches!(first.aggregate, Aggregate::Count | Aggregate::Dcount);
        if needs_number && request.value.is_none() && table.value.is_none() {
            return Err(format!("the table `{}` has no value column", table.name));
        }
        if !request.metrics.is_empty() && table.metric_name.is_none() {
            return Err(format!("the table `{}` has no metric names", table.name));
        }
        Ok(Self { request: request.clone(), first: StepFold::new(first.aggregate) })
    }

    /// Whether a row that came twice would change the answer.
    pub(super) fn minds_duplicates(&self) -> bool {
        let first = self.request.steps.first().map(|step| step.aggregate);
        matches!(first, Some(Aggregate::Sum | Aggregate::Count | Aggregate::Avg | Aggregate::Percentile(_)))
    }

    /// The start of the bin of the last step that a row at this instant ends up in; `None` where it is the whole window.
    pub(super) fn last_bin(&self, at: Time) -> Option<Window> {
        let step = self.request.steps.last()?;
        let every = step.every?;
        let from = bin(step, self.request.reading.window, at);
        Some(Window { from, to: from.saturating_add(every) })
    }

    /// Whether the row holds a sample that this series would fold.
    pub(super) fn has_sample(&self, row: &Row, metric: Option<&str>) -> bool {
        self.request.steps.first().is_some_and(|step| self.item(step, row, metric).is_some())
    }

    /// Folds a row of an entity; `metric` is the position of its metric in the request and the canonical name.
    pub(super) fn add(&mut self, row: &Row, entity: &Entity, metric: Option<(usize, &str)>) {
        let name = metric.map(|(_, name)| name);
        let Some(step) = self.request.steps.first() else { return };
        let Some((number, text)) = self.item(step, row, name) else { return };
        let table = &self.request.reading.table;
        let raw = || table.metric_name.as_ref().and_then(|path| row.text(path)).unwrap_or_default().into_owned();
        let by = step.by.iter().map(|(_, path)| match path {
            Some(path) => text_at(table, row, path, name).unwrap_or_default(),
            None => name.map_or_else(raw, str::to_owned),
        });
        let by: Vec<_> = by.collect();
        let series = || {
            let keys = table
                .keys
                .keys()
                .map(|key| table.key_path(key, name).and_then(|path| row.text(path)).unwrap_or_default().into_owned());
            std::iter::once(raw()).chain(keys).collect()
        };
        let item = Item {
            at: row.time(),
            bin: bin(step, self.request.reading.window, row.time()),
            number,
            weight: row.weight(table),
            text,
            tie: &|| row.row_id(table),
            series: &series,
            names: metric.map_or_else(Names::default, |(index, _)| Names::one(index)),
        };
        self.first.add(entity, by, item);
    }

    /// The number and, where texts are counted, the text that a step folds of a row.
    fn item(&self, step: &BinnedStep, row: &Row, metric: Option<&str>) -> Option<(f64, Option<String>)> {
        let table = &self.request.reading.table;
        let value = || match (&self.request.value, &table.value) {
            (Some(column), _) => match row.number(place(table, &column.path, metric)) {
                Number::Is(number) => Some(number),
                Number::Absent => column.default,
                Number::NotFinite => None,
            },
            (None, Some(path)) => finite(row.number(path)),
            // Where a table has no number at all, the row itself is what counts.
            (None, None) => Some(1.0),
        };
        match (&step.column, step.aggregate) {
            (Some(path), Aggregate::Dcount) => {
                let text = text_at(table, row, path, metric).filter(|text| !text.is_empty())?;
                Some((value()?, Some(text)))
            }
            (Some(path), _) => finite(row.number(place(table, path, metric))).map(|number| (number, None)),
            (None, Aggregate::Dcount) => value().map(|number| (number, Some(number_text(number)))),
            (None, _) => value().map(|number| (number, None)),
        }
    }

    /// The points of the last step.
    pub(super) fn finish(self) -> Vec<Point> {
        let Self { request, first } = self;
        let window = request.reading.window;
        let mut steps = request.steps.iter();
        let Some(mut before) = steps.next() else { return Vec::new() };
        let mut points = first.finish(&|at| bin(before, window, at));
        for step in steps {
            let mut fold = StepFold::new(step.aggregate);
            let lookups: Vec<_> =
                step.by.iter().map(|(name, path)| lookup(&request.reading, before, name, path.as_ref())).collect();
            let counted =
                step.column.as_ref().map(|path| lookup(&request.reading, before, &path.to_string(), Some(path)));
            for point in &points {
                let find = |lookup: &Lookup| match lookup {
                    Lookup::By(position) => point.by.get(*position).cloned().unwrap_or_default(),
                    Lookup::Key(key) => point.entity.value(key).unwrap_or_default().to_owned(),
                    Lookup::Nothing => String::new(),
                };
                let text = match &counted {
                    _ if step.aggregate != Aggregate::Dcount => None,
                    None => Some(number_text(point.value)),
                    Some(lookup) => Some(find(lookup)),
                };
                if text.as_ref().is_some_and(String::is_empty) {
                    continue;
                }
                let item = Item {
                    at: point.bin,
                    bin: bin(step, window, point.bin),
                    number: point.value,
                    weight: 1,
                    text,
                    tie: &|| point.by.join("\n"),
                    series: &|| point.by.clone(),
                    names: point.names.clone(),
                };
                fold.add(&point.entity, lookups.iter().map(find).collect(), item);
            }
            points = fold.finish(&|at| bin(step, window, at));
            before = step;
        }
        points
            .into_iter()
            .map(|point| Point {
                entity: point.entity,
                by: point.by,
                bin: point.bin,
                value: point.value,
                metrics: point.names.count(),
            })
            .collect()
    }
}

/// Where a later step finds a text in the points of the step before.
enum Lookup {
    By(usize),
    Key(String),
    Nothing,
}

/// Where a column of a later step stands in the points of the step before.
fn lookup(reading: &Reading, before: &BinnedStep, name: &str, path: Option<&Path>) -> Lookup {
    let same = |(other, place): &(String, Option<Path>)| other == name || (path.is_some() && place.as_ref() == path);
    if let Some(position) = before.by.iter().position(same) {
        return Lookup::By(position);
    }
    let key = reading
        .keys
        .iter()
        .find(|key| key.as_str() == name || (path.is_some() && reading.table.keys.get(*key) == path));
    key.map_or(Lookup::Nothing, |key| Lookup::Key(key.clone()))
}

/// The text of a column of a row, lower-cased where it is a key that folds case.
fn text_at(table: &Table, row: &Row, path: &Path, metric: Option<&str>) -> Option<String> {
    let text = row.text(place(table, path, metric))?;
    Some(if is_folded(table, path) { text.to_lowercase() } else { text.into_owned() })
}

fn finite(number: Number) -> Option<f64> {
    match number {
        Number::Is(number) => Some(number),
        Number::Absent | Number::NotFinite => None,
    }
}

/// The start of the bin of a step that holds an instant.
fn bin(step: &BinnedStep, window: Window, at: Time) -> Time {
    match (step.every, step.ending_at) {
        (None, _) => window.from,
        (Some(every), None) => at.floor(every),
        (Some(every), Some(end)) => {
            let width = ticks_of(every);
            if width <= 0 {
                return at;
            }
            at.saturating_add_ticks(at.ticks_since(end).rem_euclid(width).saturating_neg())
        }
    }
}

#[cfg(test)]
mod tests;
