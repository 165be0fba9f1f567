//! Records telemetry as an incident folder without identifiers, so that it can be shared.
//!
//! Input: rows of any origin, the plan of a diagnosis, and the declared completeness. Output: a folder that
//! [`FixtureSource`] reads, in which ids, addresses, secrets, personal data and, optionally, names of hosts and resources
//! are replaced, each by the same pseudonym everywhere. Rows are read twice, first to collect identifiers, then to write,
//! and are never held in memory. No replaced identifier remains in the folder.

mod find;
mod pseudonyms;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use amp_rules_core::plan::Scope;
use amp_rules_core::telemetry::predicate::{LineTest, Test};
use amp_rules_core::telemetry::request::{LinesRequest, Request};
use amp_rules_core::telemetry::schema::{Schema, Table};
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::telemetry::source::rows::Row;
use amp_rules_core::telemetry::source::{GapReason, SourceError, SourceErrorKind};
use amp_rules_core::time::{Time, Window, duration_of, duration_text};
use amp_rules_core::{Diagnosis, Plan, report};
use flate2::{Compression, GzBuilder};
use regex::RegexSet;
use serde_json::{Map, Value};

use crate::declared::{Declarations, Declared, State};
use crate::folder::FixtureSource;
use crate::output_folder::OutputFolder;

pub use find::{Class as IdentifierKind, kinds};
pub use pseudonyms::{PseudonymMap, Replacement};

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
}

/// The output of a recording, beside the folder.
#[derive(Debug)]
pub struct RecordOutput {
    /// The number of rows written per table.
    pub rows: BTreeMap<String, u64>,
    /// The pseudonyms by identifier. Keep it secret: it reverses the replacement.
    pub pseudonyms: PseudonymMap,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The folder exists and is not empty.
    #[error("`{0}` already exists and is not empty")]
    Exists(PathBuf),
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

/// Records rows into a folder that is empty or does not exist.
///
/// A table that cannot be read becomes `missing` in `incident.yaml`; unreadable rows make it `partial`.
///
/// # Errors
///
/// - [`RecordError::Exists`]: the folder is not empty. It remains unchanged.
/// - [`RecordError::Write`]: the folder cannot be written. It is removed, unless it existed before.
pub fn record(recording: &Recording<'_>, rows: &dyn RawRows, folder: &Path) -> Result<RecordOutput, RecordError> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(RecordError::Exists(folder.to_owned()));
    }
    // Without a slash at the end, which would follow a link.
    let existed = fs::symlink_metadata(folder.components().collect::<PathBuf>()).is_ok();
    let scope = recording.plan.scope();
    let mut pseudonyms =
        PseudonymMap::new(protected_texts(recording.plan), line_tests(recording.plan), recording.names);
    recording.words.iter().for_each(|word| pseudonyms.add_word(word));
    scope.subject.values().for_each(|value| pseudonyms.add_subject(value));
    let mut declared = recording.declared.clone();
    for table in recording.schema.tables.values() {
        if declared.is_missing(&table.name) {
            continue;
        }
        let wanted = Wanted::of(table, recording.plan);
        let outcome = rows.raw(&table.name, &mut |row| {
            if let Some(row) = wanted.row(row) {
                pseudonyms.add_hosts(table, &row);
                row.cells().iter().for_each(|(column, cell)| pseudonyms.add_cell(column, cell));
            }
        });
        declare(&table.name, outcome, recording.declared, &mut declared);
    }
    scope.subject.iter().for_each(|(key, value)| pseudonyms.add_text(value, Some(key)));
    pseudonyms.add_text(recording.title, None);
    pseudonyms.assign();
    write(recording, rows, folder, &declared, pseudonyms).inspect_err(|_| {
        if !existed {
            // An incomplete folder is useless. The error to report is the first one.
            let _ = fs::remove_dir_all(folder);
        }
    })
}

/// Declares the completeness of a table by the outcome of reading it.
fn declare(
    table: &str,
    outcome: Result<Vec<RowProblem>, SourceError>,
    known: &Declarations,
    declared: &mut Declarations,
) {
    match outcome {
        Ok(problems) if problems.is_empty() => {
            declared.tables.entry(table.to_owned()).or_default();
        }
        Ok(_) => {
            let entry = declared.tables.entry(table.to_owned()).or_default();
            if entry.state == State::Complete {
                entry.state = State::Partial(GapReason::BadRows, None);
            }
        }
        // An undeclared table without rows is not declared either.
        Err(error) if error.kind == SourceErrorKind::NotConfigured && known.get(table).is_none() => {}
        Err(error) => {
            declared
                .tables
                .insert(table.to_owned(), Declared { state: State::Missing(error.kind), ..Declared::default() });
        }
    }
}

