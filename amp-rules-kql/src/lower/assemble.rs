//! Assembles the query for the requests on one table.
//!
//! Input: the requests. Output: a [`Draft`]; its query is the union of the parts that each request adds.

use amp_rules_core::telemetry::predicate::LineTest;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::schema::Table;

use super::dialect::Dialect;
use super::draft::Draft;
use super::lowered::Subjects;
use super::{counts, lines, series, states, unmatched};

/// Returns the query for the requests.
pub(super) fn query(table: &Table, requests: &[(usize, &Request)], subjects: &Subjects, dialect: &Dialect) -> Draft {
    let mut draft = Draft::new(table, requests, subjects, dialect);
    let mut lines = lines::LineRequests::default();
    for (position, request) in requests {
        match request {
            Request::Lines(request) => lines.lines.push((*position, request)),
            Request::Rows(request) => counts::lower(&mut draft, table, *position, request),
            Request::Series(request) => series::lower(&mut draft, table, *position, request),
            Request::Properties(request) => states::properties(&mut draft, table, *position, request),
            Request::Inventory(request) => {
                states::inventory(&mut draft, table, *position, request);
                if let Some(regex) = &request.restart_marker {
                    lines.starts.push((*position, request, LineTest::Regex(regex.clone())));
                }
            }
            Request::Unmatched(request) => lines.unmatched.push((*position, request)),
            // `rule_query` lowers these separately.
            Request::Query(_) => {}
        }
    }
    lines::lower(&mut draft, table, &lines);
    unmatched::parts(&mut draft, &lines.unmatched);
    let parts: Vec<String> = draft.parts.iter().map(|part| format!("({part})")).collect();
    let result = match parts.as_slice() {
        // No request adds a part, but a query must have a result.
        [] => "print part = long(-1), entity = \"\", at = datetime(null), cells = dynamic(null) | take 0".to_owned(),
        parts => format!("union {}", parts.join(",\n")),
    };
    draft.statements.push(result);
    draft.kql = format!("{}\n", draft.statements.join(";\n"));
    draft
}
