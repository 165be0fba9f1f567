//! `pack.yaml`: the telemetry model and the parameters.
//!
//! Input: nothing. Output: the shape of the file. Everything that is specific to one product stands in such a file.

use crate::rules::syntax::shape::{Object, Shape, Variants, object, optional, required};

pub(super) static PACK: Object = object(
    "Pack",
    "What a pack speaks of: its parameters, entity kinds and tables. One file per pack.",
    &[
        required("format", Shape::Tag("amp-rules/v1"), "The version of the format."),
        required("pack", Shape::Id, "The name of the pack."),
        required("version", Shape::Version, "The version of the pack."),
        optional("defaults", Shape::Object(&DEFAULTS), "The engine's own numbers, where the pack wants others."),
        optional(
            "parameters",
            Shape::Map(&Shape::Name, &Shape::Object(&PARAMETER)),
            "Every constant that a customer may want to change; rules name it as `$name`.",
        ),
        required(
            "entities",
            Shape::Map(&Shape::Name, &Shape::Object(&ENTITY)),
            "The kinds of things that patterns speak of, from coarse to fine.",
        ),
        required("tables", Shape::Map(&Shape::Telemetry, &Shape::Object(&TABLE)), "The tables of telemetry."),
    ],
);

static DEFAULTS: Object = object(
    "Defaults",
    "The engine's own numbers.",
    &[
        optional(
            "ingestion_delay",
            Shape::DurationOrZero,
            "Nothing younger than now less this counts as missing (15m).",
        ),
        optional("tolerance", Shape::DurationOrZero, "Clock differences that a causal edge forgives (2m)."),
        optional(
            "max_cause_gap",
            Shape::DurationOrZero,
            "How far apart the activities of a cause and its effect may lie (30m).",
        ),
        optional("merge_gap", Shape::DurationOrZero, "Episodes at most this far apart are one (45m)."),
        optional("blind_bins", Shape::Integer(0), "How many bins without a heartbeat still count as visible (1)."),
        optional("max_hidden_hops", Shape::Integer(0), "How many unseen patterns a causal path may pass (2)."),
        optional("flush", Shape::DurationOrZero, "How long agents batch, where a table does not say (15s)."),
        optional("baseline", Shape::Object(&BASELINE), "What a baseline is made of."),
    ],
);

pub(super) static BASELINE: Object = object(
    "Baseline",
    "What a baseline is made of.",
    &[
        optional("bins", Shape::Integer(2), "So many earlier bins (24)."),
        optional("at_least", Shape::Integer(1), "So many of them must be known (6)."),
    ],
);

static PARAMETER: Object = object(
    "Parameter",
    "A constant that a customer may want to change.",
    &[
        required("value", Shape::Quantity, "Its value unless the run sets another."),
        required("because", Shape::Text, "Where the value comes from."),
    ],
);

static ENTITY: Object = object(
    "EntityKind",
    "A kind of thing that patterns speak of.",
    &[
        optional("within", Shape::Name, "The next coarser kind."),
        required(
            "keys",
            Shape::List(&Shape::Name),
            "The keys that tell one of it from another, besides those of the coarser kind.",
        ),
        optional(
            "fold_case",
            Shape::Bool,
            "Whether values that differ only in case are the same, as for resource ids.",
        ),
    ],
);

static TABLE: Object = object(
    "Table",
    "A table of telemetry.",
    &[
        required(
            "kind",
            Shape::Words(&[
                ("logs", "A row carries text: one line, or a batch of lines."),
                ("metrics", "A row is a sample of a metric."),
                ("events", "A row is an event."),
            ]),
            "What its rows are.",
        ),
        required("time", Shape::Column, "The column that dates a row."),
        optional("text", Shape::Column, "The column with the text of a row. Tables of logs need it."),
        optional(
            "lines",
            Shape::Words(&[("split", "A row is a batch of lines."), ("whole", "A row is one line.")]),
            "How rows are lines (whole).",
        ),
        optional("name", Shape::Column, "The column that names the metric. Tables of metrics need it."),
        optional("value", Shape::Column, "The column with the sample. Tables of metrics need it."),
        optional(
            "weight",
            Shape::Column,
            "The column that says for how many rows a row stands; without it each stands for itself.",
        ),
        optional(
            "identity",
            Shape::Column,
            "The column that identifies a row: rows with the same identity count once.",
        ),
        optional("flush", Shape::DurationOrZero, "How long the agent batches before it sends; it widens onsets."),
        required("columns", Shape::Map(&Shape::Name, &Shape::Words(COLUMN_TYPES)), "The columns and their types."),
        optional(
            "keys",
            Shape::Map(&Shape::Name, &Shape::Either(&[Shape::Column, Shape::Map(&Shape::Name, &Shape::Column)])),
            "Where the entity keys stand; a metric's name with keys of its own says where they stand in its rows.",
        ),
        optional(
            "heartbeat",
            Shape::Either(&[Shape::Variants(&HEARTBEAT), Shape::List(&Shape::Object(&BEAT))]),
            "What proves that the channel of an entity is alive. Without it, zero rows prove nothing.",
        ),
        optional(
            "attributes",
            Shape::Either(&[Shape::List(&Shape::Name), Shape::Map(&Shape::Name, &Shape::Column)]),
            "What tells failing entities from healthy ones: names, or names and where they stand.",
        ),
        optional("restart_marker", Shape::Object(&RESTART_MARKER), "What says that a container has started anew."),
        optional(
            "components",
            Shape::List(&Shape::Object(&COMPONENT)),
            "Which process wrote a line: the first that fits.",
        ),
        optional(
            "errors",
            Shape::Object(&ERRORS),
            "What an error looks like in the lines: reports list the most frequent ones that no pattern knows.",
        ),
        optional(
            "metrics",
            Shape::Map(&Shape::Telemetry, &Shape::Object(&METRIC)),
            "The catalogue of metrics; units make thresholds checkable.",
        ),
        optional(
            "aliases",
            Shape::Map(&Shape::Telemetry, &Shape::List(&Shape::Telemetry)),
            "One metric under several spellings: the name that rules use, and the names that rows have.",
        ),
        optional(
            "catalogue",
            Shape::Words(&[
                ("closed", "A metric outside of the catalogue is an error."),
                ("open", "There may be others, which are counts."),
            ]),
            "Whether the catalogue lists every metric (closed where it lists any).",
        ),
        optional(
            "services",
            Shape::Map(&Shape::Id, &Shape::Object(&SERVED)),
            "Which services hold the table, the usual one first, and what they call it and its columns.",
        ),
    ],
);

