//! The conformance suite: what a [`TelemetrySource`](super::TelemetrySource) promises, as cases that every backend runs.
//!
//! Input: a function that makes a source from a [`Dataset`]. Output: a [`Report`] of the cases that passed, failed and were
//! skipped. A dataset is plain rows with declarations of what is missing, so a backend of files writes it to disk and a backend
//! of a service loads it into a table. The expected answers are written by hand, not computed by another source.
//!
//! A backend depends on this crate with the feature `conformance` as a dev-dependency. Nothing here prints: the caller prints
//! the report and asserts how many cases passed.

mod build;
mod case;
mod cases;
mod run;

pub use self::case::{Case, Dataset, Manner, Want};
pub use self::cases::cases;
pub use self::run::{Report, run};
