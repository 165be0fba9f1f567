//! What the tests of `kql-lang` and of crates that use it share; not published.
#![expect(clippy::expect_used, reason = "a test that cannot run has failed")]

pub mod architecture;
pub mod case;
pub mod hostile;
pub mod microsoft;
pub mod text;
