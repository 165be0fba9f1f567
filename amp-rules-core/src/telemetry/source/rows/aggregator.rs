//! Requests on any tables, answered from their rows.

use std::sync::Arc;

use super::aggregated::Aggregated;
use super::dedup::IDENTITIES;
use super::memory::Memory;
use super::row::Row;
use super::table_aggregator::TableAggregator;
use crate::telemetry::request::Request;
use crate::telemetry::source::data::Answer;
use crate::telemetry::source::error::{SourceError, SourceErrorKind};

/// Aggregates rows into answers to requests.
#[derive(Debug)]
pub struct RowAggregator {
    tables: Vec<TableAggregator>,
    /// Requests that cannot be answered, by position.
    refused: Vec<(usize, SourceError)>,
    requests: usize,
}

impl RowAggregator {
    /// An aggregator for these requests, without any rows yet.
    #[must_use]
    pub fn new(requests: &[Request]) -> Self {
        Self::within(requests, Memory::default())
    }

    /// An aggregator for these requests whose answers take at most this much memory.
    #[must_use]
    pub fn within(requests: &[Request], memory: Memory) -> Self {
        Self::with_identities(requests, IDENTITIES, memory)
    }

    /// An aggregator that keeps at most `limit` identities per table.
    #[must_use]
    pub(crate) fn with_identities(requests: &[Request], limit: usize, memory: Memory) -> Self {
        let mut this = Self { tables: Vec::new(), refused: Vec::new(), requests: requests.len() };
        let refuse = |request: &Request, reason: String| {
            SourceError::read(SourceErrorKind::Unsupported, &request.reading().table.name, reason)
        };
        for (position, request) in requests.iter().enumerate() {
            let table = &request.reading().table;
            // Requests of one plan share their tables, so comparing addresses is usually enough.
            let same = |known: &TableAggregator| Arc::ptr_eq(&known.table, table) || known.table == *table;
            let aggregator = match this.tables.iter().position(same) {
                Some(known) => this.tables.get_mut(known),
                None => {
                    this.tables.push(TableAggregator::new(table.clone(), limit, memory));
                    this.tables.last_mut()
                }
            };
            if let Some(Err(reason)) = aggregator.map(|aggregator| aggregator.add_request(position, request)) {
                this.refused.push((position, refuse(request, reason)));
            }
        }
        for aggregator in &mut this.tables {
            if let Err(reason) = aggregator.compile() {
                let of_table =
                    requests.iter().enumerate().filter(|(_, request)| request.reading().table == aggregator.table);
                this.refused.extend(of_table.map(|(position, request)| (position, refuse(request, reason.clone()))));
            }
        }
        this
    }

    /// Whether any request reads the table.
    #[must_use]
    pub fn reads(&self, table: &str) -> bool {
        self.tables.iter().any(|aggregator| aggregator.table.name == table)
    }

    /// Adds a row of a table. Rows of tables that no request reads are ignored.
    pub fn add(&mut self, table: &str, row: &Row) {
        for aggregator in self.tables.iter_mut().filter(|aggregator| aggregator.table.name == table) {
            aggregator.add(row);
        }
    }

    /// Ends a file of a table: rows that follow are from another one. A column that no row of a file has is missing there,
    /// even if the rows of other files have it.
    pub fn end_of_file(&mut self, table: &str) {
        for aggregator in self.tables.iter_mut().filter(|aggregator| aggregator.table.name == table) {
            aggregator.end_of_file();
        }
    }

    /// The results: one entry per request, in order.
    ///
    /// # Errors
    ///
    /// Per request, [`SourceErrorKind::Unsupported`] if it cannot be answered from rows of its table: a regex that does not
    /// compile, lines of a table without text, numbers of a table without values, a query in KQL.
    /// [`SourceErrorKind::Other`] if its answer takes more memory than allowed.
    #[must_use]
    pub fn finish(self) -> Vec<Result<Aggregated, SourceError>> {
        let missing = || SourceError::new(SourceErrorKind::Other, "answer from rows", "the request was lost");
        let mut results: Vec<Result<Aggregated, SourceError>> = (0..self.requests).map(|_| Err(missing())).collect();
        let aggregated = self.tables.into_iter().flat_map(|aggregator| {
            let table = aggregator.table.name.clone();
            let refuse = move |reason| SourceError::read(SourceErrorKind::Other, table.clone(), reason);
            aggregator.finish().into_iter().map(move |(position, aggregated)| (position, aggregated.map_err(&refuse)))
        });
        let refused = self.refused.into_iter().map(|(position, error)| (position, Err(error)));
        for (position, result) in aggregated.chain(refused) {
            if let Some(entry) = results.get_mut(position) {
                *entry = result;
            }
        }
        results
    }
}

/// Answers requests from all rows of their tables, each row with the name of its table.
///
/// Every table that a request reads counts as complete: a source that lacks a table, or part of one, has to add that itself.
pub fn answer_from_rows<'r>(
    requests: &[Request],
    rows: impl IntoIterator<Item = (&'r str, &'r Row)>,
) -> Vec<Result<Answer, SourceError>> {
    let mut aggregator = RowAggregator::new(requests);
    for (table, row) in rows {
        aggregator.add(table, row);
    }
    aggregator.finish().into_iter().map(|result| result.map(Aggregated::into_answer)).collect()
}
