//! Values of literals, in every form that Kusto supports.

use kql_lang::ast::{ExprKind, Source, Statement};
use kql_lang::syntax;
use kql_lang::value::{Bag, Type, Value};
use rust_decimal::Decimal;

const SECOND: i64 = 10_000_000;
const DAY: i64 = 86_400 * SECOND;
/// 2020-01-02T00:00:00Z: the Unix epoch is 621,355,968,000,000,000 ticks after 0001-01-01, and the date is 1,577,923,200 s
/// after the epoch.
const DAY_OF_2020: i64 = 621_355_968_000_000_000 + 1_577_923_200 * SECOND;

/// Parses `print` with one literal. Returns its type and value, or `None` if the literal has a diagnostic.
fn literal(text: &str) -> Option<(Type, Value)> {
    let parsed = syntax::parse(&format!("print {text}"));
    if !parsed.diagnostics.is_empty() {
        return None;
    }
    let [Statement::Expression(query)] = parsed.query.statements.as_slice() else { panic!("{text}: {parsed:?}") };
    let ExprKind::Source(source) = &query.item else { panic!("{text}: {query:?}") };
    let Source::Print(items) = &**source else { panic!("{text}: {source:?}") };
    match &items.first().expect("an item").value.item {
        ExprKind::Literal(kind, value) => Some((*kind, value.clone())),
        other => panic!("{text}: {other:?}"),
    }
}

#[track_caller]
fn check(text: &str, kind: Type, value: Value) {
    assert_eq!(literal(text), Some((kind, value)), "{text}");
}

fn string(text: &str) -> Value {
    Value::String(text.into())
}

#[test]
fn number_literals() {
    check("1", Type::Long, Value::Long(1));
    check("0x1F", Type::Long, Value::Long(31));
    check("0xffffffffffffffff", Type::Long, Value::Long(-1));
    check("1.5", Type::Real, Value::Real(1.5));
    check("1.", Type::Real, Value::Real(1.0));
    check("1e3", Type::Real, Value::Real(1000.0));
    check("1.5E-3", Type::Real, Value::Real(0.0015));
    check("-9223372036854775808", Type::Long, Value::Long(i64::MIN));
    check("long(-9223372036854775808)", Type::Long, Value::Long(i64::MIN));
    check("int(-5)", Type::Int, Value::Int(-5));
    check("long( 0x10 )", Type::Long, Value::Long(16));
    check("real(5)", Type::Real, Value::Real(5.0));
    check("double(-1.5)", Type::Real, Value::Real(-1.5));
    check("real(nan)", Type::Real, Value::Real(f64::NAN));
    check("real(+inf)", Type::Real, Value::Real(f64::INFINITY));
    check("real(-inf)", Type::Real, Value::Real(f64::NEG_INFINITY));
    check("decimal(0.10)", Type::Decimal, Value::Decimal(Decimal::new(10, 2)));
    check("decimal(1e3)", Type::Decimal, Value::Decimal(Decimal::new(1000, 0)));
    for wrong in ["9223372036854775808", "int(2147483648)", "int(x)", "long(1.5)", "real(x)", "decimal(x)", "long()"] {
        assert_eq!(literal(wrong), None, "{wrong}");
    }
}

#[test]
fn bool_literals() {
    for text in ["true", "True", "TRUE", "bool(true)", "bool(1)"] {
        check(text, Type::Bool, Value::Bool(true));
    }
    for text in ["false", "False", "FALSE", "bool(false)", "bool(0)"] {
        check(text, Type::Bool, Value::Bool(false));
    }
    assert_eq!(literal("bool(maybe)"), None);
}

#[test]
fn timespan_literals_accept_all_unit_spellings() {
    for (text, ticks) in [
        ("1d", DAY),
        ("2days", 2 * DAY),
        ("1.5h", 5_400 * SECOND),
        ("3hrs", 10_800 * SECOND),
        ("30m", 1_800 * SECOND),
        ("30min", 1_800 * SECOND),
        ("1minutes", 60 * SECOND),
        ("10s", 10 * SECOND),
        ("10sec", 10 * SECOND),
        ("0.1s", SECOND / 10),
        ("100ms", SECOND / 10),
        ("5millis", 50_000),
        ("6microseconds", 60),
        ("7ticks", 7),
        ("250nanoseconds", 2),
        ("time(15 seconds)", 15 * SECOND),
        ("timespan(1.02:03:04.5)", DAY + 7_384 * SECOND + SECOND / 2),
        ("time(-1d)", -DAY),
        ("time('1d')", DAY),
        ("time(2)", 2 * DAY),
    ] {
        check(text, Type::TimeSpan, Value::TimeSpan(ticks));
    }
    assert_eq!(literal("time(soon)"), None);
    assert_eq!(literal("99999999999d"), None);
}

