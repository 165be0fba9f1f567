//! Parsing of datetimes and timespans: the formats that services write, and common formats of users.

use crate::datetime::{DAY, HOUR, MINUTE, SECOND, in_range, start};

/// Parses `2016-02-17T08:40:01.25Z`, `2016-02-17 08:40`, `2016-02-17`, `02/17/2016 08:40:01`, with an optional `Z`, `GMT`,
/// `UTC` or offset; and `Wed, 17 Feb 16 08:40:01 GMT`, `Wednesday, 17-Feb-16 08:40`, with or without the day of the week.
///
/// Returns ticks since 0001-01-01T00:00:00Z.
///
/// The formats that the service documents: <https://learn.microsoft.com/kusto/query/scalar-data-types/datetime>, read
/// 2026-11-30.
#[must_use]
pub fn datetime(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_suffix("GMT").or_else(|| text.strip_suffix("UTC")).map_or(text, str::trim_end);
    if let Some(ticks) = with_month_name(text) {
        return Some(ticks);
    }
    let (date, time) = text.split_once(['T', ' ']).unwrap_or((text.trim_end_matches(['Z', 'z']), ""));
    let mut parts = date.split(['-', '/']).map(number);
    let (first, second, third) = (parts.next()??, parts.next()??, parts.next()??);
    let year_first = date.find(['-', '/']) == Some(4);
    let (year, month, day) = if year_first { (first, second, third) } else { (third, first, second) };
    let fits = (1..=12).contains(&month) && (1..=31).contains(&day) && parts.next().is_none();
    let midnight = if fits { start(year, month, day)? } else { return None };
    let time = time.trim().trim_end_matches(['Z', 'z']);
    let (time, offset) = match time.find(['+', '-']) {
        Some(place) => (time.get(..place)?, signed_clock(time.get(place..)?)?),
        None => (time, 0),
    };
    let time = if time.is_empty() { 0 } else { clock(time).filter(|ticks| *ticks < DAY)? };
    in_range(midnight + time - offset)
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEK: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Parses `[weekday, ]8 Nov 14 15:05[:02]` and `[weekday, ]08-Nov-2014 15:05[:02]`.
fn with_month_name(text: &str) -> Option<i64> {
    let date = match text.split_once(',') {
        Some((weekday, date)) => {
            let weekday = weekday.trim().to_ascii_lowercase();
            let known = WEEK.iter().any(|name| *name == weekday || (weekday.len() == 3 && name.starts_with(&weekday)));
            known.then_some(date.trim())?
        }
        None => text,
    };
    let mut words = date.split_ascii_whitespace();
    let first = words.next()?;
    let (day, month, year) = match first.split_once('-') {
        Some((day, rest)) => {
            let (month, year) = rest.split_once('-')?;
            (day, month, year)
        }
        None => (first, words.next()?, words.next()?),
    };
    let month = month.to_ascii_lowercase();
    let month = i64::try_from(MONTHS.iter().position(|name| *name == month)? + 1).ok()?;
    let year = match (year.len(), number(year)?) {
        (2, year) => year + if year < 50 { 2000 } else { 1900 },
        (4, year) => year,
        _ => return None,
    };
    let day = number(day).filter(|day| (1..=31).contains(day))?;
    let midnight = start(year, month, day)?;
    let time = words.next().map_or(Some(0), clock).filter(|ticks| *ticks < DAY)?;
    if words.next().is_some() {
        return None;
    }
    in_range(midnight + time)
}

/// Parses `1.02:03:04.5`, `02:03`, `7` (days), `1d`, `2.5h`, `30m`, `10s`, `100ms`, `5microsecond`, `10tick`, with an optional
/// minus sign. Returns ticks.
#[must_use]
pub fn timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(body) = text.strip_prefix('-') {
        return if body.starts_with('-') { None } else { timespan(body).map(|ticks| -ticks) };
    }
    if text.contains(':') {
        return match text.split_once('.') {
            Some((days, time)) if time.contains(':') => number(days)?.checked_mul(DAY)?.checked_add(clock(time)?),
            _ => clock(text),
        };
    }
    let unit_at = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (amount, unit) = text.split_at_checked(unit_at)?;
    let unit = match unit {
        "" | "d" | "day" | "days" => DAY,
        "h" | "hr" | "hrs" | "hour" | "hours" => HOUR,
        "m" | "min" | "minute" | "minutes" => MINUTE,
        "s" | "sec" | "second" | "seconds" => SECOND,
        "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => SECOND / 1_000,
        "micro" | "micros" | "microsecond" | "microseconds" => SECOND / 1_000_000,
        "tick" | "ticks" => 1,
        _ => return None,
    };
    let amount = amount.trim();
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let part = if fraction.is_empty() { 0 } else { number(format!("{fraction:0<9}").get(..9)?)? };
    let whole = number(whole)?.checked_mul(unit)?;
    whole.checked_add(i64::try_from(i128::from(part) * i128::from(unit) / 1_000_000_000).ok()?)
}

/// Parses `hours:minutes[:seconds[.fraction]]` as ticks.
fn clock(text: &str) -> Option<i64> {
    let (time, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut parts = time.split(':').map(number);
    let (hours, minutes) = (parts.next()??, parts.next()??);
    let seconds = parts.next().unwrap_or(Some(0))?;
    let digits = format!("{fraction:0<7}");
    let fraction = number(digits.get(..7)?)?;
    let fits = hours < 24 && minutes < 60 && seconds < 60 && parts.next().is_none();
    fits.then(|| hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction)
}

/// Parses an offset from UTC: `+02:00`.
fn signed_clock(text: &str) -> Option<i64> {
    match text.strip_prefix('-') {
        Some(clock_text) => clock(clock_text).map(|ticks| -ticks),
        None => clock(text.strip_prefix('+')?),
    }
}

/// Parses a number that consists of digits only.
fn number(text: &str) -> Option<i64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
