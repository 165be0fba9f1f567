//! What numbers are judged with, besides their limit.

use crate::evaluate::timeline::{Timeline, Truth};
use crate::rules::model::SeriesSpec;
use crate::telemetry::entity::Entity;

/// What numbers are judged with.
#[derive(Clone, Copy)]
pub(super) struct Judging<'a> {
    /// True where everything was visible.
    pub(super) mask: &'a Timeline,
    /// The truth where there is no number, such as in long gaps.
    pub(super) absent: Truth,
    /// The series; the numerator of a ratio.
    pub(super) spec: &'a SeriesSpec,
    pub(super) entity: &'a Entity,
}
