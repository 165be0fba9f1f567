//! Runs cases and incidents in parallel and compares their diagnoses with the expectations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use amp_rules_core::plan::Scope;
use amp_rules_core::report;
use amp_rules_core::report::TextOptions;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_core::rules::syntax::{CaseText, ExpectText, FileKind, GivenText, read_cases};
use amp_rules_core::{Evaluation, Observations, RuleSet, TelemetrySource, evaluate};

use super::diagnose::observe;
use super::expect::{self, Failure, FailureKind};
use super::near_misses::add_near_misses;
use super::result::{CaseId, CaseKind, CaseResult, Outcome, Results};
use crate::folder::FixtureSource;
use crate::input::{Entries, EntryKind, Limits, is_incident};
use crate::query::MemoryWithQueries;
use crate::scenario::{self, Rows, ScenarioContext, backgrounds};

/// The maximum number of lines of a proof that a failure shows.
const MAX_PROOF_LINES: usize = 12;

/// Options of a run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Runs only cases whose `<pattern>/<name>` matches, and incidents whose `incidents/<name>` does.
    pub only: Option<regex::Regex>,
    /// A seed for another order of rows, which must not change the outcome. `None` leaves the order as it is.
    pub shuffle: Option<u64>,
    /// The number of threads; `None` for as many as there are processors.
    pub threads: Option<usize>,
    /// The limits on what is read of incident folders.
    pub limits: Limits,
}

enum Job {
    Broken(CaseId, String),
    Case(CaseId, Box<CaseText>),
    Incident(CaseId, PathBuf),
}

impl Job {
    fn id(&self) -> &CaseId {
        match self {
            Self::Broken(id, _) | Self::Case(id, _) | Self::Incident(id, _) => id,
        }
    }
}

/// Runs every case among the files, then every incident.
///
/// `files` are those of the pack: the cases of `cases.yaml` files are run, `*.scenario.yaml` files are backgrounds, others
/// are ignored. `incidents` are folders with an `incident.yaml`.
#[must_use]
pub fn run(rules: &RuleSet, files: &[RuleFile], incidents: &[PathBuf], options: &Options) -> Results {
    let mut results = Results::default();
    let mut jobs = Vec::new();
    let backgrounds = match backgrounds(files) {
        Ok(backgrounds) => backgrounds,
        Err(what) => {
            let (file, name) = ("*.scenario.yaml".to_owned(), "backgrounds".to_owned());
            jobs.push(Job::Broken(CaseId { file, pattern: None, name, span: None }, what));
            BTreeMap::new()
        }
    };
    for file in files.iter().filter(|file| FileKind::of(&file.name) == Some(FileKind::Cases)) {
        let pattern = file.name.rsplit(['/', '\\']).nth(1).map(str::to_owned);
        let (cases, problems) = read_cases(file);
        match cases {
            Some(cases) => jobs.extend(cases.cases.into_iter().map(|case| {
                let id = CaseId {
                    file: file.name.clone(),
                    pattern: pattern.clone(),
                    name: case.name.value.clone(),
                    span: Some(case.name.span.clone()),
                };
                Job::Case(id, Box::new(case))
            })),
            None => jobs.push(Job::Broken(
                CaseId { file: file.name.clone(), pattern, name: "the file".to_owned(), span: None },
                problems.concise(),
            )),
        }
    }
    for folder in incidents {
        let name =
            folder.file_name().map_or_else(|| folder.display().to_string(), |name| name.to_string_lossy().into_owned());
        jobs.push(Job::Incident(
            CaseId { file: folder.display().to_string(), pattern: None, name, span: None },
            folder.clone(),
        ));
    }
    let all = jobs.len();
    jobs.retain(|job| {
        let id = job.id();
        let name = format!("{}/{}", id.pattern.as_deref().unwrap_or("incidents"), id.name);
        options.only.as_ref().is_none_or(|only| only.is_match(&name))
    });
    results.left_out = all - jobs.len();
    results.cases = in_parallel(&jobs, options, |job| run_job(rules, &backgrounds, job, options));
    results
}

/// The incident folders at or below a folder, sorted: those that hold an `incident.yaml`.
///
/// A folder that cannot be listed counts as one, so that running it reports why. An incident folder hides none below it: its
/// `incident.yaml` may be something that cannot be read. Links to folders are left out.
#[must_use]
pub fn incidents_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries = Entries::new(&Limits::DEFAULT);
    let mut pending = vec![folder.to_owned()];
    while let Some(next) = pending.pop() {
        let is_incident = is_incident(&next);
        match entries.list(&next) {
            Ok(listed) => {
                let folders = listed.into_iter().filter(|entry| matches!(entry.kind, EntryKind::Folder));
                pending.extend(folders.map(|entry| entry.path));
            }
            Err(_) if next == folder || is_incident => {}
            Err(_) => found.push(next.clone()),
        }
        if is_incident {
            found.push(next);
        }
    }
    found.sort();
    found
}

