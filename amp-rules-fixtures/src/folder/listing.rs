//! Finds the files of tables in a folder.
//!
//! Input: a folder and the tables that the rules know. Output: per table its files, in the order of their names, and a
//! remark for every file that is neither a table's nor one of the folder's own. Nothing here opens a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amp_rules_core::schema::Table;
use amp_rules_core::source::data::RowProblem;

use super::OpenError;
use super::rows::Shape;

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TableFile {
    /// Its name relative to the folder.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// How rows stand in it.
    pub(crate) shape: Shape,
    /// Its size on disk.
    pub(crate) bytes: u64,
}

/// What a folder holds.
pub(crate) struct Listing {
    /// By the index of the table.
    pub(crate) files: BTreeMap<usize, Vec<TableFile>>,
    /// What is not understood.
    pub(crate) problems: Vec<RowProblem>,
}

/// Files that belong to a folder and hold no rows.
const OWN: &[&str] = &["incident.yaml", "incident.yml", "scenario.yaml", "scenario.yml"];

/// Refuses what is no folder.
pub(crate) fn check(folder: &Path) -> Result<(), OpenError> {
    match fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(OpenError::NotAFolder(folder.to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(OpenError::Missing(folder.to_owned())),
        Err(source) => Err(OpenError::Unreadable { path: folder.to_owned(), source }),
    }
}

/// Lists a folder and the folders of tables in it.
pub(crate) fn list(folder: &Path, tables: &[Arc<Table>]) -> Result<Listing, OpenError> {
    let mut listing = Listing { files: BTreeMap::new(), problems: Vec::new() };
    for (name, path) in entries(folder)? {
        if name.starts_with('.') || OWN.contains(&name.as_str()) || name.ends_with(".md") {
            continue;
        }
        if path.is_dir() {
            if let Some(index) = tables.iter().position(|table| table.name == name) {
                for (part, path) in entries(&path)? {
                    let full = format!("{name}/{part}");
                    match split(&part) {
                        _ if part.starts_with('.') => {}
                        Ok((_, shape)) => add(&mut listing, index, full, path, shape),
                        Err(what) => listing.problems.push(problem(full, what)),
                    }
                }
            } else {
                listing.problems.push(problem(format!("{name}/"), unknown(&name, tables)));
            }
            continue;
        }
        match split(&name) {
            Ok((stem, shape)) => match tables.iter().position(|table| table.name == stem) {
                Some(index) => add(&mut listing, index, name, path, shape),
                None => listing.problems.push(problem(name.clone(), unknown(stem, tables))),
            },
            Err(what) => listing.problems.push(problem(name, what)),
        }
    }
    Ok(listing)
}

fn add(listing: &mut Listing, index: usize, name: String, path: PathBuf, shape: Shape) {
    let bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
    listing.files.entry(index).or_default().push(TableFile { name, path, shape, bytes });
}

/// The entries of a folder by name; names that are not UTF-8 are shown as well as can be.
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

/// The table's name and the shape of a file's rows, told by the file's name.
fn split(name: &str) -> Result<(&str, Shape), String> {
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    for (end, shape) in [
        (".ndjson", Shape::Ndjson),
        (".jsonl", Shape::Ndjson),
        (".csv", Shape::Csv),
        (".response.json", Shape::Response),
    ] {
        if let Some(stem) = plain.strip_suffix(end) {
            return Ok((stem, shape));
        }
    }
    Err(if plain.ends_with(".parquet") {
        "Parquet is not read: export the table as .ndjson or .csv".to_owned()
    } else if plain.ends_with(".json") {
        "not read: one object per line is `.ndjson`, a saved API response `.response.json`".to_owned()
    } else {
        "not read: files of rows end in .ndjson, .csv or .response.json, each also with .gz or .zst".to_owned()
    })
}

fn unknown(stem: &str, tables: &[Arc<Table>]) -> String {
    match tables.iter().find(|table| table.name.eq_ignore_ascii_case(stem)) {
        Some(table) => format!("not read: the rules know no table `{stem}`, but `{}`", table.name),
        None => format!("not read: the rules know no table `{stem}`"),
    }
}

fn problem(origin: String, what: String) -> RowProblem {
    RowProblem { origin, line: 0, what }
}
