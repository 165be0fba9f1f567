//! Aggregation of intervals: the steps of a series after the one that the source ran.
//!
//! Input: intervals in order of time. Output: the interval of their aggregate; lower and upper bounds are aggregated
//! separately.

use super::interval::Interval;
use crate::telemetry::predicate::Aggregate;

/// The aggregate of `points`, which are in order of time. `None` if there are none and the aggregate is not a count.
pub(crate) fn aggregate(aggregate: Aggregate, points: &[Interval]) -> Option<Interval> {
    let of_bounds = |bound: fn(&Interval) -> f64| -> Option<f64> {
        let mut values: Vec<f64> = points.iter().map(bound).collect();
        match aggregate {
            Aggregate::Max => values.into_iter().reduce(f64::max),
            Aggregate::Min => values.into_iter().reduce(f64::min),
            Aggregate::Sum => (!values.is_empty()).then(|| values.iter().sum()),
            Aggregate::Avg => (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64),
            Aggregate::Last => values.last().copied(),
            Aggregate::Percentile(percent) => {
                values.sort_by(f64::total_cmp);
                let rank = (f64::from(percent) / 100.0 * values.len() as f64).ceil().max(1.0) as usize;
                values.get(rank - 1).copied()
            }
            Aggregate::Count | Aggregate::Dcount | Aggregate::Increase | Aggregate::Turns => None,
        }
    };
    match aggregate {
        Aggregate::Count | Aggregate::Dcount => Some(Interval::exact(points.len() as f64)),
        Aggregate::Increase => of_exact(points, increase),
        Aggregate::Turns => of_exact(points, turns),
        _ => Some(Interval { low: of_bounds(|point| point.low)?, high: of_bounds(|point| point.high)? }),
    }
}

/// An aggregate that is not monotone in its points: exact if all of them are, else any number from 0.
fn of_exact(points: &[Interval], aggregate: fn(&[f64]) -> f64) -> Option<Interval> {
    if points.is_empty() {
        return None;
    }
    if points.iter().all(|point| point.is_exact()) {
        let values: Vec<f64> = points.iter().map(|point| point.low).collect();
        return Some(Interval::exact(aggregate(&values)));
    }
    Some(Interval { low: 0.0, high: f64::INFINITY })
}

/// The increase of a cumulative counter. After a reset the new value counts as the increase.
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

/// How often a series changes direction. Equal neighbours are ignored.
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
    fn counters_increase_across_resets_and_series_turn() {
        let exact = |values: &[f64]| values.iter().map(|v| Interval::exact(*v)).collect::<Vec<_>>();
        assert_eq!(aggregate(Aggregate::Increase, &exact(&[5.0, 8.0, 2.0, 3.0])), Some(Interval::exact(6.0)));
        assert_eq!(aggregate(Aggregate::Turns, &exact(&[1.0, 3.0, 3.0, 2.0, 5.0])), Some(Interval::exact(2.0)));
        assert_eq!(aggregate(Aggregate::Percentile(50), &exact(&[4.0, 1.0, 3.0, 2.0])), Some(Interval::exact(2.0)));
        assert_eq!(aggregate(Aggregate::Max, &[]), None);
    }
}
