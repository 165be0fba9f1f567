//! The state of a table in a case or an incident: complete, missing, or cut.

use crate::rules::syntax::shape::{Object, Shape, Variants, object, optional, required};

pub(super) const TABLE_STATES: Shape = Shape::Map(&Shape::Table, &TABLE_STATE);
const TABLE_STATE: Shape =
    Shape::Either(&[Shape::Words(&[("complete", "Nothing is missing.")]), Shape::Variants(&STATE)]);

static STATE: Variants = Variants {
    name: "TableState",
    doc: "What is missing from a table.",
    kinds: &[
        &object(
            "Missing",
            "The table, or parts of it, could not be read.",
            &[required(
                "missing",
                Shape::Either(&[Shape::Words(REASONS), Shape::List(&Shape::Object(&PART))]),
                "The reason, or the parts with their reasons.",
            )],
        ),
        &object(
            "Partial",
            "The answer is incomplete.",
            &[
                required("partial", Shape::Words(CUTS), "How."),
                optional(
                    "from",
                    Shape::Either(&[Shape::Instant, Shape::Offset]),
                    "The start of the incomplete part. Default: the start of the window.",
                ),
                optional(
                    "to",
                    Shape::Either(&[Shape::Instant, Shape::Offset]),
                    "The end of the incomplete part. Default: the end of the window.",
                ),
            ],
        ),
    ],
    common: &[],
};

static PART: Object = Object {
    name: "MissingPart",
    doc: "A part of a table that could not be read.",
    fields: &[
        optional("metric", Shape::Telemetry, "The samples of this metric."),
        optional("component", Shape::Id, "The lines of this process."),
        required("reason", Shape::Words(REASONS), "Why."),
    ],
    at_least_one: &[],
    exactly_one: &[&["metric", "component"]],
    at_most_one: &[],
};

const REASONS: &[(&str, &str)] = &[
    ("denied", "The credentials were refused."),
    ("timeout", "There was no answer in time."),
    ("not_configured", "The source has no address for it."),
    ("missing_table", "The source has no such table."),
    ("throttled", "The source is throttling."),
    ("unreachable", "The source could not be reached."),
    ("unsupported", "The source cannot serve this."),
    ("malformed", "The answer could not be parsed."),
    ("source_error", "Anything else."),
];

const CUTS: &[(&str, &str)] = &[
    ("truncated", "Rows are missing."),
    ("time_range", "A part of the time range is missing."),
    ("sampled", "Random rows are missing."),
    ("bad_rows", "Some rows could not be parsed."),
    ("missing_column", "Rows lack a column that a request reads."),
];
