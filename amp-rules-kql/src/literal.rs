//! Values and names as KQL text that can mean nothing else.
//!
//! Input: any text, number or instant. Output: one token of KQL (or one call around one) that evaluates to just that value.
//! Whatever stands in a text, it never leaves its literal.

use std::fmt::Write;
use std::time::Duration;

use amp_rules_core::time::{Time, ticks_of};

/// A text in double quotes: quotes, backslashes, controls and everything beyond ASCII are escaped.
#[must_use]
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)) {
            Some('"') => out.push_str("\\\""),
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(plain @ ' '..='~') => out.push(plain),
            // The surrogates of a character beyond the basic plane are escaped one by one.
            _ => {
                let _ = write!(out, "\\u{unit:04X}");
            }
        }
    }
    out.push('"');
    out
}

/// A column, table or variable: `['name']`.
#[must_use]
pub fn name(text: &str) -> String {
    let quoted = string(text);
    let inner = quoted.trim_start_matches('"');
    let inner = inner.strip_suffix('"').unwrap_or(inner).replace("\\\"", "\"").replace('\'', "\\'");
    format!("['{inner}']")
}

/// An instant: `datetime(2025-08-05T12:00:00.0000000Z)`.
#[must_use]
pub fn datetime(at: Time) -> String {
    format!("datetime({at})")
}

/// A duration in ticks of 100 ns, or in the largest unit that it is a whole number of.
#[must_use]
pub fn timespan(duration: Duration) -> String {
    let ticks = ticks_of(duration);
    for (unit, size) in [("d", 864_000_000_000), ("h", 36_000_000_000), ("m", 600_000_000), ("s", 10_000_000_i64)] {
        if ticks != 0 && ticks % size == 0 {
            return format!("{}{unit}", ticks / size);
        }
    }
    format!("{ticks}tick")
}

/// A number, with all its digits.
#[must_use]
pub fn real(number: f64) -> String {
    if number.is_nan() {
        "real(nan)".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "real(+inf)".to_owned() } else { "real(-inf)".to_owned() }
    } else {
        format!("real({number:?})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_quotes() {
        assert_eq!(string("a\"b\\c\nd|e//f;g'"), r#""a\"b\\c\nd|e//f;g'""#);
        assert_eq!(string("é\u{0}\u{1F600}"), r#""\u00E9\u0000\uD83D\uDE00""#);
        assert_eq!(name("a'b\"c\\"), r#"['a\'b"c\\']"#);
    }

    #[test]
    fn numbers_and_times_are_exact() {
        assert_eq!(real(1e10), "real(10000000000.0)");
        assert_eq!(real(0.1), "real(0.1)");
        assert_eq!(timespan(Duration::from_secs(300)), "5m");
        assert_eq!(timespan(Duration::from_secs(86_400)), "1d");
        assert_eq!(timespan(Duration::from_nanos(150)), "1tick");
    }
}
