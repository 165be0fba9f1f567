//! Conversion between JSON and dynamic values.
//!
//! Integers become `long`; other numbers, and integers outside the range of `long`, become `real`. Properties keep their
//! order; for duplicate names, the last value is kept. Values without a JSON representation (`datetime`, `timespan`, `guid`,
//! `decimal`, NaN and the infinities) are written as strings.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::value::{Bag, Value, render};

/// Parses JSON. Returns `None` if the text is not valid JSON, or nested deeper than 127 levels.
#[must_use]
pub fn read(text: &str) -> Option<Value> {
    serde_json::from_str::<Parsed>(text).ok().map(|parsed| parsed.0)
}

/// `parse_json`: JSON becomes its value, blank text becomes null, any other text remains a string.
#[must_use]
pub fn parse(text: &Arc<str>) -> Value {
    if text.trim().is_empty() {
        return Value::Null;
    }
    read(text).unwrap_or_else(|| Value::String(Arc::clone(text)))
}

/// Serializes a value as JSON without spaces.
#[must_use]
pub fn write(value: &Value) -> String {
    let mut out = String::new();
    write_to(value, &mut out);
    out
}

fn write_to(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Long(number) => out.push_str(&number.to_string()),
        Value::Real(real) if real.is_finite() => out.push_str(&render::real(*real)),
        Value::Real(real) => quote(&render::real(*real), out),
        Value::Decimal(decimal) => quote(&render::decimal(*decimal), out),
        Value::String(text) => quote(text, out),
        Value::DateTime(ticks) => quote(&render::datetime(*ticks), out),
        Value::TimeSpan(ticks) => quote(&render::timespan(*ticks), out),
        Value::Guid(guid) => quote(&render::guid(*guid), out),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_to(item, out);
            }
            out.push(']');
        }
        Value::Bag(bag) => {
            out.push('{');
            for (place, (name, value)) in bag.entries().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                quote(name, out);
                out.push(':');
                write_to(value, out);
            }
            out.push('}');
        }
    }
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            control if u32::from(control) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Converts a cell of a result table to a [`serde_json::Value`].
///
/// A datetime has a fraction of the second only if it is not zero; inside arrays and bags it always has seven digits.
#[must_use]
pub fn cell(value: &Value) -> serde_json::Value {
    match value {
        Value::DateTime(ticks) => render::datetime_cell(*ticks).into(),
        other => to_json(other),
    }
}

/// Converts a value to a [`serde_json::Value`].
#[must_use]
pub fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(truth) => (*truth).into(),
        Value::Int(number) => (*number).into(),
        Value::Long(number) => (*number).into(),
        Value::Real(real) if real.is_finite() => (*real).into(),
        Value::Real(real) => render::real(*real).into(),
        Value::Decimal(decimal) => render::decimal(*decimal).into(),
        Value::String(text) => (**text).into(),
        Value::DateTime(ticks) => render::datetime(*ticks).into(),
        Value::TimeSpan(ticks) => render::timespan(*ticks).into(),
        Value::Guid(guid) => render::guid(*guid).into(),
        Value::Array(items) => items.iter().map(to_json).collect(),
        Value::Bag(bag) => bag.entries().map(|(name, value)| (name.to_string(), to_json(value))).collect(),
    }
}

/// Converts a [`serde_json::Value`] to a value.
#[must_use]
pub fn from_json(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(truth) => Value::Bool(*truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(long) => Value::Long(long),
            None => number.as_f64().map_or(Value::Null, Value::Real),
        },
        serde_json::Value::String(text) => Value::text(text.as_str()),
        serde_json::Value::Array(items) => Value::array(items.iter().map(from_json).collect()),
        serde_json::Value::Object(object) => {
            Value::bag(Bag::of(object.iter().map(|(name, value)| (Arc::from(name.as_str()), from_json(value)))))
        }
    }
}

/// A value deserialized from JSON text, with its properties in order.
struct Parsed(Value);

impl<'de> Deserialize<'de> for Parsed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(Parsed)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Long(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        #[expect(clippy::cast_precision_loss, reason = "an integer outside the range of `long` becomes a `real`")]
        Ok(i64::try_from(value).map_or(Value::Real(value as f64), Value::Long))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Real(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Parsed(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Value::array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut pairs: Vec<(Arc<str>, Value)> = Vec::new();
        while let Some((name, Parsed(value))) = entries.next_entry::<String, Parsed>()? {
            pairs.push((name.into(), value));
        }
        Ok(Value::bag(Bag::of(pairs)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check_round_trip(text: &str) {
        assert_eq!(read(text).map(|value| write(&value)).as_deref(), Some(text));
    }

    #[test]
    fn property_order_and_number_types_round_trip() {
        check_round_trip(r#"{"b":1,"a":[1.0,2.5,null,true],"c":{"d":"x\n\"y\""}}"#);
        check_round_trip("9223372036854775807");
        assert_eq!(read("9223372036854775808"), Some(Value::Real(9_223_372_036_854_775_808.0)));
    }

    #[test]
    fn last_duplicate_property_wins() {
        assert_eq!(read(r#"{"a":1,"b":2,"a":3}"#).map(|value| write(&value)).as_deref(), Some(r#"{"a":3,"b":2}"#));
    }

    #[test]
    fn invalid_json_is_a_string_and_blank_text_is_null() {
        assert_eq!(parse(&"abc".into()), Value::text("abc"));
        assert_eq!(parse(&" ".into()), Value::Null);
        assert_eq!(parse(&"{".into()), Value::text("{"));
    }

    #[test]
    fn too_deeply_nested_json_is_rejected() {
        assert_eq!(read(&"[".repeat(100_000)), None);
    }

    #[test]
    fn values_without_a_json_representation_are_strings() {
        let array = Value::array(vec![Value::DateTime(0), Value::TimeSpan(1), Value::Real(f64::NAN)]);
        assert_eq!(write(&array), r#"["0001-01-01T00:00:00.0000000Z","00:00:00.0000001","NaN"]"#);
    }

    proptest! {
        #[test]
        fn strings_round_trip(text in any::<String>()) {
            prop_assert_eq!(read(&write(&Value::text(text.as_str()))), Some(Value::text(text)));
        }

        #[test]
        fn reals_round_trip(real in any::<f64>()) {
            prop_assume!(real.is_finite());
            prop_assert_eq!(read(&write(&Value::Real(real))), Some(Value::Real(real)));
        }
    }
}
