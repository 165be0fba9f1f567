//! The rows of a scenario while they are made.
//!
//! Input: a [`Scenario`], the schema of a pack, and descriptions of rows one by one. Output: rows by table. The tables of
//! metrics are found by the catalogues of the schema.

use std::collections::BTreeMap;
use std::time::Duration;

use amp_rules_core::telemetry::schema::{Schema, Table, TableKind};
use amp_rules_core::time::{Time, Window};
use serde_json::{Map, Value};

use super::cells::{cell, did_you_mean, number, set_path, set_weight};
use super::component::assign_component;
use super::model::{EventRows, Keys, LogRows, Rows, Samples, Scenario, ScenarioError, Times, compatible};
use super::notation::Sequence;

/// The maximum number of rows of a scenario; more are a mistake in it.
pub(crate) const MAX_ROWS: usize = 2_000_000;

type TimedRow = (Time, Map<String, Value>);

/// A scenario with the rows made so far.
pub(super) struct Expansion<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) schema: &'a Schema,
    rows: BTreeMap<String, Vec<TimedRow>>,
    /// The number of rows in all tables.
    count: usize,
}

/// One sample of one entity.
pub(super) struct Sample<'s> {
    /// The metric as spelled in the row.
    pub(super) name: &'s str,
    /// The metric as the catalogue of the table names it; `None` if the catalogue does not list it.
    pub(super) canonical: Option<&'s str>,
    pub(super) at: Time,
    pub(super) keys: &'s Keys,
    pub(super) value: f64,
    /// The number of rows that the sample represents, at least 1.
    pub(super) weight: f64,
    /// Other cells of the row.
    pub(super) columns: &'s BTreeMap<String, String>,
}

impl<'a> Expansion<'a> {
    /// An expansion without rows.
    pub(super) fn new(scenario: &'a Scenario, schema: &'a Schema) -> Self {
        Self { scenario, schema, rows: BTreeMap::new(), count: 0 }
    }

    /// The rows by table, each table's sorted by time.
    pub(super) fn into_rows(self) -> Rows {
        self.rows
            .into_iter()
            .map(|(name, mut rows)| {
                rows.sort_by_key(|(at, _)| *at);
                (name, rows.into_iter().map(|(_, row)| row).collect())
            })
            .collect()
    }

    /// Adds a table without rows, unless it is there.
    pub(super) fn touch(&mut self, table: &str) {
        self.rows.entry(table.to_owned()).or_default();
    }

