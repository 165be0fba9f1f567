//! `pack.yaml`: the telemetry model and the parameters.
//!
//! Everything that is specific to one product is in such a file.

use crate::rules::syntax::shape::{Object, Shape, Variants, object, optional, required};

pub(super) static PACK: Object = object(
    "Pack",
    "The telemetry model of a pack: parameters, entity kinds and tables. One file per pack.",
    &[
        required("format", Shape::Tag("amp-rules/v1"), "The version of the format."),
        required("pack", Shape::Id, "The name of the pack."),
        required("version", Shape::Version, "The version of the pack."),
        optional("defaults", Shape::Object(&DEFAULTS), "Overrides of built-in numbers."),
        optional(
            "parameters",
            Shape::Map(&Shape::Name, &Shape::Object(&PARAMETER)),
            "Constants that a customer may want to change; rules refer to them as `$name`.",
        ),
        required(
            "entities",
            Shape::Map(&Shape::Name, &Shape::Object(&ENTITY)),
            "The kinds of entities that patterns are about, from coarse to fine.",
        ),
        required("tables", Shape::Map(&Shape::Table, &Shape::Object(&TABLE)), "The telemetry tables."),
        optional(
            "derived_keys",
            Shape::Map(&Shape::Name, &Shape::OneOrMany(&Shape::Object(&DERIVATION))),
            "Entity keys that a row may lack, each with how it is derived from another key of the row. The first that applies counts.",
        ),
        optional(
            "inputs",
            Shape::Map(&Shape::Id, &Shape::Object(&INPUT)),
            "The forms in which people have rows of the tables, apart from the columns of the tables and their services.",
        ),
    ],
);

static INPUT: Object = object(
    "Input",
    "A form in which people have rows of a table.",
    &[
        required(
            "content",
            Shape::Words(&[
                ("rows", "Rows with other columns: CSV, NDJSON or JSON. The fields are the columns."),
                (
                    "lines",
                    "The lines of a container. The fields are `line`, and `pod` and `container` where `kubectl logs --prefix` names them.",
                ),
                (
                    "objects",
                    "Kubernetes objects as JSON. The fields are dotted paths, such as `involvedObject.name`. Requires `kind`.",
                ),
            ]),
            "What a file of this form contains.",
        ),
        required("table", Shape::Table, "The table whose rows it has."),
        optional("kind", Shape::Text, "The kind of the objects, such as `Event`."),
        optional(
            "files",
            Shape::List(&Shape::Regex),
            "Regexes on the path of a file that is expected to have this form. Named captures are fields of its rows.",
        ),
        required(
            "columns",
            Shape::Map(&Shape::Column, &Shape::OneOrMany(&Shape::Object(&DERIVATION))),
            "The columns of the table, each with how it is derived from fields. The first that applies counts.",
        ),
        optional("component", Shape::Id, "The component of lines whose component cannot be determined."),
        optional(
            "alive",
            Shape::Words(&[(
                "file",
                "From its first to its last line, a file has every line of its entity. Outside, nothing is known.",
            )]),
            "When the channel of an entity is alive. Default: as the table's heartbeats show.",
        ),
    ],
);

static DERIVATION: Object = object(
    "Derivation",
    "How a value is derived from a field.",
    &[
        required("from", Shape::Text, "The field."),
        optional("regex", Shape::Regex, "What the field matches. Default: any text."),
        optional(
            "value",
            Shape::Text,
            "The value; `$name` and `$1` are captures of the regex. Default: the first capture, or the text of the field.",
        ),
    ],
);

static DEFAULTS: Object = object(
    "Defaults",
    "Overrides of built-in numbers.",
    &[
        optional(
            "ingestion_delay",
            Shape::DurationOrZero,
            "Data newer than now minus this is never considered missing. Default: 15m.",
        ),
        optional(
            "tolerance",
            Shape::DurationOrZero,
            "Differences between clocks that causal edges tolerate. Default: 2m.",
        ),
        optional(
            "max_cause_gap",
            Shape::DurationOrZero,
            "The longest gap between the activity of a cause and that of its effect. Default: 30m.",
        ),
        optional(
            "merge_gap",
            Shape::DurationOrZero,
            "Episodes that are at most this far apart are merged. Default: 45m.",
        ),
        optional(
            "blind_bins",
            Shape::Integer(0),
            "How many bins without a heartbeat still count as visible. Default: 1.",
        ),
        optional(
            "max_hidden_hops",
            Shape::Integer(0),
            "How many unseen patterns a causal path may pass over. Default: 2.",
        ),
        optional(
            "flush",
            Shape::DurationOrZero,
            "How long agents batch rows, for tables without `flush`. Default: 15s.",
        ),
        optional("baseline", Shape::Object(&BASELINE), "What baselines are computed from."),
    ],
);

