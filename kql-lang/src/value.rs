//! Kusto's scalar types, values, rows and tables.

pub mod compare;
pub mod convert;
pub mod json;
pub mod render;

use std::collections::HashMap;
use std::sync::Arc;

use rust_decimal::Decimal;

pub use compare::{Key, compare, equal, sort_order};

/// A scalar type of KQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `bool`
    Bool,
    /// `int`, 32 bits
    Int,
    /// `long`, 64 bits
    Long,
    /// `real`, 64 bits
    Real,
    /// `decimal`
    Decimal,
    /// `string`
    String,
    /// `datetime`
    DateTime,
    /// `timespan`
    TimeSpan,
    /// `guid`
    Guid,
    /// `dynamic`
    Dynamic,
}

impl Type {
    /// Every type.
    pub const ALL: [Self; 10] = [
        Self::Bool,
        Self::Int,
        Self::Long,
        Self::Real,
        Self::Decimal,
        Self::String,
        Self::DateTime,
        Self::TimeSpan,
        Self::Guid,
        Self::Dynamic,
    ];

    /// Returns the name of the type in queries: `datetime`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Decimal => "decimal",
            Self::String => "string",
            Self::DateTime => "datetime",
            Self::TimeSpan => "timespan",
            Self::Guid => "guid",
            Self::Dynamic => "dynamic",
        }
    }

    /// Returns the type with this name. Synonyms such as `date` are not accepted.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The value of one cell.
///
/// An expression of type `dynamic` can have any value. An expression of another type has a value of that type or null, but
/// strings are never null.
#[derive(Clone, Debug)]
pub enum Value {
    /// No value.
    Null,
    /// `bool`
    Bool(bool),
    /// `int`, 32 bits
    Int(i32),
    /// `long`, 64 bits
    Long(i64),
    /// `real`, 64 bits, NaN and infinities included
    Real(f64),
    /// `decimal`
    Decimal(Decimal),
    /// `string`
    String(Arc<str>),
    /// `datetime`: ticks of 100 ns since 0001-01-01T00:00:00Z
    DateTime(i64),
    /// `timespan`: ticks of 100 ns, signed
    TimeSpan(i64),
    /// `guid`
    Guid(u128),
    /// An array, in a `dynamic`.
    Array(Arc<Vec<Value>>),
    /// A property bag, in a `dynamic`.
    Bag(Arc<Bag>),
}

