//! The building blocks of the format's definition: shapes, objects, fields.
//!
//! `document` defines the format with them. `check` (validation), `json_schema` and `reference` (documentation) all read
//! that definition, so they cannot disagree.

/// The form that a value must have.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Any text.
    Text,
    /// A regex. Should be in single quotes; other quoting is checked for mistakes.
    Regex,
    /// A text that is searched for literally.
    Literal,
    /// An id: lower case letters, digits and hyphens (`kebab-case`).
    Id,
    /// The name of an entity kind, a key, a capture, a parameter: letters, digits, `_`.
    Name,
    /// The name of a column; dots separate properties of a dynamic column.
    Column,
    /// The name of a table, which is also the name of a file in an incident folder.
    Table,
    /// The name of a metric.
    Telemetry,
    /// A symptom: `name`, or `other-pattern.name`.
    SymptomRef,
    /// A summed capture of a symptom: `symptom.capture`.
    Capture,
    /// A whole number of at least this.
    Integer(u32),
    /// `true` or `false`.
    Bool,
    /// A duration that is not zero: `15m`.
    Duration,
    /// A duration, zero allowed.
    DurationOrZero,
    /// A duration that is not zero, or `$parameter`.
    DurationSetting,
    /// A number with a unit, or `$parameter`.
    Setting,
    /// A number with a unit.
    Quantity,
    /// Two durations: `0s..30m`; the second is optional.
    Lag,
    /// A point in time: `2025-08-05T12:00:00Z`.
    Instant,
    /// A time relative to now: `-10m`, `0m`.
    Offset,
    /// A version: `0.1.0`.
    Version,
    /// Bounds on a version: `>=6.20.0, <6.22.0`.
    VersionRange,
    /// The name of a unit.
    Unit,
    /// Exactly this text.
    Tag(&'static str),
    /// One of these words, each with its meaning.
    Words(&'static [(&'static str, &'static str)]),
    /// A text, a number, `true` or `false`.
    Scalar,
    /// Numbers in promtool's notation: `1 2 3`, `5x10`, `2e9+1e9x10`.
    Notation,
    /// A list with at least one element.
    List(&'static Shape),
    /// A list that can be empty.
    AnyList(&'static Shape),
    /// One value, or a list of them.
    OneOrMany(&'static Shape),
    /// A map whose keys are chosen by authors: the shapes of keys and values.
    Map(&'static Shape, &'static Shape),
    /// A map with known keys.
    Object(&'static Object),
    /// A map with known keys, one of which determines the others.
    Variants(&'static Variants),
    /// Another shape, by reference; lets definitions refer to themselves.
    Same(&'static Shape),
    /// Any of these shapes. At most one of them is a map.
    Either(&'static [Shape]),
}

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Object {
    /// Its name in the reference and in the JSON Schema.
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) doc: &'static str,
    /// Its keys, in the conventional order.
    pub(crate) fields: &'static [Field],
    /// Groups of keys of which at least one must be present.
    pub(crate) at_least_one: &'static [&'static [&'static str]],
    /// Groups of keys of which exactly one must be present.
    pub(crate) exactly_one: &'static [&'static [&'static str]],
    /// Groups of keys of which at most one may be present.
    pub(crate) at_most_one: &'static [&'static [&'static str]],
}

/// A map whose kind is determined by one of several keys.
#[derive(Debug)]
pub(crate) struct Variants {
    /// Its name in the reference and in the JSON Schema.
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) doc: &'static str,
    /// The kinds; the first field of each is the key that determines it.
    pub(crate) kinds: &'static [&'static Object],
    /// Keys that every kind can have.
    pub(crate) common: &'static [Field],
}

/// A key of an object.
#[derive(Debug)]
pub(crate) struct Field {
    /// The key.
    pub(crate) name: &'static str,
    /// The shape of its value.
    pub(crate) shape: Shape,
    /// Whether it is required.
    pub(crate) required: bool,
    /// One sentence.
    pub(crate) doc: &'static str,
}

/// Creates a required key.
pub(crate) const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: true, doc }
}

/// Creates an optional key.
pub(crate) const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: false, doc }
}

/// Creates an object without groups.
pub(crate) const fn object(name: &'static str, doc: &'static str, fields: &'static [Field]) -> Object {
    Object { name, doc, fields, at_least_one: &[], exactly_one: &[], at_most_one: &[] }
}

impl Object {
    /// Returns the field with this key.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Variants {
    /// Returns the key that determines a kind.
    pub(crate) fn key(kind: &Object) -> &'static str {
        kind.fields.first().map_or("", |field| field.name)
    }
}

impl Shape {
    /// Describes what is expected in messages: ``a duration such as `15m` ``.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Regex => "a regex, in single quotes".to_owned(),
            Self::Literal => "a text to search for".to_owned(),
            Self::Id => "an id such as `memory-high`".to_owned(),
            Self::Name => "a name such as `podname`".to_owned(),
            Self::Column => "a column such as `customDimensions.podname`".to_owned(),
            Self::Table => "the name of a table such as `traces`".to_owned(),
            Self::Telemetry => "the name of a metric".to_owned(),
            Self::SymptomRef => "a symptom: `name`, or `other-pattern.name`".to_owned(),
            Self::Capture => "a summed capture: `symptom.capture`".to_owned(),
            Self::Integer(0) => "a whole number".to_owned(),
            Self::Integer(least) => format!("a whole number of at least {least}"),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Duration => "a duration such as `15m`".to_owned(),
            Self::DurationOrZero => "a duration such as `15m` or `0s`".to_owned(),
            Self::DurationSetting => "a duration such as `15m`, or `$parameter`".to_owned(),
            Self::Setting => "a number with its unit such as `10 GB`, or `$parameter`".to_owned(),
            Self::Quantity => "a number with its unit such as `10 GB`".to_owned(),
            Self::Lag => "two durations such as `0s..30m`".to_owned(),
            Self::Instant => "a time such as `2025-08-05T12:00:00Z`".to_owned(),
            Self::Offset => "a time relative to now such as `-10m`".to_owned(),
            Self::Version => "a version such as `0.1.0`".to_owned(),
            Self::VersionRange => "bounds on a version such as `>=6.20.0, <6.22.0`".to_owned(),
            Self::Unit => "a unit such as `bytes`".to_owned(),
            Self::Tag(text) => format!("`{text}`"),
            Self::Words(words) => {
                let words: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Self::Scalar => "a text or a number".to_owned(),
            Self::Notation => "numbers such as `1 2 3` or `5x10`".to_owned(),
            Self::List(inner) | Self::AnyList(inner) => format!("a list, each element {}", inner.expected()),
            Self::OneOrMany(inner) => format!("{}, or a list of them", inner.expected()),
            Self::Map(key, value) => format!("a map from {} to {}", key.expected(), value.expected()),
            Self::Object(object) => {
                let keys: Vec<String> = object.fields.iter().take(3).map(|field| field.name.to_owned()).collect();
                format!("a map with keys such as `{}`", keys.join("`, `"))
            }
            Self::Variants(variants) => {
                let keys: Vec<String> =
                    variants.kinds.iter().map(|kind| format!("`{}`", Variants::key(kind))).collect();
                format!("a map with one of {}", keys.join(", "))
            }
            Self::Same(shape) => shape.expected(),
            Self::Either(shapes) => {
                let all: Vec<String> = shapes.iter().map(Self::expected).collect();
                all.join(", or ")
            }
        }
    }
}
