//! Expands a scenario into rows, or into a source of telemetry.
//!
//! Input: a [`Scenario`] and the schema of a pack. Output: rows in the service's export format, each table sorted by
//! time: those that the scenario describes, background series, and heartbeats. A table that is declared missing gets no
//! rows.

use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::telemetry::source::memory::MemorySource;
use serde_json::Value;

use super::cells::did_you_mean;
use super::expansion::Expansion;
use super::heartbeats::{active_entities, add_background, add_heartbeats};
use super::model::{Rows, Scenario, ScenarioError};

/// Expands a scenario into rows of every table that is not declared missing.
///
/// Tables that the scenario neither declares nor names, and in which no entity has heartbeats, are absent from the
/// result.
///
/// # Errors
///
/// The scenario names a table, metric or component that the schema does not have, the rules of a table assign a line to
/// another component than the given one, or the scenario describes more than two million rows.
pub fn rows(scenario: &Scenario, schema: &Schema) -> Result<Rows, ScenarioError> {
    let mut expansion = Expansion::new(scenario, schema);
    for name in scenario.tables.tables.keys() {
        if !schema.tables.contains_key(name) {
            return Err(ScenarioError(format!(
                "there is no table `{name}`{}",
                did_you_mean(name, schema.tables.keys())
            )));
        }
        if !scenario.tables.is_missing(name) {
            expansion.touch(name);
        }
    }
    for logs in &scenario.logs {
        expansion.add_logs(logs)?;
    }
    for events in &scenario.events {
        expansion.add_events(events)?;
    }
    for samples in &scenario.metrics {
        expansion.add_samples(samples, &[])?;
    }
    let active = active_entities(scenario);
    for samples in &scenario.background {
        add_background(&mut expansion, samples, &active)?;
    }
    for one in &active {
        add_heartbeats(&mut expansion, one)?;
    }
    Ok(expansion.into_rows())
}

/// Expands a scenario into an in-memory source. Tables without rows and declarations are not configured.
///
/// # Errors
///
/// As for [`rows`].
pub fn source(scenario: &Scenario, schema: &Schema) -> Result<MemorySource, ScenarioError> {
    Ok(memory_source(scenario, rows(scenario, schema)?))
}

/// An in-memory source with these rows and the scenario's declarations.
pub(crate) fn memory_source(scenario: &Scenario, rows: Rows) -> MemorySource {
    let mut source = MemorySource::new();
    for (name, rows) in rows {
        source = source.table(&name, rows.into_iter().map(Value::Object));
    }
    scenario.tables.apply(source)
}
