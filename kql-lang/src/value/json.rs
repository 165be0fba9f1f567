//! JSON as dynamic values, and dynamic values as JSON.
//!
//! Whole numbers become `long`, others `real` (also whole numbers beyond the range of `long`); of properties with one
//! name the last counts; properties keep their order. What JSON has no form for (`datetime`, `timespan`, `guid`,
//! `decimal`, NaN and the infinities) is written as a string.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::value::{Bag, Value, render};

/// Reads JSON; none if the text is no JSON, or nested deeper than 127 levels.
#[must_use]
pub fn read(text: &str) -> Option<Value> {
    serde_json::from_str::<Parsed>(text).ok().map(|parsed| parsed.0)
}

/// `parse_json`: JSON as what it says, an empty text as null, any other text as a string.
#[must_use]
pub fn parse(text: &Arc<str>) -> Value {
    if text.trim().is_empty() {
        return Value::Null;
    }
    read(text).unwrap_or_else(|| Value::String(Arc::clone(text)))
}

/// Writes a value as JSON without spaces.
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

/// A value as a program's JSON: what stands in a cell of a result table.
///
/// Datetimes show a fraction of the second only where they have one; inside arrays and bags they always do.
#[must_use]
pub fn cell(value: &Value) -> serde_json::Value {
    match value {
        Value::DateTime(ticks) => render::datetime_cell(*ticks).into(),
        other => to_json(other),
    }
}

/// A value as a program's JSON.
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

/// A program's JSON as a value.
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

/// A value as it comes out of a JSON text, its properties in their order.
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
        #[expect(clippy::cast_precision_loss, reason = "beyond the range of a long only a real is left")]
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
    fn there_and_back(text: &str) {
        assert_eq!(read(text).map(|value| write(&value)).as_deref(), Some(text));
    }

    #[test]
    fn json_keeps_the_order_of_properties_and_the_kind_of_numbers() {
        there_and_back(r#"{"b":1,"a":[1.0,2.5,null,true],"c":{"d":"x\n\"y\""}}"#);
        there_and_back("9223372036854775807");
        assert_eq!(read("9223372036854775808"), Some(Value::Real(9_223_372_036_854_775_808.0)));
    }

    #[test]
    fn of_properties_with_one_name_the_last_counts() {
        assert_eq!(read(r#"{"a":1,"b":2,"a":3}"#).map(|value| write(&value)).as_deref(), Some(r#"{"a":3,"b":2}"#));
    }

    #[test]
    fn a_text_that_is_no_json_stays_a_string_and_an_empty_one_is_null() {
        assert_eq!(parse(&"abc".into()), Value::text("abc"));
        assert_eq!(parse(&" ".into()), Value::Null);
        assert_eq!(parse(&"{".into()), Value::text("{"));
    }

    #[test]
    fn json_nested_without_end_is_no_json() {
        assert_eq!(read(&"[".repeat(100_000)), None);
    }

    #[test]
    fn what_json_has_no_form_for_is_a_string() {
        let array = Value::array(vec![Value::DateTime(0), Value::TimeSpan(1), Value::Real(f64::NAN)]);
        assert_eq!(write(&array), r#"["0001-01-01T00:00:00.0000000Z","00:00:00.0000001","NaN"]"#);
    }

    proptest! {
        #[test]
        fn every_text_goes_there_and_back(text in any::<String>()) {
            prop_assert_eq!(read(&write(&Value::text(text.as_str()))), Some(Value::text(text)));
        }

        #[test]
        fn every_real_goes_there_and_back(real in any::<f64>()) {
            prop_assume!(real.is_finite());
            prop_assert_eq!(read(&write(&Value::Real(real))), Some(Value::Real(real)));
        }
    }
}
