use super::*;
use crate::ast::InOp;
use crate::datetime::{DAY, HOUR};
use crate::registry::tests::In;

#[track_caller]
fn assert_result(left: impl Into<In>, op: BinaryOp, right: impl Into<In>, want: impl Into<In>) {
    assert_eq!(apply(op, &left.into().value, &right.into().value), want.into().value);
}

#[test]
fn integer_division_truncates_and_is_null_by_zero() {
    assert_result(7, BinaryOp::Divide, 2, 3);
    assert_result(-7, BinaryOp::Divide, 2, -3);
    assert_result(1, BinaryOp::Divide, 0, Value::Null);
    assert_result(1, BinaryOp::Modulo, 0, Value::Null);
    assert_result(1.0, BinaryOp::Divide, 0, f64::INFINITY);
    assert_result(i64::MIN, BinaryOp::Divide, -1, i64::MIN);
}

#[test]
fn remainders_are_never_negative() {
    for (a, b, want) in [(14, 12, 2), (-14, 12, 10), (14, -12, 2), (-14, -12, 10)] {
        assert_result(a, BinaryOp::Modulo, b, want);
    }
    assert_result(-1.5, BinaryOp::Modulo, 1, 0.5);
}

#[test]
fn integers_wrap_around() {
    assert_result(i64::MAX, BinaryOp::Add, 1, i64::MIN);
}

#[test]
fn arithmetic_with_null_is_null() {
    assert_result(Value::Null, BinaryOp::Add, 1, Value::Null);
    assert_result(1.0, BinaryOp::Multiply, Value::Null, Value::Null);
    assert_result(Value::DateTime(0), BinaryOp::Add, Value::Null, Value::Null);
}

#[test]
fn ints_add_up_to_longs() {
    assert_result(Value::Int(i32::MAX), BinaryOp::Add, Value::Int(1), 2_147_483_648);
    assert_eq!(binary(BinaryOp::Add, Type::Int, Type::Int), Some(Type::Long));
}

#[test]
fn datetime_arithmetic_is_exact_to_ticks() {
    assert_result(Value::DateTime(DAY), BinaryOp::Subtract, Value::DateTime(HOUR), Value::TimeSpan(DAY - HOUR));
    assert_result(Value::DateTime(DAY), BinaryOp::Add, Value::TimeSpan(HOUR), Value::DateTime(DAY + HOUR));
    assert_result(Value::DateTime(0), BinaryOp::Subtract, Value::TimeSpan(1), Value::Null);
    assert_result(Value::TimeSpan(DAY), BinaryOp::Divide, Value::TimeSpan(HOUR), 24.0);
    assert_result(Value::TimeSpan(HOUR), BinaryOp::Multiply, 24, Value::TimeSpan(DAY));
    assert_result(1.5, BinaryOp::Multiply, Value::TimeSpan(2), Value::TimeSpan(3));
    assert_result(Value::TimeSpan(DAY), BinaryOp::Modulo, Value::TimeSpan(DAY - 1), Value::TimeSpan(1));
}

#[test]
fn equality_with_null_is_false_and_inequality_true() {
    assert_result(Value::Null, BinaryOp::Equal, 1, false);
    assert_result(Value::Null, BinaryOp::NotEqual, 1, true);
    assert_result(Value::Null, BinaryOp::Equal, Value::Null, Value::Null);
    assert_result(Value::Null, BinaryOp::Less, 1, Value::Null);
    assert_result(Value::Null, BinaryOp::Contains, "a", false);
    assert_result(Value::Null, BinaryOp::NotContains, "a", true);
    assert_result(f64::NAN, BinaryOp::Less, 1, false);
}

#[test]
fn logic_is_three_valued() {
    let values = [Value::Bool(false), Value::Null, Value::Bool(true)];
    for (a, left) in values.iter().enumerate() {
        for (b, right) in values.iter().enumerate() {
            assert_eq!(apply(BinaryOp::And, left, right), values[a.min(b)]);
            assert_eq!(apply(BinaryOp::Or, left, right), values[a.max(b)]);
        }
    }
}

