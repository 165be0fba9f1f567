//! Compares the parser and the binder with Microsoft's language service: both must accept or both reject a query, and the
//! names and types of the result columns must be equal.
//!
//! The queries are those of `testdata/run` and the recorded cases of the Kusto emulator, if available. Unsupported queries
//! are not compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kql_lang::bind::Catalog;
use kql_testing::case::shared;
use kql_testing::microsoft::assert_same_as_service;
use kql_testing::text::files;

/// Known differences: the id of a query, and the reason.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "run/union-inner-keeps-common-columns",
        "the language service keeps all columns, Kusto the columns that all tables have",
    ),
    (
        "emulator/ceiling-function-00",
        "recorded results have type `real` for every number, the language service has `long` for a whole one",
    ),
    (
        "emulator/datetime-diff-function-00",
        "recorded results have type `real` for weeks, the language service has `long`",
    ),
    (
        "run/range-with-step-zero-fails",
        "the service rejects a constant step of zero when binding, this crate when running",
    ),
    ("emulator/summarize-operator-05", "the language service rejects `count(x)`, which Kusto accepts"),
    // Gaps of this crate: the language service accepts the query.
    ("emulator/array-sort-asc-function-00", "several arrays in one call are not supported"),
    ("emulator/array-sort-asc-function-02", "several arrays in one call are not supported"),
    ("emulator/array-sort-desc-function-02", "several arrays in one call are not supported"),
    ("emulator/buildschema-aggregation-function-00", "an unsupported function is followed by other errors"),
    ("emulator/column-names-of-function-00", "an unsupported function that takes a table"),
    ("emulator/dcount-intersect-plugin-00", "an unsupported function is followed by other errors"),
    ("emulator/hll-merge-function-00", "an unsupported function is followed by other errors"),
    (
        "emulator/make-timespan-function-00",
        "the language service rejects a fraction in the last argument, Kusto accepts it",
    ),
    ("emulator/percentilesw-aggregation-function-01", "an unsupported function is followed by other errors"),
    ("emulator/percentilesw-aggregation-function-03", "an unsupported function is followed by other errors"),
    ("emulator/series-decompose-anomalies-function-01", "an unsupported function is followed by other errors"),
    ("emulator/series-fit-2lines-function-00", "an unsupported function is followed by other errors"),
    ("emulator/sliding-window-counts-plugin-00", "spaces around the dashes of a datetime literal are not supported"),
    ("emulator/summarize-operator-04", "an unsupported function is followed by other errors"),
    ("emulator/using-hll-tdigest-00", "an unsupported function is followed by other errors"),
];

#[test]
fn diagnostics_and_columns_agree_with_the_language_service() {
    let mut queries = BTreeMap::new();
    for (path, text) in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/run"), "kql") {
        let stem = Path::new(&path).file_stem().expect("a file has a name").to_string_lossy().into_owned();
        queries.insert(format!("run/{stem}"), text);
    }
    for line in fs::read_to_string(shared("data/kql/emulator-cases.jsonl")).unwrap_or_default().lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("a case is a line of JSON");
        let field = |name: &str| entry.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        queries.insert(format!("emulator/{}", field("id")), field("kql"));
    }
    assert_same_as_service(env!("CARGO_TARGET_TMPDIR"), &queries, &Catalog::new(), &[], DIFFERENT);
}
