//! Counts what becomes of the queries of a folder: run, live-only, refused; and compares them with Microsoft's binder.
//!
//! Usage: `kql-corpus DIR`. Every `.kql` file below the folder is a query. Unknown tables are accepted, with any columns, here
//! and by the binder. Without npm or node, the comparison is skipped with a message.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kql_lang::bind::{self, Bound, Catalog};
use kql_lang::diagnostic::{Diagnostic, DiagnosticCode};
use kql_lang::syntax;
use kql_testing::microsoft::{self, ServiceResult};

/// What becomes of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Run,
    LiveOnly,
    Refused,
}

struct Query {
    name: String,
    text: String,
    outcome: Outcome,
    problems: Vec<Diagnostic>,
    bound: Bound,
}

fn query(name: String, text: String) -> Query {
    let parsed = syntax::parse(&text);
    let bound = bind::bind(&parsed.query, &Catalog::new().open());
    let problems = if parsed.diagnostics.is_empty() { bound.diagnostics.clone() } else { parsed.diagnostics };
    let is_live = |one: &Diagnostic| matches!(one.code, DiagnosticCode::Unsupported | DiagnosticCode::Forbidden);
    let outcome = match problems.as_slice() {
        [] => Outcome::Run,
        problems if problems.iter().all(is_live) => Outcome::LiveOnly,
        _ => Outcome::Refused,
    };
    Query { name, text, outcome, problems, bound }
}

/// The `.kql` files below a folder, sorted by path.
fn files(folder: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found)?;
        } else if path.extension().is_some_and(|end| end == "kql") {
            found.push(path);
        }
    }
    Ok(())
}

/// The difference between the columns here and those of the binder; types that either does not know are not compared.
fn difference(query: &Query, theirs: &ServiceResult) -> Option<String> {
    let errors: Vec<String> =
        theirs.errors.iter().map(|error| format!("{} at `{}`: {}", error.code, error.text, error.message)).collect();
    match (query.outcome, errors.is_empty()) {
        (Outcome::LiveOnly, _) => None,
        (Outcome::Refused, true) => Some(format!("refused here, accepted by the binder: {:?}", query.problems)),
        (Outcome::Refused, false) => None,
        (Outcome::Run, false) => Some(format!("accepted here, refused by the binder: {}", errors.join("; "))),
        (Outcome::Run, true) => {
            // The columns of an unknown table itself are known to neither.
            let ours: Vec<&str> = query.bound.columns.iter().map(|column| &*column.name).collect();
            let names: Vec<&str> = theirs.columns.iter().map(|column| column.name.as_str()).collect();
            let is_open = !query.bound.inferred.is_empty() && ours.len() != names.len();
            (ours != names && !is_open).then(|| format!("columns {ours:?}, of the binder {names:?}"))
        }
    }
}

fn main() -> ExitCode {
    let mut out = String::new();
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        let _ = writeln!(std::io::stderr(), "usage: kql-corpus DIR");
        return ExitCode::from(2);
    };
    let mut paths = Vec::new();
    if let Err(error) = files(&folder, &mut paths) {
        let _ = writeln!(std::io::stderr(), "cannot read the folder `{}`: {error}", folder.display());
        return ExitCode::from(2);
    }
    let mut queries = Vec::new();
    for path in paths {
        match std::fs::read_to_string(&path) {
            Ok(text) => queries.push(query(path.display().to_string(), text)),
            Err(error) => {
                let _ = writeln!(out, "unreadable: {}: {error}", path.display());
            }
        }
    }
    for query in queries.iter().filter(|query| query.outcome != Outcome::Run) {
        let word = if query.outcome == Outcome::LiveOnly { "live-only" } else { "refused" };
        let why = query.problems.first().map(|problem| problem.message.as_str()).unwrap_or_default();
        let _ = writeln!(out, "{word}: {}: {why}", query.name);
    }
    let service = microsoft::service(&std::env::temp_dir().display().to_string());
    let answers = service.and_then(|place| {
        let list: Vec<_> = queries
            .iter()
            .map(|query| {
                let open: Vec<&String> = query.bound.inferred.keys().collect();
                serde_json::json!({ "id": query.name, "text": query.text, "open": open })
            })
            .collect();
        microsoft::run_service(&place, &serde_json::json!({ "tables": {}, "queries": list }))
    });
    let mut differ = 0;
    match &answers {
        Some(answers) => {
            for (query, theirs) in queries.iter().zip(answers) {
                if let Some(why) = difference(query, theirs) {
                    differ += 1;
                    let _ = writeln!(out, "differs: {}: {why}", query.name);
                }
            }
        }
        None => {
            let _ =
                writeln!(std::io::stderr(), "skipped: the comparison with Microsoft's binder; npm or node is missing");
        }
    }
    let mut counts: BTreeMap<Outcome, usize> = BTreeMap::new();
    for query in &queries {
        *counts.entry(query.outcome).or_default() += 1;
    }
    let count = |outcome| counts.get(&outcome).copied().unwrap_or(0);
    let (run, live, refused) = (count(Outcome::Run), count(Outcome::LiveOnly), count(Outcome::Refused));
    let _ = writeln!(out, "{} queries: {run} run, {live} live-only, {refused} refused", queries.len());
    if answers.is_some() {
        let _ = writeln!(out, "{differ} differ from Microsoft's binder");
    }
    let _ = std::io::stdout().write_all(out.as_bytes());
    ExitCode::SUCCESS
}
