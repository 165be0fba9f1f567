//! Whether instances still hold, and when they were last observed.
//!
//! Input: instances and the graph in which they take part. Output: an [`Activity`].

use crate::diagnosis::{Activity, ActivityState};
use crate::evaluate::causality::{CausalAnalysis, CausalGraph};
use crate::time::{Time, Window};

/// The activity of a set of instances as one: active if one of them is, resolved if all are.
pub(super) fn activity(
    analysis: &CausalAnalysis<'_>,
    graph: &CausalGraph,
    numbers: impl Iterator<Item = usize>,
) -> Activity {
    let window = analysis.visibility().window;
    let mut state = ActivityState::Resolved;
    let mut last = Time::MIN;
    let mut unseen: Vec<Window> = Vec::new();
    let mut timeless = true;
    for number in numbers {
        let (Some(instance), Some(episode)) =
            (analysis.instances.get(number), graph.episode(&analysis.instances, number))
        else {
            continue;
        };
        // A member's graph knows whether it is over; any other instance by itself.
        let is_over = if graph.members.contains(&number) { graph.over.contains(&number) } else { !instance.is_active };
        state = state.min(match (is_over, episode.is_ended) {
            (false, _) => ActivityState::Active,
            (true, false) => ActivityState::Over,
            (true, true) => ActivityState::Resolved,
        });
        last = last.max(episode.last.min(window.to));
        unseen.extend(episode.unseen.iter().map(|&(from, to)| Window { from, to }));
        timeless &= episode.is_timeless && !instance.is_reported;
    }
    unseen.sort_by_key(|period| (period.from, period.to));
    unseen.dedup();
    Activity { state, last, unseen, timeless }
}
