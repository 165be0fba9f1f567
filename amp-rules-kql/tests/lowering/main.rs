//! Holds lowered queries, run by the interpreter, against row folding; their text against Microsoft's binder.
#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a test may fail")]

mod conformance;
mod generate;
mod hostile;
mod injection;
mod interpreted;
#[path = "../support/kusto.rs"]
mod kusto;
mod law;
mod microsoft;
#[path = "../support/pieces.rs"]
mod pieces;
