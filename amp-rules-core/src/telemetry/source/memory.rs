//! The reference source: rows in memory.
//!
//! Input: tables with their rows as JSON objects, and what is missing. Output: answers to every kind of request except
//! queries in KQL, computed by [`super::rows`]. Other backends are compared with this source. It never waits, and the same
//! request always has the same answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::contract::{Capabilities, TelemetrySource};
use super::data::{Answer, Completeness, Gap, GapReason, RowProblem};
use super::declared::Declared;
use super::error::{SourceError, SourceErrorKind};
use super::rows::{Aggregated, Row, RowAggregator};
use crate::telemetry::request::Request;
use crate::telemetry::schema::Table;
use crate::time::{Time, Window};

/// The number of row problems that an answer lists.
const PROBLEMS: usize = 100;

/// Tables in memory.
///
/// A table that was neither added nor declared missing is [`SourceErrorKind::NotConfigured`].
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    tables: BTreeMap<String, Vec<Value>>,
    declared: Declared,
    watermark: Option<Time>,
}

impl MemorySource {
    /// A source without tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds rows of a table: JSON objects as the services export them. A table may be given in several calls.
    #[must_use]
    pub fn table(mut self, name: &str, rows: impl IntoIterator<Item = Value>) -> Self {
        self.declared.table(name);
        self.tables.entry(name.to_owned()).or_default().extend(rows);
        self
    }

    /// Declares a table as missing.
    #[must_use]
    pub fn missing(mut self, table: &str, kind: SourceErrorKind) -> Self {
        self.declared.missing(table, kind);
        self
    }

    /// Declares the rows of a metric as missing: requests that name it have no answer.
    #[must_use]
    pub fn missing_metric(mut self, table: &str, metric: &str, kind: SourceErrorKind) -> Self {
        self.declared.missing_metric(table, metric, kind);
        self
    }

    /// Declares the lines of a component as missing: requests that name it have no answer, those that name no component have a
    /// partial one.
    #[must_use]
    pub fn missing_component(mut self, table: &str, component: &str, kind: SourceErrorKind) -> Self {
        self.declared.missing_component(table, component, kind);
        self
    }

    /// Declares a gap of a table, in an interval or, if `None`, in the whole window.
    #[must_use]
    pub fn partial(mut self, table: &str, reason: GapReason, range: Option<Window>) -> Self {
        self.declared.partial(table, reason, range);
        self
    }

    /// Declares that entities may be missing from the inventory.
    #[must_use]
    pub fn inventory_partial(mut self) -> Self {
        self.declared.inventory_partial();
        self
    }

    /// Sets the instant before which all rows have arrived.
    #[must_use]
    pub fn watermark(mut self, at: Time) -> Self {
        self.watermark = Some(at);
        self
    }

    /// The rows of a table as they were added.
    #[must_use]
    pub fn rows(&self, table: &str) -> &[Value] {
        self.tables.get(table).map(Vec::as_slice).unwrap_or_default()
    }

    /// The declarations.
    #[must_use]
    pub fn declared(&self) -> &Declared {
        &self.declared
    }

