//! `cases.yaml` and `incident.yaml`: what is given, and what is expected of the diagnosis.
//!
//! Input: nothing. Output: the shapes of the two files.

use super::super::shape::{Field, Object, Shape, Variants, object, optional, required};
use super::pattern::SEVERITIES;

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
    "One case: a small world in which the clock stands still, and what the diagnosis must say of it.",
    &[
        required("name", Shape::Text, "What the case states."),
        required("given", Shape::Object(&GIVEN), "The telemetry."),
        required("expect", Shape::Object(&EXPECT), "What the diagnosis must say."),
        optional(
            "cases",
            Shape::List(&Shape::Map(&Shape::Name, &Shape::Scalar)),
            "Variants: each replaces `${name}` in all texts of the case by its own values.",
        ),
        optional("todo", Shape::Text, "Why the case fails today. It must fail until then."),
    ],
);

pub(super) static SCENARIO: Object = object(
    "Scenario",
    "Telemetry described instead of recorded: what an incident folder is generated from, or a background that cases name.",
    &[
        required("format", Shape::Tag("amp-rules-scenario/v1"), "The version of the format."),
        optional("title", Shape::Text, "What it describes."),
        required(
            "given",
            Shape::Object(&GIVEN),
            "The telemetry; beside an `incident.yaml` its subject, now, window and tables hold.",
        ),
    ],
);

static GIVEN: Object = object(
    "Given",
    "The telemetry of a case. Every entity that is named lives for the whole window in every table that is not missing, unless `alive` says otherwise.",
    &[
        optional("now", Shape::Instant, "The instant of the diagnosis; any will do, since times are relative."),
        optional("window", Shape::Duration, "How far back is looked (24h)."),
        optional("subject", Shape::Map(&Shape::Name, &Shape::Text), "The keys of the subject."),
        optional(
            "background",
            Shape::OneOrMany(&Shape::Name),
            "Series that everybody sends besides: the names of `<name>.scenario.yaml` files beside the pack.",
        ),
        optional(
            "entities",
            Shape::Map(&Shape::Name, &WHO),
            "Names for groups of entities, to be used where an entity is asked for.",
        ),
        optional(
            "attributes",
            Shape::Map(&Shape::Column, &Shape::Scalar),
            "Cells of every row of a table that has such an attribute.",
        ),
        optional("logs", Shape::Map(&Shape::Telemetry, &Shape::List(&Shape::Object(&ROWS))), "Lines by table."),
        optional(
            "events",
            Shape::Map(&Shape::Telemetry, &Shape::List(&Shape::Object(&EVENT_ROWS))),
            "Events by table.",
        ),
        optional("metrics", Shape::List(&Shape::Object(&SERIES)), "Series of samples."),
        optional("tables", TABLE_STATES, "What is missing or cut."),
        optional("alive", Shape::AnyList(&Shape::Object(&ALIVE)), "Who lives when; an empty list means nobody."),
        optional("reported", Shape::List(&Shape::Object(&REPORT)), "What people reported."),
        optional(
            "set",
            Shape::Map(&Shape::Name, &Shape::Quantity),
            "Parameters of the pack that have other values here.",
        ),
        optional("inventory", INVENTORY, "Whether all entities are known (complete)."),
    ],
);

const INVENTORY: Shape =
    Shape::Words(&[("complete", "Every entity that lived is known."), ("partial", "Some entities may be unseen.")]);

const ENTITY: Shape = Shape::Map(&Shape::Name, &Shape::Scalar);

/// One or many entities: keys, whose values may be lists, ranges (`rs-1..4`) or, with `*`, patterns over those named; or a group.
const WHO: Shape =
    Shape::OneOrMany(&Shape::Either(&[Shape::Text, Shape::Map(&Shape::Name, &Shape::OneOrMany(&Shape::Scalar))]));
const WHO_DOC: &str = "Whose: keys with values, lists, ranges such as `rs-1..4`, or `*` for all that are named; or a group's name, `rs/1..3` for some of it.";
const WITH: Field = optional(
    "with",
    Shape::Map(&Shape::Name, &Shape::Notation),
    "Values for `{name}` in the texts, one per row: `0..17` counts and begins anew, `5~7000` scatters, `a, b` alternates.",
);
const ON_FOR: Field = optional("on_for", Shape::Duration, "On for so long, then off for `off_for`, over and over.");
const OFF_FOR: Field = optional("off_for", Shape::Duration, "Off for so long.");

static ROWS: Object = Object {
    name: "Rows",
    doc: "Lines, once or repeatedly.",
    fields: &[
        optional("at", Shape::Offset, "When, once."),
        optional("from", Shape::Offset, "The first time."),
        optional("to", Shape::Offset, "The end, itself excluded."),
        optional("every", Shape::Duration, "How often in between."),
        ON_FOR,
        OFF_FOR,
        optional("entity", WHO, WHO_DOC),
        optional(
            "component",
            Shape::Id,
            "The process that wrote them; the row is made so that the pack's rules find it.",
        ),
        optional("line", Shape::Text, "The line."),
        optional("lines", Shape::List(&Shape::Text), "A batch of lines in one row."),
        WITH,
        optional("weight", Shape::Integer(1), "For how many rows each stands (1)."),
        optional("columns", Shape::Map(&Shape::Column, &Shape::Scalar), "Other columns of the rows."),
    ],
    exactly_one: &[&["at", "from"], &["line", "lines"]],
    at_most_one: &[],
};

