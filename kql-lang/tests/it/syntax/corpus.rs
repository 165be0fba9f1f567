//! Queries that people wrote: the cases of this crate, those of the memory bank and of the emulator.

use std::path::Path;

use kql_testing::case::shared;
use kql_testing::text::{assert_formatted_alike, assert_printed_alike, files, rejected};

/// Every query that is at hand, with its name.
pub(crate) fn queries() -> Vec<(String, String)> {
    let mut queries = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/run"), "kql");
    queries.extend(memory_bank());
    queries.extend(emulator());
    queries
}

/// Queries of an operations team; they lie beside the project and not in it.
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
fn the_queries_of_the_memory_bank_are_read_but_for_the_two_that_kusto_rejects_too() {
    let queries = memory_bank();
    if queries.is_empty() {
        println!("skipped: 20 queries of the memory bank are not there");
        return;
    }
    assert_eq!(queries.len(), 20);
    let rejected = rejected(&queries);
    // One gives `toscalar` no table; in the other a quotation mark behind two backslashes ends its text.
    let known = |name: &String| name.contains("q18_") || name.contains("q20_");
    assert!(rejected.len() == 2 && rejected.iter().all(known), "{rejected:?}");
}

#[test]
fn the_queries_of_the_emulator_are_read() {
    let queries = emulator();
    if queries.is_empty() {
        println!("skipped: the cases of the emulator are not there");
        return;
    }
    assert!(queries.len() >= 60, "{} queries", queries.len());
    // Its one text with a broken escape is written for a reader of JSON; Kusto rejects it too.
    let rejected = rejected(&queries);
    assert!(rejected.len() <= 1, "{rejected:?}");
}

#[test]
fn they_are_printed_as_the_same_queries() {
    assert_printed_alike(&queries());
}

#[test]
fn they_are_formatted_as_the_same_queries_with_the_same_comments() {
    assert!(assert_formatted_alike(&queries()) >= 20);
}
