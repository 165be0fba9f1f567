//! The entries of a folder, sorted by name, with what each is.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::{InputError, Reason};
use super::limits::{Limit, Limits};
use super::open;

/// Whether a folder is an incident folder: something in it has the name of an `incident.yaml`, readable or not.
#[must_use]
pub fn is_incident(folder: &Path) -> bool {
    ["incident.yaml", "incident.yml"].iter().any(|name| fs::symlink_metadata(folder.join(name)).is_ok())
}

/// An entry of a folder.
#[derive(Debug)]
pub struct Entry {
    /// The name. Bytes that are not UTF-8 are replaced.
    pub name: String,
    /// The path: the folder's path and the name.
    pub path: PathBuf,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry of a folder is. Links are followed.
#[derive(Debug)]
pub enum EntryKind {
    /// A regular file, of this size in bytes.
    File(u64),
    /// A folder.
    Folder,
    /// A link to a folder. Walks leave it out, so that they end.
    LinkedFolder,
    /// Something that cannot be read.
    Unreadable(Reason),
}

impl Entry {
    /// Whether the name starts with a dot.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.name.starts_with('.')
    }

    /// Whether it is a folder, or a link to one.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        matches!(self.kind, EntryKind::Folder | EntryKind::LinkedFolder)
    }
}

/// Lists folders, and counts their entries against [`Limit::Entries`].
#[derive(Debug)]
pub struct Entries {
    most: u64,
    seen: u64,
}

impl Entries {
    /// A lister that has listed nothing yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { most: limits.get(Limit::Entries), seen: 0 }
    }

    /// The entries of a folder, sorted by name.
    ///
    /// # Errors
    ///
    /// The folder cannot be listed, or there are too many entries in all folders listed so far.
    pub fn list(&mut self, folder: &Path) -> Result<Vec<Entry>, InputError> {
        open::check_folder(folder)?;
        let fail = |error| InputError::new(folder, open::reason(folder, error));
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            self.seen += 1;
            if self.seen > self.most {
                return Err(InputError::new(
                    folder,
                    Reason::TooLarge { limit: Limit::Entries, most: self.most, found: None },
                ));
            }
            let path = entry.path();
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let kind = match fs::metadata(&path) {
                Ok(found) if found.is_dir() && is_link => EntryKind::LinkedFolder,
                Ok(found) if found.is_dir() => EntryKind::Folder,
                Ok(found) => match open::refuse(&found) {
                    Ok(()) => EntryKind::File(found.len()),
                    Err(reason) => EntryKind::Unreadable(reason),
                },
                Err(error) => EntryKind::Unreadable(open::reason(&path, error)),
            };
            found.push(Entry { name: entry.file_name().to_string_lossy().into_owned(), path, kind });
        }
        found.sort_by(|one, other| (&one.name, &one.path).cmp(&(&other.name, &other.path)));
        Ok(found)
    }
}
