//! Rule files from disk: a path in, names and texts out, sorted by name.
//!
//! A folder is read recursively: `*.yaml`, `*.yml` and `*.kql`. Folders whose name starts with a dot, and links to folders,
//! are left out. Anything else that cannot be read is a failure; nothing is skipped silently.

use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;

use crate::exit::{Exit, Failure};

/// The greatest depth of folders that is read.
const DEEPEST: usize = 32;

/// How files are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// By their path relative to the folder, so that a rule set does not depend on its location.
    Inside,
    /// By the given path and the relative path, so that a terminal can link to the file.
    AsGiven,
}

/// Which files below a folder are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// The files of a rule set, without those in incident folders, which have an `incident.yaml`.
    OfRules,
}

/// Returns the rule files below a folder, or the one file, sorted by name.
///
/// # Errors
///
/// The path is missing, or a file or folder below it cannot be read or is not UTF-8.
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

/// Returns the corpora of log lines (`*lines.jsonl`) below a folder, or the path itself if it is one; sorted.
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

/// Returns the folder of the pack that a path belongs to: the path or its nearest ancestor that has a `pack.yaml`.
#[must_use]
pub fn pack_of(path: &Path) -> Option<PathBuf> {
    // A relative path has no ancestors above its first component; they are found from the absolute path.
    let absolute = if path.is_absolute() { path.to_owned() } else { std::env::current_dir().ok()?.join(path) };
    let steps = absolute.ancestors().position(is_pack)?;
    let mut folder = path.to_owned();
    for _ in 0..steps {
        if !folder.pop() {
            return absolute.ancestors().nth(steps).map(Path::to_owned);
        }
    }
    Some(if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder })
}

/// Whether a folder has a `pack.yaml`.
#[must_use]
pub fn is_pack(folder: &Path) -> bool {
    folder.join("pack.yaml").is_file() || folder.join("pack.yml").is_file()
}

/// The path with forward slashes and without a leading `./`.
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
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
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
    fn the_pack_of_a_pattern_is_the_nearest_ancestor() {
        let folder = folder();
        assert_eq!(pack_of(&folder.path().join("b/x/pattern.yaml")).as_deref(), Some(folder.path()));
        assert_eq!(pack_of(folder.path()).as_deref(), Some(folder.path()));
    }

    #[test]
    fn a_failure_to_read_names_the_path() {
        let folder = folder();
        let missing = read(&folder.path().join("nothing"), Naming::Inside, Which::All).unwrap_err();
        assert!(missing.message.contains("nothing`: no such file or folder"), "{}", missing.message);
        fs::write(folder.path().join("bad.yaml"), [b'a', 0xff]).unwrap();
        let garbled = read(folder.path(), Naming::Inside, Which::All).unwrap_err();
        assert!(garbled.message.contains("bad.yaml`: it is not UTF-8 text (byte 1)"), "{}", garbled.message);
    }
}
