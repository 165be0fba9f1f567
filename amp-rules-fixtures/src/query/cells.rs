//! Converts JSON cells of rows to KQL values.
//!
//! Input: rows as services export them. Output: values of the types that a pack declares for columns. A
//! cell that is not a value of its column's type is null, as on the service that exported it.

use amp_rules_core::telemetry::schema::Table;
use amp_rules_core::telemetry::source::rows::{Row, text_of};
use amp_rules_core::time::Time;
use kql_lang::datetime::TICKS_TO_EPOCH;
use kql_lang::value::{Column, Type, Value, convert, json};

fn of_time(time: Time) -> Value {
    Value::DateTime(time.ticks().saturating_add(TICKS_TO_EPOCH))
}

/// The value of a column in a row. A missing string is empty, since KQL strings are never null.
pub(crate) fn of_row(table: &Table, row: &Row, column: &Column) -> Value {
    if table.time.parts().len() == 1 && table.time.column() == &*column.name {
        return of_time(row.time());
    }
    let missing = || if column.kind == Type::String { Value::String("".into()) } else { Value::Null };
    match row.cells().get(&*column.name) {
        None | Some(serde_json::Value::Null) => missing(),
        Some(cell) => of_cell(cell, column.kind),
    }
}

fn of_cell(cell: &serde_json::Value, kind: Type) -> Value {
    match kind {
        Type::String => Value::String(text_of(cell).unwrap_or_default().as_ref().into()),
        // Exported files may have instants in the format of the portal.
        Type::DateTime => text_of(cell).and_then(|text| text.parse::<Time>().ok()).map_or(Value::Null, of_time),
        // A number that was exported as text with a fraction is truncated like any other number.
        Type::Int | Type::Long => match convert::to(kind, &json::from_json(cell)) {
            Value::Null => convert::to(kind, &convert::to(Type::Real, &json::from_json(cell))),
            number => number,
        },
        // Services return arrays and property bags as JSON text.
        Type::Dynamic => match cell.as_str().filter(|text| text.trim_start().starts_with(['{', '['])) {
            Some(text) => json::read(text).unwrap_or_else(|| Value::text(text)),
            None => json::from_json(cell),
        },
        _ => convert::to(kind, &json::from_json(cell)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_become_values_of_the_column_type_or_null() {
        let cases = [
            (serde_json::json!("12"), Type::Long, Value::Long(12)),
            (serde_json::json!(12.9), Type::Long, Value::Long(12)),
            (serde_json::json!(3_000_000_000_u64), Type::Int, Value::Null),
            (serde_json::json!("NaN"), Type::Real, Value::Real(f64::NAN)),
            (serde_json::json!("12.9"), Type::Long, Value::Long(12)),
            (serde_json::json!("many"), Type::Real, Value::Null),
            (serde_json::json!("1.02:03:04.5"), Type::TimeSpan, Value::TimeSpan(937_845_000_000)),
            (serde_json::json!(24.0), Type::String, Value::String("24".into())),
            (serde_json::json!("True"), Type::Bool, Value::Bool(true)),
            (serde_json::json!("not json"), Type::Dynamic, Value::String("not json".into())),
            (serde_json::json!("[1]"), Type::Dynamic, Value::array(vec![Value::Long(1)])),
            (
                serde_json::json!([1, 2.5, null]),
                Type::Dynamic,
                Value::array(vec![Value::Long(1), Value::Real(2.5), Value::Null]),
            ),
        ];
        for (cell, kind, want) in cases {
            assert_eq!(of_cell(&cell, kind), want, "{cell} as {kind:?}");
        }
    }
}
