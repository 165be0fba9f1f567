use std::collections::hash_map::DefaultHasher;

use proptest::prelude::*;

use super::*;

fn numbers() -> impl Strategy<Value = Value> {
    let near = [i64::MIN, i64::MIN + 1, -1, 0, 1, (1 << 53) - 1, 1 << 53, (1 << 53) + 1, i64::MAX - 1, i64::MAX];
    #[expect(clippy::cast_precision_loss, reason = "reals near the longs are sufficient")]
    let reals = near.map(|long| Value::Real(long as f64)).to_vec();
    prop_oneof![
        prop::sample::select(near.map(Value::Long).to_vec()),
        prop::sample::select(reals),
        prop::sample::select(vec![0.5, -0.0, f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300])
            .prop_map(Value::Real),
        any::<i32>().prop_map(Value::Int),
        any::<i64>().prop_map(Value::Long),
        any::<f64>().prop_map(Value::Real),
        any::<i64>().prop_map(|long| Value::Decimal(Decimal::from(long))),
    ]
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        numbers(),
        (0..3_i64).prop_map(Value::DateTime),
        (0..3_i64).prop_map(Value::TimeSpan),
        (0..3_u128).prop_map(Value::Guid),
        "[aAé]{0,2}".prop_map(Value::text),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::array),
            prop::collection::vec(("[ab]", inner), 0..3).prop_map(|entries| {
                Value::bag(Bag::of(entries.into_iter().map(|(name, value)| (name.into(), value))))
            }),
        ]
    })
}

fn hashed(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    Key(value.clone()).hash(&mut hasher);
    hasher.finish()
}

proptest! {
    #[test]
    fn comparing_is_a_total_order(a in values(), b in values(), c in values()) {
        prop_assert_eq!(compare(&a, &a), Ordering::Equal);
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
            prop_assert!(compare(&a, &c).is_le());
        }
    }

    #[test]
    fn numbers_have_a_total_order(a in numbers(), b in numbers(), c in numbers()) {
        prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
        if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
            prop_assert!(compare(&a, &c).is_le());
        }
    }

    #[test]
    fn equal_keys_have_equal_hashes(a in values(), b in values()) {
        if Key(a.clone()) == Key(b.clone()) {
            prop_assert_eq!(hashed(&a), hashed(&b));
        }
    }

    #[test]
    fn equal_numbers_have_equal_hashes(a in numbers(), b in numbers()) {
        if Key(a.clone()) == Key(b.clone()) {
            prop_assert_eq!(hashed(&a), hashed(&b));
        }
    }

    #[test]
    fn values_equal_by_operator_are_in_the_same_group(a in numbers(), b in numbers()) {
        let decimal = matches!((&a, &b), (Value::Decimal(_), _) | (_, Value::Decimal(_)));
        if equal(&a, &b) == Some(true) && !decimal {
            prop_assert_eq!(compare(&a, &b), Ordering::Equal);
        }
    }
}

#[test]
fn null_compared_with_null_is_null_and_with_a_value_is_false() {
    assert_eq!(equal(&Value::Null, &Value::Null), None);
    assert_eq!(equal(&Value::Null, &Value::Long(0)), Some(false));
    assert_eq!(order(&Value::Null, &Value::Long(0)), None);
}

#[test]
fn nan_is_not_equal_to_itself_but_is_in_the_same_group() {
    let nan = Value::Real(f64::NAN);
    assert_eq!(equal(&nan, &nan), Some(false));
    assert!(Key(nan.clone()) == Key(nan));
}

#[test]
fn numbers_are_equal_across_types() {
    assert_eq!(equal(&Value::Int(1), &Value::Long(1)), Some(true));
    assert_eq!(equal(&Value::Long(1), &Value::Real(1.0)), Some(true));
    assert_eq!(equal(&Value::Bool(true), &Value::Long(1)), Some(true));
    assert_eq!(equal(&Value::Decimal(Decimal::new(10, 1)), &Value::Long(1)), Some(true));
    // 2^53 + 1 is not exact as a real; it must not be rounded.
    assert_eq!(equal(&Value::Long((1 << 53) + 1), &Value::Real(9_007_199_254_740_992.0)), Some(false));
}

#[test]
fn position_of_nulls_is_independent_of_the_sort_direction() {
    let (null, nan, one, two) = (Value::Null, Value::Real(f64::NAN), Value::Real(1.0), Value::Real(2.0));
    let sorted = |ascending, first| {
        let mut values = vec![two.clone(), null.clone(), one.clone(), nan.clone()];
        values.sort_by(|a, b| sort_order(a, b, ascending, first));
        values
    };
    assert_eq!(sorted(true, true), [null.clone(), nan.clone(), one.clone(), two.clone()]);
    assert_eq!(sorted(true, false), [one.clone(), two.clone(), nan.clone(), null.clone()]);
    assert_eq!(sorted(false, true), [null.clone(), nan.clone(), two.clone(), one.clone()]);
    assert_eq!(sorted(false, false), [two, one, nan, null]);
}

#[test]
fn bag_equality_ignores_the_order_of_properties() {
    let bag = |names: [&str; 2]| Value::bag(Bag::of(names.map(|name| (name.into(), Value::text(name)))));
    assert_eq!(compare(&bag(["a", "b"]), &bag(["b", "a"])), Ordering::Equal);
}
