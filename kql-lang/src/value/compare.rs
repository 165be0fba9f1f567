//! Ordering, equality and hashing of values.
//!
//! There are two relations. [`compare`] is a total order over all values, used for sorting and grouping: nulls are equal to
//! each other and first, NaN is equal to NaN and before every number. [`equal`] and [`order`] implement the operators `==`
//! and `<`: null is equal to nothing, and NaN is not equal to itself.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::value::{Bag, Value, convert};

/// Compares two values in the total order: null first, then by kind (`bool`, numbers, `decimal`, `datetime`, `timespan`,
/// `guid`, strings, arrays, bags), within a kind by value. `int`, `long` and `real` are compared numerically, without
/// rounding.
#[must_use]
pub fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => a.cmp(b),
        (Value::DateTime(a), Value::DateTime(b)) | (Value::TimeSpan(a), Value::TimeSpan(b)) => a.cmp(b),
        (Value::Guid(a), Value::Guid(b)) => a.cmp(b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let pairs = a.iter().zip(b.iter()).map(|(a, b)| compare(a, b));
            first_difference(pairs).then(a.len().cmp(&b.len()))
        }
        (Value::Bag(a), Value::Bag(b)) => compare_bags(a, b),
        (Value::Real(a), Value::Real(b)) => reals(*a, *b),
        (Value::Real(a), b) if b.as_long().is_some() => whole_real(b.as_long().unwrap_or_default(), *a).reverse(),
        (a, Value::Real(b)) if a.as_long().is_some() => whole_real(a.as_long().unwrap_or_default(), *b),
        (a, b) => match (a.as_long(), b.as_long()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => rank(a).cmp(&rank(b)),
        },
    }
}

/// Returns the order of two values in a sort. Nulls are first or last according to `nulls_first`, independent of
/// `ascending`. NaN is next to the nulls.
#[must_use]
pub fn sort_order(left: &Value, right: &Value, ascending: bool, nulls_first: bool) -> Ordering {
    // 0: null, 1: NaN, 2: every other value.
    let class = |value: &Value| match value {
        Value::Null => 0,
        Value::Real(real) if real.is_nan() => 1,
        _ => 2,
    };
    let (a, b) = (class(left), class(right));
    if a == 2 && b == 2 {
        let order = compare(left, right);
        return if ascending { order } else { order.reverse() };
    }
    if nulls_first { a.cmp(&b) } else { b.cmp(&a) }
}

/// Returns the result of `==`: `None` for two nulls, `Some(false)` for a null and a value.
///
/// Numbers of different types are compared numerically. A string in a `dynamic` is converted to datetime, timespan or guid
/// if the other side has that type.
#[must_use]
pub fn equal(left: &Value, right: &Value) -> Option<bool> {
    match (left, right) {
        (Value::Null, Value::Null) => None,
        (Value::Null, _) | (_, Value::Null) => Some(false),
        (Value::Array(_) | Value::Bag(_), _) | (_, Value::Array(_) | Value::Bag(_)) => {
            Some(compare(left, right) == Ordering::Equal)
        }
        _ => Some(order(left, right) == Some(Ordering::Equal)),
    }
}

/// Returns the order used by `<` and the other comparison operators, or `None` if a side is null or NaN, or if the values are
/// not comparable.
#[must_use]
pub fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::DateTime(a), Value::DateTime(b)) | (Value::TimeSpan(a), Value::TimeSpan(b)) => Some(a.cmp(b)),
        (Value::Guid(a), Value::Guid(b)) => Some(a.cmp(b)),
        (Value::DateTime(a), b @ Value::String(_)) => convert::datetime(b).map(|b| a.cmp(&b)),
        (a @ Value::String(_), Value::DateTime(b)) => convert::datetime(a).map(|a| a.cmp(b)),
        (Value::TimeSpan(a), b @ Value::String(_)) => convert::timespan(b).map(|b| a.cmp(&b)),
        (a @ Value::String(_), Value::TimeSpan(b)) => convert::timespan(a).map(|a| a.cmp(b)),
        (Value::Guid(a), b @ Value::String(_)) => convert::guid(b).map(|b| a.cmp(&b)),
        (a @ Value::String(_), Value::Guid(b)) => convert::guid(a).map(|a| a.cmp(b)),
        _ => numbers(&with_bool(left), &with_bool(right)),
    }
}

