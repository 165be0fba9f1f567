//! The symptoms of a pattern, kind by kind.
//!
//! Input: nothing. Output: the shape of one symptom.

use super::pack::BASELINE;
use super::pattern::SEVERITIES;
use crate::rules::syntax::shape::{Field, Object, Shape, Variants, object, optional, required};

pub(super) static SYMPTOM: Variants = Variants {
    name: "Symptom",
    doc: "One observable fact. Exactly one key names its kind.",
    kinds: &[&LOG, &METRIC, &RATIO, &PROPERTY, &ABSENT, &DROP, &CEASES, &REPEATS, &PERSISTS, &EVENT, &QUERY],
    common: &[
        optional("per", Shape::Name, "The entity kind that it speaks of; the pattern's scope if left out."),
        optional(
            "rollup",
            Shape::Either(&[Shape::Words(LIFTS), Shape::Object(&LIFT)]),
            "How it answers for a coarser scope (any).",
        ),
        optional("weak", Shape::Bool, "Alone it gives at most a provisional root."),
        optional("because", Shape::Text, "Where its number comes from."),
    ],
};

const LIFTS: &[(&str, &str)] =
    &[("any", "One living entity below has it."), ("every", "Every living entity below has it.")];

static LIFT: Object = Object {
    name: "Rollup",
    doc: "How many of the entities below must have it.",
    fields: &[
        optional("at_least", Shape::Integer(1), "So many."),
        optional("share", Shape::Quantity, "At least this share of them."),
    ],
    exactly_one: &[&["at_least", "share"]],
    at_most_one: &[],
};

const COUNT: Field = optional("at_least", Shape::Setting, "How many (1).");
const WITHIN: Field = optional("within", Shape::DurationSetting, "Within how long; the whole window if left out.");
const LASTS: Field = optional(
    "lasts",
    Shape::Either(&[Shape::DurationSetting, Shape::Words(&[("until_restart", "Until the entity starts anew.")])]),
    "How long one occurrence stands.",
);
const GRACE: Field = optional(
    "startup_grace",
    Shape::DurationSetting,
    "Failures of a new restart_marker that then succeeds within this do not count.",
);
const ABSENT_MEANS: Field = optional(
    "absent_means",
    Shape::Words(&[
        ("false", "It is not so: the default of lines and events."),
        ("unknown", "Nothing can be said, and something should have been there: the default of metrics."),
        ("nothing", "Nothing can be said, and nothing was to be expected."),
    ]),
    "What zero rows say.",
);
const WHERE: Field = optional("where", FILTER, "Only rows whose columns have these values.");
const ABOVE: Field = optional("above", Shape::Setting, "Holds where the number is greater.");
const AT_LEAST_LIMIT: Field = optional("at_least", Shape::Setting, "Holds where the number is greater or equal.");
const BELOW: Field = optional("below", Shape::Setting, "Holds where the number is less.");
const AT_MOST: Field = optional("at_most", Shape::Setting, "Holds where the number is less or equal.");
const EQUALS: Field = optional("equals", Shape::Setting, "Holds where the number is exactly this.");
const LEVELS: Field = optional(
    "levels",
    Shape::Map(&Shape::Words(SEVERITIES), &Shape::Setting),
    "Limits of other severities to report; truth stays with the threshold.",
);
const THRESHOLDS: &[&str] = &["above", "at_least", "below", "at_most", "equals"];

/// Which rows count.
const FILTER: Shape = Shape::Map(&Shape::Column, &FILTER_VALUE);
static FILTER_VALUE: Shape = Shape::Either(&[Shape::Scalar, Shape::List(&Shape::Scalar), Shape::Object(&TEST)]);

