//! Reads the `given:` of a case or of a `scenario.yaml` into a [`Scenario`].
//!
//! Input: the checked text, the schema of the pack and the backgrounds beside it. Output: a [`Scenario`] in which groups
//! are expanded, times are instants and notations are parsed. Nothing here makes a row.

use std::collections::BTreeMap;

use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::rules::syntax::{GivenText, RowsText, SeriesText, Spanned, read_scenario};
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::time::{Time, Window};

use super::cells::did_you_mean;
use super::groups::EntityGroups;
use super::model::{ActiveEntities, EventRows, Keys, LogRows, Samples, Scenario, ScenarioError, Times};
use super::notation::{Notation, Sequence};
use crate::declared::{Declarations, reports_from_text};
use crate::incident::DEFAULT_WINDOW;

/// The default instant of the diagnosis. Any instant will do, since the times of a scenario are relative to it.
const DEFAULT_NOW: &str = "2025-01-01T00:00:00Z";

/// The pack that a scenario is read for.
#[derive(Clone, Debug)]
pub struct ScenarioContext<'a> {
    /// The schema of the pack.
    pub schema: &'a Schema,
    /// The backgrounds that a scenario may name, by name.
    pub backgrounds: &'a BTreeMap<String, GivenText>,
}

/// The backgrounds among the files of a pack, by name: `<name>.scenario.yaml`.
///
/// # Errors
///
/// The problems of the first background that does not match the format, one per line.
pub fn backgrounds(files: &[RuleFile]) -> Result<BTreeMap<String, GivenText>, String> {
    let mut found = BTreeMap::new();
    for file in files {
        let last = file.name.rsplit(['/', '\\']).next().unwrap_or_default();
        let Some(name) = last.strip_suffix(".scenario.yaml") else { continue };
        let (scenario, problems) = read_scenario(file);
        let Some(scenario) = scenario else { return Err(problems.concise()) };
        found.insert(name.to_owned(), scenario.given);
    }
    Ok(found)
}

impl ScenarioContext<'_> {
    /// Reads a `given:` into a scenario.
    ///
    /// # Errors
    ///
    /// A group, a background or a key that does not exist, an invalid notation, or a `to` without an `every`.
    pub fn scenario(&self, given: &GivenText) -> Result<Scenario, ScenarioError> {
        let now = given.now.or_else(|| DEFAULT_NOW.parse::<Time>().ok()).unwrap_or(Time::from_ticks(0));
        let window = given.window.unwrap_or(DEFAULT_WINDOW);
        let tables = Declarations::from_text(&given.tables, given.inventory_partial, now).map_err(ScenarioError)?;
        let groups = EntityGroups::of_scenario(given, self.schema)?;
        let mut scenario = Scenario {
            now,
            window,
            subject: self.subject(&given.subject),
            logs: Vec::new(),
            metrics: Vec::new(),
            events: Vec::new(),
            named: groups.named.clone(),
            active: None,
            attributes: given.attributes.clone(),
            background: Vec::new(),
            tables,
            reported: reports_from_text(&given.reported, now),
            set: given.set.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect(),
        };
        read_rows(given, &groups, &mut scenario)?;
        scenario.metrics = read_series(given, &groups, &scenario)?;
        scenario.active = read_active(given, &groups, &scenario)?;
        for name in &given.background {
            let background = self.backgrounds.get(&name.value).ok_or_else(|| {
                ScenarioError(format!(
                    "there is no background `{0}`: no file `{0}.scenario.yaml`{1}",
                    name.value,
                    did_you_mean(&name.value, self.backgrounds.keys())
                ))
            })?;
            for (attribute, value) in &background.attributes {
                scenario.attributes.entry(attribute.clone()).or_insert_with(|| value.clone());
            }
            let groups = EntityGroups::of_background(background, scenario.named.clone(), self.schema)?;
            read_rows(background, &groups, &mut scenario)?;
            let series = read_series(background, &groups, &scenario)?;
            scenario.background.extend(series);
        }
        Ok(scenario)
    }

    /// The keys of the subject: the given ones, and a placeholder for every other key of a coarsest entity kind.
    fn subject(&self, given: &Keys) -> Keys {
        let kinds = self.schema.entities.iter().filter(|kind| kind.within.is_none());
        let mut subject: Keys =
            kinds.flat_map(|kind| &kind.keys).map(|key| (key.clone(), "the-subject".to_owned())).collect();
        subject.extend(given.clone());
        subject
    }
}

