//! Diagnostics of invalid queries. Each file of `testdata/syntax` contains a query, and below each line the diagnostics that
//! start on it, as carets and text. `UPDATE=1` rewrites the files.

use std::fmt::Write;
use std::path::Path;

use kql_lang::diagnostic::Diagnostic;
use kql_lang::syntax;

#[test]
fn diagnostics_have_the_expected_positions_and_messages() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/syntax");
    let cases = kql_testing::text::files(&folder, "kql");
    assert!(cases.len() >= 20, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for (name, case) in cases {
        let query: String = case
            .lines()
            .filter(|line| !line.trim_start().starts_with('^'))
            .fold(String::new(), |all, line| all + line + "\n");
        let shown = show(&query, &syntax::parse(&query).diagnostics);
        if shown != case {
            if std::env::var_os("UPDATE").is_some() {
                std::fs::write(&name, &shown).expect("a case can be written");
            }
            wrong.push(format!("{name}\n{shown}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the query with the diagnostics of each line below it.
fn show(query: &str, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    let mut start = 0;
    for line in query.split_inclusive('\n') {
        out.push_str(line);
        let end = start + line.len();
        for diagnostic in diagnostics {
            let last = end == query.len() && diagnostic.span.start >= end;
            if (start..end).contains(&diagnostic.span.start) || last {
                let indent = query
                    .get(start..diagnostic.span.start)
                    .map_or(0, |before| before.trim_end_matches('\n').chars().count());
                let stop = diagnostic.span.end.min(end);
                let width =
                    query.get(diagnostic.span.start..stop).map_or(1, |text| text.trim_end().chars().count().max(1));
                writeln!(out, "{}{} {}", " ".repeat(indent), "^".repeat(width), describe(diagnostic))
                    .expect("writing to a string does not fail");
            }
        }
        start = end;
    }
    out
}

fn describe(diagnostic: &Diagnostic) -> String {
    let kind = diagnostic.code.as_str();
    let code = diagnostic.kusto.map_or(String::new(), |code| format!(" {code}"));
    let help = diagnostic.help.as_ref().map_or(String::new(), |help| format!("; {help}"));
    format!("{kind}{code}: {}{help}", diagnostic.message)
}
