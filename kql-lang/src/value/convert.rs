//! Conversion of values between types, as in Kusto's `to…` functions. A value that cannot be converted becomes null.

use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use crate::datetime;
use crate::datetime::parse as read;
use crate::value::{Type, Value, json, render};

/// Converts a value to a type. The result is null if the value cannot be converted; null converted to `string` is the empty
/// string.
///
/// Conversion to `dynamic` does not change the value: a string is not parsed as JSON.
#[must_use]
pub fn to(kind: Type, value: &Value) -> Value {
    match kind {
        Type::Bool => truth(value).map_or(Value::Null, Value::Bool),
        Type::Int => long(value).and_then(|long| i32::try_from(long).ok()).map_or(Value::Null, Value::Int),
        Type::Long => long(value).map_or(Value::Null, Value::Long),
        Type::Real => real(value).map_or(Value::Null, Value::Real),
        Type::Decimal => decimal(value).map_or(Value::Null, Value::Decimal),
        Type::String => Value::String(text(value)),
        Type::DateTime => datetime(value).map_or(Value::Null, Value::DateTime),
        Type::TimeSpan => timespan(value).map_or(Value::Null, Value::TimeSpan),
        Type::Guid => guid(value).map_or(Value::Null, Value::Guid),
        Type::Dynamic => value.clone(),
    }
}

/// `tostring`: strings are unchanged, null becomes the empty string, arrays and bags become JSON without spaces.
#[must_use]
pub fn text(value: &Value) -> Arc<str> {
    match value {
        Value::Null => Arc::from(""),
        Value::Bool(truth) => Arc::from(if *truth { "true" } else { "false" }),
        Value::Int(number) => number.to_string().into(),
        Value::Long(number) => number.to_string().into(),
        Value::Real(real) => render::real(*real).into(),
        Value::Decimal(decimal) => render::decimal(*decimal).into(),
        Value::String(text) => Arc::clone(text),
        Value::DateTime(ticks) => render::datetime(*ticks).into(),
        Value::TimeSpan(ticks) => render::timespan(*ticks).into(),
        Value::Guid(guid) => render::guid(*guid).into(),
        Value::Array(_) | Value::Bag(_) => json::write(value).into(),
    }
}

/// `tobool`: numbers are true unless zero; strings can be `true` or `false` in any case, or integers.
#[must_use]
pub fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::Int(number) => Some(*number != 0),
        Value::Long(number) => Some(*number != 0),
        Value::Real(real) => Some(*real != 0.0),
        Value::Decimal(decimal) => Some(!decimal.is_zero()),
        Value::String(text) => {
            let text = text.trim();
            if text.eq_ignore_ascii_case("true") {
                Some(true)
            } else if text.eq_ignore_ascii_case("false") {
                Some(false)
            } else {
                read_long(text).map(|number| number != 0)
            }
        }
        Value::Null | Value::DateTime(_) | Value::TimeSpan(_) | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => {
            None
        }
    }
}

/// `tolong`: reals are truncated, datetimes and timespans become their ticks; strings can be integers, including `0x…`.
#[must_use]
pub fn long(value: &Value) -> Option<i64> {
    match value {
        Value::Bool(truth) => Some(i64::from(*truth)),
        Value::Int(number) => Some(i64::from(*number)),
        Value::Long(number) | Value::DateTime(number) | Value::TimeSpan(number) => Some(*number),
        Value::Real(real) => truncated(*real),
        Value::Decimal(decimal) => decimal.trunc().to_i64(),
        Value::String(text) => read_long(text.trim()),
        Value::Null | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => None,
    }
}

/// Returns a real truncated to a long, or `None` if it is out of range.
#[must_use]
pub fn truncated(real: f64) -> Option<i64> {
    const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked, and truncation is intended")]
    let long = real as i64;
    (-TWO_POW_63..TWO_POW_63).contains(&real).then_some(long)
}

fn read_long(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            let number = i64::from_str_radix(hex, 16).ok()?;
            Some(if negative { -number } else { number })
        }
        Some(_) => None,
        None => text.parse().ok(),
    }
}

/// `toreal`
#[must_use]
pub fn real(value: &Value) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "`toreal` rounds to the nearest real")]
    match value {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::Int(number) => Some(f64::from(*number)),
        Value::Long(number) | Value::DateTime(number) | Value::TimeSpan(number) => Some(*number as f64),
        Value::Real(real) => Some(*real),
        Value::Decimal(decimal) => decimal.to_f64(),
        Value::String(text) => read_real(text.trim()),
        Value::Null | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => None,
    }
}

fn read_real(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| {
        read_long(text).map(|number| {
            #[expect(clippy::cast_precision_loss, reason = "`toreal` rounds to the nearest real")]
            let real = number as f64;
            real
        })
    })
}

/// `todecimal`
#[must_use]
pub fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::Bool(truth) => Some(Decimal::from(u8::from(*truth))),
        Value::Int(number) => Some(Decimal::from(*number)),
        Value::Long(number) | Value::DateTime(number) | Value::TimeSpan(number) => Some(Decimal::from(*number)),
        Value::Real(real) => Decimal::from_f64(*real),
        Value::Decimal(decimal) => Some(*decimal),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| Decimal::from_scientific(text).ok())
        }
        Value::Null | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => None,
    }
}

