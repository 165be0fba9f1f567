//! Times as exports write them.
//!
//! Input: the text of a time, and what is known about the file: its zone, the order of day and month. Output: the instant in
//! RFC 3339, or why it cannot be read. Nothing is guessed: a time without a zone needs one, and `5/8/2025` needs an order.

use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time as Clock};
use jiff::tz::{Offset, TimeZone};

/// The order of day and month in a date with slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateOrder {
    /// `24/8/2025`
    DayMonth,
    /// `8/24/2025`
    MonthDay,
}

/// A time zone: `UTC`, or an offset such as `+02:00`.
#[derive(Clone, Debug, PartialEq)]
pub struct Zone(TimeZone);

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is not a time zone: expected `UTC` or an offset such as `+02:00`");
        if text.eq_ignore_ascii_case("utc") || text.eq_ignore_ascii_case("z") {
            return Ok(Self(TimeZone::UTC));
        }
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ => return Err(expected()),
        };
        let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
        let number = |part: &str, most: i32| {
            let is_number = !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<i32>().ok().filter(|number| is_number && *number <= most).ok_or_else(expected)
        };
        let seconds = sign * (number(hours, 14)? * 3600 + number(minutes, 59)? * 60);
        Ok(Self(TimeZone::fixed(Offset::from_seconds(seconds).map_err(|_| expected())?)))
    }
}

impl Zone {
    /// UTC.
    pub(crate) const UTC: Self = Self(TimeZone::UTC);
}

/// What is known about the times of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct TimeRule {
    /// The zone of times without one.
    pub(crate) zone: Option<Zone>,
    /// The order of day and month in dates with slashes.
    pub(crate) order: Option<DateOrder>,
}

impl TimeRule {
    /// The instant of a time in RFC 3339; `None` if the text is one already.
    ///
    /// # Errors
    ///
    /// Why it cannot be read, with the next step; `column` is the name of its column.
    pub(crate) fn read(&self, column: &str, text: &str) -> Result<Option<String>, String> {
        let trimmed = text.trim();
        if trimmed.parse::<jiff::Timestamp>().is_ok() {
            return Ok(None);
        }
        let short: String = trimmed.chars().take(60).collect();
        let utc = ["Z", "z", " UTC", " utc"].iter().find_map(|end| trimmed.strip_suffix(end));
        let civil_text = utc.unwrap_or(trimmed).trim_end();
        let civil = match Written::parse(civil_text) {
            Some(written) => written.civil(column, &short, self.order)?,
            // `Row` reports what is no time at all.
            None => return Ok(None),
        };
        let zone = if utc.is_some() { Some(&Zone::UTC) } else { self.zone.as_ref() };
        let Some(Zone(zone)) = zone else {
            return Err(format!(
                "`{column}` has no time zone: `{short}`; give `--timezone UTC`, or the offset with which it was written, such as `--timezone +02:00`"
            ));
        };
        let zoned = civil.to_zoned(zone.clone()).map_err(|_| format!("`{column}` is not an instant: `{short}`"))?;
        Ok(Some(zoned.timestamp().to_string()))
    }
}

/// A date and a time of day as written.
enum Written {
    /// Year, month, day.
    Iso(DateTime),
    /// A date without a time of day.
    DateOnly,
    /// Two numbers in an unknown order, or in a known one, and the year with its number of digits.
    Numbers { first: i8, second: i8, order: Option<DateOrder>, year: i16, digits: usize, clock: Option<Clock> },
}

