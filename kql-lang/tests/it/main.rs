//! The tests of the language: syntax, binding, running, and comparisons with Kusto itself.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod architecture;
mod emulator;
mod injection;
mod laws;
mod microsoft;
mod run;
mod syntax;
