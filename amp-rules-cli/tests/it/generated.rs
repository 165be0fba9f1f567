//! Compares the committed files with what is generated today. `UPDATE=1` rewrites them.
#![expect(clippy::unwrap_used, reason = "a test that cannot run has failed")]

use std::fs;
use std::path::Path;

use amp_rules_core::report;
use amp_rules_core::rules::syntax::{FileKind, json_schema, reference};

#[track_caller]
fn matches_file(name: &str, want: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, want).unwrap();
    }
    let got = fs::read_to_string(&path).unwrap_or_default();
    assert!(got == want, "{name} differs from what is generated; UPDATE=1 cargo test rewrites it");
}

#[test]
fn the_schema_of_the_report_is_committed() {
    matches_file("docs/report.schema.json", &report::json_schema());
}

#[test]
fn the_schema_of_patterns_is_committed_beside_them() {
    let schema = json_schema(FileKind::Pattern).unwrap();
    matches_file("rules/schema.json", &format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()));
}

#[test]
fn the_reference_of_the_format_is_committed() {
    matches_file("docs/rule-format.md", &reference());
}

#[test]
fn the_limits_are_documented() {
    matches_file("docs/limits.md", &amp_rules_fixtures::input::limits_page());
}

#[test]
fn the_reference_of_the_query_language_is_committed() {
    matches_file("docs/kql.md", &kql_lang::reference::page());
}
