//! Writes the rows of a scenario as an incident folder.
//!
//! Input: a folder and [`Rows`]. Output: `<table>.ndjson` per table, one row per line. If the folder would exceed
//! [`MAX_PLAIN_BYTES`], the largest tables are `.ndjson.gz`. Equal rows give equal bytes. Files of other tables and
//! `incident.yaml` remain; the other form of a written table is removed, so that no row exists twice.

use std::io::{self, Write};
use std::path::Path;

use amp_rules_core::telemetry::schema::Schema;
use flate2::{Compression, GzBuilder};
use serde_json::Value;

use super::cells::set_path;
use super::model::Rows;
use crate::output_folder::OutputFolder;

/// The maximum size in bytes of a folder without compressed files. Beyond it, files are compressed, the largest first.
const MAX_PLAIN_BYTES: usize = 1_000_000;

/// A file of rows that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// The name in the folder.
    pub name: String,
    /// The number of rows.
    pub rows: usize,
    /// The size on disk in bytes.
    pub bytes: usize,
}

/// Adds the cells that exported rows have and scenarios leave out: a unique identity and a weight of 1.
pub(crate) fn add_export_columns(rows: &mut Rows, schema: &Schema) {
    for (name, rows) in rows {
        let Some(table) = schema.tables.get(name) else { continue };
        for (row, number) in rows.iter_mut().zip(1_u64..) {
            let identity = Value::String(format!("{name}-{number:07}"));
            for (path, value) in [(&table.identity, identity), (&table.weight, Value::from(1))] {
                if let Some(path) = path
                    && !row.contains_key(path.column())
                {
                    set_path(row, path, value);
                }
            }
        }
    }
}

/// Writes one file per table. Returns the files, sorted by name.
///
/// # Errors
///
/// The folder cannot be created or is a link, the name of a table is not the name of a file, or a file cannot be written.
pub fn write_folder(folder: &Path, rows: &Rows) -> io::Result<Vec<WrittenFile>> {
    let folder = OutputFolder::create(folder)?;
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
        let (name, stale, bytes) = if total > MAX_PLAIN_BYTES {
            let mut packer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
            packer.write_all(&plain)?;
            let packed = packer.finish()?;
            total = total - plain.len() + packed.len();
            (format!("{table}.ndjson.gz"), format!("{table}.ndjson"), packed)
        } else {
            (format!("{table}.ndjson"), format!("{table}.ndjson.gz"), plain)
        };
        folder.remove(&stale)?;
        folder.replace(&name, &bytes)?;
        written.push(WrittenFile { name, rows, bytes: bytes.len() });
    }
    written.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(written)
}
