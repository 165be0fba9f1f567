//! The one definition of the format: what each kind of rule file contains.
//!
//! Input: the name of a file. Output: its [`FileKind`] and the shape of its content. The checker, the JSON Schema and the
//! reference all read this definition; the format has nothing that is not in it.

mod cases;
mod classification;
mod condition;
mod expect;
mod file_kind;
mod filter;
mod given;
mod incident;
mod indicators;
mod pack;
mod pattern;
mod scenario;
mod series;
mod symptom;
mod table_state;
mod workflow;

pub(super) use file_kind::FORMATS;
pub use file_kind::FileKind;
