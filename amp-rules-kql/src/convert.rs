//! Conversions between the types of the query language and those of the core.
//!
//! Free functions, because neither crate knows the other: types, instants, parameter values, result tables, catalogues.

use std::time::Duration;

use amp_rules_core::telemetry::request::ParameterValue;
use amp_rules_core::telemetry::schema::{ColumnType, Schema};
use amp_rules_core::telemetry::source::data::{Cell, ResultTable};
use amp_rules_core::time::{Time, ticks_of};
use kql_lang::bind::Catalog;
use kql_lang::datetime::{DateTime, TICKS_TO_EPOCH};
use kql_lang::value::{Column, Table, Type, Value, convert};

/// The language's type for a column type of a pack.
#[must_use]
pub const fn scalar_type(kind: ColumnType) -> Type {
    match kind {
        ColumnType::Bool => Type::Bool,
        ColumnType::Int => Type::Int,
        ColumnType::Long => Type::Long,
        ColumnType::Real => Type::Real,
        ColumnType::Decimal => Type::Decimal,
        ColumnType::String => Type::String,
        ColumnType::DateTime => Type::DateTime,
        ColumnType::TimeSpan => Type::TimeSpan,
        ColumnType::Guid => Type::Guid,
        ColumnType::Dynamic => Type::Dynamic,
    }
}

/// The column type of a pack for a type of the language.
#[must_use]
pub const fn column_type(kind: Type) -> ColumnType {
    match kind {
        Type::Bool => ColumnType::Bool,
        Type::Int => ColumnType::Int,
        Type::Long => ColumnType::Long,
        Type::Real => ColumnType::Real,
        Type::Decimal => ColumnType::Decimal,
        Type::String => ColumnType::String,
        Type::DateTime => ColumnType::DateTime,
        Type::TimeSpan => ColumnType::TimeSpan,
        Type::Guid => ColumnType::Guid,
        Type::Dynamic => ColumnType::Dynamic,
    }
}

/// The language's instant for an instant of the core; the ends of time become the ends of the calendar.
#[must_use]
pub const fn datetime(time: Time) -> DateTime {
    DateTime::from_unix_ticks(time.ticks())
}

/// A duration in ticks of 100 ns, as a `timespan` holds it; saturating.
#[must_use]
pub fn timespan(duration: Duration) -> i64 {
    ticks_of(duration)
}

/// The value of a query parameter.
#[must_use]
pub fn parameter(value: &ParameterValue) -> Value {
    match value {
        ParameterValue::Text(text) => Value::text(text.as_str()),
        ParameterValue::Number(number) => Value::Real(*number),
        ParameterValue::Time(time) => Value::DateTime(datetime(*time).ticks()),
        ParameterValue::Duration(duration) => Value::TimeSpan(timespan(*duration)),
    }
}

/// The tables of a schema as a catalogue for the binder.
#[must_use]
pub fn catalog(schema: &Schema) -> Catalog {
    schema.tables.values().fold(Catalog::new(), |catalog, table| {
        let columns = table.columns.iter();
        let columns = columns.map(|(name, kind)| Column { name: name.as_str().into(), kind: scalar_type(*kind) });
        catalog.with_table(&table.name, columns.collect())
    })
}

/// A result of the interpreter or of a service, as an answer holds it.
///
/// Values that the core has no kind for become text; NaN and infinities become null.
#[must_use]
pub fn result_table(table: &Table) -> ResultTable {
    let columns = table.columns.iter().map(|column| (column.name.to_string(), column_type(column.kind)));
    ResultTable {
        columns: columns.collect(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_goes_there_and_back_under_one_name() {
        for kind in Type::ALL {
            assert_eq!(scalar_type(column_type(kind)), kind);
            assert_eq!(ColumnType::named(kind.as_str()), Some(column_type(kind)));
        }
        assert_eq!(ColumnType::ALL.len(), Type::ALL.len());
    }

    #[test]
    fn the_ends_of_time_are_the_ends_of_the_calendar() {
        assert_eq!(datetime(Time::MIN), DateTime::MIN);
        assert_eq!(datetime(Time::MAX), DateTime::MAX);
        let noon = "2025-08-05T12:00:00Z".parse::<Time>().unwrap();
        assert_eq!(datetime(noon).to_string(), noon.to_string());
    }
}
