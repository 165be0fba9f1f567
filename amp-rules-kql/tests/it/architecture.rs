//! The modules import one another as `ARCHITECTURE.md` says.

use std::path::Path;

use kql_testing::architecture::assert_modules;

#[test]
fn modules_use_those_above_them_that_the_architecture_lists() {
    let here = env!("CARGO_MANIFEST_DIR");
    assert_modules(here, &Path::new(here).join(".."), "Modules of amp-rules-kql");
}
