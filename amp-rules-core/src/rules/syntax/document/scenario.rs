//! `scenario.yaml`: telemetry that is described instead of recorded.

use super::given::GIVEN;
use crate::rules::syntax::shape::{Object, Shape, object, optional, required};

pub(super) static SCENARIO: Object = object(
    "Scenario",
    "Telemetry described instead of recorded: the source of a generated incident folder, or a background that cases name.",
    &[
        required("format", Shape::Tag("amp-rules-scenario/v1"), "The version of the format."),
        optional("title", Shape::Text, "What it describes."),
        required(
            "given",
            Shape::Object(&GIVEN),
            "The telemetry. Subject, now, window and tables of an `incident.yaml` in the same folder take precedence.",
        ),
    ],
);
