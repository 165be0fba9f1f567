//! Tests of aggregates over rows.

use super::{In, at, describe, dynamic, null};
use crate::registry::aggregate;
use crate::value::{Type, Value, json};

/// The result of an aggregate over rows, as JSON; the argument types and constants are taken from the first row.
#[track_caller]
fn over<const N: usize>(name: &str, rows: &[[In; N]]) -> String {
    let function = aggregate(name).unwrap_or_else(|| panic!("no aggregate `{name}`"));
    assert!(function.arity.contains(&N), "{name}");
    let described = describe(rows.first().expect("a row with the argument types"));
    (function.result)(&described).unwrap_or_else(|argument_error| panic!("{name}: {argument_error:?}"));
    let mut accumulator = (function.start)(&described);
    for row in rows {
        let values: Vec<Value> = row.iter().map(|cell| cell.value.clone()).collect();
        accumulator.add(&values);
    }
    json::write(&accumulator.finish())
}

fn column<const N: usize>(values: [impl Into<In>; N]) -> Vec<[In; 1]> {
    values.into_iter().map(|value| [value.into()]).collect()
}

/// The result of an aggregate over no rows.
#[track_caller]
fn of_nothing(name: &str, arguments: &[In]) -> String {
    let function = aggregate(name).unwrap_or_else(|| panic!("no aggregate `{name}`"));
    json::write(&(function.start)(&describe(arguments)).finish())
}

#[test]
fn without_rows_counts_and_sums_are_zero_lists_are_empty_and_the_rest_is_null() {
    let long = [In::from(1)];
    for name in ["count", "dcount", "sum", "count_distinct"] {
        assert_eq!(of_nothing(name, &long), "0", "{name}");
    }
    for name in ["variance", "stdev", "variancep", "stdevp"] {
        assert_eq!(of_nothing(name, &long), "0.0", "{name}");
    }
    for name in ["min", "max", "take_any", "arg_max"] {
        assert_eq!(of_nothing(name, &long), "null", "{name}");
    }
    for name in ["make_list", "make_set"] {
        assert_eq!(of_nothing(name, &long), "[]", "{name}");
    }
    assert_eq!(of_nothing("avg", &long), r#""NaN""#);
    assert_eq!(of_nothing("avg", &[at("2026-01-01")]), "null");
    assert_eq!(of_nothing("make_bag", &[dynamic("{}")]), "{}");
    assert_eq!(of_nothing("percentile", &[1.into(), 50.into()]), "null");
}

#[test]
fn nulls_are_ignored_except_by_count() {
    let rows = column([In::from(5.0), null(Type::Real), In::from(10.0)]);
    assert_eq!(over("count", &rows), "3");
    assert_eq!(over("sum", &rows), "15.0");
    assert_eq!(over("avg", &rows), "7.5");
    assert_eq!(over("min", &rows), "5.0");
    assert_eq!(over("max", &rows), "10.0");
    assert_eq!(over("dcount", &rows), "2");
    assert_eq!(over("make_list", &rows), "[5.0,10.0]");
    assert_eq!(over("make_list_with_nulls", &rows), "[5.0,null,10.0]");
    assert_eq!(over("make_set", &rows), "[5.0,10.0]");
}

#[test]
fn conditions_select_rows() {
    let rows: Vec<[In; 2]> =
        [(1, true), (2, false), (4, true)].map(|(value, chosen)| [value.into(), chosen.into()]).to_vec();
    assert_eq!(over("sumif", &rows), "5");
    assert_eq!(over("avgif", &rows), "2.5");
    assert_eq!(over("minif", &rows), "1");
    assert_eq!(over("maxif", &rows), "4");
    assert_eq!(over("dcountif", &rows), "2");
    assert_eq!(over("make_list_if", &rows), "[1,4]");
    assert_eq!(over("take_anyif", &rows), "1");
    assert_eq!(over("countif", &column([true, false, true])), "2");
    assert_eq!(over("count", &column([true, false, true])), "2");
}

#[test]
fn sums_have_the_type_of_their_values() {
    assert_eq!(over("sum", &column([Value::Int(i32::MAX), Value::Int(1)])), "2147483648");
    assert_eq!(over("sum", &column([Value::TimeSpan(1), Value::TimeSpan(2)])), r#""00:00:00.0000003""#);
    assert_eq!(over("avg", &column([at("2026-01-01"), at("2026-01-03")])), r#""2026-01-02T00:00:00.0000000Z""#);
    assert_eq!(over("avg", &column([1, 2])), "1.5");
}

#[test]
fn variance_is_the_sample_variance() {
    assert_eq!(over("variance", &column([1, 2, 3, 4, 5])), "2.5");
    assert_eq!(over("variancep", &column([1, 2, 3, 4, 5])), "2.0");
    assert_eq!(over("stdevp", &column([1, 3])), "1.0");
    assert_eq!(over("variance", &column([7])), "0.0");
}

#[test]
fn percentiles_are_existing_values() {
    let rows = |share: f64| -> Vec<[In; 2]> { [15, 20, 35, 40, 50].map(|value| [value.into(), share.into()]).to_vec() };
    for (share, want) in [(0.0, "15"), (5.0, "15"), (30.0, "20"), (40.0, "20"), (50.0, "35"), (100.0, "50")] {
        assert_eq!(over("percentile", &rows(share)), want, "{share}");
    }
    let several: Vec<[In; 3]> = [1, 2, 3, 4].map(|value| [value.into(), 50.into(), 75.into()]).to_vec();
    assert_eq!(over("percentiles_array", &several), "[2,3]");
    let weighted: Vec<[In; 3]> =
        [(1, 1), (2, 1), (3, 8)].map(|(value, weight)| [value.into(), weight.into(), 30.into()]).to_vec();
    assert_eq!(over("percentilew", &weighted), "3");
}

#[test]
fn arg_min_and_arg_max_return_the_values_of_one_row() {
    let rows: Vec<[In; 2]> = vec![
        [null(Type::Int), "Yellow".into()],
        [Value::Int(2).into(), "Green".into()],
        [Value::Int(1).into(), "Brown".into()],
    ];
    assert_eq!(over("arg_min", &rows), r#"[1,"Brown"]"#);
    assert_eq!(over("arg_max", &rows), r#"[2,"Green"]"#);
    let nulls: Vec<[In; 2]> = vec![[null(Type::Int), "Yellow".into()], [null(Type::Int), "Green".into()]];
    assert_eq!(over("arg_min", &nulls), r#"[null,"Yellow"]"#);
}

#[test]
fn sets_flatten_arrays_and_bags_keep_the_first_property() {
    let arrays = column([r#"["A1","A2","A3"]"#, r#"["A2","C1"]"#, r#"["C2","A3"]"#].map(dynamic));
    assert_eq!(over("make_set", &arrays), r#"["A1","A2","A3","C1","C2"]"#);
    assert_eq!(over("make_bag", &column([r#"{"a":1}"#, r#"{"a":2,"b":3}"#].map(dynamic))), r#"{"a":1,"b":3}"#);
    let limited: Vec<[In; 2]> = [1, 2, 3].map(|value| [value.into(), 2.into()]).to_vec();
    assert_eq!(over("make_list", &limited), "[1,2]");
}

#[test]
fn bitwise_aggregates() {
    assert_eq!(over("binary_all_or", &column([1, 2, 4])), "7");
    assert_eq!(over("binary_all_and", &column([7, 3])), "3");
    assert_eq!(over("binary_all_xor", &column([1, 3])), "2");
}
