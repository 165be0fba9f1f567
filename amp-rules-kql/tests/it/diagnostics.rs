//! Diagnostics of queries in rule files: each file in `testdata/diagnostics` has its expected diagnostics in a `.out` file.
//!
//! A case contains several rule files, each after a line `#-- path`; the files of `common.yaml` are added if the case has no
//! pack. `UPDATE=1` rewrites the expectations. Together with the cases of the core there is one for every code.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;
use amp_rules_core::rules::codes;
use amp_rules_core::rules::diagnostic::Look;
use amp_rules_core::rules::syntax::FileKind;
use amp_rules_kql::check::check;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/diagnostics")
}

fn split(text: &str) -> Vec<RuleFile> {
    let mut files: Vec<RuleFile> = Vec::new();
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("#-- ") {
            Some(name) => files.push(RuleFile::new(name.trim(), "")),
            None => files.last_mut().unwrap().text.push_str(line),
        }
    }
    files
}

fn complete(text: &str) -> Vec<RuleFile> {
    let mut files = split(text);
    let own: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
    if !own.iter().any(|name| FileKind::of(name) == Some(FileKind::Pack)) {
        let common = split(&fs::read_to_string(folder().join("common.yaml")).unwrap());
        files.extend(common.into_iter().filter(|file| !own.contains(&file.name)));
    }
    files
}

fn cases(folder: &Path) -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = entries.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    yaml.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name != "common")
        .collect()
}

#[test]
fn diagnostics_match_the_expected_output() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for (name, path) in cases(&folder()) {
        let text = fs::read_to_string(&path).unwrap();
        let found = check(&complete(&text)).diagnostics.full(Look::Plain, 120);
        let beside = path.with_extension("out");
        if update {
            fs::write(&beside, &found).unwrap();
        } else if fs::read_to_string(&beside).unwrap_or_default() != *found {
            wrong.push(format!("--- {name}\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE=1 rewrites the expectations", wrong.join("\n"));
}

#[test]
fn every_code_has_a_case_here_or_in_core() {
    let core = Path::new(env!("CARGO_MANIFEST_DIR")).join("../amp-rules-core/testdata/diagnostics");
    let all: String = [cases(&folder()), cases(&core)]
        .into_iter()
        .flatten()
        .map(|(_, path)| fs::read_to_string(path.with_extension("out")).unwrap_or_default())
        .collect();
    let without: Vec<String> =
        codes::ALL.iter().map(|code| code.name()).filter(|name| !all.contains(&format!("[{name}]"))).collect();
    assert!(without.is_empty(), "no case for {without:?}");
}

#[test]
fn common_files_have_no_diagnostics() {
    let checked = check(&complete(&fs::read_to_string(folder().join("common.yaml")).unwrap()));
    assert!(checked.rules.is_some() && checked.diagnostics.is_empty(), "{}", checked.diagnostics);
}

/// Returns the common files and a pattern with the query `kql`, which is the YAML value of the key.
fn pattern(kql: &str) -> Vec<RuleFile> {
    let mut files = split(&fs::read_to_string(folder().join("common.yaml")).unwrap());
    let text = format!(
        "format: amp-rules/v1\nid: x\ntitle: X\nclass: effect\nseverity: error\nscope: pod\nsummary: It is bad.\nsymptoms:\n  seen:\n    query:\n      kql: {kql}\n      column: lines\n    above: 3\n    because: tried\n"
    );
    files.push(RuleFile::new("x/pattern.yaml", text));
    files
}

/// Returns the text at the span of the first diagnostic with a code.
#[track_caller]
fn marked(kql: &str, code: &str) -> String {
    let files = pattern(kql);
    let found = check(&files).diagnostics;
    let one = found.iter().find(|one| one.code.name() == code);
    let one = one.unwrap_or_else(|| panic!("{code} is missing: {found}"));
    let span = one.span().unwrap();
    let file = files.iter().find(|file| file.name == *span.file).unwrap();
    file.text[span.start..span.end].to_owned()
}

#[test]
fn spans_are_correct_in_every_yaml_string_style() {
    let rest = "| summarize lines = count() by podname = tostring(customDimensions.podname)";
    for kql in [
        format!("|\n        traces\n        | where mesage has 'bad'\n        {rest}"),
        format!("|-\n          traces // é\n          | where mesage has 'bad'\n          {rest}"),
        format!("|2\n        traces\n         | where mesage has 'bad'\n        {rest}"),
        format!(">\n        traces\n        | where mesage has 'bad'\n        {rest}"),
        format!("'traces | where mesage has ''bad'' {rest}'"),
        format!("\"traces | where \\\"a\\\" == '\\u0041' or mesage has 'bad' {rest}\""),
        format!("traces\n        | where mesage has 'bad'\n        {rest}"),
        format!("|\r\n        traces\r\n\r\n        | where mesage has 'bad'\r\n        {rest}"),
    ] {
        assert_eq!(marked(&kql, "AMP403"), "mesage", "{kql}");
    }
}

#[test]
fn comment_in_a_query_file_suppresses_a_diagnostic() {
    let query = "// param cluster: string = subject.cluster\ntraces\n| where tostring(customDimensions.cluster) == cluster // amp: allow AMP418 -- as it comes\n| count\n";
    let mut files = split(&fs::read_to_string(folder().join("common.yaml")).unwrap());
    let codes_of = |files: &[RuleFile]| check(files).diagnostics.iter().map(|one| one.code.name()).collect::<Vec<_>>();
    files.push(RuleFile::new("queries/lines.kql", query));
    assert_eq!(codes_of(&files), ["AMP112"], "the query is unused");
    let without = query.replace(" // amp: allow AMP418 -- as it comes", "");
    files.last_mut().unwrap().text = without;
    assert_eq!(codes_of(&files), ["AMP112", "AMP418"]);
}
