//! How completely each table was read, and rows that could not be used.
//!
//! Input: the answers. Output: [`SourceState`]s by table, and [`RowProblem`]s.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnosis::SourceState;
use crate::evaluate::entities::Visibility;
use crate::telemetry::request::Request;
use crate::telemetry::source::Completeness;
use crate::telemetry::source::data::RowProblem;

/// What the requests of one table came to.
#[derive(Default)]
struct TableState {
    /// `partial: truncated`, `missing: denied (component agent)`.
    problems: BTreeSet<String>,
    request_ids: BTreeSet<String>,
}

/// The state of every table that some verdict depends on. Requests for unmatched errors are left out: they decide nothing.
pub(super) fn source_states(visibility: &Visibility<'_>) -> Vec<SourceState> {
    let mut tables: BTreeMap<&str, TableState> = BTreeMap::new();
    let is_deciding = |(request, _): &(&Request, _)| !matches!(request, Request::Unmatched(_));
    for (request, answer) in visibility.plan.requests().iter().zip(visibility.answers()).filter(is_deciding) {
        for table in request.tables() {
            let state = tables.entry(&table.name).or_default();
            match answer {
                Ok(answer) => {
                    state.request_ids.extend(answer.request_id.clone());
                    if let Completeness::Partial(gaps) = &answer.completeness {
                        state.problems.extend(gaps.iter().map(|gap| format!("partial: {}", gap.reason.as_str())));
                    }
                }
                Err(error) => {
                    state.problems.insert(format!("missing: {}{}", error.kind.as_str(), part_of(request)));
                }
            }
        }
    }
    tables
        .into_iter()
        .map(|(table, state)| SourceState {
            table: table.to_owned(),
            completeness: completeness(&state.problems),
            request_ids: state.request_ids.into_iter().collect(),
        })
        .collect()
}

/// Which part of a table a failed request reads, unless it reads all of it.
fn part_of(request: &Request) -> String {
    match request {
        Request::Lines(lines) if !lines.components.is_empty() => {
            format!(" (component {})", lines.components.join(", "))
        }
        Request::Series(_) | Request::Properties(_) => format!(" (metric {})", request.metrics().join(", ")),
        Request::Query(_) => " (query)".to_owned(),
        _ => String::new(),
    }
}

/// The problems as one text, `complete` if there are none. If the table is missing as a whole, its parts are left out.
fn completeness(problems: &BTreeSet<String>) -> String {
    if problems.is_empty() {
        return "complete".to_owned();
    }
    let all: Vec<&str> = problems.iter().map(String::as_str).collect();
    let of_whole_table: Vec<&str> = all.iter().copied().filter(|problem| !problem.contains('(')).collect();
    let is_missing = of_whole_table.iter().any(|problem| problem.starts_with("missing"));
    if is_missing { of_whole_table.join("; ") } else { all.join("; ") }
}

/// The problems of all answers, sorted, each once.
pub(super) fn row_problems(visibility: &Visibility<'_>) -> Vec<RowProblem> {
    let answers = visibility.answers().iter().flatten();
    let problems: BTreeSet<RowProblem> = answers.flat_map(|answer| answer.problems.iter().cloned()).collect();
    problems.into_iter().collect()
}