static TEST: Object = Object {
    name: "Test",
    doc: "The test of a column.",
    fields: &[
        optional("prefix", Shape::Text, "It begins so."),
        optional("contains", Shape::Text, "It contains this, without regard to case."),
        optional("regex", Shape::Regex, "It matches this."),
        optional("not", Shape::Same(&FILTER_VALUE), "It is not so."),
        optional("above", Shape::Quantity, "It is a greater number."),
        optional("below", Shape::Quantity, "It is a lesser number."),
        optional("version", Shape::VersionRange, "It is a dotted version within these bounds."),
    ],
    exactly_one: &[&["prefix", "contains", "regex", "not", "above", "below", "version"]],
    at_most_one: &[],
};

const KEYS: Field = optional("keys", Shape::Map(&Shape::Name, &KEY_SOURCE), "Entity keys that stand in the line.");

static KEY_SOURCE: Shape = Shape::Either(&[Shape::Column, Shape::Object(&KEY)]);

static KEY: Object = Object {
    name: "KeySource",
    doc: "Where an entity key of a line stands.",
    fields: &[
        optional("json", Shape::Text, "In this field of the JSON line."),
        optional("capture", Shape::Name, "In this named capture of the regex."),
        optional("column", Shape::Column, "In this column of the row."),
    ],
    exactly_one: &[&["json", "capture", "column"]],
    at_most_one: &[],
};

static LOG: Object = object(
    "Log",
    "Lines of a log table. Holds where at least `at_least` lines match.",
    &[
        required("log", Shape::Object(&LINES), "Which lines."),
        COUNT,
        WITHIN,
        LASTS,
        GRACE,
        ABSENT_MEANS,
        optional(
            "examples",
            Shape::Object(&EXAMPLES),
            "Lines that must match and lines that must not; checked when the rules load.",
        ),
    ],
);

static LINES: Object = Object {
    name: "Lines",
    doc: "Which lines count.",
    fields: &[
        optional("table", Shape::Telemetry, "The table; the only table of logs if left out."),
        optional("component", Shape::OneOrMany(&Shape::Id), "The processes whose lines count; any if left out."),
        optional("regex", Shape::Regex, "What a line matches; tried on each line."),
        optional("contains", Shape::Literal, "What a line contains; letters compare with case."),
        WHERE,
        optional(
            "extract",
            Shape::Map(&Shape::Name, &Shape::Words(&[("sum", "The numbers are added up, each weighted by its row.")])),
            "Named captures that hold numbers, and what becomes of them.",
        ),
        KEYS,
        optional(
            "see",
            Shape::Words(&[
                ("message", "The message fields of a JSON line, else the whole line."),
                ("line", "The line as it stands."),
            ]),
            "Which text is tried (message).",
        ),
    ],
    exactly_one: &[&["regex", "contains"]],
    at_most_one: &[],
};

static EXAMPLES: Object = object(
    "Examples",
    "Lines to check the regex with.",
    &[
        optional("match", Shape::List(&Shape::Text), "Lines that must match."),
        optional("no_match", Shape::List(&Shape::Text), "Lines that must not match."),
    ],
);

const METRIC_NAMES: Shape = Shape::OneOrMany(&Shape::Telemetry);
const TABLE: Field =
    optional("table", Shape::Telemetry, "The table; the one whose catalogue lists the metric if left out.");
const STEPS: Field =
    optional("steps", Shape::List(&ONE_STEP), "How samples become one number per entity (`max: value`).");
const VALUE: Field = optional("value", Shape::Same(&OTHER_VALUE), "Another number than the table's value.");
const ZERO: Field =
    optional("zero_if_present", Shape::Telemetry, "An absent series is 0 where a sample of this metric is present.");

static ONE_STEP: Shape = Shape::Variants(&STEP);
static OTHER_VALUE: Shape = Shape::Either(&[Shape::Column, Shape::Object(&VALUE_COLUMN)]);

static VALUE_COLUMN: Object = object(
    "Value",
    "Another number than the table's value.",
    &[
        required("column", Shape::Column, "Where it stands."),
        optional("unit", Shape::Unit, "Its unit (count)."),
        optional("default", Shape::Quantity, "What a row without it counts as."),
    ],
);

