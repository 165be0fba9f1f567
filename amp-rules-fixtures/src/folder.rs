//! An incident folder as a [`TelemetrySource`]: files of rows in, answers out.
//!
//! Input: a folder with `<table>.ndjson`, `<table>.csv` or `<table>.response.json`, optionally compressed or split into
//! `<table>/<part>.…`, and optionally an `incident.yaml` that declares missing telemetry. Output: answers, aggregated in
//! one pass per file for all requests; memory does not grow with the files, and everything has a limit ([`Limits`]).
//! Unreadable rows are counted, reported with file and line, and make the answer partial. Nothing here panics on any bytes or
//! writes.

mod alive;
mod bytes;
mod error;
mod file;
mod listing;
mod objects;
mod problem;
mod recognise;
mod response;
mod row_scope;
mod rows;
mod scan;
mod sink;
mod summary;
mod text;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use amp_rules_core::telemetry::request::QueryRequest as PlannedQuery;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::{Schema, Table};
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::telemetry::source::declared::Declared;
use amp_rules_core::telemetry::source::rows::{Row, RowAggregator};
use amp_rules_core::telemetry::source::{
    Answer, Capabilities, Completeness, Gap, SourceError, SourceErrorKind, TelemetrySource,
};
use async_trait::async_trait;
use serde_json::Value;

use crate::declared::{Declarations, State};
use crate::form::{Catalogue, FileOptions, Record};
use crate::incident::{Incident, IncidentError};
use crate::input::Limits;
use crate::query::{self, Losses, QueryError, QueryOutput, QueryRequest, RowSource};
use alive::{AliveFiles, ObjectFiles};
use file::TableFile;
use recognise::Recogniser;
use scan::{MAX_PROBLEMS, Scan, ScanOutcome};
use summary::Times;

pub use error::{OpenError, OpenErrorKind};
pub use summary::{FileSummary, FolderSummary, RowScope, RowScopeError};

/// A folder of exported rows.
pub struct FixtureSource {
    folder: PathBuf,
    /// The tables and layouts that files were compared with.
    catalogue: Arc<Catalogue>,
    /// Tables that have files, by name.
    tables: BTreeMap<String, TableFiles>,
    declarations: Declarations,
    /// The declarations in the form that sources use, with the tables that have files.
    declared: Declared,
    incident: Option<Incident>,
    problems: Vec<RowProblem>,
    /// The size of all files on disk.
    bytes: u64,
    progress: Option<Box<Progress>>,
    limits: Limits,
}

/// Callback that receives the number of bytes read so far and the total, both as on disk.
pub type Progress = dyn Fn(u64, u64) + Send + Sync;

/// A table with its files, sorted by name; at least one.
#[derive(Debug)]
struct TableFiles {
    table: Arc<Table>,
    files: Vec<TableFile>,
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
    /// Opens a folder with the declarations of its `incident.yaml`, within the default limits.
    ///
    /// # Errors
    ///
    /// As [`open_within`](Self::open_within).
    pub fn open(folder: &Path, schema: &Schema) -> Result<Self, OpenError> {
        Self::open_within(folder, schema, Limits::default())
    }

    /// Opens a folder with the declarations of its `incident.yaml`.
    ///
    /// Reads every file only up to its first good row.
    ///
    /// # Errors
    ///
    /// The folder is missing, unreadable or empty, has no readable row, or its `incident.yaml` does not match the format.
    /// See [`OpenError::kind`].
    pub fn open_within(folder: &Path, schema: &Schema, limits: Limits) -> Result<Self, OpenError> {
        listing::check(folder)?;
        Self::open_paths(&[folder.to_owned()], schema, &FileOptions::default(), limits)
    }

