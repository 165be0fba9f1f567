//! Integration tests: queries in rule files and in the pack, lowered requests, the live source.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic fails the test"
)]

mod diagnostics;
#[cfg(feature = "live")]
mod live;
mod lowering;
mod pack;
