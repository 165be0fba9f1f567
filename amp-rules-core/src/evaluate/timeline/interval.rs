//! Numbers of which only bounds are known.
//!
//! An aggregate over telemetry that may be incomplete is an [`Interval`]; a comparison with a threshold is true if every
//! point of it satisfies the comparison, false if none does, else unknown. Exact, no epsilon.

use crate::telemetry::predicate::{Aggregate, Comparison};

/// Both bounds, inclusive; they may be infinite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Interval {
    pub(crate) const ANY: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };

    pub(crate) fn exact(value: f64) -> Self {
        Self { low: value, high: value }
    }

    pub(crate) fn is_exact(self) -> bool {
        self.low == self.high
    }

    /// What an aggregate over part of the samples says of the aggregate over all of them.
    ///
    /// Counts, sums of non-negative numbers and maxima can only grow, minima only fall; of the rest nothing is known.
    pub(crate) fn widened(self, aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Max | Aggregate::Count | Aggregate::Dcount | Aggregate::Increase | Aggregate::Turns => {
                self.unbounded_above()
            }
            Aggregate::Sum if self.low >= 0.0 => self.unbounded_above(),
            Aggregate::Min => Self { low: f64::NEG_INFINITY, ..self },
            Aggregate::Sum | Aggregate::Avg | Aggregate::Percentile(_) | Aggregate::Last => Self::ANY,
        }
    }

    pub(crate) fn unbounded_above(self) -> Self {
        Self { high: f64::INFINITY, ..self }
    }

    /// The quotient; `None` where the divisor can be 0.
    pub(crate) fn over(self, divisor: Self) -> Option<Self> {
        if divisor.low <= 0.0 && divisor.high >= 0.0 {
            return None;
        }
        let corners =
            [self.low / divisor.low, self.low / divisor.high, self.high / divisor.low, self.high / divisor.high];
        let low = corners.iter().copied().filter(|x| !x.is_nan()).fold(f64::INFINITY, f64::min);
        let high = corners.iter().copied().filter(|x| !x.is_nan()).fold(f64::NEG_INFINITY, f64::max);
        Some(Self { low, high })
    }

    /// `Some(true)` if every point compares so, `Some(false)` if none does.
    pub(crate) fn compares(self, comparison: Comparison, limit: f64) -> Option<bool> {
        let (low, high) = (self.low, self.high);
        let (all, none) = match comparison {
            Comparison::Above => (low > limit, high <= limit),
            Comparison::AtLeast => (low >= limit, high < limit),
            Comparison::Below => (high < limit, low >= limit),
            Comparison::AtMost => (high <= limit, low > limit),
            Comparison::Equals => (low == limit && high == limit, low > limit || high < limit),
        };
        match (all, none) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }
}

/// Folds the points of a later aggregation step, bounds apart from bounds.
///
/// `points` are in order of time. `None` where there are none and the aggregate is no count.
pub(crate) fn fold(aggregate: Aggregate, points: &[Interval]) -> Option<Interval> {
    let bound = |pick: fn(&Interval) -> f64| -> Option<f64> {
        let mut values: Vec<f64> = points.iter().map(pick).collect();
        match aggregate {
            Aggregate::Max => values.into_iter().reduce(f64::max),
            Aggregate::Min => values.into_iter().reduce(f64::min),
            Aggregate::Sum => (!values.is_empty()).then(|| values.iter().sum()),
            Aggregate::Avg => (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64),
            Aggregate::Last => values.last().copied(),
            Aggregate::Percentile(rank) => {
                values.sort_by(f64::total_cmp);
                let place = (f64::from(rank) / 100.0 * values.len() as f64).ceil().max(1.0) as usize;
                values.get(place - 1).copied()
            }
            Aggregate::Count | Aggregate::Dcount | Aggregate::Increase | Aggregate::Turns => None,
        }
    };
    match aggregate {
        Aggregate::Count | Aggregate::Dcount => Some(Interval::exact(points.len() as f64)),
        Aggregate::Increase => fold_exact(points, increase),
        Aggregate::Turns => fold_exact(points, turns),
        _ => Some(Interval { low: bound(|point| point.low)?, high: bound(|point| point.high)? }),
    }
}

fn fold_exact(points: &[Interval], of: fn(&[f64]) -> f64) -> Option<Interval> {
    if points.is_empty() {
        return None;
    }
    if points.iter().all(|point| point.is_exact()) {
        let values: Vec<f64> = points.iter().map(|point| point.low).collect();
        return Some(Interval::exact(of(&values)));
    }
    Some(Interval { low: 0.0, high: f64::INFINITY })
}

/// What a running total gained; after a reset it gained its new value.
fn increase(values: &[f64]) -> f64 {
    values
        .windows(2)
        .map(|pair| match pair {
            [a, b] if b >= a => b - a,
            [_, b] => *b,
            _ => 0.0,
        })
        .sum()
}

/// How often a series changes direction; equal neighbours say nothing.
fn turns(values: &[f64]) -> f64 {
    let moves: Vec<bool> = values
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] if a != b => Some(b > a),
            _ => None,
        })
        .collect();
    moves.windows(2).filter(|pair| matches!(pair, [a, b] if a != b)).count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_literal_at_its_value() {
        let ten = Interval::exact(10.0);
        assert_eq!(ten.compares(Comparison::Above, 10.0), Some(false));
        assert_eq!(ten.compares(Comparison::AtLeast, 10.0), Some(true));
        assert_eq!(Interval::exact(10.0_f64.next_up()).compares(Comparison::Above, 10.0), Some(true));
        assert_eq!(ten.unbounded_above().compares(Comparison::Above, 10.0), None);
        assert_eq!(ten.unbounded_above().compares(Comparison::AtLeast, 10.0), Some(true));
    }

    #[test]
    fn a_quotient_over_something_that_may_be_nothing_is_undefined() {
        assert_eq!(Interval::exact(1.0).over(Interval { low: 0.0, high: 2.0 }), None);
        assert_eq!(Interval::exact(6.0).over(Interval { low: 2.0, high: 3.0 }), Some(Interval { low: 2.0, high: 3.0 }));
        assert_eq!(
            Interval::exact(6.0).over(Interval::exact(2.0).unbounded_above()),
            Some(Interval { low: 0.0, high: 3.0 })
        );
    }

    #[test]
    fn counters_gain_over_resets_and_series_turn() {
        let exact = |values: &[f64]| values.iter().map(|v| Interval::exact(*v)).collect::<Vec<_>>();
        assert_eq!(fold(Aggregate::Increase, &exact(&[5.0, 8.0, 2.0, 3.0])), Some(Interval::exact(6.0)));
        assert_eq!(fold(Aggregate::Turns, &exact(&[1.0, 3.0, 3.0, 2.0, 5.0])), Some(Interval::exact(2.0)));
        assert_eq!(fold(Aggregate::Percentile(50), &exact(&[4.0, 1.0, 3.0, 2.0])), Some(Interval::exact(2.0)));
        assert_eq!(fold(Aggregate::Max, &[]), None);
    }
}
