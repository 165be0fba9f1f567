//! `hll` and `tdigest`, and `buildschema`.
//!
//! A service keeps sketches, from which counts and percentiles are estimated. Here the values themselves are kept: counts and
//! percentiles are exact. A sketch is a `dynamic` that only the functions of sketches can read.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::{aggregate, when};
use crate::registry::arguments::returns;
use crate::registry::{Accumulator, Aggregate, Argument, ArgumentError, Naming};
use crate::value::{Bag, Key, Type, Value, compare};

pub(super) static AGGREGATES: &[Aggregate] = &[
    aggregate(
        "hll",
        1..=2,
        counted,
        Naming::Prefix("hll"),
        |_| start(Kind::Distinct),
        "A value from which `dcount_hll` counts the distinct values; exact here, a sketch on the service.",
    ),
    aggregate(
        "hll_if",
        2..=3,
        |arguments| {
            crate::registry::arguments::truth(arguments, 1)?;
            counted(arguments)
        },
        Naming::Prefix("hll_if"),
        |arguments| when(1, |_| start(Kind::Distinct), arguments),
        "Like `hll`, over the rows that match a condition.",
    ),
    aggregate(
        "hll_merge",
        1..=1,
        returns!(Dynamic; dynamic),
        Naming::Prefix("hll_merge"),
        |_| merged(Kind::Distinct),
        "The union of values of `hll`.",
    ),
    aggregate(
        "tdigest",
        1..=2,
        returns!(Dynamic; summable, number),
        Naming::Prefix("tdigest"),
        |arguments| {
            let is_weighted = arguments.len() > 1;
            Box::new(Sketch { weighted: is_weighted, ..Sketch::new(Kind::All) })
        },
        "A value from which `percentile_tdigest` computes percentiles; exact here, a sketch on the service.",
    ),
    aggregate(
        "tdigest_merge",
        1..=1,
        returns!(Dynamic; dynamic),
        Naming::Prefix("merge_tdigests"),
        |_| merged(Kind::All),
        "The union of values of `tdigest`.",
    )
    .also(&["merge_tdigest"]),
    aggregate(
        "buildschema",
        1..=1,
        returns!(Dynamic; dynamic),
        Naming::Prefix("schema"),
        |_: &[Argument]| Box::<Schemas>::default(),
        "The types of all values: a bag of the types of properties, `` `indexer` `` for elements, a list where types differ.",
    ),
];

/// `hll` counts values of every type except `bool`.
fn counted(arguments: &[Argument]) -> Result<Type, ArgumentError> {
    match super::first_kind(arguments) {
        Type::Bool => Err(ArgumentError { argument: 0, expected: "a value that is not a bool".to_owned() }),
        _ => Ok(Type::Dynamic),
    }
}

/// What a sketch keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::registry) enum Kind {
    /// Distinct values: `hll`.
    Distinct,
    /// All values: `tdigest`.
    All,
}

impl Kind {
    /// The property of the sketch that holds the values.
    const fn property(self) -> &'static str {
        match self {
            Self::Distinct => "hll",
            Self::All => "tdigest",
        }
    }

    /// The sketch of values; null without any.
    pub(in crate::registry) fn sketch(self, mut values: Vec<Value>) -> Value {
        if values.is_empty() {
            return Value::Null;
        }
        values.sort_by(compare);
        Value::bag(Bag::of([(Arc::from(self.property()), Value::array(values))]))
    }

    /// The values of a sketch of this kind.
    pub(in crate::registry) fn values(self, sketch: &Value) -> Option<&[Value]> {
        let Value::Bag(bag) = sketch else { return None };
        match bag.get(self.property()) {
            Some(Value::Array(values)) => Some(values),
            _ => None,
        }
    }

    /// The union of sketches; null if none of them is one.
    pub(in crate::registry) fn merge<'v>(self, sketches: impl Iterator<Item = &'v Value>) -> Value {
        let mut seen: HashSet<Key> = HashSet::new();
        let values = sketches.filter_map(|sketch| self.values(sketch)).flatten();
        let kept = values.filter(|value| self == Self::All || seen.insert(Key((*value).clone())));
        self.sketch(kept.cloned().collect())
    }
}