pub(super) static BASELINE: Object = object(
    "Baseline",
    "What baselines are computed from.",
    &[
        optional("bins", Shape::Integer(2), "The number of previous bins. Default: 24."),
        optional("at_least", Shape::Integer(1), "How many of them must be known. Default: 6."),
    ],
);

static PARAMETER: Object = object(
    "Parameter",
    "A constant that a customer may want to change.",
    &[
        required("value", Shape::Quantity, "Its value, unless the run sets another one."),
        required("because", Shape::Text, "The origin of the value."),
    ],
);

static ENTITY: Object = object(
    "EntityKind",
    "A kind of entity.",
    &[
        optional("within", Shape::Name, "The next coarser kind."),
        required(
            "keys",
            Shape::List(&Shape::Name),
            "The keys that identify an entity of this kind, in addition to those of the coarser kind.",
        ),
        optional("fold_case", Shape::Bool, "Whether values that differ only in case are equal, as for resource ids."),
    ],
);

static TABLE: Object = object(
    "Table",
    "A table of telemetry.",
    &[
        required(
            "kind",
            Shape::Words(&[
                ("logs", "A row has text: one line, or a batch of lines."),
                ("metrics", "A row is a sample of a metric."),
                ("events", "A row is an event."),
            ]),
            "What a row is.",
        ),
        required("time", Shape::Column, "The column with the time of a row."),
        optional("text", Shape::Column, "The column with the text of a row. Required for logs."),
        optional(
            "lines",
            Shape::Words(&[("split", "A row is a batch of lines."), ("whole", "A row is one line.")]),
            "How rows are split into lines. Default: `whole`.",
        ),
        optional(
            "fold",
            Shape::Object(&FOLD),
            "How lines of a batch form records, such as an error with its stack trace. Symptoms and `errors` test records. Requires `lines: split`: rows are never joined. Default: every line is a record.",
        ),
        optional("name", Shape::Column, "The column with the name of the metric. Required for metrics."),
        optional("value", Shape::Column, "The column with the sample. Required for metrics."),
        optional(
            "weight",
            Shape::Column,
            "The column with the number of rows that a row represents. Default: each row represents itself.",
        ),
        optional(
            "identity",
            Shape::Column,
            "The column that identifies a row: rows with the same identity count once.",
        ),
        optional(
            "flush",
            Shape::DurationOrZero,
            "How long the agent batches rows before it sends them; onsets are uncertain by this much.",
        ),
        required("columns", Shape::Map(&Shape::Name, &Shape::Words(COLUMN_TYPES)), "The columns and their types."),
        optional(
            "keys",
            Shape::Map(&Shape::Name, &Shape::Either(&[Shape::Column, Shape::Map(&Shape::Name, &Shape::Column)])),
            "The columns of the entity keys. The name of a metric with a map of keys overrides them for the rows of this metric.",
        ),
        optional(
            "heartbeat",
            Shape::Either(&[Shape::Variants(&HEARTBEAT), Shape::List(&Shape::Object(&BEAT))]),
            "Rows that prove that the channel of an entity works. Without it, zero rows prove nothing.",
        ),
        optional(
            "attributes",
            Shape::Either(&[Shape::List(&Shape::Name), Shape::Map(&Shape::Name, &Shape::Column)]),
            "Attributes that can distinguish failing entities from healthy ones: names, or names with their columns.",
        ),
        optional("restart_marker", Shape::Object(&RESTART_MARKER), "The line that a container writes when it starts."),
        optional(
            "components",
            Shape::List(&Shape::Object(&COMPONENT)),
            "Rules that determine which process wrote a line; the first that matches applies.",
        ),
        optional(
            "errors",
            Shape::Object(&ERRORS),
            "How to recognize error lines; reports list the most frequent ones that no pattern matches.",
        ),
        optional(
            "metrics",
            Shape::Map(&Shape::Telemetry, &Shape::Object(&METRIC)),
            "The catalogue of metrics; their units are used to check thresholds.",
        ),
        optional(
            "aliases",
            Shape::Map(&Shape::Telemetry, &Shape::List(&Shape::Telemetry)),
            "Metrics with several spellings: the name that rules use, and the names in rows.",
        ),
        optional(
            "catalogue",
            Shape::Words(&[
                ("closed", "A metric that is not in the catalogue is an error."),
                ("open", "There may be other metrics, which are counts."),
            ]),
            "Whether the catalogue lists every metric. Default: `closed` if it lists any.",
        ),
        optional(
            "services",
            Shape::Map(&Shape::Id, &Shape::Object(&SERVED)),
            "The services that have the table, the usual one first, with their names for it and its columns.",
        ),
    ],
);

