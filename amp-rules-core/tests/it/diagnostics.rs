//! Diagnostics of rule files: each file of `testdata/diagnostics` with the expected output in the `.out` file beside it.
//!
//! A file is one pattern, or several files, each after a line `#-- path`. The files of `common.yaml` are added if it has no
//! pack. `UPDATE=1` rewrites the expectations.

#![expect(clippy::disallowed_methods, reason = "tests read their data; core does not")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;
use amp_rules_core::rules::codes;
use amp_rules_core::rules::compile::check;
use amp_rules_core::rules::diagnostic::Look;
use amp_rules_core::rules::syntax::FileKind;
use proptest::prelude::*;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/diagnostics")
}

/// The files in a test file.
fn split(text: &str) -> Vec<RuleFile> {
    let mut files: Vec<RuleFile> = Vec::new();
    if !text.starts_with("#-- ") {
        let id = text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap_or("pattern").trim();
        return vec![RuleFile::new(format!("{id}/pattern.yaml"), text)];
    }
    for line in text.split_inclusive('\n') {
        match line.strip_prefix("#-- ") {
            Some(name) => files.push(RuleFile::new(name.trim(), "")),
            None => files.last_mut().unwrap().text.push_str(line),
        }
    }
    files
}

/// The files of a test, with the common ones.
fn complete(text: &str) -> Vec<RuleFile> {
    let mut files = split(text);
    let own: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
    let has_pack = own.iter().any(|name| FileKind::of(name) == Some(FileKind::Pack));
    if !has_pack {
        let common = split(&fs::read_to_string(folder().join("common.yaml")).unwrap());
        files.extend(common.into_iter().filter(|file| !own.contains(&file.name)));
    }
    files
}

fn cases() -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let yaml = entries.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
    yaml.map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name != "common")
        .collect()
}

