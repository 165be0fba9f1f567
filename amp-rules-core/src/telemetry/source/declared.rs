//! Declarations about recorded telemetry: which tables or parts of tables are missing or truncated.
//!
//! Input: declarations, such as those of an incident folder, and a request. Output: the error in place of the answer, or the
//! gaps of the answer. For sources of recorded rows; a live service reports such losses per call.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Gap, GapReason};
use super::error::{SourceError, SourceErrorKind};
use crate::telemetry::request::Request;
use crate::time::Window;

/// Which tables of a recording are present, missing or partial.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    present: BTreeSet<String>,
    missing: BTreeMap<String, SourceErrorKind>,
    metrics: BTreeMap<(String, String), SourceErrorKind>,
    components: BTreeMap<(String, String), SourceErrorKind>,
    partial: BTreeMap<String, Vec<(GapReason, Option<Window>)>>,
    inventory_partial: bool,
}

impl Declared {
    /// No table is present.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares a table as present.
    pub fn table(&mut self, table: &str) {
        self.present.insert(table.to_owned());
    }

    /// Declares a table as missing, even if it has rows.
    pub fn missing(&mut self, table: &str, kind: SourceErrorKind) {
        self.missing.insert(table.to_owned(), kind);
    }

    /// Declares the rows of one metric of a table as missing.
    pub fn missing_metric(&mut self, table: &str, metric: &str, kind: SourceErrorKind) {
        self.metrics.insert((table.to_owned(), metric.to_owned()), kind);
    }

    /// Declares the lines of one component of a table as missing.
    pub fn missing_component(&mut self, table: &str, component: &str, kind: SourceErrorKind) {
        self.components.insert((table.to_owned(), component.to_owned()), kind);
    }

    /// Declares a gap of a table, in an interval or, if `None`, in the whole window.
    pub fn partial(&mut self, table: &str, reason: GapReason, range: Option<Window>) {
        self.partial.entry(table.to_owned()).or_default().push((reason, range));
    }

    /// Declares that entities may be missing from the inventory.
    pub fn inventory_partial(&mut self) {
        self.inventory_partial = true;
    }

    /// Whether a table is declared, as present or as missing.
    #[must_use]
    pub fn knows(&self, table: &str) -> bool {
        self.present.contains(table) || self.missing.contains_key(table)
    }

    /// The error in place of the answer to a request, if one of its tables or what it names in it is missing.
    ///
    /// A table that is not declared is [`SourceErrorKind::NotConfigured`]. A request that names a missing metric or component
    /// has no answer, even if it also names others.
    #[must_use]
    pub fn refusal(&self, request: &Request) -> Option<SourceError> {
        request.tables().find_map(|table| self.refusal_of(request, &table.name))
    }

    fn refusal_of(&self, request: &Request, table: &str) -> Option<SourceError> {
        let error = |kind, what: String| Some(SourceError::read(kind, table, what));
        if let Some(kind) = self.missing.get(table) {
            return error(*kind, format!("the table is declared missing ({})", kind.as_str()));
        }
        if !self.present.contains(table) {
            return error(SourceErrorKind::NotConfigured, "nothing is configured that holds the table".to_owned());
        }
        for ((_, metric), kind) in self.metrics.iter().filter(|((of, _), _)| of == table) {
            if names_metric(request, metric) {
                return error(*kind, format!("the metric `{metric}` is declared missing ({})", kind.as_str()));
            }
        }
        for ((_, component), kind) in self.components.iter().filter(|((of, _), _)| of == table) {
            if matches!(request, Request::Lines(lines) if lines.components.contains(component)) {
                return error(*kind, format!("the component `{component}` is declared missing ({})", kind.as_str()));
            }
        }
        None
    }

    /// The gaps of the answer to a request, sorted.
    ///
    /// A missing component is a gap for requests that read lines of any component, or rows; a missing metric is a gap for
    /// requests that read rows of any metric.
    #[must_use]
    pub fn gaps(&self, request: &Request) -> Vec<Gap> {
        let mut gaps = BTreeSet::new();
        request.tables().for_each(|table| self.gaps_of(request, &table.name, &mut gaps));
        if self.inventory_partial && matches!(request, Request::Inventory(_)) {
            gaps.insert(Gap { reason: GapReason::Inventory, range: None, entities: None });
        }
        gaps.into_iter().collect()
    }

    fn gaps_of(&self, request: &Request, table: &str, gaps: &mut BTreeSet<Gap>) {
        let window = request.reading().window;
        let overlaps =
            |range: &Option<Window>| range.is_none_or(|range| range.from < window.to && window.from < range.to);
        for (reason, range) in self.partial.get(table).into_iter().flatten().filter(|(_, range)| overlaps(range)) {
            gaps.insert(Gap { reason: *reason, range: *range, entities: None });
        }
        let whole = |kind: &SourceErrorKind| Gap { reason: reason_of(*kind), range: None, entities: None };
        let any_line = match request {
            Request::Lines(lines) => lines.components.is_empty(),
            Request::Rows(_) | Request::Unmatched(_) | Request::Query(_) => true,
            Request::Series(_) | Request::Properties(_) | Request::Inventory(_) => false,
        };
        if any_line {
            gaps.extend(self.components.iter().filter(|((of, _), _)| of == table).map(|(_, kind)| whole(kind)));
        }
        let any_metric = match request {
            Request::Series(_) | Request::Properties(_) | Request::Inventory(_) => request.metrics().is_empty(),
            Request::Rows(_) | Request::Query(_) => true,
            Request::Lines(_) | Request::Unmatched(_) => false,
        };
        if any_metric {
            gaps.extend(self.metrics.iter().filter(|((of, _), _)| of == table).map(|(_, kind)| whole(kind)));
        }
    }
}

/// Whether a request names a metric, in any of its spellings.
fn names_metric(request: &Request, wanted: &str) -> bool {
    let metrics: &[(String, Vec<String>)] = match request {
        Request::Series(request) => &request.metrics,
        Request::Properties(request) => &request.metrics,
        Request::Inventory(request) => request.metric.as_slice(),
        Request::Lines(_) | Request::Rows(_) | Request::Unmatched(_) | Request::Query(_) => &[],
    };
    metrics.iter().any(|(name, spellings)| name == wanted || spellings.iter().any(|spelling| spelling == wanted))
}

/// The reason of the gap that a part leaves if it is missing for this reason.
fn reason_of(kind: SourceErrorKind) -> GapReason {
    match kind {
        SourceErrorKind::Denied => GapReason::Denied,
        SourceErrorKind::Timeout => GapReason::Timeout,
        SourceErrorKind::Unsupported
        | SourceErrorKind::NotConfigured
        | SourceErrorKind::TableMissing
        | SourceErrorKind::Throttled
        | SourceErrorKind::Unreachable
        | SourceErrorKind::Malformed
        | SourceErrorKind::Other => GapReason::Other,
    }
}
