//! Finds the files of tables in a folder.
//!
//! Input: a folder and the tables that the rules define. Output: the files of each table, sorted by name, and a problem for
//! every file that belongs to no table and is not one of [`OTHER_FILES`]. Nothing here opens a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::data::RowProblem;

use super::error::OpenError;
use crate::input::{Entries, Entry, EntryKind, Limit, Limits, Reason, check_folder};

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
    /// Why it is not opened; `None` for a regular file.
    pub(crate) refused: Option<Refused>,
}

/// Why something in place of a file of rows is not opened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Refused {
    /// Whether the process may not read it.
    pub(crate) denied: bool,
    /// The reason as a sentence about "it".
    pub(crate) what: String,
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
    check_folder(folder).map_err(|error| match error.reason {
        Reason::Missing => OpenError::Missing(folder.to_owned()),
        Reason::NotAFolder => OpenError::NotAFolder(folder.to_owned()),
        _ => OpenError::Unreadable(error),
    })
}

/// Lists a folder and the folders of tables in it. Hidden files and `*.md` are left out.
///
/// What has the name of a file or a folder of a table and is neither becomes a file that cannot be read, so that its table is
/// known to be incomplete.
///
/// # Errors
///
/// The folder cannot be listed, or exceeds a limit.
pub(crate) fn list(folder: &Path, tables: &[Arc<Table>], limits: &Limits) -> Result<Listing, OpenError> {
    let mut listing = Listing { files: BTreeMap::new(), problems: Vec::new() };
    let mut entries = Entries::new(limits);
    let table_of = |name: &str| tables.iter().position(|table| table.name == name);
    for entry in entries.list(folder)? {
        let name = entry.name.clone();
        if entry.is_hidden() || OTHER_FILES.contains(&name.as_str()) || name.ends_with(".md") {
            continue;
        }
        match (table_of(&name), split(&name)) {
            (Some(index), _) if entry.is_folder() => match entries.list(&entry.path) {
                Ok(parts) => parts.into_iter().for_each(|part| add_part(&mut listing, index, &name, part)),
                // Too many entries concern the whole folder; everything else only this table.
                Err(error) if matches!(error.reason, Reason::TooLarge { .. }) => return Err(error.into()),
                Err(error) => add_unreadable(&mut listing, index, format!("{name}/"), entry.path, error.reason),
            },
            (Some(index), _) => {
                let reason = match entry.kind {
                    EntryKind::Unreadable(reason) => reason,
                    EntryKind::File(_) | EntryKind::Folder | EntryKind::LinkedFolder => Reason::NotAFolder,
                };
                add_unreadable(&mut listing, index, name, entry.path, reason);
            }
            (None, Ok((stem, format))) => match table_of(stem) {
                Some(index) => add(&mut listing, index, name.clone(), entry, format),
                None => listing.problems.push(problem(name.clone(), unknown(stem, tables))),
            },
            (None, Err(_)) if entry.is_folder() => {
                listing.problems.push(problem(format!("{name}/"), unknown(&name, tables)))
            }
            (None, Err(what)) => listing.problems.push(problem(name, what)),
        }
    }
    let bytes = listing.files.values().flatten().map(|file| file.bytes).fold(0, u64::saturating_add);
    let most = limits.get(Limit::DiskBytes);
    if bytes > most {
        let reason = Reason::TooLarge { limit: Limit::DiskBytes, most, found: Some(bytes) };
        return Err(OpenError::TooLarge { folder: folder.to_owned(), reason });
    }
    Ok(listing)
}

/// Adds an entry of the folder of a table.
fn add_part(listing: &mut Listing, index: usize, table: &str, part: Entry) {
    let full = format!("{table}/{}", part.name);
    match split(&part.name) {
        _ if part.is_hidden() => {}
        Ok((_, format)) => add(listing, index, full, part, format),
        Err(what) => listing.problems.push(problem(full, what)),
    }
}

/// Adds a file of a table, or what stands in its place.
fn add(listing: &mut Listing, index: usize, name: String, entry: Entry, format: FileFormat) {
    let reason = match entry.kind {
        EntryKind::File(bytes) => {
            let file = TableFile { name, path: entry.path, format, bytes, refused: None };
            return listing.files.entry(index).or_default().push(file);
        }
        EntryKind::Folder | EntryKind::LinkedFolder => Reason::Folder,
        EntryKind::Unreadable(reason) => reason,
    };
    add_unreadable(listing, index, name, entry.path, reason);
}

/// Adds a file of a table that cannot be read.
fn add_unreadable(listing: &mut Listing, index: usize, name: String, path: PathBuf, reason: Reason) {
    let refused = Some(Refused { denied: matches!(reason, Reason::Denied), what: reason.to_string() });
    let file = TableFile { name, path, format: FileFormat::Ndjson, bytes: 0, refused };
    listing.files.entry(index).or_default().push(file);
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
