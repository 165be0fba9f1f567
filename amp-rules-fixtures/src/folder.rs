//! An incident folder as a [`TelemetrySource`]: files of rows in, answers out.
//!
//! Input: a folder with `<table>.ndjson`, `<table>.csv` or `<table>.response.json` (each also compressed, each also as
//! `<table>/<part>.…`), and optionally an `incident.yaml` that says what is missing. Output: answers folded in one pass
//! per file over all requests; memory does not grow with the files. What could not be read is counted, reported with
//! file and line, and makes the answer partial. Nothing here panics on any bytes, follows a link out of a table's own
//! folder on purpose, or writes.

mod bytes;
mod error;
mod listing;
mod response;
mod rows;
mod scan;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use amp_rules_core::telemetry::request::{QueryRequest, Request};
use amp_rules_core::telemetry::schema::{Schema, Table};
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::telemetry::source::declared::Declared;
use amp_rules_core::telemetry::source::rows::{Row, RowAggregator};
use amp_rules_core::telemetry::source::{
    Answer, Capabilities, Completeness, Gap, SourceError, SourceErrorKind, TelemetrySource,
};
use amp_rules_core::time::Time;
use async_trait::async_trait;
use serde_json::Value;

use crate::declared::{Declarations, State};
use crate::incident::{Incident, IncidentError};
use crate::query::{self, Losses, Queried, QueryError, Question, Recorded};
use listing::TableFile;
use scan::{KEPT, Scan};

pub use error::{OpenError, OpenErrorKind};

/// A folder of exported rows.
pub struct FixtureSource {
    folder: PathBuf,
    tables: BTreeMap<String, Held>,
    declarations: Declarations,
    recorded: Declared,
    incident: Option<Incident>,
    problems: Vec<RowProblem>,
    bytes: u64,
    progress: Option<Box<Progress>>,
}

/// Told the bytes read so far and the bytes there are, as they lie on disk.
pub type Progress = dyn Fn(u64, u64) + Send + Sync;

#[derive(Debug)]
struct Held {
    table: Arc<Table>,
    files: Vec<TableFile>,
}

/// What stands in a folder: which subjects, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// Rows per table.
    pub rows: BTreeMap<String, u64>,
    /// The time of the first row.
    pub first: Option<Time>,
    /// The time of the last row.
    pub last: Option<Time>,
    /// Values of the subject's keys with the number of their rows: key → value → rows.
    pub subjects: BTreeMap<String, BTreeMap<String, u64>>,
}

impl fmt::Debug for FixtureSource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("FixtureSource")
            .field("folder", &self.folder)
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}

impl FixtureSource {
    /// Opens a folder; what its `incident.yaml` declares holds.
    ///
    /// Of every file only as much is read as it takes to find one good row.
    ///
    /// # Errors
    ///
    /// One clear error for a folder that is missing, unreadable, empty, or holds no readable row.
    pub fn open(folder: &Path, schema: &Schema) -> Result<Self, OpenError> {
        listing::check(folder)?;
        let incident = Incident::read(folder).map_err(|error| match error {
            IncidentError::Unreadable { path, source } => OpenError::Unreadable { path, source },
            other @ IncidentError::Wrong(_) => OpenError::Incident { folder: folder.to_owned(), error: other },
        })?;
        let tables: Vec<Arc<Table>> = schema.tables.values().cloned().collect();
        let declarations = incident.as_ref().map(|incident| incident.tables.clone()).unwrap_or_default();
        let mut source = Self::of_tables(folder, &tables, declarations)?;
        source.incident = incident;
        source.check()?;
        Ok(source)
    }