/// Writes the rows of all tables and the `incident.yaml`.
fn write(
    recording: &Recording<'_>,
    rows: &dyn RawRows,
    folder: &Path,
    declared: &Declarations,
    mut pseudonyms: PseudonymMap,
) -> Result<RecordOutput, RecordError> {
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
                let cells: Map<String, Value> =
                    row.cells().iter().map(|(name, cell)| (name.clone(), pseudonyms.redact(name, cell))).collect();
                broken = serde_json::to_writer(&mut out, &cells)
                    .map_err(io::Error::from)
                    .and_then(|()| out.write_all(b"\n"));
            }
        });
        broken.and_then(|()| out.finish()?.flush()).map_err(failed(&path))?;
        counts.insert(name.clone(), count);
    }
    let path = folder.join("incident.yaml");
    let text = incident_text(recording, declared, &mut pseudonyms);
    let written = out_folder.new_file("incident.yaml").and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(failed(&path))?;
    Ok(RecordOutput { rows: counts, pseudonyms })
}

/// The rows of a table that a diagnosis may read.
struct Wanted<'t> {
    table: &'t Table,
    /// The union of the windows of all requests for the table, or the window of the scope.
    window: Window,
    subject: &'t BTreeMap<String, String>,
}

impl<'t> Wanted<'t> {
    fn of(table: &'t Table, plan: &'t Plan) -> Self {
        let windows = plan.requests().iter().filter(|request| request.tables().any(|read| read.name == table.name));
        let mut windows = windows.map(|request| request.reading().window);
        let scope = plan.scope();
        let window = windows.next().map(|first| {
            windows.fold(first, |sum, one| Window { from: sum.from.min(one.from), to: sum.to.max(one.to) })
        });
        Self { table, window: window.unwrap_or(scope.window), subject: &scope.subject }
    }

    /// Parses a row; `None` if it is not wanted or has no time.
    fn row(&self, object: Map<String, Value>) -> Option<Row> {
        let row = Row::from_json(self.table, object).ok()?;
        let in_window = self.window.contains(row.time());
        let metric = self.table.metric_name.as_ref().and_then(|path| row.text(path));
        let of_subject = row.matches_subject(self.table, metric.as_deref(), self.subject);
        (in_window && of_subject).then_some(row)
    }
}

/// The texts of conditions and line tests, one per line. An address or a host that a rule contains is not replaced.
fn protected_texts(plan: &Plan) -> String {
    let mut texts = BTreeSet::new();
    for request in plan.requests() {
        if let Request::Lines(LinesRequest { test, .. }) = request {
            texts.insert(match test {
                LineTest::Regex(text) | LineTest::Contains(text) => text.replace('\\', ""),
            });
        }
        for condition in &request.reading().filter {
            texts_of(&condition.test, &mut texts);
        }
    }
    texts.into_iter().collect::<Vec<_>>().join("\n")
}

/// The line tests of all requests; empty if they are too many for one [`RegexSet`].
fn line_tests(plan: &Plan) -> RegexSet {
    let tests: BTreeSet<String> = plan
        .requests()
        .iter()
        .filter_map(|request| match request {
            Request::Lines(LinesRequest { test: LineTest::Regex(text), .. }) => Some(text.clone()),
            Request::Lines(LinesRequest { test: LineTest::Contains(text), .. }) => Some(regex::escape(text)),
            _ => None,
        })
        .collect();
    RegexSet::new(tests).unwrap_or_else(|_| RegexSet::empty())
}

/// Collects the texts of a condition.
fn texts_of(test: &Test, texts: &mut BTreeSet<String>) {
    match test {
        Test::OneOf(all) => texts.extend(all.iter().cloned()),
        Test::Prefix(text) | Test::Contains(text) => {
            texts.insert(text.clone());
        }
        Test::Regex(text) => {
            texts.insert(text.replace('\\', ""));
        }
        Test::Not(inner) => texts_of(inner, texts),
        Test::Above(_) | Test::Below(_) | Test::Version(_) => {}
    }
}

