//! Microsoft's own language service, asked through node: what it finds wrong with queries, and their columns.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use amp_rules_kql::bind::{self, Catalog};
use amp_rules_kql::problem::ProblemKind;
use amp_rules_kql::syntax;
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Theirs {
    pub(crate) id: String,
    pub(crate) errors: Vec<Error>,
    pub(crate) columns: Vec<Column>,
}

#[derive(Deserialize)]
pub(crate) struct Error {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) text: String,
}

#[derive(Deserialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

/// The folder in which the service stands, once it has been installed there; nothing if it cannot be.
pub(crate) fn service() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kusto/package.json");
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kusto-12.4.1");
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

pub(crate) fn ask(place: &Path, input: &serde_json::Value) -> Option<Vec<Theirs>> {
    let mut node = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kusto/check.js"))
        .arg(place)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    node.stdin.take()?.write_all(input.to_string().as_bytes()).ok()?;
    let output = node.wait_with_output().ok()?;
    Some(serde_json::from_slice(&output.stdout).expect("the service answers with JSON"))
}

pub(crate) fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: 1 test, {why}");
}

/// Whether both sides agree; nothing if the query is outside the subset.
pub(crate) fn compare(theirs: &Theirs, text: &str, catalog: &Catalog) -> Option<Result<(), String>> {
    let parsed = syntax::parse(text);
    let bound = bind::bind(&parsed.query, catalog);
    let mut problems = parsed.problems;
    if problems.is_empty() {
        problems = bound.problems;
    }
    let beyond = |kind| matches!(kind, ProblemKind::Unsupported | ProblemKind::Forbidden);
    if !problems.is_empty() && problems.iter().all(|problem| beyond(problem.kind)) {
        return None;
    }
    let errors: Vec<String> =
        theirs.errors.iter().map(|error| format!("{} at `{}`: {}", error.code, error.text, error.message)).collect();
    Some(match (problems.is_empty(), errors.is_empty()) {
        (true, false) => Err(format!("accepted here, and Microsoft says {}", errors.join("; "))),
        (false, true) => Err(format!("accepted by Microsoft, and here {problems:?}")),
        (false, false) => Ok(()),
        (true, true) => {
            let ours: Vec<String> = bound
                .columns
                .iter()
                .map(|column| format!("{}: {}", column.name, amp_rules_kql::value::type_name(column.kind)))
                .collect();
            let theirs: Vec<String> =
                theirs.columns.iter().map(|column| format!("{}: {}", column.name, column.kind)).collect();
            if ours == theirs { Ok(()) } else { Err(format!("columns {ours:?}, Microsoft has {theirs:?}")) }
        }
    })
}

/// The tables of a catalogue as the service reads them.
pub(crate) fn tables<'n>(catalog: &Catalog, names: impl IntoIterator<Item = &'n str>) -> BTreeMap<&'n str, String> {
    let columns = |name: &str| {
        let columns = catalog.table(name).expect("the catalogue has the table");
        let columns: Vec<String> = columns
            .iter()
            .map(|column| format!("['{}']: {}", column.name, amp_rules_kql::value::type_name(column.kind)))
            .collect();
        format!("({})", columns.join(", "))
    };
    names.into_iter().map(|name| (name, columns(name))).collect()
}
