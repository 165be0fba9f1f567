//! Finds the files of tables among paths.
//!
//! Input: files and folders, and the tables that the rules define. Output: the files of each table, sorted by name, and a
//! problem for every file that belongs to no table and is not one of [`OTHER_FILES`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amp_rules_core::telemetry::source::SourceErrorKind;
use amp_rules_core::telemetry::source::data::RowProblem;

use super::bytes::{self, Place};
use super::error::OpenError;
use super::file::{FileFormat, FileRule, Refused, TableFile};
use super::recognise::{Candidate, Recogniser};
use super::sink::Header;
use crate::form::{Catalogue, FileFacts};
use crate::input::{Entries, Entry, EntryKind, InputError, Limit, Limits, Reason, check_folder, is_incident};

/// The files of the given paths.
#[derive(Default)]
pub(super) struct Listing {
    /// Files of rows, by the index of their table.
    pub(super) files: BTreeMap<usize, Vec<TableFile>>,
    /// Files that are not read, with the reason.
    pub(super) problems: Vec<RowProblem>,
}

/// Files of an incident folder that hold no rows.
const OTHER_FILES: &[&str] = &["incident.yaml", "incident.yml", "scenario.yaml", "scenario.yml"];

/// Checks that a path is a folder.
///
/// # Errors
///
/// The path does not exist, is not a folder, or cannot be read.
pub(super) fn check(folder: &Path) -> Result<(), OpenError> {
    check_folder(folder).map_err(|error| match error.reason {
        Reason::Missing => OpenError::Missing(folder.to_owned()),
        Reason::NotAFolder => OpenError::NotAFolder(folder.to_owned()),
        _ => OpenError::Unreadable(error),
    })
}

/// Lists files and folders. Hidden files and `*.md` in folders are left out.
///
/// What has the name of a file or a folder of a table and is neither becomes a file that cannot be read, so that its table is
/// known to be incomplete.
///
/// # Errors
///
/// A path is missing or cannot be listed, or the files exceed a limit.
pub(super) fn list(paths: &[PathBuf], recogniser: &Recogniser<'_>) -> Result<Listing, OpenError> {
    let limits = recogniser.limits;
    let mut lister = Lister { recogniser, limits, entries: Entries::new(limits), listing: Listing::default() };
    for path in paths {
        let prefix = |path: &Path| format!("{}/", path.to_string_lossy().trim_end_matches('/'));
        match check_folder(path) {
            Ok(()) => {
                // One folder needs no name.
                let prefix = if paths.len() == 1 { String::new() } else { prefix(path) };
                lister.folder(path, &prefix, 0)?;
            }
            Err(InputError { reason: Reason::NotAFolder, .. }) => lister.file(path)?,
            Err(InputError { reason: Reason::Missing, .. }) => return Err(OpenError::Missing(path.clone())),
            Err(error) => return Err(error.into()),
        }
    }
    let mut listing = lister.listing;
    for files in listing.files.values_mut() {
        files.sort_by(|one, other| (&one.name, &one.place).cmp(&(&other.name, &other.place)));
    }
    // A text without any time is as old as the others.
    let last = listing.files.values().flatten().filter_map(|file| Some(file.rule.facts.text.span?.1)).max();
    for file in listing.files.values_mut().flatten() {
        file.rule.facts.untimed_at = file.rule.facts.untimed_at.or(last);
    }
    let bytes = listing.files.values().flatten().map(|file| file.bytes).fold(0, u64::saturating_add);
    let most = limits.get(Limit::DiskBytes);
    if bytes > most {
        let reason = Reason::TooLarge { limit: Limit::DiskBytes, most, found: Some(bytes) };
        let folder = paths.first().cloned().unwrap_or_default();
        return Err(OpenError::TooLarge { folder, reason });
    }
    Ok(listing)
}

struct Lister<'l> {
    recogniser: &'l Recogniser<'l>,
    limits: &'l Limits,
    entries: Entries,
    listing: Listing,
}

