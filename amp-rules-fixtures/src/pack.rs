//! Reads a pack from its folder, and makes incident folders from the stories in it.
//!
//! Input: the folder of a pack. Output: its rule files by name, its schema, and, for an incident folder with a
//! `story.yaml`, files of rows. Nothing here judges the rules beyond what it takes to load them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use amp_rules_core::compile;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::rules::syntax::read_story;
use amp_rules_core::telemetry::schema::Schema;

use crate::incident::{Incident, IncidentError};
use crate::story::{Stage, Story, StoryError, Written, background, complete, write_folder};

/// Why a pack or a story cannot be used.
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
    /// The rules, a background or a story do not fit the format; every problem, one per line.
    #[error("{0}")]
    Wrong(String),
    /// The incident does not fit the format.
    #[error(transparent)]
    Incident(#[from] IncidentError),
    /// The story cannot be told.
    #[error(transparent)]
    Story(#[from] StoryError),
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

/// The story of an incident folder; its `incident.yaml` gives subject, now, window and tables unless the story does.
///
/// # Errors
///
/// A file cannot be read or does not fit the format, or the story names what does not exist.
pub fn story(pack: &Path, schema: &Schema, folder: &Path) -> Result<Story, PackError> {
    let path = folder.join("story.yaml");
    let text = fs::read_to_string(&path).map_err(|source| PackError::Io { path: path.clone(), source })?;
    let (story, problems) = read_story(&RuleFile::new(path.display().to_string(), text));
    let Some(story) = story else { return Err(PackError::Wrong(problems.concise())) };
    let backgrounds = background(&files(pack)?).map_err(PackError::Wrong)?;
    let mut given = story.given;
    let incident = Incident::read(folder)?;
    if let Some(incident) = &incident {
        given.now.get_or_insert(incident.now());
        given.window.get_or_insert(amp_rules_core::time::duration_of(incident.window.ticks()));
        for (key, value) in &incident.subject {
            given.subject.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    let mut story = Stage { schema, backgrounds: &backgrounds }.story(&given)?;
    for (table, declared) in incident.map(|incident| incident.tables.tables).unwrap_or_default() {
        story.tables.tables.entry(table).or_insert(declared);
    }
    Ok(story)
}

/// Writes the rows of an incident folder from its `story.yaml`.
///
/// # Errors
///
/// As for [`story()`], and a file that cannot be written.
pub fn generate(pack: &Path, schema: &Schema, folder: &Path) -> Result<Vec<Written>, PackError> {
    let mut rows = story(pack, schema, folder)?.rows(schema)?;
    complete(&mut rows, schema);
    write_folder(folder, &rows).map_err(|source| PackError::Io { path: folder.to_owned(), source })
}
