//! Integration tests: syntax, binding, execution, and comparisons with Kusto.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod differential;
mod emulator;
mod injection;
mod laws;
mod limits;
mod microsoft;
mod run;
mod syntax;
