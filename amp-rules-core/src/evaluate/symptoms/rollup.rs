//! Many step functions as one: `any`, `every`, `at least k`, `at least a share`.
//!
//! Input: what holds of each of several things, or of each of several conditions. Output: what holds of them together,
//! instant by instant, strong Kleene. A thing that is not alive does not take part.

use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::visibility::Visibility;
use crate::evaluate::timeline::truth::{Segment, Timeline, Truth};
use crate::rules::model::Rollup;
use crate::telemetry::entity::Entity;
use crate::time::Time;

/// What holds of a coarser entity, from what holds of the finer ones within it.
///
/// `all_known` says whether every one of them is there: `any` is false, and `every` true, only then.
pub(crate) fn rollup(
    visibility: &Visibility<'_>,
    how: Rollup,
    finer: &[(&Entity, &Timeline)],
    all_known: bool,
) -> Timeline {
    let book = &visibility.reasons;
    let unseen = Truth::Unknown(book.one(UnknownReason::ChannelDead("inventory".to_owned())));
    match how {
        Rollup::Any => {
            let some = finer.iter().fold(visibility.constant(Truth::False), |sum, (_, steps)| sum.or(steps, book));
            if all_known { some } else { some.or(&visibility.constant(unseen), book) }
        }
        Rollup::Every => {
            let every = finer.iter().fold(visibility.constant(Truth::True), |sum, (entity, steps)| {
                sum.and(&visibility.alive_or_gone(entity, steps), book)
            });
            // Where nobody lives nothing holds of everybody.
            let somebody = finer.iter().fold(visibility.constant(Truth::False), |sum, (entity, _)| {
                sum.or(&visibility.alive(entity, &visibility.constant(Truth::True)), book)
            });
            let every = every.and(&somebody, book);
            if all_known { every } else { every.and(&visibility.constant(unseen), book) }
        }
        Rollup::AtLeast(count) => {
            let steps: Vec<Timeline> = finer.iter().map(|(_, steps)| (*steps).clone()).collect();
            let some = at_least(visibility, &steps, |_| f64::from(count));
            if all_known { some } else { some.or(&visibility.constant(unseen), book) }
        }
        Rollup::Share(share) => {
            if !all_known {
                return visibility.constant(unseen);
            }
            let lives: Vec<(Time, Time)> = finer.iter().map(|(entity, _)| visibility.life(entity)).collect();
            let steps: Vec<Timeline> = finer
                .iter()
                .zip(&lives)
                .map(|((_, steps), (birth, death))| steps.within(*birth, *death, Truth::False))
                .collect();
            at_least(visibility, &steps, |at| {
                share * lives.iter().filter(|(birth, death)| *birth <= at && at < *death).count().max(1) as f64
            })
        }
    }
}

/// True where at least so many are, false where even with the unknown ones there are fewer.
pub(crate) fn at_least(visibility: &Visibility<'_>, steps: &[Timeline], wanted: impl Fn(Time) -> f64) -> Timeline {
    let mut starts: Vec<Time> =
        steps.iter().flat_map(|steps| steps.segments().iter().map(|segment| segment.from)).collect();
    starts.push(visibility.window.from);
    starts.sort();
    starts.dedup();
    let segments = starts.into_iter().map(|at| {
        let here: Vec<Segment> = steps
            .iter()
            .filter_map(|steps| {
                let place = steps.segments().partition_point(|segment| segment.from <= at);
                steps.segments().get(place.saturating_sub(1)).copied()
            })
            .collect();
        let holding: Vec<&Segment> = here.iter().filter(|segment| segment.truth.is_true()).collect();
        let doubt = here.iter().filter(|segment| !segment.truth.is_true() && !segment.truth.is_false());
        let doubts = doubt.clone().count();
        let wanted = wanted(at);
        if holding.len() as f64 >= wanted {
            let first = holding.iter().map(|segment| segment.first).max().unwrap_or(at).max(at);
            let last = holding.iter().map(|segment| segment.last).min().unwrap_or(at).max(at);
            Segment { from: at, truth: Truth::True, first, last }
        } else if ((holding.len() + doubts) as f64) < wanted {
            visibility.plain(at, Truth::False)
        } else {
            visibility.plain(at, doubt.fold(Truth::False, |sum, segment| sum.or(segment.truth, &visibility.reasons)))
        }
    });
    Timeline::from_segments(visibility.window, segments.collect::<Vec<_>>())
}
