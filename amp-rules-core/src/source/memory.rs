//! The strict reference: telemetry that is handed over as rows.
//!
//! Input: tables with their rows as JSON objects, and what is missing. Output: answers to every kind of request, by
//! [`super::rows`]. What other backends answer is held against this source. It waits for nothing and forgets nothing: the
//! same request has the same answer every time.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::data::{Answer, Completeness, Gap, GapReason, RowProblem};
use super::declared::Declared;
use super::rows::{Fold, Folded, Row};
use super::{Capabilities, SourceError, SourceErrorKind, TelemetrySource};
use crate::request::Request;
use crate::schema::Table;
use crate::time::{Time, Window};

/// Problems that an answer lists.
const PROBLEMS: usize = 100;

/// Tables in memory.
///
/// A table that is neither given nor declared missing is [`SourceErrorKind::NotConfigured`].
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    tables: BTreeMap<String, Vec<Value>>,
    declared: Declared,
    watermark: Option<Time>,
}

impl MemorySource {
    /// No table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With rows of a table: JSON objects as the services export them. Rows given in several calls add up.
    #[must_use]
    pub fn table(mut self, name: &str, rows: impl IntoIterator<Item = Value>) -> Self {
        self.declared.table(name);
        self.tables.entry(name.to_owned()).or_default().extend(rows);
        self
    }

    /// With a table that is missing.
    #[must_use]
    pub fn missing(mut self, table: &str, kind: SourceErrorKind) -> Self {
        self.declared.missing(table, kind);
        self
    }

    /// With a metric whose rows are missing: requests that name it have no answer.
    #[must_use]
    pub fn missing_metric(mut self, table: &str, metric: &str, kind: SourceErrorKind) -> Self {
        self.declared.missing_metric(table, metric, kind);
        self
    }

    /// With a component whose lines are missing: requests that name it have no answer, those that name none a partial one.
    #[must_use]
    pub fn missing_component(mut self, table: &str, component: &str, kind: SourceErrorKind) -> Self {
        self.declared.missing_component(table, component, kind);
        self
    }

    /// With a table that lacks something, in a stretch of time or, without one, anywhere.
    #[must_use]
    pub fn partial(mut self, table: &str, reason: GapReason, range: Option<Window>) -> Self {
        self.declared.partial(table, reason, range);
        self
    }

    /// With an inventory in which entities may be unseen.
    #[must_use]
    pub fn inventory_partial(mut self) -> Self {
        self.declared.inventory_partial();
        self
    }

    /// With an instant before which nothing is still to arrive.
    #[must_use]
    pub fn watermark(mut self, at: Time) -> Self {
        self.watermark = Some(at);
        self
    }

    /// Answers the requests; what [`TelemetrySource::fetch`] does, without a future.
    #[must_use]
    pub fn answer(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        let mut answers: Vec<Option<Result<Answer, SourceError>>> = requests.iter().map(|request| self.declared.refusal(request).map(Err)).collect();
        let mut tables: Vec<Arc<Table>> = Vec::new();
        for request in requests {
            let table = &request.reading().table;
            if !tables.iter().any(|known| Arc::ptr_eq(known, table) || known == table) {
                tables.push(table.clone());
            }
        }
        for table in tables {
            let asked = |(position, request): (usize, &Request)| (request.reading().table == table && answers.get(position).is_some_and(Option::is_none)).then_some((position, request.clone()));
            let (positions, asked): (Vec<_>, Vec<_>) = requests.iter().enumerate().filter_map(asked).unzip();
            let mut fold = Fold::new(&asked);
            let bad = self.read(&table, &mut fold);
            for ((position, request), folded) in positions.into_iter().zip(&asked).zip(fold.finish()) {
                if let Some(place) = answers.get_mut(position) {
                    *place = Some(folded.map(|folded| self.complete(request, folded, &bad)));
                }
            }
        }
        let lost = || Err(SourceError::new(SourceErrorKind::Other, "answer from memory", "the request was lost"));
        answers.into_iter().map(|answer| answer.unwrap_or_else(lost)).collect()
    }

    /// Feeds the rows of a table; returns the bad ones.
    fn read(&self, table: &Table, fold: &mut Fold) -> Vec<RowProblem> {
        let mut bad = Vec::new();
        for (value, line) in self.tables.get(&table.name).into_iter().flatten().zip(1_u64..) {
            let row = match value {
                Value::Object(object) => Row::from_json(table, object.clone()),
                _ => Err("it is no object".to_owned()),
            };
            match row {
                Ok(row) => fold.add(&table.name, &row),
                Err(what) => bad.push(RowProblem { origin: table.name.clone(), line, what }),
            }
        }
        bad
    }

    fn complete(&self, request: &Request, folded: Folded, bad: &[RowProblem]) -> Answer {
        let mut answer = folded.into_answer();
        let mut gaps = match answer.completeness {
            Completeness::Complete => Vec::new(),
            Completeness::Partial(gaps) => gaps,
        };
        gaps.extend(self.declared.gaps(request));
        if !bad.is_empty() {
            gaps.push(Gap { reason: GapReason::BadRows, range: None, entities: None });
        }
        gaps.sort();
        answer.completeness = if gaps.is_empty() { Completeness::Complete } else { Completeness::Partial(gaps) };
        answer.watermark = self.watermark;
        answer.problems = bad.iter().take(PROBLEMS).cloned().collect();
        answer
    }
}

#[async_trait]
impl TelemetrySource for MemorySource {
    fn capabilities(&self) -> Capabilities {
        Capabilities::all()
    }

    async fn fetch(&self, requests: &[Request]) -> Vec<Result<Answer, SourceError>> {
        self.answer(requests)
    }
}
