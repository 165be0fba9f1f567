//! The symptoms of a pattern, kind by kind.

use super::classification::SEVERITIES;
use super::condition::SYMPTOM_OR_PATTERN;
use super::filter::{KEYS, TABLE_OF_METRIC, WHERE};
use super::pack::BASELINE;
use super::series::{METRIC_NAMES, SERIES, STEPS, VALUE, ZERO};
use crate::rules::syntax::shape::{Field, Object, Shape, Variants, object, optional, required};

pub(super) static SYMPTOM: Variants = Variants {
    name: "Symptom",
    doc: "One observable fact. Exactly one key determines its kind.",
    kinds: &[&LOG, &METRIC, &RATIO, &PROPERTY, &ABSENT, &DROP, &CEASES, &REPEATS, &SEQUENCE, &PERSISTS, &EVENT, &QUERY],
    common: &[
        optional("per", Shape::Name, "The entity kind that it is evaluated for. Default: the pattern's scope."),
        optional(
            "rollup",
            Shape::Either(&[Shape::Words(ROLLUPS), Shape::Object(&ROLLUP)]),
            "How it is rolled up to a coarser scope. Default: `any`.",
        ),
        optional("weak", Shape::Bool, "Whether it supports at most a provisional root on its own."),
        optional("because", Shape::Text, "The origin of its number."),
    ],
};

const ROLLUPS: &[(&str, &str)] =
    &[("any", "At least one live entity below has it."), ("every", "Every live entity below has it.")];

static ROLLUP: Object = Object {
    name: "Rollup",
    doc: "How many of the entities below must have it.",
    fields: &[
        optional("at_least", Shape::Integer(1), "At least this many."),
        optional("share", Shape::Quantity, "At least this share of them."),
    ],
    at_least_one: &[],
    exactly_one: &[&["at_least", "share"]],
    at_most_one: &[],
};

const COUNT: Field = optional("at_least", Shape::Setting, "The number of matches it takes. Default: 1.");
const WITHIN: Field =
    optional("within", Shape::DurationSetting, "The time within which they occur. Default: the whole window.");
const LASTS: Field = optional(
    "lasts",
    Shape::Either(&[Shape::DurationSetting, Shape::Words(&[("until_restart", "Until the entity restarts.")])]),
    "How long one occurrence stays in effect.",
);
const GRACE: Field = optional(
    "startup_grace",
    Shape::DurationSetting,
    "Failures after a restart that are followed by a success within this time do not count.",
);
const DETECTION_DELAY: Field = optional(
    "detection_delay",
    Shape::DurationSetting,
    "The longest time from the fact to its first line. An onset may be earlier than its first line by this much. Default: 0s.",
);
const ENDS_WHEN: Field = optional(
    "ends_when",
    Shape::Same(&SYMPTOM_OR_PATTERN),
    "A symptom or pattern that shows that an occurrence is over. Without it, only `lasts` ends an occurrence.",
);
const APART: Field = optional(
    "apart",
    Shape::DurationSetting,
    "Matches of one entity that are less than this after the first of a group are one occurrence.",
);
const ABSENT_MEANS: Field = optional(
    "absent_means",
    Shape::Words(&[
        ("false", "The symptom is absent: the default for lines and events."),
        ("unknown", "The symptom is unknown, and rows were expected: the default for metrics."),
        ("nothing", "The symptom is unknown, and no rows were expected."),
    ]),
    "How zero rows are interpreted.",
);
const ABOVE: Field = optional("above", Shape::Setting, "Holds if the number is greater.");
const AT_LEAST_LIMIT: Field = optional("at_least", Shape::Setting, "Holds if the number is greater or equal.");
const BELOW: Field = optional("below", Shape::Setting, "Holds if the number is less.");
const AT_MOST: Field = optional("at_most", Shape::Setting, "Holds if the number is less or equal.");
const EQUALS: Field = optional("equals", Shape::Setting, "Holds if the number is exactly this.");
const LEVELS: Field = optional(
    "levels",
    Shape::Map(&Shape::Words(SEVERITIES), &Shape::Setting),
    "Limits for other severities in reports; only the threshold decides whether the symptom holds.",
);
const THRESHOLDS: &[&str] = &["above", "at_least", "below", "at_most", "equals"];

