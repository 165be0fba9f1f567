//! Turns a scenario into rows.
//!
//! Input: a [`Scenario`] and the schema of a pack. Output: rows in the shape that the service exports, each table sorted by
//! time. Signs of life come from the pack's heartbeats: for every living entity and every table that is not missing, at
//! least one of the table's heartbeats beats. Nothing is made for a table that is declared missing.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::schema::{ColumnType, Schema, Table, TableKind};
use amp_rules_core::time::{Time, Window};
use serde_json::{Map, Number, Value};

use super::attribute::{attribute, place};
use super::{Events, Keys, Lines, Rows, Samples, Scenario, ScenarioError, Sequence, Times};

/// More rows than this are a mistake.
const MOST: usize = 2_000_000;

type Dated = (Time, Map<String, Value>);

pub(super) struct Telling<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) schema: &'a Schema,
    pub(super) rows: BTreeMap<String, Vec<Dated>>,
    many: usize,
}

/// The rows of a scenario.
pub(super) fn rows(scenario: &Scenario, schema: &Schema) -> Result<Rows, ScenarioError> {
    let mut telling = Telling { scenario, schema, rows: BTreeMap::new(), many: 0 };
    for name in scenario.tables.tables.keys() {
        if !schema.tables.contains_key(name) {
            return Err(ScenarioError(format!("there is no table `{name}`{}", guess(name, schema.tables.keys()))));
        }
        if !scenario.is_missing(name) {
            telling.rows.entry(name.clone()).or_default();
        }
    }
    for lines in &scenario.logs {
        telling.lines(lines)?;
    }
    for events in &scenario.events {
        telling.events(events)?;
    }
    for samples in &scenario.metrics {
        telling.samples(samples, &[])?;
    }
    let living = telling.living();
    for samples in &scenario.background {
        telling.background(samples, &living)?;
    }
    for life in &living {
        telling.beats(life)?;
    }
    Ok(telling
        .rows
        .into_iter()
        .map(|(name, mut rows)| {
            rows.sort_by_key(|(at, _)| *at);
            (name, rows.into_iter().map(|(_, row)| row).collect())
        })
        .collect())
}

