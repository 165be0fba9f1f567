//! Instants and calendar computations, in ticks of 100 ns since 0001-01-01T00:00:00Z, the resolution of a Kusto `datetime`.
//!
//! The calendar is the proleptic Gregorian calendar in UTC, as in Kusto, with the years 1 to 9999.

pub mod parse;

use std::fmt;
use std::str::FromStr;

/// An instant, as ticks of 100 ns since 0001-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime(i64);

impl DateTime {
    /// The first instant: 0001-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);
    /// The last instant: 9999-12-31T23:59:59.9999999Z.
    pub const MAX: Self = Self(LAST);
    /// 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(TICKS_TO_EPOCH);

    /// Returns the instant this many ticks after 0001-01-01, clamped to [`Self::MIN`] and [`Self::MAX`].
    #[must_use]
    pub const fn from_ticks(ticks: i64) -> Self {
        if ticks < 0 {
            Self::MIN
        } else if ticks > LAST {
            Self::MAX
        } else {
            Self(ticks)
        }
    }

    /// Returns the instant this many ticks after 1970-01-01, clamped to [`Self::MIN`] and [`Self::MAX`].
    #[must_use]
    pub const fn from_unix_ticks(ticks: i64) -> Self {
        Self::from_ticks(ticks.saturating_add(TICKS_TO_EPOCH))
    }

    /// Returns the ticks since 0001-01-01.
    #[must_use]
    pub const fn ticks(self) -> i64 {
        self.0
    }

    /// Returns the ticks since 1970-01-01; negative for earlier instants.
    #[must_use]
    pub const fn unix_ticks(self) -> i64 {
        self.0 - TICKS_TO_EPOCH
    }
}

impl fmt::Display for DateTime {
    /// Writes `2025-08-05T12:00:00Z`, with the significant fractional digits.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Day { year, month, day } = day(self.0);
        let time = self.0.rem_euclid(DAY);
        let (hours, minutes, seconds) = (time / HOUR, time / MINUTE % 60, time / SECOND % 60);
        write!(out, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}")?;
        match time % SECOND {
            0 => out.write_str("Z"),
            fraction => write!(out, ".{}Z", format!("{fraction:07}").trim_end_matches('0')),
        }
    }
}

/// An error parsing an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseDateTimeError;

impl fmt::Display for ParseDateTimeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("not an instant such as 2025-08-05T12:00:00Z")
    }
}

impl std::error::Error for ParseDateTimeError {}

impl FromStr for DateTime {
    type Err = ParseDateTimeError;

    /// Parses the formats of [`parse::datetime`].
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse::datetime(text).map(Self).ok_or(ParseDateTimeError)
    }
}

/// Ticks from 0001-01-01 to 1970-01-01.
pub const TICKS_TO_EPOCH: i64 = 621_355_968_000_000_000;
/// Ticks in a microsecond.
pub const MICROSECOND: i64 = 10;
/// Ticks in a millisecond.
pub const MILLISECOND: i64 = 10_000;
/// Ticks in a second.
pub const SECOND: i64 = 10_000_000;
/// Ticks in a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Ticks in an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Ticks in a day.
pub const DAY: i64 = 24 * HOUR;
/// The last instant that Kusto supports: 9999-12-31T23:59:59.9999999Z.
pub const LAST: i64 = 3_155_378_975_999_999_999;

/// Days from 0000-03-01 to 0001-01-01: the computation uses years that start in March.
const MARCH_OFFSET: i64 = 306;

/// A calendar date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The year.
    pub year: i64,
    /// The month, from 1.
    pub month: i64,
    /// The day of the month, from 1.
    pub day: i64,
}

/// Returns the date of an instant.
#[must_use]
pub const fn day(ticks: i64) -> Day {
    let days = ticks.div_euclid(DAY) + MARCH_OFFSET;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    Day { year, month, day }
}

