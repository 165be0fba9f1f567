//! Runs the cases against a source and compares the replies.

use std::collections::BTreeSet;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use super::case::{Case, Dataset, Manner, Want};
use super::cases::cases;
use crate::telemetry::request::Request;
use crate::telemetry::source::contract::TelemetrySource;
use crate::telemetry::source::data::{Answer, AnswerData};
use crate::telemetry::source::error::{SourceError, SourceErrorKind};

/// The results of all cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The names of cases that passed.
    pub passed: Vec<String>,
    /// The names of cases that failed, and how the reply differed.
    pub failed: Vec<(String, String)>,
    /// The names of cases that were not run, and why.
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

/// Runs all cases, each against a source of its own.
///
/// A case is skipped if `make_source` returns the reason why it cannot represent the dataset, or if the case needs a kind of
/// request that the source does not serve.
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
        match check(&case, source.as_ref()).await {
            Ok(()) => report.passed.push(case.name),
            Err(what) => report.failed.push((case.name, what)),
        }
    }
    report
}

async fn check(case: &Case, source: &dyn TelemetrySource) -> Result<(), String> {
    if case.manner == Manner::AfterCancelling {
        let mut call = pin!(source.fetch(&case.requests));
        // Polled once, then dropped.
        poll_fn(|context| {
            let _ = call.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    }
    compare(case, &source.fetch(&case.requests).await)?;
    if case.manner == Manner::Twice {
        compare(case, &source.fetch(&case.requests).await).map_err(|what| format!("second call: {what}"))?;
    }
    Ok(())
}

fn compare(case: &Case, got: &[Result<Answer, SourceError>]) -> Result<(), String> {
    if got.len() != case.requests.len() {
        return Err(format!("{} answers to {} requests", got.len(), case.requests.len()));
    }
    for (index, ((request, want), got)) in case.requests.iter().zip(&case.want).zip(got).enumerate() {
        difference(request, want, got).map_or(Ok(()), |what| Err(format!("request {index}: {what}")))?;
    }
    Ok(())
}

/// How a reply differs from the expected one.
fn difference(request: &Request, want: &Want, got: &Result<Answer, SourceError>) -> Option<String> {
    match (want, got) {
        (Want::Error(kind), Err(error)) => (error.kind != *kind)
            .then(|| format!("expected the error {}, got: {error} ({})", kind.as_str(), error.kind.as_str())),
        (Want::NoTable, Err(error)) => {
            let fits = matches!(error.kind, SourceErrorKind::TableMissing | SourceErrorKind::NotConfigured);
            (!fits).then(|| format!("expected a missing table, got: {error} ({})", error.kind.as_str()))
        }
        (Want::Error(_) | Want::NoTable, Ok(answer)) => Some(format!("expected an error, got {answer:?}")),
        // A source that does not join lines to records says so.
        (Want::Answer { .. }, Err(error))
            if error.kind == SourceErrorKind::Unsupported && request.reading().table.fold.is_some() =>
        {
            None
        }
        (Want::Answer { .. }, Err(error)) => {
            Some(format!("expected an answer, got: {error} ({})", error.kind.as_str()))
        }
        (Want::Answer { data, gaps, missing_columns }, Ok(answer)) => {
            let found: BTreeSet<_> = answer.completeness.gaps().iter().map(|gap| gap.reason).collect();
            let has_identity = request.reading().table.identity.is_some();
            let (data, got) = if has_identity {
                (data.clone(), answer.data.clone())
            } else {
                (without_ids(data), without_ids(&answer.data))
            };
            if data != got {
                Some(format!("expected {data:?}, got {got:?}"))
            } else if found != *gaps {
                Some(format!("expected the gaps {gaps:?}, got {found:?}"))
            } else if answer.missing_columns != *missing_columns {
                Some(format!("expected the missing columns {missing_columns:?}, got {:?}", answer.missing_columns))
            } else {
                None
            }
        }
    }
}

/// The data without row ids, which depend on the source if the table has no identity.
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
    use crate::telemetry::request::RequestKind;
    use crate::telemetry::source::contract::Capabilities;
    use crate::telemetry::source::data::Completeness;
    use crate::telemetry::source::memory::MemorySource;

    /// The number of cases, so that a lost case is noticed.
    const CASES: usize = 111;
    /// The number of cases that need a source that runs KQL, which the reference does not.
    const QUERIES: usize = 11;

    #[test]
    fn the_reference_passes_every_case() {
        let report = futures::executor::block_on(run(|dataset| Ok(Box::new(dataset.in_memory()))));
        assert_eq!(report.failed, [], "{report}");
        assert_eq!((report.passed.len(), report.skipped.len()), (CASES - QUERIES, QUERIES));
        assert!(report.skipped.iter().all(|(_, why)| why == "the source does not serve query requests"));
    }

    #[test]
    fn every_case_has_a_unique_name_and_an_expectation_per_request() {
        let names: BTreeSet<_> = cases().into_iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES);
        for case in cases() {
            assert!(!case.requests.is_empty() && case.requests.len() == case.want.len(), "{}", case.name);
        }
    }

    /// The reference with a fault.
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
    fn what_a_source_does_not_serve_is_skipped_and_reported() {
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
