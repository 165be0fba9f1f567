//! The contract between the engine and telemetry: requests in, one answer or one error per request out.
//!
//! A backend implements [`TelemetrySource`] and answers with [`data`]. [`memory`] is the reference implementation, [`rows`]
//! aggregates raw rows into answers of any kind, [`template`] defines which lines are grouped. Missing telemetry is an error
//! or a declared gap, never an empty answer. Nothing here knows a rule.

#[cfg(feature = "conformance")]
pub mod conformance;
mod contract;
pub mod data;
pub mod declared;
mod error;
pub mod memory;
pub mod rows;
pub mod template;

pub use contract::{Capabilities, TelemetrySource};
pub use data::{Answer, AnswerData, Completeness, Gap, GapReason};
pub use error::{SourceError, SourceErrorKind};
pub use rows::answer_from_rows;
