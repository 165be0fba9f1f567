//! Results as answers hold them.
//!
//! Input: a table that came from the interpreter or from a service. Output: the same rows in the cells of core. What core has
//! no kind for becomes text, what is no number becomes null.

use amp_rules_core::telemetry::source::data::{Cell, ResultTable};
use amp_rules_core::time::Time;

use crate::value::{TICKS_TO_EPOCH, Table, Value, convert};

/// The table as an answer holds it.
#[must_use]
pub fn of(table: &Table) -> ResultTable {
    ResultTable {
        columns: table.columns.iter().map(|column| (column.name.to_string(), column.kind)).collect(),
        rows: table.rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
    }
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(truth) => Cell::Bool(*truth),
        Value::Int(number) => Cell::Integer(i64::from(*number)),
        Value::Long(number) => Cell::Integer(*number),
        Value::Real(number) => real(*number),
        Value::Decimal(number) => number.to_string().parse().map_or(Cell::Null, real),
        Value::String(text) => Cell::Text(text.to_string()),
        Value::DateTime(ticks) => Cell::Time(Time::from_ticks(ticks.saturating_sub(TICKS_TO_EPOCH))),
        Value::TimeSpan(ticks) => Cell::Span(*ticks),
        Value::Guid(_) | Value::Array(_) | Value::Bag(_) => Cell::Text(convert::text(value).to_string()),
    }
}

fn real(number: f64) -> Cell {
    if number.is_finite() { Cell::Real(number) } else { Cell::Null }
}
