//! Set functions on arrays: union, intersection, difference.

use std::collections::HashSet;

use super::scalar;
use crate::registry::arguments::{array_at, at, returns};
use crate::registry::{Argument, EvalContext, Scalar};
use crate::value::{Key, Value, compare};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar("set_union", 2..=64, returns!(Dynamic; ; ..dynamic), set_union, "The distinct elements of several arrays."),
    scalar(
        "set_intersect",
        2..=64,
        returns!(Dynamic; ; ..dynamic),
        set_intersect,
        "The distinct elements that are in all arrays.",
    ),
    scalar(
        "set_difference",
        2..=64,
        returns!(Dynamic; ; ..dynamic),
        set_difference,
        "The distinct elements of the first array that are in no other.",
    ),
    scalar(
        "jaccard_index",
        2..=2,
        returns!(Real; dynamic, dynamic),
        jaccard_index,
        "The number of elements that two arrays share, divided by the number of distinct elements of both.",
    ),
    scalar(
        "set_has_element",
        2..=2,
        returns!(Bool; dynamic, any),
        set_has_element,
        "Whether an array contains an element.",
    ),
    scalar(
        "set_equals",
        2..=2,
        returns!(Bool; dynamic, dynamic),
        set_equals,
        "Whether two arrays have the same elements, in any order and multiplicity.",
    ),
];

fn keys(items: &[Value]) -> HashSet<Key> {
    items.iter().cloned().map(Key).collect()
}

/// The items without duplicates, in order of first occurrence.
fn distinct<'a>(items: impl Iterator<Item = &'a Value>) -> Value {
    let mut seen = HashSet::new();
    Value::array(items.filter(|item| seen.insert(Key((*item).clone()))).cloned().collect())
}

/// All arguments as arrays; `None` if one is not an array.
fn arrays(row: &[Value]) -> Option<Vec<&[Value]>> {
    (0..row.len()).map(|place| array_at(row, place)).collect()
}

fn jaccard_index(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let (Some(one), Some(two)) = (array_at(row, 0), array_at(row, 1)) else { return Value::Null };
    let (one, two) = (keys(one), keys(two));
    let shared = one.intersection(&two).count();
    #[expect(clippy::cast_precision_loss, reason = "arrays have far fewer than 2^53 elements")]
    let index = shared as f64 / (one.len() + two.len() - shared) as f64;
    Value::Real(index)
}

fn set_union(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    arrays(row).map_or(Value::Null, |arrays| distinct(arrays.into_iter().flatten()))
}

fn set_intersect(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(arrays) = arrays(row) else { return Value::Null };
    let others: Vec<HashSet<Key>> = arrays.iter().skip(1).map(|items| keys(items)).collect();
    let first = arrays.first().copied().unwrap_or_default();
    distinct(first.iter().filter(|item| others.iter().all(|other| other.contains(&Key((*item).clone())))))
}

fn set_difference(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(arrays) = arrays(row) else { return Value::Null };
    let others: HashSet<Key> = arrays.iter().skip(1).flat_map(|items| keys(items)).collect();
    let first = arrays.first().copied().unwrap_or_default();
    distinct(first.iter().filter(|item| !others.contains(&Key((*item).clone()))))
}

fn set_has_element(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let wanted = at(row, 1);
    array_at(row, 0).map_or(Value::Null, |items| Value::Bool(items.iter().any(|item| compare(item, wanted).is_eq())))
}

fn set_equals(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let pair = array_at(row, 0).zip(array_at(row, 1));
    pair.map_or(Value::Null, |(left, right)| Value::Bool(keys(left) == keys(right)))
}