impl Written {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(civil) = text.parse::<DateTime>() {
            return Some(if text.contains(':') { Self::Iso(civil) } else { Self::DateOnly });
        }
        let (date, clock) = text.split_once([',', ' ']).map_or((text, ""), |(date, clock)| (date, clock.trim()));
        let (separator, order) = if date.contains('/') { ('/', None) } else { ('.', Some(DateOrder::DayMonth)) };
        let mut parts = date.split(separator);
        let (first, second, year) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self::Numbers {
            first: first.parse().ok()?,
            second: second.parse().ok()?,
            order,
            year: year.parse().ok()?,
            digits: year.len(),
            clock: if clock.is_empty() { None } else { Some(clock_of(clock)?) },
        })
    }

    fn civil(&self, column: &str, short: &str, known: Option<DateOrder>) -> Result<DateTime, String> {
        match self {
            Self::Iso(civil) => Ok(*civil),
            Self::DateOnly | Self::Numbers { clock: None, .. } => {
                Err(format!("`{column}` is a date without a time of day: `{short}`; export it with the time"))
            }
            Self::Numbers { digits, .. } if *digits != 4 => Err(format!(
                "the year of `{column}` does not have four digits: `{short}`; export it with the whole year"
            )),
            Self::Numbers { first, second, order, year, clock: Some(clock), .. } => {
                let (month, day) = match order.or(known) {
                    None if first == second => (*first, *second),
                    Some(DateOrder::MonthDay) => (*first, *second),
                    Some(DateOrder::DayMonth) => (*second, *first),
                    None => {
                        return Err(format!(
                            "the order of day and month of `{column}` is unknown: `{short}`; {GIVE_ORDER}"
                        ));
                    }
                };
                let date = Date::new(*year, month, day);
                let wrong = |_| format!("`{column}` is not a date in the order of the others: `{short}`; {GIVE_ORDER}");
                Ok(date.map_err(wrong)?.to_datetime(*clock))
            }
        }
    }
}

/// The next step where the order of day and month is unknown.
const GIVE_ORDER: &str = "give `--date-order day-month` or `--date-order month-day`";

/// Parses `19:50:02.000`, `7:50:02 PM` or `7:50 PM`.
fn clock_of(text: &str) -> Option<Clock> {
    let upper = text.to_uppercase().replace('\u{202f}', " ");
    let (digits, half) = match upper.strip_suffix("AM").map(|rest| (rest, "AM")) {
        Some(found) => found,
        None => upper.strip_suffix("PM").map_or((upper.as_str(), ""), |rest| (rest, "PM")),
    };
    let mut parts = digits.trim().split(':');
    let hour: i8 = parts.next()?.parse().ok()?;
    let minute: i8 = parts.next()?.parse().ok()?;
    let (second, fraction) = parts.next().map_or(("0", ""), |rest| rest.split_once(['.', ',']).unwrap_or((rest, "")));
    if parts.next().is_some() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds: i32 = format!("{fraction:0<9}").parse().ok()?;
    let hour = match (half, hour) {
        ("", hour) => hour,
        (_, hour) if !(1..=12).contains(&hour) => return None,
        ("AM", 12) => 0,
        ("PM", 12) => 12,
        ("PM", hour) => hour + 12,
        (_, hour) => hour,
    };
    Clock::new(hour, minute, second.parse().ok()?, nanoseconds).ok()
}

/// Finds the order of day and month of a file from all its dates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OrderFinder {
    /// A date whose order matters, so that one is needed.
    seen: bool,
    day_first: bool,
    month_first: bool,
}

impl OrderFinder {
    /// Adds the text of a time.
    pub(crate) fn add(&mut self, text: &str) {
        if let Some(Written::Numbers { first, second, order: None, .. }) = Written::parse(text.trim())
            && first != second
        {
            self.seen = true;
            self.day_first |= first > 12;
            self.month_first |= second > 12;
        }
    }

