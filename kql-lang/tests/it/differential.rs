//! Compares the binder with Microsoft's on generated and mutated queries: acceptance, and names and types of columns.
//!
//! Differences are sorted into kinds, by the message without names. `testdata/differential-baseline.txt` lists the known
//! kinds; it may only shrink. `KQL_CASES` and `KQL_SEED` choose other queries; `UPDATE=1` writes the baseline.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::Path;

use kql_lang::bind::{self, Catalog};
use kql_lang::diagnostic::{Diagnostic, DiagnosticCode};
use kql_lang::registry;
use kql_lang::syntax;
use kql_lang::value::{Column, Type};
use kql_testing::generate::{Random, SCHEMA, mutated, query};
use kql_testing::microsoft::{self, ServiceResult, skipped};
use kql_testing::text::files;

/// A message without the names, numbers and texts in it.
fn kind_of(message: &str) -> String {
    let mut out = String::new();
    let mut quoted = false;
    for character in message.chars() {
        match character {
            '`' | '\'' => {
                quoted = !quoted;
                if quoted {
                    out.push('_');
                }
            }
            _ if quoted => {}
            digit if digit.is_ascii_digit() => {
                if !out.ends_with('#') {
                    out.push('#');
                }
            }
            other => out.push(other),
        }
    }
    out
}

/// The kind of the difference between the result of the service and that of this crate.
fn difference(theirs: &ServiceResult, text: &str, catalog: &Catalog) -> Option<String> {
    let parsed = syntax::parse(text);
    let bound = bind::bind(&parsed.query, catalog);
    let problems = if parsed.diagnostics.is_empty() { bound.diagnostics } else { parsed.diagnostics };
    let is_live = |one: &Diagnostic| matches!(one.code, DiagnosticCode::Unsupported | DiagnosticCode::Forbidden);
    if problems.iter().any(is_live) {
        return None;
    }
    match (problems.first(), theirs.errors.first()) {
        (Some(ours), None) => Some(format!("refused here: {}", kind_of(&ours.message))),
        (None, Some(theirs)) => Some(format!("accepted here: {} {}", theirs.code, kind_of(&theirs.message))),
        // A code of the language service is one that it reports.
        (Some(_), Some(_)) => problems.iter().find_map(|ours| {
            let code = ours.kusto.filter(|code| theirs.errors.iter().all(|error| error.code != *code))?;
            Some(format!("only here: {code} {}", kind_of(&ours.message)))
        }),
        (None, None) => {
            let ours: Vec<(&str, &str)> =
                bound.columns.iter().map(|column| (&*column.name, column.kind.as_str())).collect();
            let theirs: Vec<(&str, &str)> =
                theirs.columns.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect();
            if ours == theirs || theirs.iter().any(|(_, kind)| *kind == "unknown") {
                return None;
            }
            let only = ours.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
            Some(match only {
                Some(((_, ours), (_, theirs))) if ours != theirs => format!("type {ours}, of the binder {theirs}"),
                Some((ours, theirs)) => format!("name {}, of the binder {}", kind_of(ours.0), kind_of(theirs.0)),
                None => "number of columns".to_owned(),
            })
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn generated_and_mutated_queries_agree_with_the_language_service() {
    let Some(place) = microsoft::service(env!("CARGO_TARGET_TMPDIR")) else {
        return skipped("npm cannot install Microsoft's language service");
    };
    let columns: Vec<Column> = SCHEMA
        .iter()
        .map(|(name, kind)| Column { name: (*name).into(), kind: Type::named(kind).expect("a type") })
        .collect();
    let catalog = Catalog::new().with_table("T", columns);
    let functions: Vec<&str> = registry::scalars().map(|function| function.name).collect();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known: Vec<String> = files(&here.join("testdata/run"), "kql").into_iter().map(|(_, text)| text).collect();
    let mut random = Random::new(number("KQL_SEED", 1));
    let queries: Vec<String> = (0..number("KQL_CASES", 600))
        .map(|case| match known.get(random.below(known.len())) {
            Some(text) if case % 3 == 0 => mutated(&mut random, text),
            _ => query(&mut random, &functions),
        })
        .collect();
    let list: Vec<_> = queries
        .iter()
        .enumerate()
        .map(|(id, text)| serde_json::json!({ "id": id.to_string(), "text": text }))
        .collect();
    let tables = microsoft::tables(&catalog, ["T"]);
    let Some(answers) = microsoft::run_service(&place, &serde_json::json!({ "tables": tables, "queries": list }))
    else {
        return skipped("node cannot be run");
    };
    let mut found: BTreeMap<String, &str> = BTreeMap::new();
    for (theirs, text) in answers.iter().zip(&queries) {
        if let Some(kind) = difference(theirs, text, &catalog) {
            let example = found.entry(kind).or_insert(text);
            if text.len() < example.len() {
                *example = text;
            }
        }
    }
    let baseline = here.join("testdata/differential-baseline.txt");
    let listed = fs::read_to_string(&baseline).unwrap_or_default();
    let listed: BTreeSet<&str> = listed.lines().filter(|line| !line.is_empty() && !line.starts_with("//")).collect();
    let new: Vec<String> = found
        .iter()
        .filter(|(kind, _)| !listed.contains(kind.as_str()))
        .map(|(kind, example)| format!("{kind}\n    {}", example.replace('\n', " ")))
        .collect();
    let _ = writeln!(
        std::io::stderr(),
        "{} queries, {} kinds of differences from Microsoft's language service",
        queries.len(),
        found.len()
    );
    if std::env::var_os("UPDATE").is_some() {
        let all: BTreeSet<&str> = listed.iter().copied().chain(found.keys().map(String::as_str)).collect();
        let mut text = String::from(
            "// Known kinds of differences from Microsoft's language service. The list may only shrink.\n",
        );
        for kind in all {
            text.push_str(kind);
            text.push('\n');
        }
        fs::write(&baseline, text).expect("the baseline can be written");
        return;
    }
    assert!(new.is_empty(), "new kinds of differences:\n{}", new.join("\n"));
}
