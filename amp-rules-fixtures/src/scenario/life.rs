//! Signs of life and backgrounds: what a scenario has besides what it says.
//!
//! Input: the scenario that is being told. Output: rows of heartbeats for everybody who lives, and of background series for
//! everybody they select. A heartbeat is sent only where neither the scenario nor a background sends that metric.

use std::collections::{BTreeMap, BTreeSet};

use amp_rules_core::schema::{Heartbeat, Table};
use amp_rules_core::time::{Time, Window};
use serde_json::Value;

use super::attribute::place;
use super::expand::{Telling, compatible, sample_times, within};
use super::{Alive, Keys, Samples, ScenarioError};

/// The text of a row that does nothing but live.
const PULSE: &str = "alive";

impl<'a> Telling<'a> {
    /// Who lives when: what the scenario says, else everybody who is named, all the time.
    pub(super) fn living(&self) -> Vec<Alive> {
        let everybody = || {
            // A pod that is also named with a job is the same pod: the fuller name speaks for both.
            let named = &self.scenario.named;
            named
                .iter()
                .filter(|keys| !keys.is_empty() && !named.iter().any(|other| other != *keys && within(other, keys)))
                .cloned()
                .collect()
        };
        match &self.scenario.alive {
            Some(alive) => alive.clone(),
            None => {
                vec![Alive {
                    entities: everybody(),
                    span: self.scenario.span(),
                    tables: None,
                    columns: BTreeMap::new(),
                }]
            }
        }
    }

    pub(super) fn background(&mut self, samples: &Samples, living: &[Alive]) -> Result<(), ScenarioError> {
        let canonical = self.metric_table(samples)?.1.to_owned();
        let own = self.spans(&canonical, &samples.name)?;
        for life in living {
            let lives = |keys: &&Keys| !keys.is_empty() && life.entities.iter().any(|entity| compatible(entity, keys));
            let entities: Vec<Keys> = samples.entities.iter().filter(lives).cloned().collect();
            if entities.is_empty()
                || life.tables.as_ref().is_some_and(|tables| {
                    !self.metric_table(samples).is_ok_and(|(table, _)| tables.contains(&table.name))
                })
            {
                continue;
            }
            let mut these = Samples { entities, ..samples.clone() };
            these.columns.extend(life.columns.clone());
            let ends = these.to.unwrap_or(Time::MAX).min(life.span.to);
            // A life that begins later keeps the places of the samples, so that a counter stays the same counter.
            let mut except = own.clone();
            except.extend(
                these.entities.iter().map(|keys| (keys.clone(), Window { from: Time::MIN, to: life.span.from })),
            );
            these.to = these.to.map(|_| ends);
            self.samples(&these, &except)?;
        }
        // What is no living thing (a job, say) is sent all the same.
        let spoken_of = |keys: &Keys| {
            let mut all = self.scenario.named.iter().chain(living.iter().flat_map(|life| &life.entities));
            !keys.is_empty() && all.any(|other| !other.is_empty() && compatible(other, keys))
        };
        let unliving: Vec<Keys> = samples.entities.iter().filter(|keys| !spoken_of(keys)).cloned().collect();
        if unliving.is_empty() {
            return Ok(());
        }
        self.samples(&Samples { entities: unliving, ..samples.clone() }, &own)
    }

    /// Where the scenario itself speaks of a metric.
    fn spans(&self, canonical: &str, name: &str) -> Result<Vec<(Keys, Window)>, ScenarioError> {
        let mut spans = Vec::new();
        for samples in &self.scenario.metrics {
            let (_, other) = self.metric_table(samples)?;
            if samples.name == name || (!canonical.is_empty() && other == canonical) {
                let times = sample_times(samples)?;
                let to =
                    samples.to.unwrap_or_else(|| times.last().map_or(samples.from, |last| last.plus(samples.every)));
                spans.extend(samples.entities.iter().map(|keys| (keys.clone(), Window { from: samples.from, to })));
            }
        }
        Ok(spans)
    }

    /// The heartbeats of one life: for every table in which there are to be signs of it.
    pub(super) fn beats(&mut self, life: &Alive) -> Result<(), ScenarioError> {
        let wanted: Vec<&'a Table> = self
            .schema
            .tables
            .values()
            .map(AsRef::as_ref)
            .filter(|table: &&Table| !table.heartbeats.is_empty() && !self.scenario.is_missing(&table.name))
            .filter(|table| life.tables.as_ref().is_none_or(|tables| tables.contains(&table.name)))
            .collect();
        let mut beating: BTreeSet<(String, Option<String>)> = BTreeSet::new();
        for table in wanted {
            // A table that only borrows its signs of life is not there unless the scenario speaks of it.
            if table.heartbeats.iter().any(|beat| beat.table == table.name) {
                self.rows.entry(table.name.clone()).or_default();
            }
            // Restricted to some tables, a life must not be vouched for by another table's beats, nor vouch for it.
            let usable = |beat: &&Heartbeat| {
                !self.scenario.is_missing(&beat.table)
                    && life.tables.as_ref().is_none_or(|tables| tables.contains(&beat.table))
                    && self.scenario.tables.get(&beat.table).is_none_or(|declared| {
                        beat.metric.as_ref().is_none_or(|metric| !declared.missing_metrics.contains_key(metric))
                    })
            };
            let chosen = table
                .heartbeats
                .iter()
                .filter(usable)
                .max_by_key(|beat| (beat.metric.is_some(), beat.table == table.name));
            let Some(beat) = chosen else { continue };
            if beating.insert((beat.table.clone(), beat.metric.clone())) {
                self.beat(beat, life)?;
            }
        }
        Ok(())
    }

    fn beat(&mut self, beat: &Heartbeat, life: &Alive) -> Result<(), ScenarioError> {
        let table = self.table(&beat.table)?;
        let span = life.span;
        let mut own = match &beat.metric {
            Some(metric) => self.spans(metric, metric)?,
            None => Vec::new(),
        };
        if let Some(metric) = &beat.metric {
            for samples in &self.scenario.background {
                if self.metric_table(samples)?.1 == metric {
                    let from = samples.from;
                    let to = samples.to.unwrap_or_else(|| {
                        from.plus(samples.every.saturating_mul(u32::try_from(samples.values.len()).unwrap_or(u32::MAX)))
                    });
                    own.extend(samples.entities.iter().map(|keys| (keys.clone(), Window { from, to })));
                }
            }
        }
        let mut at = span.from;
        let aligned = at.floor(beat.every);
        if aligned < at {
            at = aligned.plus(beat.every);
        }
        // The first instant of a life is a beat even where it lies within a bin.
        let mut times = if at == span.from { Vec::new() } else { vec![span.from] };
        while at < span.to {
            times.push(at);
            at = at.plus(beat.every);
        }
        for at in times {
            for keys in &life.entities {
                if own.iter().any(|(other, span)| span.contains(at) && compatible(keys, other)) {
                    continue;
                }
                match &beat.metric {
                    Some(metric) => self.sample(table, metric, metric, at, keys, 1.0, 1.0, &life.columns)?,
                    None => {
                        let mut row = self.row(table, at, keys, None);
                        Self::cells(table, &mut row, &life.columns)?;
                        if let Some(path) = &table.text {
                            place(&mut row, path, Value::String(PULSE.to_owned()));
                        }
                        self.push(table, at, row)?;
                    }
                }
            }
        }
        Ok(())
    }
}
