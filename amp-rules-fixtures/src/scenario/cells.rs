//! JSON cells of generated rows.
//!
//! Input: texts and numbers of a scenario, and the column types of a table. Output: cells as services export them.

use amp_rules_core::suggest::nearest;
use amp_rules_core::telemetry::schema::{ColumnType, Path, Table};
use serde_json::{Map, Number, Value};

/// Sets the value at a path. Objects on the way are created; a value that is not an object is replaced by one.
pub(super) fn set_path(row: &mut Map<String, Value>, path: &Path, value: Value) {
    let mut parts = path.parts().iter();
    let Some(column) = parts.next() else { return };
    let mut at = row.entry(column.clone()).or_insert(Value::Null);
    for part in parts {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(inner) = at else { return };
        at = inner.entry(part.clone()).or_insert(Value::Null);
    }
    *at = value;
}

/// Sets the weight cell of a row: without it, a row stands for an unknown number of rows.
pub(super) fn set_weight(table: &Table, row: &mut Map<String, Value>, weight: u64) {
    if let Some(path) = &table.weight {
        set_path(row, path, Value::from(weight));
    }
}

/// A number as JSON, without a fraction if it is an integer. Infinite values and NaN are null.
pub(super) fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "an integer within the range where f64 is exact")]
        let integer = value as i64;
        return Value::from(integer);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// The cell of a column of this type. `None` stands for a property of a dynamic column, which services export as text.
pub(super) fn cell(kind: Option<ColumnType>, text: &str) -> Value {
    match kind {
        Some(ColumnType::Int | ColumnType::Long | ColumnType::Real | ColumnType::Decimal) => {
            text.parse().map_or_else(|_| Value::String(text.to_owned()), number)
        }
        Some(ColumnType::Bool) => text.parse().map_or_else(|_| Value::String(text.to_owned()), Value::Bool),
        Some(ColumnType::Dynamic) => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        Some(ColumnType::String | ColumnType::DateTime | ColumnType::TimeSpan | ColumnType::Guid) | None => {
            Value::String(text.to_owned())
        }
    }
}

/// The end of an error message about an unknown name: the nearest known one, or nothing.
pub(super) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a String>) -> String {
    nearest(name, known.into_iter().map(String::as_str))
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}
