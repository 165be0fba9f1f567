//! How completely each table was read, and rows that could not be used.
//!
//! Input: the answers. Output: [`SourceState`]s by table, and [`RowProblem`]s.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::{SourceState, TableCompleteness, TableGap, TablePart};
use crate::evaluate::entities::Visibility;
use crate::telemetry::request::Request;
use crate::telemetry::source::data::RowProblem;
use crate::telemetry::source::{Completeness, SourceErrorKind};

/// What the requests of one table came to.
#[derive(Default)]
struct TableState {
    /// By their text, which also orders them.
    gaps: BTreeMap<String, TableGap>,
    request_ids: BTreeSet<String>,
}

/// The state of every table that some verdict depends on. Requests for unmatched errors are left out: they decide nothing.
pub(super) fn source_states(visibility: &Visibility<'_>) -> Vec<SourceState> {
    let mut tables: BTreeMap<&str, TableState> = BTreeMap::new();
    let is_deciding = |(request, _): &(&Request, _)| !matches!(request, Request::Unmatched(_));
    for (request, answer) in visibility.plan.requests().iter().zip(visibility.answers()).filter(is_deciding) {
        for table in request.tables() {
            let state = tables.entry(&table.name).or_default();
            let mut add = |gap: TableGap| state.gaps.insert(gap.to_string(), gap);
            match answer {
                Ok(answer) => {
                    state.request_ids.extend(answer.request_id.clone());
                    if let Completeness::Partial(gaps) = &answer.completeness {
                        gaps.iter().for_each(|gap| drop(add(TableGap::Partial(gap.reason))));
                    }
                }
                Err(error) => drop(add(TableGap::Missing { kind: error.kind, part: part_of(request) })),
            }
        }
    }
    tables
        .into_iter()
        .map(|(table, state)| SourceState {
            table: table.to_owned(),
            completeness: TableCompleteness::new(state.gaps.into_values().collect()),
            request_ids: state.request_ids.into_iter().collect(),
        })
        .collect()
}

/// The part of a table that a request reads.
fn part_of(request: &Request) -> TablePart {
    match request {
        Request::Lines(lines) if !lines.components.is_empty() => TablePart::Components(lines.components.clone()),
        Request::Series(_) | Request::Properties(_) => {
            TablePart::Metrics(request.metrics().into_iter().map(str::to_owned).collect())
        }
        Request::Query(_) => TablePart::Query,
        Request::Lines(_) | Request::Inventory(_) | Request::Rows(_) | Request::Unmatched(_) => TablePart::Whole,
    }
}

/// The problems of all answers, and why answers could not be used, sorted, each once.
pub(super) fn row_problems(visibility: &Visibility<'_>) -> Vec<RowProblem> {
    let answers = visibility.answers().iter().flatten();
    let mut problems: BTreeSet<RowProblem> = answers.flat_map(|answer| answer.problems.iter().cloned()).collect();
    for (request, answer) in visibility.plan.requests().iter().zip(visibility.answers()) {
        // The other kinds say what to do by themselves.
        if let Err(error) = answer
            && matches!(error.kind, SourceErrorKind::Other | SourceErrorKind::Malformed)
            && !error.context.is_empty()
        {
            let origin = request.reading().table.name.clone();
            problems.insert(RowProblem { origin, line: 0, what: error.context.clone() });
        }
    }
    problems.into_iter().collect()
}
