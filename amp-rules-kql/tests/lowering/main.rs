//! Holds lowered queries, run by the interpreter, against row folding.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail")]

mod conformance;
mod generate;
mod interpreted;
mod law;
