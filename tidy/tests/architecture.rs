//! Compares the imports of the library crates with the module tables of `ARCHITECTURE.md`.

#![expect(clippy::expect_used, reason = "a test that cannot read its data has failed")]

use std::collections::BTreeMap;
use std::fs;

use amp_rules_tidy::imports::Crate;
use amp_rules_tidy::table::{problems, rows};

/// The crates with a module table: folder and heading of the section.
const CRATES: [(&str, &str); 3] = [
    ("amp-rules-core", "Modules of amp-rules-core"),
    ("kql-lang", "Modules of kql-lang"),
    ("amp-rules-kql", "Modules of amp-rules-kql"),
];

fn read(folder: &str) -> Crate {
    Crate::read(&amp_rules_tidy::root().join(folder).join("src")).expect("the crate is Rust")
}

#[test]
fn modules_use_only_what_their_row_allows_and_rows_only_what_stands_above() {
    let text = fs::read_to_string(amp_rules_tidy::root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md exists");
    let mut found = Vec::new();
    for (folder, heading) in CRATES {
        let rows = rows(&text, heading);
        assert!(!rows.is_empty(), "ARCHITECTURE.md has no section `{heading}`");
        found.extend(problems(&rows, &read(folder).uses).into_iter().map(|problem| format!("{folder}: {problem}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let folders = CRATES.iter().map(|(folder, _)| *folder).chain(["amp-rules-fixtures", "amp-rules-cli"]);
    let circles: BTreeMap<&str, _> =
        folders.map(|folder| (folder, read(folder).cycles())).filter(|(_, circles)| !circles.is_empty()).collect();
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn the_query_language_depends_on_no_crate_of_the_rule_engine() {
    let manifest = amp_rules_tidy::root().join("kql-lang/Cargo.toml");
    let text = fs::read_to_string(manifest).expect("the manifest exists");
    assert!(!text.contains("amp-rules"), "{text}");
}

/// A crate made of a facade, two parts and a test module.
fn sample(parts: [(&str, &str); 4]) -> Crate {
    let folder = std::env::temp_dir().join(format!("amp-rules-tidy-{}", std::process::id()));
    for (name, text) in parts {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        fs::write(path, text).expect("a file can be written");
    }
    let read = Crate::read(&folder).expect("the sample is Rust");
    fs::remove_dir_all(folder).expect("the sample can be removed");
    read
}

#[test]
fn paths_are_resolved_in_declarations_code_and_macros_but_not_in_tests() {
    let read = sample([
        ("lib.rs", "mod a; mod b; pub use self::a::c::C;"),
        (
            "a.rs",
            "pub mod c;\n#[cfg(test)]\nmod tests { use crate::b::B; }\n// use crate::b::D;\nfn f() { println!(\"{}\", crate::b::NAME); }",
        ),
        ("a/c.rs", "use super::super::b::{self, B};\npub struct C(crate::a::c::D);"),
        ("b.rs", "pub(in crate::a) fn g(d: super::a::c::D) {}"),
    ]);
    let uses = |module: &[&str]| {
        let module: Vec<String> = module.iter().map(|part| (*part).to_owned()).collect();
        read.uses.get(&module).map(|used| used.iter().map(|other| other.join("::")).collect::<Vec<_>>())
    };
    assert_eq!(uses(&[]), Some(vec!["a::c".to_owned()]));
    assert_eq!(uses(&["a"]), Some(vec!["b".to_owned()]));
    assert_eq!(uses(&["a", "c"]), Some(vec!["b".to_owned()]));
    assert_eq!(uses(&["b"]), Some(vec!["a::c".to_owned()]));
    assert_eq!(read.cycles(), [["a::c", "b"]]);
}

#[test]
fn a_table_names_every_fault_of_a_layout() {
    let text = "x\n## Modules of x\n\n| module | does | may use |\n|---|---|---|\n| `a` | first | `b` |\n| `b` | second | – |\n| `d` | gone | – |\n| `e` | idle | `b` |\n## next";
    let uses = [("a", vec!["b"]), ("b", vec!["a"]), ("c", vec![]), ("e", vec![])]
        .map(|(module, used)| (vec![module.to_owned()], used.iter().map(|other| vec![(*other).to_owned()]).collect()));
    let found = problems(&rows(text, "Modules of x"), &uses.into());
    let want = [
        "`b` uses `a`, which the row of `b` does not allow",
        "`c` has no row",
        "the row `a` allows `b`, which does not stand above it",
        "the row `d` is no module",
        "the row `e` allows `b`, which it does not use",
    ];
    assert_eq!(found, want);
}
