//! Real queries: the cases of this crate, an operations team's queries (the memory bank), and the cases of the emulator.

use std::path::Path;

use kql_testing::case::shared;
use kql_testing::text::{assert_formatting_round_trips, assert_printing_round_trips, files, rejected};

/// Returns every available query, with its name.
pub(crate) fn queries() -> Vec<(String, String)> {
    let mut queries = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/run"), "kql");
    queries.extend(memory_bank());
    queries.extend(emulator());
    queries
}

/// Queries of an operations team, which are not part of the repository.
fn memory_bank() -> Vec<(String, String)> {
    files(&shared("data/kql/memory-bank"), "kql")
}

fn emulator() -> Vec<(String, String)> {
    let Ok(text) = std::fs::read_to_string(shared("data/kql/emulator-cases.jsonl")) else { return Vec::new() };
    let case = |line: &str| {
        let case: serde_json::Value = serde_json::from_str(line).expect("a case is JSON");
        let field = |name: &str| case.get(name).and_then(serde_json::Value::as_str).expect("a case has it").to_owned();
        (field("id"), field("kql"))
    };
    text.lines().map(case).collect()
}

#[test]
fn memory_bank_parses_except_two_queries_that_kusto_also_rejects() {
    let queries = memory_bank();
    if queries.is_empty() {
        println!("skipped: the 20 queries of the memory bank are not available");
        return;
    }
    assert_eq!(queries.len(), 20);
    let rejected = rejected(&queries);
    // In one, `toscalar` has no table; in the other, a quotation mark after two backslashes ends the string.
    let known = |name: &String| name.contains("q18_") || name.contains("q20_");
    assert!(rejected.len() == 2 && rejected.iter().all(known), "{rejected:?}");
}

#[test]
fn emulator_cases_parse() {
    let queries = emulator();
    if queries.is_empty() {
        println!("skipped: the cases of the emulator are not available");
        return;
    }
    assert!(queries.len() >= 60, "{} queries", queries.len());
    // `declare` is not supported; the datetime literals of the third have spaces around their dashes, which Kusto accepts.
    let known = ["pattern-statement-01", "pattern-statement-06", "sliding-window-counts-plugin-00"];
    let mut rejected = rejected(&queries);
    rejected.retain(|problem| !known.iter().any(|id| problem.starts_with(id)));
    // One case has an invalid escape, because it was written as JSON; Kusto rejects it, too.
    assert!(rejected.len() <= 1, "{rejected:?}");
}

#[test]
fn printing_round_trips() {
    assert_printing_round_trips(&queries());
}

#[test]
fn formatting_preserves_queries_and_comments() {
    assert!(assert_formatting_round_trips(&queries()) >= 20);
}
