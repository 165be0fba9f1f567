//! Property bag functions: construction, merging, lookup and update.

use std::collections::HashSet;
use std::sync::Arc;

use super::extract::{Step, element, steps};
use super::scalar;
use crate::registry::arguments::{array_at, at, returns, text, text_at};
use crate::registry::{Argument, ArgumentError, EvalContext, MADE_AT_MOST, Naming, Scalar};
use crate::value::{Bag, Type, Value, convert};

pub(super) static FUNCTIONS: &[Scalar] = &[
    scalar("bag_pack", 0..=usize::MAX, pack_kind, bag_pack, "A bag of alternating names and values.")
        .also(&["pack", "pack_dictionary"]),
    scalar(
        "bag_keys",
        1..=1,
        returns!(Dynamic; dynamic),
        bag_keys,
        "The names of a bag's properties; null for other values.",
    ),
    scalar(
        "bag_merge",
        2..=64,
        returns!(Dynamic; ; ..dynamic),
        bag_merge,
        "The properties of several bags; the first property of each name is kept.",
    ),
    scalar(
        "bag_has_key",
        2..=2,
        returns!(Bool; dynamic, text),
        bag_has_key,
        "Whether a bag has a property with a name, or a value at a path `$.a.b`.",
    ),
    scalar(
        "bag_remove_keys",
        2..=2,
        returns!(Dynamic; dynamic, dynamic),
        bag_remove_keys,
        "A bag without the properties with these names.",
    ),
    scalar(
        "bag_set_key",
        3..=3,
        returns!(Dynamic; dynamic, text, any),
        bag_set_key,
        "A bag with one property added or replaced.",
    ),
    scalar(
        "treepath",
        1..=1,
        returns!(Dynamic; dynamic),
        tree_path,
        "The paths of all properties within a value, such as `['a'][0]['b']`; elements of arrays have index 0.",
    )
    .named(Naming::Prefix("tree")),
    scalar(
        "bag_zip",
        2..=2,
        returns!(Dynamic; dynamic, dynamic),
        bag_zip,
        "A bag made of an array of names and an array of values.",
    ),
];

/// `pack_all(true)`: a bag without the values that are null or empty.
pub(crate) static PACK_FILLED: Scalar = scalar(
    "pack_all",
    0..=usize::MAX,
    pack_kind,
    |_, _, row| {
        let is_empty = |value: &Value| match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty(),
            Value::Bag(bag) => bag.is_empty(),
            _ => false,
        };
        let pairs = row.chunks(2).filter_map(|pair| match pair {
            [name, value] if !is_empty(value) => Some((convert::text(name), value.clone())),
            _ => None,
        });
        Value::bag(Bag::of(pairs))
    },
    "All columns that are not empty as a bag.",
);

fn bag_at(row: &[Value], place: usize) -> Option<&Bag> {
    match at(row, place) {
        Value::Bag(bag) => Some(bag),
        _ => None,
    }
}

fn pack_kind(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    for place in (0..arguments.len()).step_by(2) {
        text(arguments, place)?;
    }
    if arguments.len().is_multiple_of(2) {
        Ok(Type::Dynamic)
    } else {
        Err(ArgumentError { argument: arguments.len() - 1, expected: "a value after each name".to_owned() })
    }
}

fn bag_pack(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let pairs = row.chunks(2).filter_map(|pair| match pair {
        [name, value] => Some((convert::text(name), value.clone())),
        _ => None,
    });
    Value::bag(Bag::of(pairs))
}

fn bag_keys(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let names = |bag: &Bag| bag.entries().map(|(name, _)| Value::String(Arc::clone(name))).collect();
    bag_at(row, 0).map_or(Value::Null, |bag| Value::array(names(bag)))
}

fn bag_merge(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let mut seen: HashSet<Arc<str>> = HashSet::new();
    let mut entries = Vec::new();
    let mut found = false;
    for bag in (0..row.len()).filter_map(|place| bag_at(row, place)) {
        found = true;
        let new = bag.entries().filter(|(name, _)| seen.insert(Arc::clone(name)));
        entries.extend(new.map(|(name, value)| (Arc::clone(name), value.clone())));
    }
    if found { Value::bag(Bag::of(entries)) } else { Value::Null }
}

fn bag_has_key(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(bag) = bag_at(row, 0) else { return Value::Null };
    let name = text_at(row, 1);
    let path = if name.starts_with("$.") || name.starts_with("$[") { steps(&name) } else { None };
    Value::Bool(match path {
        Some(path) => path.iter().try_fold(at(row, 0).clone(), |value, step| element(&value, step)).is_some(),
        None => bag.get(&name).is_some(),
    })
}