    /// Answers the requests like [`TelemetrySource::fetch`], without a future.
    #[must_use]
    pub fn answer(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        let mut answers: Vec<Option<Result<Answer, SourceError>>> =
            requests.iter().map(|request| self.declared.refusal(request).map(Err)).collect();
        let mut tables: Vec<Arc<Table>> = Vec::new();
        for request in requests {
            let table = &request.reading().table;
            if !tables.iter().any(|known| Arc::ptr_eq(known, table) || known == table) {
                tables.push(table.clone());
            }
        }
        for table in tables {
            let unanswered = |(position, request): (usize, &Request)| {
                (request.reading().table == table && answers.get(position).is_some_and(Option::is_none))
                    .then_some((position, request.clone()))
            };
            let (positions, open): (Vec<_>, Vec<_>) = requests.iter().enumerate().filter_map(unanswered).unzip();
            let mut aggregator = RowAggregator::new(&open);
            let bad = self.read(&table, &mut aggregator);
            for ((position, request), result) in positions.into_iter().zip(&open).zip(aggregator.finish()) {
                if let Some(place) = answers.get_mut(position) {
                    *place = Some(result.map(|result| self.complete(request, result, &bad)));
                }
            }
        }
        let lost = || Err(SourceError::new(SourceErrorKind::Other, "answer from memory", "the request was lost"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    /// Adds the rows of a table to an aggregator; returns those that cannot be read.
    fn read(&self, table: &Table, aggregator: &mut RowAggregator) -> Vec<RowProblem> {
        let mut bad = Vec::new();
        for (value, line) in self.tables.get(&table.name).into_iter().flatten().zip(1_u64..) {
            let row = match value {
                Value::Object(object) => Row::from_json(table, object.clone()),
                _ => Err("it is not a JSON object".to_owned()),
            };
            match row {
                Ok(row) => aggregator.add(&table.name, &row),
                Err(what) => bad.push(RowProblem { origin: table.name.clone(), line, what }),
            }
        }
        bad
    }

    fn complete(&self, request: &Request, aggregated: Aggregated, bad: &[RowProblem]) -> Answer {
        let mut answer = aggregated.into_answer();
        let mut gaps = answer.completeness.gaps().to_vec();
        gaps.extend(self.declared.gaps(request));
        if !bad.is_empty() {
            gaps.push(Gap { reason: GapReason::BadRows, range: None, entities: None });
        }
        gaps.sort();
        answer.completeness = Completeness::with_gaps(gaps);
        answer.watermark = self.watermark;
        answer.problems.extend(bad.iter().take(PROBLEMS).cloned());
        answer.problems.sort();
        answer
    }
}

#[async_trait]
impl TelemetrySource for MemorySource {
    fn capabilities(&self) -> Capabilities {
        Capabilities::of_rows()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        self.answer(requests)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::telemetry::predicate::{LineTest, See};
    use crate::telemetry::request::{Instants, InventoryRequest, LinesRequest, PropertiesRequest, RowsRequest};
    use crate::telemetry::source::data::AnswerData;
    use crate::telemetry::source::rows::testing::{at, metrics, noon, reading, traces};

    fn lines(components: &[&str]) -> Request {
        Request::Lines(LinesRequest {
            reading: reading(traces(), Vec::new()),
            components: components.iter().map(|name| (*name).to_owned()).collect(),
            test: LineTest::Contains("refused".to_owned()),
            see: See::Message,
            sources: BTreeMap::new(),
            sums: Vec::new(),
            bin: Duration::from_secs(300),
            instants: Instants::None,
        })
    }

    fn properties(metric_names: &[&str]) -> Request {
        let metric = |name: &&str| ((*name).to_owned(), vec![format!("{name}_total")]);
        Request::Properties(PropertiesRequest {
            reading: reading(metrics(), Vec::new()),
            metrics: metric_names.iter().map(metric).collect(),
            names: Vec::new(),
        })
    }

    fn inventory() -> Request {
        Request::Inventory(InventoryRequest {
            reading: reading(traces(), Vec::new()),
            metric: None,
            every: Duration::from_secs(300),
            attributes: Vec::new(),
            restart_marker: None,
        })
    }

    #[track_caller]
    fn kind(source: &MemorySource, request: Request) -> Result<Completeness, SourceErrorKind> {
        source.answer(&[request]).remove(0).map(|answer| answer.completeness).map_err(|error| error.kind)
    }

    fn gap(reason: GapReason) -> Result<Completeness, SourceErrorKind> {
        Ok(Completeness::Partial(vec![Gap { reason, range: None, entities: None }]))
    }

    #[test]
    fn an_undeclared_table_is_not_configured_and_an_empty_one_is_an_answer() {
        assert_eq!(kind(&MemorySource::new(), lines(&[])), Err(SourceErrorKind::NotConfigured));
        assert_eq!(kind(&MemorySource::new().table("traces", []), lines(&[])), Ok(Completeness::Complete));
        let denied = MemorySource::new().table("traces", []).missing("traces", SourceErrorKind::Denied);
        assert_eq!(kind(&denied, lines(&[])), Err(SourceErrorKind::Denied));
    }

    #[test]
    fn a_missing_metric_takes_the_requests_that_name_it() {
        let source = MemorySource::new().table("customMetrics", []).missing_metric(
            "customMetrics",
            "m",
            SourceErrorKind::Timeout,
        );
        assert_eq!(kind(&source, properties(&["n", "m"])), Err(SourceErrorKind::Timeout));
        assert_eq!(kind(&source, properties(&["n"])), Ok(Completeness::Complete));
        assert_eq!(kind(&source, properties(&[])), gap(GapReason::Timeout));
        let spelled = MemorySource::new().table("customMetrics", []).missing_metric(
            "customMetrics",
            "m_total",
            SourceErrorKind::Timeout,
        );
        assert_eq!(kind(&spelled, properties(&["m"])), Err(SourceErrorKind::Timeout));
    }

    #[test]
    fn a_missing_component_takes_the_requests_that_name_it_and_leaves_a_gap_for_those_that_name_none() {
        let source =
            MemorySource::new().table("traces", []).missing_component("traces", "mdsd", SourceErrorKind::Denied);
        assert_eq!(kind(&source, lines(&["mdsd"])), Err(SourceErrorKind::Denied));
        assert_eq!(kind(&source, lines(&["main"])), Ok(Completeness::Complete));
        assert_eq!(kind(&source, lines(&[])), gap(GapReason::Denied));
        assert_eq!(kind(&source, inventory()), Ok(Completeness::Complete));
        let rows = Request::Rows(RowsRequest {
            reading: reading(traces(), Vec::new()),
            sources: BTreeMap::new(),
            bin: Duration::ZERO,
            instants: Instants::None,
        });
        assert_eq!(kind(&source, rows), gap(GapReason::Denied));
    }

    #[test]
    fn a_gap_outside_the_window_is_ignored() {
        let source = MemorySource::new().table("traces", []).partial("traces", GapReason::Truncated, None);
        assert_eq!(kind(&source, lines(&[])), gap(GapReason::Truncated));
        let range = Window { from: at(-10), to: noon() };
        let before = MemorySource::new().table("traces", []).partial("traces", GapReason::TimeRange, Some(range));
        assert_eq!(kind(&before, lines(&[])), Ok(Completeness::Complete));
    }

    #[test]
    fn a_partial_inventory_is_declared() {
        let source = MemorySource::new().table("traces", []).inventory_partial();
        assert_eq!(kind(&source, inventory()), gap(GapReason::Inventory));
        assert_eq!(kind(&source, lines(&[])), Ok(Completeness::Complete));
    }

    #[test]
    fn rows_that_cannot_be_read_are_listed_and_make_the_answer_partial() {
        let good = json!({"timestamp": noon().to_string(), "message": "refused", "itemCount": 1, "customDimensions": {"cluster": "/sub/c1", "podname": "p"}});
        let source = MemorySource::new().table("traces", [json!(7), good, json!({"timestamp": "?"})]);
        let answer = source.answer(&[lines(&[])]).remove(0).unwrap();
        assert_eq!(Ok(answer.completeness), gap(GapReason::BadRows));
        assert_eq!(
            answer.problems.iter().map(|problem| (problem.line, problem.what.as_str())).collect::<Vec<_>>(),
            [(1, "it is not a JSON object"), (3, "`timestamp` is not an instant: `?`")]
        );
        assert!(matches!(answer.data, AnswerData::Counts(counts) if counts.cells.len() == 1));
    }

    #[test]
    fn requests_keep_their_order_across_tables() {
        let source = MemorySource::new().table("traces", []).table("customMetrics", []).watermark(noon());
        let requests = [properties(&["n"]), lines(&[]), properties(&[]), inventory()];
        let kinds: Vec<_> = futures::executor::block_on(source.fetch(&requests))
            .into_iter()
            .map(|answer| answer.map(|answer| (answer.data, answer.watermark)).unwrap())
            .collect();
        assert!(matches!(
            &kinds[..],
            [
                (AnswerData::Properties(_), _),
                (AnswerData::Counts(_), _),
                (AnswerData::Properties(_), _),
                (AnswerData::Inventory(_), Some(_))
            ]
        ));
    }
}