    /// Opens files and folders, with the declarations of the `incident.yaml` of a folder, if one has any.
    ///
    /// Reads every file up to what shows its columns, and files whose dates have an unknown order of day and month to their end.
    ///
    /// # Errors
    ///
    /// A path is missing or unreadable, nothing in them has a readable row, several folders have an `incident.yaml`, or one does
    /// not match the format. See [`OpenError::kind`].
    pub fn open_paths(
        paths: &[PathBuf],
        schema: &Schema,
        options: &FileOptions,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let mut incident: Option<(&PathBuf, Incident)> = None;
        for folder in paths {
            let read = Incident::read_within(folder, &limits).map_err(|error| match error {
                IncidentError::Unreadable(error) => OpenError::Unreadable(error),
                other @ IncidentError::Wrong(_) => OpenError::Incident { folder: folder.clone(), error: other },
            })?;
            match (read, &incident) {
                (Some(_), Some((first, _))) => {
                    return Err(OpenError::SeveralIncidents { first: (*first).clone(), second: folder.clone() });
                }
                (Some(read), None) => incident = Some((folder, read)),
                (None, _) => {}
            }
        }
        let incident = incident.map(|(_, incident)| incident);
        let declarations = incident.as_ref().map(|incident| incident.tables.clone()).unwrap_or_default();
        let mut source = Self::of_catalogue(paths, Catalogue::new(schema), declarations, options, limits)?;
        source.incident = incident;
        source.check()?;
        Ok(source)
    }

    /// Opens a folder of rows of these tables with the given declarations, within the default limits. `incident.yaml` is
    /// ignored.
    ///
    /// # Errors
    ///
    /// The folder is missing, cannot be listed, or exceeds a limit.
    pub fn of_tables(folder: &Path, tables: &[Arc<Table>], declarations: Declarations) -> Result<Self, OpenError> {
        listing::check(folder)?;
        let catalogue = Catalogue::of_tables(tables);
        let paths = [folder.to_owned()];
        Self::of_catalogue(&paths, catalogue, declarations, &FileOptions::default(), Limits::default())
    }

    fn of_catalogue(
        paths: &[PathBuf],
        catalogue: Catalogue,
        declarations: Declarations,
        options: &FileOptions,
        limits: Limits,
    ) -> Result<Self, OpenError> {
        let catalogue = Arc::new(catalogue);
        let tables = &catalogue.tables;
        let listing = listing::list(paths, &Recogniser { catalogue: &catalogue, options, limits: &limits })?;
        let mut found: BTreeMap<String, TableFiles> = BTreeMap::new();
        for (index, files) in listing.files {
            if let Some(table) = tables.get(index) {
                found.insert(table.name.clone(), TableFiles { table: Arc::clone(table), files });
            }
        }
        let bytes = found.values().flat_map(|one| &one.files).map(|file| file.bytes).sum();
        let mut problems = listing.problems;
        let known: BTreeSet<&str> = tables.iter().map(|table| table.name.as_str()).collect();
        for (name, declared) in &declarations.tables {
            let origin = "incident.yaml".to_owned();
            if !known.contains(name.as_str()) {
                problems.push(RowProblem { origin, line: 0, what: format!("the rules define no table `{name}`") });
            } else if declared.state == State::Complete && !found.contains_key(name) {
                problems.push(RowProblem {
                    origin,
                    line: 0,
                    what: format!("the table `{name}` is declared, but has no file"),
                });
            }
        }
        problems.sort();
        let mut declared = declarations.to_source_declarations();
        for name in found.keys() {
            declared.table(name);
        }
        for (name, state) in &declarations.tables {
            // A declared table without files is missing: it must not prove absence.
            if !found.contains_key(name) && !state.is_missing() {
                declared.missing(name, SourceErrorKind::TableMissing);
            }
        }
        Ok(Self {
            declared,
            catalogue: Arc::clone(&catalogue),
            folder: paths.first().cloned().unwrap_or_default(),
            tables: found,
            declarations,
            incident: None,
            problems,
            bytes,
            progress: None,
            limits,
        })
    }

    /// Sets the callback for the progress of reading.
    #[must_use]
    pub fn with_progress(mut self, progress: Box<Progress>) -> Self {
        self.progress = Some(progress);
        self
    }

    /// The incident of the folder; `None` if it has no `incident.yaml`.
    #[must_use]
    pub fn incident(&self) -> Option<&Incident> {
        self.incident.as_ref()
    }

    /// Problems of the folder itself, sorted: files of no table, declared tables without files. Problems of rows are in
    /// the answers.
    #[must_use]
    pub fn problems(&self) -> &[RowProblem] {
        &self.problems
    }

    /// The names of the tables that have files, sorted.
    #[must_use]
    pub fn tables(&self) -> Vec<&str> {
        self.tables.keys().map(String::as_str).collect()
    }