fn bag_remove_keys(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(bag) = bag_at(row, 0) else { return Value::Null };
    let names: Vec<Arc<str>> = array_at(row, 1).unwrap_or_default().iter().map(convert::text).collect();
    let (paths, plain): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| name.starts_with("$.") || name.starts_with("$["));
    let plain: HashSet<Arc<str>> = plain.into_iter().collect();
    let entries = bag.entries().filter(|(name, _)| !plain.contains(*name));
    let kept = Value::bag(Bag::of(entries.map(|(name, value)| (Arc::clone(name), value.clone()))));
    paths.iter().filter_map(|path| steps(path)).fold(kept, |kept, path| without(&kept, &path))
}

/// The value without the part at a path.
fn without(value: &Value, path: &[Step]) -> Value {
    match (value, path) {
        (Value::Bag(bag), [Step::Property(last)]) => {
            let entries = bag.entries().filter(|(name, _)| ***name != **last);
            Value::bag(Bag::of(entries.map(|(name, value)| (Arc::clone(name), value.clone()))))
        }
        (Value::Bag(bag), [Step::Property(first), rest @ ..]) => {
            let entries = bag.entries().map(|(name, value)| {
                let value = if **name == **first { without(value, rest) } else { value.clone() };
                (Arc::clone(name), value)
            });
            Value::bag(Bag::of(entries))
        }
        (other, _) => other.clone(),
    }
}

/// A name, or a path such as `$.a.b`: missing bags on the way are created.
fn bag_set_key(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(bag) = bag_at(row, 0) else { return Value::Null };
    let name = text_at(row, 1);
    let path = if name.starts_with("$.") || name.starts_with("$[") { steps(&name) } else { None };
    match path.as_deref() {
        Some(path) if !path.is_empty() => with(Some(at(row, 0)), path, at(row, 2)),
        _ => {
            let mut bag = bag.clone();
            bag.put(name, at(row, 2).clone());
            Value::bag(bag)
        }
    }
}

/// The value with another part at a path; unchanged if the path leads through something that is no bag or array.
fn with(value: Option<&Value>, path: &[Step], part: &Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return part.clone() };
    match (value, first) {
        (None | Some(Value::Null), Step::Property(name)) => {
            Value::bag(Bag::of([(Arc::from(name.as_str()), with(None, rest, part))]))
        }
        (Some(Value::Bag(bag)), Step::Property(name)) => {
            let new = with(bag.get(name), rest, part);
            let mut bag = (**bag).clone();
            bag.put(name.as_str().into(), new);
            Value::bag(bag)
        }
        (Some(Value::Array(items)), Step::Place(place)) => {
            let mut items = (**items).clone();
            if let Some(item) = usize::try_from(*place).ok().and_then(|place| items.get_mut(place)) {
                *item = with(Some(&item.clone()), rest, part);
            }
            Value::array(items)
        }
        (other, _) => other.cloned().unwrap_or(Value::Null),
    }
}

/// Names that are not strings are left out, with their values; missing values are null.
fn bag_zip(_: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let Some(names) = array_at(row, 0) else { return Value::Null };
    let values = array_at(row, 1).unwrap_or_default().iter().cloned().chain(std::iter::repeat(Value::Null));
    let named = names.iter().zip(values).filter_map(|(name, value)| match name {
        Value::String(name) => Some((Arc::clone(name), value)),
        _ => None,
    });
    Value::bag(Bag::of(named))
}

fn tree_path(context: &EvalContext, _: &[Argument], row: &[Value]) -> Value {
    let mut seen: HashSet<String> = HashSet::new();
    let mut paths = Vec::new();
    let mut length = 0;
    let mut rest: Vec<(String, &Value)> = vec![(String::new(), at(row, 0))];
    while let Some((path, value)) = rest.pop() {
        if !path.is_empty() && seen.insert(path.clone()) {
            length += path.len();
            paths.push(Value::text(path.as_str()));
        }
        if length > MADE_AT_MOST {
            return context.limit("treepath", "16,777,216 bytes");
        }
        let before = rest.len();
        match value {
            Value::Bag(bag) => rest.extend(bag.entries().map(|(name, value)| (format!("{path}['{name}']"), value))),
            Value::Array(items) => rest.extend(items.iter().map(|item| (format!("{path}[0]"), item))),
            _ => {}
        }
        // The last is taken first: the parts are visited in their order.
        rest.get_mut(before..).unwrap_or_default().reverse();
    }
    if paths.is_empty() { Value::Null } else { Value::array(paths) }
}
