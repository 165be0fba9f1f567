//! Values of one type as values of another, as Kusto's `to…` functions do it; what cannot be turned is null.

use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use crate::datetime;
use crate::datetime::parse as read;
use crate::value::{Type, Value, json, render};

/// The value as one of this type; null where it cannot be one, and for `string` the empty string.
///
/// To `dynamic` everything goes as it is: a string stays a string and is not read as JSON.
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

/// `tostring`: a string as it is, nothing for null, arrays and bags as JSON without spaces.
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

/// `tobool`: numbers are true unless zero; of strings `true`, `false` in any case, and whole numbers.
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

/// `tolong`: reals lose their fraction, datetimes and timespans are their ticks; strings are whole numbers, also `0x…`.
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

/// A real without its fraction, if a long can hold it.
#[must_use]
pub fn truncated(real: f64) -> Option<i64> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "the range is checked, and the fraction is to be lost")]
    let long = real as i64;
    (-BEYOND..BEYOND).contains(&real).then_some(long)
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
    #[expect(clippy::cast_precision_loss, reason = "a real has the digits that it has")]
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
            #[expect(clippy::cast_precision_loss, reason = "a real has the digits that it has")]
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

/// `todatetime`: strings in the forms that Kusto reads; numbers are ticks since 0001-01-01.
#[must_use]
pub fn datetime(value: &Value) -> Option<i64> {
    match value {
        Value::DateTime(ticks) => Some(*ticks),
        Value::String(text) => read::datetime(text),
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => long(value).and_then(datetime::in_range),
        Value::Null | Value::Bool(_) | Value::TimeSpan(_) | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => None,
    }
}

/// `totimespan`: strings in the forms that Kusto reads; numbers are ticks.
#[must_use]
pub fn timespan(value: &Value) -> Option<i64> {
    match value {
        Value::TimeSpan(ticks) => Some(*ticks),
        Value::String(text) => read::timespan(text),
        Value::Int(_) | Value::Long(_) | Value::Real(_) | Value::Decimal(_) => long(value),
        Value::Null | Value::Bool(_) | Value::DateTime(_) | Value::Guid(_) | Value::Array(_) | Value::Bag(_) => None,
    }
}

/// `toguid`: with hyphens or without, in braces or parentheses or not.
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
    let digits = if inner.len() == 36 {
        let parts: Vec<&str> = inner.split('-').collect();
        if !parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) {
            return None;
        }
        parts.concat()
    } else {
        inner.to_owned()
    };
    let sound = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    sound.then(|| u128::from_str_radix(&digits, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn turns(kind: Type, from: Value, want: Value) {
        assert_eq!(to(kind, &from), want, "{from:?} as {kind:?}");
    }

    #[test]
    fn texts_are_read_as_numbers_only_if_they_are_numbers() {
        turns(Type::Long, Value::text("123"), Value::Long(123));
        turns(Type::Long, Value::text(" -5 "), Value::Long(-5));
        turns(Type::Long, Value::text("0x1F"), Value::Long(31));
        turns(Type::Long, Value::text("12.5"), Value::Null);
        turns(Type::Long, Value::text("12abc"), Value::Null);
        turns(Type::Real, Value::text("1e3"), Value::Real(1000.0));
        turns(Type::Real, Value::text(""), Value::Null);
        turns(Type::Int, Value::text("2147483648"), Value::Null);
    }

    #[test]
    fn reals_lose_their_fraction_and_what_does_not_fit_is_null() {
        turns(Type::Int, Value::Real(2.3), Value::Int(2));
        turns(Type::Int, Value::Real(-2.9), Value::Int(-2));
        turns(Type::Long, Value::Real(1e300), Value::Null);
        turns(Type::Long, Value::Real(f64::NAN), Value::Null);
        turns(Type::Int, Value::Long(1 << 40), Value::Null);
    }

    #[test]
    fn bools_come_from_words_and_numbers() {
        turns(Type::Bool, Value::text("TRUE"), Value::Bool(true));
        turns(Type::Bool, Value::text("false"), Value::Bool(false));
        turns(Type::Bool, Value::text("1"), Value::Bool(true));
        turns(Type::Bool, Value::text("yes"), Value::Null);
        turns(Type::Bool, Value::Long(0), Value::Bool(false));
    }

    #[test]
    fn guids_are_read_with_and_without_hyphens() {
        let guid = Value::Guid(0x7408_6593_1a2b_3c4d_5e6f_0000_0000_0001);
        turns(Type::Guid, Value::text("74086593-1a2b-3c4d-5e6f-000000000001"), guid.clone());
        turns(Type::Guid, Value::text("{740865931A2B3C4D5E6F000000000001}"), guid);
        turns(Type::Guid, Value::text("7408659-31a2b-3c4d-5e6f-000000000001"), Value::Null);
    }

    #[test]
    fn a_string_is_never_null() {
        turns(Type::String, Value::Null, Value::text(""));
    }

    proptest! {
        #[test]
        fn numbers_and_times_are_read_back_from_their_text(long in any::<i64>(), real in any::<f64>(), ticks in 0..=datetime::LAST) {
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