    /// The size on disk of all files of rows in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Calls `each` with every row of a table as its file holds it, in the order of files and lines. Returns the
    /// unreadable rows, at most 100 and their count.
    ///
    /// # Errors
    ///
    /// The table is declared missing or has no file, or none of its rows could be read.
    pub fn rows(
        &self,
        table: &str,
        each: &mut dyn FnMut(serde_json::Map<String, Value>),
    ) -> Result<Vec<RowProblem>, SourceError> {
        let files = self.files(table)?;
        let mut scan = Scan::new(
            &files.table,
            self.limits,
            Box::new(|_, row| {
                each(row.cells);
                Ok(())
            }),
        );
        self.scan(files, &mut scan, &AtomicU64::new(0), &|| {});
        scan.finish()
            .map(|(_, problems)| problems)
            .map_err(|(kind, what)| SourceError::new(kind, format!("read {table}"), what))
    }

    /// Runs a KQL query over the tables of the folder.
    ///
    /// # Errors
    ///
    /// The text is wrong or uses constructs that only a service supports, a table cannot be read, or the query does not
    /// run to completion. See [`QueryError`].
    pub fn query(&self, schema: &Schema, request: &QueryRequest<'_>) -> Result<QueryOutput, QueryError> {
        let tables: Vec<Arc<Table>> = schema.tables.values().cloned().collect();
        query::run_query(self, &tables, request)
    }

    /// Reads every row once and summarizes them, so that a scope can be chosen. `subject` are the keys of the subject.
    #[must_use]
    pub fn summary(&self, subject: &[String]) -> FolderSummary {
        let mut summary = FolderSummary::default();
        let mut times = Times::default();
        for (name, files) in &self.tables {
            if self.declarations.is_missing(name) {
                continue;
            }
            let mut all = 0;
            let mut is_readable = false;
            for file in &files.files {
                let mut own = FileSummary { name: file.name.clone(), table: name.clone(), ..FileSummary::default() };
                own.form = file.rule.form_name(&files.table);
                let mut named: BTreeSet<&String> = BTreeSet::new();
                let mut scan = Scan::new(
                    &files.table,
                    self.limits,
                    Box::new(|table, record| {
                        let row = record.into_row(table)?;
                        own.rows += 1;
                        let at = row.time();
                        // The time of a line without one decides nothing.
                        if row.interval().is_none() {
                            times.add(at);
                            own.span = Some(own.span.map_or((at, at), |(from, to)| (from.min(at), to.max(at))));
                        }
                        for key in subject {
                            let cell = table.key_path(key, None).and_then(|path| row.text(path));
                            let Some(value) = cell.filter(|value| !value.is_empty()) else { continue };
                            named.insert(key);
                            let value =
                                if table.folded_keys.contains(key) { value.to_lowercase() } else { value.into_owned() };
                            *summary.subjects.entry(key.clone()).or_default().entry(value).or_default() += 1;
                        }
                        Ok(())
                    }),
                );
                scan.read(file, &|_| {});
                let (many, first) = scan.problems();
                let is_empty = scan.finish().is_ok();
                own.problems = many;
                own.first_problem = first;
                is_readable |= is_empty;
                let has_key = |key: &&String| files.table.keys.contains_key(*key);
                own.lacks = subject.iter().filter(has_key).filter(|key| !named.contains(key)).cloned().collect();
                all += own.rows;
                summary.files.push(own);
            }
            if is_readable {
                summary.rows.insert(name.clone(), all);
            }
        }
        times.finish(&mut summary);
        summary
    }

    /// The keys of the subject: those of the coarsest kinds of entities.
    #[must_use]
    pub fn subject_keys(&self) -> &[String] {
        &self.catalogue.subject_keys
    }

    /// Whether some file was recognised by what stands in it, so that its subject has to be completed.
    #[must_use]
    pub fn has_other_forms(&self) -> bool {
        self.tables.values().flat_map(|files| &files.files).any(|file| !file.rule.is_named)
    }

    /// The schema of a table that has files.
    ///
    /// # Errors
    ///
    /// The table is declared missing or has no file.
    pub(crate) fn table(&self, name: &str) -> Result<Arc<Table>, SourceError> {
        self.files(name).map(|files| Arc::clone(&files.table))
    }

