//! Decodes one JSON cell of a response as a value of its column type.
//!
//! Encodings differ between services: `dynamic` is an object or a string of JSON, booleans are `true` or `1`, NaN and infinities
//! are strings, decimals and timespans are strings. A cell that does not match its type is an error, never null.

use std::sync::Arc;

use kql_lang::datetime::parse as text;
use kql_lang::value::{Type, Value, json};
use serde_json::Value as Json;

/// Returns the KQL type for a type name in any spelling used by the services: `long`, `Int64`, `System.Int64`.
#[must_use]
pub fn kind(name: &str) -> Option<Type> {
    Some(match name.trim_start_matches("System.") {
        "bool" | "boolean" | "Boolean" | "SByte" => Type::Bool,
        "int" | "Int32" | "uint" | "UInt32" | "Int16" | "UInt16" | "Byte" => Type::Int,
        "long" | "Int64" | "ulong" | "UInt64" => Type::Long,
        "real" | "double" | "Double" | "Single" => Type::Real,
        "decimal" | "SqlDecimal" | "Data.SqlTypes.SqlDecimal" | "Decimal" => Type::Decimal,
        "string" | "String" => Type::String,
        "datetime" | "date" | "DateTime" => Type::DateTime,
        "timespan" | "time" | "TimeSpan" => Type::TimeSpan,
        "guid" | "uuid" | "uniqueid" | "Guid" => Type::Guid,
        "dynamic" | "Object" => Type::Dynamic,
        _ => return None,
    })
}

/// Returns the value of a cell; `None` if the cell does not match the type.
pub(super) fn value(kind: Type, cell: &Json) -> Option<Value> {
    if cell.is_null() {
        // Strings are never null.
        return Some(if kind == Type::String { Value::String(Arc::from("")) } else { Value::Null });
    }
    Some(match kind {
        Type::Bool => match cell {
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Number(number) => Value::Bool(number.as_i64()? != 0),
            Json::String(text) => Value::Bool(text.parse::<bool>().ok()?),
            Json::Null | Json::Array(_) | Json::Object(_) => return None,
        },
        Type::Int => Value::Int(i32::try_from(as_integer(cell)?).ok()?),
        Type::Long => Value::Long(as_integer(cell)?),
        Type::Real => Value::Real(real(cell)?),
        Type::Decimal => Value::Decimal(match cell {
            Json::String(text) => text.parse().ok()?,
            other => other.to_string().parse().ok()?,
        }),
        Type::String => Value::String(Arc::from(match cell {
            Json::String(text) => text.as_str(),
            _ => return Some(Value::String(Arc::from(cell.to_string().as_str()))),
        })),
        Type::DateTime => Value::DateTime(text::datetime(cell.as_str()?)?),
        Type::TimeSpan => match cell {
            Json::String(string) => Value::TimeSpan(text::timespan(string)?),
            other => Value::TimeSpan(other.as_i64()?),
        },
        Type::Guid => Value::Guid(u128::from_str_radix(&cell.as_str()?.replace('-', ""), 16).ok()?),
        Type::Dynamic => match cell {
            // A string that parses as JSON is that JSON value; any other string is a plain string.
            Json::String(string) => json::parse(&Arc::from(string.as_str())),
            other => json::from_json(other),
        },
    })
}

fn as_integer(cell: &Json) -> Option<i64> {
    match cell {
        Json::Number(number) => number.as_i64().or_else(|| {
            let real = number.as_f64()?;
            (real.fract() == 0.0 && real.abs() < 9.2e18).then_some(real as i64)
        }),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn real(cell: &Json) -> Option<f64> {
    match cell {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" | "+Infinity" | "∞" => Some(f64::INFINITY),
            "-Infinity" | "-∞" => Some(f64::NEG_INFINITY),
            text => text.parse().ok(),
        },
        _ => None,
    }
}
