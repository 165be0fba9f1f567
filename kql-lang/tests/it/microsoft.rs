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
    (
        "emulator/make-timespan-function-00",
        "the language service rejects a fraction in the last argument, Kusto accepts it",
    ),
    ("emulator/bag-unpack-plugin-01", "the language service does not know the columns of the plugin"),
    ("emulator/bag-unpack-plugin-03", "the language service does not know the columns of the plugin"),
    ("emulator/bag-unpack-plugin-04", "the language service does not accept the named argument, Kusto does"),
    ("emulator/bag-unpack-plugin-05", "the language service does not know the columns of the plugin"),
    ("emulator/make-bag-aggregation-function-01", "the language service does not know the columns of the plugin"),
    ("emulator/monthofyear-function-00", "recorded results have type `long`, the language service has `int`"),
    ("emulator/scan-operator-00", "the language service adds a column `match_id` that Kusto does not return"),
    ("emulator/union-operator-04", "the language service rejects a pattern without tables even if `isfuzzy` is set"),
    (
        "emulator/union-operator-06",
        "the language service numbers the column that keeps its name, Kusto the renamed one",
    ),
    ("run/an-invalid-regex-is-reported", "the language service does not check regexes, Kusto does"),
    ("run/bag-unpack-makes-columns", "the language service does not accept the named argument, Kusto does"),
    ("run/scan-reads-the-step-itself", "the language service adds a column `match_id` that Kusto does not return"),
    ("run/search-finds-terms-in-any-column", "the language service lists the columns of later views first"),
    (
        "run/series-are-filtered-and-filled",
        "the language service expects an `int` for the degree, which a literal is not",
    ),
    (
        "run/union-finds-views-by-pattern",
        "the language service rejects a pattern without tables even if `isfuzzy` is set",
    ),
    (
        "run/union-numbers-renamed-columns",
        "the language service numbers the column that keeps its name, Kusto the renamed one",
    ),
    (
        "run/getschema-returns-columns-and-types",
        "responses of the service have type `int` for the ordinal, the language service has `long`",
    ),
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
