//! `incident.yaml`: a recorded or reconstructed incident.

use super::expect::EXPECT;
use super::given::{INVENTORY, REPORT};
use super::table_state::TABLE_STATES;
use crate::rules::syntax::shape::{Object, Shape, object, optional, required};

pub(super) static INCIDENT: Object = object(
    "Incident",
    "A recorded or reconstructed incident: rows on disk next to this file, and the expected diagnosis.",
    &[
        required("format", Shape::Tag("amp-rules-incident/v1"), "The version of the format."),
        required("title", Shape::Text, "Its title."),
        required("subject", Shape::Map(&Shape::Name, &Shape::Text), "The keys of what is diagnosed."),
        required("now", Shape::Instant, "The time of the diagnosis."),
        optional("window", Shape::Duration, "The length of the window before now. Default: 24h."),
        optional(
            "tables",
            TABLE_STATES,
            "The state of each table. A table that is neither listed nor present is not configured.",
        ),
        optional("reported", Shape::List(&Shape::Object(&REPORT)), "What people reported."),
        optional(
            "set",
            Shape::Map(&Shape::Name, &Shape::Quantity),
            "Parameters of the pack that have other values here.",
        ),
        optional("inventory", INVENTORY, "Whether all entities are known. Default: `complete`."),
        optional("provenance", Shape::Text, "Where it comes from."),
        optional("expect", Shape::Object(&EXPECT), "The expected diagnosis."),
    ],
);
