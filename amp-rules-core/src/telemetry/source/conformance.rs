//! The suite that every telemetry backend runs: what a [`TelemetrySource`] promises, as cases.
//!
//! Input: a way to make a source from a [`Dataset`]. Output: a [`Report`] of what passed, failed and was skipped. A dataset
//! is plain rows with what is declared missing, so a backend of files writes it to disk and a backend of a service loads it
//! into a table. The expected answers are written by hand, not computed by another source.
//!
//! Nothing here prints: the caller prints what was skipped, and asserts how many cases passed.

mod build;
mod cases;

use std::collections::BTreeSet;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use serde_json::Value;

pub use self::cases::cases;
use super::data::{Answer, AnswerData, Completeness, GapReason};
use super::memory::MemorySource;
use super::{SourceError, SourceErrorKind, TelemetrySource};
use crate::telemetry::entity::Entity;
use crate::telemetry::request::{Request, RequestKind};
use crate::telemetry::schema::Table;

/// Telemetry as plain rows, with what is said to be missing of it.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// Tables that are there, with their rows as JSON objects; a table may have no rows.
    pub tables: Vec<(Arc<Table>, Vec<Value>)>,
    /// Tables that are declared missing.
    pub missing: Vec<(String, SourceErrorKind)>,
    /// Metrics whose rows are declared missing: table, metric, why.
    pub missing_metrics: Vec<(String, String, SourceErrorKind)>,
    /// Components whose lines are declared missing: table, component, why.
    pub missing_components: Vec<(String, String, SourceErrorKind)>,
    /// Tables that are declared partial in the whole window.
    pub partial: Vec<(String, GapReason)>,
    /// Whether entities may be unseen.
    pub inventory_partial: bool,
}

impl Dataset {
    /// The dataset in the reference source.
    #[must_use]
    pub fn in_memory(&self) -> MemorySource {
        let mut source = MemorySource::new();
        for (table, rows) in &self.tables {
            source = source.table(&table.name, rows.iter().cloned());
        }
        for (table, kind) in &self.missing {
            source = source.missing(table, *kind);
        }
        for (table, metric, kind) in &self.missing_metrics {
            source = source.missing_metric(table, metric, *kind);
        }
        for (table, component, kind) in &self.missing_components {
            source = source.missing_component(table, component, *kind);
        }
        for (table, reason) in &self.partial {
            source = source.partial(table, *reason, None);
        }
        if self.inventory_partial { source.inventory_partial() } else { source }
    }

    /// Whether anything is declared missing or partial, which a service cannot be told to be.
    #[must_use]
    pub fn has_declarations(&self) -> bool {
        !(self.missing.is_empty()
            && self.missing_metrics.is_empty()
            && self.missing_components.is_empty()
            && self.partial.is_empty())
            || self.inventory_partial
    }
}

/// One promise of a source.
#[derive(Clone, Debug)]
pub struct Case {
    /// What is promised, in words.
    pub name: String,
    /// The telemetry.
    pub dataset: Dataset,
    /// What is asked, in one call.
    pub requests: Vec<Request>,
    /// What is to come back, one per request, in order.
    pub want: Vec<Want>,
    /// How it is asked.
    pub manner: Manner,
    /// Whether the answer holds a sum of numbers that no binary fraction is: a source that rounds sums may differ.
    pub exact_sums: bool,
}

/// How a case asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// In one call.
    Once,
    /// In two calls, which must answer alike.
    Twice,
    /// In a call that is dropped as soon as it has begun, and then in another.
    AfterCancelling,
}

/// What is to come back for a request.
#[derive(Clone, Debug)]
pub enum Want {
    /// This answer.
    Answer {
        /// Its data; row ids are not compared where the table has no identity.
        data: AnswerData,
        /// Why it is partial; complete where empty.
        gaps: BTreeSet<GapReason>,
        /// Which entities carry which tested columns in none of their rows.
        missing_columns: Vec<(Entity, String)>,
    },
    /// An error of this kind.
    Error(SourceErrorKind),
    /// An error that says that the table is not there: `TableMissing` or `NotConfigured`.
    NoTable,
}

