//! The words in which the format is defined: shapes, objects, fields.
//!
//! Input: nothing; these are static descriptions, filled in by `document`. Output: read by `check` (which holds files
//! against them), by `schema` (JSON Schema) and by `reference` (text for people), so that the three cannot disagree.

/// What a value must look like.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// Any text.
    Text,
    /// A regex. Single-quoted by good custom, checked for quoting accidents.
    Regex,
    /// A literal that is searched for.
    Literal,
    /// A name made by the author: lower case letters, digits and hyphens (`kebab-case`).
    Id,
    /// The name of an entity kind, a key, a capture, a parameter: letters, digits, `_`.
    Name,
    /// The name of a column, with properties of a dynamic column behind dots.
    Column,
    /// The name of a table or a metric.
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
    /// Two durations: `0s..30m`; the second may be left out.
    Lag,
    /// An instant: `2025-08-05T12:00:00Z`.
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
    /// One of these words, each with what it means.
    Words(&'static [(&'static str, &'static str)]),
    /// A text, a number, `true` or `false`.
    Scalar,
    /// Numbers in promtool's notation: `1 2 3`, `5x10`, `2e9+1e9x10`.
    Notation,
    /// A list; with at least one element.
    List(&'static Shape),
    /// A list that may be empty.
    AnyList(&'static Shape),
    /// One value, or a list of them.
    OneOrMany(&'static Shape),
    /// A map from names that authors make to values.
    Map(&'static Shape, &'static Shape),
    /// A map with known keys.
    Object(&'static Object),
    /// A map with known keys, of which one decides which others there may be.
    Variants(&'static Variants),
    /// What stands there; the way in which definitions refer to themselves.
    Same(&'static Shape),
    /// Any of these. At most one of them is a map.
    Either(&'static [Shape]),
}

/// A map with known keys.
#[derive(Debug)]
pub(crate) struct Object {
    /// What it is called in the reference and in the JSON Schema.
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) doc: &'static str,
    /// Its keys, in the order in which authors write them.
    pub(crate) fields: &'static [Field],
    /// Groups of keys of which exactly one must stand there.
    pub(crate) exactly_one: &'static [&'static [&'static str]],
    /// Groups of keys of which at most one may stand there.
    pub(crate) at_most_one: &'static [&'static [&'static str]],
}

/// A map whose kind is decided by which of several keys stands in it.
#[derive(Debug)]
pub(crate) struct Variants {
    /// What it is called in the reference and in the JSON Schema.
    pub(crate) name: &'static str,
    /// One sentence.
    pub(crate) doc: &'static str,
    /// The kinds; the first field of each is the key that decides.
    pub(crate) kinds: &'static [&'static Object],
    /// Keys that any kind may have.
    pub(crate) common: &'static [Field],
}

/// A key of an object.
#[derive(Debug)]
pub(crate) struct Field {
    /// The key.
    pub(crate) name: &'static str,
    /// What its value looks like.
    pub(crate) shape: Shape,
    /// Whether it must stand there.
    pub(crate) required: bool,
    /// One sentence.
    pub(crate) doc: &'static str,
}

/// A key that must stand there.
pub(crate) const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: true, doc }
}

/// A key that may be left out.
pub(crate) const fn optional(name: &'static str, shape: Shape, doc: &'static str) -> Field {
    Field { name, shape, required: false, doc }
}

/// An object without groups.
pub(crate) const fn object(name: &'static str, doc: &'static str, fields: &'static [Field]) -> Object {
    Object { name, doc, fields, exactly_one: &[], at_most_one: &[] }
}

impl Object {
    /// The field with this key.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Variants {
    /// The key that decides for a kind.
    pub(crate) fn key(kind: &Object) -> &'static str {
        kind.fields.first().map_or("", |field| field.name)
    }
}

impl Shape {
    /// What is expected, for messages: `a duration such as 15m`.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Regex => "a regex, in single quotes".to_owned(),
            Self::Literal => "a text to search for".to_owned(),
            Self::Id => "an id such as `memory-high`".to_owned(),
            Self::Name => "a name such as `podname`".to_owned(),
            Self::Column => "a column such as `customDimensions.podname`".to_owned(),
            Self::Telemetry => "the name of a table or a metric".to_owned(),
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
            Self::Instant => "an instant such as `2025-08-05T12:00:00Z`".to_owned(),
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
