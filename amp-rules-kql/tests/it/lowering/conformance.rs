//! The conformance suite over lowered queries and the interpreter.

use std::io::Write as _;

use amp_rules_core::telemetry::source::conformance::{cases, run};

use crate::lowering::interpreted::Interpreted;

#[test]
fn lowered_queries_conform() {
    let report = futures::executor::block_on(run(|dataset| Ok(Box::new(Interpreted::new(dataset)))));
    let _ = writeln!(std::io::stderr(), "{report}");
    assert_eq!(report.failed, [], "{report}");
    let skipped: Vec<&str> = report.skipped.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(skipped, ["a sum is rounded once, so the order of rows does not matter"], "{report}");
    assert_eq!(report.passed.len(), cases().len() - 1, "{report}");
}
