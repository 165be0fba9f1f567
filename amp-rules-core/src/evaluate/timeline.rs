//! Three-valued truth, truth over time, and numbers with bounds.
//!
//! Reading order: [`reason_interner`], [`truth`], [`step_function`], [`timeline`], [`interval`], [`aggregation`]. Each file uses only those
//! before it. Nothing here knows a rule, an entity or a source.

mod aggregation;
mod interval;
mod reason_interner;
mod step_function;
#[expect(clippy::module_inception, reason = "the file is named after the type it defines")]
mod timeline;
mod truth;

pub(crate) use aggregation::aggregate;
pub(crate) use interval::Interval;
pub(crate) use reason_interner::ReasonInterner;
pub(crate) use step_function::{Segment, StepFunction, TrueSpan};
pub(crate) use timeline::Timeline;
pub(crate) use truth::Truth;
