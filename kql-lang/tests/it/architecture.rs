//! Checks that the crate does not depend on the rule engine, and that its modules import each other as listed in
//! `ARCHITECTURE.md`.

use std::fs;
use std::path::Path;

use kql_testing::architecture::assert_modules;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn modules_import_only_what_the_architecture_lists() {
    assert_modules(HERE, &Path::new(HERE).join(".."), "Modules of kql-lang");
}

#[test]
fn crate_does_not_depend_on_the_rule_engine() {
    let manifest = fs::read_to_string(Path::new(HERE).join("Cargo.toml")).expect("the manifest can be read");
    assert!(!manifest.contains("amp-rules"), "{manifest}");
}
