//! Integration tests of the crate, one module per subject.
//!
//! `corpus` diagnoses the scenarios of a `scenarios.jsonl`; `expansion` expands files in the `scenario.yaml` format.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot run has failed; counts of what ran are printed"
)]

mod blinding;
mod cases;
mod conformance;
mod corpus;
mod errors;
mod evidence;
mod expansion;
mod folders;
mod forms;
mod incidents;
mod inputs;
mod loss;
mod lowered;
mod misread;
mod queries;
mod record;
mod support;
