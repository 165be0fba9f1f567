//! Runs every query of `testdata/run` and compares the result with the `.out` file of the same name.
//!
//! A result is a line of column names and types (`name:type`, separated by spaces), then a JSON array per row.
//! `UPDATE=1` rewrites the files.

use std::fs;
use std::path::Path;

use kql_lang::bind::Catalog;
use kql_lang::datetime::DateTime;
use kql_lang::run::{Settings, Tables};
use kql_testing::case::{self, Answer};

/// 2026-01-02T03:04:05Z, the value of `now()` in every case.
const NOW: DateTime = DateTime::from_unix_ticks(1_767_323_045 * 10_000_000);

fn shown(text: &str) -> String {
    let settings = Settings { now: NOW, ..Settings::default() };
    match case::answer(text, &Catalog::new(), &Tables::new(), &settings) {
        Answer::Rows(table) => {
            let header: Vec<String> =
                table.columns.iter().map(|column| format!("{}:{}", column.name, column.kind.as_str())).collect();
            let rows = case::cells(&table).into_iter().map(|row| serde_json::Value::Array(row).to_string());
            [header.join(" ")].into_iter().chain(rows).map(|line| line + "\n").collect()
        }
        Answer::Refused(why) => why.iter().map(|why| format!("refused: {why}\n")).collect(),
        Answer::Wrong(diagnostics) => diagnostics
            .iter()
            .map(|diagnostic| {
                let at = text.get(diagnostic.span.start..diagnostic.span.end).unwrap_or("?");
                let code = diagnostic.kusto.unwrap_or("-");
                let help = diagnostic.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
                format!("wrong: {code} at `{at}`: {}{help}\n", diagnostic.message)
            })
            .collect(),
        Answer::Failed(error) => format!("failed: {error}\n"),
    }
}

#[test]
fn queries_return_the_expected_results() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/run");
    let mut names: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of cases can be read")
        .map(|entry| entry.expect("a case can be found").path())
        .filter(|path| path.extension().is_some_and(|end| end == "kql"))
        .collect();
    names.sort();
    assert!(names.len() > 20, "only {} cases", names.len());
    let mut differ = Vec::new();
    for path in names {
        let text = fs::read_to_string(&path).expect("a query can be read");
        let want = fs::read_to_string(path.with_extension("out")).unwrap_or_default();
        let got = shown(&text);
        if got == want {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            fs::write(path.with_extension("out"), &got).expect("an answer can be written");
        }
        differ.push(format!("--- {}\nexpected\n{want}got\n{got}", path.display()));
    }
    assert!(differ.is_empty(), "{} cases differ\n{}", differ.len(), differ.join("\n"));
}
