//! Conversions between types of `kql-lang` and types of `amp-rules-core`.
//!
//! Input and output: column types, instants, durations, parameter values, result tables, catalogs. They are free functions
//! because neither crate depends on the other.

use std::time::Duration;

use amp_rules_core::telemetry::request::ParameterValue;
use amp_rules_core::telemetry::schema::{ColumnType, Schema};
use amp_rules_core::telemetry::source::data::{Cell, ResultTable};
use amp_rules_core::time::{Time, ticks_of};
use kql_lang::bind::Catalog;
use kql_lang::datetime::{DateTime, TICKS_TO_EPOCH};
use kql_lang::value::{Column, Table, Type, Value, convert};

/// Returns the KQL type of a column type in a pack.
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

/// Returns the column type in a pack of a KQL type.
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

/// Converts an instant of the core to a KQL `datetime`; `Time::MIN` and `Time::MAX` become the limits of `datetime`.
#[must_use]
pub const fn datetime(time: Time) -> DateTime {
    DateTime::from_unix_ticks(time.ticks())
}

/// Returns a duration as a KQL `timespan` in ticks of 100 ns; saturating.
#[must_use]
pub fn timespan(duration: Duration) -> i64 {
    ticks_of(duration)
}

/// Converts a query parameter to a KQL value.
#[must_use]
pub fn parameter(value: &ParameterValue) -> Value {
    match value {
        ParameterValue::Text(text) => Value::text(text.as_str()),
        ParameterValue::Number(number) => Value::Real(*number),
        ParameterValue::Time(time) => Value::DateTime(datetime(*time).ticks()),
        ParameterValue::Duration(duration) => Value::TimeSpan(timespan(*duration)),
    }
}

/// Returns the binder catalog of the tables in a schema.
#[must_use]
pub fn catalog(schema: &Schema) -> Catalog {
    schema.tables.values().fold(Catalog::new(), |catalog, table| {
        let columns = table.columns.iter();
        let columns = columns.map(|(name, kind)| Column { name: name.as_str().into(), kind: scalar_type(*kind) });
        catalog.with_table(&table.name, columns.collect())
    })
}

/// Converts a result of the interpreter or of a service to the table type of answers.
///
/// Values without a counterpart in the core become text; NaN and infinities become null.
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
    fn every_type_round_trips_with_the_same_name() {
        for kind in Type::ALL {
            assert_eq!(scalar_type(column_type(kind)), kind);
            assert_eq!(ColumnType::named(kind.as_str()), Some(column_type(kind)));
        }
        assert_eq!(ColumnType::ALL.len(), Type::ALL.len());
    }

    #[test]
    fn time_limits_become_datetime_limits() {
        assert_eq!(datetime(Time::MIN), DateTime::MIN);
        assert_eq!(datetime(Time::MAX), DateTime::MAX);
        let noon = "2025-08-05T12:00:00Z".parse::<Time>().unwrap();
        assert_eq!(datetime(noon).to_string(), noon.to_string());
    }
}
