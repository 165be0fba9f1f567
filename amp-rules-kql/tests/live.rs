//! The live source against servers of this machine: what it sends, what it makes of good answers, and of bad ones.
#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

#[path = "live/conformance.rs"]
mod conformance;
#[path = "live/faults.rs"]
mod faults;
#[path = "live/wire.rs"]
mod wire;
