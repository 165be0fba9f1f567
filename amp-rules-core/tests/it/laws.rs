//! The laws of the evaluator, P1 to P25, as property tests over small generated packs and telemetry.
//!
//! The name of a law's test starts with its number; the comment beside it states the law. `AMP_RULES_CASES` sets the number
//! of cases (256 by default). [`lifetimes`] and [`regressions`] are small scenarios with one fact each.

mod causality;
mod invariance;
mod lifetimes;
mod missing_data;
mod noise_and_evidence;
mod regressions;
mod small_scenario;
mod verdicts;

/// Without this test a law without a test would not be noticed.
#[test]
fn each_of_the_twenty_five_laws_has_one_test() {
    let sources = [
        include_str!("laws/causality.rs"),
        include_str!("laws/invariance.rs"),
        include_str!("laws/missing_data.rs"),
        include_str!("laws/noise_and_evidence.rs"),
    ];
    for law in 1..=25 {
        let name = format!("fn p{law}_");
        let tests: usize = sources.iter().map(|source| source.matches(&name).count()).sum();
        assert_eq!(tests, 1, "tests of law {law}");
    }
}
