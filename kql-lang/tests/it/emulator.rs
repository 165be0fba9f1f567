//! Compares the interpreter with results recorded from the Kusto emulator, one case per query of the Kusto reference.
//!
//! A case is right if the columns, types and rows are equal to the recorded ones, refused if the query is rejected because of
//! an unsupported construct, and wrong otherwise. No case may be wrong except those listed in [`DIFFERENT`].
//! `testdata/emulator-baseline.txt` lists the cases that are right; cases are only added to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use kql_lang::bind::Catalog;
use kql_lang::datetime::DateTime;
use kql_lang::run::{Settings, Tables};
use kql_lang::value::{Table, Type, Value, convert};
use kql_testing::case::{self, Answer};
use serde_json::Value as Json;

/// Recorded results that depend on more than the query: the id of a case, and the reason.
const DIFFERENT: &[(&str, &str)] = &[];

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

/// How a result compares with the recorded one.
#[derive(Debug)]
enum Outcome {
    Right,
    /// The query uses an unsupported construct; the reasons.
    Refused(String),
    /// The difference.
    Wrong(String),
}

fn check(text: &str, expected: &Json) -> Outcome {
    match differences(text, expected) {
        Ok(None) => Outcome::Right,
        Ok(Some(why)) => Outcome::Refused(why),
        Err(why) => Outcome::Wrong(why),
    }
}

/// Checks a case: `Some` with the reasons if it is refused; the error describes the difference.
fn differences(text: &str, expected: &Json) -> Result<Option<String>, String> {
    let list = |name: &str| expected.get(name).and_then(Json::as_array).cloned().unwrap_or_default();
    let (columns, kinds) = (list("columns"), list("column_types"));
    let rows: Vec<Vec<Json>> = list("rows").iter().filter_map(Json::as_array).cloned().collect();
    // Any instant works if the query does not use the clock.
    let start = 638_000_000_000_000_000;
    let table = match run(text, start) {
        Answer::Rows(table) => table,
        Answer::Refused(why) => return Ok(Some(why.join("; "))),
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
        return Ok(None);
    }
    if text.contains("now(") || text.contains("ago(") {
        // The recording used its own clock: shift the instant by the difference between any two cells.
        // Instants can be elements of arrays.
        let flat = |value: &Value| match value {
            Value::Array(items) => items.first().cloned().unwrap_or(Value::Null),
            other => other.clone(),
        };
        let ours: BTreeSet<i64> = table
            .rows
            .iter()
            .flatten()
            .filter_map(|value| if let Value::DateTime(ticks) = flat(value) { Some(ticks) } else { None })
            .collect();
        let first = |cell: &Json| cell.get(0).and_then(ticks).or_else(|| ticks(cell));
        for recorded in rows.iter().flatten().filter_map(first) {
            for our in &ours {
                if let Answer::Rows(table) = run(text, start + recorded - our)
                    && fits(&table, &rows)
                {
                    return Ok(None);
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
    let mut report = String::new();
    let mut right: BTreeSet<String> = BTreeSet::new();
    let mut failed = Vec::new();
    let mut counts: BTreeMap<(bool, &str), usize> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let entry: Json = serde_json::from_str(line).expect("a case is a line of JSON");
        let field = |name: &str| entry.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
        let (id, query) = (field("id"), field("kql"));
        let needed = entry.get("needed").and_then(Json::as_bool) == Some(true);
        let known = DIFFERENT.iter().any(|(known, _)| *known == id);
        let (word, why) = match check(&query, entry.get("expected").expect("a case has a result")) {
            Outcome::Right => ("right", String::new()),
            Outcome::Refused(why) => ("refused", why),
            Outcome::Wrong(why) => ("wrong", why),
        };
        *counts.entry((needed, word)).or_default() += 1;
        if word != "right" {
            let _ = writeln!(report, "{word}: {id}{}: {why}", if needed { " (needed)" } else { "" });
        }
        if word == "wrong" && !known {
            failed.push(format!("{id} is wrong: {why}"));
        } else if word != "right" && listed.contains(id.as_str()) {
            failed.push(format!("{id} is listed as right, and {word}: {why}"));
        }
        if word == "right" {
            right.insert(id);
        }
    }
    let count = |needed, word| counts.get(&(needed, word)).copied().unwrap_or(0);
    for (needed, name) in [(true, "needed"), (false, "other")] {
        let [right, wrong, refused] = ["right", "wrong", "refused"].map(|word| count(needed, word));
        let _ = writeln!(report, "{name} recorded results: {right} right, {wrong} wrong, {refused} refused");
    }
    let _ = std::io::stderr().write_all(report.as_bytes());
    let new: Vec<&str> = right.iter().map(String::as_str).filter(|id| !listed.contains(id)).collect();
    if !new.is_empty() && std::env::var_os("UPDATE").is_some() {
        let all: BTreeSet<&str> = listed.iter().copied().chain(new.iter().copied()).collect();
        let all: String = all.into_iter().map(|id| format!("{id}\n")).collect();
        let text = format!("# Recorded cases of Kusto with an equal result here. Cases are only added.\n{all}");
        fs::write(&baseline, text).expect("the baseline can be written");
    } else if !new.is_empty() {
        failed.push(format!("right, but not in the baseline (run with UPDATE=1): {}", new.join(", ")));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
