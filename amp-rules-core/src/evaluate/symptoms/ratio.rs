//! `ratio`: the quotient of two series compared with a threshold.

use std::collections::BTreeMap;

use super::expected_bins::ExpectedBins;
use super::judging::Judging;
use super::number_bins::{bin_timeline, without_unexpected};
use super::series::Numbers;
use super::symptom_timeline::SymptomTimeline;
use super::threshold::Limit;
use crate::diagnosis::UnknownReason;
use crate::evaluate::entities::Visibility;
use crate::evaluate::timeline::{Interval, Truth};

/// How a ratio is judged.
#[derive(Clone, Copy)]
pub(super) struct RatioThreshold {
    pub(super) limit: Limit,
    /// Below this divisor the ratio does not apply, so it is false.
    pub(super) min_to: Option<f64>,
}

impl RatioThreshold {
    /// The timeline of `of / to` at one entity.
    pub(super) fn timeline(
        self,
        visibility: &Visibility<'_>,
        of: &Numbers,
        to: &Numbers,
        judging: &Judging<'_>,
    ) -> SymptomTimeline {
        let Judging { mask, absent, spec, entity } = *judging;
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
            let expected = ExpectedBins::new(visibility, spec, entity, *every);
            without_unexpected(&mut judged, *every, &expected);
            if judged.is_empty() && !expected.are_none(visibility, *every) {
                return SymptomTimeline::constant(visibility, absent);
            }
            let timeline = bin_timeline(visibility, &judged, *every, mask, absent, &expected);
            return SymptomTimeline::new(timeline, strongest);
        }
        let divisors = to.whole();
        let mut truth = Truth::False;
        for (by, of) in of.whole() {
            let divisor = divisors.iter().find(|(other, _)| *other == by || other.is_empty());
            let one = divisor.map_or(absent, |(_, to)| judge(of, *to));
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