static LOG: Object = object(
    "Log",
    "Lines of a log table. Holds if at least `at_least` lines match.",
    &[
        required("log", Shape::Object(&LINES), "Which lines count."),
        COUNT,
        WITHIN,
        APART,
        LASTS,
        ENDS_WHEN,
        DETECTION_DELAY,
        GRACE,
        ABSENT_MEANS,
        optional(
            "catch_all",
            Shape::Bool,
            "Whether it matches lines of any cause. Lines that only such symptoms match count as unmatched.",
        ),
        optional(
            "examples",
            Shape::Object(&EXAMPLES),
            "Lines that must match and lines that must not; checked when the rules are loaded.",
        ),
    ],
);

static LINES: Object = Object {
    name: "Lines",
    doc: "Selects lines.",
    fields: &[
        optional("table", Shape::Table, "The table. Default: the only table of logs."),
        optional("component", Shape::OneOrMany(&Shape::Id), "The processes whose lines count. Default: all."),
        optional("regex", Shape::Regex, "A regex to search for in each line."),
        optional("contains", Shape::Literal, "A text to search for in each line; case matters."),
        optional(
            "fields",
            Shape::Map(&Shape::Text, &FIELD_VALUE),
            "Fields of the line with these values, beside or instead of a text; all must have them. A line without the field does not match. Fields are those of a JSON line, where dots separate the keys of nested objects, or of a line in logfmt.",
        ),
        WHERE,
        optional(
            "extract",
            Shape::Map(&Shape::Name, &Shape::Words(&[("sum", "The numbers are summed, each weighted by its row.")])),
            "Named captures that contain numbers, and how they are aggregated.",
        ),
        KEYS,
        optional(
            "see",
            Shape::Words(&[
                ("message", "The message fields of a JSON line; the whole line if it is not JSON."),
                ("line", "The whole line."),
            ]),
            "Which text `regex` or `contains` searches. Default: `message`.",
        ),
    ],
    at_least_one: &[&["regex", "contains", "fields"]],
    exactly_one: &[],
    at_most_one: &[&["regex", "contains"]],
};

static FIELD_VALUE: Shape = Shape::Either(&[Shape::Scalar, Shape::List(&Shape::Scalar), Shape::Object(&FIELD)]);

static FIELD: Object = Object {
    name: "FieldTest",
    doc: "The test of a field.",
    fields: &[
        optional("above", Shape::Quantity, "It is a greater number."),
        optional("at_least", Shape::Quantity, "It is a greater or equal number."),
        optional("below", Shape::Quantity, "It is a smaller number."),
        optional("at_most", Shape::Quantity, "It is a smaller or equal number."),
        optional("equals", Shape::Quantity, "It is this number."),
        optional(
            "is",
            Shape::Words(&[("set", "It has a value that is not the empty text."), ("empty", "It is the empty text.")]),
            "Whether it has a value.",
        ),
    ],
    at_least_one: &[&["above", "at_least", "below", "at_most", "equals", "is"]],
    exactly_one: &[],
    at_most_one: &[&["above", "at_least", "equals", "is"], &["below", "at_most", "equals", "is"]],
};

static EXAMPLES: Object = object(
    "Examples",
    "Lines to test the regex with.",
    &[
        optional("match", Shape::List(&Shape::Text), "Lines that must match."),
        optional("no_match", Shape::List(&Shape::Text), "Lines that must not match."),
    ],
);

static METRIC: Object = Object {
    name: "Metric symptom",
    doc: "A number passes a threshold.",
    fields: &[
        required("metric", METRIC_NAMES, "The metric; several form a union, and an alias is a single metric."),
        TABLE_OF_METRIC,
        WHERE,
        VALUE,
        STEPS,
        ZERO,
        ABOVE,
        AT_LEAST_LIMIT,
        BELOW,
        AT_MOST,
        EQUALS,
        LEVELS,
        optional("consecutive", Shape::Integer(1), "In how many consecutive bins it passes. Default: 1."),
        ABSENT_MEANS,
    ],
    at_least_one: &[],
    exactly_one: &[THRESHOLDS],
    at_most_one: &[],
};

