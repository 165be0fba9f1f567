//! Reads a pack from its folder, and generates the rows of its incident folders.
//!
//! Input: the folder of a pack. Output: its rule files by name, its schema, and, for an incident folder with a
//! `scenario.yaml`, files of rows. Problems of the rules appear only where they prevent this.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use amp_rules_core::compile;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::rules::syntax::read_scenario;
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::time::duration_of;

use crate::incident::{Incident, IncidentError};
use crate::scenario::{
    self, Scenario, ScenarioContext, ScenarioError, WrittenFile, add_export_columns, backgrounds, write_folder,
};

/// Why a pack or a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A file or a folder cannot be read or written.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The rules, a background or a scenario do not match the format. The text has one problem per line.
    #[error("{0}")]
    Wrong(String),
    /// The `incident.yaml` cannot be used.
    #[error(transparent)]
    Incident(#[from] IncidentError),
    /// The scenario cannot be expanded.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
}

/// Reads the rule files below a folder: `*.yaml`, `*.yml` and `*.kql`.
///
/// The files are sorted by name, which is relative to the folder with `/` between its parts. The folders `incidents` and
/// `target` and hidden folders are left out.
///
/// # Errors
///
/// [`PackError::Io`]: a file or a folder cannot be read.
pub fn files(folder: &Path) -> Result<Vec<RuleFile>, PackError> {
    let mut found = Vec::new();
    let mut pending = vec![(folder.to_owned(), String::new())];
    while let Some((path, prefix)) = pending.pop() {
        let fail = |source| PackError::Io { path: path.clone(), source };
        for entry in fs::read_dir(&path).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let full = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(fail)?;
            if kind.is_dir() {
                if full != "incidents" && full != "target" && !name.starts_with('.') {
                    pending.push((entry.path(), format!("{full}/")));
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

/// Reads and compiles the pack in a folder, and returns its schema.
///
/// # Errors
///
/// - [`PackError::Io`]: the folder cannot be read.
/// - [`PackError::Wrong`]: the pack does not compile.
pub fn schema(folder: &Path) -> Result<Schema, PackError> {
    let rules = compile(&files(folder)?).map_err(|problems| PackError::Wrong(problems.concise()))?;
    Ok(rules.schema)
}

/// Reads the `scenario.yaml` of an incident folder. Subject, now, window and tables default to those of `incident.yaml`.
///
/// # Errors
///
/// A file cannot be read or does not match the format, or the scenario names something that does not exist.
fn incident_scenario(pack: &Path, schema: &Schema, folder: &Path) -> Result<Scenario, PackError> {
    let path = folder.join("scenario.yaml");
    let text = fs::read_to_string(&path).map_err(|source| PackError::Io { path: path.clone(), source })?;
    let (text, problems) = read_scenario(&RuleFile::new(path.display().to_string(), text));
    let Some(text) = text else { return Err(PackError::Wrong(problems.concise())) };
    let backgrounds = backgrounds(&files(pack)?).map_err(PackError::Wrong)?;
    let mut given = text.given;
    let incident = Incident::read(folder)?;
    if let Some(incident) = &incident {
        given.now.get_or_insert(incident.now());
        given.window.get_or_insert(duration_of(incident.window.ticks()));
        for (key, value) in &incident.subject {
            given.subject.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    let mut scenario = ScenarioContext { schema, backgrounds: &backgrounds }.scenario(&given)?;
    for (table, declared) in incident.map(|incident| incident.tables.tables).unwrap_or_default() {
        scenario.tables.tables.entry(table).or_insert(declared);
    }
    Ok(scenario)
}

/// Writes the rows of an incident folder from its `scenario.yaml`. Returns the files, sorted by name.
///
/// # Errors
///
/// A file cannot be read or written or does not match the format, or the scenario names something that does not exist.
pub fn generate(pack: &Path, schema: &Schema, folder: &Path) -> Result<Vec<WrittenFile>, PackError> {
    let mut rows = scenario::rows(&incident_scenario(pack, schema, folder)?, schema)?;
    add_export_columns(&mut rows, schema);
    write_folder(folder, &rows).map_err(|source| PackError::Io { path: folder.to_owned(), source })
}
