//! Result tables as text: aligned for a terminal, JSON for programs, CSV for spreadsheets.
//!
//! Tables in; text out. No cell is truncated. JSON is exact. In a table and in CSV, characters that are not safe to print are
//! shown as escapes, so that a row is a line and no cell controls a terminal or is a command of a CI system.

use std::fmt::Write as _;

use amp_rules_core::escape::{Printable, inline};
use amp_rules_core::report::layout::{plural, width};
use kql_lang::value::{Table, Type, Value, convert, json, render};

/// The name of an unnamed result, as in the responses of Kusto's services.
const UNNAMED: &str = "PrimaryResult";

/// Result tables in their order, each with the name from `as`.
pub(super) type Results = [(Option<String>, Table)];

/// Aligned columns, numbers right-aligned, with the number of rows below.
pub(super) fn table(results: &Results) -> Printable {
    let mut out = String::new();
    for (place, (name, table)) in results.iter().enumerate() {
        if place > 0 {
            out.push('\n');
        }
        if let Some(name) = name {
            let _ = writeln!(out, "{}:", inline(name));
        }
        one(table, &mut out);
    }
    Printable::lines(&out)
}

fn one(table: &Table, out: &mut String) {
    let header: Vec<String> = table.columns.iter().map(|column| inline(&column.name).into_owned()).collect();
    let rows: Vec<Vec<String>> =
        table.rows.iter().map(|row| row.iter().map(|value| inline(&shown(value)).into_owned()).collect()).collect();
    let mut widths: Vec<usize> = header.iter().map(|name| width(name)).collect();
    for row in &rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = (*widest).max(width(cell));
        }
    }
    let right: Vec<bool> = table
        .columns
        .iter()
        .map(|column| matches!(column.kind, Type::Int | Type::Long | Type::Real | Type::Decimal))
        .collect();
    let mut line = |cells: &[String]| {
        let mut text = String::new();
        for ((cell, widest), right) in cells.iter().zip(&widths).zip(&right) {
            let blanks = " ".repeat(widest.saturating_sub(width(cell)));
            let (before, after) = if *right { (blanks.as_str(), "") } else { ("", blanks.as_str()) };
            text.push_str(&[before, cell, after, "  "].concat());
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(&header);
    line(&widths.iter().map(|width| "-".repeat(*width)).collect::<Vec<_>>());
    rows.iter().for_each(|row| line(row));
    let _ = writeln!(out, "({})", plural(rows.len(), "row"));
}

/// A value for a terminal: times without a fraction if it is 0.
fn shown(value: &Value) -> String {
    match value {
        Value::DateTime(ticks) => render::datetime_cell(*ticks),
        other => convert::text(other).to_string(),
    }
}

/// `{"tables":[{"name","columns":[{"name","type"}],"rows":[[…]]}]}`, a row per line.
///
/// Cells are those of Kusto: arrays and bags as JSON with their properties in order, datetimes and timespans as text with
/// seven digits, decimals, NaN and infinities as text.
pub(super) fn as_json(results: &Results) -> Printable {
    let quoted = |text: &str| json::write(&Value::text(text));
    let mut out = String::from("{\"tables\":[");
    for (place, (name, table)) in results.iter().enumerate() {
        out.push_str(if place > 0 { ",\n" } else { "\n" });
        let name = quoted(name.as_deref().unwrap_or(UNNAMED));
        let column = |name: &str, kind: Type| format!("{{\"name\":{},\"type\":\"{}\"}}", quoted(name), kind.as_str());
        let columns: Vec<String> = table.columns.iter().map(|one| column(&one.name, one.kind)).collect();
        let _ = write!(out, "{{\"name\":{name},\"columns\":[{}],\"rows\":[", columns.join(","));
        for (place, row) in table.rows.iter().enumerate() {
            out.push_str(if place > 0 { ",\n" } else { "\n" });
            let cells: Vec<String> = row.iter().map(json::write).collect();
            let _ = write!(out, "[{}]", cells.join(","));
        }
        out.push_str(if table.rows.is_empty() { "]}" } else { "\n]}" });
    }
    out.push_str("\n]}\n");
    Printable::json(&out)
}

/// Comma-separated values by RFC 4180, with a header; an empty line separates two tables.
pub(super) fn csv(results: &Results) -> Printable {
    let mut out = String::new();
    for (place, (_, table)) in results.iter().enumerate() {
        if place > 0 {
            out.push('\n');
        }
        record(table.columns.iter().map(|column| column.name.to_string()), &mut out);
        for row in &table.rows {
            record(row.iter().map(|value| convert::text(value).to_string()), &mut out);
        }
    }
    Printable::lines(&out).with_crlf()
}

fn record(fields: impl Iterator<Item = String>, out: &mut String) {
    let fields: Vec<String> = fields
        .map(|field| {
            let field = inline(&field);
            if field.contains([',', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.into_owned() }
        })
        .collect();
    // A record of one empty field would be an empty line, which readers skip.
    let only_empty = matches!(fields.as_slice(), [one] if one.is_empty());
    out.push_str(&if only_empty { "\"\"".to_owned() } else { fields.join(",") });
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use kql_lang::value::{Bag, Column};

    use super::*;

    fn results() -> Vec<(Option<String>, Table)> {
        let column = |name: &str, kind| Column { name: name.into(), kind };
        let bag = Bag::of([("z".into(), Value::Long(1)), ("a".into(), Value::Real(f64::NAN))]);
        let columns = vec![
            column("naïve", Type::String),
            column("n", Type::Long),
            column("x", Type::Real),
            column("at", Type::DateTime),
            column("for", Type::TimeSpan),
            column("d", Type::Dynamic),
        ];
        let instant = kql_lang::datetime::TICKS_TO_EPOCH;
        let rows = vec![
            vec![
                Value::text("日本, \"x\"\n"),
                Value::Long(i64::MAX),
                Value::Real(f64::NEG_INFINITY),
                Value::DateTime(instant),
                Value::TimeSpan(5),
                Value::bag(bag),
            ],
            vec![Value::text(""), Value::Null, Value::Real(2.0), Value::Null, Value::Null, Value::Null],
        ];
        let named = Table { columns: vec![column("k", Type::String)], rows: vec![vec![Value::text("")]] };
        vec![(None, Table { columns, rows }), (Some("second".to_owned()), named)]
    }

    #[test]
    fn a_table_is_aligned_by_display_width_and_a_row_is_a_line() {
        let text = table(&results());
        let lines: Vec<&str> = text.lines().collect();
        // Two Chinese characters take four columns, so the first column has 4 + 2 + 3 + 2 of them.
        assert_eq!(
            lines.first().copied(),
            Some("naïve                          n          x  at                    for               d")
        );
        assert_eq!(
            lines.get(2).copied(),
            Some(
                "日本, \"x\"\\n  9223372036854775807  -Infinity  1970-01-01T00:00:00Z  00:00:00.0000005  {\"z\":1,\"a\":\"NaN\"}"
            )
        );
        assert_eq!(lines.get(3).map(|line| line.trim_start()), Some("2.0"));
        assert!(text.ends_with("(2 rows)\n\nsecond:\nk\n-\n\n(1 row)\n"), "{text}");
    }

    #[test]
    fn json_keeps_every_digit_and_the_order_of_properties() {
        let text = as_json(&results());
        let first = "[\"日本, \\\"x\\\"\\n\",9223372036854775807,\"-Infinity\",\"1970-01-01T00:00:00.0000000Z\",\"00:00:00.0000005\",{\"z\":1,\"a\":\"NaN\"}]";
        assert!(text.contains(first), "{text}");
        assert!(text.contains("[\"\",null,2.0,null,null,null]"), "{text}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["tables"][0]["name"], "PrimaryResult");
        assert_eq!(read["tables"][0]["columns"][3], serde_json::json!({ "name": "at", "type": "datetime" }));
        assert_eq!(read["tables"][1]["name"], "second");
    }

    #[test]
    fn csv_quotes_fields_and_separates_tables_by_an_empty_line() {
        let want = "naïve,n,x,at,for,d\r\n\
            \"日本, \"\"x\"\"\\n\",9223372036854775807,-Infinity,1970-01-01T00:00:00.0000000Z,00:00:00.0000005,\"{\"\"z\"\":1,\"\"a\"\":\"\"NaN\"\"}\"\r\n\
            ,,2.0,,,\r\n\r\nk\r\n\"\"\r\n";
        assert_eq!(csv(&results()), want);
    }
}
