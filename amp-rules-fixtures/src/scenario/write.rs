//! Writes the rows of a scenario as an incident folder.
//!
//! Input: a folder and [`Rows`]. Output: `<table>.ndjson` per table, one row per line; the largest tables as `.ndjson.gz`
//! where the folder would pass [`FOLDER`] otherwise. The same rows give the same bytes. Files of other tables and
//! `incident.yaml` are left alone; another form of the same table is removed, so that no row is there twice.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use amp_rules_core::schema::Schema;
use flate2::{Compression, GzBuilder};
use serde_json::Value;

use super::Rows;
use super::attribute::place;

/// A folder of rows larger than this (in bytes) is compressed, the largest table first.
const FOLDER: usize = 1_000_000;

/// One file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name in the folder.
    pub name: String,
    /// How many rows.
    pub rows: usize,
    /// How many bytes, as it lies on disk.
    pub bytes: usize,
}

/// Gives every row what an export has and a scenario does not tell: an identity of its own, and that it stands for itself.
pub(crate) fn complete(rows: &mut Rows, schema: &Schema) {
    for (name, rows) in rows {
        let Some(table) = schema.tables.get(name) else { continue };
        for (row, number) in rows.iter_mut().zip(1_u64..) {
            let identity = Value::String(format!("{name}-{number:07}"));
            for (path, value) in [(&table.identity, identity), (&table.weight, Value::from(1))] {
                if let Some(path) = path
                    && !row.contains_key(path.column())
                {
                    place(row, path, value);
                }
            }
        }
    }
}

/// Writes every table; returns what was written, by name.
///
/// # Errors
///
/// The folder cannot be made, or a file cannot be written.
pub fn write_folder(folder: &Path, rows: &Rows) -> io::Result<Vec<Written>> {
    fs::create_dir_all(folder)?;
    let mut files: Vec<(String, usize, Vec<u8>)> = Vec::new();
    for (table, rows) in rows {
        let mut bytes = Vec::new();
        for row in rows {
            serde_json::to_writer(&mut bytes, row)?;
            bytes.push(b'\n');
        }
        files.push((table.clone(), rows.len(), bytes));
    }
    files.sort_by(|one, other| other.2.len().cmp(&one.2.len()).then_with(|| one.0.cmp(&other.0)));
    let mut total: usize = files.iter().map(|(_, _, bytes)| bytes.len()).sum();
    let mut written = Vec::new();
    for (table, rows, plain) in files {
        let (name, stale, bytes) = if total > FOLDER {
            let mut packer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
            packer.write_all(&plain)?;
            let packed = packer.finish()?;
            total = total - plain.len() + packed.len();
            (format!("{table}.ndjson.gz"), format!("{table}.ndjson"), packed)
        } else {
            (format!("{table}.ndjson"), format!("{table}.ndjson.gz"), plain)
        };
        match fs::remove_file(folder.join(stale)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::write(folder.join(&name), &bytes)?;
        written.push(Written { name, rows, bytes: bytes.len() });
    }
    written.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(written)
}
