//! Tests of lowered queries: results in the interpreter against row aggregation, texts against Microsoft's binder.

mod conformance;
mod equivalence;
mod generate;
mod hostile;
mod injection;
mod interpreted;
mod line_tests;
mod microsoft;
