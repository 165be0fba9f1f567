//! What a symptom evaluates to: truth over time per entity.

use std::time::Duration;

use crate::evaluate::entities::EntityMap;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, Truth};
use crate::time::Time;

/// A symptom at one entity.
#[derive(Clone, Debug)]
pub(crate) struct SymptomTimeline {
    pub(crate) timeline: Timeline,
    /// The number that is shown as evidence: the one that meets the threshold by the widest margin.
    pub(crate) value: Option<f64>,
    /// What counter-evidence can end; `None` if the symptom has no `ends_when`.
    pub(crate) occurrences: Option<Occurrences>,
}

/// The occurrences of a symptom before `lasts` extends them.
#[derive(Clone, Debug)]
pub(crate) struct Occurrences {
    /// Truth without `lasts`.
    pub(crate) judged: Timeline,
    /// The periods that may hold evidence which was not visible, in order of time.
    pub(crate) hidden: Vec<(Time, Time)>,
    /// The first and last evidence of each bin, in order of time.
    pub(crate) evidence: Vec<(Time, Time)>,
    /// The width of the bins.
    pub(crate) bin: Duration,
}

impl SymptomTimeline {
    /// A timeline with the number that is shown as evidence.
    pub(super) fn new(timeline: Timeline, value: Option<f64>) -> Self {
        Self { timeline, value, occurrences: None }
    }

    /// The same truth over the whole window, without a number.
    pub(super) fn constant(visibility: &Visibility<'_>, truth: Truth) -> Self {
        Self::new(visibility.constant(truth), None)
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
