//! The crate depends on none of the workspace, and its modules import one another as `ARCHITECTURE.md` says.

use std::fs;
use std::path::Path;

use kql_testing::architecture::assert_modules;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn modules_use_those_above_them_that_the_architecture_lists() {
    assert_modules(HERE, &Path::new(HERE).join(".."), "Modules of kql-lang");
}

#[test]
fn the_language_depends_on_no_crate_of_the_rule_engine() {
    let manifest = fs::read_to_string(Path::new(HERE).join("Cargo.toml")).expect("the manifest can be read");
    assert!(!manifest.contains("amp-rules"), "{manifest}");
}
