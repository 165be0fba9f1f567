//! Compares the interpreter with results recorded from the Kusto emulator, one case per query of the Kusto reference.
//!
//! A case passes if the columns, types and rows are equal to the recorded ones, or if the query is rejected because of an
//! unsupported construct. `testdata/emulator-baseline.txt` lists the cases that pass; cases are only added to it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use kql_lang::bind::Catalog;
use kql_lang::datetime::DateTime;
use kql_lang::run::{Settings, Tables};
use kql_lang::value::{Table, Type, Value, convert};
use kql_testing::case::{self, Answer};
use serde_json::Value as Json;

/// Maximum number of rows for a comparison that ignores the order, which takes quadratic time.
const UNORDERED: usize = 2000;

fn ticks(cell: &Json) -> Option<i64> {
    convert::datetime(&Value::text(cell.as_str()?))
}

fn kind(name: &str) -> Type {
    match name {
        "SByte" | "Boolean" => Type::Bool,
        "Int32" => Type::Int,
        "Int64" => Type::Long,
        "Double" => Type::Real,
        "SqlDecimal" | "Decimal" => Type::Decimal,
        "String" => Type::String,
        "DateTime" => Type::DateTime,
        "TimeSpan" => Type::TimeSpan,
        "Guid" => Type::Guid,
        "Object" => Type::Dynamic,
        other => panic!("unknown type `{other}` of a recorded column"),
    }
}

fn run(text: &str, now: i64) -> Answer {
    let settings = Settings { now: DateTime::from_ticks(now), ..Settings::default() };
    case::answer(text, &Catalog::new(), &Tables::new(), &settings)
}

/// Checks a case; the error describes the difference.
fn check(text: &str, expected: &Json) -> Result<(), String> {
    let list = |name: &str| expected.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
    let (columns, kinds) = (list("columns"), list("column_types"));
    let rows: Vec<Vec<Json>> = list("rows").iter().filter_map(Json::as_array).cloned().collect();
    // Any instant works if the query does not use the clock.
    let start = 638_000_000_000_000_000;
    let table = match run(text, start) {
        Answer::Rows(table) => table,
        Answer::Refused(_) => return Ok(()),
        Answer::Wrong(diagnostics) => return Err(format!("{diagnostics:?}")),
        Answer::Failed(error) => return Err(error.to_string()),
    };
    let names: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
    if names != columns.iter().filter_map(Json::as_str).collect::<Vec<_>>() {
        return Err(format!("columns {names:?}, recorded {columns:?}"));
    }
    let given: Vec<Type> = table.columns.iter().map(|column| column.kind).collect();
    let wanted: Vec<Type> = kinds.iter().filter_map(Json::as_str).map(kind).collect();
    if given != wanted {
        return Err(format!("types {given:?}, recorded {wanted:?}"));
    }
    if fits(&table, &rows) {
        return Ok(());
    }
    if text.contains("now(") || text.contains("ago(") {
        // The recording used its own clock: shift the instant by the difference between any two cells.
        let ours: Vec<i64> = table
            .rows
            .iter()
            .flatten()
            .filter_map(|value| if let Value::DateTime(ticks) = value { Some(*ticks) } else { None })
            .collect();
        for recorded in rows.iter().flatten().filter_map(ticks) {
            for our in &ours {
                if let Answer::Rows(table) = run(text, start + recorded - our)
                    && fits(&table, &rows)
                {
                    return Ok(());
                }
            }
        }
    }
    Err(format!("rows {:?}, recorded {rows:?}", case::cells(&table)))
}

fn fits(table: &Table, rows: &[Vec<Json>]) -> bool {
    let ours = case::cells(table);
    let in_order = ours.len() == rows.len() && ours.iter().zip(rows).all(|(a, b)| case::same_all(a, b));
    in_order || (rows.len() <= UNORDERED && case::same_rows(&ours, rows))
}

#[test]
fn results_match_the_recorded_results_of_kusto() {
    let path = case::shared("data/kql/emulator-cases.jsonl");
    let Ok(text) = fs::read_to_string(&path) else {
        let _ = writeln!(std::io::stderr(), "skipped: 1 test, the recorded results of Kusto are not available");
        return;
    };
    let baseline = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/emulator-baseline.txt");
    let listed = fs::read_to_string(&baseline).expect("the baseline can be read");
    let listed: BTreeSet<&str> =
        listed.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    let mut regressions = Vec::new();
    let mut new_passes = Vec::new();
    let mut known_failures = Vec::new();
    let mut count = 0;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let entry: Json = serde_json::from_str(line).expect("a case is a line of JSON");
        let field = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let (id, query) = (field("id"), field("kql"));
        count += 1;
        match (check(&query, entry.get("expected").expect("a case has a result")), listed.contains(id.as_str())) {
            (Ok(()), true) => {}
            (Ok(()), false) => new_passes.push(id),
            (Err(why), true) => regressions.push(format!("{id}: {why}")),
            (Err(why), false) => known_failures.push(format!("{id}: {why}")),
        }
    }
    let passed = count - regressions.len() - known_failures.len();
    let _ = writeln!(std::io::stderr(), "{passed} of {count} recorded results match");
    for why in &known_failures {
        let _ = writeln!(std::io::stderr(), "differs: {why}");
    }
    assert!(regressions.is_empty(), "these cases of the baseline fail:\n{}", regressions.join("\n"));
    if !new_passes.is_empty() {
        let _ = writeln!(std::io::stderr(), "add to testdata/emulator-baseline.txt:\n{}", new_passes.join("\n"));
    }
}
