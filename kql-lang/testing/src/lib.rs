//! Test helpers shared by `kql-lang` and the crates that use it. Not published.
#![expect(clippy::expect_used, reason = "a test that cannot run has failed")]

pub mod case;
pub mod generate;
pub mod hostile;
pub mod microsoft;
pub mod text;