impl<'a> Telling<'a> {
    pub(super) fn table(&self, name: &str) -> Result<&'a Table, ScenarioError> {
        let table = self.schema.tables.get(name).map(AsRef::as_ref);
        table.ok_or_else(|| {
            ScenarioError(format!("there is no table `{name}`{}", guess(name, self.schema.tables.keys())))
        })
    }

    /// The table of a metric: the one named, else the one whose catalogue lists it, else the only one of metrics.
    pub(super) fn metric_table(&self, samples: &Samples) -> Result<(&'a Table, &'a str), ScenarioError> {
        let lists = |table: &'a Table| {
            table
                .metrics
                .iter()
                .find(|(name, metric)| name.as_str() == samples.name || metric.spellings.contains(&samples.name))
                .map(|(name, _)| name.as_str())
        };
        if let Some(name) = &samples.table {
            let table = self.table(name)?;
            return Ok((table, lists(table).unwrap_or("")));
        }
        let all: Vec<&'a Table> = self
            .schema
            .tables
            .values()
            .map(AsRef::as_ref)
            .filter(|table: &&Table| table.kind == TableKind::Metrics)
            .collect();
        if let Some((table, name)) = all.iter().find_map(|table| Some((*table, lists(table)?))) {
            return Ok((table, name));
        }
        match all.as_slice() {
            [only] if !only.closed_catalogue => Ok((only, "")),
            _ => {
                let known = all.iter().flat_map(|table| table.metrics.keys());
                Err(ScenarioError(format!(
                    "no table lists the metric `{}`{}",
                    samples.name,
                    guess(&samples.name, known)
                )))
            }
        }
    }

    /// A row with its time, its keys and its attributes.
    pub(super) fn row(&self, table: &Table, at: Time, keys: &Keys, metric: Option<&str>) -> Map<String, Value> {
        let mut row = Map::new();
        place(&mut row, &table.time, Value::String(at.to_string()));
        for (name, value) in &self.scenario.attributes {
            if let Some(path) = table.attributes.get(name) {
                let value =
                    keys.iter().fold(value.clone(), |text, (key, value)| text.replace(&format!("{{{key}}}"), value));
                place(&mut row, path, Value::String(value));
            }
        }
        for (key, value) in self.scenario.subject.iter().chain(keys) {
            let path = table.key_path(key, metric).cloned().or_else(|| table.resolve(key));
            if let Some(path) = path {
                place(&mut row, &path, Value::String(value.clone()));
            }
        }
        row
    }

    pub(super) fn cells(
        table: &Table,
        row: &mut Map<String, Value>,
        columns: &BTreeMap<String, String>,
    ) -> Result<(), ScenarioError> {
        for (name, text) in columns {
            let path = table.attributes.get(name).cloned().or_else(|| table.resolve(name)).ok_or_else(|| {
                ScenarioError(format!(
                    "the table `{}` has no column `{name}`{}",
                    table.name,
                    guess(name, table.columns.keys())
                ))
            })?;
            let kind = table.columns.get(path.column()).copied().filter(|_| path.parts().len() == 1);
            place(row, &path, cell(kind, text));
        }
        Ok(())
    }

    pub(super) fn push(&mut self, table: &Table, at: Time, row: Map<String, Value>) -> Result<(), ScenarioError> {
        if self.scenario.is_missing(&table.name) {
            return Ok(());
        }
        self.many += 1;
        if self.many > MOST {
            return Err(ScenarioError(format!("the scenario describes more than {MOST} rows")));
        }
        self.rows.entry(table.name.clone()).or_default().push((at, row));
        Ok(())
    }

    fn lines(&mut self, lines: &Lines) -> Result<(), ScenarioError> {
        let table = self.table(&lines.table)?;
        let Some(text) = &table.text else {
            return Err(ScenarioError(format!("the table `{}` has no text", table.name)));
        };
        let mut row_index = 0;
        for (moment, at) in (0..).zip(moments(&lines.times)?) {
            for keys in &lines.entities {
                let mut row = self.row(table, at, keys, None);
                let mut written: Vec<String> =
                    lines.lines.iter().map(|line| fill(line, &lines.with, moment, row_index)).collect();
                row_index += 1;
                weigh(table, &mut row, lines.weight);
                Self::cells(table, &mut row, &lines.columns)?;
                if let Some(component) = &lines.component {
                    attribute(table, &mut row, &mut written, component)?;
                }
                place(&mut row, text, Value::String(written.join("\n")));
                self.push(table, at, row)?;
            }
        }
        Ok(())
    }

    fn events(&mut self, events: &Events) -> Result<(), ScenarioError> {
        let table = self.table(&events.table)?;
        let mut row_index = 0;
        for (moment, at) in (0..).zip(moments(&events.times)?) {
            for keys in &events.entities {
                let mut row = self.row(table, at, keys, None);
                weigh(table, &mut row, events.weight);
                let columns = events
                    .columns
                    .iter()
                    .map(|(name, text)| (name.clone(), fill(text, &events.with, moment, row_index)))
                    .collect();
                row_index += 1;
                Self::cells(table, &mut row, &columns)?;
                self.push(table, at, row)?;
            }
        }
        Ok(())
    }

    /// Samples of a series, except within these stretches.
    pub(super) fn samples(&mut self, samples: &Samples, except: &[(Keys, Window)]) -> Result<(), ScenarioError> {
        let (table, canonical) = self.metric_table(samples)?;
        for (index, at) in sample_times(samples)?.into_iter().enumerate() {
            let (Some(value), weight) =
                (samples.values.at(index), samples.weights.as_ref().map_or(Some(1.0), |weights| weights.at(index)))
            else {
                continue;
            };
            let Some(weight) = weight.filter(|weight| *weight >= 1.0) else { continue };
            for keys in &samples.entities {
                if !except.iter().any(|(other, span)| span.contains(at) && compatible(keys, other)) {
                    self.sample(table, canonical, &samples.name, at, keys, value, weight, &samples.columns)?;
                }
            }
        }
        Ok(())
    }

    #[expect(clippy::too_many_arguments, reason = "one row has that many cells, and they are named where it is made")]
    pub(super) fn sample(
        &mut self,
        table: &Table,
        canonical: &str,
        name: &str,
        at: Time,
        keys: &Keys,
        value: f64,
        weight: f64,
        columns: &BTreeMap<String, String>,
    ) -> Result<(), ScenarioError> {
        let mut row = self.row(table, at, keys, Some(canonical).filter(|name| !name.is_empty()));
        if let Some(path) = &table.metric_name {
            place(&mut row, path, Value::String(name.to_owned()));
        }
        if let Some(path) = &table.value {
            place(&mut row, path, number(value));
        }
        if weight > 1.0
            && let Some(path) = &table.weight
        {
            place(&mut row, path, number(weight));
        }
        Self::cells(table, &mut row, columns)?;
        self.push(table, at, row)
    }
}

