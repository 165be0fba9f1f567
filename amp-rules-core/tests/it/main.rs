//! Integration tests of the core, in one binary.
//!
//! - [`diagnostics`]: what is reported for rule files.
//! - [`queries`]: symptoms that are KQL queries.
//! - [`laws`]: the laws P1 to P36, as property tests, and the cases that they found.
//! - [`reference`]: the evaluator compared with a slow, plain one.
//! - [`generate`]: random packs, telemetry and losses for the last two.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a generator or a check that fails is a failed test"
)]

mod diagnostics;
mod generate;
mod laws;
mod queries;
mod reference;
