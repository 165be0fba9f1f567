//! Reads a pack from its folder, and generates the rows of its incident folders.
//!
//! Input: the folder of a pack. Output: its rule files by name, its schema, and, for an incident folder with a
//! `scenario.yaml`, files of rows. Problems of the rules appear only where they prevent this.

use std::io;
use std::path::{Path, PathBuf};

use amp_rules_core::compile;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::rules::syntax::read_scenario;
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::time::duration_of;

use crate::incident::{Incident, IncidentError};
use crate::input::{Entry, InputError, Limits, Selection, is_rule_file, read_text, texts_below};
use crate::scenario::{
    self, Scenario, ScenarioContext, ScenarioError, WrittenFile, add_export_columns, backgrounds, write_folder,
};

/// Why a pack or a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// Files or folders cannot be read. The text has one per line.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Unreadable(Vec<InputError>),
    /// A folder cannot be written.
    #[error("cannot use `{path}`: {source}")]
    Io {
        /// The folder.
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

/// Reads the rule files below a folder: `*.yaml`, `*.yml` and `*.kql`, within the default limits.
///
/// The files are sorted by name, which is relative to the folder with `/` between its parts. The folders `incidents` and
/// `target`, hidden folders, and links to folders are left out.
///
/// # Errors
///
/// [`PackError::Unreadable`]: files or folders that cannot be read, all of them.
pub fn files(folder: &Path) -> Result<Vec<RuleFile>, PackError> {
    let root = |entry: &Entry| entry.path.parent() == Some(folder);
    let enters = |entry: &Entry| !(root(entry) && matches!(entry.name.as_str(), "incidents" | "target"));
    let selection = Selection { enters: &enters, wants: &is_rule_file };
    let below =
        texts_below(folder, selection, &Limits::default()).map_err(|error| PackError::Unreadable(vec![error]))?;
    if !below.unreadable.is_empty() {
        return Err(PackError::Unreadable(below.unreadable));
    }
    Ok(below.found.into_iter().map(|(file, text)| RuleFile::new(file.name, text)).collect())
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
    let text = read_text(&path, &Limits::default()).map_err(|error| PackError::Unreadable(vec![error]))?;
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
