//! The laws of the evaluator, P1 to P25, as property-based tests over small generated packs and telemetry.
//!
//! Each law has its id first in its name; where a law needs an interpretation the test says which. `AMP_RULES_CASES` sets
//! the number of cases (256 where nothing is said).

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a generator or a judge that goes wrong is a failed test"
)]

#[path = "generate/dice.rs"]
mod dice;
#[path = "laws/found.rs"]
mod found;
#[path = "laws/graph.rs"]
mod graph;
#[path = "laws/lives.rs"]
mod lives;
#[path = "laws/loss.rs"]
mod loss;
#[path = "laws/noise.rs"]
mod noise;
#[path = "generate/pack.rs"]
mod pack;
#[path = "laws/same.rs"]
mod same;
#[path = "laws/speech.rs"]
mod speech;
#[path = "generate/stage.rs"]
mod stage;
#[path = "generate/telemetry.rs"]
mod telemetry;
#[path = "laws/truth.rs"]
mod truth;
#[path = "laws/verdicts.rs"]
mod verdicts;
#[path = "generate/world.rs"]
mod world;

/// A law that nobody tests would not be missed otherwise.
#[test]
fn each_of_the_twenty_five_laws_has_one_test() {
    let sources = [
        include_str!("laws/graph.rs"),
        include_str!("laws/noise.rs"),
        include_str!("laws/same.rs"),
        include_str!("laws/truth.rs"),
    ];
    for law in 1..=25 {
        let name = format!("fn p{law}_");
        let many: usize = sources.iter().map(|source| source.matches(&name).count()).sum();
        assert_eq!(many, 1, "tests of law {law}");
    }
}
