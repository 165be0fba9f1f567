//! Holds parser and binder against Microsoft's own: both accept a query or both reject it, and both name and type the
//! columns of its result alike.
//!
//! The queries are those of the pack, of `testdata/run`, of the data beside the project, and of a folder that
//! `AMP_RULES_KQL_QUERIES` names. A query that is refused because it lies outside the subset is not compared.
#![expect(clippy::expect_used, reason = "a test may fail")]

#[path = "support/case.rs"]
#[expect(dead_code, reason = "each test uses a part of it")]
mod case;
#[path = "support/kusto.rs"]
mod kusto;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use amp_rules_core::rules::compile::compile;
use amp_rules_core::rules::diagnostic::RuleFile;
use amp_rules_kql::bind::Catalog;
use kusto::{ask, compare, service, skipped};
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

#[test]
fn microsoft_accepts_names_and_types_alike() {
    let files: Vec<RuleFile> =
        amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect();
    let rules = compile(&files).expect("the pack compiles");
    let catalog = Catalog::from(&rules.schema);
    let tables = kusto::tables(&catalog, rules.schema.tables.keys().map(String::as_str));
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
