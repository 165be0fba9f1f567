//! Rule files from disk: a path in, names and texts out, sorted by name.
//!
//! A folder is read recursively: `*.yaml`, `*.yml` and `*.kql`. Files and folders whose name starts with a dot, and links to
//! folders, are left out. Anything else that cannot be read is reported beside the rest; nothing is skipped silently.

use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;
use amp_rules_core::escape::{Printable, inline};
use amp_rules_fixtures::input::{
    InputError, Limits, Selection, files_below, is_incident, is_rule_file, read_text, stdin_text, texts_below,
};

use crate::exit::{Exit, Failure};

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
    /// The files of a rule set, without those in incident folders, which have an `incident.yaml` and no `pack.yaml`.
    OfRules,
}

/// Rule files, and what could not be read.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, sorted by name.
    pub files: Vec<RuleFile>,
    /// What could not be read, sorted by path.
    pub unreadable: Vec<InputError>,
}

impl Found {
    /// The files, if all could be read.
    ///
    /// # Errors
    ///
    /// Everything that could not be read.
    pub fn all(self) -> Result<Vec<RuleFile>, Failure> {
        if self.unreadable.is_empty() { Ok(self.files) } else { Err(unreadable(&self.unreadable)) }
    }
}

/// The failure of inputs that cannot be read, one per line.
#[must_use]
pub fn unreadable(errors: &[InputError]) -> Failure {
    Failure { exit: Exit::Usage, message: Printable::lines(remarks(errors).trim_end()) }
}

/// The same, as remarks beside what could be read.
#[must_use]
pub fn remarks(errors: &[InputError]) -> String {
    errors.iter().map(|error| format!("amp-rules: {}\n", inline(&error.to_string()))).collect()
}

/// Reads the rule files below a folder, or the one file. A file that cannot be read hides no other.
///
/// # Errors
///
/// The path is missing or cannot be read at all, or what is below it exceeds a limit.
pub fn read(path: &Path, naming: Naming, which: Which, limits: &Limits) -> Result<Found, Failure> {
    let is_folder = path.is_dir();
    let name = |path_below: &Path, inside: &str| match naming {
        Naming::Inside if is_folder => inside.to_owned(),
        Naming::Inside | Naming::AsGiven => slashes(path_below),
    };
    if !is_folder {
        let text = read_text(path, limits).map_err(|error| unreadable(&[error]))?;
        return Ok(Found { files: vec![RuleFile::new(name(path, ""), text)], unreadable: Vec::new() });
    }
    let enters = |folder: &Path| which == Which::All || !is_incident(folder) || is_pack(folder);
    if !enters(path) {
        return Ok(Found::default());
    }
    let wants =
        |name: &str| is_rule_file(name) && (which == Which::All || !matches!(name, "incident.yaml" | "incident.yml"));
    let selection = Selection { enters: &|entry| enters(&entry.path), wants: &wants };
    let below = texts_below(path, selection, limits).map_err(|error| unreadable(&[error]))?;
    let mut files: Vec<RuleFile> =
        below.found.into_iter().map(|(file, text)| RuleFile::new(name(&file.path, &file.name), text)).collect();
    files.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(Found { files, unreadable: below.unreadable })
}

/// Returns the corpora of log lines (`*lines.jsonl`) below a folder, or the path itself if it is one; sorted.
///
/// # Errors
///
/// A folder cannot be read, or something that is no file has the name of a corpus.
pub fn corpora(path: &Path, limits: &Limits) -> Result<Vec<PathBuf>, Failure> {
    let wants = |name: &str| name.ends_with("lines.jsonl");
    if !path.is_dir() {
        let is_corpus = path.file_name().is_some_and(|name| wants(&name.to_string_lossy()));
        return Ok(if is_corpus { vec![path.to_owned()] } else { Vec::new() });
    }
    let selection = Selection { enters: &|_| true, wants: &wants };
    let below = files_below(path, selection, limits).map_err(|error| unreadable(&[error]))?;
    if !below.unreadable.is_empty() {
        return Err(unreadable(&below.unreadable));
    }
    let mut found: Vec<PathBuf> = below.found.into_iter().map(|file| file.path).collect();
    found.sort();
    Ok(found)
}

/// Reads a text file as a whole; `-` is stdin.
///
/// # Errors
///
/// It cannot be read, is too large, or is not UTF-8.
pub fn text(path: &Path, limits: &Limits) -> Result<String, Failure> {
    let text = if path.as_os_str() == "-" { stdin_text(limits) } else { read_text(path, limits) };
    text.map_err(|error| unreadable(&[error]))
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

#[cfg(test)]
mod tests {
    use std::fs;

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

    fn read(path: &Path, which: Which) -> Result<Found, Failure> {
        super::read(path, Naming::Inside, which, &Limits::DEFAULT)
    }

    #[test]
    fn a_folder_is_read_recursively_and_in_order() {
        let folder = folder();
        let rules = ["b/x/cases.yaml", "b/x/pattern.yaml", "pack.yaml", "queries/q.kql"];
        assert_eq!(names(&read(folder.path(), Which::OfRules).unwrap().files), rules);
        let all = read(folder.path(), Which::All).unwrap().files;
        assert_eq!(names(&all)[2..4], ["incidents/i/incident.yaml", "incidents/i/scenario.yaml"]);
        assert_eq!(corpora(folder.path(), &Limits::DEFAULT).unwrap(), [folder.path().join("log-lines.jsonl")]);
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
        let missing = read(&folder.path().join("nothing"), Which::All).unwrap_err();
        assert!(missing.message.contains("nothing`: no such file or folder"), "{}", missing.message);
        fs::write(folder.path().join("bad.yaml"), [b'a', 0xff]).unwrap();
        let found = read(folder.path(), Which::OfRules).unwrap();
        assert_eq!(found.files.len(), 4);
        let garbled = found.all().unwrap_err();
        assert!(
            garbled.message.contains("bad.yaml`: line 1, column 2: the byte 0xff is not UTF-8"),
            "{}",
            garbled.message
        );
    }
}
