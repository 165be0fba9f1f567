//! A case of the suite: telemetry, requests, and the expected replies.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::telemetry::entity::Entity;
use crate::telemetry::request::{Request, RequestKind};
use crate::telemetry::schema::Table;
use crate::telemetry::source::data::{AnswerData, GapReason};
use crate::telemetry::source::error::SourceErrorKind;
use crate::telemetry::source::memory::MemorySource;

/// Telemetry as plain rows, with declarations of what is missing.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// The tables that are present, with their rows as JSON objects; a table may have no rows.
    pub tables: Vec<(Arc<Table>, Vec<Value>)>,
    /// Tables that are declared missing, and why.
    pub missing: Vec<(String, SourceErrorKind)>,
    /// Metrics whose rows are declared missing: table, metric, why.
    pub missing_metrics: Vec<(String, String, SourceErrorKind)>,
    /// Components whose lines are declared missing: table, component, why.
    pub missing_components: Vec<(String, String, SourceErrorKind)>,
    /// Tables with a gap in the whole window, and its reason.
    pub partial: Vec<(String, GapReason)>,
    /// Whether entities may be missing from the inventory.
    pub inventory_partial: bool,
}

impl Dataset {
    /// The dataset as a [`MemorySource`].
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

    /// Whether anything is declared missing or partial. A service cannot be put into that state, so it skips such cases.
    #[must_use]
    pub fn has_declarations(&self) -> bool {
        !(self.missing.is_empty()
            && self.missing_metrics.is_empty()
            && self.missing_components.is_empty()
            && self.partial.is_empty())
            || self.inventory_partial
    }
}

/// A test of one promise of a source.
#[derive(Clone, Debug)]
pub struct Case {
    /// The promise as a sentence; unique.
    pub name: String,
    /// The telemetry.
    pub dataset: Dataset,
    /// The requests, sent in one call.
    pub requests: Vec<Request>,
    /// The expected replies, one per request, in order.
    pub want: Vec<Want>,
    /// How the requests are sent.
    pub manner: Manner,
    /// Whether the answer contains a sum of numbers that are not exact in binary, so that a source that rounds at every
    /// addition may differ.
    pub exact_sums: bool,
}

/// How a case sends its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// In one call.
    Once,
    /// In two calls, which must have equal answers.
    Twice,
    /// In a call that is dropped after its first poll, and then in another.
    AfterCancelling,
}

/// The expected reply to a request.
#[derive(Clone, Debug)]
pub enum Want {
    /// This answer.
    Answer {
        /// Its data; row ids are not compared if the table has no identity.
        data: AnswerData,
        /// The reasons of its gaps; complete if empty.
        gaps: BTreeSet<GapReason>,
        /// As in [`Answer::missing_columns`](crate::telemetry::source::Answer::missing_columns).
        missing_columns: Vec<(Entity, String)>,
    },
    /// An error of this kind.
    Error(SourceErrorKind),
    /// An error of the kind `TableMissing` or `NotConfigured`.
    NoTable,
}

impl Case {
    /// The kinds of its requests.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<RequestKind> {
        self.requests.iter().map(Request::kind).collect()
    }
}
