//! Rows of telemetry as an incident folder that can be given away.
//!
//! Input: rows of any origin, the scope of a diagnosis, and what is known to be missing. Output: a folder as
//! [`FixtureSource`] reads it, in which ids, addresses, e-mails, tokens and, where asked for, names of
//! hosts and resources are replaced, the same by the same everywhere. Rows are read twice, first to learn what there is to
//! replace, then to write, and never held. Nothing of what was replaced stands in the folder.

mod book;
mod find;

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
use amp_rules_core::time::{Time, Window, duration_text};
use amp_rules_core::{Diagnosis, Plan, report};
use flate2::{Compression, GzBuilder};
use regex::RegexSet;
use serde_json::{Map, Value};

use crate::declared::{Declarations, Declared, State};
use crate::folder::FixtureSource;

pub use book::{Book, Replaced};
pub use find::Kind;

/// Where rows come from. It is asked twice for each table and gives the same rows both times.
pub trait RawRows {
    /// Calls `each` with every row of a table as the service exports it, and returns what could not be read.
    ///
    /// # Errors
    ///
    /// The table is not there, or could not be read.
    fn raw(&self, table: &str, each: &mut dyn FnMut(Map<String, Value>)) -> Result<Vec<RowProblem>, SourceError>;
}

impl RawRows for FixtureSource {
    fn raw(&self, table: &str, each: &mut dyn FnMut(Map<String, Value>)) -> Result<Vec<RowProblem>, SourceError> {
        self.rows(table, each)
    }
}

/// What is recorded.
#[derive(Clone, Debug)]
pub struct Recording<'r> {
    /// The title of the incident.
    pub title: &'r str,
    /// The tables and their columns.
    pub schema: &'r Schema,
    /// Everything that the diagnosis reads; rows outside its windows and of other subjects are left out.
    pub plan: &'r Plan,
    /// What is known to be missing.
    pub declared: &'r Declarations,
    /// Whether names of hosts and of the subject's resources are replaced too.
    pub names: bool,
    /// Other words to replace.
    pub words: &'r [String],
}

/// What came of it.
#[derive(Debug)]
pub struct Recorded {
    /// Rows that were written, by table.
    pub rows: BTreeMap<String, u64>,
    /// What stands for what. Keep it to yourself.
    pub book: Book,
}

/// Why nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The folder is there already.
    #[error("`{0}` is there already and is not empty")]
    Exists(PathBuf),
    /// Something cannot be written.
    #[error("cannot write `{path}`")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Writes a folder that does not exist yet, or is empty.
///
/// A table that cannot be read becomes `missing` in `incident.yaml`, rows that cannot be read make it `partial`.
///
/// # Errors
///
/// The folder holds something, or cannot be written. What was written by then is removed.
pub fn record(recording: &Recording<'_>, rows: &dyn RawRows, folder: &Path) -> Result<Recorded, RecordError> {
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(RecordError::Exists(folder.to_owned()));
    }
    let existed = folder.exists();
    let scope = recording.plan.scope();
    let mut book = Book::new(protected(recording.plan), tests(recording.plan), recording.names);
    recording.words.iter().for_each(|word| book.word(word));
    scope.subject.values().for_each(|value| book.subject(value));
    let mut declared = recording.declared.clone();
    for table in recording.schema.tables.values() {
        if declared.get(&table.name).is_some_and(|known| matches!(known.state, State::Missing(_))) {
            continue;
        }
        let wanted = Wanted::of(table, recording.plan);
        let outcome = rows.raw(&table.name, &mut |row| {
            if let Some(row) = wanted.row(row) {
                book.hosts_of(table, &row);
                row.cells().values().for_each(|cell| book.learn(cell));
            }
        });
        judge(&table.name, outcome, recording.declared, &mut declared);
    }
    book.learn_texts(scope.subject.values().chain([&recording.title.to_owned()]));
    book.number();
    write(recording, rows, folder, &declared, book).inspect_err(|_| {
        if !existed {
            // What is half written helps nobody; that it cannot be removed either changes nothing.
            let _ = fs::remove_dir_all(folder);
        }
    })
}

/// What reading a table says of it.
fn judge(
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
        // A table of which nothing was said and nothing is there is not mentioned.
        Err(error) if error.kind == SourceErrorKind::NotConfigured && known.get(table).is_none() => {}
        Err(error) => {
            declared
                .tables
                .insert(table.to_owned(), Declared { state: State::Missing(error.kind), ..Declared::default() });
        }
    }
}

