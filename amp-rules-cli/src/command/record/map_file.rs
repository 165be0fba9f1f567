//! The file with the originals and their pseudonyms: private, and never written through a link.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use amp_rules_fixtures::input::{Limit, Limits, read_text};
use tempfile::NamedTempFile;

use super::super::json;
use crate::exit::Failure;

/// The maximum size of a map in bytes. A map of 100,000 identifiers has about 10 MB.
const MAX_BYTES: u64 = 1 << 28;

/// A map that will be written, with what the file contains so far.
#[derive(Debug)]
pub(super) struct MapFile {
    path: PathBuf,
    /// The new file, beside the old one. It is created with mode 0600.
    file: NamedTempFile,
    /// The pseudonyms of an earlier record, by identifier.
    pub(super) known: BTreeMap<String, String>,
}

impl MapFile {
    /// Reads the map of an earlier record, if the file exists, and checks that a new one can be written.
    ///
    /// # Errors
    ///
    /// The path is a link, or no regular file, or within the folder of the record; the file is no map; or its folder
    /// cannot be written.
    pub(super) fn open(path: &Path, out: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let refused = |why: &str| Failure::usage(&format!("cannot write `--map {shown}`: {why}"));
        if resolved(path).starts_with(resolved(out)) {
            return Err(refused("it is within the folder of the record, which is shared; give a path outside of it"));
        }
        let known = match fs::symlink_metadata(path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(refused(&error.to_string())),
            Ok(found) if found.is_symlink() => {
                return Err(refused("it is a symbolic link; give the path of a regular file"));
            }
            Ok(found) if !found.is_file() => return Err(refused("it is not a regular file; give another path")),
            Ok(found) if found.len() > MAX_BYTES => {
                return Err(refused("it is larger than 256 MiB; give another path"));
            }
            Ok(_) => {
                let limits = Limits::DEFAULT.with(Limit::TextBytes, MAX_BYTES);
                let text = read_text(path, &limits).map_err(|error| refused(&error.to_string()))?;
                serde_json::from_str(&text).map_err(|error| {
                    refused(&format!("it exists and is not the map of a record ({error}); give another path"))
                })?
            }
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).map_err(|error| refused(&error.to_string()))?;
        Ok(Self { path: path.to_owned(), file, known })
    }

    /// Writes the earlier pseudonyms and the new ones, in place of the old file at once. The new file has mode 0600.
    ///
    /// # Errors
    ///
    /// The file cannot be written. The old one remains.
    pub(super) fn write(mut self, new: impl Iterator<Item = (String, String)>) -> Result<(), Failure> {
        let mut all = self.known;
        all.extend(new);
        let shown = self.path.display().to_string();
        let failed = |error: std::io::Error| Failure::usage(&format!("cannot write `--map {shown}`: {error}"));
        self.file.write_all(json(&all).as_bytes()).map_err(failed)?;
        self.file.as_file().sync_all().map_err(failed)?;
        // A rename replaces a link that was created in the meantime; it never writes through it.
        self.file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// The path without links, as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for existing in path.ancestors() {
        if let Ok(real) = fs::canonicalize(existing) {
            return path.strip_prefix(existing).map_or(real.clone(), |rest| real.join(rest));
        }
    }
    path
}
