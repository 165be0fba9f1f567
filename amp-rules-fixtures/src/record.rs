//! Records telemetry as an incident folder without identifiers, so that it can be shared.
//!
//! Input: rows of any origin, the plan of a diagnosis, and the declared completeness. Output: a folder that
//! [`FixtureSource`] reads, in which ids, addresses, secrets, personal data and, optionally, names of hosts and resources
//! are replaced, each by the same pseudonym everywhere. Rows are read twice, first to collect identifiers, then to write,
//! and are never held in memory. No replaced identifier remains in the folder.

mod cells;
mod compare;
mod find;
mod incident_text;
mod pseudonyms;
mod wanted;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use amp_rules_core::Plan;
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::telemetry::source::{GapReason, SourceError, SourceErrorKind};
use flate2::{Compression, GzBuilder};
use serde_json::{Map, Value};

pub(crate) use self::incident_text::declaration_text;
use self::incident_text::incident_text;
use self::wanted::{Wanted, line_tests, protected_texts};
use crate::declared::{Declarations, Declared, State};
use crate::folder::FixtureSource;
use crate::output_folder::OutputFolder;

pub use compare::{Difference, Part, Subject, differences};
pub use find::{Class as IdentifierKind, kinds};
pub use pseudonyms::{Doubtful, GivenWord, Place, PseudonymMap, Replacement};

/// A source of exported rows.
///
/// Each table is read twice; an implementation must pass the same rows both times, or identifiers of rows that appear only
/// the second time remain.
pub trait RawRows {
    /// Calls `each` with every row of a table as the service exports it. Returns the unreadable rows.
    ///
    /// # Errors
    ///
    /// The table does not exist, or cannot be read.
    fn raw(&self, table: &str, each: &mut dyn FnMut(Map<String, Value>)) -> Result<Vec<RowProblem>, SourceError>;
}

impl RawRows for FixtureSource {
    fn raw(&self, table: &str, each: &mut dyn FnMut(Map<String, Value>)) -> Result<Vec<RowProblem>, SourceError> {
        self.rows(table, each)
    }
}

/// The input of a recording.
#[derive(Clone, Debug)]
pub struct Recording<'r> {
    /// The title of the incident.
    pub title: &'r str,
    /// The schema of the tables.
    pub schema: &'r Schema,
    /// The plan of the diagnosis. Rows outside its windows and of other subjects are left out.
    pub plan: &'r Plan,
    /// The declared completeness of the tables.
    pub declared: &'r Declarations,
    /// Whether to also replace names of hosts and of the subject's resources.
    pub names: bool,
    /// Other words to replace, ignoring case.
    pub words: &'r [String],
    /// The pseudonyms of an earlier record, by identifier. The same identifiers get them again, and others never do.
    pub known: &'r BTreeMap<String, String>,
}

/// The output of a recording, beside the folder.
#[derive(Debug)]
pub struct RecordOutput {
    /// The number of rows written per table.
    pub rows: BTreeMap<String, u64>,
    /// The pseudonyms by identifier. Keep it secret: it reverses the replacement.
    pub pseudonyms: PseudonymMap,
    /// The tables that could not be read.
    pub unreadable: Vec<SourceError>,
    /// What became of the given words.
    pub words: Vec<GivenWord>,
    /// The random texts of no known kind that were replaced, by pseudonym.
    pub doubtful: Vec<Doubtful>,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The folder exists and is not empty.
    #[error("`{0}` already exists and is not empty")]
    Exists(PathBuf),
    /// No table could be read, for these reasons: at least one.
    #[error("no table could be read: {}", reasons(.0))]
    Unreadable(Vec<SourceError>),
    /// A file or folder cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
}

/// The tables by reason: `traces, customMetrics: not yours`.
fn reasons(errors: &[SourceError]) -> String {
    let mut tables: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for error in errors {
        tables.entry(&error.context).or_default().push(error.table().unwrap_or(&error.operation));
    }
    tables.iter().map(|(reason, tables)| format!("{}: {reason}", tables.join(", "))).collect::<Vec<_>>().join("; ")
}