    fn files(&self, table: &str) -> Result<&TableFiles, SourceError> {
        if let Some(State::Missing(kind)) = self.declarations.get(table).map(|declared| &declared.state) {
            let what = format!("the table is declared missing ({})", kind.as_str());
            return Err(SourceError::new(*kind, format!("read {table}"), what));
        }
        self.tables.get(table).ok_or_else(|| no_file(table))
    }

    /// Rejects a folder without any readable row.
    fn check(&self) -> Result<(), OpenError> {
        let declared = self.declarations.tables.values().any(|declared| declared.is_missing());
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
            return if declared { Ok(()) } else { Err(self.empty(found)) };
        }
        let mut problems = Vec::new();
        for files in self.tables.values() {
            let each = |table: &Table, row: Record| row.into_row(table).map(drop);
            let mut probe = Scan::new(&files.table, self.limits, Box::new(each));
            probe.probe = true;
            for file in &files.files {
                probe.read(file, &|_| {});
                if probe.rows > 0 || probe.is_empty() {
                    return Ok(());
                }
            }
            problems.extend(probe.problems);
        }
        problems.truncate(MAX_PROBLEMS);
        match problems.first().cloned() {
            Some(first) => Err(OpenError::Garbled { folder: self.folder.clone(), first, problems }),
            None => Ok(()),
        }
    }

    fn empty(&self, found: String) -> OpenError {
        OpenError::Empty { folder: self.folder.clone(), found, remarks: self.problems.clone() }
    }

    /// Reads all files of a table and calls `ended` after each. `read` counts bytes and is shared by the tables that are read
    /// at the same time.
    fn scan(&self, files: &TableFiles, scan: &mut Scan<'_>, read: &AtomicU64, ended: &dyn Fn()) {
        for file in &files.files {
            let on_bytes_read = |bytes: u64| {
                let so_far = read.fetch_add(bytes, Ordering::Relaxed) + bytes;
                if let Some(progress) = &self.progress {
                    progress(so_far, self.bytes);
                }
            };
            scan.read(file, &on_bytes_read);
            ended();
        }
    }

    /// The outcome of a pass over the files of a table. A table whose files show nothing is missing, unless `incident.yaml`
    /// declares it complete: it must not prove absence.
    fn finished(&self, table: &str, scan: Scan<'_>) -> ScanOutcome {
        if scan.shows_nothing() && self.declarations.get(table).is_none_or(|declared| declared.state != State::Complete)
        {
            let what = format!(
                "its files are empty; if it really has no rows, declare `tables: {{ {table}: complete }}` in incident.yaml"
            );
            return Err((SourceErrorKind::TableMissing, what));
        }
        scan.finish()
    }

    /// Answers all requests for one table in one pass over its files.
    fn answer(&self, name: &str, requests: &[Request], read: &AtomicU64) -> Vec<Result<Answer, SourceError>> {
        let refused: Vec<Option<SourceError>> = requests.iter().map(|request| self.declared.refusal(request)).collect();
        let accepted: Vec<Request> = requests
            .iter()
            .zip(&refused)
            .filter(|(_, refused)| refused.is_none())
            .map(|(request, _)| request.clone())
            .collect();
        let Some(files) = self.tables.get(name).filter(|_| !accepted.is_empty()) else {
            return refused.into_iter().map(|refused| Err(refused.unwrap_or_else(|| no_file(name)))).collect();
        };
        let fold = RefCell::new(RowAggregator::within(&accepted, self.limits.memory()));
        let mut alive = AliveFiles::default();
        let mut objects = ObjectFiles::new(&files.files);
        let outcome = {
            let mut scan = Scan::new(
                &files.table,
                self.limits,
                Box::new(|table, record| {
                    let container = record.alive.clone();
                    let origin = record.origin.clone();
                    let row = record.into_row(table)?;
                    match (container, origin) {
                        (Some(container), Some(origin)) => alive.add(table, &row, &container, &origin),
                        (None, Some(origin)) => objects.add(&row, &origin),
                        (_, None) => {}
                    }
                    fold.borrow_mut().add(&table.name, &row);
                    Ok(())
                }),
            );
            self.scan(files, &mut scan, read, &|| fold.borrow_mut().end_of_file(name));
            let remarks = scan.take_remarks();
            self.finished(name, scan).map(|(lost, mut problems)| {
                problems.extend(remarks);
                (lost, problems)
            })
        };
        let (lost, problems) = match outcome {
            Ok(outcome) => outcome,
            Err((kind, what)) => {
                let error = || SourceError::new(kind, format!("read {name}"), what.clone());
                return requests.iter().map(|_| Err(error())).collect();
            }
        };
        let mut folded = fold.into_inner().finish().into_iter();
        refused
            .into_iter()
            .zip(requests)
            .map(|(refused, request)| {
                if let Some(error) = refused {
                    return Err(error);
                }
                let no_answer = || {
                    Err(SourceError::new(SourceErrorKind::Malformed, format!("read {name}"), "a request has no answer"))
                };
                let mut folded = folded.next().unwrap_or_else(no_answer)?;
                let mut gaps = self.declared.gaps(request);
                alive.apply(request, &mut folded.data, &mut gaps);
                gaps.extend(objects.gap(request));
                gaps.extend(lost.iter().map(|reason| Gap { reason: *reason, range: None, entities: None }));
                gaps.extend(folded.gaps);
                gaps.sort();
                gaps.dedup();
                let completeness = if gaps.is_empty() { Completeness::Complete } else { Completeness::Partial(gaps) };
                let mut answer = Answer::complete(folded.data);
                answer.completeness = completeness;
                answer.missing_columns = folded.missing_columns;
                answer.problems.clone_from(&problems);
                answer.problems.extend(folded.problems);
                Ok(answer)
            })
            .collect()
    }
}

