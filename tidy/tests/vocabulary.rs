//! Keeps retired words, keys and type names out of the project.

#![expect(clippy::expect_used, reason = "a test that cannot read its data has failed")]

use std::fs;
use std::path::Path;

use amp_rules_tidy::words::{retired_keys, retired_quoted_keys, retired_types, retired_words};

/// Where retired names have to stand: the lists themselves and their tests, and the diagnostic for retired keys with its
/// cases.
const EXEMPT: [&str; 3] =
    ["tidy/", "amp-rules-core/src/rules/syntax/retired.rs", "amp-rules-core/testdata/diagnostics/retired-"];

/// Texts of others, quoted as they are.
const QUOTED: [&str; 2] = ["LICENSE-", "docs/public-api.txt"];

/// Runs a search over every text file of the project and returns what it finds as `file:line: name`.
fn search(wanted: impl Fn(&str) -> bool, find: impl Fn(&str) -> Vec<(usize, String)>) -> Vec<String> {
    let root = amp_rules_tidy::root();
    let mut found = Vec::new();
    for path in amp_rules_tidy::files(&root).expect("the project can be listed") {
        let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
        let skip = EXEMPT.iter().chain(&QUOTED).any(|start| name.starts_with(start));
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if !skip && wanted(&name) {
            found.extend(find(&text).into_iter().map(|(line, word)| format!("{name}:{line}: {word}")));
        }
    }
    found
}

fn ends_with(name: &str, endings: &[&str]) -> bool {
    Path::new(name).extension().is_some_and(|ending| endings.iter().any(|wanted| ending == *wanted))
}

#[track_caller]
fn none(found: &[String]) {
    assert!(found.is_empty(), "{} places:\n{}", found.len(), found.join("\n"));
}

#[test]
fn retired_words_are_in_no_file() {
    none(&search(|_| true, retired_words));
}

#[test]
fn retired_keys_are_in_no_yaml_and_no_json() {
    none(&search(|name| ends_with(name, &["yaml", "yml", "json", "jsonl"]) || name.ends_with("/out"), retired_keys));
    none(&search(|name| ends_with(name, &["md", "rs"]), retired_quoted_keys));
}

#[test]
fn no_type_has_a_retired_name() {
    none(&search(|name| ends_with(name, &["rs"]), retired_types));
}

#[test]
fn words_are_found_whole_and_in_names() {
    assert_eq!(retired_words("untold skin\nWhom it told_by\namend"), [(2, "Whom".to_owned()), (2, "told".to_owned())]);
}

#[test]
fn keys_are_found_in_every_notation_and_nothing_else_is() {
    let text = "lift: 1\n- { per: pod, lift: any }\n\"flips\": []\n{\\\"flips\\\":1}\nthe lift of it\nshoplift: 2\nlet lift = 1;\nstory::read";
    assert_eq!(retired_keys(text).into_iter().map(|(line, _)| line).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(retired_quoted_keys(text).into_iter().map(|(line, _)| line).collect::<Vec<_>>(), [3, 4]);
}

#[test]
fn declarations_are_found_and_uses_are_not() {
    let code = "pub(crate) struct World;\nlet world: World = x;\nenum Worlds {}\ntrait BearerSource {}";
    assert_eq!(retired_types(code), [(1, "World".to_owned()), (4, "BearerSource".to_owned())]);
}