fn with_bool(value: &Value) -> Value {
    match value {
        Value::Bool(truth) => Value::Long(i64::from(*truth)),
        other => other.clone(),
    }
}

fn numbers(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Real(b)) => a.to_f64()?.partial_cmp(b),
        (Value::Real(a), Value::Decimal(b)) => a.partial_cmp(&b.to_f64()?),
        (Value::Decimal(a), b) => Some(a.cmp(&Decimal::from(b.as_long()?))),
        (a, Value::Decimal(b)) => Some(Decimal::from(a.as_long()?).cmp(b)),
        (Value::Real(a), Value::Real(b)) => a.partial_cmp(b),
        (Value::Real(a), b) => b.as_long().filter(|_| !a.is_nan()).map(|b| whole_real(b, *a).reverse()),
        (a, Value::Real(b)) => a.as_long().filter(|_| !b.is_nan()).map(|a| whole_real(a, *b)),
        (a, b) => Some(a.as_long()?.cmp(&b.as_long()?)),
    }
}

fn reals(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

/// Compares a long with a real without rounding the long. NaN is less than every number.
fn whole_real(long: i64, real: f64) -> Ordering {
    // 2^63 (above every long) and -2^63 (the minimum long) are exact as reals.
    const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;
    if real.is_nan() || real < -TWO_POW_63 {
        return Ordering::Greater;
    }
    if real >= TWO_POW_63 {
        return Ordering::Less;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the range is checked above, and the fraction is compared below"
    )]
    let floor = real.floor() as i64;
    long.cmp(&floor).then(if real.fract() == 0.0 { Ordering::Equal } else { Ordering::Less })
}

const fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Long(_) | Value::Real(_) => 2,
        Value::Decimal(_) => 3,
        Value::DateTime(_) => 4,
        Value::TimeSpan(_) => 5,
        Value::Guid(_) => 6,
        Value::String(_) => 7,
        Value::Array(_) => 8,
        Value::Bag(_) => 9,
    }
}

/// Compares bags by their sorted properties, name before value; the insertion order is ignored.
fn compare_bags(a: &Bag, b: &Bag) -> Ordering {
    let (a, b) = (sorted(a), sorted(b));
    let pairs = a.iter().zip(b.iter()).map(|(a, b)| a.0.cmp(b.0).then_with(|| compare(a.1, b.1)));
    first_difference(pairs).then(a.len().cmp(&b.len()))
}

fn sorted(bag: &Bag) -> Vec<(&str, &Value)> {
    let mut entries: Vec<(&str, &Value)> = bag.entries().map(|(name, value)| (&**name, value)).collect();
    entries.sort_unstable_by_key(|entry| entry.0);
    entries
}

fn first_difference(mut pairs: impl Iterator<Item = Ordering>) -> Ordering {
    pairs.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// A value used as a key of groups, sets and joins, with equality, order and hash consistent with [`compare`].
#[derive(Clone, Debug)]
pub struct Key(pub Value);

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        compare(&self.0, &other.0) == Ordering::Equal
    }
}

impl Eq for Key {}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash(&self.0, state);
    }
}

fn hash<H: Hasher>(value: &Value, state: &mut H) {
    rank(value).hash(state);
    match value {
        Value::Null => {}
        Value::Bool(truth) => truth.hash(state),
        Value::Int(number) => i64::from(*number).hash(state),
        Value::Long(number) | Value::DateTime(number) | Value::TimeSpan(number) => number.hash(state),
        Value::Real(real) => hash_real(*real, state),
        Value::Decimal(decimal) => decimal.hash(state),
        Value::Guid(guid) => guid.hash(state),
        Value::String(text) => text.hash(state),
        Value::Array(items) => {
            items.len().hash(state);
            items.iter().for_each(|item| hash(item, state));
        }
        Value::Bag(bag) => {
            bag.len().hash(state);
            for (name, value) in sorted(bag) {
                name.hash(state);
                hash(value, state);
            }
        }
    }
}

/// Hashes a real. A whole number hashes like the equal long.
fn hash_real<H: Hasher>(real: f64, state: &mut H) {
    #[expect(clippy::cast_possible_truncation, reason = "only a hint: the comparison that follows is exact")]
    let long = real as i64;
    if whole_real(long, real) == Ordering::Equal {
        long.hash(state);
    } else if real.is_nan() {
        f64::NAN.to_bits().hash(state);
    } else {
        real.to_bits().hash(state);
    }
}

#[cfg(test)]
mod tests;
