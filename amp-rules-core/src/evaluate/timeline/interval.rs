//! Numbers known only by their bounds.
//!
//! An aggregate over telemetry that may be incomplete is an [`Interval`]. Its arithmetic is exact: no epsilon.

use crate::telemetry::predicate::Aggregate;

/// Both bounds are inclusive; they may be infinite.
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

    /// The bounds of an aggregate over all samples, if this is the aggregate over some of them.
    ///
    /// More samples can only increase counts, sums of non-negative numbers and maxima, and only decrease minima. The
    /// other aggregates can become any number.
    pub(crate) fn widened(self, aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Max | Aggregate::Count | Aggregate::Dcount | Aggregate::Increase | Aggregate::Turns => {
                self.unbounded_above()
            }
            Aggregate::Sum if self.low >= 0.0 => self.unbounded_above(),
            Aggregate::Min => self.unbounded_below(),
            Aggregate::Sum | Aggregate::Avg | Aggregate::Percentile(_) | Aggregate::Last => Self::ANY,
        }
    }

    pub(crate) fn unbounded_above(self) -> Self {
        Self { high: f64::INFINITY, ..self }
    }

    pub(crate) fn unbounded_below(self) -> Self {
        Self { low: f64::NEG_INFINITY, ..self }
    }

    /// The quotient; `None` if the divisor can be 0.
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_is_undefined_if_the_divisor_can_be_zero() {
        assert_eq!(Interval::exact(1.0).over(Interval { low: 0.0, high: 2.0 }), None);
        assert_eq!(Interval::exact(6.0).over(Interval { low: 2.0, high: 3.0 }), Some(Interval { low: 2.0, high: 3.0 }));
        assert_eq!(
            Interval::exact(6.0).over(Interval::exact(2.0).unbounded_above()),
            Some(Interval { low: 0.0, high: 3.0 })
        );
    }
}
