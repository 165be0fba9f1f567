//! Series of numbers: the first step aggregates rows, each further step aggregates the points of the step before.
//!
//! Input: rows of the requested metrics, in any order. Output: [`Point`]s sorted by entity, `by` and bin. Memory grows with
//! groups and bins; aggregates that need all samples (percentiles, increases of counters, turns) keep one number per sample.
//! NaN, infinite and null samples are missing samples: a bin with no other sample is a gap, never a zero.

mod step;

use self::step::{Item, MetricSet, StepAggregator};
use super::filter::{cell_path, is_folded};
use super::row::{Number, Row, number_of};
use crate::telemetry::entity::Entity;
use crate::telemetry::number::number_text;
use crate::telemetry::predicate::Aggregate;
use crate::telemetry::request::{BinnedStep, Reading, SeriesRequest};
use crate::telemetry::schema::{Path, Table};
use crate::telemetry::source::data::Point;
use crate::time::{Time, Window, ticks_of};

/// A series request that is being answered.
#[derive(Debug)]
pub(super) struct SeriesAggregator {
    request: SeriesRequest,
    first: StepAggregator,
}

impl SeriesAggregator {
    /// No rows yet.
    ///
    /// # Errors
    ///
    /// What the request needs and its table does not have.
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
        Ok(Self { request: request.clone(), first: StepAggregator::new(first.aggregate) })
    }

    /// Whether counting a row twice would change the answer.
    pub(super) fn needs_dedup(&self) -> bool {
        let first = self.request.steps.first().map(|step| step.aggregate);
        matches!(first, Some(Aggregate::Sum | Aggregate::Count | Aggregate::Avg | Aggregate::Percentile(_)))
    }

    /// The bin of the last step to which a row at this instant contributes; `None` if it is the whole window.
    pub(super) fn last_bin(&self, at: Time) -> Option<Window> {
        let step = self.request.steps.last()?;
        let every = step.every?;
        let from = bin(step, self.request.reading.window, at);
        Some(Window { from, to: from.saturating_add(every) })
    }

    /// Whether the row has a sample for the first step.
    pub(super) fn has_sample(&self, row: &Row, metric: Option<&str>) -> bool {
        self.request.steps.first().is_some_and(|step| self.item(step, row, metric).is_some())
    }

    /// The paths of the cells that the first step aggregates and that cannot be read: the row lacks the column, or a number
    /// is needed and the cell is something else. A null or empty cell, and a property that is missing or no number, are missing samples, and a row
    /// without a column of `by` is one of the empty text.
    pub(super) fn missing<'s>(&'s self, row: &'s Row, metric: Option<&'s str>) -> Vec<&'s Path> {
        let Some(step) = self.request.steps.first() else { return Vec::new() };
        let table = &self.request.reading.table;
        let no_column = |path: &&Path| !row.has_column(path.column());
        let is_other = |cell: &serde_json::Value| number_of(cell) == Number::Absent && cell.as_str() != Some("");
        let no_number =
            |path: &&Path| no_column(path) || (path.parts().len() == 1 && row.cell(path).is_some_and(is_other));
        let value = match (&self.request.value, &table.value) {
            (Some(column), _) => column.default.is_none().then(|| cell_path(table, &column.path, metric)),
            (None, value) => value.as_ref(),
        };
        let value = value.filter(no_number);
        let column = step.column.as_ref().map(|path| cell_path(table, path, metric));
        let (value, column) = match step.aggregate {
            Aggregate::Dcount => (value, column.filter(no_column)),
            _ if column.is_some() => (None, column.filter(no_number)),
            _ => (value, None),
        };
        value.into_iter().chain(column).collect()
    }

    /// Adds a row of an entity; `metric` is the index of its metric in the request and its canonical name.
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
            metrics: metric.map_or_else(MetricSet::default, |(index, _)| MetricSet::one(index)),
        };
        self.first.add(entity, by, item);
    }

    /// The estimated memory in bytes.
    pub(super) fn held(&self) -> u64 {
        self.first.held()
    }

    /// The number that a step takes from a row and, if it counts distinct texts, the text.
    fn item(&self, step: &BinnedStep, row: &Row, metric: Option<&str>) -> Option<(f64, Option<String>)> {
        let table = &self.request.reading.table;
        let value = || match (&self.request.value, &table.value) {
            (Some(column), _) => match row.number(cell_path(table, &column.path, metric)) {
                Number::Is(number) => Some(number),
                Number::Absent => column.default,
                Number::NotFinite => None,
            },
            (None, Some(path)) => finite(row.number(path)),
            // A table without a number column counts rows.
            (None, None) => Some(1.0),
        };
        match (&step.column, step.aggregate) {
            (Some(path), Aggregate::Dcount) => {
                let text = text_at(table, row, path, metric).filter(|text| !text.is_empty())?;
                Some((value()?, Some(text)))
            }
            (Some(path), _) => finite(row.number(cell_path(table, path, metric))).map(|number| (number, None)),
            (None, Aggregate::Dcount) => value().map(|number| (number, Some(number_text(number)))),
            (None, _) => value().map(|number| (number, None)),
        }
    }

    /// The points of the last step, sorted.
    pub(super) fn finish(self) -> Vec<Point> {
        let Self { request, first } = self;
        let window = request.reading.window;
        let mut steps = request.steps.iter();
        let Some(mut before) = steps.next() else { return Vec::new() };
        let mut points = first.finish(&|at| bin(before, window, at));
        for step in steps {
            let mut aggregator = StepAggregator::new(step.aggregate);
            let lookups: Vec<_> =
                step.by.iter().map(|(name, path)| lookup(&request.reading, before, name, path.as_ref())).collect();
            let counted =
                step.column.as_ref().map(|path| lookup(&request.reading, before, &path.to_string(), Some(path)));
            for point in &points {
                let find = |lookup: &Lookup| match lookup {
                    Lookup::By(position) => point.by.get(*position).cloned().unwrap_or_default(),
                    Lookup::Key(key) => point.entity.value(key).unwrap_or_default().to_owned(),
                    Lookup::Missing => String::new(),
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
                    metrics: point.metrics.clone(),
                };
                aggregator.add(&point.entity, lookups.iter().map(find).collect(), item);
            }
            points = aggregator.finish(&|at| bin(step, window, at));
            before = step;
        }
        points
            .into_iter()
            .map(|point| Point {
                entity: point.entity,
                by: point.by,
                bin: point.bin,
                value: point.value,
                metrics: point.metrics.count(),
            })
            .collect()
    }
}

