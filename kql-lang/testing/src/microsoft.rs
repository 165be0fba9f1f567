//! Microsoft's own language service, run by node: the errors of queries, and the columns of their results.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kql_lang::bind::{self, Catalog};
use kql_lang::diagnostic::DiagnosticCode;
use kql_lang::syntax;
use serde::Deserialize;

/// The service's answer for one query.
#[derive(Debug, Deserialize)]
pub struct Theirs {
    /// The id of the query.
    pub id: String,
    /// Its errors; empty if the service accepts it.
    pub errors: Vec<Error>,
    /// The columns of its result.
    pub columns: Vec<Column>,
}

/// An error of the service.
#[derive(Debug, Deserialize)]
pub struct Error {
    /// Its code: `KS142`.
    pub code: String,
    /// Its message.
    pub message: String,
    /// The part of the query that it marks.
    pub text: String,
}

/// A column of a result.
#[derive(Debug, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// The name of its type.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Installs the service below a temporary folder, unless it is there, and returns its folder.
///
/// `None` if npm cannot install it. `temporary` is `env!("CARGO_TARGET_TMPDIR")` of the calling test.
#[must_use]
pub fn service(temporary: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("microsoft/package.json");
    let place = Path::new(temporary).join("kusto-12.4.1");
    if place.join("node_modules/@kusto/language-service-next/package.json").exists() {
        return Some(place);
    }
    fs::create_dir_all(&place).ok()?;
    fs::copy(here, place.join("package.json")).ok()?;
    let installed = Command::new("npm")
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=30000"])
        .current_dir(&place)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    installed.is_ok_and(|status| status.success()).then_some(place)
}

/// Asks the service: `input` holds `tables` (name → schema) and `queries` (`id`, `text`); one answer per query, in order.
///
/// `None` if node cannot be run.
#[must_use]
pub fn ask(place: &Path, input: &serde_json::Value) -> Option<Vec<Theirs>> {
    let mut node = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("microsoft/check.js"))
        .arg(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    node.stdin.take()?.write_all(input.to_string().as_bytes()).ok()?;
    let output = node.wait_with_output().ok()?;
    Some(serde_json::from_slice(&output.stdout).expect("the service answers with JSON"))
}

/// Writes to stderr that one test was skipped.
pub fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: 1 test, {why}");
}

/// Whether both sides agree; `None` if the query is outside the subset.
#[must_use]
pub fn compare(theirs: &Theirs, text: &str, catalog: &Catalog) -> Option<Result<(), String>> {
    let parsed = syntax::parse(text);
    let bound = bind::bind(&parsed.query, catalog);
    let mut diagnostics = parsed.diagnostics;
    if diagnostics.is_empty() {
        diagnostics = bound.diagnostics;
    }
    let beyond = |kind| matches!(kind, DiagnosticCode::Unsupported | DiagnosticCode::Forbidden);
    if !diagnostics.is_empty() && diagnostics.iter().all(|diagnostic| beyond(diagnostic.code)) {
        return None;
    }
    let errors: Vec<String> =
        theirs.errors.iter().map(|error| format!("{} at `{}`: {}", error.code, error.text, error.message)).collect();
    Some(match (diagnostics.is_empty(), errors.is_empty()) {
        (true, false) => Err(format!("accepted here, and Microsoft says {}", errors.join("; "))),
        (false, true) => Err(format!("accepted by Microsoft, and here {diagnostics:?}")),
        (false, false) => Ok(()),
        (true, true) => {
            let ours: Vec<String> =
                bound.columns.iter().map(|column| format!("{}: {}", column.name, column.kind.as_str())).collect();
            let theirs: Vec<String> =
                theirs.columns.iter().map(|column| format!("{}: {}", column.name, column.kind)).collect();
            if ours == theirs { Ok(()) } else { Err(format!("columns {ours:?}, Microsoft has {theirs:?}")) }
        }
    })
}

/// The tables of a catalogue as the service reads them.
#[must_use]
pub fn tables<'n>(catalog: &Catalog, names: impl IntoIterator<Item = &'n str>) -> BTreeMap<&'n str, String> {
    let columns = |name: &str| {
        let columns = catalog.table(name).expect("the catalogue has the table");
        let columns: Vec<String> =
            columns.iter().map(|column| format!("['{}']: {}", column.name, column.kind.as_str())).collect();
        format!("({})", columns.join(", "))
    };
    names.into_iter().map(|name| (name, columns(name))).collect()
}

/// Compares queries by id with the service and asserts that all agree but those in `known`, which have a reason.
///
/// Writes the counts to stderr; without npm or node the test is skipped, visibly.
pub fn assert_alike(
    temporary: &str,
    queries: &BTreeMap<String, String>,
    catalog: &Catalog,
    names: &[&str],
    known: &[(&str, &str)],
) {
    let Some(place) = service(temporary) else {
        return skipped("npm cannot install Microsoft's language service");
    };
    let list: Vec<_> = queries.iter().map(|(id, text)| serde_json::json!({ "id": id, "text": text })).collect();
    let tables = tables(catalog, names.iter().copied());
    let Some(answers) = ask(&place, &serde_json::json!({ "tables": tables, "queries": list })) else {
        return skipped("node cannot be run");
    };
    assert_eq!(answers.len(), queries.len());
    let (mut refused, mut differ) = (0, Vec::new());
    for (theirs, text) in answers.iter().zip(queries.values()) {
        match compare(theirs, text, catalog) {
            Some(Ok(())) => {}
            Some(Err(why)) => {
                if !known.iter().any(|(id, _)| *id == theirs.id) {
                    differ.push(format!("{}: {why}", theirs.id));
                }
            }
            None => refused += 1,
        }
    }
    let _ = writeln!(
        std::io::stderr(),
        "{} queries are read as Microsoft reads them, {refused} lie outside the subset, {} differ",
        answers.len() - refused - differ.len(),
        differ.len()
    );
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
