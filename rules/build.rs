//! Lists the files of the pack, so that the crate embeds all of them.
//!
//! Input: this folder. Output: `files.rs`, an array of names and texts, sorted by name. Incidents are excluded.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let mut names = Vec::new();
    walk(&root, "", &mut names)?;
    names.sort();
    let mut code = String::from("[\n");
    for name in &names {
        writeln!(code, "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/\", {name:?}))),")?;
    }
    code.push_str("]\n");
    fs::write(Path::new(&env::var("OUT_DIR")?).join("files.rs"), code)?;
    Ok(())
}

/// Collects the rule files below a folder; names are relative to the pack, separated by `/`.
fn walk(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", folder.display());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if entry.file_type()?.is_dir() {
            let code_or_data = prefix.is_empty() && matches!(name.as_str(), "src" | "tests" | "target" | "incidents");
            if !code_or_data && !name.starts_with('.') {
                walk(&entry.path(), &format!("{prefix}{name}/"), names)?;
            }
        } else if name.ends_with(".yaml") || name.ends_with(".kql") {
            names.push(format!("{prefix}{name}"));
        }
    }
    Ok(())
}
