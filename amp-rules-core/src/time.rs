//! Instants, windows and durations, in ticks of 100 ns: the resolution of a Kusto `datetime`.
//!
//! Input: RFC 3339 text or tick counts. Output: ordered, exact instants. Nothing here reads a clock: `now` is the end of
//! the window in the caller's [`crate::plan::Scope`].

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Ticks of 100 ns in one second, the resolution of a Kusto `datetime`.
pub const TICKS_PER_SECOND: i64 = 10_000_000;

/// An instant, as 100 ns ticks since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates at [`Time::MIN`] and [`Time::MAX`]; it never wraps and never panics.
///
/// # Text form
///
/// [`FromStr`] reads an RFC 3339 or ISO 8601 instant. A text without an offset is UTC, which is how the services export
/// it. A space between date and time, a date alone, and up to nine fractional digits are accepted; digits beyond 100 ns are
/// truncated. [`Display`](fmt::Display) writes RFC 3339 in UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// The text is not an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an instant: expected RFC 3339, such as 2025-08-05T12:00:00Z")]
pub struct ParseTimeError {
    text: String,
}

impl ParseTimeError {
    /// The text, at most 60 characters of it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl FromStr for Time {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        let text = text.trim();
        let error = || ParseTimeError { text: text.chars().take(60).collect() };
        let stamp = match text.parse::<jiff::Timestamp>() {
            Ok(stamp) => stamp,
            Err(_) => {
                let civil = text.trim_end_matches(['Z', 'z']).trim_end().parse::<jiff::civil::DateTime>();
                let zoned = civil.and_then(|civil| civil.to_zoned(jiff::tz::TimeZone::UTC));
                zoned.map_err(|_| error())?.timestamp()
            }
        };
        i64::try_from(stamp.as_nanosecond().div_euclid(100)).map(Self).map_err(|_| error())
    }
}

impl Time {
    /// Earlier than every other instant: the start of a span whose start is unknown.
    pub const MIN: Self = Self(i64::MIN);
    /// Later than every other instant: the end of a span that is still open.
    pub const MAX: Self = Self(i64::MAX);

    /// An instant from ticks of 100 ns since the Unix epoch.
    #[must_use]
    pub const fn from_ticks(ticks: i64) -> Self {
        Self(ticks)
    }

    /// Ticks of 100 ns since the Unix epoch.
    #[must_use]
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// The instant `by` later.
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        self.saturating_add_ticks(ticks_of(by))
    }

    /// The instant `by` earlier.
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        self.saturating_add_ticks(ticks_of(by).saturating_neg())
    }

    /// This instant moved by a signed number of ticks; [`Time::MIN`] and [`Time::MAX`] do not move.
    #[must_use]
    pub fn saturating_add_ticks(self, ticks: i64) -> Self {
        if self == Self::MIN || self == Self::MAX { self } else { Self(self.0.saturating_add(ticks)) }
    }

    /// Ticks from `earlier` to this instant; negative if this one is the earlier of the two.
    #[must_use]
    pub const fn ticks_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The start of the bin of width `every` that contains this instant; bins are aligned to the Unix epoch.
    ///
    /// A width of zero returns the instant unchanged.
    #[must_use]
    pub fn floor(self, every: Duration) -> Self {
        let width = ticks_of(every);
        if width <= 0 || self == Self::MIN || self == Self::MAX {
            return self;
        }
        Self(self.0.saturating_sub(self.0.rem_euclid(width)))
    }
}

/// Converts a duration to ticks of 100 ns, saturating at `i64::MAX`.
#[must_use]
pub fn ticks_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX)
}

/// Converts ticks of 100 ns to a duration; a negative number gives zero.
#[must_use]
pub fn duration_of(ticks: i64) -> Duration {
    u64::try_from(ticks).map_or(Duration::ZERO, |ticks| Duration::from_nanos(ticks.saturating_mul(100)))
}