static METRIC: Object = Object {
    name: "Metric symptom",
    doc: "A number passes a threshold.",
    fields: &[
        required("metric", METRIC_NAMES, "The metric; several are a union, an alias is one."),
        TABLE,
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
        optional("consecutive", Shape::Integer(1), "In so many bins in a row (1)."),
        ABSENT_MEANS,
    ],
    exactly_one: &[THRESHOLDS],
    at_most_one: &[],
};

static SERIES: Object = object(
    "Series",
    "A series of numbers.",
    &[required("metric", METRIC_NAMES, "The metric; several are a union."), TABLE, WHERE, VALUE, STEPS, ZERO],
);

const BY: Field = optional(
    "by",
    Shape::OneOrMany(&Shape::Column),
    "What is kept apart besides the entity: keys, `name` for the metric, columns.",
);
const EVERY: Field = optional("every", Shape::Duration, "The width of its bins; the whole window if left out.");

macro_rules! step {
    ($name:literal, $doc:literal) => {
        &object($name, $doc, &[required($name, Shape::Column, "What is folded: `value`, or a column."), BY, EVERY])
    };
}

static STEP: Variants = Variants {
    name: "SeriesStep",
    doc: "One aggregation step: what is folded, and what is kept apart.",
    kinds: &[
        step!("max", "The greatest."),
        step!("min", "The least."),
        step!("avg", "The mean."),
        step!("sum", "The sum."),
        step!("count", "How many samples there are."),
        step!("dcount", "How many distinct texts there are."),
        step!("last", "The latest."),
        step!("increase", "What a running total gained, aware of restarts."),
        step!("turns", "How often the series changes direction."),
        step!("p50", "The median."),
        step!("p75", "The 75th percentile."),
        step!("p90", "The 90th percentile."),
        step!("p95", "The 95th percentile."),
        step!("p99", "The 99th percentile."),
    ],
    common: &[],
};

static RATIO: Object = Object {
    name: "Ratio",
    doc: "A quotient passes a threshold.",
    fields: &[
        required("ratio", Shape::Object(&RATIO_PARTS), "What is divided by what, joined on the keys that both have."),
        ABOVE,
        AT_LEAST_LIMIT,
        BELOW,
        AT_MOST,
        EQUALS,
        LEVELS,
        ABSENT_MEANS,
    ],
    exactly_one: &[THRESHOLDS],
    at_most_one: &[],
};

static RATIO_PARTS: Object = object(
    "RatioParts",
    "What is divided by what.",
    &[
        required("of", Shape::Object(&SERIES), "Above the line."),
        required("to", Shape::Object(&SERIES), "Below the line."),
        optional("min_to", Shape::Setting, "Below this the quotient does not apply."),
    ],
);

static PROPERTY: Object = object(
    "Property",
    "Properties of the latest row per entity are in a state.",
    &[
        required("property", Shape::Object(&PROPERTIES), "Which properties."),
        required("is", Shape::Text, "The state: `empty`, `set`, or a text."),
        optional("at_least", Shape::Integer(1), "For so many of the names (1)."),
    ],
);

static PROPERTIES: Object = object(
    "Properties",
    "Which properties.",
    &[
        optional("table", Shape::Telemetry, "The table; the one whose catalogue lists the metric if left out."),
        optional("metric", METRIC_NAMES, "The metric whose rows carry them; any row if left out."),
        required("names", Shape::OneOrMany(&Shape::Column), "Their names."),
        WHERE,
        optional(
            "absent_means",
            Shape::Words(&[
                ("empty", "A property that the latest row lacks reads as empty."),
                ("unknown", "Nothing can be said of it: the default."),
                ("false", "It is not in the state."),
                ("nothing", "Nothing can be said of it, and nothing was to be expected."),
            ]),
            "What a property that is not there says.",
        ),
    ],
);