static EVENT_ROWS: Object = Object {
    name: "EventRows",
    doc: "Rows of a table, once or repeatedly.",
    fields: &[
        optional("at", Shape::Offset, "When, once."),
        optional("from", Shape::Offset, "The first time."),
        optional("to", Shape::Offset, "The end, itself excluded."),
        optional("every", Shape::Duration, "How often in between."),
        ON_FOR,
        OFF_FOR,
        optional("entity", WHO, WHO_DOC),
        optional("weight", Shape::Integer(1), "For how many rows each stands (1)."),
        optional("columns", Shape::Map(&Shape::Column, &Shape::Scalar), "The other columns of the rows."),
        WITH,
    ],
    exactly_one: &[&["at", "from"]],
    at_most_one: &[],
};

static SERIES: Object = object(
    "SeriesRows",
    "Samples of one metric.",
    &[
        required("name", Shape::Telemetry, "The metric, as it stands in rows."),
        optional("table", Shape::Telemetry, "The table; the one whose catalogue lists the metric if left out."),
        optional("entity", WHO, WHO_DOC),
        optional(
            "from",
            Shape::Offset,
            "When the first sample was taken; if left out, the start of the window where there is a `to`, else so that the last one stands just before now.",
        ),
        optional(
            "to",
            Shape::Offset,
            "Until when the values are sent over and over, itself excluded; once if left out.",
        ),
        required("every", Shape::Duration, "The distance of two samples."),
        required(
            "values",
            Shape::Notation,
            "The samples in promtool's notation: `1 2 3`, `5x10`, `2e9+1e9x10 _x3`; `_` is a gap.",
        ),
        optional(
            "weight",
            Shape::Notation,
            "For how many rows each sample stands, in the same notation (1); 0 for none.",
        ),
        optional(
            "columns",
            Shape::Map(&Shape::Column, &Shape::Scalar),
            "Other columns of the rows, properties with dots.",
        ),
    ],
);

static ALIVE: Object = object(
    "Alive",
    "A stretch of an entity's life.",
    &[
        required("entity", WHO, WHO_DOC),
        optional("from", Shape::Offset, "Since when; since before the window if left out."),
        optional("to", Shape::Offset, "Until when; until now if left out."),
        optional(
            "tables",
            Shape::List(&Shape::Telemetry),
            "In which tables there are signs of life; in all if left out.",
        ),
        optional(
            "columns",
            Shape::Map(&Shape::Column, &Shape::Scalar),
            "Other columns of the rows that show it, such as attributes.",
        ),
    ],
);

static REPORT: Object = object(
    "Report",
    "What somebody reported.",
    &[
        required("pattern", Shape::Id, "The complaint."),
        optional("entity", ENTITY, "Of what; the subject if left out."),
        optional("since", Shape::Either(&[Shape::Instant, Shape::Offset]), "Since when."),
        optional(
            "until",
            Shape::Either(&[Shape::Instant, Shape::Offset]),
            "Until when; it goes on if left out or `null`.",
        ),
    ],
);

const TABLE_STATES: Shape = Shape::Map(&Shape::Telemetry, &TABLE_STATE);
const TABLE_STATE: Shape =
    Shape::Either(&[Shape::Words(&[("complete", "Nothing is missing.")]), Shape::Variants(&STATE)]);

