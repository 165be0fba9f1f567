//! What recorded telemetry says of itself: which tables or parts of tables are missing, and what was cut.
//!
//! Input: declarations, as an incident folder makes them, and a request. Output: the error that takes the answer's place,
//! or the gaps that the answer has. Used by sources that hold recorded rows; a live service says such things per call.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Gap, GapReason};
use super::{SourceError, SourceErrorKind};
use crate::telemetry::request::Request;
use crate::time::Window;

/// What is known of the tables of a recording.
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
    /// Nothing is there.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A table is there.
    pub fn table(&mut self, table: &str) {
        self.present.insert(table.to_owned());
    }

    /// A table is missing, whatever rows of it there may be.
    pub fn missing(&mut self, table: &str, kind: SourceErrorKind) {
        self.missing.insert(table.to_owned(), kind);
    }

    /// The rows of one metric of a table are missing.
    pub fn missing_metric(&mut self, table: &str, metric: &str, kind: SourceErrorKind) {
        self.metrics.insert((table.to_owned(), metric.to_owned()), kind);
    }

    /// The lines of one component of a table are missing.
    pub fn missing_component(&mut self, table: &str, component: &str, kind: SourceErrorKind) {
        self.components.insert((table.to_owned(), component.to_owned()), kind);
    }

    /// A table lacks something, in a stretch of time or, without one, anywhere.
    pub fn partial(&mut self, table: &str, reason: GapReason, range: Option<Window>) {
        self.partial.entry(table.to_owned()).or_default().push((reason, range));
    }

    /// Some entities may be unseen.
    pub fn inventory_partial(&mut self) {
        self.inventory_partial = true;
    }

    /// Whether a table is there, or said to be missing.
    #[must_use]
    pub fn knows(&self, table: &str) -> bool {
        self.present.contains(table) || self.missing.contains_key(table)
    }

    /// The error that takes the place of an answer.
    ///
    /// A table that is neither there nor declared is [`SourceErrorKind::NotConfigured`]; a request that names a missing
    /// metric or component has no answer either, even where it names others too.
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

    /// The gaps of an answer that is there, sorted.
    ///
    /// Where a component is missing, lines of any component and rows may be unseen; where a metric is missing, rows of any
    /// metric.
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

/// What a part that is missing for this reason is as a gap.
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