impl Lister<'_> {
    fn catalogue(&self) -> &Arc<Catalogue> {
        self.recogniser.catalogue
    }

    /// Adds a file that was given by its path.
    fn file(&mut self, path: &Path) -> Result<(), OpenError> {
        let (_, found) = crate::input::open(path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.add(Entry { name: name.clone(), path: path.to_owned(), kind: EntryKind::File(found.len()) }, name);
        Ok(())
    }

    /// Adds the entries of a folder; `prefix` is what its entries' names begin with.
    fn folder(&mut self, folder: &Path, prefix: &str, depth: u64) -> Result<(), OpenError> {
        for entry in self.entries.list(folder)? {
            let name = entry.name.clone();
            if entry.is_hidden() || OTHER_FILES.contains(&name.as_str()) || name.ends_with(".md") {
                continue;
            }
            let full = format!("{prefix}{name}");
            match self.catalogue().named(&name) {
                Some(index) if entry.is_folder() => self.table_folder(index, &full, &entry)?,
                Some(index) => {
                    let reason = match entry.kind {
                        EntryKind::Unreadable(reason) => reason,
                        EntryKind::File(_) | EntryKind::Folder | EntryKind::LinkedFolder => Reason::NotAFolder,
                    };
                    self.add_unreadable(index, full, entry.path, &reason);
                }
                None if entry.is_folder() && split(&name).is_none() => self.other_folder(&full, &entry, depth)?,
                None => self.add(entry, full),
            }
        }
        Ok(())
    }

    /// Adds the parts of a table.
    fn table_folder(&mut self, index: usize, name: &str, folder: &Entry) -> Result<(), OpenError> {
        match self.entries.list(&folder.path) {
            Ok(parts) => {
                for part in parts.into_iter().filter(|part| !part.is_hidden()) {
                    let full = format!("{name}/{}", part.name);
                    match split(&part.name) {
                        Some((_, format)) => self.add_named(index, full, part, format),
                        None => self.problem(full, NO_ROWS.to_owned()),
                    }
                }
                Ok(())
            }
            // Too many entries concern everything; everything else only this table.
            Err(error) if matches!(error.reason, Reason::TooLarge { .. }) => Err(error.into()),
            Err(error) => {
                self.add_unreadable(index, format!("{name}/"), folder.path.clone(), &error.reason);
                Ok(())
            }
        }
    }

    /// Adds the files of a folder that is not named after a table.
    fn other_folder(&mut self, name: &str, folder: &Entry, depth: u64) -> Result<(), OpenError> {
        let shown = format!("{name}/");
        if matches!(folder.kind, EntryKind::LinkedFolder) || depth >= self.limits.get(Limit::Depth) {
            self.problem(shown, unknown(&folder.name, self.catalogue()));
            return Ok(());
        }
        if is_incident(&folder.path) {
            self.problem(shown, "not read: an incident of its own; give its path instead".to_owned());
            return Ok(());
        }
        let files = |listing: &Listing| listing.files.values().map(Vec::len).sum::<usize>();
        let (before, problems) = (files(&self.listing), self.listing.problems.len());
        match self.folder(&folder.path, &shown, depth + 1) {
            Ok(()) => {}
            Err(OpenError::Unreadable(error)) if !matches!(error.reason, Reason::TooLarge { .. }) => {
                self.problem(shown.clone(), format!("not read: {}", error.reason));
            }
            Err(error) => return Err(error),
        }
        if files(&self.listing) == before {
            self.listing.problems.truncate(problems);
            self.problem(shown, unknown(&folder.name, self.catalogue()));
        }
        Ok(())
    }

    /// Adds a file by its name, or else by what stands in it.
    fn add(&mut self, entry: Entry, full: String) {
        let parts = split(&entry.name);
        let named = parts.and_then(|(stem, format)| Some((self.catalogue().named(stem)?, format)));
        if let Some((index, format)) = named {
            return self.add_named(index, full, entry, format);
        }
        let EntryKind::File(bytes) = entry.kind else {
            let what = parts.map_or(NO_ROWS.to_owned(), |(stem, _)| unknown(stem, self.catalogue()));
            return self.problem(full, what);
        };
        let place = Place { path: entry.path, entry: None };
        if entry.name.ends_with(".zip") {
            return self.add_archive(&place.path, &full);
        }
        self.add_file(&entry.name, &full, &place, bytes);
    }

    /// Adds the files of a ZIP archive.
    fn add_archive(&mut self, path: &Path, full: &str) {
        let entries = match bytes::entries(path, self.limits) {
            Ok(entries) => entries,
            Err(reason) => return self.problem(full.to_owned(), format!("not read: {reason}")),
        };
        for entry in entries {
            let name = entry.name.rsplit('/').next().unwrap_or_default().to_owned();
            if name.starts_with('.') || OTHER_FILES.contains(&name.as_str()) || name.ends_with(".md") {
                continue;
            }
            let inside = format!("{full}/{}", entry.name);
            let place = Place { path: path.to_owned(), entry: Some(entry.index) };
            let named = split(&name).and_then(|(stem, format)| Some((self.catalogue().named(stem)?, format)));
            match named {
                Some((index, format)) => {
                    let candidate = Candidate { name: &inside, place: &place, bytes: entry.bytes };
                    let file = self.recogniser.named(&candidate, index, format);
                    self.listing.files.entry(index).or_default().push(file);
                }
                None => self.add_file(&name, &inside, &place, entry.bytes),
            }
        }
    }

    /// Adds a file that is not named after a table, by its path or by what stands in it.
    fn add_file(&mut self, name: &str, full: &str, place: &Place, bytes: u64) {
        let candidate = Candidate { name: full, place, bytes };
        let parts = split(name);
        let mut found = self.recogniser.by_path(&candidate).map(|file| vec![file]);
        if found.is_none() && is_text(name) {
            found = self.recogniser.by_lines(&candidate).map(|file| vec![file]);
        }
        if found.is_none() && parts.is_some_and(|(_, format)| format.is_none()) {
            found = self.recogniser.by_kind(&candidate);
        }
        let found = match (found, parts) {
            (Some(files), _) if files.is_empty() => {
                Err("not read: Kubernetes objects of no kind that the rules know".to_owned())
            }
            (Some(files), _) => Ok(files),
            (None, Some((stem, format))) => self.recogniser.by_header(&candidate, format).map_err(|what| {
                let guess = guess(stem, self.catalogue()).map_or(String::new(), |guess| format!("; {guess}"));
                format!("{what}{guess}")
            }),
            (None, None) if name.ends_with(".parquet") => {
                Err("Parquet is not supported: export the table as .ndjson or .csv".to_owned())
            }
            (None, None) => Err(NO_ROWS.to_owned()),
        };
        match found {
            Ok(files) => {
                for file in files {
                    self.listing.files.entry(file.rule.table).or_default().push(file);
                }
            }
            Err(what) => self.problem(full.to_owned(), what),
        }
    }

    /// Adds a file that is named after a table, or what stands in its place.
    fn add_named(&mut self, index: usize, name: String, entry: Entry, format: Option<FileFormat>) {
        let reason = match entry.kind {
            EntryKind::File(bytes) => {
                let place = Place { path: entry.path, entry: None };
                let file = self.recogniser.named(&Candidate { name: &name, place: &place, bytes }, index, format);
                return self.listing.files.entry(index).or_default().push(file);
            }
            EntryKind::Folder | EntryKind::LinkedFolder => Reason::Folder,
            EntryKind::Unreadable(reason) => reason,
        };
        self.add_unreadable(index, name, entry.path, &reason);
    }

    /// Adds a file of a table that cannot be read.
    fn add_unreadable(&mut self, index: usize, name: String, path: PathBuf, reason: &Reason) {
        let kind = if matches!(reason, Reason::Denied) { SourceErrorKind::Denied } else { SourceErrorKind::Other };
        let refused = Some(Refused { kind, what: reason.to_string() });
        let rule = FileRule {
            catalogue: Arc::clone(self.catalogue()),
            table: index,
            is_named: true,
            layout: None,
            header: Header::default(),
            facts: FileFacts::default(),
        };
        let place = Place { path, entry: None };
        let file = TableFile { name, place, format: FileFormat::Ndjson, bytes: 0, refused, rule };
        self.listing.files.entry(index).or_default().push(file);
    }

    fn problem(&mut self, origin: String, what: String) {
        self.listing.problems.push(RowProblem { origin, line: 0, what });
    }
}