static ABSENT: Object = object(
    "Absent",
    "Nothing was seen for so long although the channel was alive.",
    &[
        required("absent", Shape::Variants(&CHANNEL), "Of what."),
        required("for", Shape::DurationSetting, "For how long."),
    ],
);

static CHANNEL: Variants = Variants {
    name: "Channel",
    doc: "What is expected to be seen.",
    kinds: &[
        &object("ChannelLog", "Lines.", &[required("log", Shape::Object(&LINES), "Which lines.")]),
        &object(
            "ChannelMetric",
            "Samples.",
            &[required("metric", METRIC_NAMES, "Which metric."), TABLE, WHERE, VALUE, STEPS],
        ),
    ],
    common: &[],
};

static FLOW: Variants = Variants {
    name: "Flow",
    doc: "What flows.",
    kinds: &[
        &object("FlowRows", "The rows of a table.", &[required("rows", Shape::Telemetry, "The table."), WHERE]),
        &object(
            "FlowMetric",
            "A metric.",
            &[required("metric", METRIC_NAMES, "Which metric."), TABLE, WHERE, VALUE, STEPS],
        ),
    ],
    common: &[],
};

static DROP: Object = object(
    "Drop",
    "A flow falls by a share against its baseline.",
    &[
        required("drop", Shape::Variants(&FLOW), "Which flow."),
        required("share", Shape::Setting, "By which share it falls, such as `40 %`."),
        required("every", Shape::Duration, "The width of its bins."),
        optional(
            "baseline",
            Shape::Either(&[
                Shape::Words(&[(
                    "auto",
                    "The same hour of earlier days where the window holds two, else the last bins.",
                )]),
                Shape::Object(&BASELINE),
            ]),
            "What it is compared with (auto).",
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
    "Another symptom was seen so often within a time.",
    &[
        required("repeats", Shape::SymptomRef, "Which symptom."),
        required("at_least", Shape::Setting, "How often."),
        required("within", Shape::DurationSetting, "Within how long."),
        GRACE,
    ],
);

static PERSISTS: Object = object(
    "Persists",
    "A streak of failures without one success.",
    &[required("persists", Shape::Object(&STREAK), "Which failures, for how long, without which success."), GRACE],
);

static STREAK: Object = object(
    "Streak",
    "A streak of failures.",
    &[
        required("symptom", Shape::SymptomRef, "The failures."),
        required("for", Shape::DurationSetting, "How long."),
        optional("without", Shape::SymptomRef, "The success that ends a streak."),
        optional("at_least", Shape::Integer(1), "How many failures make a streak (3)."),
    ],
);

static EVENT: Object = object(
    "Event",
    "Rows of a table. Holds where there are at least `at_least` of them.",
    &[required("event", Shape::Object(&EVENTS), "Which rows."), COUNT, WITHIN, LASTS, ABSENT_MEANS],
);

static QUERY: Object = Object {
    name: "Query symptom",
    doc: "A number in some row of a query's result passes a threshold: the escape hatch, for a source that runs KQL.",
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
    exactly_one: &[THRESHOLDS],
    at_most_one: &[],
};

static KQL: Object = object(
    "Kql",
    "A query in KQL. Its result has a column for each entity key of `per`, named like the key; rows without one do not count.",
    &[
        required(
            "kql",
            Shape::Text,
            "The text, best as a literal block (`|`). It may name the subject's keys such as `cluster`, `['from']` and `['to']`, and the pack's parameters; their values are bound, never pasted.",
        ),
        required("column", Shape::Column, "The column whose numbers are compared; any row that passes will do."),
        optional("unit", Shape::Unit, "Its unit (count)."),
        optional(
            "tables",
            Shape::OneOrMany(&Shape::Telemetry),
            "The tables that it reads; every table whose name is a word of the text if left out.",
        ),
        optional("per", Shape::Name, "The entity kind that a row speaks of; the pattern's scope if left out."),
    ],
);

static EVENTS: Object =
    object("Events", "Which rows.", &[required("table", Shape::Telemetry, "The table."), WHERE, KEYS]);
