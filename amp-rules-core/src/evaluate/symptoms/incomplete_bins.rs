//! Numbers of bins that lack samples or metrics: how far they can be from the complete number.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::evaluate::timeline::Interval;
use crate::telemetry::predicate::Aggregate;
use crate::telemetry::source::data::Point;
use crate::time::Time;

/// How an aggregate over some of the samples can differ from that over all of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bias {
    TooLow,
    TooHigh,
    Any,
}

impl Bias {
    /// The bias of several aggregation steps together.
    pub(super) fn of(aggregates: impl Iterator<Item = Aggregate>) -> Self {
        aggregates
            .map(|aggregate| match aggregate {
                Aggregate::Max | Aggregate::Sum | Aggregate::Count | Aggregate::Dcount | Aggregate::Increase => {
                    Self::TooLow
                }
                Aggregate::Min => Self::TooHigh,
                Aggregate::Avg | Aggregate::Percentile(_) | Aggregate::Last | Aggregate::Turns => Self::Any,
            })
            .reduce(|a, b| if a == b { a } else { Self::Any })
            .unwrap_or(Self::Any)
    }

    /// The bounds of the complete number.
    pub(super) fn widen(self, value: Interval) -> Interval {
        match self {
            Self::TooLow if value.low >= 0.0 => value.unbounded_above(),
            Self::TooHigh => value.unbounded_below(),
            _ => Interval::ANY,
        }
    }
}

/// The bins with fewer than `all` metrics, sorted. Runs of at most `tolerated` such bins next to a complete bin are left
/// out.
pub(super) fn bins_without_all_metrics(
    points: &[&Point],
    all: u32,
    every: Option<Duration>,
    tolerated: u32,
) -> Vec<Time> {
    let mut incomplete: Vec<Time> = points.iter().filter(|point| point.metrics < all).map(|point| point.bin).collect();
    incomplete.sort();
    incomplete.dedup();
    let Some(every) = every else { return incomplete };
    let complete: BTreeSet<Time> = points.iter().filter(|point| point.metrics >= all).map(|point| point.bin).collect();
    let mut out = Vec::new();
    let mut run: Vec<Time> = Vec::new();
    let mut close = |run: &mut Vec<Time>| {
        let (from, to) = (run.first().copied(), run.last().copied());
        let is_tolerated = run.len() <= tolerated as usize
            && (from.is_some_and(|from| complete.contains(&from.saturating_sub(every)))
                || to.is_some_and(|to| complete.contains(&to.saturating_add(every))));
        if !is_tolerated {
            out.append(run);
        }
        run.clear();
    };
    for bin in incomplete {
        if run.last().is_some_and(|last| bin != last.saturating_add(every)) {
            close(&mut run);
        }
        run.push(bin);
    }
    close(&mut run);
    out
}
