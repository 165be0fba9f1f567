//! The query language of Azure Monitor and Azure Data Explorer, offline: what a query says, means, and gives on plain rows.
//!
//! A query goes through four steps, none of which reads a file, a clock or a socket:
//!
//! 1. [`syntax`] turns text into an [`ast`] and reports every problem with its place; the printer turns it back.
//! 2. [`bind`] gives every name and expression its meaning and type against a schema.
//! 3. [`run`] executes what was bound on plain rows, with the instant of evaluation as an input.
//! 4. [`registry`] is the one list of functions and aggregates; binder and interpreter read it.
//!
//! [`check`] holds the queries of rule files against the first two of these, and [`prologue`] writes values as the start of a
//! query.
//! [`wire`] reads what services answer: the tables shape of Azure Monitor, the frames of Azure Data Explorer. The feature
//! `live` asks them (module `live`), `entra` signs in with Microsoft Entra, `stub` stands in for them in tests.
//! [`lower`] goes the other way: it turns requests of the engine into few queries, and their results into answers.
//!
//! What lies outside the subset is refused by name with its position; it is never approximated.

pub mod check;
pub mod convert;
pub mod diagnostic;
pub mod header;
#[cfg(feature = "live")]
pub mod live;
pub mod lower;
pub mod wire;