/// The instants of a repetition.
fn moments(times: &Times) -> Result<Vec<Time>, ScenarioError> {
    let Some(every) = times.every.filter(|every| !every.is_zero()) else { return Ok(vec![times.from]) };
    let mut all = Vec::new();
    let mut at = times.from;
    while at < times.to {
        if all.len() >= MOST {
            return Err(ScenarioError(format!("more than {MOST} repetitions")));
        }
        let on = times.pulse.is_none_or(|(on, off)| {
            let period = on.saturating_add(off).as_nanos().max(1);
            let since = u128::try_from(at.ticks_since(times.from)).unwrap_or(0) * 100;
            since % period < on.as_nanos()
        });
        if on {
            all.push(at);
        }
        at = at.plus(every);
    }
    Ok(all)
}

pub(super) fn sample_times(samples: &Samples) -> Result<Vec<Time>, ScenarioError> {
    let to = samples.to.unwrap_or_else(|| {
        samples.from.plus(samples.every.saturating_mul(u32::try_from(samples.values.len()).unwrap_or(u32::MAX)))
    });
    moments(&Times { from: samples.from, to, every: Some(samples.every.max(Duration::from_millis(1))), pulse: None })
}

/// Whether every key of `coarse` stands in `fine` with the same value.
pub(super) fn within(fine: &Keys, coarse: &Keys) -> bool {
    coarse.iter().all(|(key, value)| fine.get(key) == Some(value))
}

pub(super) fn compatible(one: &Keys, other: &Keys) -> bool {
    within(one, other) || within(other, one)
}

/// What counts or alternates does so for everybody alike, moment by moment; what scatters differs from row to row.
fn fill(line: &str, with: &BTreeMap<String, Sequence>, moment: u64, row: u64) -> String {
    with.iter().fold(line.to_owned(), |text, (name, values)| {
        let index = if matches!(values, Sequence::Scatter(..)) { row } else { moment };
        text.replace(&format!("{{{name}}}"), &values.at(index))
    })
}

fn weigh(table: &Table, row: &mut Map<String, Value>, weight: u64) {
    if weight != 1
        && let Some(path) = &table.weight
    {
        place(row, path, Value::from(weight));
    }
}

/// A number as JSON; a whole one without a fraction.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within the range where f64 is exact")]
        let whole = value as i64;
        return Value::from(whole);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// A cell of a column; properties of a dynamic column are texts, as the service exports them.
fn cell(kind: Option<ColumnType>, text: &str) -> Value {
    match kind {
        Some(ColumnType::Int | ColumnType::Long | ColumnType::Real | ColumnType::Decimal) => {
            text.parse().map_or_else(|_| Value::String(text.to_owned()), number)
        }
        Some(ColumnType::Bool) => text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Bool),
        Some(ColumnType::Dynamic) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        Some(ColumnType::String | ColumnType::DateTime | ColumnType::TimeSpan | ColumnType::Guid) | None => {
            Value::String(text.to_owned())
        }
    }
}

/// `; is it `x` that is meant?` for the most similar name.
pub(crate) fn guess<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let distance = |other: &str| {
        let (a, b): (Vec<char>, Vec<char>) =
            (name.to_lowercase().chars().collect(), other.to_lowercase().chars().collect());
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut last = i;
            let mut next = vec![i + 1];
            for (y, above) in b.iter().zip(row.iter().skip(1)) {
                let cost = last + usize::from(x != y);
                let left = next.last().copied().unwrap_or(0) + 1;
                next.push(cost.min(left).min(above + 1));
                last = *above;
            }
            row = next;
        }
        row.last().copied().unwrap_or(0)
    };
    let nearest = known.map(|other| (distance(other), other)).min();
    match nearest {
        Some((far, other)) if far <= name.chars().count() / 3 + 1 => format!("; did you mean `{other}`?"),
        _ => String::new(),
    }
}
