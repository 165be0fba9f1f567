//! Reads a pack from its folder, and makes incident folders from the scenarios in it.
//!
//! Input: the folder of a pack. Output: its rule files by name, its schema, and, for an incident folder with a
//! `scenario.yaml`, files of rows. Nothing here judges the rules beyond what it takes to load them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use amp_rules_core::compile;
use amp_rules_core::diagnostic::RuleFile;
use amp_rules_core::schema::Schema;
use amp_rules_core::syntax::read_scenario;

use crate::incident::{Incident, IncidentError};
use crate::scenario::{Scenario, ScenarioError, Stage, Written, background, complete, write_folder};

/// Why a pack or a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file or a folder cannot be read or written.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The rules, a background or a scenario do not fit the format; every problem, one per line.
    #[error("{0}")]
    Wrong(String),
    /// The incident does not fit the format.
    #[error(transparent)]
    Incident(#[from] IncidentError),
    /// The scenario cannot be told.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

/// The rule files below a folder: `*.yaml` and `*.kql`, incidents left out, by name relative to the folder.
///
/// # Errors
///
/// A file or a folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<RuleFile>, PackError> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new())];
    while let Some((path, prefix)) = open.pop() {
        let fail = |source| PackError::Io { path: path.clone(), source };
        for entry in fs::read_dir(&path).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let full = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(fail)?;
            if kind.is_dir() {
                if full != "incidents" && full != "target" && !name.starts_with('.') {
                    open.push((entry.path(), format!("{full}/")));
                }
            } else if [".yaml", ".yml", ".kql"].iter().any(|end| name.ends_with(end)) {
                let text =
                    fs::read_to_string(entry.path()).map_err(|source| PackError::Io { path: entry.path(), source })?;
                found.push(RuleFile::new(full, text));
            }
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// The telemetry model of the pack in a folder.
///
/// # Errors
///
/// The folder cannot be read, or the pack does not compile.
pub fn schema(folder: &Path) -> Result<Schema, PackError> {
    let rules = compile(&files(folder)?).map_err(|problems| PackError::Wrong(problems.concise()))?;
    Ok(rules.schema)
}

/// The scenario of an incident folder; its `incident.yaml` gives subject, now, window and tables unless the scenario does.
///
/// # Errors
///
/// A file cannot be read or does not fit the format, or the scenario names what does not exist.
pub fn scenario(pack: &Path, schema: &Schema, folder: &Path) -> Result<Scenario, PackError> {
    let path = folder.join("scenario.yaml");
    let text = fs::read_to_string(&path).map_err(|source| PackError::Io { path: path.clone(), source })?;
    let (scenario, problems) = read_scenario(&RuleFile::new(path.display().to_string(), text));
    let Some(scenario) = scenario else { return Err(PackError::Wrong(problems.concise())) };
    let backgrounds = background(&files(pack)?).map_err(PackError::Wrong)?;
    let mut given = scenario.given;
    let incident = Incident::read(folder)?;
    if let Some(incident) = &incident {
        given.now.get_or_insert(incident.now());
        given.window.get_or_insert(amp_rules_core::time::duration_of(incident.window.ticks()));
        for (key, value) in &incident.subject {
            given.subject.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    let mut scenario = Stage { schema, backgrounds: &backgrounds }.scenario(&given)?;
    for (table, declared) in incident.map(|incident| incident.tables.tables).unwrap_or_default() {
        scenario.tables.tables.entry(table).or_insert(declared);
    }
    Ok(scenario)
}

/// Writes the rows of an incident folder from its `scenario.yaml`.
///
/// # Errors
///
/// As for [`scenario()`], and a file that cannot be written.
pub fn generate(pack: &Path, schema: &Schema, folder: &Path) -> Result<Vec<Written>, PackError> {
    let mut rows = scenario(pack, schema, folder)?.rows(schema)?;
    complete(&mut rows, schema);
    write_folder(folder, &rows).map_err(|source| PackError::Io { path: folder.to_owned(), source })
}