static RATIO: Object = Object {
    name: "Ratio",
    doc: "A quotient passes a threshold.",
    fields: &[
        required("ratio", Shape::Object(&RATIO_PARTS), "Numerator and denominator, joined on the keys they share."),
        ABOVE,
        AT_LEAST_LIMIT,
        BELOW,
        AT_MOST,
        EQUALS,
        LEVELS,
        ABSENT_MEANS,
    ],
    at_least_one: &[],
    exactly_one: &[THRESHOLDS],
    at_most_one: &[],
};

static RATIO_PARTS: Object = object(
    "RatioParts",
    "Numerator and denominator.",
    &[
        required("of", Shape::Object(&SERIES), "The numerator."),
        required("to", Shape::Object(&SERIES), "The denominator."),
        optional("min_to", Shape::Setting, "The smallest denominator for which the quotient applies."),
    ],
);

static PROPERTY: Object = object(
    "Property",
    "Properties of the rows of an entity are in a state, now those of the latest.",
    &[
        required("property", Shape::Object(&PROPERTIES), "Which properties."),
        required("is", Shape::Text, "The state: `empty`, `set`, or a text."),
        optional("at_least", Shape::Integer(1), "How many of the names are in that state. Default: 1."),
    ],
);

static PROPERTIES: Object = object(
    "Properties",
    "Selects properties.",
    &[
        TABLE_OF_METRIC,
        optional("metric", METRIC_NAMES, "The metric whose rows have them. Default: any row."),
        required("names", Shape::OneOrMany(&Shape::Column), "Their names."),
        WHERE,
        optional(
            "absent_means",
            Shape::Words(&[
                ("empty", "A property that the latest row lacks counts as empty."),
                ("unknown", "It is unknown: the default."),
                ("false", "It is not in the state."),
                ("nothing", "It is unknown, and no property was expected."),
            ]),
            "How a missing property is interpreted.",
        ),
    ],
);

static ABSENT: Object = object(
    "Absent",
    "Something was not seen for a time although the channel had heartbeats.",
    &[
        required("absent", Shape::Variants(&CHANNEL), "What was not seen."),
        required("for", Shape::DurationSetting, "For how long."),
    ],
);

static CHANNEL: Variants = Variants {
    name: "Channel",
    doc: "What is expected.",
    kinds: &[
        &object("ChannelLog", "Lines.", &[required("log", Shape::Object(&LINES), "Which lines.")]),
        &object(
            "ChannelMetric",
            "Samples.",
            &[required("metric", METRIC_NAMES, "Which metric."), TABLE_OF_METRIC, WHERE, VALUE, STEPS],
        ),
    ],
    common: &[],
};

static FLOW: Variants = Variants {
    name: "Flow",
    doc: "A volume over time.",
    kinds: &[
        &object("FlowRows", "The rows of a table.", &[required("rows", Shape::Table, "The table."), WHERE]),
        &object(
            "FlowMetric",
            "A metric.",
            &[required("metric", METRIC_NAMES, "Which metric."), TABLE_OF_METRIC, WHERE, VALUE, STEPS],
        ),
    ],
    common: &[],
};

static DROP: Object = object(
    "Drop",
    "A flow falls by a share compared with its baseline.",
    &[
        required("drop", Shape::Variants(&FLOW), "Which flow."),
        required("share", Shape::Setting, "The share by which it falls, such as `40 %`."),
        required("every", Shape::Duration, "The width of its bins."),
        optional(
            "baseline",
            Shape::Either(&[
                Shape::Words(&[(
                    "auto",
                    "The same hour of earlier days if the window contains two of them, otherwise the previous bins.",
                )]),
                Shape::Object(&BASELINE),
            ]),
            "What it is compared with. Default: `auto`.",
        ),
        ABSENT_MEANS,
    ],
);

static CEASES: Object = object(
    "Ceases",
    "A flow stops.",
    &[
        required("ceases", Shape::Variants(&FLOW), "Which flow."),
        required("every", Shape::Duration, "The width of its bins."),
        ABSENT_MEANS,
    ],
);

