//! Finds the files of tables in a folder.
//!
//! Input: a folder and the tables that the rules define. Output: the files of each table, sorted by name, and a problem for
//! every file that belongs to no table and is not one of [`OTHER_FILES`]. Nothing here opens a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::data::RowProblem;

use super::error::OpenError;

/// The format of a file of rows, apart from its compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FileFormat {
    /// One JSON object per line.
    Ndjson,
    /// Comma-separated values with a header.
    Csv,
    /// A saved response of a query service.
    Response,
}

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TableFile {
    /// The name relative to the folder.
    pub(crate) name: String,
    /// The path.
    pub(crate) path: PathBuf,
    /// The format.
    pub(crate) format: FileFormat,
    /// The size on disk in bytes.
    pub(crate) bytes: u64,
}

/// The files of a folder.
pub(crate) struct Listing {
    /// Files of rows, by the index of their table.
    pub(crate) files: BTreeMap<usize, Vec<TableFile>>,
    /// Files that are not read, with the reason.
    pub(crate) problems: Vec<RowProblem>,
}

/// Files of an incident folder that hold no rows.
const OTHER_FILES: &[&str] = &["incident.yaml", "incident.yml", "scenario.yaml", "scenario.yml"];

/// Checks that a path is a folder.
///
/// # Errors
///
/// The path does not exist, is not a folder, or cannot be read.
pub(crate) fn check(folder: &Path) -> Result<(), OpenError> {
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAFolder(folder.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(OpenError::Missing(folder.to_owned())),
        Err(source) => Err(OpenError::Unreadable { path: folder.to_owned(), source }),
    }
}

/// Lists a folder and the folders of tables in it. Hidden files and `*.md` are left out.
///
/// # Errors
///
/// A folder cannot be listed.
pub(crate) fn list(folder: &Path, tables: &[Arc<Table>]) -> Result<Listing, OpenError> {
    let mut listing = Listing { files: BTreeMap::new(), problems: Vec::new() };
    for (name, path) in entries(folder)? {
        if name.starts_with('.') || OTHER_FILES.contains(&name.as_str()) || name.ends_with(".md") {
            continue;
        }
        if path.is_dir() {
            if let Some(index) = tables.iter().position(|table| table.name == name) {
                for (part, path) in entries(&path)? {
                    let full = format!("{name}/{part}");
                    match split(&part) {
                        _ if part.starts_with('.') => {}
                        Ok((_, format)) => add(&mut listing, index, full, path, format),
                        Err(what) => listing.problems.push(problem(full, what)),
                    }
                }
            } else {
                listing.problems.push(problem(format!("{name}/"), unknown(&name, tables)));
            }
            continue;
        }
        match split(&name) {
            Ok((stem, format)) => match tables.iter().position(|table| table.name == stem) {
                Some(index) => add(&mut listing, index, name, path, format),
                None => listing.problems.push(problem(name.clone(), unknown(stem, tables))),
            },
            Err(what) => listing.problems.push(problem(name, what)),
        }
    }
    Ok(listing)
}

fn add(listing: &mut Listing, index: usize, name: String, path: PathBuf, format: FileFormat) {
    let bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    listing.files.entry(index).or_default().push(TableFile { name, path, format, bytes });
}

/// The entries of a folder, sorted by name. Invalid UTF-8 in names is replaced.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, OpenError> {
    let unreadable = |source| OpenError::Unreadable { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        found.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
    }
    found.sort();
    Ok(found)
}

/// Splits the name of a file into the table's name and the format. The error is the problem to report.
fn split(name: &str) -> Result<(&str, FileFormat), String> {
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    for (end, format) in [
        (".ndjson", FileFormat::Ndjson),
        (".jsonl", FileFormat::Ndjson),
        (".csv", FileFormat::Csv),
        (".response.json", FileFormat::Response),
    ] {
        if let Some(stem) = plain.strip_suffix(end) {
            return Ok((stem, format));
        }
    }
    Err(if plain.ends_with(".parquet") {
        "Parquet is not supported: export the table as .ndjson or .csv".to_owned()
    } else if plain.ends_with(".json") {
        "not read: use `.ndjson` for one object per line, `.response.json` for a saved API response".to_owned()
    } else {
        "not read: files of rows end in .ndjson, .csv or .response.json, optionally with .gz or .zst".to_owned()
    })
}

fn unknown(stem: &str, tables: &[Arc<Table>]) -> String {
    match tables.iter().find(|table| table.name.eq_ignore_ascii_case(stem)) {
        Some(table) => format!("not read: the rules define no table `{stem}`; did you mean `{}`?", table.name),
        None => format!("not read: the rules define no table `{stem}`"),
    }
}

fn problem(origin: String, what: String) -> RowProblem {
    RowProblem { origin, line: 0, what }
}