static STATE: Variants = Variants {
    name: "TableState",
    doc: "What is missing of a table.",
    kinds: &[
        &object(
            "Missing",
            "The table, or parts of it, could not be read.",
            &[required(
                "missing",
                Shape::Either(&[Shape::Words(REASONS), Shape::List(&Shape::Object(&PART))]),
                "Why, or which parts and why.",
            )],
        ),
        &object(
            "Partial",
            "The answer came back cut.",
            &[
                required("partial", Shape::Words(CUTS), "How."),
                optional(
                    "from",
                    Shape::Either(&[Shape::Instant, Shape::Offset]),
                    "Since when it is cut; from the start if left out.",
                ),
                optional(
                    "to",
                    Shape::Either(&[Shape::Instant, Shape::Offset]),
                    "Until when it is cut; to the end if left out.",
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
    exactly_one: &[&["metric", "component"]],
    at_most_one: &[],
};

const REASONS: &[(&str, &str)] = &[
    ("denied", "The credentials were refused."),
    ("timeout", "There was no answer in time."),
    ("not_configured", "The source was not told where it is."),
    ("missing_table", "The source has no such table."),
    ("throttled", "The source refused for now."),
    ("unreachable", "The source could not be reached."),
    ("unsupported", "The source cannot serve this."),
    ("malformed", "The answer made no sense."),
    ("source_error", "Anything else."),
];

const CUTS: &[(&str, &str)] = &[
    ("truncated", "Rows were left out."),
    ("time_range", "A part of the time was left out."),
    ("sampled", "Some rows were left out at random."),
    ("bad_rows", "Some rows could not be read."),
];

pub(super) static EXPECT: Object = Object {
    name: "Expect",
    doc: "What the diagnosis must say. What is not named may be anything, unless `strict`.",
    fields: &[
        optional(
            "status",
            Shape::Words(&[
                ("healthy", "Nothing is wrong."),
                ("noise_only", "Nothing but noise."),
                ("recovered", "It was wrong and is no more."),
                ("diagnosed", "The roots are known."),
                ("diagnosed_partial", "Some root is open."),
                ("insufficient_data", "Nothing can be said."),
            ]),
            "The status.",
        ),
        optional("root", Shape::Id, "The only root."),
        optional("roots", Shape::AnyList(&Shape::Either(&[Shape::Id, Shape::Object(&ROOT)])), "The roots, by rank."),
        optional("grade", GRADE, "The grade of the root."),
        optional("chain", Shape::List(&Shape::Id), "Patterns that the roots explain, in this order."),
        optional("consequences", Shape::AnyList(&Shape::Id), "Patterns in the role consequence."),
        optional("contributing", Shape::AnyList(&Shape::Id), "Patterns in the role contributing."),
        optional("independent", Shape::AnyList(&Shape::Id), "Patterns in the role independent."),
        optional("noise", Shape::AnyList(&Shape::Id), "Patterns in the role noise."),
        optional("recovered", Shape::AnyList(&Shape::Id), "Patterns in the role recovered."),
        optional("unresolved", Shape::AnyList(&Shape::Id), "Patterns in the role unresolved."),
        optional("undecided", Shape::AnyList(&Shape::Id), "Patterns that are unknown."),
        optional("hypotheses", Shape::AnyList(&Shape::Id), "Patterns that are listed as hypotheses."),
        optional("conflicts", Shape::AnyList(&Shape::Id), "Patterns of which something stands against something else."),
        optional("instances", Shape::List(&Shape::Object(&INSTANCE)), "What holds of single entities."),
        optional(
            "quiet",
            Shape::Bool,
            "The folder's pattern is not true, and nothing but silence keeps it from false.",
        ),
        optional("absent", Shape::AnyList(&Shape::Id), "Patterns that are not true."),
        optional(
            "remedy_first",
            Shape::OneOrMany(&Shape::Text),
            "The first steps of the remedy, as ids, in this order.",
        ),
        optional("severity", Shape::Words(SEVERITIES), "The severity of the root."),
        optional("strict", Shape::Bool, "Exactly these, and nothing else."),
    ],
    exactly_one: &[],
    at_most_one: &[&["root", "roots"]],
};

const GRADE: Shape = Shape::Words(&[
    ("confirmed", "Every modelled cause of it is known to be absent."),
    ("provisional", "Something about it is not known."),
    ("open", "The true cause lies outside of what was seen."),
]);

static INSTANCE: Object = object(
    "Instance",
    "A pattern of one entity.",
    &[
        required("pattern", Shape::Id, "The pattern."),
        required("entity", ENTITY, "The entity; all that lie within it where it is coarser than the pattern's scope."),
        required(
            "is",
            Shape::Words(&[
                ("true", "It holds, in any role."),
                ("absent", "It does not hold."),
                ("undecided", "It is unknown."),
                ("root", "It holds, as a root."),
                ("independent", "It holds, as an independent root."),
                ("consequence", "It holds, as a consequence."),
                ("contributing", "It holds, as contributing."),
                ("noise", "It holds, as noise."),
                ("recovered", "It held, and is over."),
                ("unresolved", "It holds; whether it is noise is not known."),
            ]),
            "What is said of it.",
        ),
    ],
);

static ROOT: Object = object(
    "Root",
    "A root.",
    &[
        required("pattern", Shape::Id, "The pattern."),
        optional("grade", GRADE, "Its grade."),
        optional("entity", ENTITY, "One of its entities."),
        optional("severity", Shape::Words(SEVERITIES), "Its severity."),
    ],
);

pub(super) static INCIDENT: Object = object(
    "Incident",
    "A recorded or reconstructed incident: rows on disk beside this file, and the expected diagnosis.",
    &[
        required("format", Shape::Tag("amp-rules-incident/v1"), "The version of the format."),
        required("title", Shape::Text, "Its title."),
        required("subject", Shape::Map(&Shape::Name, &Shape::Text), "The keys of what is diagnosed."),
        required("now", Shape::Instant, "The instant of the diagnosis."),
        optional("window", Shape::Duration, "How far back is looked (24h)."),
        optional(
            "tables",
            TABLE_STATES,
            "The state of each table; one that is neither listed nor present is not configured.",
        ),
        optional("reported", Shape::List(&Shape::Object(&REPORT)), "What people reported."),
        optional(
            "set",
            Shape::Map(&Shape::Name, &Shape::Quantity),
            "Parameters of the pack that have other values here.",
        ),
        optional("inventory", INVENTORY, "Whether all entities are known (complete)."),
        optional("provenance", Shape::Text, "Where it comes from."),
        optional("expect", Shape::Object(&EXPECT), "What the diagnosis must say."),
    ],
);
