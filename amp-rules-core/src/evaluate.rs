//! The evaluator: from observations to a diagnosis, by the rules of `docs/semantics.md`.
//!
//! Six layers, each of which may use only the ones before it: truth over time (`timeline`), which entities exist and what was
//! visible of them (`entities`), symptoms (`symptoms`), patterns at entities (`instances`), what explains what and the roots
//! (`causality`), and the diagnosis (`assemble`). [`crate::Evaluation`] is the entry point.
//!
//! Pure and infallible: equal input gives equal output, and what cannot be decided is unknown with its reasons.

pub(crate) mod assemble;
pub(crate) mod causality;
pub(crate) mod entities;
pub(crate) mod instances;
pub(crate) mod symptoms;
pub(crate) mod timeline;
