//! Checked documents → values.
//!
//! Input: one checked file and the model of the pack. Output: a [`Pack`], or a [`Draft`] of a pattern, and diagnostics. A
//! part that does not fit the format is skipped silently, because `syntax` has already reported it; a name that may be
//! defined in a broken pack is not reported. Other patterns are not known here.

mod condition;
mod content;
mod draft;
mod filter;
mod forms;
mod hir;
mod lints;
mod log_lines;
mod pack;
mod pack_model;
mod pack_tables;
mod pattern;
mod query;
mod reader;
mod regexes;
mod series;
mod symptom;
mod symptom_kinds;
mod tables;
mod threshold;
mod units;

pub(crate) use condition::read_patterns;
pub(crate) use draft::{Draft, Used};
pub(crate) use pack::read_pack;
pub(crate) use pack_model::{Pack, kind_of};
pub(crate) use pattern::read_pattern;
pub(crate) use reader::Reader;
