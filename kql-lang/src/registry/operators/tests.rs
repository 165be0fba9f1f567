use super::*;
use crate::ast::InOp;
use crate::datetime::{DAY, HOUR};
use crate::registry::tests::In;

#[track_caller]
fn gives(left: impl Into<In>, op: BinaryOp, right: impl Into<In>, want: impl Into<In>) {
    assert_eq!(apply(op, &left.into().value, &right.into().value), want.into().value);
}

#[test]
fn integer_division_truncates_and_is_null_by_zero() {
    gives(7, BinaryOp::Divide, 2, 3);
    gives(-7, BinaryOp::Divide, 2, -3);
    gives(1, BinaryOp::Divide, 0, Value::Null);
    gives(1, BinaryOp::Modulo, 0, Value::Null);
    gives(1.0, BinaryOp::Divide, 0, f64::INFINITY);
    gives(i64::MIN, BinaryOp::Divide, -1, i64::MIN);
}

#[test]
fn remainders_are_never_negative() {
    for (a, b, want) in [(14, 12, 2), (-14, 12, 10), (14, -12, 2), (-14, -12, 10)] {
        gives(a, BinaryOp::Modulo, b, want);
    }
    gives(-1.5, BinaryOp::Modulo, 1, 0.5);
}

#[test]
fn integers_wrap_around() {
    gives(i64::MAX, BinaryOp::Add, 1, i64::MIN);
}

#[test]
fn arithmetic_with_null_is_null() {
    gives(Value::Null, BinaryOp::Add, 1, Value::Null);
    gives(1.0, BinaryOp::Multiply, Value::Null, Value::Null);
    gives(Value::DateTime(0), BinaryOp::Add, Value::Null, Value::Null);
}

#[test]
fn ints_add_up_to_longs() {
    gives(Value::Int(i32::MAX), BinaryOp::Add, Value::Int(1), 2_147_483_648);
    assert_eq!(binary(BinaryOp::Add, Type::Int, Type::Int), Some(Type::Long));
}

#[test]
fn datetime_arithmetic_is_exact_to_ticks() {
    gives(Value::DateTime(DAY), BinaryOp::Subtract, Value::DateTime(HOUR), Value::TimeSpan(DAY - HOUR));
    gives(Value::DateTime(DAY), BinaryOp::Add, Value::TimeSpan(HOUR), Value::DateTime(DAY + HOUR));
    gives(Value::DateTime(0), BinaryOp::Subtract, Value::TimeSpan(1), Value::Null);
    gives(Value::TimeSpan(DAY), BinaryOp::Divide, Value::TimeSpan(HOUR), 24.0);
    gives(Value::TimeSpan(HOUR), BinaryOp::Multiply, 24, Value::TimeSpan(DAY));
    gives(1.5, BinaryOp::Multiply, Value::TimeSpan(2), Value::TimeSpan(3));
    gives(Value::TimeSpan(DAY), BinaryOp::Modulo, Value::TimeSpan(DAY - 1), Value::TimeSpan(1));
}

#[test]
fn equality_with_null_is_false_and_inequality_true() {
    gives(Value::Null, BinaryOp::Equal, 1, false);
    gives(Value::Null, BinaryOp::NotEqual, 1, true);
    gives(Value::Null, BinaryOp::Equal, Value::Null, Value::Null);
    gives(Value::Null, BinaryOp::Less, 1, Value::Null);
    gives(Value::Null, BinaryOp::Contains, "a", false);
    gives(Value::Null, BinaryOp::NotContains, "a", true);
    gives(f64::NAN, BinaryOp::Less, 1, false);
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
        gives(text, BinaryOp::Has, part, want);
        gives(text, BinaryOp::NotHas, part, !want);
    }
    gives("North America", BinaryOp::HasCs, "america", false);
    gives("North America", BinaryOp::HasPrefix, "ame", true);
    gives("North America", BinaryOp::HasPrefix, "rica", false);
    gives("North America", BinaryOp::HasSuffix, "RTH", true);
    gives("North America", BinaryOp::HasSuffix, "Amer", false);
    gives("North America", BinaryOp::HasSuffixCs, "RTH", false);
    gives("North America", BinaryOp::HasPrefixCs, "Ame", true);
}

#[test]
fn case_is_ignored_except_by_case_sensitive_operators() {
    gives("FabriKam", BinaryOp::Contains, "BRik", true);
    gives("FabriKam", BinaryOp::ContainsCs, "BRik", false);
    gives("FabriKam", BinaryOp::StartsWith, "fab", true);
    gives("FabriKam", BinaryOp::StartsWithCs, "fab", false);
    gives("FabriKam", BinaryOp::EndsWith, "KAM", true);
    gives("FabriKam", BinaryOp::EndsWithCs, "KAM", false);
    gives("ÄRGER", BinaryOp::EqualTilde, "ärger", true);
    gives("a", BinaryOp::NotEqualTilde, "A", false);
}

#[test]
fn a_regex_matches_anywhere_and_an_invalid_one_nowhere() {
    gives("exit code 137", BinaryOp::MatchesRegex, r"code \d+$", true);
    gives("exit code 137", BinaryOp::MatchesRegex, "(", false);
}

#[test]
fn a_dynamic_is_compared_by_its_content() {
    gives(Value::text("5"), BinaryOp::Equal, 5, false);
    gives(5.0, BinaryOp::Equal, 5, true);
    gives(Value::array(vec![Value::Long(1)]), BinaryOp::Equal, Value::array(vec![Value::Long(1)]), true);
    gives("0001-01-02", BinaryOp::Equal, Value::DateTime(DAY), true);
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
