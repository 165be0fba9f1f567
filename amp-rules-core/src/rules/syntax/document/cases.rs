//! `cases.yaml`: the cases of a pattern.

use super::expect::EXPECT;
use super::given::GIVEN;
use crate::rules::syntax::shape::{Object, Shape, object, optional, required};

pub(super) static CASES: Object = object(
    "Cases",
    "The cases of the pattern in the same folder: at least one positive, one quiet and one undecided.",
    &[
        required("format", Shape::Tag("amp-rules-cases/v1"), "The version of the format."),
        required("cases", Shape::List(&Shape::Object(&CASE)), "The cases."),
    ],
);

static CASE: Object = object(
    "Case",
    "One case: telemetry at a fixed time, and the expected diagnosis.",
    &[
        required("name", Shape::Text, "The fact that the case shows."),
        required("given", Shape::Object(&GIVEN), "The telemetry."),
        required("expect", Shape::Object(&EXPECT), "The expected diagnosis."),
        optional(
            "cases",
            Shape::List(&Shape::Map(&Shape::Name, &Shape::Scalar)),
            "Variants: each replaces `${name}` in all texts of the case by its own values.",
        ),
        optional("todo", Shape::Text, "Why the case fails today. While this key is set, the case must fail."),
    ],
);
