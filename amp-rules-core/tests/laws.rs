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
