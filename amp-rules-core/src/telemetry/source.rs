//! The contract between the engine and telemetry: all requests in, one answer or one error each out.
//!
//! [`TelemetrySource`] is what a backend implements, [`data`] what it answers with, [`memory`] the strict reference,
//! [`rows`] the folding of raw rows into any answer, [`template`] what makes lines alike. What is missing altogether is an error; an [`data::Answer`] is
//! complete or says what it lacks. Nothing here knows a rule.

use std::collections::BTreeSet;
use std::fmt;

use async_trait::async_trait;

use crate::telemetry::request::{Request, RequestKind};

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod data;
pub mod declared;
mod error;
pub mod memory;
pub mod rows;
pub mod template;

pub use data::{Answer, AnswerData, Completeness, Gap, GapReason};
pub use error::{SourceError, SourceErrorKind};
pub use rows::answer_from_rows;

/// Telemetry that can be asked.
///
/// **A caller may rely on**: one entry per request, in order; equal requests have equal answers; dropping the future
/// cancels the work and leaves nothing behind; nothing outside the request's window, subject and filter is in an answer.
///
/// **An implementer must**: answer zero rows as an empty answer, not as an error; answer an unknown table with
/// [`SourceErrorKind::TableMissing`] (or `NotConfigured`), never with an empty answer; declare every loss (truncation,
/// bad rows, an unread part) as [`Completeness::Partial`]; leave gaps as gaps; match regexes exactly as the `regex` crate
/// does. Each line has a case in the conformance suite. Deadlines, retries and concurrency are the source's own.
///
/// **Wrong**: catching a time-out and returning an empty answer. The engine would read it as proof that nothing
/// happened, and call a sick cluster healthy.
#[async_trait]
pub trait TelemetrySource: fmt::Debug + Send + Sync {
    /// What this source can serve. Constant for the life of the value.
    fn capabilities(&self) -> Capabilities;

    /// Reads every request: one answer, or one error, per request, in order.
    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>>;
}

/// What a source can serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    kinds: BTreeSet<RequestKind>,
    rounds_sums: bool,
}

impl Capabilities {
    /// Every kind of request, queries in KQL included.
    #[must_use]
    pub fn all() -> Self {
        Self::of_rows().with(RequestKind::Query)
    }

    /// Every kind of request that can be answered from raw rows: all but queries in KQL.
    #[must_use]
    pub fn of_rows() -> Self {
        use RequestKind::{Inventory, Lines, Properties, Rows, Series, Unmatched};
        Self { kinds: BTreeSet::from([Lines, Series, Properties, Inventory, Rows, Unmatched]), rounds_sums: false }
    }

    /// No kind of request yet; add with [`Capabilities::with`].
    #[must_use]
    pub fn none() -> Self {
        Self { kinds: BTreeSet::new(), rounds_sums: false }
    }

    /// These and one more.
    #[must_use]
    pub fn with(mut self, kind: RequestKind) -> Self {
        self.kinds.insert(kind);
        self
    }

    /// These but one.
    #[must_use]
    pub fn without(mut self, kind: RequestKind) -> Self {
        self.kinds.remove(&kind);
        self
    }

    /// The same, of a source that rounds a sum of real numbers at every step: its last digits depend on the order of rows.
    #[must_use]
    pub fn rounding_sums(mut self) -> Self {
        self.rounds_sums = true;
        self
    }

    /// Whether sums of real numbers are rounded at every step, not once.
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
