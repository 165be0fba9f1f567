//! Runs the cases of patterns and the incidents of a pack, and says what does not come out as expected.
//!
//! Input: a rule set, the files of its pack (for `cases.yaml` and backgrounds) and incident folders. Output: one
//! [`CaseResult`] per case or incident, in the order of files. Each runs by itself through plan, collect and evaluate, in
//! memory or over its folder. Nothing here prints, and a case never influences another.

mod expect;
mod nearest;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use amp_rules_core::plan::Scope;
use amp_rules_core::plan::{PlanErrors, plan};
use amp_rules_core::report;
use amp_rules_core::report::TextOptions;
use amp_rules_core::rules::diagnostic::{RuleFile, Span};
use amp_rules_core::rules::syntax::{CaseText, ExpectText, FileKind, GivenText, read_cases};
use amp_rules_core::{Diagnosis, Evaluation, Observations, RuleSet, TelemetrySource, collect, evaluate};

use crate::folder::FixtureSource;
use crate::query::MemoryWithQueries;
use crate::story::{Rows, Stage, background};

pub use expect::{Failure, FailureKind};

/// So many lines of a proof are shown with a failure.
const PROOF: usize = 12;

/// How cases are run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only cases whose `<pattern>/<name>` holds this text, or matches it as a regex.
    pub only: Option<regex::Regex>,
    /// Rows come in another order, chosen by this number; the outcome must not change.
    pub shuffle: Option<u64>,
    /// How many run at a time; as many as there are processors where nothing is said.
    pub threads: Option<usize>,
}

/// Which case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseId {
    /// The file, or the incident's folder.
    pub file: String,
    /// The pattern in whose folder it stands; `None` for incidents.
    pub pattern: Option<String>,
    /// What it states.
    pub name: String,
    /// Where it stands.
    pub span: Option<Span>,
}

/// What became of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Everything came out as expected.
    Passed,
    /// It fails, as its `todo` announces, for these reasons.
    Todo(String, Vec<Failure>),
    /// Something did not come out as expected.
    Failed(Vec<Failure>),
    /// It could not be run.
    Broken(String),
}

/// A case and what became of it.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// Which.
    pub id: CaseId,
    /// What became of it.
    pub outcome: Outcome,
    /// What it says of its folder's pattern.
    pub kind: CaseKind,
    /// The diagnosis; `None` where it could not be run.
    pub diagnosis: Option<Box<Diagnosis>>,
}

impl CaseResult {
    /// Whether it stands in the way of a merge.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_) | Outcome::Broken(_))
    }
}

/// What a case says of the pattern in whose folder it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CaseKind {
    /// It holds.
    Positive,
    /// It does not hold, or is noise.
    Quiet,
    /// It is unknown.
    Undecided,
    /// Something else, or of something else.
    Other,
}

/// What became of all of them.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// One per case and incident that was run, in the order of files, variants one by one.
    pub cases: Vec<CaseResult>,
    /// How many were left out by [`Options::only`].
    pub left_out: usize,
}

impl Results {
    /// How many passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Passed))
    }

    /// How many failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failed(_)))
    }

    /// How many could not be run.
    #[must_use]
    pub fn broken(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Broken(_)))
    }

    /// How many fail as announced.
    #[must_use]
    pub fn todo(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Todo(..)))
    }

    fn count(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.cases.iter().filter(|case| is(&case.outcome)).count()
    }

    /// Patterns that lack a kind of case, with the kinds they lack, by id. A pattern without symptoms needs none.
    #[must_use]
    pub fn lacking(&self, rules: &RuleSet) -> BTreeMap<String, Vec<CaseKind>> {
        let mut kinds: BTreeMap<&str, BTreeSet<CaseKind>> = BTreeMap::new();
        for case in &self.cases {
            if let Some(pattern) = &case.id.pattern {
                kinds.entry(pattern).or_default().insert(case.kind);
            }
        }
        let mut lacking = BTreeMap::new();
        for pattern in rules.patterns.iter().filter(|pattern| !pattern.symptoms.is_empty()) {
            let have = kinds.get(pattern.pattern.id.as_str());
            let wanted = [CaseKind::Positive, CaseKind::Quiet, CaseKind::Undecided];
            let missing: Vec<CaseKind> =
                wanted.into_iter().filter(|kind| have.is_none_or(|have| !have.contains(kind))).collect();
            if !missing.is_empty() {
                lacking.insert(pattern.pattern.id.as_str().to_owned(), missing);
            }
        }
        lacking
    }
}

enum Job {
    Broken(CaseId, String),
    Case(CaseId, Box<CaseText>),
    Incident(CaseId, PathBuf),
}

/// Runs every case among the files, then every incident.
///
/// `files` are those of the pack: `cases.yaml` files are run, `*.story.yaml` files are backgrounds, others are ignored.
#[must_use]
pub fn run(rules: &RuleSet, files: &[RuleFile], incidents: &[PathBuf], options: &Options) -> Results {
    let mut results = Results::default();
    let mut jobs = Vec::new();
    let backgrounds = match background(files) {
        Ok(backgrounds) => backgrounds,
        Err(what) => {
            jobs.push(Job::Broken(
                CaseId { file: "*.story.yaml".to_owned(), pattern: None, name: "backgrounds".to_owned(), span: None },
                what,
            ));
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
        let id = match job {
            Job::Broken(id, _) | Job::Case(id, _) | Job::Incident(id, _) => id,
        };
        let name = format!("{}/{}", id.pattern.as_deref().unwrap_or("incidents"), id.name);
        options.only.as_ref().is_none_or(|only| only.is_match(&name))
    });
    results.left_out = all - jobs.len();
    results.cases = in_parallel(&jobs, options, |job| one(rules, &backgrounds, job, options));
    results
}

