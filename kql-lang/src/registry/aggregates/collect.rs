//! Lists, sets and bags of values.

use std::collections::HashSet;
use std::sync::Arc;

use super::{aggregate, constant, when};
use crate::registry::arguments::returns;
use crate::registry::{Accumulator, Aggregate, Argument, Naming};
use crate::value::{Bag, Key, Value};

pub(super) static AGGREGATES: &[Aggregate] = &[
    aggregate(
        "make_list",
        1..=2,
        returns!(Dynamic; any, whole),
        Naming::Prefix("list"),
        start_list,
        "An array of all values that are not null, up to a maximum number.",
    )
    .also(&["makelist"]),
    aggregate(
        "make_list_if",
        2..=3,
        returns!(Dynamic; any, truth, whole),
        Naming::Prefix("list"),
        |arguments| when(1, start_list, arguments),
        "An array of the values that are not null, over the rows that match a condition.",
    ),
    aggregate(
        "make_list_with_nulls",
        1..=1,
        returns!(Dynamic),
        Naming::Prefix("list"),
        |_| Box::new(List { nulls: true, ..List::default() }),
        "An array of all values, including nulls.",
    ),
    aggregate(
        "make_set",
        1..=2,
        returns!(Dynamic; any, whole),
        Naming::Prefix("set"),
        start_set,
        "An array of the distinct values that are not null, up to a maximum number; arrays are replaced by their elements.",
    )
    .also(&["makeset"]),
    aggregate(
        "make_set_if",
        2..=3,
        returns!(Dynamic; any, truth, whole),
        Naming::Prefix("set"),
        |arguments| when(1, start_set, arguments),
        "An array of the distinct values over the rows that match a condition.",
    ),
    aggregate(
        "make_bag",
        1..=2,
        returns!(Dynamic; dynamic, whole),
        Naming::Prefix("bag"),
        start_bag,
        "A bag of the properties of all bags, up to a maximum number; the first property of each name is kept.",
    ),
    aggregate(
        "make_bag_if",
        2..=3,
        returns!(Dynamic; dynamic, truth, whole),
        Naming::Prefix("bag"),
        |arguments| when(1, start_bag, arguments),
        "A bag of the properties of all bags over the rows that match a condition.",
    ),
    aggregate(
        "make_dictionary",
        1..=2,
        returns!(Dynamic; dynamic, whole),
        Naming::Prefix("dictionary"),
        start_bag,
        "The older name of `make_bag`.",
    ),
];

/// Maximum number of elements of a list, set or bag, with or without an explicit limit: make-list-aggregation-function,
/// read 2026-11-22.
const AT_MOST: usize = 1_048_576;

fn limit(arguments: &[Argument]) -> usize {
    constant(arguments, 1).and_then(|limit| usize::try_from(limit).ok()).map_or(AT_MOST, |limit| limit.min(AT_MOST))
}

#[derive(Debug)]
struct List {
    items: Vec<Value>,
    limit: usize,
    nulls: bool,
}

impl Default for List {
    fn default() -> Self {
        Self { items: Vec::new(), limit: AT_MOST, nulls: false }
    }
}

fn start_list(arguments: &[Argument]) -> Box<dyn Accumulator> {
    Box::new(List { limit: limit(arguments), ..List::default() })
}

impl Accumulator for List {
    fn add(&mut self, values: &[Value]) -> usize {
        match values.first() {
            Some(value) if self.items.len() < self.limit && (self.nulls || !value.is_null()) => {
                self.items.push(value.clone());
                value.weight()
            }
            _ => 0,
        }
    }

    fn finish(self: Box<Self>) -> Value {
        Value::array(self.items)
    }
}

#[derive(Debug)]
struct Set {
    seen: HashSet<Key>,
    items: Vec<Value>,
    limit: usize,
}

fn start_set(arguments: &[Argument]) -> Box<dyn Accumulator> {
    Box::new(Set { seen: HashSet::new(), items: Vec::new(), limit: limit(arguments) })
}

impl Accumulator for Set {
    fn add(&mut self, values: &[Value]) -> usize {
        let items = match values.first() {
            Some(Value::Array(items)) => items.as_slice(),
            Some(value) => std::slice::from_ref(value),
            None => &[],
        };
        let mut grown = 0;
        for item in items.iter().filter(|item| !item.is_null()) {
            if self.items.len() < self.limit && self.seen.insert(Key(item.clone())) {
                self.items.push(item.clone());
                grown += 2 * item.weight();
            }
        }
        grown
    }

    fn finish(self: Box<Self>) -> Value {
        Value::array(self.items)
    }
}

#[derive(Debug)]
struct Properties {
    seen: HashSet<Arc<str>>,
    entries: Vec<(Arc<str>, Value)>,
    limit: usize,
}

fn start_bag(arguments: &[Argument]) -> Box<dyn Accumulator> {
    Box::new(Properties { seen: HashSet::new(), entries: Vec::new(), limit: limit(arguments) })
}

impl Accumulator for Properties {
    fn add(&mut self, values: &[Value]) -> usize {
        let Some(Value::Bag(bag)) = values.first() else { return 0 };
        let mut grown = 0;
        for (name, value) in bag.entries() {
            if self.entries.len() < self.limit && self.seen.insert(Arc::clone(name)) {
                self.entries.push((Arc::clone(name), value.clone()));
                grown += 2 * name.len() + value.weight();
            }
        }
        grown
    }

    fn finish(self: Box<Self>) -> Value {
        Value::bag(Bag::of(self.entries))
    }
}
