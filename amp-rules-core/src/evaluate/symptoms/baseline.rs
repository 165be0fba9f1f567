//! The baseline of a flow: median and median absolute deviation, with bounds where part of it was not visible.

/// A normal distribution's standard deviation in units of its median absolute deviation.
const MAD_TO_SIGMA: f64 = 1.4826;
/// The smallest scale, as a share of the baseline. Small variations of a steady flow are not significant.
const LEAST_SCALE: f64 = 0.02;
/// How many scales below its baseline a value must be to be significantly lower.
const SCALES: f64 = 4.0;

/// A baseline of which only bounds may be known.
#[derive(Clone, Copy, Debug)]
pub(super) struct Baseline {
    /// The lower bound of the median.
    pub(super) low: f64,
    /// Its upper bound.
    high: f64,
    /// The upper bound of the median absolute deviation.
    deviation: f64,
    /// Whether all of its bins were visible.
    exact: bool,
    /// Whether it certainly has enough bins.
    has_enough_bins: bool,
}

impl Baseline {
    /// The baseline of known values and of `hidden` bins whose values could be anything from 0.
    pub(super) fn new(known: &[f64], hidden: usize, has_enough_bins: bool) -> Self {
        let with = |value: f64| known.iter().copied().chain(std::iter::repeat_n(value, hidden)).collect::<Vec<f64>>();
        let low = median(&with(0.0)).unwrap_or(0.0);
        let high = median(&with(f64::INFINITY)).unwrap_or(f64::INFINITY);
        let farthest = known.iter().map(|value| (value - low).abs().max((value - high).abs()));
        let deviations: Vec<f64> = farthest.chain(std::iter::repeat_n(f64::INFINITY, hidden)).collect();
        let deviation = median(&deviations).unwrap_or(f64::INFINITY);
        Self { low, high, deviation, exact: hidden == 0, has_enough_bins }
    }

    /// Whether a value is below the baseline by at least `share` of it and by [`SCALES`] scales. `None` if that depends on
    /// what was not visible.
    pub(super) fn is_above(&self, value: f64, share: f64) -> Option<bool> {
        let scale = (MAD_TO_SIGMA * self.deviation).max(LEAST_SCALE * self.low);
        let above = value < (1.0 - share) * self.low && self.low - value > SCALES * scale;
        // A higher baseline is also above: SCALES * LEAST_SCALE is 8 %, so the margin grows more slowly than the baseline.
        if self.has_enough_bins && (above || self.exact) {
            return Some(above);
        }
        (value >= (1.0 - share) * self.high).then_some(false)
    }
}

/// Whether a value is significantly below the median of `values`.
pub(super) fn is_significantly_below(value: f64, values: &[f64]) -> bool {
    median(values).is_some_and(|median| median - value > SCALES * scale(values, median))
}

pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2).copied()?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    sorted.get(sorted.len() / 2 - 1).map(|lower| f64::midpoint(*lower, upper))
}

fn scale(values: &[f64], center: f64) -> f64 {
    let deviations: Vec<f64> = values.iter().map(|value| (value - center).abs()).collect();
    (MAD_TO_SIGMA * median(&deviations).unwrap_or(0.0)).max(LEAST_SCALE * center)
}
