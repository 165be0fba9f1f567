//! Reads the source of the workspace for the tests in `tests/`.
//!
//! Input: files of the workspace. Output: which file of a crate uses which ([`imports::Crate`]), the module tables of
//! `ARCHITECTURE.md` ([`table`]), and the text files of the project ([`files`]). Nothing here knows what the crates do.

pub mod imports;
pub mod table;
pub mod words;

use std::path::{Path, PathBuf};
use std::{fs, io};

/// The root folder of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// Files below `folder`, sorted by path. Build output, hidden folders other than `.ci` and `.github`, and lock files are
/// left out.
///
/// # Errors
///
/// A folder that cannot be listed.
pub fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let hidden = name.starts_with('.') && !matches!(name, ".ci" | ".github");
            if path.is_dir() && !hidden && name != "target" {
                open.push(path);
            } else if path.is_file() && !hidden && name != "Cargo.lock" {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
