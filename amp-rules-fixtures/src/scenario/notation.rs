//! Notations of values: promtool's series, sequences for placeholders, and ranges of names.
//!
//! Input: `1 2 3`, `5x10`, `2e9+1e9x10 _x3`; `0..17`, `5~7000`, `a, b, c`; `rs-1..3`. Output: values by index. Nothing here
//! is random: a scattered value depends only on its index.

/// Samples in promtool's series notation: <https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series>.
///
/// - `5` is one sample; `5x3` is `5 5 5 5` (three more, as in promtool); `1+2x3` is `1 3 5 7`; `9-2x3` is `9 7 5 3`.
/// - `_` is one gap; `_x3` is three gaps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Notation(Vec<Option<f64>>);

/// The maximum number of samples of a series; more are a mistake in it.
const MAX_SAMPLES: usize = 200_000;

impl Notation {
    /// Parses the notation. The result has at least one sample or gap.
    ///
    /// # Errors
    ///
    /// The first part that does not match the notation, in words.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut samples = Vec::new();
        for part in text.split_whitespace() {
            let wrong = || format!("`{part}` is not a sample: write `5`, `5x10`, `1+2x10` or `_x3`");
            let (head, times) = match part.rsplit_once('x') {
                Some((head, times)) => (head, Some(times.parse::<usize>().map_err(|_| wrong())?)),
                None => (part, None),
            };
            if samples.len() + times.unwrap_or(0) > MAX_SAMPLES {
                return Err(format!("more than {MAX_SAMPLES} samples"));
            }
            if head == "_" {
                samples.extend(std::iter::repeat_n(None, times.unwrap_or(1)));
                continue;
            }
            let (start, step) = progression(head).ok_or_else(wrong)?;
            if step != 0.0 && times.is_none() {
                return Err(wrong());
            }
            let mut value = start;
            for _ in 0..=times.unwrap_or(0) {
                samples.push(Some(value));
                value += step;
            }
        }
        if samples.is_empty() { Err("there is no sample".to_owned()) } else { Ok(Self(samples)) }
    }

    /// The number of samples and gaps, at least one.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The sample at an index; `None` is a gap. The series repeats after its last entry.
    pub(crate) fn at(&self, index: usize) -> Option<f64> {
        index.checked_rem(self.0.len()).and_then(|index| self.0.get(index)).copied().flatten()
    }
}

/// The start and the step of `a`, `a+b` or `a-b`. The sign of an exponent does not separate the two.
fn progression(text: &str) -> Option<(f64, f64)> {
    if let Ok(value) = text.parse::<f64>() {
        return value.is_finite().then_some((value, 0.0));
    }
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate().skip(1) {
        let exponent =
            at.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(|before| matches!(before, b'e' | b'E'));
        if matches!(byte, b'+' | b'-') && !exponent {
            let (start, step) = text.split_at_checked(at)?;
            return Some((
                start.parse().ok().filter(|value: &f64| value.is_finite())?,
                step.parse().ok().filter(|value: &f64| value.is_finite())?,
            ));
        }
    }
    None
}

/// The values of a placeholder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sequence {
    /// `0..17`: integers from the first to the last, both inclusive, then from the first again (a sawtooth).
    Count(i64, i64),
    /// `5~7000`: integers in this inclusive range in no visible order. The value depends only on the index.
    Scatter(i64, i64),
    /// `a, b, c`: the texts in order, then from the first again.
    Cycle(Vec<String>),
}

impl Sequence {
    /// Parses the notation. A text that is neither a range nor a list is a cycle of that one text.
    pub(crate) fn parse(text: &str) -> Self {
        let range = |mark: &str| {
            let (first, last) = text.split_once(mark)?;
            let (first, last) = (first.trim().parse::<i64>().ok()?, last.trim().parse::<i64>().ok()?);
            (first <= last).then_some((first, last))
        };
        if let Some((first, last)) = range("..") {
            Self::Count(first, last)
        } else if let Some((first, last)) = range("~") {
            Self::Scatter(first, last)
        } else {
            Self::Cycle(text.split(',').map(|part| part.trim().to_owned()).collect())
        }
    }