impl Value {
    /// Creates a string.
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::String(text.into())
    }

    /// Creates an array.
    #[must_use]
    pub fn array(items: Vec<Self>) -> Self {
        Self::Array(Arc::new(items))
    }

    /// Creates a property bag.
    #[must_use]
    pub fn bag(bag: Bag) -> Self {
        Self::Bag(Arc::new(bag))
    }

    /// Returns the missing value of a column of this type: the empty string for `string`, null for every other type.
    #[must_use]
    pub fn nothing(kind: Type) -> Self {
        match kind {
            Type::String => Self::text(""),
            Type::Bool
            | Type::Int
            | Type::Long
            | Type::Real
            | Type::Decimal
            | Type::DateTime
            | Type::TimeSpan
            | Type::Guid
            | Type::Dynamic => Self::Null,
        }
    }

    /// Returns the value of an `int` or a `long`.
    #[must_use]
    pub const fn as_long(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number as i64),
            Self::Long(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the underlying integer of an `int`, `long`, `datetime` (ticks) or `timespan` (ticks).
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some(i128::from(*number)),
            Self::Long(number) | Self::DateTime(number) | Self::TimeSpan(number) => Some(i128::from(*number)),
            _ => None,
        }
    }

    /// Returns the value of type `int`, `datetime` or `timespan` with this underlying integer; a `long` for any other type.
    ///
    /// `None` if the type cannot hold the number.
    #[must_use]
    pub fn from_integer(number: i128, kind: Type) -> Option<Self> {
        let long = i64::try_from(number).ok()?;
        Some(match kind {
            Type::Int => Self::Int(i32::try_from(long).ok()?),
            Type::DateTime => Self::DateTime(long),
            Type::TimeSpan => Self::TimeSpan(long),
            _ => Self::Long(long),
        })
    }

    /// Whether the value is null.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the approximate memory size of the value in bytes, for budgets. What several values share is counted for each.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.weight_up_to(usize::MAX)
    }

    /// Returns the approximate memory size of the value in bytes, or a number above `most` as soon as it exceeds that.
    #[must_use]
    pub fn weight_up_to(&self, most: usize) -> usize {
        let mut sum = self.own_weight();
        let (Self::Array(_) | Self::Bag(_)) = self else { return sum };
        let mut rest = vec![self];
        while let Some(value) = rest.pop() {
            match value {
                Self::Array(items) => {
                    for item in items.iter() {
                        sum += item.own_weight();
                        if matches!(item, Self::Array(_) | Self::Bag(_)) {
                            rest.push(item);
                        }
                        if sum > most {
                            return sum;
                        }
                    }
                }
                Self::Bag(bag) => {
                    for (name, item) in bag.entries() {
                        sum += item.own_weight() + name.len() + ALLOCATION;
                        if matches!(item, Self::Array(_) | Self::Bag(_)) {
                            rest.push(item);
                        }
                        if sum > most {
                            return sum;
                        }
                    }
                }
                _ => {}
            }
        }
        sum
    }

    /// The size of the value without the elements of an array or bag.
    fn own_weight(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::String(text) => text.len() + ALLOCATION,
                Self::Array(_) | Self::Bag(_) => 2 * ALLOCATION,
                _ => 0,
            }
    }
}

/// What an allocation needs in addition to its contents, in bytes: the header of the allocator and two reference counts.
const ALLOCATION: usize = 32;

/// Structural equality: the types must be the same, and NaN equals NaN. Kusto's `==` is [`equal`].
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Long(a), Self::Long(b)) | (Self::DateTime(a), Self::DateTime(b)) => a == b,
            (Self::TimeSpan(a), Self::TimeSpan(b)) => a == b,
            (Self::Real(a), Self::Real(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Guid(a), Self::Guid(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Bag(a), Self::Bag(b)) => a == b,
            _ => false,
        }
    }
}

/// A property bag: unique names with values, in insertion order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bag {
    entries: Vec<(Arc<str>, Value)>,
}

impl Bag {
    /// Creates a bag from properties. For duplicate names, the last value is kept at the position of the first.
    pub fn of(entries: impl IntoIterator<Item = (Arc<str>, Value)>) -> Self {
        let mut places: HashMap<Arc<str>, usize> = HashMap::new();
        let mut kept: Vec<(Arc<str>, Value)> = Vec::new();
        for (name, value) in entries {
            match places.get(&name).and_then(|place| kept.get_mut(*place)) {
                Some(entry) => entry.1 = value,
                None => {
                    places.insert(Arc::clone(&name), kept.len());
                    kept.push((name, value));
                }
            }
        }
        Self { entries: kept }
    }

    /// Returns the value of a property. Property names are case-sensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(key, _)| &**key == name).map(|(_, value)| value)
    }

    /// Sets a property: replaces the value of an existing property, or appends a new one.
    pub fn put(&mut self, name: Arc<str>, value: Value) {
        match self.entries.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => self.entries.push((name, value)),
        }
    }

    /// Returns the properties in order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    /// Returns the number of properties.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the bag has no properties.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A row: one value per column.
pub type Row = Vec<Value>;

/// A column of a table or of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The name, which is case-sensitive.
    pub name: Arc<str>,
    /// The type.
    pub kind: Type,
}

/// A table of values: the input or the result of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The columns in order.
    pub columns: Vec<Column>,
    /// The rows, each with one value per column.
    pub rows: Vec<Row>,
}
