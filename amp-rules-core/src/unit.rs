//! Quantities with units. Quantities of different dimensions cannot be compared.
//!
//! Input: text such as `10 GB`, `80 %`, `2h`, `1.5 GB per 1M`, `24`. Output: a [`Quantity`]. `GB` is 10⁹ bytes, `GiB` is 2³⁰
//! bytes. Nothing here knows a metric.

use std::fmt;

/// What a number measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// A plain number.
    Count,
    /// A number of bytes.
    Bytes,
    /// A duration, in seconds.
    Seconds,
    /// A share of a whole, which is 1.
    Ratio,
    /// Processor cores.
    Cores,
}

/// The unit of a metric or of a threshold: a dimension, its size in base units, and the dimension it is divided by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unit {
    /// The dimension.
    pub dimension: Dimension,
    /// The numerator of the size of one unit in base units (bytes, seconds, 1): `1e9` for `GB`.
    pub scale: f64,
    /// The denominator of that size: `100` for `%`, `1000` for milliseconds. A separate field so that 80 % is exactly 0.8.
    pub divisor: f64,
    /// The dimension that it is divided by: `bytes per count` for memory per sample.
    pub per: Option<Dimension>,
}

impl Unit {
    /// The unit of plain counts.
    pub const COUNT: Self = Self::base(Dimension::Count);
    /// The unit of ratios.
    pub const RATIO: Self = Self::base(Dimension::Ratio);

    /// The base unit of a dimension.
    #[must_use]
    pub const fn base(dimension: Dimension) -> Self {
        Self { dimension, scale: 1.0, divisor: 1.0, per: None }
    }

    /// The unit with this name: `bytes`, `seconds`, `milliseconds`, `count`, `ratio`, `percent`, `cores`, `nanocores`, or a
    /// symbol such as `GB`, `ms`, `%`. `None` for any other name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (dimension, scale, divisor) = match name {
            "count" | "" => (Dimension::Count, 1.0, 1.0),
            "k" | "K" => (Dimension::Count, 1e3, 1.0),
            "M" => (Dimension::Count, 1e6, 1.0),
            "G" => (Dimension::Count, 1e9, 1.0),
            "bytes" | "B" => (Dimension::Bytes, 1.0, 1.0),
            "kB" | "KB" => (Dimension::Bytes, 1e3, 1.0),
            "MB" => (Dimension::Bytes, 1e6, 1.0),
            "GB" => (Dimension::Bytes, 1e9, 1.0),
            "TB" => (Dimension::Bytes, 1e12, 1.0),
            "KiB" => (Dimension::Bytes, 1024.0, 1.0),
            "MiB" => (Dimension::Bytes, 1_048_576.0, 1.0),
            "GiB" => (Dimension::Bytes, 1_073_741_824.0, 1.0),
            "TiB" => (Dimension::Bytes, 1_099_511_627_776.0, 1.0),
            "seconds" | "s" => (Dimension::Seconds, 1.0, 1.0),
            "milliseconds" | "ms" => (Dimension::Seconds, 1.0, 1e3),
            "m" => (Dimension::Seconds, 60.0, 1.0),
            "h" => (Dimension::Seconds, 3600.0, 1.0),
            "d" => (Dimension::Seconds, 86_400.0, 1.0),
            "ratio" => (Dimension::Ratio, 1.0, 1.0),
            "percent" | "%" => (Dimension::Ratio, 1.0, 100.0),
            "cores" => (Dimension::Cores, 1.0, 1.0),
            "nanocores" => (Dimension::Cores, 1.0, 1e9),
            _ => return None,
        };
        Some(Self { dimension, scale, divisor, per: None })
    }

    /// Whether quantities of the two units can be compared: they have the same dimension and the same `per`.
    #[must_use]
    pub fn fits(&self, other: &Self) -> bool {
        self.dimension == other.dimension && self.per == other.per
    }
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// The number, in `unit`.
    pub number: f64,
    /// The unit.
    pub unit: Unit,
}

impl Quantity {
    /// A plain number.
    #[must_use]
    pub const fn count(number: f64) -> Self {
        Self { number, unit: Unit::COUNT }
    }