/// Adds the log and event rows of a file to a scenario.
fn read_rows(given: &GivenText, groups: &EntityGroups<'_>, scenario: &mut Scenario) -> Result<(), ScenarioError> {
    for (table, all) in &given.logs {
        for rows in all {
            scenario.logs.push(LogRows {
                table: table.value.clone(),
                times: times(rows, scenario.now)?,
                entities: groups.select_or_subject(&rows.entity)?,
                component: rows.component.as_ref().map(|component| component.value.clone()),
                lines: rows.lines.clone(),
                with: sequences(&rows.with),
                weight: u64::from(rows.weight),
                columns: rows.columns.clone(),
            });
        }
    }
    for (table, all) in &given.events {
        for rows in all {
            scenario.events.push(EventRows {
                table: table.value.clone(),
                times: times(rows, scenario.now)?,
                entities: groups.select_or_subject(&rows.entity)?,
                weight: u64::from(rows.weight),
                columns: rows.columns.clone(),
                with: sequences(&rows.with),
            });
        }
    }
    Ok(())
}

/// The series of a file.
fn read_series(
    given: &GivenText,
    groups: &EntityGroups<'_>,
    scenario: &Scenario,
) -> Result<Vec<Samples>, ScenarioError> {
    given.metrics.iter().map(|series| samples(series, groups, scenario)).collect()
}

/// The active entities of a file; `None` if it has no `alive:`.
fn read_active(
    given: &GivenText,
    groups: &EntityGroups<'_>,
    scenario: &Scenario,
) -> Result<Option<Vec<ActiveEntities>>, ScenarioError> {
    let Some(alive) = &given.alive else { return Ok(None) };
    let now = scenario.now;
    let read = alive.iter().map(|text| {
        let span = Window {
            from: text.from.map_or(scenario.span().from, |from| from.instant(now)),
            to: text.to.map_or(now, |to| to.instant(now)),
        };
        let tables = (!text.tables.is_empty()).then(|| text.tables.iter().map(|table| table.value.clone()).collect());
        Ok(ActiveEntities { entities: groups.select(&text.entity)?, span, tables, columns: text.columns.clone() })
    });
    read.collect::<Result<_, _>>().map(Some)
}

fn sequences(with: &BTreeMap<String, String>) -> BTreeMap<String, Sequence> {
    with.iter().map(|(name, text)| (name.clone(), Sequence::parse(text))).collect()
}

fn times(rows: &RowsText, now: Time) -> Result<Times, ScenarioError> {
    let from = rows.from.instant(now);
    match (rows.every, rows.to) {
        (None, Some(_)) => Err(ScenarioError("rows with a `to` need an `every`".to_owned())),
        (every, to) => Ok(Times { from, to: to.map_or(now, |to| to.instant(now)), every, pulse: rows.pulse }),
    }
}

/// Reads a series. Without `from`, the last value is just before `now`; with `to`, the first value is at the
/// first multiple of `every` in the window.
fn samples(series: &SeriesText, groups: &EntityGroups<'_>, scenario: &Scenario) -> Result<Samples, ScenarioError> {
    let name = &series.name.value;
    let parse = |text: &Spanned<String>| {
        Notation::parse(&text.value).map_err(|what| ScenarioError(format!("the values of `{name}`: {what}")))
    };
    let now = scenario.now;
    let mut samples = Samples {
        table: series.table.as_ref().map(|table| table.value.clone()),
        name: name.clone(),
        entities: Vec::new(),
        from: now,
        to: series.to.map(|to| to.instant(now)),
        every: series.every,
        values: parse(&series.values)?,
        weights: None,
        columns: series.columns.clone(),
    };
    samples.from = match (series.from, series.to) {
        (Some(from), _) => from.instant(now),
        (None, None) => {
            let length = series.every.saturating_mul(u32::try_from(samples.values.len()).unwrap_or(u32::MAX));
            now.saturating_sub(length)
        }
        (None, Some(_)) => {
            let start = now.saturating_sub(scenario.window);
            let aligned = start.floor(series.every);
            if aligned < start { aligned.saturating_add(series.every) } else { start }
        }
    };
    samples.entities = groups.select_or_subject(&series.entity)?;
    samples.weights = series.weight.as_ref().map(parse).transpose()?;
    Ok(samples)
}