/// The incident folders below a folder: those that hold an `incident.yaml`, sorted.
#[must_use]
pub fn incidents_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        if next.join("incident.yaml").is_file() || next.join("incident.yml").is_file() {
            found.push(next);
            continue;
        }
        let entries = fs::read_dir(&next).into_iter().flatten().filter_map(Result::ok);
        open.extend(
            entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()),
        );
    }
    found.sort();
    found
}

/// Diagnoses a scope over a source that never waits, such as memory or a folder.
///
/// # Errors
///
/// The scope makes no sense for the rules.
pub fn diagnose(rules: &RuleSet, scope: &Scope, source: &dyn TelemetrySource) -> Result<Diagnosis, PlanErrors> {
    Ok(evaluate(rules, &observe(rules, scope, source)?))
}

fn observe(rules: &RuleSet, scope: &Scope, source: &dyn TelemetrySource) -> Result<Observations, PlanErrors> {
    let plan = plan(rules, scope)?;
    Ok(wait(collect(&plan, source)))
}

/// Polls until done. The sources of this crate are ready at the first poll.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
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
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

fn one(rules: &RuleSet, backgrounds: &BTreeMap<String, GivenText>, job: &Job, options: &Options) -> CaseResult {
    match job {
        Job::Broken(id, what) => broken(id, CaseKind::Other, what.clone()),
        Job::Case(id, case) => {
            let kind = kind_of(id, &case.expect);
            if case.expect.is_empty() {
                return broken(id, kind, "the case expects nothing".to_owned());
            }
            let stage = Stage { schema: &rules.schema, backgrounds };
            let prepared = stage.story(&case.given).and_then(|story| {
                let mut rows = story.rows(&rules.schema)?;
                if let Some(seed) = options.shuffle {
                    shuffle(&mut rows, seed);
                }
                Ok((story.scope(), MemoryWithQueries(story.source_of(rows.clone())), rows))
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
            let source = match FixtureSource::open(folder, &rules.schema) {
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

#[expect(clippy::too_many_arguments, reason = "a case is judged by all that it consists of")]
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
    let seen = match observe(rules, scope, source) {
        Ok(seen) => seen,
        Err(errors) => return broken(id, kind, errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
    };
    let diagnosis = evaluate(rules, &seen);
    let mut failures = expect::check(expected, id.pattern.as_deref(), &diagnosis);
    prove(rules, &seen, &mut failures);
    if let Some(rows) = rows {
        nearest::explain(rules, rows, &mut failures);
    }
    let outcome = match (todo, failures.is_empty()) {
        (None, true) => Outcome::Passed,
        (None, false) => Outcome::Failed(failures),
        (Some(todo), false) => Outcome::Todo(todo.to_owned(), failures),
        (Some(todo), true) => Outcome::Failed(vec![Failure::new(
            FailureKind::Noisy,
            format!("passes although it is said to fail (`todo: {todo}`): remove the `todo`"),
        )]),
    };
    CaseResult { id: id.clone(), outcome, kind, diagnosis: Some(Box::new(diagnosis)) }
}

/// Adds to each failure about a pattern what keeps the pattern from holding, or what makes it hold.
fn prove(rules: &RuleSet, seen: &Observations, failures: &mut [Failure]) {
    let options = TextOptions { width: 120, ..TextOptions::default() };
    for failure in failures {
        let Some(pattern) = &failure.pattern else { continue };
        let proofs = Evaluation::new(rules, seen).why(pattern);
        let told = if failure.kind == FailureKind::Noisy {
            report::why(&proofs, &options)
        } else {
            report::why_not(&proofs, &options)
        };
        let mut lines = told.lines().filter(|line| !line.is_empty()).map(str::to_owned);
        failure.proof.extend(lines.by_ref().take(PROOF));
        let more = lines.count();
        if more > 0 {
            failure.proof.push(format!("… and {more} more lines"));
        }
    }
}

fn broken(id: &CaseId, kind: CaseKind, what: String) -> CaseResult {
    CaseResult { id: id.clone(), outcome: Outcome::Broken(what), kind, diagnosis: None }
}

/// What a case says of its folder's pattern.
fn kind_of(id: &CaseId, expected: &ExpectText) -> CaseKind {
    let Some(own) = id.pattern.as_deref() else { return CaseKind::Other };
    let names = |list: &Option<Vec<_>>| {
        list.iter().flatten().any(|id: &amp_rules_core::rules::syntax::Spanned<String>| id.value == own)
    };
    let says = |words: &[&str]| {
        expected
            .instances
            .iter()
            .any(|instance| instance.pattern.value == own && words.contains(&instance.is.value.as_str()))
    };
    let holds = expected.roots.iter().flatten().any(|root| root.pattern.value == own)
        || [
            &expected.chain,
            &expected.consequences,
            &expected.contributing,
            &expected.independent,
            &expected.recovered,
        ]
        .into_iter()
        .any(names)
        || says(&["true", "root", "independent", "consequence", "contributing", "recovered"]);
    if holds {
        CaseKind::Positive
    } else if names(&expected.undecided)
        || names(&expected.unresolved)
        || names(&expected.hypotheses)
        || says(&["undecided", "unresolved"])
    {
        CaseKind::Undecided
    } else if expected.quiet == Some(true)
        || names(&expected.absent)
        || names(&expected.noise)
        || says(&["absent", "noise"])
    {
        CaseKind::Quiet
    } else {
        CaseKind::Other
    }
}

/// Another order of rows, the same for the same seed.
fn shuffle(rows: &mut Rows, seed: u64) {
    let mut state = seed;
    for rows in rows.values_mut() {
        for last in (1..rows.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from((state >> 33) % (last as u64 + 1)).unwrap_or(0);
            rows.swap(last, other);
        }
    }
}
