//! Values that several parts of the report share: numbers, times, entities, enumerations.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use crate::diagnosis::{Activity, ActivityState, Grade, Onset, Role, Status, UnknownReason};
use crate::explain::Verdict;
use crate::report::format;
use crate::rules::model::{Class, Severity, Strength};
use crate::telemetry::entity::Entity;
use crate::time::Time;
use crate::unit::Quantity;

/// A number: integers without a decimal point; `null` if it is not finite, which JSON cannot express.
#[derive(Clone, Copy)]
pub(super) struct Number(pub(super) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match format::as_integer(self.0) {
            Some(integer) => out.serialize_i64(integer),
            None if self.0.is_finite() => out.serialize_f64(self.0),
            None => out.serialize_none(),
        }
    }
}

impl JsonSchema for Number {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Number")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number" })
    }
}

/// An instant in RFC 3339.
#[derive(Serialize)]
pub(super) struct Instant(String);

impl Instant {
    /// The instant; `None` for the two ends of time, which stand for an unbounded side.
    pub(super) fn bounded(at: Time) -> Option<Self> {
        (at != Time::MIN && at != Time::MAX).then(|| Self::new(at))
    }

    pub(super) fn new(at: Time) -> Self {
        Self(at.to_string())
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("Instant")
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// When something started.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Onset")]
pub(super) struct OnsetWire {
    /// The lower bound; null if it started before the window.
    earliest: Option<Instant>,
    /// The upper bound; null if unknown.
    latest: Option<Instant>,
}

impl OnsetWire {
    pub(super) fn new(onset: &Onset) -> Self {
        Self { earliest: Instant::bounded(onset.earliest), latest: Instant::bounded(onset.latest) }
    }
}

/// When something was last observed, and whether it still holds.
#[derive(Serialize, JsonSchema)]
pub(super) struct ActivityWire {
    /// When it was last observed.
    last: Option<Instant>,
    /// Whether it is over.
    over: bool,
    /// Whether counter-evidence shows that it is over.
    resolved: bool,
    /// The periods since its onset in which its telemetry was not visible.
    unseen: Vec<PeriodWire>,
    /// Whether it holds at some time in the window that is not known: a number over the whole window.
    timeless: bool,
}

/// A period.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Period")]
struct PeriodWire {
    /// Its start.
    from: Instant,
    /// Its end, exclusive.
    to: Instant,
}

impl ActivityWire {
    pub(super) fn new(activity: &Activity) -> Self {
        Self {
            last: Instant::bounded(activity.last),
            over: activity.state != ActivityState::Active,
            resolved: activity.state == ActivityState::Resolved,
            unseen: activity
                .unseen
                .iter()
                .map(|period| PeriodWire { from: Instant::new(period.from), to: Instant::new(period.to) })
                .collect(),
            timeless: activity.timeless,
        }
    }
}

/// Entities as their keys and values.
pub(super) type Entities<'a> = Vec<BTreeMap<&'a str, &'a str>>;

pub(super) fn entities(entities: &[Entity]) -> Entities<'_> {
    entities.iter().map(|entity| entity.keys().collect()).collect()
}

pub(super) fn reasons(reasons: &[UnknownReason]) -> Vec<String> {
    reasons.iter().map(ToString::to_string).collect()
}

/// A parameter's value, exactly, as in rule files: `24`, `2 h`, `10 GB`.
pub(super) fn setting(value: &Quantity) -> String {
    let number = format::exact(value.number);
    let unit = format::unit(&value.unit);
    if unit == "count" { number } else { format!("{number} {unit}") }
}

pub(super) fn statuses() -> [&'static str; 7] {
    use Status::{Diagnosed, DiagnosedPartial, Healthy, InsufficientData, NoKnownProblem, NoiseOnly, Recovered};
    [Healthy, NoKnownProblem, NoiseOnly, Recovered, Diagnosed, DiagnosedPartial, InsufficientData].map(Status::as_str)
}

pub(super) fn grades() -> [&'static str; 3] {
    [Grade::Confirmed, Grade::Provisional, Grade::Open].map(Grade::as_str)
}

pub(super) fn grades_or_null() -> Vec<Option<&'static str>> {
    grades().map(Some).into_iter().chain([None]).collect()
}

pub(super) fn roles() -> [&'static str; 8] {
    use Role::{Consequence, Contributing, Fact, Independent, Noise, Recovered, Root, Unresolved};
    [Root, Independent, Consequence, Contributing, Noise, Recovered, Unresolved, Fact].map(Role::as_str)
}

pub(super) fn severities() -> [&'static str; 4] {
    [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical].map(Severity::as_str)
}

pub(super) fn classes() -> [&'static str; 6] {
    [Class::Cause, Class::Effect, Class::Impact, Class::Complaint, Class::Benign, Class::Fact].map(Class::as_str)
}

pub(super) fn strengths() -> [&'static str; 3] {
    [Strength::Possible, Strength::Likely, Strength::Sure].map(Strength::as_str)
}

pub(super) fn verdicts() -> [&'static str; 3] {
    [Verdict::True, Verdict::False, Verdict::Unknown].map(Verdict::as_str)
}
