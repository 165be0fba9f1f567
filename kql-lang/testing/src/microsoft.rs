//! Runs Microsoft's language service with node: the errors of queries, and the columns of their results.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kql_lang::bind::{self, Catalog};
use kql_lang::diagnostic::DiagnosticCode;
use kql_lang::syntax;
use serde::Deserialize;

/// The result of the service for one query.
#[derive(Debug, Deserialize)]
pub struct ServiceResult {
    /// The id of the query.
    pub id: String,
    /// The errors; empty if the service accepts the query.
    pub errors: Vec<Error>,
    /// The result columns.
    pub columns: Vec<Column>,
}

/// An error of the service.
#[derive(Debug, Deserialize)]
pub struct Error {
    /// The code: `KS142`.
    pub code: String,
    /// The message.
    pub message: String,
    /// The marked part of the query.
    pub text: String,
}

/// A column of a result.
#[derive(Debug, Deserialize)]
pub struct Column {
    /// The name.
    pub name: String,
    /// The name of the type.
    #[serde(rename = "type")]
    pub kind: String,
}

/// Installs the service in a temporary folder if necessary, and returns its folder.
///
/// Returns `None` if npm cannot install it. `temporary` is `env!("CARGO_TARGET_TMPDIR")` of the calling test.
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

/// Runs the service. `input` contains `tables` (name → schema) and `queries` (`id`, `text`). Returns one result per query, in
/// order, or `None` if node cannot be run.
#[must_use]
pub fn run_service(place: &Path, input: &serde_json::Value) -> Option<Vec<ServiceResult>> {
    let mut node = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("microsoft/check.js"))
        .arg(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    node.stdin.take()?.write_all(input.to_string().as_bytes()).ok()?;
    let output = node.wait_with_output().ok()?;
    Some(serde_json::from_slice(&output.stdout).expect("the service returns JSON"))
}

/// Reports on stderr that a test was skipped.
pub fn skipped(reason: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: 1 test, {reason}");
}

/// Compares the result of the service with that of this crate. Returns `None` if the query is unsupported here.
#[must_use]
pub fn compare(theirs: &ServiceResult, text: &str, catalog: &Catalog) -> Option<Result<(), String>> {
    let parsed = syntax::parse(text);
    let bound = bind::bind(&parsed.query, catalog);
    let mut diagnostics = parsed.diagnostics;
    if diagnostics.is_empty() {
        diagnostics = bound.diagnostics;
    }
    let unsupported = |kind| matches!(kind, DiagnosticCode::Unsupported | DiagnosticCode::Forbidden);
    if !diagnostics.is_empty() && diagnostics.iter().all(|diagnostic| unsupported(diagnostic.code)) {
        return None;
    }
    let errors: Vec<String> =
        theirs.errors.iter().map(|error| format!("{} at `{}`: {}", error.code, error.text, error.message)).collect();
    Some(match (diagnostics.is_empty(), errors.is_empty()) {
        (true, false) => Err(format!("accepted here, rejected by the service: {}", errors.join("; "))),
        (false, true) => Err(format!("accepted by the service, rejected here: {diagnostics:?}")),
        (false, false) => Ok(()),
        (true, true) => {
            let ours: Vec<String> =
                bound.columns.iter().map(|column| format!("{}: {}", column.name, column.kind.as_str())).collect();
            let theirs: Vec<String> =
                theirs.columns.iter().map(|column| format!("{}: {}", column.name, column.kind)).collect();
            if ours == theirs { Ok(()) } else { Err(format!("columns {ours:?}, of the service {theirs:?}")) }
        }
    })
}

/// Returns the tables of a catalogue in the format of the service.
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

/// Asserts that this crate and the service agree on all queries, except those in `known` (id and reason).
///
/// Writes the counts to stderr. Without npm or node the test is skipped with a message on stderr.
pub fn assert_same_as_service(
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
    let Some(answers) = run_service(&place, &serde_json::json!({ "tables": tables, "queries": list })) else {
        return skipped("node cannot be run");
    };
    assert_eq!(answers.len(), queries.len());
    let (mut unsupported, mut differ) = (0, Vec::new());
    for (theirs, text) in answers.iter().zip(queries.values()) {
        match compare(theirs, text, catalog) {
            Some(Ok(())) => {}
            Some(Err(why)) => {
                if !known.iter().any(|(id, _)| *id == theirs.id) {
                    differ.push(format!("{}: {why}", theirs.id));
                }
            }
            None => unsupported += 1,
        }
    }
    let _ = writeln!(
        std::io::stderr(),
        "{} queries agree with Microsoft's language service, {unsupported} are unsupported, {} differ",
        answers.len() - unsupported - differ.len(),
        differ.len()
    );
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