/// Why a file is not read whose name ends like that of no file of rows.
const NO_ROWS: &str = "not read: files of rows end in .ndjson, .csv or .json, optionally with .gz or .zst";

/// Whether a file may be a text of lines by the end of its name.
fn is_text(name: &str) -> bool {
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    [".log", ".txt"].iter().any(|end| plain.ends_with(end))
}

/// Splits the name of a file of rows into the name of what it holds and the format, if the name shows it; `None` for any other
/// file.
fn split(name: &str) -> Option<(&str, Option<FileFormat>)> {
    let plain = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    let formats = [
        (".ndjson", Some(FileFormat::Ndjson)),
        (".jsonl", Some(FileFormat::Ndjson)),
        (".csv", Some(FileFormat::Csv)),
        (".response.json", Some(FileFormat::Response)),
        (".json", None),
    ];
    formats.into_iter().find_map(|(end, format)| Some((plain.strip_suffix(end)?, format)))
}

fn unknown(stem: &str, catalogue: &Catalogue) -> String {
    let guess = guess(stem, catalogue).map_or(String::new(), |guess| format!("; {guess}"));
    format!("not read: the rules define no table `{stem}`{guess}")
}

fn guess(stem: &str, catalogue: &Catalogue) -> Option<String> {
    let table = catalogue.tables.iter().find(|table| table.name.eq_ignore_ascii_case(stem))?;
    Some(format!("did you mean `{}`?", table.name))
}
