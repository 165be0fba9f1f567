//! The KQL side of amp-rules: the query language offline, and (feature `live`) the same rules over real services.
//!
//! A query goes through four steps, none of which reads a file, a clock or a socket:
//!
//! 1. `syntax` turns text into an [`ast`] and reports every problem with its place; the printer turns it back.
//! 2. `bind` gives every name and expression its meaning and type against a schema.
//! 3. `run` executes what was bound on plain rows, with the instant of evaluation as an input.
//! 4. [`registry`] is the one list of functions and aggregates; binder, interpreter and `docs/kql.md` read it.
//!
//! What lies outside the subset is refused by name with its position; it is never approximated.

pub mod ast;
pub mod bind;
pub mod problem;
pub mod registry;
pub mod run;
pub mod span;
pub mod syntax;
pub mod value;