#[derive(Debug)]
struct Sketch {
    kind: Kind,
    seen: HashSet<Key>,
    values: Vec<Value>,
    weighted: bool,
    /// Whether the input is sketches, whose values are added.
    merges: bool,
}

impl Sketch {
    fn new(kind: Kind) -> Self {
        Self { kind, seen: HashSet::new(), values: Vec::new(), weighted: false, merges: false }
    }

    fn put(&mut self, value: &Value) -> usize {
        if value.is_null() || (self.kind == Kind::Distinct && !self.seen.insert(Key(value.clone()))) {
            return 0;
        }
        self.values.push(value.clone());
        2 * value.weight()
    }
}

fn start(kind: Kind) -> Box<dyn Accumulator> {
    Box::new(Sketch::new(kind))
}

fn merged(kind: Kind) -> Box<dyn Accumulator> {
    Box::new(Sketch { merges: true, ..Sketch::new(kind) })
}

/// The greatest weight of one value: each value is kept as often as its weight says.
const HEAVIEST: i64 = 1_048_576;

impl Accumulator for Sketch {
    fn add(&mut self, values: &[Value]) -> usize {
        let Some(value) = values.first() else { return 0 };
        if self.merges {
            let list = self.kind.values(value).unwrap_or_default().to_vec();
            return list.iter().map(|value| self.put(value)).sum();
        }
        let times = match values.get(1) {
            Some(weight) if self.weighted => crate::value::convert::long(weight).unwrap_or(0).clamp(0, HEAVIEST),
            _ => 1,
        };
        (0..times).map(|_| self.put(value)).sum()
    }

    fn finish(self: Box<Self>) -> Value {
        self.kind.sketch(self.values)
    }
}

/// The types that values at one place have.
#[derive(Debug, Default)]
struct Schema {
    scalars: BTreeSet<&'static str>,
    properties: BTreeMap<Arc<str>, Schema>,
    elements: Option<Box<Schema>>,
}

impl Schema {
    /// Adds a value and returns by how many bytes the schema has grown.
    fn add(&mut self, value: &Value) -> usize {
        let name = match value {
            Value::Null => return 0,
            Value::Bool(_) => "bool",
            Value::Int(_) | Value::Long(_) => "long",
            Value::Real(_) => "double",
            Value::Decimal(_) => "decimal",
            Value::String(_) => "string",
            Value::DateTime(_) => "datetime",
            Value::TimeSpan(_) => "timespan",
            Value::Guid(_) => "guid",
            Value::Array(items) => {
                let elements = self.elements.get_or_insert_default();
                return items.iter().map(|item| elements.add(item)).sum();
            }
            Value::Bag(bag) => {
                let mut grown = 0;
                for (name, value) in bag.entries() {
                    if !self.properties.contains_key(name) {
                        grown += name.len() + 128;
                    }
                    grown += self.properties.entry(Arc::clone(name)).or_default().add(value);
                }
                return grown;
            }
        };
        self.scalars.insert(name);
        0
    }

    fn value(&self) -> Value {
        let mut entries: Vec<(Arc<str>, Value)> =
            self.properties.iter().map(|(name, schema)| (Arc::clone(name), schema.value())).collect();
        if let Some(elements) = &self.elements {
            entries.push(("`indexer`".into(), elements.value()));
        }
        let mut kinds: Vec<Value> = Vec::new();
        if !entries.is_empty() {
            kinds.push(Value::bag(Bag::of(entries)));
        }
        kinds.extend(self.scalars.iter().map(|name| Value::text(*name)));
        match kinds.as_slice() {
            [] => Value::Null,
            [one] => one.clone(),
            _ => Value::array(kinds),
        }
    }
}

#[derive(Debug, Default)]
struct Schemas {
    schema: Schema,
}

impl Accumulator for Schemas {
    fn add(&mut self, values: &[Value]) -> usize {
        values.first().map_or(0, |value| self.schema.add(value))
    }

    fn finish(self: Box<Self>) -> Value {
        self.schema.value()
    }
}