    /// Parses `24`, `100k`, `10 GB`, `80 %`, `2h`, `1h30m` or `1.5 GB per 1M`. Spaces between number and unit are optional.
    ///
    /// Returns `None` if the text is not a quantity.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some((over, under)) = text.split_once(" per ") {
            let over = Self::parse_simple(over)?;
            let under = Self::parse_simple(under)
                .or_else(|| Unit::named(under.trim()).map(|unit| Self { number: 1.0, unit }))?;
            let divisor = under.in_base();
            if divisor <= 0.0 || over.unit.per.is_some() {
                return None;
            }
            return Some(Self {
                number: over.in_base() / divisor,
                unit: Unit { per: Some(under.unit.dimension), ..Unit::base(over.unit.dimension) },
            });
        }
        Self::parse_simple(text)
    }

    fn parse_simple(text: &str) -> Option<Self> {
        let text = text.trim();
        let split = text
            .char_indices()
            .find(|&(at, c)| {
                !(c.is_ascii_digit()
                    || matches!(c, '.' | '_')
                    || (at == 0 && matches!(c, '-' | '+'))
                    || is_exponent(text, at))
            })
            .map_or(text.len(), |(at, _)| at);
        let (number, unit) = text.split_at_checked(split)?;
        let digits = number.replace('_', "");
        if !digits.ends_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let parsed: f64 = digits.parse().ok()?;
        if !parsed.is_finite() {
            return None;
        }
        if let Some(unit) = Unit::named(unit.trim()) {
            return Some(Self { number: parsed, unit });
        }
        let duration = crate::time::parse_duration(text)?;
        Some(Self { number: duration.as_secs_f64(), unit: Unit::base(Dimension::Seconds) })
    }

    /// The number in base units: bytes, seconds, 1.
    #[must_use]
    pub fn in_base(&self) -> f64 {
        self.number * self.unit.scale / self.unit.divisor
    }

    /// The number in another unit; `None` if the units do not [fit](Unit::fits).
    #[must_use]
    pub fn in_unit(&self, unit: &Unit) -> Option<f64> {
        self.unit
            .fits(unit)
            .then(|| if self.unit == *unit { self.number } else { self.in_base() * unit.divisor / unit.scale })
    }

    /// The quantity as a duration; `None` if it is not a nonnegative number of seconds.
    #[must_use]
    pub fn duration(&self) -> Option<std::time::Duration> {
        (self.unit.dimension == Dimension::Seconds && self.unit.per.is_none())
            .then(|| std::time::Duration::try_from_secs_f64(self.in_base()).ok())
            .flatten()
    }
}

/// Whether the character at `at` is the `e` of an exponent such as in `2e9` or `1.5e-3`, or its sign.
fn is_exponent(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    match bytes.get(at) {
        Some(b'e' | b'E') => {
            let sign = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
            digit(at.checked_sub(1)) && digit(Some(at + 1 + usize::from(sign)))
        }
        Some(b'+' | b'-') => matches!(at.checked_sub(1).and_then(|at| bytes.get(at)), Some(b'e' | b'E')),
        _ => false,
    }
}

impl Dimension {
    /// The name in messages; also the name of the base unit in [`Unit::named`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Seconds => "seconds",
            Self::Ratio => "ratio",
            Self::Cores => "cores",
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.dimension)?;
        match self.per {
            Some(per) => write!(out, " per {per}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn base(text: &str, want: f64, dimension: Dimension) {
        let quantity = Quantity::parse(text).unwrap_or_else(|| panic!("{text} is a quantity"));
        assert_eq!((quantity.in_base(), quantity.unit.dimension), (want, dimension), "{text}");
    }

    #[test]
    fn decimal_prefixes_are_decimal_and_binary_ones_binary() {
        base("10 GB", 1e10, Dimension::Bytes);
        base("1GiB", 1_073_741_824.0, Dimension::Bytes);
        base("100k", 1e5, Dimension::Count);
        base("2e9", 2e9, Dimension::Count);
    }

    #[test]
    fn eighty_percent_is_exactly_eight_tenths() {
        base("80 %", 0.8, Dimension::Ratio);
        base("80%", 0.8, Dimension::Ratio);
    }

    #[test]
    fn durations_and_rates_are_quantities() {
        base("2h", 7200.0, Dimension::Seconds);
        base("1h30m", 5400.0, Dimension::Seconds);
        let rate = Quantity::parse("1.5 GB per 1M").unwrap();
        assert_eq!((rate.in_base(), rate.unit.per), (1500.0, Some(Dimension::Count)));
    }

    #[test]
    fn text_that_is_not_a_quantity_is_rejected() {
        for text in ["", "GB", "ten", "10 apples", "1.2.3", "1e", "--1", "10 GB per", "nan", "inf"] {
            assert_eq!(Quantity::parse(text), None, "{text}");
        }
    }
}