static SERVED: Object = object(
    "Served",
    "What a service calls a table.",
    &[
        required("table", Shape::Telemetry, "Its name there."),
        optional(
            "columns",
            Shape::Map(&Shape::Name, &Shape::Name),
            "The columns that are called otherwise there, each with its name there.",
        ),
    ],
);

const COLUMN_TYPES: &[(&str, &str)] = &[
    ("bool", "True or false."),
    ("int", "A whole number of 32 bits."),
    ("long", "A whole number of 64 bits."),
    ("real", "A number."),
    ("decimal", "An exact number."),
    ("string", "A text."),
    ("datetime", "An instant."),
    ("timespan", "A duration."),
    ("guid", "An identifier."),
    ("dynamic", "An object with properties, or any other JSON value."),
];

static HEARTBEAT: Variants = Variants {
    name: "Heartbeat",
    doc: "What proves that the channel of an entity is alive.",
    kinds: &[
        &Object {
            name: "AnyOf",
            doc: "Any of several.",
            fields: &[required("any_of", Shape::List(&Shape::Object(&BEAT)), "One of these suffices.")],
            exactly_one: &[],
            at_most_one: &[],
        },
        &Object {
            name: "Every",
            doc: "One sign of life.",
            fields: &[
                required("every", Shape::Duration, "How often it comes."),
                optional("table", Shape::Telemetry, "The table whose rows it is; this one if left out."),
                optional("metric", Shape::Telemetry, "The metric whose samples it is; any row if left out."),
            ],
            exactly_one: &[],
            at_most_one: &[],
        },
    ],
    common: &[],
};

static BEAT: Object = object(
    "Beat",
    "One sign of life.",
    &[
        required("every", Shape::Duration, "How often it comes."),
        optional("table", Shape::Telemetry, "The table whose rows it is; this one if left out."),
        optional("metric", Shape::Telemetry, "The metric whose samples it is; any row if left out."),
    ],
);

static RESTART_MARKER: Object = object(
    "Incarnation",
    "A line that says that a container has started anew.",
    &[required("regex", Shape::Regex, "What the line matches.")],
);

static ERRORS: Object = object(
    "Errors",
    "What says of a line that it is an error, whether or not a pattern knows it.",
    &[
        optional("field", Shape::Text, "The field of a JSON line that names its level; needs `levels`."),
        optional(
            "levels",
            Shape::List(&Shape::Text),
            "The levels that are errors, whatever their case; a line with another level is none.",
        ),
        required("regex", Shape::Regex, "What the message of a line without such a field matches."),
        optional("except", Shape::Regex, "What the message of a harmless line matches."),
    ],
);

static COMPONENT: Object = Object {
    name: "Component",
    doc: "A rule that says which process wrote a line.",
    fields: &[
        required("name", Shape::Id, "The component."),
        optional("json", Shape::Text, "The line is a JSON object with this field."),
        optional("column", Shape::Column, "The row has this column."),
        optional("line", Shape::Bool, "The line itself is looked at; needs `prefix`."),
        optional("equals", Shape::Text, "The field or column has this text."),
        optional("prefix", Shape::Text, "The field, column or line begins so."),
        optional("otherwise", Shape::Bool, "Anything that no earlier rule has claimed."),
    ],
    exactly_one: &[&["json", "column", "line", "otherwise"]],
    at_most_one: &[&["equals", "prefix"]],
};

static METRIC: Object = object(
    "Metric",
    "A metric of the catalogue.",
    &[
        required("unit", Shape::Unit, "The unit of its samples."),
        required(
            "type",
            Shape::Words(&[
                ("gauge", "A level at an instant."),
                ("delta", "What happened since the last sample."),
                ("cumulative", "A running total that restarts with its process."),
            ]),
            "What its samples are.",
        ),
        optional("every", Shape::Duration, "How often it is sent."),
    ],
);
