//! The trait that a backend implements, and what it declares about itself.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;

use super::data::Answer;
use super::error::SourceError;
use crate::telemetry::request::{Request, RequestKind};

/// A source of telemetry: files, a service, or rows in memory.
///
/// # What a caller may rely on
///
/// - One entry per request, in order.
/// - Equal requests have equal answers.
/// - Dropping the future cancels the work and has no lasting effect.
/// - An answer contains nothing outside the request's window, subject and filter.
///
/// # What an implementation must do
///
/// Each point has a case in the conformance suite (feature `conformance`).
///
/// - Zero matching rows are an empty answer, not an error.
/// - An unknown table is an error, [`TableMissing`] or [`NotConfigured`], never an empty answer.
/// - Every loss (truncation, unreadable rows, a part that was not read) is declared as [`Completeness::Partial`].
/// - Bins without samples stay absent; they are not filled with zeros.
/// - Regexes match exactly as in the `regex` crate.
///
/// Deadlines, retries and concurrency are up to the source.
///
/// # A wrong implementation
///
/// Catching a timeout and returning an empty answer. The evaluator would take it as proof that nothing happened, and report
/// a failing cluster as healthy.
///
/// [`TableMissing`]: super::error::SourceErrorKind::TableMissing
/// [`NotConfigured`]: super::error::SourceErrorKind::NotConfigured
/// [`Completeness::Partial`]: super::data::Completeness::Partial
#[async_trait]
pub trait TelemetrySource: fmt::Debug + Send + Sync {
    /// The kinds of requests that this source serves. Constant over the lifetime of the value.
    fn capabilities(&self) -> Capabilities;

    /// Answers every request: one answer or error per request, in order.
    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>>;
}

/// The kinds of requests that a source serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    kinds: BTreeSet<RequestKind>,
    rounds_sums: bool,
}

impl Capabilities {
    /// Every kind of request, including queries in KQL.
    #[must_use]
    pub fn all() -> Self {
        Self::of_rows().with(RequestKind::Query)
    }

    /// Every kind of request that can be answered from raw rows: all except queries in KQL.
    #[must_use]
    pub fn of_rows() -> Self {
        use RequestKind::{Inventory, Lines, Properties, Rows, Series, Unmatched};
        Self { kinds: BTreeSet::from([Lines, Series, Properties, Inventory, Rows, Unmatched]), rounds_sums: false }
    }

    /// No kind of request; add some with [`Capabilities::with`].
    #[must_use]
    pub fn none() -> Self {
        Self { kinds: BTreeSet::new(), rounds_sums: false }
    }

    /// Adds a kind.
    #[must_use]
    pub fn with(mut self, kind: RequestKind) -> Self {
        self.kinds.insert(kind);
        self
    }

    /// Removes a kind.
    #[must_use]
    pub fn without(mut self, kind: RequestKind) -> Self {
        self.kinds.remove(&kind);
        self
    }

    /// Declares that sums of real numbers are rounded at every addition, so that their last digits depend on the order of rows.
    #[must_use]
    pub fn rounding_sums(mut self) -> Self {
        self.rounds_sums = true;
        self
    }

    /// Whether sums of real numbers are rounded at every addition, not once.
    #[must_use]
    pub fn rounds_sums(&self) -> bool {
        self.rounds_sums
    }

    /// Whether requests of this kind are served.
    #[must_use]
    pub fn serves(&self, kind: RequestKind) -> bool {
        self.kinds.contains(&kind)
    }
}
