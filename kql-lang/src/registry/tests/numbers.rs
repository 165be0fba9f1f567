use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{argument_error, at, call, dynamic, null, span, table};
use crate::value::{Type, Value};

#[test]
fn numbers_are_rounded() {
    table! {
        abs(-5) => "5";
        abs(Value::Int(-5)) => "5";
        abs(-2.5) => "2.5";
        abs(span("-1h")) => r#""01:00:00""#;
        round(2.15, 1) => "2.2";
        round(2.15) => "2.0";
        round(2.5) => "3.0";
        round(-2.5) => "-3.0";
        round(-50.55, -2) => "-100.0";
        round(21.5, -1) => "20.0";
        round(1234, -2) => "1200";
        round(1.5, 400) => "1.5";
        round(1.5, -400) => "0.0";
        round(null(Type::Real), 1) => "null";
        round(Value::Decimal(Decimal::new(-125, 2)), 1) => r#""-1.3""#;
        ceiling(-1.1) => "-1.0";
        ceiling(0) => "0.0";
        ceiling(0.9) => "1.0";
        sign(-42) => "-1.0";
        sign(0) => "0.0";
        pow(2, 3) => "8.0";
        sqrt(256) => "16.0";
        sqrt(-1) => "null";
        log(0) => r#""-Infinity""#;
        log(-1) => "null";
        log10(1000) => "3.0";
        log2(8) => "3.0";
        exp(0) => "1.0";
        exp2(3) => "8.0";
        exp10(2) => "100.0";
        acos(2) => "null";
        isnan(f64::NAN) => "true";
        isnan(null(Type::Real)) => "false";
        isinf(f64::INFINITY) => "true";
        isfinite(1) => "true";
        binary_and(6, 3) => "2";
        binary_or(6, 3) => "7";
        binary_xor(6, 3) => "5";
        binary_not(0) => "-1";
        binary_shift_left(1, 65) => "2";
        binary_shift_right(-8, 1) => "-4";
        binary_shift_left(1, -1) => "null";
        bitset_count_ones(42) => "3";
        tohex(256) => r#""100""#;
        tohex(-256) => r#""ffffffffffffff00""#;
        tohex(256, 8) => r#""00000100""#;
    }
}

#[test]
fn bins_floor() {
    table! {
        bin(4.5, 1) => "4.0";
        bin(-4.5, 1) => "-5.0";
        bin(7, 5) => "5";
        bin(-7, 5) => "-10";
        bin(Value::Int(7), Value::Int(5)) => "5";
        bin(7, 0) => "null";
        floor(12.5, 2.0) => "12.0";
        bin(at("1970-05-11T13:45:07Z"), span("1d")) => r#""1970-05-11T00:00:00.0000000Z""#;
        bin(at("2026-01-02T03:04:05Z"), span("7d")) => r#""2025-12-29T00:00:00.0000000Z""#;
        bin(span("16d"), span("7d")) => r#""14.00:00:00""#;
        bin(span("-1h"), span("7d")) => r#""-7.00:00:00""#;
        bin(null(Type::Long), 5) => "null";
        bin_at(6.5, 2.5, 7.0) => "4.5";
        bin_at(span("1h"), span("1d"), span("12h")) => r#""-12:00:00""#;
        bin_at(at("2017-05-17T10:20:00Z"), span("7d"), at("2017-06-04T00:00:00Z")) => r#""2017-05-14T00:00:00.0000000Z""#;
    }
    assert_eq!(argument_error("bin", &[at("2026-01-01"), 5.into()]).expected, "a timespan");
}

#[test]
fn conditional_functions() {
    table! {
        iff(true, 1, 2) => "1";
        iff(null(Type::Bool), 1, 2) => "2";
        iff(false, 1, 2.5) => "2.5";
        iff(true, 1, 2.5) => "1.0";
        iff(true, dynamic("5"), "x") => r#""5""#;
        case(false, "a", true, "b", "c") => r#""b""#;
        case(false, "a", false, "b", "c") => r#""c""#;
        coalesce(null(Type::Long), 2, 3) => "2";
        coalesce("", "b") => r#""b""#;
        coalesce("", "") => r#""""#;
        max_of(10, 1, -3, 17) => "17";
        max_of(Value::Int(1), null(Type::Int)) => "1";
        min_of(10, 1.5, -3, 17) => "-3.0";
        min_of("b", "a") => r#""a""#;
        not(null(Type::Bool)) => "null";
        not(false) => "true";
        isnull("") => "false";
        isnull(null(Type::Long)) => "true";
        isnotnull(dynamic("null")) => "false";
        isempty("") => "true";
        isempty(null(Type::Long)) => "true";
        isempty(0) => "false";
        isnotempty(dynamic("{}")) => "true";
    }
    assert_eq!(argument_error("case", &[true.into(), 1.into(), false.into(), 2.into()]).argument, 3);
    assert_eq!(argument_error("iff", &[1.into(), 1.into(), 2.into()]).expected, "a bool");
    assert_eq!(argument_error("coalesce", &[1.into(), "a".into()]).argument, 1);
}

#[test]
fn conversions() {
    table! {
        tostring(123) => r#""123""#;
        tostring(true) => r#""True""#;
        tostring(null(Type::Long)) => r#""""#;
        tostring(dynamic(r#"{"a":[1,2.0,"x"]}"#)) => r#""{\"a\":[1,2.0,\"x\"]}""#;
        tostring(dynamic(r#""x""#)) => r#""x""#;
        tostring(at("2016-02-17T08:40:01Z")) => r#""2016-02-17T08:40:01.0000000Z""#;
        tostring(span("1.02:03:04.05")) => r#""1.02:03:04.0500000""#;
        toint(2.3) => "2";
        toint("2.3") => "null";
        tolong("123") => "123";
        toreal("123.4") => "123.4";
        todouble(5) => "5.0";
        tobool("true") => "true";
        tobool("x") => "null";
        todatetime("2015-12-24") => r#""2015-12-24T00:00:00.0000000Z""#;
        todatetime("x") => "null";
        totimespan("0.00:01:00") => r#""00:01:00""#;
        todecimal("123.45678") => r#""123.45678""#;
        parse_json(r#"{"a":1}"#) => r#"{"a":1}"#;
        parse_json("x y") => r#""x y""#;
        todynamic("[1]") => "[1]";
        dynamic_to_json(dynamic(r#"{"b":1,"a":{"d":1,"c":2}}"#)) => r#""{\"a\":{\"c\":2,\"d\":1},\"b\":1}""#;
        gettype(1) => r#""long""#;
        gettype(dynamic("[1]")) => r#""array""#;
        gettype(dynamic("{}")) => r#""dictionary""#;
        gettype(dynamic(r#""abc""#)) => r#""string""#;
    }
}

proptest! {
    #[test]
    fn a_bin_is_a_multiple_of_its_size_and_contains_its_value(value: i64, size in 1..=i64::MAX) {
        let start: Option<i64> = call("bin", &[value.into(), size.into()]).parse().ok();
        let value = i128::from(value);
        match start.map(i128::from) {
            Some(start) => {
                prop_assert_eq!(start % i128::from(size), 0);
                prop_assert!(start <= value && value < start + i128::from(size));
            }
            None => prop_assert!(value - value.rem_euclid(i128::from(size)) < i128::from(i64::MIN)),
        }
    }
}
