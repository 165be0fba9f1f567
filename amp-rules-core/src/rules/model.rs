//! Validated patterns: the meaning of one `pattern.yaml`.
//!
//! Input: checked documents. Output: [`Pattern`]s whose numbers have units, whose regexes compile and whose required
//! parts are not optional. References to other patterns are still names; [`crate::rules::rule_set`] resolves them.

mod pattern;
pub mod query;
pub mod query_header;
mod reads;
mod setting;
mod symptom;

pub use crate::rules::classification::{Class, Severity, Strength};
pub use pattern::{Amplifies, Causes, Magnitude, Pattern, Reach, RemedyStep, When};
pub use reads::{Flow, LogLines, PropertyState, SeriesSpec, Step};
pub use setting::{Parameter, Setting, Threshold};
pub use symptom::{AbsentMeans, EndsWhen, ExceptAfter, Lasts, Rollup, SequenceStep, Symptom, SymptomKind, SymptomRef};