#[test]
fn has_matches_whole_terms() {
    for (text, part, want) in [
        ("North America", "america", true),
        ("North America", "amer", false),
        ("pod-7 (restarted)", "7", true),
        ("a-bc a-b", "a-b", true),
        ("a-bc", "a-b", false),
        ("xa a", "a", true),
        ("aaa", "a", false),
        ("path=/var/log", "/var", true),
        ("x", "", true),
        ("über-alles", "ALLES", true),
    ] {
        assert_result(text, BinaryOp::Has, part, want);
        assert_result(text, BinaryOp::NotHas, part, !want);
    }
    assert_result("North America", BinaryOp::HasCs, "america", false);
    assert_result("North America", BinaryOp::HasPrefix, "ame", true);
    assert_result("North America", BinaryOp::HasPrefix, "rica", false);
    assert_result("North America", BinaryOp::HasSuffix, "RTH", true);
    assert_result("North America", BinaryOp::HasSuffix, "Amer", false);
    assert_result("North America", BinaryOp::HasSuffixCs, "RTH", false);
    assert_result("North America", BinaryOp::HasPrefixCs, "Ame", true);
}

#[test]
fn case_is_ignored_except_by_case_sensitive_operators() {
    assert_result("FabriKam", BinaryOp::Contains, "BRik", true);
    assert_result("FabriKam", BinaryOp::ContainsCs, "BRik", false);
    assert_result("FabriKam", BinaryOp::StartsWith, "fab", true);
    assert_result("FabriKam", BinaryOp::StartsWithCs, "fab", false);
    assert_result("FabriKam", BinaryOp::EndsWith, "KAM", true);
    assert_result("FabriKam", BinaryOp::EndsWithCs, "KAM", false);
    assert_result("ÄRGER", BinaryOp::EqualTilde, "ärger", true);
    assert_result("a", BinaryOp::NotEqualTilde, "A", false);
}

#[test]
fn a_regex_matches_anywhere_and_an_invalid_one_nowhere() {
    assert_result("exit code 137", BinaryOp::MatchesRegex, r"code \d+$", true);
    assert_result("exit code 137", BinaryOp::MatchesRegex, "(", false);
}

#[test]
fn a_dynamic_is_compared_by_its_content() {
    assert_result(Value::text("5"), BinaryOp::Equal, 5, false);
    assert_result(5.0, BinaryOp::Equal, 5, true);
    assert_result(Value::array(vec![Value::Long(1)]), BinaryOp::Equal, Value::array(vec![Value::Long(1)]), true);
    assert_result("0001-01-02", BinaryOp::Equal, Value::DateTime(DAY), true);
}

#[test]
fn lists_contain_values_and_the_elements_of_arrays() {
    let test = |op, list: &[Value], value: In| Membership::new(op, list).test(&value.value);
    let list = [Value::Long(1), Value::array(vec![Value::Long(2), Value::text("x")])];
    assert!(test(InOp::In, &list, 2.into()));
    assert!(test(InOp::In, &list, 1.0.into()));
    assert!(!test(InOp::In, &list, "X".into()));
    assert!(test(InOp::InTilde, &list, "X".into()));
    assert!(!test(InOp::In, &list, Value::Null.into()));
    assert!(test(InOp::NotIn, &list, Value::Null.into()));
    let terms = ["error", "fatal"].map(Value::text);
    assert!(test(InOp::HasAny, &terms, "an ERROR".into()));
    assert!(!test(InOp::HasAll, &terms, "an ERROR".into()));
    assert!(test(InOp::HasAll, &terms, "fatal error".into()));
}

#[test]
fn between_is_inclusive_and_a_timespan_is_relative_to_the_lower_bound() {
    let between = |value: i64, low: Value, high: Value| apply_between(&Value::DateTime(value), &low, &high);
    assert_eq!(between(DAY, Value::DateTime(DAY), Value::TimeSpan(HOUR)), Value::Bool(true));
    assert_eq!(between(DAY + HOUR, Value::DateTime(DAY), Value::TimeSpan(HOUR)), Value::Bool(true));
    assert_eq!(between(DAY + HOUR + 1, Value::DateTime(DAY), Value::TimeSpan(HOUR)), Value::Bool(false));
    assert_eq!(apply_between(&Value::Null, &Value::Long(1), &Value::Long(2)), Value::Null);
}

#[test]
fn strings_have_no_order_and_cannot_be_compared_with_numbers() {
    assert_eq!(binary(BinaryOp::Less, Type::String, Type::String), None);
    assert_eq!(binary(BinaryOp::Equal, Type::String, Type::Long), None);
    assert_eq!(binary(BinaryOp::Equal, Type::Dynamic, Type::Long), Some(Type::Bool));
    assert_eq!(binary(BinaryOp::Add, Type::Dynamic, Type::Real), Some(Type::Real));
    assert_eq!(binary(BinaryOp::Add, Type::String, Type::String), None);
}
