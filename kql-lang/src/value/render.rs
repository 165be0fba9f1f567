//! Values as text, as Kusto's `tostring` writes them; nothing here reads text.

use rust_decimal::Decimal;

use crate::datetime::{DAY, HOUR, MINUTE, SECOND, day};

/// A real: the shortest digits that read back as the same number, always with a point or an exponent.
#[must_use]
pub fn real(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-5..15).contains(&exponent) || value == 0.0 {
        let plain = format!("{value}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// A decimal, as written: trailing zeros stay.
#[must_use]
pub fn decimal(value: Decimal) -> String {
    value.to_string()
}

/// A datetime with seven digits of the second: `2016-02-17T08:40:01.0000000Z`.
#[must_use]
pub fn datetime(ticks: i64) -> String {
    format!("{}.{:07}Z", to_second(ticks), ticks.rem_euclid(SECOND))
}

/// A datetime as result tables have it: the fraction only where there is one (`2016-02-17T08:40:01Z`).
#[must_use]
pub fn datetime_cell(ticks: i64) -> String {
    if ticks.rem_euclid(SECOND) == 0 { to_second(ticks) + "Z" } else { datetime(ticks) }
}

fn to_second(ticks: i64) -> String {
    let date = day(ticks);
    let time = ticks.rem_euclid(DAY);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
        date.year,
        date.month,
        date.day,
        time / HOUR,
        time % HOUR / MINUTE,
        time % MINUTE / SECOND
    )
}

/// A timespan: `[-][days.]hours:minutes:seconds[.fraction]`, the fraction with seven digits.
#[must_use]
pub fn timespan(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let part = |unit: i64| ticks / unit.unsigned_abs();
    let days = match part(DAY) {
        0 => String::new(),
        days => format!("{days}."),
    };
    let fraction = match ticks % SECOND.unsigned_abs() {
        0 => String::new(),
        fraction => format!(".{fraction:07}"),
    };
    format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", part(HOUR) % 24, part(MINUTE) % 60, part(SECOND) % 60)
}

/// A guid with hyphens, in lower case.
#[must_use]
pub fn guid(value: u128) -> String {
    let digits = format!("{value:032x}");
    let mut text = String::with_capacity(36);
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn written(value: f64, want: &str) {
        assert_eq!(real(value), want);
    }

    #[test]
    fn reals_have_a_point_or_an_exponent_and_no_digit_too_many() {
        written(1.0, "1.0");
        written(0.1 + 0.2, "0.30000000000000004");
        written(-0.5, "-0.5");
        written(1e14, "100000000000000.0");
        written(1e21, "1e+21");
        written(1.5e-7, "1.5e-07");
        written(0.0, "0.0");
        written(f64::NAN, "NaN");
        written(f64::NEG_INFINITY, "-Infinity");
    }

    #[test]
    fn timespans_show_days_and_fractions_only_where_there_are_some() {
        assert_eq!(timespan(0), "00:00:00");
        assert_eq!(timespan(DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + SECOND / 20), "1.02:03:04.0500000");
        assert_eq!(timespan(-HOUR), "-01:00:00");
        assert_eq!(timespan(i64::MIN), "-10675199.02:48:05.4775808");
    }

    #[test]
    fn datetimes_have_seven_digits_in_text_and_only_what_is_needed_in_cells() {
        let instant = crate::datetime::TICKS_TO_EPOCH + SECOND;
        assert_eq!(datetime(instant), "1970-01-01T00:00:01.0000000Z");
        assert_eq!(datetime_cell(instant), "1970-01-01T00:00:01Z");
        assert_eq!(datetime_cell(instant + 1), "1970-01-01T00:00:01.0000001Z");
    }

    #[test]
    fn guids_are_hyphenated() {
        assert_eq!(guid(0x7408_6593_1a2b_3c4d_5e6f_0000_0000_0001), "74086593-1a2b-3c4d-5e6f-000000000001");
    }
}
