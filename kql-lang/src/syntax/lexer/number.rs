//! Number, timespan and guid literals without quotes or brackets: their length and their value.

use super::{is_name_part, is_name_start};

/// Spellings of each time unit, with its length in ticks of 100 ns as numerator and denominator: a nanosecond is 1/100.
const UNITS: &[(&[&str], i128, i128)] = &[
    (&["d", "day", "days"], 864_000_000_000, 1),
    (&["h", "hr", "hrs", "hour", "hours"], 36_000_000_000, 1),
    (&["m", "min", "minute", "minutes"], 600_000_000, 1),
    (&["s", "sec", "second", "seconds"], 10_000_000, 1),
    (&["ms", "milli", "millis", "millisec", "millisecond", "milliseconds"], 10_000, 1),
    (&["micro", "micros", "microsec", "microsecond", "microseconds"], 10, 1),
    (&["nano", "nanos", "nanosec", "nanosecond", "nanoseconds"], 1, 100),
    (&["tick", "ticks"], 1, 1),
];

fn digits(text: &str) -> usize {
    text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len())
}

fn after(text: &str, length: usize) -> &str {
    text.get(length..).unwrap_or_default()
}

fn ends(text: &str, length: usize) -> bool {
    !after(text, length).starts_with(|letter| is_name_part(letter) || is_name_start(letter))
}

/// Returns the length of `1` or `0x1f`.
pub(super) fn long_length(text: &str) -> Option<usize> {
    let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).map(|hex| {
        let length = hex.find(|letter: char| !letter.is_ascii_hexdigit()).unwrap_or(hex.len());
        (length > 0, length + 2)
    });
    if let Some((true, length)) = hex
        && ends(text, length)
    {
        return Some(length);
    }
    let length = digits(text);
    (length > 0 && ends(text, length)).then_some(length)
}

/// Returns the length of `1.5`, `1.`, `1e3`. A dot followed by another dot is a range and not part of the number.
pub(super) fn real_length(text: &str) -> Option<usize> {
    let whole = digits(text);
    let mut length = whole;
    let dotted = after(text, whole).starts_with('.') && !after(text, whole).starts_with("..");
    if dotted {
        length += 1;
        length += digits(after(text, length));
    }
    let exponent = exponent_length(after(text, length));
    length += exponent;
    ((dotted || exponent > 0) && whole > 0 && ends(text, length)).then_some(length)
}

fn exponent_length(text: &str) -> usize {
    let Some(rest) = text.strip_prefix(['e', 'E']) else { return 0 };
    let sign = usize::from(rest.starts_with(['+', '-']));
    match digits(after(rest, sign)) {
        0 => 0,
        digits => 1 + sign + digits,
    }
}

/// Returns the length of `1d`, `1.5h`, `10ms`.
pub(super) fn timespan_length(text: &str) -> Option<usize> {
    let mut length = digits(text);
    if let Some(fraction) = after(text, length).strip_prefix('.')
        && fraction.starts_with(|letter: char| letter.is_ascii_digit())
    {
        length += 1 + digits(fraction);
    }
    let rest = after(text, length);
    let unit = rest.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(rest.len());
    let known = rest.get(..unit).is_some_and(|unit| ticks_of(unit).is_some());
    (length > 0 && known && ends(text, length + unit)).then_some(length + unit)
}

fn ticks_of(unit: &str) -> Option<(i128, i128)> {
    UNITS.iter().find(|(names, ..)| names.contains(&unit)).map(|(_, ticks, part)| (*ticks, *part))
}

/// Returns the ticks of `1d`, `1.5h`, `15 seconds`, `-1d`: exact, truncated to whole ticks.
pub(in crate::syntax) fn timespan(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let number = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
    let (ticks, part) = ticks_of(after(text, number).trim_start())?;
    let (whole, fraction) = text.get(..number)?.split_once('.').unwrap_or((text.get(..number)?, ""));
    let whole: i128 = whole.parse::<u64>().ok()?.into();
    // No unit needs more than 18 fractional digits.
    let fraction = fraction.get(..fraction.len().min(18))?;
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse::<u64>().ok()?.into() };
    let sum = whole.checked_mul(ticks)? / part + fraction.checked_mul(ticks)? / (scale * part);
    i64::try_from(if negative { -sum } else { sum }).ok()
}

/// Returns the value of `1`, `0x1f`, or `None` if it is out of range.
pub(in crate::syntax) fn long(text: &str) -> Option<i64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // Kusto interprets the digits as 64 bits: 0xffffffffffffffff is -1.
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(u64::cast_signed),
        None => text.parse().ok(),
    }
}

/// Returns the length of a guid with its four hyphens.
pub(super) fn guid_length(text: &str) -> Option<usize> {
    const LENGTH: usize = 36;
    let guid = text.get(..LENGTH)?;
    let fits = guid.bytes().enumerate().all(|(place, byte)| match place {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    (fits && ends(text, LENGTH)).then_some(LENGTH)
}
