//! Values of rules: literals, parameters and thresholds.

use crate::rules::classification::Severity;
use crate::telemetry::predicate::Comparison;
use crate::unit::{Quantity, Unit};

/// A value: a literal in the rule, or a parameter of the pack (`$name`).
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// A literal.
    Literal(Quantity),
    /// The name of a parameter, without the `$`.
    Parameter(String),
}

/// A parameter of the pack: a constant that a user of the rules may want to change.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its value, unless the scope sets another one.
    pub value: Quantity,
    /// The origin of the value.
    pub because: String,
}

/// A threshold: `above: 10 GB`.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The comparison.
    pub comparison: Comparison,
    /// The limit.
    pub limit: Setting,
    /// The unit of the number that is compared. The limit is converted to it.
    pub unit: Unit,
    /// Limits for other severities in reports. Only `limit` decides whether the symptom holds.
    pub levels: Vec<(Severity, Setting)>,
}
