//! Runs of occurrences as a timeline.

use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Timeline, TrueSpan, Truth};
use crate::time::Time;

/// The first and last instant of a run of occurrences.
pub(super) type Run = (Time, Time);

/// The timeline that has a truth from the first to the last instant of each run, and is false elsewhere. The runs are in order
/// of time.
pub(super) fn timeline_of_runs(visibility: &Visibility<'_>, runs: Vec<Run>, truth: Truth) -> Timeline {
    let spans =
        runs.into_iter().map(|(first, last)| TrueSpan { from: first, to: last.saturating_add_ticks(1), first, last });
    let found = visibility.constant(Truth::False).with_true_spans(spans, &visibility.reasons);
    found.map(|own| if own.is_true() { truth } else { own })
}
