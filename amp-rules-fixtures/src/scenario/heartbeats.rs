//! Heartbeats and background series of a scenario.
//!
//! Input: an [`Expansion`] and the active entities of its scenario. Output: heartbeat rows for every active entity in
//! every table that is not missing, by the pack's heartbeats, and background series for the entities that they select. A
//! heartbeat is sent only where neither the scenario nor a background sends that metric.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::telemetry::schema::{Heartbeat, Table};
use amp_rules_core::time::{Time, Window};
use serde_json::Value;

use super::cells::set_path;
use super::expansion::{Expansion, Sample, sample_times};
use super::model::{ActiveEntities, Keys, Samples, Scenario, ScenarioError, compatible, within};

/// The text of a heartbeat row in a log table.
const HEARTBEAT_TEXT: &str = "alive";

/// The active entities: those that the scenario gives, else all named ones over the whole window.
pub(super) fn active_entities(scenario: &Scenario) -> Vec<ActiveEntities> {
    if let Some(active) = &scenario.active {
        return active.clone();
    }
    // A pod that is named with a job and without is one pod; the keys with the job include the others.
    let named = &scenario.named;
    let entities = named
        .iter()
        .filter(|keys| !keys.is_empty() && !named.iter().any(|other| other != *keys && within(other, keys)))
        .cloned()
        .collect();
    vec![ActiveEntities { entities, span: scenario.span(), tables: None, columns: BTreeMap::new() }]
}

/// Adds a background series for the active entities that it selects.
pub(super) fn add_background(
    expansion: &mut Expansion<'_>,
    samples: &Samples,
    active: &[ActiveEntities],
) -> Result<(), ScenarioError> {
    let (table, canonical) = expansion.metric_table(samples)?;
    let described = described_spans(expansion, canonical, &samples.name)?;
    for one in active {
        let is_active = |keys: &&Keys| !keys.is_empty() && one.entities.iter().any(|entity| compatible(entity, keys));
        let entities: Vec<Keys> = samples.entities.iter().filter(is_active).cloned().collect();
        if entities.is_empty() || one.tables.as_ref().is_some_and(|tables| !tables.contains(&table.name)) {
            continue;
        }
        let mut selected = Samples { entities, ..samples.clone() };
        selected.columns.extend(one.columns.clone());
        // Samples before the span are left out, not shifted, so that a counter keeps its values.
        let mut except = described.clone();
        except
            .extend(selected.entities.iter().map(|keys| (keys.clone(), Window { from: Time::MIN, to: one.span.from })));
        selected.to = selected.to.map(|to| to.min(one.span.to));
        expansion.add_samples(&selected, &except)?;
    }
    // Entities that are neither named nor active, such as jobs, have no span: they get the series as it is.
    let is_known = |keys: &Keys| {
        let mut all = expansion.scenario.named.iter().chain(active.iter().flat_map(|one| &one.entities));
        !keys.is_empty() && all.any(|other| !other.is_empty() && compatible(other, keys))
    };
    let others: Vec<Keys> = samples.entities.iter().filter(|keys| !is_known(keys)).cloned().collect();
    if others.is_empty() {
        return Ok(());
    }
    expansion.add_samples(&Samples { entities: others, ..samples.clone() }, &described)
}

/// The spans, by entity, in which the scenario itself has a metric.
fn described_spans(
    expansion: &Expansion<'_>,
    canonical: Option<&str>,
    name: &str,
) -> Result<Vec<(Keys, Window)>, ScenarioError> {
    let mut spans = Vec::new();
    for samples in &expansion.scenario.metrics {
        let (_, other) = expansion.metric_table(samples)?;
        if samples.name == name || (canonical.is_some() && other == canonical) {
            let times = sample_times(samples)?;
            let to = samples
                .to
                .unwrap_or_else(|| times.last().map_or(samples.from, |last| last.saturating_add(samples.every)));
            spans.extend(samples.entities.iter().map(|keys| (keys.clone(), Window { from: samples.from, to })));
        }
    }
    Ok(spans)
}

