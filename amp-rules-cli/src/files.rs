//! Rule files from disk: a path in, names and texts out, sorted by name.
//!
//! A folder is read recursively: `*.yaml`, `*.yml` and `*.kql`; folders whose name begins with a dot, and links to folders,
//! are left out. What cannot be read is one clear failure; nothing is skipped silently.

use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;

use crate::exit::{Exit, Failure};

/// How deep folders are followed.
const DEEPEST: usize = 32;

/// What files are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By their path from the folder on: what a rule set is made of, wherever it lies.
    Inside,
    /// By the path that was given and the path from there on: what a person can click on.
    AsGiven,
}

/// Which files below a folder are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// Those of a rule set: what lies in incident folders (with an `incident.yaml`) is left out.
    OfRules,
}

/// Reads every rule file below a folder, or one file.
///
/// # Errors
///
/// The path is missing, or something below it cannot be read, or is not UTF-8.
pub fn read(path: &Path, naming: Naming, which: Which) -> Result<Vec<RuleFile>, Failure> {
    let mut found = Vec::new();
    let about = fs::metadata(path).map_err(|error| cannot_read(path, &error))?;
    if about.is_dir() {
        walk(path, which, 0, &mut found)?;
    } else {
        found.push(path.to_owned());
    }
    let mut files = Vec::new();
    for one in found {
        let bytes = fs::read(&one).map_err(|error| cannot_read(&one, &error))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Failure::new(Exit::Usage, &format!("cannot read `{}`: it is not UTF-8 text (byte {at})", one.display()))
        })?;
        let name = match naming {
            Naming::Inside if about.is_dir() => one.strip_prefix(path).unwrap_or(&one),
            Naming::Inside | Naming::AsGiven => &one,
        };
        files.push(RuleFile::new(slashes(name), text));
    }
    files.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(files)
}

/// The corpora of log lines (`*lines.jsonl`) below a folder, or the path itself where it is one; sorted.
///
/// # Errors
///
/// A folder cannot be read.
pub fn corpora(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    let mut open = vec![(path.to_owned(), 0)];
    while let Some((next, depth)) = open.pop() {
        if next.is_file() {
            if next.file_name().is_some_and(|name| name.to_string_lossy().ends_with("lines.jsonl")) {
                found.push(next);
            }
            continue;
        }
        for entry in fs::read_dir(&next).map_err(|error| cannot_read(&next, &error))? {
            let entry = entry.map_err(|error| cannot_read(&next, &error))?;
            let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let hidden = entry.file_name().to_string_lossy().starts_with('.');
            if !hidden && depth < DEEPEST && !(link && entry.path().is_dir()) {
                open.push((entry.path(), depth + 1));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The folder of the pack that a path belongs to: the path itself or the nearest above it that holds a `pack.yaml`.
#[must_use]
pub fn pack_of(path: &Path) -> Option<PathBuf> {
    // `a/b` has no parent beyond `a`, so what lies above is asked by its full path only where it must be.
    let whole = if path.is_absolute() { path.to_owned() } else { std::env::current_dir().ok()?.join(path) };
    let steps = whole.ancestors().position(is_pack)?;
    let mut folder = path.to_owned();
    for _ in 0..steps {
        if !folder.pop() {
            return whole.ancestors().nth(steps).map(Path::to_owned);
        }
    }
    Some(if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder })
}

/// Whether a folder holds a `pack.yaml`.
#[must_use]
pub fn is_pack(folder: &Path) -> bool {
    folder.join("pack.yaml").is_file() || folder.join("pack.yml").is_file()
}

/// A path with forward slashes and without a leading `./`.
#[must_use]
pub fn slashes(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}

fn walk(folder: &Path, which: Which, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if which == Which::OfRules && ["incident.yaml", "incident.yml"].iter().any(|name| folder.join(name).is_file()) {
        return Ok(());
    }
    if depth > DEEPEST {
        return Err(Failure::usage(&format!("cannot read `{}`: more than {DEEPEST} folders deep", folder.display())));
    }
    let entries = fs::read_dir(folder).map_err(|error| cannot_read(folder, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| cannot_read(folder, &error))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(|error| cannot_read(&path, &error))?;
        if kind.is_dir() {
            if !entry.file_name().to_string_lossy().starts_with('.') {
                walk(&path, which, depth + 1, found)?;
            }
            continue;
        }
        let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned());
        let wanted = matches!(ending.as_deref(), Some("yaml" | "yml" | "kql"));
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if wanted && !hidden && !(kind.is_symlink() && path.is_dir()) {
            found.push(path);
        }
    }
    Ok(())
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Failure {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        _ => error.to_string(),
    };
    Failure::usage(&format!("cannot read `{}`: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let files = [
            "pack.yaml",
            "b/x/pattern.yaml",
            "b/x/cases.yaml",
            ".git/y.yaml",
            "queries/q.kql",
            "notes.txt",
            "incidents/i/incident.yaml",
            "incidents/i/scenario.yaml",
            "log-lines.jsonl",
        ];
        for name in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "text").unwrap();
        }
        folder
    }

    fn names(files: &[RuleFile]) -> Vec<&str> {
        files.iter().map(|file| file.name.as_str()).collect()
    }

    #[test]
    fn a_folder_is_read_recursively_and_in_order() {
        let folder = folder();
        let rules = ["b/x/cases.yaml", "b/x/pattern.yaml", "pack.yaml", "queries/q.kql"];
        assert_eq!(names(&read(folder.path(), Naming::Inside, Which::OfRules).unwrap()), rules);
        let all = read(folder.path(), Naming::Inside, Which::All).unwrap();
        assert_eq!(names(&all)[2..4], ["incidents/i/incident.yaml", "incidents/i/scenario.yaml"]);
        assert_eq!(corpora(folder.path()).unwrap(), [folder.path().join("log-lines.jsonl")]);
    }

    #[test]
    fn the_pack_of_a_pattern_is_the_nearest_above_it() {
        let folder = folder();
        assert_eq!(pack_of(&folder.path().join("b/x/pattern.yaml")).as_deref(), Some(folder.path()));
        assert_eq!(pack_of(folder.path()).as_deref(), Some(folder.path()));
    }

    #[test]
    fn what_cannot_be_read_is_one_sentence_with_its_path() {
        let folder = folder();
        let missing = read(&folder.path().join("nothing"), Naming::Inside, Which::All).unwrap_err();
        assert!(missing.message.contains("nothing`: there is no such file or folder"), "{}", missing.message);
        fs::write(folder.path().join("bad.yaml"), [b'a', 0xff]).unwrap();
        let garbled = read(folder.path(), Naming::Inside, Which::All).unwrap_err();
        assert!(garbled.message.contains("bad.yaml`: it is not UTF-8 text (byte 1)"), "{}", garbled.message);
    }
}
