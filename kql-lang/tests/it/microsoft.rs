//! Compares parser and binder with Microsoft's own: both accept a query or both reject it, and both name and type the
//! columns of its result alike.
//!
//! The queries are those of `testdata/run` and the recorded cases of the emulator beside the project. A query that is
//! rejected because it lies outside the subset is not compared.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use kql_lang::bind::Catalog;
use kql_testing::case::shared;
use kql_testing::microsoft::assert_alike;
use kql_testing::text::files;

/// Where the two differ for a reason: the id of a query, and the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("run/union-inner-keeps-common-columns", "its binder keeps all columns, the service those that all tables have"),
    (
        "emulator/ceiling-function-00",
        "recorded answers have a `real` for every number, its binder a `long` for a whole one",
    ),
    ("emulator/datetime-diff-function-00", "recorded answers have a `real` for weeks, its binder a `long`"),
    ("run/a-step-of-zero-fails", "its binder looks at the value of a constant step, which here the run refuses"),
    ("emulator/summarize-operator-05", "its binder refuses `count(x)`, which the service counts"),
];

#[test]
fn microsoft_accepts_names_and_types_alike() {
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
    assert_alike(env!("CARGO_TARGET_TMPDIR"), &queries, &Catalog::new(), &[], DIFFERENT);
}