/// Where a later step finds a column in the points of the step before.
enum Lookup {
    By(usize),
    Key(String),
    Missing,
}

/// Finds a column of a later step in the points of the step before.
fn lookup(reading: &Reading, before: &BinnedStep, name: &str, path: Option<&Path>) -> Lookup {
    let same = |(other, known): &(String, Option<Path>)| other == name || (path.is_some() && known.as_ref() == path);
    if let Some(position) = before.by.iter().position(same) {
        return Lookup::By(position);
    }
    let key = reading
        .keys
        .iter()
        .find(|key| key.as_str() == name || (path.is_some() && reading.table.keys.get(*key) == path));
    key.map_or(Lookup::Missing, |key| Lookup::Key(key.clone()))
}

/// The text of a column of a row, in lower case if it is an entity key that folds case.
fn text_at(table: &Table, row: &Row, path: &Path, metric: Option<&str>) -> Option<String> {
    let text = row.text(cell_path(table, path, metric))?;
    Some(if is_folded(table, path) { text.to_lowercase() } else { text.into_owned() })
}

fn finite(number: Number) -> Option<f64> {
    match number {
        Number::Is(number) => Some(number),
        Number::Absent | Number::NotFinite => None,
    }
}

/// The start of the bin of a step that contains an instant.
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