/// The error for a table without files.
fn no_file(table: &str) -> SourceError {
    let what = "the folder has no file of this table";
    SourceError::new(SourceErrorKind::NotConfigured, format!("read {table}"), what)
}

impl RowSource for FixtureSource {
    fn declared(&self) -> &Declared {
        &self.declared
    }

    fn query_limits(&self) -> kql_lang::run::Limits {
        self.limits.query()
    }

    fn each(&self, table: &Table, sink: &mut dyn FnMut(&Row) -> ControlFlow<()>) -> Result<Losses, SourceError> {
        let files = self.tables.get(&table.name).ok_or_else(|| no_file(&table.name))?;
        let stop = Cell::new(false);
        let mut scan = Scan::new(
            &files.table,
            self.limits,
            Box::new(|_, record| {
                let row = record.into_row(table)?;
                stop.set(sink(&row).is_break());
                Ok(())
            }),
        );
        scan.stop = Some(&stop);
        for file in files.files.iter().take_while(|_| !stop.get()) {
            scan.read(file, &|_| {});
        }
        self.finished(&table.name, scan)
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
        let mut queries: Vec<(usize, &PlannedQuery)> = Vec::new();
        for (index, request) in requests.iter().enumerate() {
            match request {
                Request::Query(query) => queries.push((index, query)),
                _ => by_table.entry(request.reading().table.name.as_str()).or_default().push(index),
            }
        }
        let read = AtomicU64::new(0);
        // One thread per table: tables share no file, so each file is read once. Queries read their tables themselves.
        let answered: Vec<(Vec<usize>, Vec<Result<Answer, SourceError>>)> = std::thread::scope(|scope| {
            let running_queries = (!queries.is_empty()).then(|| {
                scope.spawn(|| queries.iter().map(|(index, query)| (*index, query::answer(self, query))).collect())
            });
            let running: Vec<_> = by_table
                .into_iter()
                .map(|(table, indices)| {
                    let of_table: Vec<Request> =
                        indices.iter().filter_map(|index| requests.get(*index)).cloned().collect();
                    let read = &read;
                    (indices, scope.spawn(move || self.answer(table, &of_table, read)))
                })
                .collect();
            let mut answered: Vec<_> =
                running.into_iter().map(|(indices, thread)| (indices, thread.join().unwrap_or_default())).collect();
            let query_answers: Vec<(usize, Result<Answer, SourceError>)> =
                running_queries.and_then(|thread| thread.join().ok()).unwrap_or_default();
            answered.push(query_answers.into_iter().unzip());
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
