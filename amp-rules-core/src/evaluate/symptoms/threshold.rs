//! The comparison of a number with a threshold. It happens here and nowhere else.
//!
//! A comparison is true if every point of the number's interval satisfies it, false if none does, else unknown. It is
//! exact: no epsilon.

use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Interval, Timeline, Truth};
use crate::rules::model::Threshold;
use crate::telemetry::predicate::Comparison;

/// A threshold with its limit as a number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) comparison: Comparison,
    /// In the threshold's unit.
    pub(crate) limit: f64,
}

/// The limit of a threshold in this run. `None` if its setting has no value in the threshold's unit.
pub(crate) fn limit_of(visibility: &Visibility<'_>, threshold: &Threshold) -> Option<Limit> {
    let limit = visibility.plan.value(&threshold.limit)?.in_unit(&threshold.unit)?;
    Some(Limit { comparison: threshold.comparison, limit })
}

impl Limit {
    /// `Some(true)` if every point of the interval meets the limit, `Some(false)` if none does.
    pub(super) fn is_met_by(self, value: Interval) -> Option<bool> {
        let Interval { low, high } = value;
        let limit = self.limit;
        let (all, none) = match self.comparison {
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

    /// The truth of the comparison. An undecided one is unknown for the reasons of `mask`, or for `otherwise` if the mask
    /// is true until the watermark.
    pub(super) fn judge(
        self,
        visibility: &Visibility<'_>,
        value: Interval,
        mask: &Timeline,
        otherwise: impl FnOnce() -> UnknownReason,
    ) -> Truth {
        match self.is_met_by(value) {
            Some(true) => Truth::True,
            Some(false) => Truth::False,
            None => match mask.unknown_before(visibility.watermark, &visibility.reasons) {
                Truth::False => Truth::Unknown(visibility.reasons.one(otherwise())),
                unknown => unknown,
            },
        }
    }

    /// The number that meets the limit by the widest margin, or misses it by the smallest.
    pub(super) fn strongest(self, numbers: impl Iterator<Item = f64>) -> Option<f64> {
        match self.comparison {
            Comparison::Above | Comparison::AtLeast | Comparison::Equals => numbers.reduce(f64::max),
            Comparison::Below | Comparison::AtMost => numbers.reduce(f64::min),
        }
    }

    /// The same for intervals, each by the bound that is certain. Infinite bounds are left out.
    pub(super) fn strongest_bound(self, values: impl Iterator<Item = Interval>) -> Option<f64> {
        let certain = |value: Interval| match self.comparison {
            Comparison::Above | Comparison::AtLeast | Comparison::Equals => value.low,
            Comparison::Below | Comparison::AtMost => value.high,
        };
        self.strongest(values.map(certain).filter(|bound| bound.is_finite()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_is_literal_at_the_limit() {
        let met = |comparison, value| Limit { comparison, limit: 10.0 }.is_met_by(value);
        let ten = Interval::exact(10.0);
        assert_eq!(met(Comparison::Above, ten), Some(false));
        assert_eq!(met(Comparison::AtLeast, ten), Some(true));
        assert_eq!(met(Comparison::Above, Interval::exact(10.0_f64.next_up())), Some(true));
        assert_eq!(met(Comparison::Above, ten.unbounded_above()), None);
        assert_eq!(met(Comparison::AtLeast, ten.unbounded_above()), Some(true));
    }
}