    /// Opens a folder of rows of these tables, with declarations from elsewhere; `incident.yaml` is not looked at.
    ///
    /// # Errors
    ///
    /// The folder is missing or cannot be listed.
    pub fn of_tables(folder: &Path, tables: &[Arc<Table>], declarations: Declarations) -> Result<Self, OpenError> {
        listing::check(folder)?;
        let listing = listing::list(folder, tables)?;
        let mut held: BTreeMap<String, Held> = BTreeMap::new();
        for (index, files) in listing.files {
            if let Some(table) = tables.get(index) {
                held.insert(table.name.clone(), Held { table: Arc::clone(table), files });
            }
        }
        let bytes = held.values().flat_map(|held| &held.files).map(|file| file.bytes).sum();
        let mut problems = listing.problems;
        let known: BTreeSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        for (name, declared) in &declarations.tables {
            let origin = "incident.yaml".to_owned();
            if !known.contains(name.as_str()) {
                problems.push(RowProblem { origin, line: 0, what: format!("the rules know no table `{name}`") });
            } else if declared.state == State::Complete && !held.contains_key(name) {
                problems.push(RowProblem {
                    origin,
                    line: 0,
                    what: format!("the table `{name}` is declared, but there is no file of it"),
                });
            }
        }
        problems.sort();
        let mut recorded = declarations.recorded();
        for name in held.keys() {
            recorded.table(name);
        }
        for (name, declared) in &declarations.tables {
            // A declaration without rows is a promise that the folder does not keep; it is never proof of absence.
            if !held.contains_key(name) && !matches!(declared.state, State::Missing(_)) {
                recorded.missing(name, SourceErrorKind::TableMissing);
            }
        }
        Ok(Self {
            recorded,
            folder: folder.to_owned(),
            tables: held,
            declarations,
            incident: None,
            problems,
            bytes,
            progress: None,
        })
    }