    /// The order; `None` if no date needs one.
    ///
    /// # Errors
    ///
    /// No date excludes one of the orders, or dates exclude both.
    pub(crate) fn order(&self) -> Result<Option<DateOrder>, String> {
        match (self.seen, self.day_first, self.month_first) {
            (false, ..) => Ok(None),
            (true, true, false) => Ok(Some(DateOrder::DayMonth)),
            (true, false, true) => Ok(Some(DateOrder::MonthDay)),
            (true, true, true) => Err(format!("its dates have day and month in both orders; {GIVE_ORDER}")),
            (true, false, false) => Err(format!("no date distinguishes the day from the month; {GIVE_ORDER}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &TimeRule, text: &str, want: Result<Option<&str>, &str>) {
        match (rule.read("t", text), want) {
            (Ok(found), Ok(want)) => assert_eq!(found.as_deref(), want, "{text}"),
            (Err(found), Err(part)) => assert!(found.contains(part) && found.contains(text), "{found}"),
            (found, want) => panic!("{text}: {found:?}, expected {want:?}"),
        }
    }

    fn rule(zone: Option<&str>, order: Option<DateOrder>) -> TimeRule {
        TimeRule { zone: zone.map(|zone| zone.parse().unwrap()), order }
    }

    #[test]
    fn a_time_with_a_zone_needs_nothing() {
        check(&rule(None, None), "2025-08-24T19:50:02Z", Ok(None));
        check(&rule(None, None), "2025-08-24 19:50:02.5+02:00", Ok(None));
        check(&rule(None, None), "2025-08-24 19:50:02 UTC", Ok(Some("2025-08-24T19:50:02Z")));
        check(&rule(None, None), "yesterday", Ok(None));
    }

    #[test]
    fn a_time_without_a_zone_needs_one() {
        check(&rule(None, None), "2025-08-24T19:50:02", Err("has no time zone"));
        check(&rule(Some("UTC"), None), "2025-08-24 19:50:02.25", Ok(Some("2025-08-24T19:50:02.25Z")));
        check(&rule(Some("+05:30"), None), "2025-08-24 19:50:02", Ok(Some("2025-08-24T14:20:02Z")));
        check(&rule(Some("-8"), None), "2025-08-24 19:50:02", Ok(Some("2025-08-25T03:50:02Z")));
        assert!("Paris".parse::<Zone>().is_err() && "+99:00".parse::<Zone>().is_err() && "".parse::<Zone>().is_err());
    }

    #[test]
    fn a_date_with_slashes_needs_an_order() {
        let month = rule(Some("UTC"), Some(DateOrder::MonthDay));
        let day = rule(Some("UTC"), Some(DateOrder::DayMonth));
        check(&month, "8/5/2025, 1:02:03.456 PM", Ok(Some("2025-08-05T13:02:03.456Z")));
        check(&day, "8/5/2025, 1:02:03 PM", Ok(Some("2025-05-08T13:02:03Z")));
        check(&month, "12/31/2025, 12:00:00.000 AM", Ok(Some("2025-12-31T00:00:00Z")));
        check(&day, "24/08/2025 19:50", Ok(Some("2025-08-24T19:50:00Z")));
        check(&month, "24/08/2025 19:50", Err("not a date in the order of the others"));
        check(&rule(Some("UTC"), None), "24.08.2025, 19:50:02", Ok(Some("2025-08-24T19:50:02Z")));
        check(&rule(Some("UTC"), None), "8/5/2025, 1:02:03 PM", Err("`--date-order month-day`"));
        check(&rule(Some("UTC"), None), "8/8/2025, 1:02:03 PM", Ok(Some("2025-08-08T13:02:03Z")));
        check(&month, "8/5/25, 1:02:03 PM", Err("four digits"));
        check(&month, "8/5/2025", Err("without a time of day"));
        check(&month, "2025-08-05", Err("without a time of day"));
    }

    #[test]
    fn the_order_follows_from_dates_that_exclude_the_other_one() {
        let order = |dates: &[&str]| {
            let mut finder = OrderFinder::default();
            dates.iter().for_each(|date| finder.add(&format!("{date}, 1:00:00 PM")));
            finder.order()
        };
        assert_eq!(order(&["8/5/2025", "8/24/2025"]), Ok(Some(DateOrder::MonthDay)));
        assert_eq!(order(&["8/5/2025", "24/8/2025"]), Ok(Some(DateOrder::DayMonth)));
        assert_eq!(order(&["2025-08-05", "8/8/2025"]), Ok(None));
        assert!(order(&["8/5/2025"]).unwrap_err().contains("--date-order day-month"));
        assert!(order(&["24/8/2025", "8/24/2025"]).unwrap_err().contains("both orders"));
    }
}
