//! What is known beforehand about each table: read in full, cut, in parts or not at all.
//!
//! Input: the `tables:` section of an incident or a case. Output: [`Declarations`], and from them
//! what a source needs to say which requests it cannot answer and what its answers lack. A table that is not named says
//! nothing here; whoever holds the rows decides. Nothing here reads a row.

use std::collections::BTreeMap;

use amp_rules_core::telemetry::source::declared::Declared as Recorded;
use amp_rules_core::telemetry::source::memory::MemorySource;
use amp_rules_core::telemetry::source::{GapReason, SourceErrorKind};
use amp_rules_core::time::Window;

/// What is said of the tables of one folder or case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declarations {
    /// By table name.
    pub tables: BTreeMap<String, Declared>,
    /// Whether some entities may be unseen (`inventory: partial`).
    pub inventory_partial: bool,
}

/// What is said of one table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// The table as a whole.
    pub state: State,
    /// Metrics of it that could not be read.
    pub missing_metrics: BTreeMap<String, SourceErrorKind>,
    /// Components of it whose lines could not be read.
    pub missing_components: BTreeMap<String, SourceErrorKind>,
}

/// The state of a table as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// What is there is all there is.
    #[default]
    Complete,
    /// It could not be read.
    Missing(SourceErrorKind),
    /// It was read in part.
    Partial(GapReason, Option<Window>),
}

impl Declarations {
    /// What is said of a table.
    #[must_use]
    pub fn get(&self, table: &str) -> Option<&Declared> {
        self.tables.get(table)
    }

    /// The same as a source asks for it.
    #[must_use]
    pub fn recorded(&self) -> Recorded {
        let mut recorded = Recorded::new();
        for (name, declared) in &self.tables {
            match &declared.state {
                State::Complete => {}
                State::Missing(kind) => recorded.missing(name, *kind),
                State::Partial(reason, range) => recorded.partial(name, *reason, *range),
            }
            for (metric, kind) in &declared.missing_metrics {
                recorded.missing_metric(name, metric, *kind);
            }
            for (component, kind) in &declared.missing_components {
                recorded.missing_component(name, component, *kind);
            }
        }
        if self.inventory_partial {
            recorded.inventory_partial();
        }
        recorded
    }

    /// Says the same of an in-memory source.
    #[must_use]
    pub fn apply(&self, mut source: MemorySource) -> MemorySource {
        for (name, declared) in &self.tables {
            match &declared.state {
                State::Complete => {}
                State::Missing(kind) => source = source.missing(name, *kind),
                State::Partial(reason, range) => source = source.partial(name, *reason, *range),
            }
            for (metric, kind) in &declared.missing_metrics {
                source = source.missing_metric(name, metric, *kind);
            }
            for (component, kind) in &declared.missing_components {
                source = source.missing_component(name, component, *kind);
            }
        }
        if self.inventory_partial { source.inventory_partial() } else { source }
    }
}

/// The gap that a part leaves which could not be read for this reason.
pub(crate) fn gap_of(kind: SourceErrorKind) -> GapReason {
    match kind {
        SourceErrorKind::Denied => GapReason::Denied,
        SourceErrorKind::Timeout => GapReason::Timeout,
        _ => GapReason::Other,
    }
}

/// The error kind that a `missing:` names.
#[must_use]
pub fn missing_kind(word: &str) -> Option<SourceErrorKind> {
    use SourceErrorKind::{
        Denied, Malformed, NotConfigured, Other, TableMissing, Throttled, Timeout, Unreachable, Unsupported,
    };
    [Unsupported, NotConfigured, TableMissing, Denied, Throttled, Timeout, Unreachable, Malformed, Other]
        .into_iter()
        .find(|kind| kind.as_str() == word)
}

/// The gap that a `partial:` names.
#[must_use]
pub fn partial_reason(word: &str) -> Option<GapReason> {
    use GapReason::{BadRows, Denied, Duplicates, Inventory, Other, Sampled, TimeRange, Timeout, Truncated};
    [Truncated, TimeRange, Sampled, BadRows, Duplicates, Timeout, Denied, Inventory, Other]
        .into_iter()
        .find(|reason| reason.as_str() == word)
}
