//! What a symptom evaluates to: truth over time per entity.

use crate::evaluate::entities::EntityMap;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};

/// A symptom at one entity.
#[derive(Clone, Debug)]
pub(crate) struct SymptomTimeline {
    pub(crate) timeline: Timeline,
    /// The number that is shown as evidence: the one that meets the threshold by the widest margin.
    pub(crate) value: Option<f64>,
}

impl SymptomTimeline {
    /// The same truth over the whole window, without a number.
    pub(super) fn constant(visibility: &Visibility<'_>, truth: Truth) -> Self {
        Self { timeline: visibility.constant(truth), value: None }
    }
}

/// A symptom at all entities of its kind.
#[derive(Debug)]
pub(crate) struct SymptomTimelines {
    /// By entity of the symptom's kind.
    pub(crate) entities: EntityMap<SymptomTimeline>,
    /// For every entity that is not in `entities`.
    pub(crate) rest: Timeline,
}
