//! Converts the response to a lowered query to answers for its requests.
//!
//! Input: the decoded tables, partial failures and permissions. Output: one answer or error per request. Each partial failure
//! becomes a gap of every request in the query; a table that the caller may not read at all is an error.

use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::data::{Completeness, Gap, GapReason};
use amp_rules_core::telemetry::source::{Answer, SourceError, SourceErrorKind};

use super::client::{QueryError, QueryResponse};
use super::service::APP_INSIGHTS_TABLES;
use crate::lower::Lowered;
use crate::wire::{Decoded, FailureKind, Reach};

/// The position of a subject, the position of a request, and the answer or error.
pub(super) type Reply = (usize, usize, Result<Answer, SourceError>);

/// Returns the answers to the requests of a query; the positions of the query are indices into `requests`.
pub(super) fn replies(
    lowered: &Lowered,
    requests: &[Request],
    result: Result<QueryResponse, QueryError>,
) -> Vec<Reply> {
    let table = lowered.table.name.as_str();
    let failed = |kind: SourceErrorKind, context: &str| {
        let error = || Err(SourceError::read(kind, table, context));
        let of_one = |subject: usize| lowered.positions.iter().map(move |position| (subject, *position, error()));
        lowered.subjects().into_iter().flat_map(of_one).collect::<Vec<_>>()
    };
    let QueryResponse { decoded, id } = match result {
        Ok(answered) => answered,
        Err(error) => return failed(error.kind, &error.context),
    };
    let reach =
        |table: &str| decoded.permissions.as_ref().map_or(Reach::Full, |permissions| permissions.reach(&names(table)));
    let asked = lowered.positions.iter().filter_map(|position| requests.get(*position));
    let reaches: Vec<Reach> = asked.flat_map(Request::tables).map(|table| reach(&table.name)).collect();
    if reaches.contains(&Reach::Nothing) {
        return failed(SourceErrorKind::Denied, &format!("the caller may not read the table (call {id})"));
    }
    let mut gaps = gaps(&decoded);
    if reaches.contains(&Reach::Part) {
        gaps.push(everywhere(GapReason::Denied));
    }
    gaps.sort();
    gaps.dedup();
    let Some((_, result)) = decoded.tables.last() else {
        return failed(SourceErrorKind::Malformed, &format!("the response contains no table (call {id})"));
    };
    let finish = |(subject, position, answer): Reply| {
        let answer = answer.map(|mut answer| {
            answer.request_id = Some(id.clone());
            lacking(&mut answer.completeness, &gaps);
            answer
        });
        (subject, position, answer)
    };
    lowered.answers_of_fleet(result).into_iter().map(finish).collect()
}

fn gaps(decoded: &Decoded) -> Vec<Gap> {
    let reason = |kind| match kind {
        FailureKind::Truncated => GapReason::Truncated,
        FailureKind::Timeout => GapReason::Timeout,
        FailureKind::Denied => GapReason::Denied,
        FailureKind::Throttled
        | FailureKind::Rejected
        | FailureKind::TableMissing
        | FailureKind::Malformed
        | FailureKind::Transient => GapReason::Other,
    };
    decoded.partial_failures.iter().map(|failure| everywhere(reason(failure.kind))).collect()
}

fn everywhere(reason: GapReason) -> Gap {
    Gap { reason, range: None, entities: None }
}

/// Adds gaps to the completeness of an answer.
fn lacking(completeness: &mut Completeness, more: &[Gap]) {
    if more.is_empty() {
        return;
    }
    let mut gaps = match std::mem::replace(completeness, Completeness::Complete) {
        Completeness::Complete => Vec::new(),
        Completeness::Partial(gaps) => gaps,
    };
    gaps.extend_from_slice(more);
    gaps.sort();
    gaps.dedup();
    *completeness = Completeness::Partial(gaps);
}

/// Returns all names that Azure Monitor may use for a table.
fn names(table: &str) -> Vec<&str> {
    let other = APP_INSIGHTS_TABLES.iter().find(|(here, there)| *here == table || *there == table);
    other.map_or_else(|| vec![table], |(here, there)| vec![*here, *there])
}