    /// Tells how far a scan has come.
    #[must_use]
    pub fn with_progress(mut self, progress: Box<Progress>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// What `incident.yaml` says, where the folder has one.
    #[must_use]
    pub fn incident(&self) -> Option<&Incident> {
        self.incident.as_ref()
    }

    /// What is wrong with the folder itself: files that are no table's, tables that are declared and not there. Problems
    /// of rows are in the answers.
    #[must_use]
    pub fn problems(&self) -> &[RowProblem] {
        &self.problems
    }

    /// The names of the tables that have files, sorted.
    #[must_use]
    pub fn tables(&self) -> Vec<&str> {
        self.tables.keys().map(String::as_str).collect()
    }

    /// The size of all files of rows, as they lie on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Calls `each` with every row of a table as its file holds it, in the order of files and lines, and returns what
    /// could not be read.
    ///
    /// # Errors
    ///
    /// The table is declared missing, or has no file, or none of its files could be read.
    pub fn rows(
        &self,
        table: &str,
        each: &mut dyn FnMut(serde_json::Map<String, Value>),
    ) -> Result<Vec<RowProblem>, SourceError> {
        let held = self.held(table)?;
        let mut scan = Scan::new(
            &held.table,
            Box::new(|_, row| {
                each(row);
                Ok(())
            }),
        );
        self.scan(held, &mut scan, &AtomicU64::new(0));
        scan.finish().map(|(_, problems)| problems).map_err(|(kind, what)| SourceError::read(kind, table, what))
    }

    /// Runs a query in KQL over the folder's tables.
    ///
    /// # Errors
    ///
    /// The text is wrong, or uses what only a service has; a table cannot be read; the query does not come to its end.
    pub fn query(&self, schema: &Schema, question: &Question<'_>) -> Result<Queried, QueryError> {
        let tables: Vec<Arc<Table>> = schema.tables.values().cloned().collect();
        query::ask(self, &tables, question)
    }

    /// Reads every row once and tells which subjects and times there are: what a caller needs to choose a scope.
    #[must_use]
    pub fn survey(&self, subject: &[String]) -> Survey {
        let mut survey = Survey::default();
        for (name, held) in &self.tables {
            let mut rows = 0;
            let outcome = self.rows(name, &mut |object| {
                let Ok(row) = Row::from_json(&held.table, object) else { return };
                rows += 1;
                let at = row.time();
                survey.first = Some(survey.first.map_or(at, |first| first.min(at)));
                survey.last = Some(survey.last.map_or(at, |last| last.max(at)));
                for key in subject {
                    let cell = held
                        .table
                        .key_path(key, None)
                        .and_then(|path| row.cell(path))
                        .and_then(|cell| cell.as_str().map(str::to_owned));
                    if let Some(value) = cell {
                        let value = if held.table.folded_keys.contains(key) { value.to_lowercase() } else { value };
                        *survey.subjects.entry(key.clone()).or_default().entry(value).or_default() += 1;
                    }
                }
            });
            if outcome.is_ok() {
                survey.rows.insert(name.clone(), rows);
            }
        }
        survey
    }

    /// What the rules say of a table that the folder has.
    pub(crate) fn table(&self, name: &str) -> Result<Arc<Table>, SourceError> {
        self.held(name).map(|held| Arc::clone(&held.table))
    }

    fn held(&self, table: &str) -> Result<&Held, SourceError> {
        let refuse = |kind, what: String| Err(SourceError::read(kind, table, what));
        if let Some(State::Missing(kind)) = self.declarations.get(table).map(|declared| &declared.state) {
            return refuse(*kind, format!("the table is declared missing ({})", kind.as_str()));
        }
        match self.tables.get(table) {
            Some(held) => Ok(held),
            None => refuse(SourceErrorKind::NotConfigured, "the folder has no file of this table".to_owned()),
        }
    }

    /// A folder in which no row can be read at all is refused as a whole.
    fn check(&self) -> Result<(), OpenError> {
        let declared = self.declarations.tables.values().any(|declared| matches!(declared.state, State::Missing(_)));
        if self.tables.is_empty() {
            let names: Vec<&str> = self
                .problems
                .iter()
                .map(|problem| problem.origin.as_str())
                .filter(|name| *name != "incident.yaml")
                .take(5)
                .collect();
            let found =
                if names.is_empty() { "the folder is empty".to_owned() } else { format!("found {}", names.join(", ")) };
            return if declared { Ok(()) } else { Err(OpenError::Empty { folder: self.folder.clone(), found }) };
        }
        let mut problems = Vec::new();
        for held in self.tables.values() {
            let mut probe = Scan::new(&held.table, Box::new(|table, row| Row::from_json(table, row).map(drop)));
            probe.enough = true;
            for file in &held.files {
                probe.origin.clone_from(&file.name);
                rows::read(&file.path, file.shape, &held.table, &|_| {}, &mut probe);
                if probe.rows > 0 || probe.empty() {
                    return Ok(());
                }
            }
            problems.extend(probe.problems);
        }
        problems.truncate(KEPT);
        match problems.first().cloned() {
            Some(first) => Err(OpenError::Garbled { folder: self.folder.clone(), first, problems }),
            None => Ok(()),
        }
    }

    fn scan(&self, held: &Held, scan: &mut Scan<'_>, read: &AtomicU64) {
        for file in &held.files {
            scan.origin.clone_from(&file.name);
            let meter = |many: u64| {
                let so_far = read.fetch_add(many, Ordering::Relaxed) + many;
                if let Some(progress) = &self.progress {
                    progress(so_far, self.bytes);
                }
            };
            rows::read(&file.path, file.shape, &held.table, &meter, scan);
        }
    }

    /// Answers all requests on one table in one pass over its files.
    fn answer(&self, name: &str, requests: &[Request], read: &AtomicU64) -> Vec<Result<Answer, SourceError>> {
        let refuse = |kind: SourceErrorKind, what: &str| {
            requests.iter().map(|_| Err(SourceError::read(kind, name, what.to_owned()))).collect::<Vec<_>>()
        };
        let refused: Vec<Option<SourceError>> = requests.iter().map(|request| self.recorded.refusal(request)).collect();
        let asked: Vec<Request> = requests
            .iter()
            .zip(&refused)
            .filter(|(_, refused)| refused.is_none())
            .map(|(request, _)| request.clone())
            .collect();
        let Some(held) = self.tables.get(name).filter(|_| !asked.is_empty()) else {
            let nothing =
                || SourceError::read(SourceErrorKind::NotConfigured, name, "the folder has no file of this table");
            return refused.into_iter().map(|refused| Err(refused.unwrap_or_else(nothing))).collect();
        };
        let mut fold = RowAggregator::new(&asked);
        let outcome = {
            let mut scan = Scan::new(
                &held.table,
                Box::new(|table, object| {
                    let row = Row::from_json(table, object)?;
                    fold.add(&table.name, &row);
                    Ok(())
                }),
            );
            self.scan(held, &mut scan, read);
            scan.finish()
        };
        let (lost, problems) = match outcome {
            Ok(outcome) => outcome,
            Err((kind, what)) => return refuse(kind, &what),
        };
        let mut folded = fold.finish().into_iter();
        refused
            .into_iter()
            .zip(requests)
            .map(|(refused, request)| {
                if let Some(error) = refused {
                    return Err(error);
                }
                let lost_track = || Err(SourceError::read(SourceErrorKind::Malformed, name, "a request has no answer"));
                let folded = folded.next().unwrap_or_else(lost_track)?;
                let mut gaps = self.recorded.gaps(request);
                gaps.extend(lost.iter().map(|reason| Gap { reason: *reason, range: None, entities: None }));
                gaps.extend(folded.gaps);
                gaps.sort();
                gaps.dedup();
                let completeness = if gaps.is_empty() { Completeness::Complete } else { Completeness::Partial(gaps) };
                let mut answer = Answer::complete(folded.data);
                answer.completeness = completeness;
                answer.missing_columns = folded.missing_columns;
                answer.problems.clone_from(&problems);
                Ok(answer)
            })
            .collect()
    }
}

impl Recorded for FixtureSource {
    fn declared(&self) -> &Declared {
        &self.recorded
    }

