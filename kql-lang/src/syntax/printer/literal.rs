//! Printing of literals.

use crate::datetime::{self, Day};
use crate::value::{Type, Value};

/// Writes a constant of a type.
pub(super) fn literal(out: &mut String, kind: Type, value: &Value) {
    if kind == Type::Dynamic {
        out.push_str("dynamic(");
        json(out, value);
        out.push(')');
        return;
    }
    match value {
        Value::Null => out.push_str(&format!("{}(null)", kind.as_str())),
        Value::Long(number) if *number < 0 => out.push_str(&format!("long({number})")),
        Value::Real(number) if number.is_sign_negative() && number.is_finite() => {
            out.push_str(&format!("real({number:?})"));
        }
        value => json(out, value),
    }
}

/// Writes a value in the syntax of `dynamic(…)`. Outside of `dynamic(…)`, only for values without a sign.
fn json(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&format!("int({number})")),
        Value::Long(number) => out.push_str(&number.to_string()),
        // `Debug` output of a finite f64 always has a dot or an exponent.
        Value::Real(number) if number.is_finite() => out.push_str(&format!("{number:?}")),
        Value::Real(number) if number.is_nan() => out.push_str("real(nan)"),
        Value::Real(number) => out.push_str(if *number > 0.0 { "real(+inf)" } else { "real(-inf)" }),
        Value::Decimal(number) => out.push_str(&format!("decimal({number})")),
        Value::String(value) => text(out, value, '"'),
        Value::DateTime(ticks) => datetime(out, *ticks),
        Value::TimeSpan(ticks) => timespan(out, *ticks),
        Value::Guid(guid) => guid_literal(out, *guid),
        Value::Array(items) => {
            out.push('[');
            for (number, item) in items.iter().enumerate() {
                out.push_str(if number > 0 { ", " } else { "" });
                json(out, item);
            }
            out.push(']');
        }
        Value::Bag(bag) => {
            out.push('{');
            for (number, (name, item)) in bag.entries().enumerate() {
                out.push_str(if number > 0 { ", " } else { "" });
                text(out, name, '"');
                out.push_str(": ");
                json(out, item);
            }
            out.push('}');
        }
    }
}

/// Writes a string literal; the quote, backslashes and control characters are escaped.
pub(super) fn text(out: &mut String, text: &str, quote: char) {
    out.push(quote);
    for letter in text.chars() {
        match letter {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if letter == quote => out.extend(['\\', letter]),
            _ if letter.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(letter))),
            _ => out.push(letter),
        }
    }
    out.push(quote);
}

/// Writes a datetime literal: the date alone at midnight, otherwise with the time and the significant fractional digits.
fn datetime(out: &mut String, ticks: i64) {
    let Day { year, month, day } = datetime::day(ticks);
    out.push_str(&format!("datetime({year:04}-{month:02}-{day:02}"));
    let time = ticks.rem_euclid(datetime::DAY);
    if time > 0 {
        let (hours, minutes) = (time / datetime::HOUR, time / datetime::MINUTE % 60);
        out.push_str(&format!("T{hours:02}:{minutes:02}:{:02}", time / datetime::SECOND % 60));
        let fraction = time % datetime::SECOND;
        if fraction > 0 {
            out.push_str(&format!(".{}", format!("{fraction:07}").trim_end_matches('0')));
        }
        out.push('Z');
    }
    out.push(')');
}

/// Writes a timespan literal in the largest unit that divides it.
fn timespan(out: &mut String, ticks: i64) {
    const UNITS: &[(i64, &str)] = &[
        (datetime::DAY, "d"),
        (datetime::HOUR, "h"),
        (datetime::MINUTE, "m"),
        (datetime::SECOND, "s"),
        (datetime::MILLISECOND, "ms"),
        (datetime::MICROSECOND, "microsecond"),
    ];
    let (size, unit) = UNITS.iter().find(|(size, _)| ticks != 0 && ticks % size == 0).copied().unwrap_or((1, "tick"));
    let (size, unit) = if ticks == 0 { (datetime::SECOND, "s") } else { (size, unit) };
    let number = ticks / size;
    if number < 0 {
        out.push_str(&format!("time({number}{unit})"));
    } else {
        out.push_str(&format!("{number}{unit}"));
    }
}

fn guid_literal(out: &mut String, guid: u128) {
    let digits = format!("{guid:032x}");
    out.push_str("guid(");
    for (place, digit) in digits.chars().enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            out.push('-');
        }
        out.push(digit);
    }
    out.push(')');
}
