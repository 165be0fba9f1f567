//! `ratio`: the quotient of two series compared with a threshold.

use std::collections::BTreeMap;

use super::number_bins::bin_timeline;
use super::series::Numbers;
use super::symptom_timeline::SymptomTimeline;
use super::threshold::Limit;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Interval, Timeline, Truth};

/// How a ratio is judged.
#[derive(Clone, Copy)]
pub(super) struct RatioThreshold {
    pub(super) limit: Limit,
    /// Below this divisor the ratio does not apply, so it is false.
    pub(super) min_to: Option<f64>,
    /// The truth where one of the two series has no number.
    pub(super) absent: Truth,
}

impl RatioThreshold {
    /// The timeline of `of / to` at one entity. `mask` is true where everything was visible.
    pub(super) fn timeline(
        self,
        visibility: &Visibility<'_>,
        of: &Numbers,
        to: &Numbers,
        mask: &Timeline,
    ) -> SymptomTimeline {
        let mut strongest: Option<f64> = None;
        let mut judge = |of: Interval, to: Interval| match self.quotient(visibility, of, to) {
            Ok(quotient) => {
                strongest = Some(strongest.map_or(quotient.low, |known| known.max(quotient.low)));
                self.limit.judge(visibility, quotient, mask, || UnknownReason::UndefinedRatio)
            }
            Err(truth) => truth,
        };
        if let (Numbers::Bins(every, dividends), Numbers::Bins(_, divisors)) = (of, to) {
            let mut judged = BTreeMap::new();
            for (bin, values) in dividends {
                let Some(divisors) = divisors.get(bin) else { continue };
                let (Some(of), Some(to)) = (values.first(), divisors.first()) else { continue };
                judged.insert(*bin, judge(*of, *to));
            }
            if judged.is_empty() {
                return SymptomTimeline::constant(visibility, self.absent);
            }
            let timeline = bin_timeline(visibility, &judged, *every, mask, self.absent);
            return SymptomTimeline::new(timeline, strongest);
        }
        let divisors = to.whole();
        let mut truth = Truth::False;
        for (by, of) in of.whole() {
            let divisor = divisors.iter().find(|(other, _)| *other == by || other.is_empty());
            let one = divisor.map_or(self.absent, |(_, to)| judge(of, *to));
            truth = truth.or(one, &visibility.reasons);
        }
        let value = strongest.filter(|value| value.is_finite());
        SymptomTimeline::new(visibility.constant(truth), value)
    }

    /// `Err` is the truth of a ratio without a quotient: false if it does not apply, else unknown.
    fn quotient(self, visibility: &Visibility<'_>, of: Interval, to: Interval) -> Result<Interval, Truth> {
        let undefined = || Truth::Unknown(visibility.reasons.one(UnknownReason::UndefinedRatio));
        if let Some(min_to) = self.min_to {
            if to.high < min_to {
                return Err(Truth::False);
            }
            if to.low < min_to {
                return Err(undefined());
            }
        }
        of.over(to).ok_or_else(undefined)
    }
}