static REPEATS: Object = object(
    "Repeats",
    "Another symptom occurs several times within a time.",
    &[
        required("repeats", Shape::SymptomRef, "Which symptom."),
        required("at_least", Shape::Setting, "How many times."),
        required("within", Shape::DurationSetting, "Within how long."),
        optional(
            "except_after",
            Shape::Object(&EXCEPT_AFTER),
            "Planned occurrences: each occurrence of a marker excuses the first one that follows it.",
        ),
        GRACE,
    ],
);

static EXCEPT_AFTER: Object = object(
    "ExceptAfter",
    "Occurrences that are planned.",
    &[
        required("symptom", Shape::SymptomRef, "The marker of a planned occurrence."),
        required("within", Shape::DurationSetting, "The longest time from the marker to the occurrence."),
    ],
);

static SEQUENCE: Object = object(
    "Sequence",
    "Other symptoms occur one after another.",
    &[
        required(
            "sequence",
            Shape::List(&Shape::Either(&[Shape::SymptomRef, Shape::Object(&NEGATED)])),
            "The symptoms, in this order; the same may occur again. Their lines or rows count, whatever their `at_least` and `apart`.",
        ),
        required("within", Shape::DurationSetting, "Within how long, from the first to the last."),
    ],
);

static NEGATED: Object = object(
    "Negated step",
    "A symptom that must not occur.",
    &[required(
        "negate",
        Shape::SymptomRef,
        "It does not occur between the steps around it; after the last step, until `within` is over.",
    )],
);

static PERSISTS: Object = object(
    "Persists",
    "A streak of failures without a success in between.",
    &[required("persists", Shape::Object(&STREAK), "Which failures, for how long, without which success."), GRACE],
);

static STREAK: Object = object(
    "Streak",
    "A streak of failures.",
    &[
        required("symptom", Shape::SymptomRef, "The failures."),
        required("for", Shape::DurationSetting, "For how long."),
        optional("without", Shape::SymptomRef, "The success that ends a streak."),
        optional("at_least", Shape::Integer(1), "How many failures form a streak. Default: 3."),
    ],
);

static EVENT: Object = object(
    "Event",
    "Rows of a table. Holds if there are at least `at_least` of them.",
    &[
        required("event", Shape::Object(&EVENTS), "Which rows count."),
        COUNT,
        WITHIN,
        APART,
        LASTS,
        ENDS_WHEN,
        DETECTION_DELAY,
        ABSENT_MEANS,
    ],
);

static EVENTS: Object =
    object("Events", "Selects rows.", &[required("table", Shape::Table, "The table."), WHERE, KEYS]);

static QUERY: Object = Object {
    name: "Query symptom",
    doc: "A number in at least one row of a query's result passes a threshold: for what the other kinds cannot express. It takes a source that runs KQL.",
    fields: &[
        required("query", Shape::Object(&KQL), "Which query, and which column of its result."),
        ABOVE,
        AT_LEAST_LIMIT,
        BELOW,
        AT_MOST,
        EQUALS,
        LEVELS,
        ABSENT_MEANS,
    ],
    at_least_one: &[],
    exactly_one: &[THRESHOLDS],
    at_most_one: &[],
};

static KQL: Object = object(
    "Kql",
    "A query in KQL. Its result has one column for each entity key of `per`, with the same name; rows without a value for it do not count.",
    &[
        required(
            "kql",
            Shape::Text,
            "The text, best as a literal block (`|`). It can use the subject's keys such as `cluster`, `['from']` and `['to']`, and the pack's parameters; their values are bound as parameters, never inserted into the text.",
        ),
        required("column", Shape::Column, "The column whose numbers are compared; one row that passes is enough."),
        optional("unit", Shape::Unit, "Its unit. Default: `count`."),
        optional(
            "tables",
            Shape::OneOrMany(&Shape::Table),
            "The tables that it reads. Default: every table whose name is a word of the text.",
        ),
        optional("per", Shape::Name, "The entity kind of a row. Default: the pattern's scope."),
    ],
);
