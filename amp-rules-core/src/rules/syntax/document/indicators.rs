//! `indicators.yaml`: healthy and unhealthy indicators.

use super::condition::PATTERN_CONDITION;
use crate::rules::syntax::shape::{Object, Shape, object, required};

pub(super) static INDICATORS: Object = object(
    "Indicators",
    "Healthy and unhealthy indicators: statements about the whole system.",
    &[
        required("format", Shape::Tag("amp-rules-indicators/v1"), "The version of the format."),
        required(
            "indicators",
            Shape::List(&Shape::Object(&INDICATOR)),
            "The indicators, in the order in which reports show them.",
        ),
    ],
);

static INDICATOR: Object = object(
    "Indicator",
    "One indicator.",
    &[
        required("id", Shape::Id, "Its id, unique among the indicators."),
        required(
            "kind",
            Shape::Words(&[("healthy", "The system works."), ("unhealthy", "The system has a problem.")]),
            "What it indicates.",
        ),
        required("text", Shape::Text, "The statement."),
        required("when", Shape::Same(&PATTERN_CONDITION), "When it is true: a condition over patterns."),
    ],
);