static FOLD: Object = object(
    "Fold",
    "How lines form records.",
    &[required(
        "starts",
        Shape::Regex,
        "A regex of the first line of a record. The other lines are joined to the line before them, with a newline between them.",
    )],
);

static SERVED: Object = object(
    "Served",
    "The name of a table in a service.",
    &[
        required("table", Shape::Table, "Its name in the service."),
        optional(
            "columns",
            Shape::Map(&Shape::Name, &Shape::Name),
            "The columns that have another name in the service, each with that name.",
        ),
    ],
);

const COLUMN_TYPES: &[(&str, &str)] = &[
    ("bool", "True or false."),
    ("int", "A 32-bit integer."),
    ("long", "A 64-bit integer."),
    ("real", "A floating-point number."),
    ("decimal", "A decimal number."),
    ("string", "A text."),
    ("datetime", "A point in time."),
    ("timespan", "A duration."),
    ("guid", "An identifier."),
    ("dynamic", "An object with properties, or any other JSON value."),
];

static HEARTBEAT: Variants = Variants {
    name: "Heartbeat",
    doc: "Rows that prove that the channel of an entity works.",
    kinds: &[
        &Object {
            name: "AnyOf",
            doc: "Any of several kinds of rows.",
            fields: &[required("any_of", Shape::List(&Shape::Object(&BEAT)), "One of these is enough.")],
            at_least_one: &[],
            exactly_one: &[],
            at_most_one: &[],
        },
        &Object {
            name: "Every",
            doc: "One kind of rows.",
            fields: &[
                required("every", Shape::Duration, "How often such a row is sent."),
                optional("table", Shape::Table, "Their table. Default: this one."),
                optional("metric", Shape::Telemetry, "Their metric. Default: any row."),
            ],
            at_least_one: &[],
            exactly_one: &[],
            at_most_one: &[],
        },
    ],
    common: &[],
};

static BEAT: Object = object(
    "Beat",
    "One kind of rows that prove it.",
    &[
        required("every", Shape::Duration, "How often such a row is sent."),
        optional("table", Shape::Table, "Their table. Default: this one."),
        optional("metric", Shape::Telemetry, "Their metric. Default: any row."),
    ],
);

static RESTART_MARKER: Object = object(
    "RestartMarker",
    "The line that a container writes when it starts.",
    &[required("regex", Shape::Regex, "What the line matches.")],
);

static ERRORS: Object = object(
    "Errors",
    "How to recognize error lines, whether or not a pattern matches them.",
    &[
        optional(
            "level_fields",
            Shape::List(&Shape::Text),
            "The fields of a JSON line that can have its level; the first with a text counts. Requires `error_levels`.",
        ),
        optional(
            "error_levels",
            Shape::List(&Shape::Text),
            "The levels that are errors, whatever the message; case does not matter.",
        ),
        optional(
            "info_levels",
            Shape::List(&Shape::Text),
            "The levels that are never errors: info and below; case does not matter.",
        ),
        optional(
            "error_regex",
            Shape::Regex,
            "A regex for the message of a line at error level without a level field. The message of a JSON line is the text \
             of its fields msg, message, error, err and log; that of any other line is the whole line.",
        ),
        optional(
            "info_regex",
            Shape::Regex,
            "A regex for the message of a line at info level or below without a level field.",
        ),
        required("regex", Shape::Regex, "A regex for the message of an error line at another level, or without one."),
        optional("except", Shape::Regex, "A regex for the message of harmless lines."),
    ],
);

static COMPONENT: Object = Object {
    name: "Component",
    doc: "A rule that determines which process wrote a line.",
    fields: &[
        required("name", Shape::Id, "The component."),
        optional("json", Shape::Text, "The line is a JSON object with this field."),
        optional("column", Shape::Column, "The row has this column."),
        optional("line", Shape::Bool, "The line itself is tested; requires `prefix`."),
        optional("equals", Shape::Text, "The field or column has this text."),
        optional("prefix", Shape::Text, "The field, column or line starts with this."),
        optional("otherwise", Shape::Bool, "Everything that no earlier rule matches."),
    ],
    at_least_one: &[],
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
                ("gauge", "A level at a point in time."),
                ("delta", "The change since the last sample."),
                ("cumulative", "A running total that is reset when its process restarts."),
            ]),
            "What a sample is.",
        ),
        optional("every", Shape::Duration, "How often it is sent."),
    ],
);
