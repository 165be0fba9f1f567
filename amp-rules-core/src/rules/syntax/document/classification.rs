//! The words for class, severity and strength with their meanings, as shapes.

use crate::rules::classification::{Class, Severity, Strength};

pub(super) const CLASSES: &[(&str, &str)] = &[
    (Class::Cause.as_str(), "Can start an incident, and can be confirmed as its root cause."),
    (Class::Effect.as_str(), "The result of something else; as a root it gets the grade `open`."),
    (Class::Impact.as_str(), "What an incident costs its users."),
    (Class::Complaint.as_str(), "A problem that people report; it needs no symptom."),
    (Class::Benign.as_str(), "Expected noise."),
    (Class::Fact.as_str(), "A statement that can contradict others; never part of the causal graph."),
];

pub(super) const SEVERITIES: &[(&str, &str)] = &[
    (Severity::Info.as_str(), "Worth knowing."),
    (Severity::Warning.as_str(), "Worth a look."),
    (Severity::Error.as_str(), "Something fails."),
    (Severity::Critical.as_str(), "Much fails."),
];

pub(super) const STRENGTHS: &[(&str, &str)] = &[
    (Strength::Sure.as_str(), "Always, so an effect that is known to be absent is evidence against the cause."),
    (Strength::Likely.as_str(), "Usually."),
    (Strength::Possible.as_str(), "Sometimes."),
];