    /// The value at an index.
    pub(crate) fn at(&self, index: u64) -> String {
        let within = |first: i64, last: i64, step: u64| {
            let span = u64::try_from(last.saturating_sub(first)).unwrap_or(0).saturating_add(1);
            first.saturating_add(i64::try_from(step % span).unwrap_or(0)).to_string()
        };
        match self {
            Self::Count(first, last) => within(*first, *last, index),
            Self::Scatter(first, last) => within(*first, *last, mix(index) >> 16),
            Self::Cycle(values) => {
                let at = index.checked_rem(values.len() as u64).and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| values.get(at)).cloned().unwrap_or_default()
            }
        }
    }
}

/// The finalizer of SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>): adjacent indices give unrelated numbers.
fn mix(index: u64) -> u64 {
    let mut z = index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Expands a range of names: `rs-1..3` is `rs-1`, `rs-2`, `rs-3`. A text without a range is one name.
///
/// # Errors
///
/// A range whose end lies before its start, or that has more than 10,000 names.
pub(crate) fn names(text: &str) -> Result<Vec<String>, String> {
    let Some((head, last)) = text.split_once("..") else { return Ok(vec![text.to_owned()]) };
    let digits = head.len() - head.bytes().rev().take_while(u8::is_ascii_digit).count();
    let (stem, first) = head.split_at_checked(digits).unwrap_or((head, ""));
    let end = last.bytes().take_while(u8::is_ascii_digit).count();
    let (last, tail) = last.split_at_checked(end).unwrap_or(("", last));
    let (Ok(from), Ok(to)) = (first.parse::<u32>(), last.parse::<u32>()) else { return Ok(vec![text.to_owned()]) };
    if to < from || to - from >= 10_000 {
        return Err(format!("`{text}` is not a range of names"));
    }
    Ok((from..=to).map(|number| format!("{stem}{number}{tail}")).collect())
}

#[cfg(test)]
mod tests {
    use super::{Notation, Sequence, names};

    #[track_caller]
    fn parses(text: &str, want: &[Option<f64>]) {
        assert_eq!(Notation::parse(text).unwrap().0, want, "{text}");
    }

    #[test]
    fn series_are_parsed_as_promtool_parses_them() {
        parses("1 2 3", &[Some(1.0), Some(2.0), Some(3.0)]);
        parses("5x2", &[Some(5.0), Some(5.0), Some(5.0)]);
        parses("1+2x2 _x2 7", &[Some(1.0), Some(3.0), Some(5.0), None, None, Some(7.0)]);
        parses("9-4x1", &[Some(9.0), Some(5.0)]);
        parses("2e9+1e9x1", &[Some(2e9), Some(3e9)]);
        parses("1e-3 -4", &[Some(1e-3), Some(-4.0)]);
    }

    #[test]
    fn an_invalid_series_is_rejected() {
        for bad in ["", "x3", "1+2", "a", "1x", "NaN", "1x-2", "5x99999999999"] {
            assert!(Notation::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_series_repeats_after_its_last_sample() {
        let saw = Notation::parse("1+1x2").unwrap();
        assert_eq!((0..5).map(|index| saw.at(index).unwrap()).collect::<Vec<_>>(), [1.0, 2.0, 3.0, 1.0, 2.0]);
    }

    #[test]
    fn sequences_count_scatter_or_cycle() {
        let all = |text: &str, many: u64| (0..many).map(|index| Sequence::parse(text).at(index)).collect::<Vec<_>>();
        assert_eq!(all("0..2", 5), ["0", "1", "2", "0", "1"]);
        assert_eq!(all("a, b", 3), ["a", "b", "a"]);
        let scattered = all("5~7000", 200);
        assert!(scattered.iter().all(|text| (5..=7000).contains(&text.parse::<i64>().unwrap())));
        assert!(scattered.iter().collect::<std::collections::BTreeSet<_>>().len() > 150);
        assert_eq!(scattered, all("5~7000", 200));
    }

    #[test]
    fn ranges_of_names_are_expanded() {
        assert_eq!(names("rs-9..11").unwrap(), ["rs-9", "rs-10", "rs-11"]);
        assert_eq!(names("job-1..2/0").unwrap(), ["job-1/0", "job-2/0"]);
        assert_eq!(names("p1").unwrap(), ["p1"]);
        assert_eq!(names("a..b").unwrap(), ["a..b"]);
        assert!(names("p3..1").is_err());
    }
}
