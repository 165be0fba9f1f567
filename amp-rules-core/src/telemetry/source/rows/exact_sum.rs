//! A sum of floating-point numbers that does not depend on their order.
//!
//! Input: finite numbers, one by one. Output: the exact sum, rounded once. The method is that of Shewchuk (1997), "Adaptive
//! Precision Floating-Point Arithmetic": the sum is kept as numbers whose bits do not overlap. A plain sum would depend on the
//! order of rows, and a verdict at a threshold with it.

/// The running sum.
#[derive(Clone, Debug, Default)]
pub(super) struct ExactSum {
    /// Non-overlapping parts of the sum, smallest first.
    parts: Vec<f64>,
}

impl ExactSum {
    /// Adds a number.
    pub(super) fn add(&mut self, number: f64) {
        let mut carry = number;
        self.parts.retain_mut(|part| {
            let (greater, lesser) = if carry.abs() < part.abs() { (*part, carry) } else { (carry, *part) };
            let sum = greater + lesser;
            *part = lesser - (sum - greater);
            carry = sum;
            *part != 0.0
        });
        self.parts.push(carry);
    }

    /// The sum; not finite if it, or a partial sum, exceeds the range of `f64`.
    pub(super) fn value(&self) -> f64 {
        let mut parts = self.parts.iter().rev().copied();
        let mut sum = parts.next().unwrap_or(0.0);
        let mut low = 0.0;
        for part in parts.by_ref() {
            let before = sum;
            sum = before + part;
            low = part - (sum - before);
            if low != 0.0 {
                break;
            }
        }
        // A tie is rounded by the sign of the remaining parts.
        if let Some(next) = parts.next()
            && ((low < 0.0 && next < 0.0) || (low > 0.0 && next > 0.0))
        {
            let twice = low * 2.0;
            let rounded = sum + twice;
            if twice == rounded - sum {
                sum = rounded;
            }
        }
        sum + 0.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(numbers: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        numbers.iter().for_each(|number| sum.add(*number));
        sum.value()
    }

    #[test]
    fn nothing_is_lost_between_large_and_small() {
        assert_eq!(sum(&[1e100, 1.0, -1e100, 1e-3]), 1.001);
        assert_eq!(sum(&[0.1; 10]), 1.0);
        assert_eq!(sum(&[]), 0.0);
        assert_eq!(sum(&[1e16, 1.0, 1e-16]), 1e16 + 2.0);
    }

    #[test]
    fn a_sum_beyond_all_numbers_is_not_finite() {
        assert!(!sum(&[f64::MAX, f64::MAX]).is_finite());
    }

    proptest! {
        #[test]
        fn the_order_does_not_matter(mut numbers in prop::collection::vec(-1e20..1e20_f64, 0..20)) {
            let one = sum(&numbers);
            numbers.reverse();
            prop_assert_eq!(one, sum(&numbers));
            numbers.sort_by(f64::total_cmp);
            prop_assert_eq!(one, sum(&numbers));
        }

        #[test]
        fn whole_numbers_add_up_as_they_do_in_integers(numbers in prop::collection::vec(-1_000_000_i64..1_000_000, 0..50)) {
            let reals: Vec<_> = numbers.iter().map(|number| *number as f64).collect();
            prop_assert_eq!(sum(&reals), numbers.iter().sum::<i64>() as f64);
        }
    }
}
