//! `rollup`: several timelines combined into one, by `any`, `every`, at least k, or at least a share.
//!
//! Input: the timelines of several entities, or of several conditions. Output: their combination at each instant, in
//! strong Kleene logic. An entity that does not exist at an instant is left out there.

use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Segment, StepFunction, Timeline, Truth};
use crate::rules::model::Rollup;
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// The truth at a coarser entity, from that of the finer entities within it.
///
/// `all_known` is true where the list of finer entities is complete, else unknown; only there can `any` be false and `every`
/// be true.
pub(crate) fn rollup(
    visibility: &Visibility<'_>,
    rollup: Rollup,
    finer: &[(&Entity, &Timeline)],
    all_known: &Timeline,
) -> Timeline {
    let reasons = &visibility.reasons;
    let is_known = all_known.only() == Some(Truth::True);
    let maybe = all_known.map(|known| if known.is_true() { Truth::False } else { known });
    // A truth throughout would be a part with a time.
    let or_maybe = |any: Timeline| if is_known { any } else { any.or(&maybe, reasons) };
    match rollup {
        Rollup::Any => {
            let each = finer.iter().map(|(_, timeline)| (*timeline).clone());
            or_maybe(Timeline::any(visibility.window, each, reasons))
        }
        Rollup::Every => {
            let each = finer.iter().map(|(entity, timeline)| visibility.true_outside_lifetime(entity, timeline));
            let every = Timeline::all(visibility.window, each, reasons);
            // `every` is false while no entity exists.
            let exists = finer.iter().fold(visibility.constant(Truth::False), |exists, (entity, _)| {
                exists.or(&visibility.false_outside_lifetime(entity, &visibility.constant(Truth::True)), reasons)
            });
            every.where_it_exists(&exists, reasons).where_it_exists(all_known, reasons)
        }
        Rollup::AtLeast(count) => {
            let timelines: Vec<Timeline> = finer.iter().map(|(_, timeline)| (*timeline).clone()).collect();
            or_maybe(at_least(visibility, &timelines, |_| f64::from(count)))
        }
        Rollup::Share(share) => {
            let lifetimes: Vec<(Time, Time)> = finer.iter().map(|(entity, _)| visibility.lifetime(entity)).collect();
            let timelines: Vec<Timeline> = finer
                .iter()
                .zip(&lifetimes)
                .map(|((_, timeline), (from, to))| timeline.within(*from, *to, Truth::False))
                .collect();
            let enough = at_least(visibility, &timelines, |at| {
                share * lifetimes.iter().filter(|(from, to)| *from <= at && at < *to).count().max(1) as f64
            });
            // A share of a number that is not known.
            or_maybe(enough).where_it_exists(all_known, reasons)
        }
    }
}

/// True where at least `wanted` timelines are true, false where even with all unknown ones there are fewer.
pub(crate) fn at_least(visibility: &Visibility<'_>, timelines: &[Timeline], wanted: impl Fn(Time) -> f64) -> Timeline {
    Timeline::of_parts(timelines, |parts| at_least_steps(visibility, parts, &wanted), &visibility.reasons)
}

fn at_least_steps(
    visibility: &Visibility<'_>,
    timelines: &[&StepFunction],
    wanted: impl Fn(Time) -> f64,
) -> StepFunction {
    let mut starts: Vec<Time> =
        timelines.iter().flat_map(|timeline| timeline.segments().iter().map(|segment| segment.from)).collect();
    starts.push(visibility.window.from);
    starts.sort();
    starts.dedup();
    let segments = starts.into_iter().map(|at| {
        let here: Vec<&Segment> = timelines.iter().filter_map(|timeline| timeline.segment_at(at)).collect();
        let holding: Vec<&&Segment> = here.iter().filter(|segment| segment.truth.is_true()).collect();
        let unknown: Vec<Truth> = here.iter().map(|segment| segment.truth).filter(|truth| truth.is_unknown()).collect();
        let wanted = wanted(at);
        if holding.len() as f64 >= wanted {
            let first = holding.iter().map(|segment| segment.first).max().unwrap_or(at).max(at);
            let last = holding.iter().map(|segment| segment.last).min().unwrap_or(at).max(at);
            Segment { from: at, truth: Truth::True, first, last }
        } else if ((holding.len() + unknown.len()) as f64) < wanted {
            Segment::new(at, Truth::False)
        } else {
            Segment::new(at, Truth::any(unknown, &visibility.reasons))
        }
    });
    StepFunction::from_segments(visibility.window, segments.collect::<Vec<_>>())
}
