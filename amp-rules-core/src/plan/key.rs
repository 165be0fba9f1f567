//! A key under which equal requests are found without comparing each with each.

use std::time::Duration;

use crate::telemetry::predicate::LineTest;
use crate::telemetry::request::{BinnedStep, Instants, Request, RequestKind};
use crate::telemetry::schema::Path;

/// The parts of a request that have a total order.
///
/// Equal requests have equal keys. The converse does not hold: numbers in conditions and defaults are floating point and
/// stay out, so requests with equal keys still have to be compared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RequestKey {
    kind: RequestKind,
    table: String,
    keys: Vec<String>,
    conditions: Vec<String>,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Content {
    Lines(LineTest, Vec<String>, Duration, Instants),
    Rows(Duration, Instants),
    Series(Vec<String>, Vec<BinnedStep>),
    Properties(Vec<String>, Vec<(String, Path)>),
    Inventory(Option<String>, Duration),
    Unmatched,
    Query(String),
}

impl RequestKey {
    pub(super) fn of(request: &Request) -> Self {
        let reading = request.reading();
        let names =
            |metrics: &[(String, Vec<String>)]| metrics.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        let content = match request {
            Request::Lines(lines) => {
                Content::Lines(lines.test.clone(), lines.components.clone(), lines.bin, lines.instants)
            }
            Request::Rows(rows) => Content::Rows(rows.bin, rows.instants),
            Request::Series(series) => Content::Series(names(&series.metrics), series.steps.clone()),
            Request::Properties(properties) => {
                Content::Properties(names(&properties.metrics), properties.names.clone())
            }
            Request::Inventory(inventory) => {
                Content::Inventory(inventory.metric.as_ref().map(|(name, _)| name.clone()), inventory.every)
            }
            Request::Unmatched(_) => Content::Unmatched,
            Request::Query(query) => Content::Query(query.text.clone()),
        };
        Self {
            kind: request.kind(),
            table: reading.table.name.clone(),
            keys: reading.keys.clone(),
            conditions: reading.filter.iter().map(|condition| condition.name.clone()).collect(),
            content,
        }
    }
}