/// Records rows into a folder that is empty or does not exist.
///
/// A table that cannot be read becomes `missing` in `incident.yaml`; unreadable rows make it `partial`.
///
/// # Errors
///
/// - [`RecordError::Exists`]: the folder is not empty. It remains unchanged.
/// - [`RecordError::Unreadable`]: every table that was read failed, or is declared as missing. Nothing is written.
/// - [`RecordError::Write`]: the folder cannot be written. It is removed, unless it existed before.
pub fn record(recording: &Recording<'_>, rows: &dyn RawRows, folder: &Path) -> Result<RecordOutput, RecordError> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(RecordError::Exists(folder.to_owned()));
    }
    // Without a slash at the end, which would follow a link.
    let existed = fs::symlink_metadata(folder.components().collect::<PathBuf>()).is_ok();
    let scope = recording.plan.scope();
    let mut pseudonyms = PseudonymMap::new(
        protected_texts(recording.plan),
        line_tests(recording.plan),
        recording.names,
        recording.known,
    );
    recording.words.iter().for_each(|word| pseudonyms.add_word(word));
    scope.subject.values().for_each(|value| pseudonyms.add_subject(value));
    let mut declared = recording.declared.clone();
    let (mut unreadable, mut missing, mut read) = (Vec::new(), Vec::new(), 0_usize);
    for table in recording.schema.tables.values() {
        if let Some(State::Missing(kind)) = declared.get(&table.name).map(|declared| &declared.state) {
            missing.push(SourceError::read(*kind, &table.name, format!("declared as missing ({})", kind.as_str())));
            continue;
        }
        let wanted = Wanted::of(table, recording.plan);
        let outcome = rows.raw(&table.name, &mut |row| {
            if let Some(row) = wanted.row(row) {
                pseudonyms.add_row(table, &row);
            }
        });
        match outcome {
            Ok(problems) => {
                read += 1;
                declare(&table.name, &problems, &mut declared);
            }
            // An undeclared table without rows is not declared either.
            Err(error)
                if error.kind == SourceErrorKind::NotConfigured && recording.declared.get(&table.name).is_none() => {}
            Err(error) => {
                let state = State::Missing(error.kind);
                declared.tables.insert(table.name.clone(), Declared { state, ..Declared::default() });
                unreadable.push(error);
            }
        }
    }
    if read == 0 && !(unreadable.is_empty() && missing.is_empty()) {
        unreadable.extend(missing);
        return Err(RecordError::Unreadable(unreadable));
    }
    let reported = scope.reports.iter().flat_map(|report| &report.entity);
    for (key, value) in scope.subject.iter().chain(reported).chain(&scope.parameters) {
        pseudonyms.add_text(value, Some(key));
    }
    pseudonyms.add_text(recording.title, None);
    pseudonyms.assign();
    let counts = write(recording, rows, folder, &declared, &mut pseudonyms).inspect_err(|_| {
        if !existed {
            // An incomplete folder is useless. The error to report is the first one.
            let _ = fs::remove_dir_all(folder);
        }
    })?;
    let (words, doubtful) = (pseudonyms.given(), pseudonyms.doubtful());
    Ok(RecordOutput { rows: counts, pseudonyms, unreadable, words, doubtful })
}

/// The same texts with identifiers replaced, each by the same pseudonym in all of them. Lines are replaced one by one, so that a
/// line stays a line.
pub(crate) fn redact_texts(plan: &Plan, texts: &[String]) -> Vec<String> {
    let mut pseudonyms = PseudonymMap::new(protected_texts(plan), line_tests(plan), false, &BTreeMap::new());
    texts.iter().flat_map(|text| text.lines()).for_each(|line| pseudonyms.add_text(line, None));
    pseudonyms.assign();
    let mut redacted = |text: &String| {
        let lines = text.split_inclusive('\n').map(|line| {
            let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
            pseudonyms.redact_text(line, None) + end
        });
        lines.collect()
    };
    texts.iter().map(&mut redacted).collect()
}

/// Declares the completeness of a table that was read.
fn declare(table: &str, problems: &[RowProblem], declared: &mut Declarations) {
    let entry = declared.tables.entry(table.to_owned()).or_default();
    if !problems.is_empty() && entry.state == State::Complete {
        entry.state = State::Partial(GapReason::BadRows, None);
    }
}

/// Writes the rows of all tables and the `incident.yaml`.
fn write(
    recording: &Recording<'_>,
    rows: &dyn RawRows,
    folder: &Path,
    declared: &Declarations,
    pseudonyms: &mut PseudonymMap,
) -> Result<BTreeMap<String, u64>, RecordError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| RecordError::Write { path, source }
    };
    let out_folder = OutputFolder::create(folder).map_err(failed(folder))?;
    let mut counts = BTreeMap::new();
    for (name, state) in &declared.tables {
        let Some(table) = recording.schema.tables.get(name).filter(|_| !state.is_missing()) else {
            continue;
        };
        let file_name = format!("{name}.ndjson.gz");
        let path = folder.join(&file_name);
        let file = out_folder.new_file(&file_name).map_err(failed(&path))?;
        let mut out = GzBuilder::new().mtime(0).write(BufWriter::new(file), Compression::best());
        let wanted = Wanted::of(table, recording.plan);
        let mut count = 0;
        let mut broken: io::Result<()> = Ok(());
        let _problems_known = rows.raw(name, &mut |row| {
            if let Some(row) = wanted.row(row).filter(|_| broken.is_ok()) {
                count += 1;
                let cells = pseudonyms.redact_row(table, count, &row);
                broken = serde_json::to_writer(&mut out, &cells)
                    .map_err(io::Error::from)
                    .and_then(|()| out.write_all(b"\n"));
            }
        });
        broken.and_then(|()| out.finish()?.flush()).map_err(failed(&path))?;
        counts.insert(name.clone(), count);
    }
    let path = folder.join("incident.yaml");
    let text = incident_text(recording.title, recording.plan.scope(), declared, pseudonyms);
    let written = out_folder.new_file("incident.yaml").and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(failed(&path))?;
    Ok(counts)
}
