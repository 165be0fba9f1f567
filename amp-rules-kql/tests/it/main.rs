//! The tests of the backend: queries of rule files, of the pack, lowered requests, and the live source.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot run has failed"
)]

mod architecture;
mod diagnostics;
#[cfg(feature = "live")]
mod live;
mod lowering;
mod pack;