/// Returns the first instant of a date. Months and days out of range carry over into other years and months.
///
/// Returns `None` if the result is outside the years that Kusto supports.
#[must_use]
pub const fn start(year: i64, month: i64, day: i64) -> Option<i64> {
    if year < -20_000 || year > 20_000 || month < -200_000 || month > 200_000 || day < -10_000_000 || day > 10_000_000 {
        return None;
    }
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let of_era = shifted.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - MARCH_OFFSET;
    in_range(days.saturating_mul(DAY))
}

/// Returns the instant if it is in the range that Kusto supports.
#[must_use]
pub const fn in_range(ticks: i64) -> Option<i64> {
    if ticks >= 0 && ticks <= LAST { Some(ticks) } else { None }
}

/// Returns the number of days of a month.
#[must_use]
pub const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Returns the instant this many months later, on the same day of the month, or on the last day of a shorter month.
#[must_use]
pub fn add_months(ticks: i64, months: i64) -> Option<i64> {
    let Day { year, month, day } = day(ticks);
    let index = year.checked_mul(12)?.checked_add(month - 1)?.checked_add(months)?;
    let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
    let first = start(year, month, 1)?;
    in_range(first + (day.min(days_in_month(year, month)) - 1) * DAY + ticks.rem_euclid(DAY))
}

/// Returns the day of the week of an instant: 0 for Sunday. 0001-01-01 was a Monday.
#[must_use]
pub const fn weekday(ticks: i64) -> i64 {
    (ticks.div_euclid(DAY) + 1).rem_euclid(7)
}

/// Returns the day of the year of an instant, from 1.
#[must_use]
pub fn day_of_year(ticks: i64) -> i64 {
    let first = start(day(ticks).year, 1, 1).unwrap_or_default();
    (ticks - first).div_euclid(DAY) + 1
}

/// Returns the ISO 8601 week of an instant, from 1 to 53: weeks start on Monday and belong to the year of their Thursday.
#[must_use]
pub fn iso_week(ticks: i64) -> i64 {
    let monday_based = (weekday(ticks) + 6).rem_euclid(7);
    let thursday = ticks.saturating_add((3 - monday_based) * DAY);
    (day_of_year(thursday) - 1) / 7 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_date_of_the_calendar_round_trips() {
        let mut ticks = 0;
        let mut before = Day { year: 0, month: 12, day: 31 };
        while ticks <= LAST {
            let day = day(ticks);
            assert_eq!(start(day.year, day.month, day.day), Some(ticks));
            let follows =
                day.day == before.day + 1 || (day.day == 1 && before.day == days_in_month(before.year, before.month));
            assert!(follows, "{before:?} {day:?}");
            before = day;
            ticks += DAY;
        }
        assert_eq!(before, Day { year: 9999, month: 12, day: 31 });
    }

    #[test]
    fn unix_epoch_has_the_documented_ticks() {
        assert_eq!(start(1970, 1, 1), Some(TICKS_TO_EPOCH));
        assert_eq!(weekday(TICKS_TO_EPOCH), 4, "a Thursday");
    }

    #[test]
    fn instants_display_their_significant_digits() {
        for text in
            ["2025-08-05T12:00:00Z", "2025-08-05T12:00:00.5Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z"]
        {
            assert_eq!(text.parse::<DateTime>().map(|at| at.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(DateTime::from_unix_ticks(i64::MIN), DateTime::MIN);
        assert_eq!(DateTime::from_unix_ticks(i64::MAX), DateTime::MAX);
        assert_eq!("yesterday".parse::<DateTime>(), Err(ParseDateTimeError));
    }

    #[test]
    fn adding_a_month_clamps_to_the_last_day_of_a_shorter_month() {
        let january = start(2024, 1, 31).map(|ticks| add_months(ticks, 1));
        assert_eq!(january, Some(start(2024, 2, 29)));
    }

    #[test]
    fn iso_weeks_belong_to_the_year_of_their_thursday() {
        let week = |year, month, day| start(year, month, day).map(iso_week);
        assert_eq!(week(2021, 1, 3), Some(53));
        assert_eq!(week(2021, 1, 4), Some(1));
        assert_eq!(week(2018, 12, 31), Some(1));
    }
}
