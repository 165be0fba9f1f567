//! The memory that answers take, estimated while rows arrive, and its limits.
//!
//! An estimate only grows, by what each new entity, bin, sample or text needs, so whether it exceeds a limit does not depend on
//! the order of rows beyond the length of replaced texts.

use crate::telemetry::entity::Entity;

/// The estimated overhead of an entry of a map, in bytes.
const ENTRY: u64 = 64;

/// Limits on the estimated memory of answers, in bytes. Each is inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// For one request. Beyond it the request has no answer.
    pub request: u64,
    /// For all requests on one table. Beyond it none of them has an answer.
    pub table: u64,
}

impl Memory {
    /// The default: 512 MiB for a request, 2 GiB for a table.
    // A day of one metric of 1,000 pods, every minute, kept sample by sample, takes 25 MB.
    pub const DEFAULT: Self = Self { request: 512 << 20, table: 2 << 30 };
}

impl Default for Memory {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The memory of the answers from one table so far.
#[derive(Debug)]
pub(super) struct MemoryUse {
    limits: Memory,
    held: u64,
}

impl MemoryUse {
    pub(super) const fn new(limits: Memory) -> Self {
        Self { limits, held: 0 }
    }

    /// Adds what is newly held.
    pub(super) const fn add(&mut self, more: u64) {
        self.held = self.held.saturating_add(more);
    }

    /// Whether one answer of this size is too large.
    pub(super) const fn is_too_large(&self, held: u64) -> bool {
        held > self.limits.request
    }

    /// Why the answer to one request is refused.
    pub(super) fn reason(&self) -> String {
        let Memory { request, table } = self.limits;
        if self.is_exceeded() {
            format!(
                "the answers from this table take more memory than the limit `answers-bytes` of {table} bytes (docs/limits.md)"
            )
        } else {
            format!("the answer takes more memory than the limit `answer-bytes` of {request} bytes (docs/limits.md)")
        }
    }

    /// Whether all answers together are too large.
    pub(super) const fn is_exceeded(&self) -> bool {
        self.held > self.limits.table
    }
}

/// The estimated size of an entity as the key of a map.
pub(super) fn of_entity(entity: &Entity) -> u64 {
    ENTRY + entity.keys().map(|(key, value)| of_text(key) + of_text(value)).sum::<u64>()
}

/// The estimated size of a text.
pub(super) const fn of_text(text: &str) -> u64 {
    24 + text.len() as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::telemetry::request::{Instants, Reading, Request, RowsRequest};
    use crate::telemetry::source::rows::testing::{at, reading, traces, traces_row};
    use crate::telemetry::source::rows::{Row, RowAggregator};

    /// The answers to a request for rows per pod and one for all rows, of 100 pods.
    fn answers(memory: Memory) -> Vec<Result<u64, String>> {
        let of = |keys: &[&str]| {
            let keys = keys.iter().map(|key| (*key).to_owned()).collect();
            let reading = Reading { keys, ..reading(traces(), Vec::new()) };
            Request::Rows(RowsRequest {
                reading,
                sources: BTreeMap::new(),
                bin: Duration::from_secs(300),
                instants: Instants::None,
            })
        };
        let mut aggregator = RowAggregator::within(&[of(&["podname"]), of(&[])], memory);
        let row = |pod: i64| -> Row {
            let pod_name = format!("pod-{pod}");
            traces_row(
                json!({"timestamp": at(1).to_string(), "message": "text", "customDimensions": {"podname": pod_name}}),
            )
        };
        (0..100).for_each(|pod| aggregator.add("traces", &row(pod)));
        let counted = |aggregated: super::super::Aggregated| match aggregated.data {
            crate::telemetry::source::data::AnswerData::Counts(counts) => {
                counts.cells.iter().map(|cell| cell.count).sum()
            }
            other => panic!("{other:?}"),
        };
        aggregator.finish().into_iter().map(|one| one.map(counted).map_err(|error| error.to_string())).collect()
    }

    #[test]
    fn an_answer_that_is_too_large_is_refused_and_the_others_are_given() {
        assert_eq!(answers(Memory::default()), [Ok(100), Ok(100)]);
        let found = answers(Memory { request: 4096, table: 1 << 20 });
        let refused = found[0].as_ref().unwrap_err();
        assert!(refused.contains("more memory than the limit `answer-bytes` of 4096 bytes"), "{refused}");
        assert_eq!(found[1], Ok(100));
    }

    #[test]
    fn answers_that_are_too_large_together_are_refused_together() {
        for one in answers(Memory { request: 1 << 20, table: 4096 }) {
            let refused = one.unwrap_err();
            assert!(refused.contains("than the limit `answers-bytes` of 4096 bytes"), "{refused}");
        }
    }
}