fn in_parallel(jobs: &[Job], options: &Options, run: impl Fn(&Job) -> CaseResult + Sync) -> Vec<CaseResult> {
    let threads = options
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
        .clamp(1, jobs.len().max(1));
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, CaseResult)>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((index, job)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    jobs.get(index).map(|job| (index, job))
                } {
                    let result = run(job);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

fn run_job(rules: &RuleSet, backgrounds: &BTreeMap<String, GivenText>, job: &Job, options: &Options) -> CaseResult {
    match job {
        Job::Broken(id, what) => broken(id, CaseKind::Other, what.clone()),
        Job::Case(id, case) => {
            let kind = CaseKind::of(id, &case.expect);
            if case.expect.is_empty() {
                return broken(id, kind, "the case expects nothing".to_owned());
            }
            let context = ScenarioContext { schema: &rules.schema, backgrounds };
            let prepared = context.scenario(&case.given).and_then(|scenario| {
                let mut rows = scenario::rows(&scenario, &rules.schema)?;
                if let Some(seed) = options.shuffle {
                    shuffle(&mut rows, seed);
                }
                let source = MemoryWithQueries(scenario::memory_source(&scenario, rows.clone()));
                Ok((scenario.scope(), source, rows))
            });
            match prepared {
                Ok((scope, source, rows)) => judge(
                    rules,
                    id,
                    kind,
                    &case.expect,
                    case.todo.as_ref().map(|todo| todo.value.as_str()),
                    &scope,
                    &source,
                    Some(&rows),
                ),
                Err(error) => broken(id, kind, error.to_string()),
            }
        }
        Job::Incident(id, folder) => {
            let source = match FixtureSource::open_within(folder, &rules.schema, options.limits) {
                Ok(source) => source,
                Err(error) => return broken(id, CaseKind::Other, error.to_string()),
            };
            let Some(incident) = source.incident().cloned() else {
                return broken(id, CaseKind::Other, "there is no incident.yaml".to_owned());
            };
            let id = CaseId { name: incident.title.clone(), ..id.clone() };
            match &incident.expect {
                Some(expect) => judge(rules, &id, CaseKind::Other, expect, None, &incident.scope(), &source, None),
                None => broken(&id, CaseKind::Other, "the incident expects nothing".to_owned()),
            }
        }
    }
}

/// Diagnoses a scope and compares the diagnosis with the expectation. `rows` are searched for near misses.
#[expect(clippy::too_many_arguments, reason = "the parts of a case; a struct for them would be used only here")]
fn judge(
    rules: &RuleSet,
    id: &CaseId,
    kind: CaseKind,
    expected: &ExpectText,
    todo: Option<&str>,
    scope: &Scope,
    source: &dyn TelemetrySource,
    rows: Option<&Rows>,
) -> CaseResult {
    if let Some(unknown) = expected.patterns().find(|id| rules.pattern_index(&id.value).is_none()) {
        return broken(id, kind, format!("there is no pattern `{}`", unknown.value));
    }
    let observations = match observe(rules, scope, source) {
        Ok(observations) => observations,
        Err(errors) => return broken(id, kind, errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    };
    let diagnosis = evaluate(rules, &observations);
    let mut failures = expect::check(expected, id.pattern.as_deref(), &diagnosis);
    add_proofs(rules, &observations, &mut failures);
    if let Some(rows) = rows {
        add_near_misses(rules, rows, &mut failures);
    }
    let outcome = match (todo, failures.is_empty()) {
        (None, true) => Outcome::Passed,
        (None, false) => Outcome::Failed(failures),
        (Some(todo), false) => Outcome::Todo(todo.to_owned(), failures),
        (Some(todo), true) => Outcome::Failed(vec![Failure::new(
            FailureKind::Noisy,
            format!("passes although marked as failing (`todo: {todo}`): remove the `todo`"),
        )]),
    };
    CaseResult { id: id.clone(), outcome, kind, diagnosis: Some(Box::new(diagnosis)) }
}

/// Adds to each failure about a pattern why the pattern matched, or why it did not.
fn add_proofs(rules: &RuleSet, observations: &Observations, failures: &mut [Failure]) {
    let options = TextOptions { width: 120, ..TextOptions::default() };
    for failure in failures {
        let Some(pattern) = &failure.pattern else { continue };
        let proofs = Evaluation::new(rules, observations).why(pattern);
        let text = if failure.kind == FailureKind::Noisy {
            report::why(&proofs, &options)
        } else {
            report::why_not(&proofs, &options)
        };
        let mut lines = text.lines().filter(|line| !line.is_empty()).map(str::to_owned);
        failure.proof.extend(lines.by_ref().take(MAX_PROOF_LINES));
        let more = lines.count();
        if more > 0 {
            failure.proof.push(format!("… and {more} more lines"));
        }
    }
}

fn broken(id: &CaseId, kind: CaseKind, what: String) -> CaseResult {
    CaseResult { id: id.clone(), outcome: Outcome::Broken(what), kind, diagnosis: None }
}

/// Shuffles the rows of each table; equal seeds give equal orders.
fn shuffle(rows: &mut Rows, seed: u64) {
    let mut state = seed;
    for rows in rows.values_mut() {
        for last in (1..rows.len()).rev() {
            // The multiplier and increment of PCG32: <https://www.pcg-random.org>.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from((state >> 33) % (last as u64 + 1)).unwrap_or(0);
            rows.swap(last, other);
        }
    }
}
