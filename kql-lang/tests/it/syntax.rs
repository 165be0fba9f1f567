//! Tests of parsing, printing and formatting: cases with expected diagnostics, real queries, generated trees, and hostile
//! texts.

mod cases;
mod corpus;
mod hostile;
mod laws;
mod literals;
mod tree;