#[test]
fn datetime_literals_are_ticks_since_year_1() {
    check("datetime(0001-01-01)", Type::DateTime, Value::DateTime(0));
    for (text, ticks) in [
        ("datetime(2020-01-02)", DAY_OF_2020),
        ("date(2020-01-02)", DAY_OF_2020),
        ("datetime(\"2020-01-02\")", DAY_OF_2020),
        ("datetime(2020-01-02 03:04)", DAY_OF_2020 + 11_040 * SECOND),
        ("datetime(2020-01-02T03:04:05.678Z)", DAY_OF_2020 + 11_045 * SECOND + 6_780_000),
        ("datetime(2020-01-02T03:04:05.1234567)", DAY_OF_2020 + 11_045 * SECOND + 1_234_567),
        ("datetime(2020-01-02T02:00:00+02:00)", DAY_OF_2020),
        ("datetime(01/02/2020 00:00:00)", DAY_OF_2020),
    ] {
        check(text, Type::DateTime, Value::DateTime(ticks));
    }
    for wrong in ["datetime(2020-13-01)", "datetime(yesterday)", "datetime()", "datetime(10000-01-01)"] {
        assert_eq!(literal(wrong), None, "{wrong}");
    }
}

#[test]
fn every_type_except_string_has_a_null_literal() {
    for (text, kind) in [
        ("bool(null)", Type::Bool),
        ("int(null)", Type::Int),
        ("long(null)", Type::Long),
        ("real(null)", Type::Real),
        ("decimal(null)", Type::Decimal),
        ("datetime(null)", Type::DateTime),
        ("time(null)", Type::TimeSpan),
        ("guid(null)", Type::Guid),
        ("dynamic(null)", Type::Dynamic),
    ] {
        check(text, kind, Value::Null);
    }
    assert_eq!(literal("string(null)"), None);
}

#[test]
fn guid_literals_parse_with_and_without_hyphens() {
    let guid = Value::Guid(0x74be_27de_1e4e_49d9_b579_fe0b_331d_3642);
    check("guid(74be27de-1e4e-49d9-b579-fe0b331d3642)", Type::Guid, guid.clone());
    check("guid('74BE27DE1E4E49D9B579FE0B331D3642')", Type::Guid, guid);
    assert_eq!(literal("guid(74be27de-1e4e)"), None);
    assert_eq!(literal("74be27de-1e4e-49d9-b579-fe0b331d3642"), None);
}

#[test]
fn string_literals_accept_all_quote_styles() {
    for text in
        ["'it'", "\"it\"", "@'it'", "@\"it\"", "h'it'", "H\"it\"", "h@'it'", "```it```", "~~~it~~~", "h```it```"]
    {
        check(text, Type::String, string("it"));
    }
    check("'a' \"b\" @'c'", Type::String, string("abc"));
    check("@'it''s'", Type::String, string("it's"));
    check("@\"c:\\new\"", Type::String, string("c:\\new"));
    check("```one\ntwo\\n```", Type::String, string("one\ntwo\\n"));
    check(r#"'\\ \' \" \n \t \r \a \b \f \v'"#, Type::String, string("\\ ' \" \n \t \r \u{7} \u{8} \u{c} \u{b}"));
    check(r"'\x41\u00e9\U0001F980\101\0'", Type::String, string("Aé🦀A\0"));
    check(r"'\uD83E\uDD80'", Type::String, string("🦀"));
    check("\"{cluster-resource-id}\"", Type::String, string("{cluster-resource-id}"));
    for wrong in [r"'\q'", r"'\x4'", r"'\uD83E'", "'open", "@\"open", "```open"] {
        assert_eq!(literal(wrong), None, "{wrong}");
    }
}

#[test]
fn dynamic_literals_contain_json_and_scalar_literals() {
    check("dynamic('a')", Type::Dynamic, string("a"));
    check("dynamic(-1.5)", Type::Dynamic, Value::Real(-1.5));
    check("dynamic([])", Type::Dynamic, Value::Array(Vec::new().into()));
    let items = vec![
        Value::Long(1),
        string("a"),
        Value::Null,
        Value::Bool(true),
        Value::DateTime(DAY_OF_2020),
        Value::TimeSpan(DAY),
        Value::Long(-2),
    ];
    check("dynamic([1, 'a', null, true, datetime(2020-01-02), 1d, -2,])", Type::Dynamic, Value::Array(items.into()));
    let mut bag = Bag::default();
    bag.put("a".into(), Value::Long(2));
    bag.put("b c".into(), Value::Array(vec![Value::Real(1.0)].into()));
    check("dynamic({\"a\": 1, 'b c': [1.0], \"a\": 2})", Type::Dynamic, Value::Bag(bag.into()));
    for wrong in ["dynamic(x)", "dynamic({a: 1})", "dynamic([1", "dynamic([1 2])", "dynamic()"] {
        assert_eq!(literal(wrong), None, "{wrong}");
    }
}
