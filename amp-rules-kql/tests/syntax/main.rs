//! Reading, writing and laying out queries: cases with their problems, the queries of the project, generated trees, and
//! texts that mean harm.
#![expect(clippy::expect_used, reason = "a test that cannot read its data fails")]
#![expect(clippy::panic, reason = "a judge that finds a fault fails its test")]

use std::path::{Path, PathBuf};

mod cases;
mod corpus;
mod hostile;
mod laws;
mod literals;
mod tree;

/// The folder of the whole project.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files of a folder with an extension, by name; none where the folder is not there.
fn files(folder: &Path, extension: &str) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).expect("a file can be read")))
        .collect();
    files.sort();
    files
}