    fn each(&self, table: &Table, sink: &mut dyn FnMut(&Row) -> ControlFlow<()>) -> Result<Losses, SourceError> {
        let Some(held) = self.tables.get(&table.name) else {
            let what = "the folder has no file of this table";
            return Err(SourceError::read(SourceErrorKind::NotConfigured, &table.name, what));
        };
        let enough = Cell::new(false);
        let mut scan = Scan::new(
            &held.table,
            Box::new(|_, object| {
                let row = Row::from_json(table, object)?;
                enough.set(sink(&row).is_break());
                Ok(())
            }),
        );
        scan.stop = Some(&enough);
        for file in held.files.iter().take_while(|_| !enough.get()) {
            scan.origin.clone_from(&file.name);
            rows::read(&file.path, file.shape, &held.table, &|_| {}, &mut scan);
        }
        scan.finish()
            .map(|(reasons, problems)| Losses { reasons, problems })
            .map_err(|(kind, what)| SourceError::read(kind, &table.name, what))
    }
}

#[async_trait]
impl TelemetrySource for FixtureSource {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        let mut by_table: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut queries: Vec<(usize, &QueryRequest)> = Vec::new();
        for (index, request) in requests.iter().enumerate() {
            match request {
                Request::Query(query) => queries.push((index, query)),
                _ => by_table.entry(request.reading().table.name.as_str()).or_default().push(index),
            }
        }
        let read = AtomicU64::new(0);
        // One thread per table: tables share no file, and each file is still read once. A query reads its tables by itself.
        let answered: Vec<(Vec<usize>, Vec<Result<Answer, SourceError>>)> = std::thread::scope(|scope| {
            let asked = (!queries.is_empty()).then(|| {
                scope.spawn(|| queries.iter().map(|(index, asked)| (*index, query::answer(self, asked))).collect())
            });
            let running: Vec<_> = by_table
                .into_iter()
                .map(|(table, indices)| {
                    let asked: Vec<Request> =
                        indices.iter().filter_map(|index| requests.get(*index)).cloned().collect();
                    let read = &read;
                    (indices, scope.spawn(move || self.answer(table, &asked, read)))
                })
                .collect();
            let mut answered: Vec<_> =
                running.into_iter().map(|(indices, thread)| (indices, thread.join().unwrap_or_default())).collect();
            let queried: Vec<(usize, Result<Answer, SourceError>)> =
                asked.and_then(|thread| thread.join().ok()).unwrap_or_default();
            answered.push(queried.into_iter().unzip());
            answered
        });
        let mut placed: BTreeMap<usize, Result<Answer, SourceError>> =
            answered.into_iter().flat_map(|(indices, answers)| indices.into_iter().zip(answers)).collect();
        (0..requests.len())
            .map(|index| {
                placed.remove(&index).unwrap_or_else(|| {
                    Err(SourceError::new(SourceErrorKind::Other, "read the folder", "the reader of the table stopped"))
                })
            })
            .collect()
    }
}
