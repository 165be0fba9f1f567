//! Instants and windows, in the resolution that the services use: ticks of 100 ns.
//!
//! Input: RFC 3339 text or tick counts. Output: ordered, exact instants. Nothing here reads a clock; `now`
//! always comes from the caller's [`crate::plan::Scope`].

use std::fmt;
use std::time::Duration;

/// Ticks of 100 ns in one second, the resolution of a Kusto `datetime`.
pub const TICKS_PER_SECOND: i64 = 10_000_000;

/// An instant, as 100 ns ticks since 1970-01-01T00:00:00Z.
///
/// Arithmetic saturates: an instant never wraps and never panics.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

impl Time {
    /// Before every instant; stands for "since before anything was seen".
    pub const MIN: Self = Self(i64::MIN);
    /// After every instant.
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

    /// Reads an RFC 3339 / ISO 8601 instant; a text without offset is UTC, as the services export it.
    ///
    /// Accepts a blank between date and time, a date alone, and up to nine fractional digits (digits
    /// beyond 100 ns are cut). `None` where the text is no instant.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let stamp = if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            stamp
        } else {
            let civil: jiff::civil::DateTime = text.trim_end_matches(['Z', 'z']).trim_end().parse().ok()?;
            civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()
        };
        i64::try_from(stamp.as_nanosecond().div_euclid(100)).ok().map(Self)
    }

    /// This instant later by `by`.
    #[must_use]
    pub fn saturating_add(self, by: Duration) -> Self {
        self.saturating_add_ticks(ticks_of(by))
    }

    /// This instant earlier by `by`.
    #[must_use]
    pub fn saturating_sub(self, by: Duration) -> Self {
        self.saturating_add_ticks(ticks_of(by).saturating_neg())
    }

    /// This instant moved by a signed number of ticks; the two ends of time stay where they are.
    #[must_use]
    pub fn saturating_add_ticks(self, ticks: i64) -> Self {
        if self == Self::MIN || self == Self::MAX { self } else { Self(self.0.saturating_add(ticks)) }
    }

    /// Ticks from `earlier` to this instant; negative where this one is earlier.
    #[must_use]
    pub const fn ticks_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The start of the bin of width `every` that holds this instant; bins are aligned to the epoch.
    ///
    /// A width of zero leaves the instant alone.
    #[must_use]
    pub fn floor(self, every: Duration) -> Self {
        let width = ticks_of(every);
        if width <= 0 || self == Self::MIN || self == Self::MAX {
            return self;
        }
        Self(self.0.saturating_sub(self.0.rem_euclid(width)))
    }
}

/// A duration in ticks of 100 ns, saturating.
#[must_use]
pub fn ticks_of(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos() / 100).unwrap_or(i64::MAX)
}

/// The duration of a number of ticks; nothing for a negative number.
#[must_use]
pub fn duration_of(ticks: i64) -> Duration {
    u64::try_from(ticks).map_or(Duration::ZERO, |ticks| Duration::from_nanos(ticks.saturating_mul(100)))
}

impl fmt::Display for Time {
    /// `2025-08-05T12:00:00Z`, with as many fractional digits as the instant has.
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

/// A duration as an author writes it: `2h`, `1h30m`, `15m`, `30s`, `250ms`, `1d`; zero is `0s`.
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

/// Reads a duration such as `90s`, `15m`, `2h`, `1d`, `1h30m`, `1w`; a day is 24 hours.
///
/// `None` for anything else: no sign, no blank, no bare number but `0`, each unit at most once.
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

/// A half-open stretch of time: `from` belongs to it, `to` does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// The first instant.
    pub from: Time,
    /// The first instant after it.
    pub to: Time,
}

impl Window {
    /// Whether the instant lies inside.
    #[must_use]
    pub fn contains(&self, at: Time) -> bool {
        self.from <= at && at < self.to
    }

    /// Its length in ticks; nothing where `to` does not lie after `from`.
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
        let noon = Time::parse("2025-08-05T12:00:00Z").unwrap();
        for text in
            ["2025-08-05T12:00:00", "2025-08-05 12:00:00Z", "2025-08-05T14:00:00+02:00", "2025-08-05T12:00:00.0000000Z"]
        {
            assert_eq!(Time::parse(text), Some(noon), "{text}");
        }
        assert_eq!(noon.to_string(), "2025-08-05T12:00:00Z");
        assert_eq!(Time::parse("yesterday"), None);
    }

    #[test]
    fn bins_are_aligned_to_the_epoch_on_both_sides_of_it() {
        let five = Duration::from_secs(300);
        let at = Time::parse("2025-08-05T12:03:59Z").unwrap();
        assert_eq!(at.floor(five), Time::parse("2025-08-05T12:00:00Z").unwrap());
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