fn write(
    recording: &Recording<'_>,
    rows: &dyn RawRows,
    folder: &Path,
    declared: &Declarations,
    mut book: Book,
) -> Result<Recorded, RecordError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| RecordError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let mut counts = BTreeMap::new();
    for (name, state) in &declared.tables {
        let Some(table) = recording.schema.tables.get(name).filter(|_| !matches!(state.state, State::Missing(_)))
        else {
            continue;
        };
        let path = folder.join(format!("{name}.ndjson.gz"));
        let file = fs::File::create_new(&path).map_err(failed(&path))?;
        let mut out = GzBuilder::new().mtime(0).write(BufWriter::new(file), Compression::best());
        let wanted = Wanted::of(table, recording.plan);
        let mut count = 0;
        let mut broken: io::Result<()> = Ok(());
        let _told_before = rows.raw(name, &mut |row| {
            if let Some(row) = wanted.row(row).filter(|_| broken.is_ok()) {
                count += 1;
                let cells: Map<String, Value> =
                    row.cells().iter().map(|(name, cell)| (name.clone(), book.redacted(cell))).collect();
                broken = serde_json::to_writer(&mut out, &cells)
                    .map_err(io::Error::from)
                    .and_then(|()| out.write_all(b"\n"));
            }
        });
        broken.and_then(|()| out.finish()?.flush()).map_err(failed(&path))?;
        counts.insert(name.clone(), count);
    }
    let path = folder.join("incident.yaml");
    fs::write(&path, incident(recording, declared, &mut book)).map_err(failed(&path))?;
    Ok(Recorded { rows: counts, book })
}

/// Which rows of a table a diagnosis may look at.
struct Wanted<'t> {
    table: &'t Table,
    window: Option<Window>,
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
        Self { table, window: Some(window.unwrap_or(scope.window)), subject: &scope.subject }
    }

    /// A row that is wanted; one that has no instant is not.
    fn row(&self, object: Map<String, Value>) -> Option<Row> {
        let row = Row::from_json(self.table, object).ok()?;
        let here = self.window.is_none_or(|window| window.contains(row.time()));
        let metric = self.table.metric_name.as_ref().and_then(|path| row.text(path));
        let own = row.matches_subject(self.table, metric.as_deref(), self.subject);
        (here && own).then_some(row)
    }
}

/// What rules look for in texts: an address or a host that a rule names is no secret.
fn protected(plan: &Plan) -> String {
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

/// What rules look for in lines. Of rules too many to be tried at once nothing is tried.
fn tests(plan: &Plan) -> RegexSet {
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

/// The text of `incident.yaml`. Strings are written as JSON, which is YAML too.
fn incident(recording: &Recording<'_>, declared: &Declarations, book: &mut Book) -> String {
    let Scope { subject, window, parameters: set, reports: reported, .. } = recording.plan.scope();
    let quoted = |text: &str| Value::from(text).to_string();
    let map = |pairs: &BTreeMap<String, String>, book: &mut Book| {
        let pairs: Vec<String> =
            pairs.iter().map(|(key, value)| format!("{}: {}", quoted(key), quoted(&book.text(value)))).collect();
        format!("{{ {} }}", pairs.join(", "))
    };
    let length = amp_rules_core::time::duration_of(window.ticks());
    let mut out = format!(
        "format: amp-rules-incident/v1\ntitle: {}\nsubject: {}\nnow: {}\nwindow: {}\n",
        quoted(&book.text(recording.title)),
        map(subject, book),
        window.to,
        duration_text(length),
    );
    if !declared.tables.is_empty() {
        out.push_str("tables:\n");
    }
    for (name, declared) in &declared.tables {
        out.push_str(&format!("  {}: {}\n", quoted(name), state(declared)));
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
            out.push_str(&format!(", entity: {}", map(&report.entity, book)));
        }
        for (key, instant) in [("since", report.since), ("until", report.until)] {
            if let Some(instant) = instant {
                out.push_str(&format!(", {key}: {instant}"));
            }
        }
        out.push_str(" }\n");
    }
    if !set.is_empty() {
        out.push_str(&format!("set: {}\n", map(set, book)));
    }
    out.push_str("provenance: recorded; identifiers are replaced\n");
    out
}

fn state(declared: &Declared) -> String {
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

/// Whether two diagnoses say the same but for what the book replaces, for ids of rows, and for the order of lists.
#[must_use]
pub fn same(before: &Diagnosis, after: &Diagnosis, book: &mut Book) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let mut before = book.redacted(&read(&report::json(before, None)));
    let mut after = read(&report::json(after, None));
    level(&mut before);
    level(&mut after);
    before == after
}

/// Takes out what may differ between a source and its record, and puts lists in an order that names do not change.
fn level(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for free in ["row", "request_id", "request_ids", "problems"] {
                object.remove(free);
            }
            object.values_mut().for_each(level);
        }
        Value::Array(items) => {
            items.iter_mut().for_each(level);
            items.sort_by_cached_key(Value::to_string);
        }
        _ => {}
    }
}
