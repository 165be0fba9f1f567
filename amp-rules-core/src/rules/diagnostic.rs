//! Problems in rule files: what is wrong, where, and how to fix it.
//!
//! Input: [`Diagnostic`]s, each with a [`Code`], a severity, a message, labelled byte spans and, if known, help.
//! Output: [`Diagnostics`], sorted by file, position and code, without duplicates. They are rendered with the source lines
//! that they mark ([`Diagnostics::full`]), as one line each ([`Diagnostics::concise`]) or as JSON
//! ([`Diagnostics::to_json`]).
//!
//! Nothing here reads a file: diagnostics come with their texts. Nothing here panics on a span that does not fit its text.

mod code;
mod collection;
mod problem;
mod render;
mod rule_file;
mod span;
mod texts;
mod wire;

pub use code::{Code, Severity};
pub use collection::Diagnostics;
pub use problem::{Diagnostic, Edit, Fix, Label};
pub use render::Look;
pub use rule_file::RuleFile;
pub use span::{Position, Span, position};
pub use wire::{DiagnosticWire, EditWire, FixWire, LabelWire, PositionWire};
