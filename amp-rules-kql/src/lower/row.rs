//! A row of the result of a lowered query, and accessors for its cells in the encodings that services use.

use amp_rules_core::telemetry::entity::Entity;
use amp_rules_core::time::Time;
use kql_lang::datetime::TICKS_TO_EPOCH;
use kql_lang::value::{Value, json};

use super::piece::Piece;

/// A row of the result of a lowered query.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) piece: Piece,
    pub(super) keys: Vec<String>,
    pub(super) at: Time,
    pub(super) cells: Vec<Value>,
}

impl Row {
    /// Returns the entity of the row: its key values with the given key names.
    pub(super) fn entity(&self, names: &[String]) -> Entity {
        Entity::new(names.iter().cloned().zip(self.keys.iter().cloned()))
    }
}

/// Returns a list, also from a string of JSON.
pub(super) fn list(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::Array(values) => Some(values.to_vec()),
        Value::String(text) => match json::read(text)? {
            Value::Array(values) => Some(values.to_vec()),
            _ => None,
        },
        _ => None,
    }
}

/// Returns a text; null is an empty text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Null => Some(String::new()),
        _ => None,
    }
}

/// Returns an integer.
pub(super) fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Long(number) => Some(*number),
        Value::Int(number) => Some(i64::from(*number)),
        Value::Real(number) if number.fract() == 0.0 && number.abs() < 9e15 => Some(*number as i64),
        _ => None,
    }
}

/// Returns a number; non-finite numbers are encoded as text.
pub(super) fn real(value: &Value) -> Option<f64> {
    match value {
        Value::Real(number) => Some(*number),
        Value::Long(number) => Some(*number as f64),
        Value::Int(number) => Some(f64::from(*number)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// Returns an instant.
pub(super) fn instant(value: &Value) -> Option<Time> {
    match value {
        Value::DateTime(ticks) => Some(Time::from_ticks(ticks.checked_sub(TICKS_TO_EPOCH)?)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}