impl fmt::Display for Time {
    /// Writes `2025-08-05T12:00:00Z`, with as many fractional digits as the instant has; `-inf` and `+inf` for
    /// [`Time::MIN`] and [`Time::MAX`].
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::MIN {
            return out.write_str("-inf");
        }
        if *self == Self::MAX {
            return out.write_str("+inf");
        }
        match jiff::Timestamp::from_nanosecond(i128::from(self.0).saturating_mul(100)) {
            Ok(stamp) => write!(out, "{stamp}"),
            Err(_) => write!(out, "{} ticks", self.0),
        }
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Formats a duration as rule files write it: `2h`, `1h30m`, `15m`, `30s`, `250ms`, `1d`; zero is `0s`.
///
/// Fractions of a millisecond are dropped.
#[must_use]
pub fn duration_text(duration: Duration) -> String {
    let mut rest = duration.as_millis();
    let mut text = String::new();
    for (unit, millis) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        let many = rest / millis;
        if many > 0 {
            text.push_str(&format!("{many}{unit}"));
            rest -= many * millis;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// Parses a duration such as `90s`, `15m`, `2h`, `1d`, `1h30m`, `1w`; a day is 24 hours.
///
/// Returns `None` for anything else: signs, spaces, a number without a unit (except `0`), units out of order or repeated.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    let mut smallest = f64::INFINITY;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at_checked(digits)?;
        let end = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, after) = tail.split_at_checked(end)?;
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            "w" => 604_800.0,
            _ => return None,
        };
        if seconds >= smallest {
            return None;
        }
        smallest = seconds;
        let number: f64 = number.parse().ok()?;
        total = total.checked_add(Duration::try_from_secs_f64(number * seconds).ok()?)?;
        rest = after;
    }
    Some(total)
}

/// A half-open interval of time, `[from, to)`.
///
/// Any pair of instants is valid: the interval is empty unless `from < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// The start, inclusive.
    pub from: Time,
    /// The end, exclusive.
    pub to: Time,
}

impl Window {
    /// The interval `[from, to)`.
    #[must_use]
    pub const fn new(from: Time, to: Time) -> Self {
        Self { from, to }
    }

    /// The interval of this length that ends at `to`.
    #[must_use]
    pub fn ending_at(to: Time, length: Duration) -> Self {
        Self { from: to.saturating_sub(length), to }
    }

    /// Whether no instant is inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.from >= self.to
    }

    /// Whether the instant is inside.
    #[must_use]
    pub fn contains(&self, at: Time) -> bool {
        self.from <= at && at < self.to
    }

    /// The length in ticks; zero if the interval is empty.
    #[must_use]
    pub fn ticks(&self) -> i64 {
        self.to.ticks_since(self.from).max(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_the_services_write_them() {
        let noon = "2025-08-05T12:00:00Z".parse::<Time>().unwrap();
        for text in
            ["2025-08-05T12:00:00", "2025-08-05 12:00:00Z", "2025-08-05T14:00:00+02:00", "2025-08-05T12:00:00.0000000Z"]
        {
            assert_eq!(text.parse::<Time>().ok(), Some(noon), "{text}");
        }
        assert_eq!(noon.to_string(), "2025-08-05T12:00:00Z");
        assert_eq!("yesterday".parse::<Time>().ok(), None);
    }

    #[test]
    fn bins_are_aligned_to_the_epoch_on_both_sides_of_it() {
        let five = Duration::from_secs(300);
        let at = "2025-08-05T12:03:59Z".parse::<Time>().unwrap();
        assert_eq!(at.floor(five), "2025-08-05T12:00:00Z".parse::<Time>().unwrap());
        assert_eq!(Time::from_ticks(-1).floor(five), Time::from_ticks(-300 * TICKS_PER_SECOND));
    }

    #[test]
    fn durations_are_read_and_written_alike() {
        for text in ["15m", "1h30m", "1d", "30s", "250ms"] {
            assert_eq!(duration_text(parse_duration(text).unwrap()), text);
        }
        for bad in ["", "15", "m", "1m1h", "-5m", "1 h", "5x", "1m1m"] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
