//! Formatting of scalar values as text, in the format of Kusto's `tostring`.

use rust_decimal::Decimal;

use crate::datetime::{DAY, HOUR, MINUTE, SECOND, day};

/// Formats a real: the shortest digits that parse to the same number, always with a decimal point or an exponent.
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

/// Formats a decimal; trailing zeros are kept.
#[must_use]
pub fn decimal(value: Decimal) -> String {
    value.to_string()
}

/// Formats a datetime with seven fractional digits: `2016-02-17T08:40:01.0000000Z`.
#[must_use]
pub fn datetime(ticks: i64) -> String {
    format!("{}.{:07}Z", to_second(ticks), ticks.rem_euclid(SECOND))
}

/// Formats a datetime for a result table: the fraction without trailing zeros, and none if it is zero
/// (`2016-02-17T08:40:01.25Z`, `2016-02-17T08:40:01Z`).
#[must_use]
pub fn datetime_cell(ticks: i64) -> String {
    match ticks.rem_euclid(SECOND) {
        0 => to_second(ticks) + "Z",
        fraction => format!("{}.{}Z", to_second(ticks), format!("{fraction:07}").trim_end_matches('0')),
    }
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

/// Formats a timespan: `[-][days.]hours:minutes:seconds[.fraction]`, the fraction with seven digits.
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

/// Formats a guid with hyphens, in lower case.
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
    fn check_real(value: f64, want: &str) {
        assert_eq!(real(value), want);
    }

    #[test]
    fn reals_have_a_point_or_an_exponent_and_the_shortest_digits() {
        check_real(1.0, "1.0");
        check_real(0.1 + 0.2, "0.30000000000000004");
        check_real(-0.5, "-0.5");
        check_real(1e14, "100000000000000.0");
        check_real(1e21, "1e+21");
        check_real(1.5e-7, "1.5e-07");
        check_real(0.0, "0.0");
        check_real(f64::NAN, "NaN");
        check_real(f64::NEG_INFINITY, "-Infinity");
    }

    #[test]
    fn timespans_omit_zero_days_and_fractions() {
        assert_eq!(timespan(0), "00:00:00");
        assert_eq!(timespan(DAY + 2 * HOUR + 3 * MINUTE + 4 * SECOND + SECOND / 20), "1.02:03:04.0500000");
        assert_eq!(timespan(-HOUR), "-01:00:00");
        assert_eq!(timespan(i64::MIN), "-10675199.02:48:05.4775808");
    }

    #[test]
    fn datetimes_have_seven_digits_except_in_cells_without_a_fraction() {
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