/// `todatetime`: strings in the formats of [`datetime::parse`]; numbers are ticks since 0001-01-01.
#[must_use]
pub fn datetime(value: &Value) -> Option<i64> {
    match value {
        Value::DateTime(ticks) => Some(*ticks),
        Value::String(text) => read::datetime(text),
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => long(value).and_then(datetime::in_range),
        Value::Null | Value::Bool(_) | Value::TimeSpan(_) | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => None,
    }
}

/// `totimespan`: strings in the formats of [`datetime::parse`]; numbers are ticks.
#[must_use]
pub fn timespan(value: &Value) -> Option<i64> {
    match value {
        Value::TimeSpan(ticks) => Some(*ticks),
        Value::String(text) => read::timespan(text),
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => long(value),
        Value::Null | Value::Bool(_) | Value::DateTime(_) | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => None,
    }
}

/// `toguid`: strings of 32 hexadecimal digits, with hyphens anywhere, optionally in braces or parentheses.
#[must_use]
pub fn guid(value: &Value) -> Option<u128> {
    match value {
        Value::Guid(guid) => Some(*guid),
        Value::String(text) => read_guid(text.trim()),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Long(_)
        | Value::Real(_)
        | Value::Decimal(_)
        | Value::DateTime(_)
        | Value::TimeSpan(_)
        | Value::Array(_)
        | Value::Bag(_) => None,
    }
}

fn read_guid(text: &str) -> Option<u128> {
    let inner = text
        .strip_prefix('{')
        .and_then(|text| text.strip_suffix('}'))
        .or_else(|| text.strip_prefix('(').and_then(|text| text.strip_suffix(')')))
        .unwrap_or(text);
    // The service accepts hyphens at any place.
    let digits: String = inner.chars().filter(|character| *character != '-').collect();
    let valid = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    valid.then(|| u128::from_str_radix(&digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(kind: Type, from: Value, want: Value) {
        assert_eq!(to(kind, &from), want, "{from:?} as {kind:?}");
    }

    #[test]
    fn strings_convert_to_numbers_only_if_they_are_numbers() {
        check(Type::Long, Value::text("123"), Value::Long(123));
        check(Type::Long, Value::text(" -5 "), Value::Long(-5));
        check(Type::Long, Value::text("0x1F"), Value::Long(31));
        check(Type::Long, Value::text("12.5"), Value::Null);
        check(Type::Long, Value::text("12abc"), Value::Null);
        check(Type::Real, Value::text("1e3"), Value::Real(1000.0));
        check(Type::Real, Value::text(""), Value::Null);
        check(Type::Int, Value::text("2147483648"), Value::Null);
    }

    #[test]
    fn reals_are_truncated_and_out_of_range_values_are_null() {
        check(Type::Int, Value::Real(2.3), Value::Int(2));
        check(Type::Int, Value::Real(-2.9), Value::Int(-2));
        check(Type::Long, Value::Real(1e300), Value::Null);
        check(Type::Long, Value::Real(f64::NAN), Value::Null);
        check(Type::Int, Value::Long(1 << 40), Value::Null);
    }

    #[test]
    fn words_and_numbers_convert_to_bool() {
        check(Type::Bool, Value::text("TRUE"), Value::Bool(true));
        check(Type::Bool, Value::text("false"), Value::Bool(false));
        check(Type::Bool, Value::text("1"), Value::Bool(true));
        check(Type::Bool, Value::text("yes"), Value::Null);
        check(Type::Bool, Value::Long(0), Value::Bool(false));
    }

    #[test]
    fn guids_parse_with_and_without_hyphens() {
        let guid = Value::Guid(0x7408_6593_1a2b_3c4d_5e6f_0000_0000_0001);
        check(Type::Guid, Value::text("74086593-1a2b-3c4d-5e6f-000000000001"), guid.clone());
        check(Type::Guid, Value::text("{740865931A2B3C4D5E6F000000000001}"), guid.clone());
        // As recorded from the service, hyphens can be anywhere.
        check(Type::Guid, Value::text("7408659-31a2b-3c4d-5e6f-000000000001"), guid);
        check(Type::Guid, Value::text("7408659-31a2b-3c4d-5e6f-00000000000"), Value::Null);
    }

    #[test]
    fn a_string_is_never_null() {
        check(Type::String, Value::Null, Value::text(""));
    }

    proptest! {
        #[test]
        fn numbers_and_times_round_trip_through_strings(long in any::<i64>(), real in any::<f64>(), ticks in 0..=datetime::LAST) {
            for (kind, value) in [
                (Type::Long, Value::Long(long)),
                (Type::Real, Value::Real(real)),
                (Type::DateTime, Value::DateTime(ticks)),
                (Type::TimeSpan, Value::TimeSpan(ticks)),
                (Type::TimeSpan, Value::TimeSpan(-ticks)),
                (Type::Guid, Value::Guid(u128::from(long.unsigned_abs()) << 32)),
            ] {
                prop_assert_eq!(to(kind, &Value::String(text(&value))), value);
            }
        }
    }
}
