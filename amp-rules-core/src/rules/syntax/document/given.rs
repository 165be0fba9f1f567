//! `given`: the telemetry of a case or a scenario.

use super::table_state::TABLE_STATES;
use crate::rules::syntax::shape::{Field, Object, Shape, object, optional, required};

pub(super) static GIVEN: Object = object(
    "Given",
    "The telemetry of a case. By default every entity that is named exists for the whole window in every table that is not missing; `alive` overrides this.",
    &[
        optional("now", Shape::Instant, "The time of the diagnosis. Default: any, since all other times are relative."),
        optional("window", Shape::Duration, "The length of the window before now. Default: 24h."),
        optional("subject", Shape::Map(&Shape::Name, &Shape::Text), "The keys of the subject."),
        optional(
            "background",
            Shape::OneOrMany(&Shape::Name),
            "Series that every entity sends in addition: the names of `<name>.scenario.yaml` files next to the pack.",
        ),
        optional(
            "entities",
            Shape::Map(&Shape::Name, &ENTITIES),
            "Names for groups of entities, for use wherever entities are expected.",
        ),
        optional(
            "attributes",
            Shape::Map(&Shape::Column, &Shape::Scalar),
            "Cells of every row of a table that has such an attribute.",
        ),
        optional("logs", Shape::Map(&Shape::Table, &Shape::List(&Shape::Object(&ROWS))), "Lines by table."),
        optional("events", Shape::Map(&Shape::Table, &Shape::List(&Shape::Object(&EVENT_ROWS))), "Events by table."),
        optional("metrics", Shape::List(&Shape::Object(&SERIES)), "Series of samples."),
        optional("tables", TABLE_STATES, "Tables that are missing or incomplete."),
        optional(
            "alive",
            Shape::AnyList(&Shape::Object(&ALIVE)),
            "When entities exist; with an empty list there are none.",
        ),
        optional("reported", Shape::List(&Shape::Object(&REPORT)), "What people reported."),
        optional(
            "set",
            Shape::Map(&Shape::Name, &Shape::Quantity),
            "Parameters of the pack that have other values here.",
        ),
        optional("inventory", INVENTORY, "Whether all entities are known. Default: `complete`."),
    ],
);

pub(super) const INVENTORY: Shape = Shape::Words(&[
    ("complete", "Every entity that existed is known."),
    ("partial", "Some entities may not have been seen."),
]);

pub(super) const ENTITY: Shape = Shape::Map(&Shape::Name, &Shape::Scalar);

/// One or many entities: keys, whose values may be lists, ranges (`rs-1..4`) or, with `*`, globs over those named; or a group.
const ENTITIES: Shape =
    Shape::OneOrMany(&Shape::Either(&[Shape::Text, Shape::Map(&Shape::Name, &Shape::OneOrMany(&Shape::Scalar))]));
const ENTITIES_DOC: &str = "The entities: keys with values, lists, ranges such as `rs-1..4`, or `*` for all that are named; or the name of a group, `rs/1..3` for a part of it.";
const WITH: Field = optional(
    "with",
    Shape::Map(&Shape::Name, &Shape::Notation),
    "Values for `{name}` in the texts, one per row: `0..17` counts and starts over, `5~7000` scatters, `a, b` alternates.",
);
const ON_FOR: Field = optional("on_for", Shape::Duration, "On for this long, then off for `off_for`, repeatedly.");
const OFF_FOR: Field = optional("off_for", Shape::Duration, "Off for this long.");

static ROWS: Object = Object {
    name: "Rows",
    doc: "Lines, once or repeatedly.",
    fields: &[
        optional("at", Shape::Offset, "The time of a single row."),
        optional("from", Shape::Offset, "The time of the first row."),
        optional("to", Shape::Offset, "The end, exclusive."),
        optional("every", Shape::Duration, "The interval between two rows."),
        ON_FOR,
        OFF_FOR,
        optional("entity", ENTITIES, ENTITIES_DOC),
        optional(
            "component",
            Shape::Id,
            "The process that wrote them; the row is built so that the pack's rules assign it to this component.",
        ),
        optional("line", Shape::Text, "The line."),
        optional("lines", Shape::List(&Shape::Text), "A batch of lines in one row."),
        WITH,
        optional("weight", Shape::Integer(1), "How many rows each row represents. Default: 1."),
        optional("columns", Shape::Map(&Shape::Column, &Shape::Scalar), "Other columns of the rows."),
    ],
    at_least_one: &[],
    exactly_one: &[&["at", "from"], &["line", "lines"]],
    at_most_one: &[],
};

static EVENT_ROWS: Object = Object {
    name: "EventRows",
    doc: "Rows of a table, once or repeatedly.",
    fields: &[
        optional("at", Shape::Offset, "The time of a single row."),
        optional("from", Shape::Offset, "The time of the first row."),
        optional("to", Shape::Offset, "The end, exclusive."),
        optional("every", Shape::Duration, "The interval between two rows."),
        ON_FOR,
        OFF_FOR,
        optional("entity", ENTITIES, ENTITIES_DOC),
        optional("weight", Shape::Integer(1), "How many rows each row represents. Default: 1."),
        optional("columns", Shape::Map(&Shape::Column, &Shape::Scalar), "The other columns of the rows."),
        WITH,
    ],
    at_least_one: &[],
    exactly_one: &[&["at", "from"]],
    at_most_one: &[],
};

static SERIES: Object = object(
    "SeriesRows",
    "Samples of one metric.",
    &[
        required("name", Shape::Telemetry, "The metric, spelled as in rows."),
        optional("table", Shape::Table, "The table. Default: the table whose catalogue lists the metric."),
        optional("entity", ENTITIES, ENTITIES_DOC),
        optional(
            "from",
            Shape::Offset,
            "The time of the first sample. Default: the start of the window if there is a `to`, otherwise such that the last sample is just before now.",
        ),
        optional("to", Shape::Offset, "The end until which the values repeat, exclusive. Default: they are sent once."),
        required("every", Shape::Duration, "The interval between two samples."),
        required(
            "values",
            Shape::Notation,
            "The samples in promtool's notation: `1 2 3`, `5x10`, `2e9+1e9x10 _x3`; `_` is a gap.",
        ),
        optional(
            "weight",
            Shape::Notation,
            "How many rows each sample represents, in the same notation; 0 for none. Default: 1.",
        ),
        optional(
            "columns",
            Shape::Map(&Shape::Column, &Shape::Scalar),
            "Other columns of the rows; dots separate properties.",
        ),
    ],
);

static ALIVE: Object = object(
    "Alive",
    "A time in which entities exist.",
    &[
        required("entity", ENTITIES, ENTITIES_DOC),
        optional("from", Shape::Offset, "The start. Default: before the window."),
        optional("to", Shape::Offset, "The end. Default: now."),
        optional("tables", Shape::List(&Shape::Table), "The tables that have heartbeats of them. Default: all."),
        optional(
            "columns",
            Shape::Map(&Shape::Column, &Shape::Scalar),
            "Other columns of the heartbeat rows, such as attributes.",
        ),
    ],
);

pub(super) static REPORT: Object = object(
    "Report",
    "A problem that people reported.",
    &[
        required("pattern", Shape::Id, "A pattern of class `complaint` or `impact`."),
        optional("entity", ENTITY, "The entity. Default: the subject."),
        optional("since", Shape::Either(&[Shape::Instant, Shape::Offset]), "When it started."),
        optional(
            "until",
            Shape::Either(&[Shape::Instant, Shape::Offset]),
            "When it ended. Without it, or with `null`, it is ongoing.",
        ),
    ],
);
