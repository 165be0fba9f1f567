//! The texts below a folder.

use std::fmt;
use std::path::{Path, PathBuf};

use super::entries::{Entries, Entry, EntryKind};
use super::error::{InputError, Reason};
use super::limits::{Limit, Limits};
use super::text::read_text;

/// Which entries below a folder are read.
#[derive(Clone, Copy)]
pub struct Selection<'s> {
    /// Whether a folder is entered. Hidden folders and links to folders never are.
    pub enters: &'s dyn Fn(&Entry) -> bool,
    /// Whether a file with this name is read. Hidden files never are.
    pub wants: &'s dyn Fn(&str) -> bool,
}

impl fmt::Debug for Selection<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Selection").finish_non_exhaustive()
    }
}

/// A file below a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileBelow {
    /// Its path relative to the folder, with `/` between the parts.
    pub name: String,
    /// Its path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// What was found below a folder: what is wanted, sorted by name, and what cannot be read, sorted by path.
#[derive(Debug)]
pub struct Below<T> {
    /// What is wanted.
    pub found: Vec<T>,
    /// What cannot be read. Nothing of it hides anything else.
    pub unreadable: Vec<InputError>,
}

impl<T> Default for Below<T> {
    fn default() -> Self {
        Self { found: Vec::new(), unreadable: Vec::new() }
    }
}

/// Finds files below a folder, without opening them.
///
/// # Errors
///
/// The folder itself cannot be listed, or has too many entries.
pub fn files_below(folder: &Path, selection: Selection<'_>, limits: &Limits) -> Result<Below<FileBelow>, InputError> {
    let mut below = Below::default();
    let mut entries = Entries::new(limits);
    let mut open = vec![(folder.to_owned(), String::new(), 0)];
    let mut first = true;
    while let Some((path, prefix, depth)) = open.pop() {
        let listed = match entries.list(&path) {
            Ok(listed) => listed,
            Err(error) if first || matches!(error.reason, Reason::TooLarge { .. }) => return Err(error),
            Err(error) => {
                below.unreadable.push(error);
                continue;
            }
        };
        first = false;
        for entry in listed {
            if entry.is_hidden() {
                continue;
            }
            let name = format!("{prefix}{}", entry.name);
            let wanted = (selection.wants)(&entry.name);
            let reason = match entry.kind {
                EntryKind::File(bytes) => {
                    if wanted {
                        below.found.push(FileBelow { name, path: entry.path, bytes });
                    }
                    continue;
                }
                EntryKind::Folder | EntryKind::LinkedFolder if wanted => Reason::Folder,
                EntryKind::Folder if !(selection.enters)(&entry) => continue,
                EntryKind::Folder if depth < limits.get(Limit::Depth) => {
                    open.push((entry.path, format!("{name}/"), depth + 1));
                    continue;
                }
                EntryKind::Folder => {
                    Reason::TooLarge { limit: Limit::Depth, most: limits.get(Limit::Depth), found: Some(depth + 1) }
                }
                EntryKind::Unreadable(reason) if wanted => reason,
                EntryKind::LinkedFolder | EntryKind::Unreadable(_) => continue,
            };
            below.unreadable.push(InputError { path: entry.path, reason });
        }
    }
    below.found.sort();
    below.unreadable.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(below)
}

/// Reads texts below a folder.
///
/// # Errors
///
/// The folder itself cannot be listed, has too many entries, or its texts are together too large.
pub fn texts_below(
    folder: &Path,
    selection: Selection<'_>,
    limits: &Limits,
) -> Result<Below<(FileBelow, String)>, InputError> {
    let files = files_below(folder, selection, limits)?;
    let all = files.found.iter().map(|file| file.bytes).fold(0, u64::saturating_add);
    let most = limits.get(Limit::FolderTextBytes);
    if all > most {
        let reason = Reason::TooLarge { limit: Limit::FolderTextBytes, most, found: Some(all) };
        return Err(InputError::new(folder, reason));
    }
    let mut texts = Below { found: Vec::new(), unreadable: files.unreadable };
    for file in files.found {
        match read_text(&file.path, limits) {
            Ok(text) => texts.found.push((file, text)),
            Err(error) => texts.unreadable.push(error),
        }
    }
    texts.unreadable.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(texts)
}

/// Whether a name is that of a rule file: `*.yaml`, `*.yml` or `*.kql`.
#[must_use]
pub fn is_rule_file(name: &str) -> bool {
    [".yaml", ".yml", ".kql"].iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn read(folder: &Path, limits: &Limits) -> Result<Below<(FileBelow, String)>, InputError> {
        texts_below(folder, Selection { enters: &|_| true, wants: &is_rule_file }, limits)
    }

    #[test]
    fn an_unreadable_file_hides_no_other() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/wrong.yaml")).unwrap();
        fs::write(folder.path().join("a.yaml"), "a: 1").unwrap();
        fs::write(folder.path().join("b/bad.kql"), b"T\n| \xff").unwrap();
        fs::write(folder.path().join("b/good.yml"), "b: 1").unwrap();
        fs::write(folder.path().join("c.yaml"), "c: 1 and more").unwrap();
        let below = read(folder.path(), &Limits::default().with(Limit::TextBytes, 8)).unwrap();
        let names: Vec<&str> = below.found.iter().map(|(file, _)| file.name.as_str()).collect();
        assert_eq!(names, ["a.yaml", "b/good.yml"]);
        let messages: Vec<String> = below.unreadable.iter().map(|error| error.reason.to_string()).collect();
        assert_eq!(messages.len(), 3, "{messages:?}");
        assert!(messages[0].starts_with("line 2, column 3: "), "{messages:?}");
        assert_eq!(messages[1], "it is a folder; a file is expected here");
        assert!(messages[2].starts_with("13 B, which is more than the limit `text-bytes`"), "{messages:?}");
    }

    #[test]
    fn a_folder_has_limits_on_its_entries_depth_and_size() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b/c")).unwrap();
        fs::write(folder.path().join("a/x.yaml"), "text").unwrap();
        fs::write(folder.path().join("a/b/y.yaml"), "text").unwrap();
        let limited = |limit, value| read(folder.path(), &Limits::default().with(limit, value));
        assert_eq!(limited(Limit::Entries, 5).unwrap().found.len(), 2);
        let error = limited(Limit::Entries, 4).unwrap_err().to_string();
        assert!(error.contains("more than the limit `entries` of 4"), "{error}");
        let deep = limited(Limit::Depth, 1).unwrap();
        assert_eq!((deep.found.len(), deep.unreadable.len()), (1, 1));
        let error = limited(Limit::FolderTextBytes, 7).unwrap_err().to_string();
        assert!(error.contains("8 B, which is more than the limit `folder-text-bytes` of 7 B"), "{error}");
    }
}