/// What became of the cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Names of cases that passed.
    pub passed: Vec<String>,
    /// Names of cases that failed, and how.
    pub failed: Vec<(String, String)>,
    /// Names of cases that could not be run, and why.
    pub skipped: Vec<(String, String)>,
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, what) in &self.failed {
            writeln!(out, "failed: {name}: {what}")?;
        }
        for (name, why) in &self.skipped {
            writeln!(out, "skipped: {name}: {why}")?;
        }
        write!(out, "{} passed, {} failed, {} skipped", self.passed.len(), self.failed.len(), self.skipped.len())
    }
}

impl Case {
    /// The kinds of request that it needs.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<RequestKind> {
        self.requests.iter().map(Request::kind).collect()
    }
}

/// Runs all cases, each against a source of its own.
///
/// `make_source` says in words why it cannot hold a dataset; the case is then skipped, as is one that needs a kind of request
/// that the source has declared it does not serve.
pub async fn run(make_source: impl Fn(&Dataset) -> Result<Box<dyn TelemetrySource>, String>) -> Report {
    let mut report = Report::default();
    for case in cases() {
        let source = match make_source(&case.dataset) {
            Ok(source) => source,
            Err(why) => {
                report.skipped.push((case.name, why));
                continue;
            }
        };
        let capabilities = source.capabilities();
        if let Some(kind) = case.kinds().into_iter().find(|kind| !capabilities.serves(*kind)) {
            report.skipped.push((case.name, format!("the source does not serve {kind} requests")));
            continue;
        }
        if case.exact_sums && capabilities.rounds_sums() {
            report.skipped.push((case.name, "the source rounds sums at every step".to_owned()));
            continue;
        }
        match judge(&case, source.as_ref()).await {
            Ok(()) => report.passed.push(case.name),
            Err(what) => report.failed.push((case.name, what)),
        }
    }
    report
}

