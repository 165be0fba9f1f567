//! Checks the imports between modules against the table in `ARCHITECTURE.md`.

use std::path::Path;

use kql_testing::architecture::assert_modules;

#[test]
fn module_imports_match_the_architecture_table() {
    let here = env!("CARGO_MANIFEST_DIR");
    assert_modules(here, &Path::new(here).join(".."), "Modules of amp-rules-kql");
}
