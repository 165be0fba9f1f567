//! Reading, printing and formatting queries: cases with their diagnostics, queries that people wrote, generated trees, and
//! hostile texts.

mod cases;
mod corpus;
mod hostile;
mod laws;
mod literals;
mod tree;
