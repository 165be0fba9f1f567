//! Holds parser and binder against Microsoft's own: both accept a query or both reject it, and both name and type the
//! columns of its result alike.
//!
//! The queries are those of the pack, of `testdata/run`, of the data beside the project, and of a folder that
//! `AMP_RULES_KQL_QUERIES` names. A query that is refused because it lies outside the subset is not compared.
#![expect(clippy::expect_used, reason = "a test may fail")]

#[path = "support/case.rs"]
#[expect(dead_code, reason = "each test uses a part of it")]
mod case;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use amp_rules_core::compile::compile;
use amp_rules_core::diagnostic::RuleFile;
use amp_rules_kql::bind::{self, Catalog};
use amp_rules_kql::problem::ProblemKind;
use amp_rules_kql::syntax;
use serde::Deserialize;
use serde_json::json;

/// Where the two differ for a reason: the id of a query, and the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("run/union-inner-keeps-common-columns", "its binder keeps all columns, the service those that all tables have"),
    (
        "emulator/ceiling-function-00",
        "recorded answers have a `real` for every number, its binder a `long` for a whole one",
    ),
    ("emulator/datetime-diff-function-00", "recorded answers have a `real` for weeks, its binder a `long`"),
    (
        "memory-bank/q04_discover-available-databases",
        "a comment alone is a query to its binder, and gives nothing to show",
    ),
    ("run/a-step-of-zero-fails", "its binder looks at the value of a constant step, which here the run refuses"),
    ("emulator/summarize-operator-05", "its binder refuses `count(x)`, which the service counts"),
];

#[derive(Deserialize)]
struct Theirs {
    id: String,
    errors: Vec<Error>,
    columns: Vec<Column>,
}

#[derive(Deserialize)]
struct Error {
    code: String,
    message: String,
    text: String,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// Parameters as a query file of a pack declares them in its first comments, as a statement.
fn with_parameters(text: &str) -> String {
    let parameters: Vec<String> = text
        .lines()
        .filter_map(|line| line.strip_prefix("// param "))
        .filter_map(|line| {
            let (name, rest) = line.split_once(':')?;
            Some(format!("['{}']: {}", name.trim(), rest.split_whitespace().next()?))
        })
        .collect();
    if parameters.is_empty() {
        text.to_owned()
    } else {
        format!("declare query_parameters({});\n{text}", parameters.join(", "))
    }
}

/// The queries of a folder, by `folder/file`.
fn folder(path: &Path, into: &mut BTreeMap<String, String>) {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    for entry in fs::read_dir(path).into_iter().flatten().flatten() {
        let file = entry.path();
        if file.extension().is_some_and(|end| end == "kql") {
            let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            into.insert(format!("{name}/{stem}"), fs::read_to_string(&file).expect("a query can be read"));
        }
    }
}

/// The folder in which the service stands, once it has been installed there; nothing if it cannot be.
fn service() -> Option<PathBuf> {
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

fn ask(place: &Path, input: &serde_json::Value) -> Option<Vec<Theirs>> {
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

fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: 1 test, {why}");
}

#[test]
fn microsoft_accepts_names_and_types_alike() {
    let files: Vec<RuleFile> =
        amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect();
    let rules = compile(&files).expect("the pack compiles");
    let catalog = Catalog::from(&rules.schema);
    let tables: BTreeMap<&str, String> = rules
        .schema
        .tables
        .keys()
        .map(|name| {
            let columns = catalog.table(name).expect("the catalogue has the tables of the schema");
            let columns: Vec<String> = columns
                .iter()
                .map(|column| format!("['{}']: {}", column.name, amp_rules_kql::value::type_name(column.kind)))
                .collect();
            (name.as_str(), format!("({})", columns.join(", ")))
        })
        .collect();
    let mut queries: BTreeMap<String, String> =
        rules.queries.iter().map(|query| (format!("pack/{}", query.name), query.text.clone())).collect();
    folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/run"), &mut queries);
    queries.extend(case::dashboards());
    folder(&case::shared("data/kql/memory-bank"), &mut queries);
    if let Some(more) = std::env::var_os("AMP_RULES_KQL_QUERIES") {
        folder(Path::new(&more), &mut queries);
    }
    for line in fs::read_to_string(case::shared("data/kql/emulator-cases.jsonl")).unwrap_or_default().lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("a case is a line of JSON");
        let field = |name: &str| entry.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        queries.insert(format!("emulator/{}", field("id")), field("kql"));
    }
    for text in queries.values_mut() {
        *text = with_parameters(text);
    }
    let Some(place) = service() else {
        return skipped("npm cannot install Microsoft's language service");
    };
    let list: Vec<_> = queries.iter().map(|(id, text)| json!({ "id": id, "text": text })).collect();
    let Some(answers) = ask(&place, &json!({ "tables": tables, "queries": list })) else {
        return skipped("node cannot be run");
    };
    assert_eq!(answers.len(), queries.len());
    let (mut refused, mut differ) = (0, Vec::new());
    for (theirs, text) in answers.iter().zip(queries.values()) {
        match compare(theirs, text, &catalog) {
            Some(Ok(())) => {}
            Some(Err(why)) => match DIFFERENT.iter().find(|(id, _)| *id == theirs.id) {
                Some(_) => {}
                None => differ.push(format!("{}: {why}", theirs.id)),
            },
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

/// Whether both sides agree; nothing if the query is outside the subset.
fn compare(theirs: &Theirs, text: &str, catalog: &Catalog) -> Option<Result<(), String>> {
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