/// Adds the heartbeats of active entities, in every table in which they are to have some.
pub(super) fn add_heartbeats(expansion: &mut Expansion<'_>, active: &ActiveEntities) -> Result<(), ScenarioError> {
    let scenario = expansion.scenario;
    let wanted: Vec<&Table> = expansion
        .schema
        .tables
        .values()
        .map(AsRef::as_ref)
        .filter(|table: &&Table| !table.heartbeats.is_empty() && !scenario.tables.is_missing(&table.name))
        .filter(|table| active.tables.as_ref().is_none_or(|tables| tables.contains(&table.name)))
        .collect();
    let mut sent: BTreeSet<(&str, Option<&str>)> = BTreeSet::new();
    for table in wanted {
        // A table whose heartbeats are all rows of other tables exists only if the scenario names it.
        if table.heartbeats.iter().any(|heartbeat| heartbeat.table == table.name) {
            expansion.touch(&table.name);
        }
        // If the entities are active in some tables only, heartbeats in other tables must not count for these.
        let usable = |heartbeat: &&Heartbeat| {
            !scenario.tables.is_missing(&heartbeat.table)
                && active.tables.as_ref().is_none_or(|tables| tables.contains(&heartbeat.table))
                && scenario.tables.get(&heartbeat.table).is_none_or(|declared| {
                    heartbeat.metric.as_ref().is_none_or(|metric| !declared.missing_metrics.contains_key(metric))
                })
        };
        let chosen = table
            .heartbeats
            .iter()
            .filter(usable)
            .max_by_key(|heartbeat| (heartbeat.metric.is_some(), heartbeat.table == table.name));
        let Some(heartbeat) = chosen else { continue };
        if sent.insert((&heartbeat.table, heartbeat.metric.as_deref())) {
            add_heartbeat(expansion, heartbeat, active)?;
        }
    }
    Ok(())
}

/// Adds the rows of one heartbeat.
fn add_heartbeat(
    expansion: &mut Expansion<'_>,
    heartbeat: &Heartbeat,
    active: &ActiveEntities,
) -> Result<(), ScenarioError> {
    let table = expansion.table(&heartbeat.table)?;
    let span = active.span;
    let metric = heartbeat.metric.as_deref();
    let mut described = Vec::new();
    if let Some(metric) = metric {
        described = described_spans(expansion, Some(metric), metric)?;
        for samples in &expansion.scenario.background {
            if expansion.metric_table(samples)?.1 == Some(metric) {
                let from = samples.from;
                let to = samples.to.unwrap_or_else(|| samples.end_of_values());
                described.extend(samples.entities.iter().map(|keys| (keys.clone(), Window { from, to })));
            }
        }
    }
    let mut at = span.from;
    let aligned = at.floor(heartbeat.every);
    if aligned < at {
        at = aligned.saturating_add(heartbeat.every);
    }
    // The first instant of the span has a heartbeat even if it lies within a bin.
    let mut times = if at == span.from { Vec::new() } else { vec![span.from] };
    while at < span.to {
        times.push(at);
        at = at.saturating_add(heartbeat.every);
    }
    for at in times {
        for keys in &active.entities {
            if described.iter().any(|(other, span)| span.contains(at) && compatible(keys, other)) {
                continue;
            }
            let columns = &active.columns;
            match metric {
                Some(name) => expansion.add_sample(
                    table,
                    &Sample { name, canonical: Some(name), at, keys, value: 1.0, weight: 1.0, columns },
                )?,
                None => {
                    let mut row = expansion.row(table, at, keys, None);
                    Expansion::set_columns(table, &mut row, columns)?;
                    if let Some(path) = &table.text {
                        set_path(&mut row, path, Value::String(HEARTBEAT_TEXT.to_owned()));
                    }
                    expansion.push(table, at, row)?;
                }
            }
        }
    }
    Ok(())
}
