//! KQL literals and quoted names for arbitrary values.
//!
//! Input: any string, number or instant. Output: one KQL token (or one call around a token) that evaluates to exactly
//! that value. The content of a string is always escaped, so it cannot end its literal.

use std::fmt::Write;

use crate::datetime::{DAY, DateTime, HOUR, MINUTE, SECOND};
use crate::value::{Value, json, render};

/// A double-quoted string literal: quotes, backslashes, control characters and everything beyond ASCII are escaped.
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
            // A character beyond the basic plane is escaped as two surrogates.
            _ => {
                let _ = write!(out, "\\u{unit:04X}");
            }
        }
    }
    out.push('"');
    out
}

/// A quoted column, table or variable name: `['name']`.
#[must_use]
pub fn name(text: &str) -> String {
    let quoted = string(text);
    let inner = quoted.trim_start_matches('"');
    let inner = inner.strip_suffix('"').unwrap_or(inner).replace("\\\"", "\"").replace('\'', "\\'");
    format!("['{inner}']")
}

/// A `datetime` literal such as `datetime(2025-08-05T12:00:00Z)`, with as many fractional digits as the value needs.
#[must_use]
pub fn datetime(at: DateTime) -> String {
    format!("datetime({at})")
}

/// A `timespan` literal for a number of 100 ns ticks, in the largest of days, hours, minutes and seconds that divides
/// it exactly, otherwise in ticks: `5m`, `1tick`.
#[must_use]
pub fn timespan(ticks: i64) -> String {
    let (size, unit) = [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")]
        .into_iter()
        .find(|(size, _)| ticks != 0 && ticks % size == 0)
        .unwrap_or((1, "tick"));
    let number = ticks / size;
    if number < 0 { format!("time({number}{unit})") } else { format!("{number}{unit}") }
}

/// A `real` literal that round-trips exactly.
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

/// A literal for a value of any type; arrays and bags become JSON in a `dynamic` literal.
#[must_use]
pub fn value(value: &Value) -> String {
    match value {
        Value::Null => "dynamic(null)".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Int(number) => format!("int({number})"),
        Value::Long(number) => format!("long({number})"),
        Value::Real(number) => real(*number),
        Value::Decimal(number) => format!("decimal({number})"),
        Value::String(text) => string(text),
        Value::DateTime(ticks) => datetime(DateTime::from_ticks(*ticks)),
        Value::TimeSpan(ticks) => timespan(*ticks),
        Value::Guid(guid) => format!("guid({})", render::guid(*guid)),
        Value::Array(_) | Value::Bag(_) => format!("parse_json({})", string(&json::write(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_content_cannot_end_the_literal() {
        assert_eq!(string("a\"b\\c\nd|e//f;g'"), r#""a\"b\\c\nd|e//f;g'""#);
        assert_eq!(string("é\u{0}\u{1F600}"), r#""\u00E9\u0000\uD83D\uDE00""#);
        assert_eq!(name("a'b\"c\\"), r#"['a\'b"c\\']"#);
    }

    #[test]
    fn every_value_round_trips() {
        let values = [
            Value::Bool(true),
            Value::Int(-1),
            Value::Long(i64::MIN + 1),
            Value::Real(-0.5),
            Value::Decimal("-1.50".parse().unwrap()),
            Value::text("a\"b"),
            Value::DateTime(1),
            Value::TimeSpan(-15),
            Value::Guid(7),
            Value::array(vec![Value::Long(1), Value::text("x'\"")]),
        ];
        for wanted in values {
            let text = format!("print {}", value(&wanted));
            let parsed = crate::syntax::parse(&text);
            assert_eq!(parsed.diagnostics, [], "{text}");
            let bound = crate::bind::bind(&parsed.query, &crate::bind::Catalog::new());
            let settings = crate::run::Settings::default();
            let outcome = crate::run::run(&bound.plan.unwrap(), &crate::run::Tables::new(), &settings).unwrap();
            assert_eq!(outcome.tables[0].1.rows, [[wanted]], "{text}");
        }
    }

    #[test]
    fn numbers_and_times_round_trip_exactly() {
        assert_eq!(real(1e10), "real(10000000000.0)");
        assert_eq!(real(0.1), "real(0.1)");
        assert_eq!(timespan(5 * MINUTE), "5m");
        assert_eq!(timespan(DAY), "1d");
        assert_eq!(timespan(1), "1tick");
        assert_eq!(timespan(-HOUR), "time(-1h)");
    }
}
