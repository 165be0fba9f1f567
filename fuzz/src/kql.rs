//! KQL: lex, parse, print, format, bind, run.

use std::sync::LazyLock;

use kql_lang::bind::{Catalog, bind};
use kql_lang::datetime::DateTime;
use kql_lang::diagnostic::DiagnosticCode;
use kql_lang::run::{Limits, Settings, Tables, run};
use kql_lang::syntax::{format, parse, print};
use kql_lang::value::{Column, Table, Type, Value, json};

/// A table with every type, and rows with nulls and extreme values.
fn table() -> Table {
    let types = [
        ("b", Type::Bool),
        ("i", Type::Int),
        ("l", Type::Long),
        ("r", Type::Real),
        ("s", Type::String),
        ("t", Type::DateTime),
        ("d", Type::TimeSpan),
        ("g", Type::Guid),
        ("o", Type::Dynamic),
    ];
    let columns: Vec<Column> = types.iter().map(|(name, kind)| Column { name: (*name).into(), kind: *kind }).collect();
    let object = || json::read(r#"{"a":[1,"x",null,{"b":2.5}],"c":"2026-01-01"}"#).expect("JSON");
    let row = |text: &str, number: i64| {
        vec![
            Value::Bool(number % 2 == 0),
            Value::Int(i32::try_from(number).unwrap_or(i32::MAX)),
            Value::Long(number),
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            Value::Real(number as f64 / 3.0),
            Value::text(text),
            Value::DateTime(DateTime::UNIX_EPOCH.ticks().saturating_add(number)),
            Value::TimeSpan(number),
            Value::Guid(number.unsigned_abs().into()),
            object(),
        ]
    };
    let mut rows = vec![
        row("", 0),
        row("a b=1, c='é'", 1),
        row("a\nb\tc \u{1f600}", i64::MAX),
        row("{\"k\":[1,2]}", i64::MIN),
        row("2026-01-01T00:00:00Z", -1),
    ];
    rows.push(vec![Value::Null; columns.len()]);
    Table { columns, rows }
}

struct Input {
    catalog: Catalog,
    tables: Tables,
}

/// The table under two short names, and empty tables of the pack.
static INPUT: LazyLock<Input> = LazyLock::new(|| {
    let rules = crate::seeds::pack();
    let table = table();
    let catalog = amp_rules_kql::convert::catalog(&rules.schema)
        .with_table("T", table.columns.clone())
        .with_table("U", table.columns.clone())
        .with_parameter("cluster", Type::String)
        .with_parameter("since", Type::DateTime);
    let mut tables = Tables::new().with("T", table.clone()).with("U", table);
    for name in rules.schema.tables.keys() {
        let columns = catalog.table(name).map(<[Column]>::to_vec).unwrap_or_default();
        tables = tables.with(name, Table { columns, rows: Vec::new() });
    }
    Input { catalog, tables }
});

/// Parses, prints, formats and binds a query, and runs it within small limits.
///
/// # Panics
///
/// - A query without diagnostics does not survive printing or formatting, or formatting twice differs.
/// - A query without diagnostics has no plan.
/// - The result has rows of another width than its columns, or exceeds the limit on rows, or differs in a second run.
pub fn kql(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let parsed = parse(text);
    for diagnostic in &parsed.diagnostics {
        assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{diagnostic:?}");
    }
    let bound = bind(&parsed.query, &INPUT.catalog);
    if !parsed.diagnostics.is_empty() {
        return;
    }
    // Unsupported operators are printed by name only, and some of these names do not parse as one operator.
    let printed = print(&parsed.query);
    if bound.diagnostics.iter().all(|diagnostic| diagnostic.code != DiagnosticCode::Unsupported) {
        let again = parse(&printed);
        assert_eq!((again.diagnostics.as_slice(), &again.query), ([].as_slice(), &parsed.query), "{printed}");
    }
    let formatted = format(text).expect("a query that parses can be formatted");
    assert_eq!(parse(&formatted).query, parsed.query, "{formatted}");
    assert_eq!(format(&formatted).as_deref(), Ok(formatted.as_str()), "formatting twice changes nothing");
    for diagnostic in &bound.diagnostics {
        assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{diagnostic:?}");
    }
    if !bound.diagnostics.is_empty() {
        return;
    }
    let Some(plan) = bound.plan else {
        assert!(!bound.live_only.is_empty(), "a query without diagnostics has a plan");
        return;
    };
    let mut settings = Settings { now: DateTime::UNIX_EPOCH, ..Settings::default() };
    settings.limits = Limits { rows: 10_000, bytes: 16 << 20, steps: 100_000 };
    settings.parameters.insert("cluster".to_owned(), Value::text("s"));
    settings.parameters.insert("since".to_owned(), Value::DateTime(0));
    let Ok(outcome) = run(&plan, &INPUT.tables, &settings) else { return };
    let mut rows = 0;
    for (_, table) in &outcome.tables {
        rows += table.rows.len() as u64;
        for row in &table.rows {
            assert_eq!(row.len(), table.columns.len());
            row.iter().for_each(|cell| drop(json::cell(cell)));
        }
    }
    assert!(rows <= settings.limits.rows, "{rows} rows");
    // Compared as text: NaN differs from itself.
    let again = run(&plan, &INPUT.tables, &settings).expect("the same run");
    assert_eq!(format!("{:?}", outcome.tables), format!("{:?}", again.tables));
}