    /// The table with this name.
    pub(super) fn table(&self, name: &str) -> Result<&'a Table, ScenarioError> {
        let table = self.schema.tables.get(name).map(AsRef::as_ref);
        table.ok_or_else(|| {
            ScenarioError(format!("there is no table `{name}`{}", did_you_mean(name, self.schema.tables.keys())))
        })
    }

    /// The table of a metric and the metric's name in its catalogue, if the catalogue lists it.
    ///
    /// The table is the given one, else the one whose catalogue lists the metric, else the only metrics table, provided
    /// that its catalogue is open.
    pub(super) fn metric_table(&self, samples: &Samples) -> Result<(&'a Table, Option<&'a str>), ScenarioError> {
        let canonical = |table: &'a Table| {
            table
                .metrics
                .iter()
                .find(|(name, metric)| name.as_str() == samples.name || metric.spellings.contains(&samples.name))
                .map(|(name, _)| name.as_str())
        };
        if let Some(name) = &samples.table {
            let table = self.table(name)?;
            return Ok((table, canonical(table)));
        }
        let all: Vec<&'a Table> = self
            .schema
            .tables
            .values()
            .map(AsRef::as_ref)
            .filter(|table: &&Table| table.kind == TableKind::Metrics)
            .collect();
        if let Some((table, name)) = all.iter().find_map(|table| Some((*table, canonical(table)?))) {
            return Ok((table, Some(name)));
        }
        match all.as_slice() {
            [only] if !only.closed_catalogue => Ok((only, None)),
            _ => {
                let known = all.iter().flat_map(|table| table.metrics.keys());
                Err(ScenarioError(format!(
                    "no table lists the metric `{}`{}",
                    samples.name,
                    did_you_mean(&samples.name, known)
                )))
            }
        }
    }

    /// A row with its time, the keys of the subject and the entity, and the attributes of the scenario.
    pub(super) fn row(&self, table: &Table, at: Time, keys: &Keys, metric: Option<&str>) -> Map<String, Value> {
        let mut row = Map::new();
        set_path(&mut row, &table.time, Value::String(at.to_string()));
        for (name, value) in &self.scenario.attributes {
            if let Some(path) = table.attributes.get(name) {
                let value =
                    keys.iter().fold(value.clone(), |text, (key, value)| text.replace(&format!("{{{key}}}"), value));
                set_path(&mut row, path, Value::String(value));
            }
        }
        for (key, value) in self.scenario.subject.iter().chain(keys) {
            let path = table.key_path(key, metric).cloned().or_else(|| table.resolve(key));
            if let Some(path) = path {
                set_path(&mut row, &path, Value::String(value.clone()));
            }
        }
        row
    }

    /// Sets cells by the names of attributes or columns.
    pub(super) fn set_columns(
        table: &Table,
        row: &mut Map<String, Value>,
        columns: &BTreeMap<String, String>,
    ) -> Result<(), ScenarioError> {
        for (name, text) in columns {
            let path = table.attributes.get(name).cloned().or_else(|| table.resolve(name)).ok_or_else(|| {
                ScenarioError(format!(
                    "the table `{}` has no column `{name}`{}",
                    table.name,
                    did_you_mean(name, table.columns.keys())
                ))
            })?;
            let kind = table.columns.get(path.column()).copied().filter(|_| path.parts().len() == 1);
            set_path(row, &path, cell(kind, text));
        }
        Ok(())
    }

    /// Adds a row, unless its table is declared missing.
    pub(super) fn push(&mut self, table: &Table, at: Time, row: Map<String, Value>) -> Result<(), ScenarioError> {
        if self.scenario.tables.is_missing(&table.name) {
            return Ok(());
        }
        self.count += 1;
        if self.count > MAX_ROWS {
            return Err(ScenarioError(format!("the scenario describes more than {MAX_ROWS} rows")));
        }
        self.rows.entry(table.name.clone()).or_default().push((at, row));
        Ok(())
    }

    /// Adds the rows of a log table.
    pub(super) fn add_logs(&mut self, logs: &LogRows) -> Result<(), ScenarioError> {
        let table = self.table(&logs.table)?;
        let Some(text) = &table.text else {
            return Err(ScenarioError(format!("the table `{}` has no text column", table.name)));
        };
        let mut row_index = 0;
        for (instant_index, at) in (0..).zip(instants(&logs.times)?) {
            for keys in &logs.entities {
                let mut row = self.row(table, at, keys, None);
                let mut lines: Vec<String> =
                    logs.lines.iter().map(|line| fill(line, &logs.with, instant_index, row_index)).collect();
                row_index += 1;
                set_weight(table, &mut row, logs.weight);
                Self::set_columns(table, &mut row, &logs.columns)?;
                if let Some(component) = &logs.component {
                    assign_component(table, &mut row, &mut lines, component)?;
                }
                set_path(&mut row, text, Value::String(lines.join("\n")));
                self.push(table, at, row)?;
            }
        }
        Ok(())
    }

    /// Adds the rows of an event table.
    pub(super) fn add_events(&mut self, events: &EventRows) -> Result<(), ScenarioError> {
        let table = self.table(&events.table)?;
        let mut row_index = 0;
        for (instant_index, at) in (0..).zip(instants(&events.times)?) {
            for keys in &events.entities {
                let mut row = self.row(table, at, keys, None);
                set_weight(table, &mut row, events.weight);
                let columns = events
                    .columns
                    .iter()
                    .map(|(name, text)| (name.clone(), fill(text, &events.with, instant_index, row_index)))
                    .collect();
                row_index += 1;
                Self::set_columns(table, &mut row, &columns)?;
                self.push(table, at, row)?;
            }
        }
        Ok(())
    }

    /// Adds the samples of a series, except those of compatible entities within the given spans.
    pub(super) fn add_samples(&mut self, samples: &Samples, except: &[(Keys, Window)]) -> Result<(), ScenarioError> {
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
                    let (name, columns) = (samples.name.as_str(), &samples.columns);
                    self.add_sample(table, &Sample { name, canonical, at, keys, value, weight, columns })?;
                }
            }
        }
        Ok(())
    }

    /// Adds one sample.
    pub(super) fn add_sample(&mut self, table: &Table, sample: &Sample<'_>) -> Result<(), ScenarioError> {
        let mut row = self.row(table, sample.at, sample.keys, sample.canonical);
        if let Some(path) = &table.metric_name {
            set_path(&mut row, path, Value::String(sample.name.to_owned()));
        }
        if let Some(path) = &table.value {
            set_path(&mut row, path, number(sample.value));
        }
        if let Some(path) = &table.weight {
            set_path(&mut row, path, number(sample.weight));
        }
        Self::set_columns(table, &mut row, sample.columns)?;
        self.push(table, sample.at, row)
    }
}

/// The instants of a repetition, in order.
fn instants(times: &Times) -> Result<Vec<Time>, ScenarioError> {
    let Some(every) = times.every.filter(|every| !every.is_zero()) else { return Ok(vec![times.from]) };
    let mut all = Vec::new();
    let mut at = times.from;
    while at < times.to {
        if all.len() >= MAX_ROWS {
            return Err(ScenarioError(format!("more than {MAX_ROWS} repetitions")));
        }
        let on = times.pulse.is_none_or(|(on, off)| {
            let period = on.saturating_add(off).as_nanos().max(1);
            let since = u128::try_from(at.ticks_since(times.from)).unwrap_or(0) * 100;
            since % period < on.as_nanos()
        });
        if on {
            all.push(at);
        }
        at = at.saturating_add(every);
    }
    Ok(all)
}

/// The instants of the samples of a series, gaps included, in order.
pub(super) fn sample_times(samples: &Samples) -> Result<Vec<Time>, ScenarioError> {
    let to = samples.to.unwrap_or_else(|| samples.end_of_values());
    instants(&Times { from: samples.from, to, every: Some(samples.every.max(Duration::from_millis(1))), pulse: None })
}

/// Replaces placeholders. Counting and alternating values advance per instant, the same for all entities; scattered
/// values differ from row to row.
fn fill(line: &str, with: &BTreeMap<String, Sequence>, instant_index: u64, row_index: u64) -> String {
    with.iter().fold(line.to_owned(), |text, (name, values)| {
        let index = if matches!(values, Sequence::Scatter(..)) { row_index } else { instant_index };
        text.replace(&format!("{{{name}}}"), &values.at(index))
    })
}