async fn judge(case: &Case, source: &dyn TelemetrySource) -> Result<(), String> {
    if case.manner == Manner::AfterCancelling {
        let mut call = pin!(source.fetch(&case.requests));
        // One step of the call and no more; what it has begun is dropped with it.
        poll_fn(|context| {
            let _ = call.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    }
    compare(case, &source.fetch(&case.requests).await)?;
    if case.manner == Manner::Twice {
        compare(case, &source.fetch(&case.requests).await).map_err(|what| format!("asked again: {what}"))?;
    }
    Ok(())
}

fn compare(case: &Case, got: &[Result<Answer, SourceError>]) -> Result<(), String> {
    if got.len() != case.requests.len() {
        return Err(format!("{} answers to {} requests", got.len(), case.requests.len()));
    }
    for (index, ((request, want), got)) in case.requests.iter().zip(&case.want).zip(got).enumerate() {
        differs(request, want, got).map_or(Ok(()), |what| Err(format!("request {index}: {what}")))?;
    }
    Ok(())
}

/// How a reply differs from what was wanted.
fn differs(request: &Request, want: &Want, got: &Result<Answer, SourceError>) -> Option<String> {
    match (want, got) {
        (Want::Error(kind), Err(error)) => (error.kind != *kind)
            .then(|| format!("wanted the error {}, got: {error} ({})", kind.as_str(), error.kind.as_str())),
        (Want::NoTable, Err(error)) => {
            let fits = matches!(error.kind, SourceErrorKind::TableMissing | SourceErrorKind::NotConfigured);
            (!fits).then(|| format!("wanted a missing table, got: {error} ({})", error.kind.as_str()))
        }
        (Want::Error(_) | Want::NoTable, Ok(answer)) => Some(format!("wanted an error, got {answer:?}")),
        (Want::Answer { .. }, Err(error)) => Some(format!("wanted an answer, got: {error} ({})", error.kind.as_str())),
        (Want::Answer { data, gaps, missing_columns }, Ok(answer)) => {
            let found = match &answer.completeness {
                Completeness::Complete => BTreeSet::new(),
                Completeness::Partial(gaps) => gaps.iter().map(|gap| gap.reason).collect(),
            };
            let named = request.reading().table.identity.is_some();
            let (data, got) = if named {
                (data.clone(), answer.data.clone())
            } else {
                (without_ids(data), without_ids(&answer.data))
            };
            if data != got {
                Some(format!("wanted {data:?}, got {got:?}"))
            } else if found != *gaps {
                Some(format!("wanted the gaps {gaps:?}, got {found:?}"))
            } else if answer.missing_columns != *missing_columns {
                Some(format!("wanted {missing_columns:?} not to be carried, got {:?}", answer.missing_columns))
            } else {
                None
            }
        }
    }
}

/// The same data without row ids, which a table without an identity does not give.
fn without_ids(data: &AnswerData) -> AnswerData {
    let mut data = data.clone();
    match &mut data {
        AnswerData::Counts(counts) => {
            counts.samples.iter_mut().flat_map(|(_, samples)| samples).for_each(|sample| sample.row.clear())
        }
        AnswerData::Properties(found) => found.iter_mut().for_each(|properties| properties.row.clear()),
        AnswerData::Unmatched(found) => found.templates.iter_mut().for_each(|template| template.sample.row.clear()),
        AnswerData::Series(_) | AnswerData::Inventory(_) | AnswerData::Table(_) => {}
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::source::Capabilities;

    /// Keep in step with the list of cases: a case that is lost must not go unnoticed.
    const CASES: usize = 99;
    /// Those that need a source that runs KQL, which the reference does not.
    const QUERIES: usize = 11;

    #[test]
    fn the_reference_passes_every_case() {
        let report = futures::executor::block_on(run(|dataset| Ok(Box::new(dataset.in_memory()))));
        assert_eq!(report.failed, [], "{report}");
        assert_eq!((report.passed.len(), report.skipped.len()), (CASES - QUERIES, QUERIES));
        assert!(report.skipped.iter().all(|(_, why)| why == "the source does not serve query requests"));
    }

    #[test]
    fn every_case_has_a_name_of_its_own_and_wants_something_of_each_request() {
        let names: BTreeSet<_> = cases().into_iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES);
        for case in cases() {
            assert!(!case.requests.is_empty() && case.requests.len() == case.want.len(), "{}", case.name);
        }
    }

    /// A source that is wrong in one way.
    #[derive(Debug)]
    struct Wrong(MemorySource, fn(&mut Vec<Result<Answer, SourceError>>));

    #[async_trait::async_trait]
    impl TelemetrySource for Wrong {
        fn capabilities(&self) -> Capabilities {
            Capabilities::of_rows().without(RequestKind::Inventory)
        }

        async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
            let mut answers = self.0.answer(requests);
            (self.1)(&mut answers);
            answers
        }
    }

    fn run_wrong(how: fn(&mut Vec<Result<Answer, SourceError>>)) -> Report {
        futures::executor::block_on(run(|dataset| Ok(Box::new(Wrong(dataset.in_memory(), how)))))
    }

    #[test]
    fn a_source_that_answers_errors_with_nothing_fails() {
        let report = run_wrong(|answers| {
            for answer in answers.iter_mut().filter(|answer| answer.is_err()) {
                *answer = Ok(Answer::complete(AnswerData::Series(Vec::new())));
            }
        });
        assert!(report.failed.iter().any(|(name, _)| name.contains("unknown table")), "{report}");
    }

    #[test]
    fn a_source_that_loses_its_gaps_fails() {
        let report = run_wrong(|answers| {
            answers.iter_mut().flatten().for_each(|answer| answer.completeness = Completeness::Complete)
        });
        assert!(report.failed.iter().any(|(name, _)| name.contains("truncat")), "{report}");
    }

    #[test]
    fn a_source_that_answers_too_few_requests_fails_every_case() {
        let report = run_wrong(|answers| drop(answers.pop()));
        assert_eq!(report.passed, [] as [String; 0]);
    }

    #[test]
    fn what_a_source_does_not_serve_is_skipped_and_told() {
        let report = run_wrong(|_| {});
        assert_eq!(report.failed, []);
        assert!(
            !report.skipped.is_empty()
                && report.skipped.iter().all(|(_, why)| {
                    why == "the source does not serve inventory requests"
                        || why == "the source does not serve query requests"
                })
        );
        assert_eq!(report.passed.len() + report.skipped.len(), CASES);
    }
}