#[test]
fn every_file_has_the_diagnostics_beside_it() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for (name, path) in cases() {
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

/// Codes whose checks read KQL. Core does not read KQL; `amp-rules-kql` has their cases and counts all codes.
const OF_KQL: [u16; 9] = [404, 408, 411, 412, 414, 415, 416, 417, 418];

#[test]
fn every_code_has_a_case() {
    let all: String =
        cases().into_values().map(|path| fs::read_to_string(path.with_extension("out")).unwrap_or_default()).collect();
    let without: Vec<String> = codes::ALL
        .iter()
        .filter(|code| !OF_KQL.contains(&code.number))
        .map(|code| code.name())
        .filter(|name| !all.contains(&format!("[{name}]")))
        .collect();
    assert!(without.is_empty(), "no case shows {without:?}");
}

#[test]
fn the_common_files_have_no_diagnostics() {
    let checked = check(&complete(&fs::read_to_string(folder().join("common.yaml")).unwrap()));
    assert!(checked.rules.is_some() && checked.diagnostics.is_empty(), "{}", checked.diagnostics);
}

#[test]
fn order_repetition_line_ends_and_folders_change_nothing() {
    let files = complete(&fs::read_to_string(folder().join("common.yaml")).unwrap());
    let want = check(&files).rules.unwrap();
    let mut reversed = files.clone();
    reversed.reverse();
    let twice = [files.clone(), reversed.clone()].concat();
    let elsewhere: Vec<RuleFile> =
        files.iter().map(|file| RuleFile::new(format!("other/{}", file.name), file.text.clone())).collect();
    let crlf: Vec<RuleFile> = files
        .iter()
        .map(|file| RuleFile::new(file.name.clone(), format!("\u{feff}{}", file.text.replace('\n', "\r\n"))))
        .collect();
    for same in [reversed, twice, [files.clone(), elsewhere.clone()].concat(), elsewhere] {
        assert_eq!(check(&same).rules.as_ref(), Some(&want));
    }
    assert_eq!(check(&crlf).rules.map(|rules| rules.digest), Some(want.digest));
}

#[test]
fn a_broken_file_hides_no_problem_of_another() {
    let mut files = complete("id: other\nformat: amp-rules/v1\n");
    files.push(RuleFile::new("broken/pattern.yaml", "id: [broken\n"));
    let text = check(&files).diagnostics.concise();
    assert!(text.contains("broken/pattern.yaml:1:5: AMP001"), "{text}");
    assert!(text.contains("other/pattern.yaml"), "{text}");
}

#[test]
fn regexes_that_are_too_large_together_are_refused_before_they_are_compiled() {
    let pattern = |file: usize| {
        let symptom =
            |at: usize| format!("  s{at}: {{ log: {{ component: collector, regex: 'refused {at} \\w{{60}}' }} }}\n");
        let symptoms: String = (0..100).map(symptom).collect();
        RuleFile::new(
            format!("p{file:03}/pattern.yaml"),
            format!("format: amp-rules/v1\nid: p{file:03}\nsymptoms:\n{symptoms}"),
        )
    };
    let mut files = complete("#-- other/pattern.yaml\nid: other\n");
    files.extend((0..100).map(pattern));
    let text = check(&files).diagnostics.concise();
    let found: Vec<&str> = text.lines().filter(|line| line.contains("AMP015")).collect();
    assert_eq!(found.len(), 1, "{text}");
    assert!(found[0].starts_with("p000/pattern.yaml:") && found[0].contains("the limit is 1000000"), "{}", found[0]);
}

#[test]
fn without_files_the_missing_pack_is_reported() {
    let checked = check(&[]);
    assert!(checked.rules.is_none());
    assert!(checked.diagnostics.concise().contains("there is no `pack.yaml`"));
}

#[test]
fn ten_thousand_patterns_compile() {
    let mut files = complete(&fs::read_to_string(folder().join("common.yaml")).unwrap());
    let model = files.iter().find(|file| file.name == "refused/pattern.yaml").unwrap().text.clone();
    for index in 0..10_000 {
        let text =
            model.replace("id: refused", &format!("id: p-{index}")).replace("title: ", &format!("title: {index} "));
        files.push(RuleFile::new(format!("p-{index}/pattern.yaml"), text));
    }
    let checked = check(&files);
    assert_eq!(checked.rules.map(|rules| rules.patterns.len()), Some(10_003), "{}", checked.diagnostics);
}

/// A text with characters removed at a position, and others inserted there.
fn mutated(text: &str, at: usize, take: usize, put: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let at = at % (characters.len() + 1);
    let end = (at + take).min(characters.len());
    let before: String = characters.iter().take(at).collect();
    let after: String = characters.iter().skip(end).collect();
    format!("{before}{put}{after}")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_compiler_does_not_panic_on_a_mutated_file(
        which in any::<usize>(),
        changes in prop::collection::vec((any::<usize>(), 0_usize..20, prop::sample::select(vec![
            "", "'", "\"", ": ", "- ", "{", "}", "[", "]", "\n", "\n  ", "\t", "|\n", ">-\n", "&a ", "*a", "!!str ", "#", "$", "é", "\u{202e}", "(", "\\", "yes", "010", "1e9",
            "null", "<<: ", "~", "%", "@", ",", "...", "---", "\r\n", "\u{feff}", "0s", "-1", "99999999999999999999", "p99",
        ])), 1..6),
    ) {
        let mut files = split(&fs::read_to_string(folder().join("all-features-of-the-format.yaml")).unwrap());
        let which = which % files.len();
        for (at, take, put) in &changes {
            files[which].text = mutated(&files[which].text, *at, *take, put);
        }
        let checked = check(&files);
        prop_assert_eq!(checked.rules.is_none(), checked.diagnostics.has_errors());
        let _ = checked.diagnostics.full(Look::Plain, 60);
        let _ = checked.diagnostics.to_json();
    }

    #[test]
    fn the_compiler_does_not_panic_on_any_text(text in "[a-z:{}\\[\\]|>&*!%#'\"\\\\\n\t -]{0,200}", name in prop::sample::select(vec!["pack.yaml", "x/pattern.yaml", "x/cases.yaml", "indicators.yaml"])) {
        let checked = check(&[RuleFile::new(name, text)]);
        prop_assert!(checked.rules.is_none());
        let _ = checked.diagnostics.full(Look::Colour, 80);
    }
}