/// The text of the `incident.yaml`. Strings are JSON, which is valid YAML.
fn incident_text(recording: &Recording<'_>, declared: &Declarations, pseudonyms: &mut PseudonymMap) -> String {
    let Scope { subject, window, parameters: set, reports: reported, .. } = recording.plan.scope();
    let quoted = |text: &str| Value::from(text).to_string();
    let map = |pairs: &BTreeMap<String, String>, pseudonyms: &mut PseudonymMap| {
        let pairs: Vec<String> = pairs
            .iter()
            .map(|(key, value)| format!("{}: {}", quoted(key), quoted(&pseudonyms.redact_text(value, Some(key)))))
            .collect();
        format!("{{ {} }}", pairs.join(", "))
    };
    let length = duration_of(window.ticks());
    let mut out = format!(
        "format: amp-rules-incident/v1\ntitle: {}\nsubject: {}\nnow: {}\nwindow: {}\n",
        quoted(&pseudonyms.redact_text(recording.title, None)),
        map(subject, pseudonyms),
        window.to,
        duration_text(length),
    );
    if !declared.tables.is_empty() {
        out.push_str("tables:\n");
    }
    for (name, declared) in &declared.tables {
        out.push_str(&format!("  {}: {}\n", quoted(name), state_text(declared)));
    }
    if declared.inventory_partial {
        out.push_str("inventory: partial\n");
    }
    if !reported.is_empty() {
        out.push_str("reported:\n");
    }
    for report in reported {
        out.push_str(&format!("  - {{ pattern: {}", quoted(&report.pattern)));
        if !report.entity.is_empty() {
            out.push_str(&format!(", entity: {}", map(&report.entity, pseudonyms)));
        }
        for (key, instant) in [("since", report.since), ("until", report.until)] {
            if let Some(instant) = instant {
                out.push_str(&format!(", {key}: {instant}"));
            }
        }
        out.push_str(" }\n");
    }
    if !set.is_empty() {
        out.push_str(&format!("set: {}\n", map(set, pseudonyms)));
    }
    out.push_str("provenance: recorded; identifiers are replaced\n");
    out
}

/// The value of a table in the `tables:` of an `incident.yaml`.
fn state_text(declared: &Declared) -> String {
    match &declared.state {
        State::Missing(kind) => format!("{{ missing: {} }}", kind.as_str()),
        State::Partial(reason, range) => {
            let edge = |key: &str, at: Time| match at {
                Time::MIN | Time::MAX => String::new(),
                _ => format!(", {key}: {at}"),
            };
            let range = range.map_or_else(String::new, |range| edge("from", range.from) + &edge("to", range.to));
            format!("{{ partial: {}{range} }}", reason.as_str())
        }
        State::Complete => {
            let part = |key: &str, (name, kind): (&String, &SourceErrorKind)| {
                format!("{{ {key}: {}, reason: {} }}", Value::from(name.as_str()), kind.as_str())
            };
            let metrics = declared.missing_metrics.iter().map(|one| part("metric", one));
            let parts: Vec<String> =
                metrics.chain(declared.missing_components.iter().map(|one| part("component", one))).collect();
            if parts.is_empty() { "complete".to_owned() } else { format!("{{ missing: [{}] }}", parts.join(", ")) }
        }
    }
}

/// Whether two diagnoses are equal except for replaced identifiers, ids of rows, and the order of lists.
///
/// `before` is the diagnosis of the original rows, `after` that of the recorded ones.
#[must_use]
pub fn same(before: &Diagnosis, after: &Diagnosis, pseudonyms: &mut PseudonymMap) -> bool {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let mut before = pseudonyms.redact_report(&parse(&report::json(before, None)));
    let mut after = parse(&report::json(after, None));
    normalize(&mut before);
    normalize(&mut after);
    before == after
}

/// Removes fields that may differ between the original and the record, and sorts lists.
fn normalize(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for free in ["row", "request_id", "request_ids", "problems"] {
                object.remove(free);
            }
            object.values_mut().for_each(normalize);
        }
        Value::Array(items) => {
            items.iter_mut().for_each(normalize);
            items.sort_by_cached_key(Value::to_string);
        }
        _ => {}
    }
}
