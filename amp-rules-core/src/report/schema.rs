//! The JSON Schema of the report, from one table of shapes.
//!
//! Nothing in, a schema (draft 2020-12) out. Tests hold reports and the committed `docs/report.schema.json` against it.
//! Objects are open for what later versions add; every field named here is always present.

use serde_json::{Map, Value, json};

use crate::diagnosis::{Grade, Role, Status};
use crate::rules::model::{Class, Severity, Strength};

use super::words;

pub(super) fn render() -> String {
    // A value made of maps and texts always serialises.
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

fn document() -> Value {
    let mut root = object(
        "One diagnosis of amp-rules.",
        &[
            ("schema_version", json!({ "description": "The version of this format.", "const": 1 })),
            (
                "rules",
                object(
                    "The rules that judged.",
                    &[
                        ("pack", text("The pack's name.")),
                        ("version", text("The pack's version.")),
                        ("digest", text("`sha256:…` of the rule files.")),
                    ],
                ),
            ),
            ("subject", map("Of whom: key and value, such as `cluster` and a resource id.")),
            (
                "window",
                object(
                    "Of when.",
                    &[
                        ("from", time("The first instant.")),
                        ("to", time("The first instant after it, which is `now`.")),
                    ],
                ),
            ),
            ("status", words_of("The verdict.", &statuses())),
            ("roots", list("What began the incident, by rank.", root_cause())),
            ("independent", list("Roots of their own, by rank.", root_cause())),
            ("findings", list("Every pattern that holds, one entry per pattern and role; facts are apart.", finding())),
            (
                "unresolved",
                list(
                    "Alarm patterns of which it is not known whether they hold, or whether they are noise.",
                    object(
                        "An open pattern.",
                        &[
                            ("pattern", text("The pattern.")),
                            (
                                "reasons",
                                list("Why.", text("A reason, with what it concerns: `missing_table: traces`.")),
                            ),
                            ("holds", flag("Whether it holds, and only whether it is noise is open.")),
                            ("scope", text("For whom, in words.")),
                            ("entities", entities()),
                        ],
                    ),
                ),
            ),
            (
                "hypotheses",
                list(
                    "Unseen patterns that would explain roots.",
                    object(
                        "A hypothesis.",
                        &[
                            ("pattern", text("The pattern.")),
                            ("explains", list("What it would explain.", text("A pattern."))),
                            ("reasons", list("Why it is unknown.", text("A reason."))),
                        ],
                    ),
                ),
            ),
            (
                "conflicts",
                list(
                    "Statements that cannot both be so.",
                    object(
                        "A conflict.",
                        &[
                            ("pattern", text("One pattern.")),
                            ("other", text("The other.")),
                            ("what", text("In words.")),
                            ("entities", entities()),
                        ],
                    ),
                ),
            ),
            (
                "remedy",
                list(
                    "What to do, in order.",
                    object(
                        "One step.",
                        &[
                            ("pattern", text("The pattern whose step it is.")),
                            ("id", text("The step's id.")),
                            ("do", text("What to do, or to verify.")),
                            ("caution", nullable(text("What it may do besides."))),
                            ("verifies", flag("Whether it checks that the others worked.")),
                        ],
                    ),
                ),
            ),
            (
                "next_queries",
                list(
                    "Queries that would tell outcomes apart, the most telling first; see `explained`.",
                    object(
                        "A query.",
                        &[
                            ("name", text("Its name in the pack, or the symptom where no query fits.")),
                            ("kql", text("Its text; empty where no query fits.")),
                            (
                                "would_separate",
                                json!({ "description": "By how much the possible outcomes differ.", "type": "integer", "minimum": 0 }),
                            ),
                            ("decides", list("The unknown symptoms that it would decide.", text("`pattern.symptom`."))),
                        ],
                    ),
                ),
            ),
            (
                "counterfactuals",
                list(
                    "Symptoms whose opposite would change the answer; see `explained`.",
                    object(
                        "A supposition.",
                        &[
                            ("pattern", text("The pattern whose symptom it is.")),
                            ("symptom", text("The symptom.")),
                            ("from", words_of("How it was judged.", &["true", "false", "unknown"])),
                            ("to", flag("What is supposed instead.")),
                            ("status", words_of("The verdict that would follow.", &statuses())),
                            (
                                "roots",
                                list(
                                    "The roots that would follow.",
                                    object(
                                        "A root.",
                                        &[
                                            ("pattern", text("The pattern.")),
                                            ("role", words_of("Root or independent.", &roles())),
                                            ("grade", words_of("Its grade.", &grades())),
                                        ],
                                    ),
                                ),
                            ),
                        ],
                    ),
                ),
            ),
            (
                "coverage",
                object(
                    "How much could be seen.",
                    &[
                        (
                            "visible",
                            json!({ "description": "The share of alarm patterns that were decided.", "type": "number", "minimum": 0, "maximum": 1 }),
                        ),
                        ("blind", list("Channels without signs of life, in words.", text("A channel."))),
                        ("unobservable", list("Patterns that cannot be seen in this run.", text("A pattern."))),
                        (
                            "unmatched",
                            list(
                                "Error lines that no pattern matches, by template, the most frequent first.",
                                object(
                                    "Lines that differ only in numbers, names and times.",
                                    &[
                                        ("table", text("The table.")),
                                        ("component", nullable(text("The component that wrote them."))),
                                        (
                                            "template",
                                            text("What they have in common, with placeholders such as `<n>`."),
                                        ),
                                        ("count", whole("How many, weighted.")),
                                        ("entities", whole("How many entities wrote them.")),
                                        ("scope", text("The same in words.")),
                                        ("first", nullable(time("When the first was written."))),
                                        ("last", nullable(time("When the last was written."))),
                                        ("sample", text("The earliest of them.")),
                                        ("row", text("The id of its row.")),
                                    ],
                                ),
                            ),
                        ),
                        ("unmatched_more", whole("How many more templates there are.")),
                        (
                            "unmatched_reasons",
                            list(
                                "Why there may be others than those.",
                                text("A reason, with what it concerns: `unsupported: traces`."),
                            ),
                        ),
                    ],
                ),
            ),
            (
                "history",
                list(
                    "What is over.",
                    object(
                        "An episode.",
                        &[
                            ("pattern", text("The pattern.")),
                            ("scope", text("For whom, in words.")),
                            ("onset", onset()),
                            ("last", nullable(time("When it was last seen."))),
                        ],
                    ),
                ),
            ),
            (
                "indicators",
                list(
                    "The pack's indicators, in its order.",
                    object(
                        "An indicator.",
                        &[
                            ("id", text("Its id.")),
                            ("kind", words_of("Whether it speaks of health or of trouble.", &["healthy", "unhealthy"])),
                            (
                                "holds",
                                json!({ "description": "Whether it holds; null where that is not known.", "type": ["boolean", "null"] }),
                            ),
                            ("text", text("Its words.")),
                        ],
                    ),
                ),
            ),
            (
                "impact",
                list(
                    "What it costs.",
                    object(
                        "An impact.",
                        &[
                            ("pattern", text("The pattern.")),
                            ("magnitude", nullable(number("How much."))),
                            ("unit", nullable(text("What is counted."))),
                            ("at_least", flag("Whether it may be more, as telemetry was incomplete.")),
                        ],
                    ),
                ),
            ),
            ("facts", list("Statements that hold and are part of no chain.", finding())),
            (
                "assumptions",
                list(
                    "Parameters that decided a verdict.",
                    object(
                        "A parameter.",
                        &[
                            ("parameter", text("Its name.")),
                            ("value", text("Its value in this run, with its unit.")),
                            ("because", text("Where the value comes from.")),
                        ],
                    ),
                ),
            ),
            (
                "sources",
                list(
                    "What became of each table.",
                    object(
                        "A table.",
                        &[
                            ("table", text("Its name.")),
                            ("completeness", text("`complete`, `partial: reason` or `missing: reason`.")),
                            ("request_id", nullable(text("The id of the first call, as the service knows it."))),
                            ("request_ids", list("The ids of all calls.", text("An id."))),
                        ],
                    ),
                ),
            ),
            (
                "problems",
                list(
                    "Rows that could not be used, and warnings.",
                    object(
                        "A problem.",
                        &[
                            ("file", text("The file or table.")),
                            (
                                "line",
                                json!({ "description": "The line there, from 1.", "type": ["integer", "null"], "minimum": 1 }),
                            ),
                            ("what", text("What is wrong.")),
                        ],
                    ),
                ),
            ),
            (
                "explained",
                flag(
                    "Whether `next_queries` and `counterfactuals` were looked for; where not, both are empty and say nothing.",
                ),
            ),
        ],
    );
    if let Value::Object(map) = &mut root {
        map.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        map.insert("title".to_owned(), json!("amp-rules report, version 1"));
    }
    root
}

fn root_cause() -> Value {
    let link = object(
        "A pattern that the root explains.",
        &[
            ("pattern", text("The pattern.")),
            ("inferred", flag("Whether it was not seen but stands between what was.")),
            ("order_verifiable", flag("Whether the times show that it came after what leads to it.")),
            ("from", list("What leads to it within the chain.", text("A pattern."))),
            (
                "strength",
                words_of(
                    "The surest edge that leads to it.",
                    &[
                        words::strength(Strength::Possible),
                        words::strength(Strength::Likely),
                        words::strength(Strength::Sure),
                    ],
                ),
            ),
        ],
    );
    object(
        "Where an incident begins.",
        &[
            ("pattern", text("The pattern.")),
            ("title", text("Its title.")),
            ("grade", words_of("How far it can be trusted.", &grades())),
            ("rank", json!({ "description": "Its rank, from 1.", "type": "integer", "minimum": 1 })),
            ("severity", words_of("The worst in what it reaches.", &severities())),
            ("scope", text("For whom, in words.")),
            ("onset", onset()),
            ("owner", nullable(text("Who has to act."))),
            ("loop", list("The patterns of the loop that it is the entry of.", text("A pattern."))),
            ("why_not_confirmed", list("Why it is not confirmed.", text("A reason in words."))),
            ("chain", list("All that it explains, in topological order; complaints and facts left out.", link)),
            ("explains", list("The complaints and impacts that it explains.", text("A pattern."))),
            ("entities", entities()),
            (
                "causes",
                list(
                    "Everything that is modelled as its cause, with its state: why it is a root.",
                    object(
                        "A possible cause.",
                        &[
                            ("pattern", text("The pattern.")),
                            ("state", text("Its state: `not so`, `unknown (silent)`, `holds and explains it`, …")),
                        ],
                    ),
                ),
            ),
        ],
    )
}

fn finding() -> Value {
    let citation = object(
        "A row that shows it.",
        &[("at", nullable(time("When."))), ("row", text("The row's id.")), ("text", text("The line or cell."))],
    );
    let evidence = object(
        "What one symptom says.",
        &[
            ("symptom", text("The symptom; `pattern.symptom` where it is another pattern's.")),
            ("value", nullable(number("The strongest number seen, in `unit`."))),
            ("threshold", nullable(text("What it was held against: `>= 3`."))),
            ("first", nullable(time("When it was first seen."))),
            ("last", nullable(time("When it was last seen."))),
            ("sample", nullable(text("The earliest line or cell."))),
            ("row", nullable(text("The id of its row."))),
            ("unit", text("The unit of value and threshold.")),
            ("weak", flag("Whether alone it would give at most a provisional root.")),
            ("citations", list("Up to three rows, earliest first.", citation)),
        ],
    );
    object(
        "A pattern that holds, in one role.",
        &[
            ("pattern", text("The pattern.")),
            ("role", words_of("Its part in the story.", &roles())),
            (
                "grade",
                json!({ "description": "The grade of a root; else null.", "enum": [
            Grade::Confirmed.as_str(), Grade::Provisional.as_str(), Grade::Open.as_str(), null
        ] }),
            ),
            ("entities", entities()),
            ("scope", text("For whom, in words.")),
            ("evidence", list("What shows it, in the author's order.", evidence)),
            ("title", text("The pattern's title.")),
            ("class", words_of("What it is by nature.", &classes())),
            ("severity", words_of("How bad it is by itself.", &severities())),
            ("contrast", nullable(text("Who does not have it."))),
            (
                "distinguishing_attributes",
                list(
                    "What all of them share and none of the others has.",
                    text("An attribute with its value: `agentversion=6.21.0`."),
                ),
            ),
            ("onset", onset()),
            ("last", nullable(time("When it was last seen."))),
            ("flapping", flag("Whether it comes and goes.")),
            ("reported", flag("Whether it is so because somebody reported it.")),
            ("explained_by", list("What explains it.", text("A pattern."))),
            ("owner", nullable(text("Who has to act."))),
        ],
    )
}

fn statuses() -> [&'static str; 6] {
    use Status::{Diagnosed, DiagnosedPartial, Healthy, InsufficientData, NoiseOnly, Recovered};
    [Healthy, NoiseOnly, Recovered, Diagnosed, DiagnosedPartial, InsufficientData].map(Status::as_str)
}

fn grades() -> [&'static str; 3] {
    [Grade::Confirmed, Grade::Provisional, Grade::Open].map(Grade::as_str)
}

fn roles() -> [&'static str; 8] {
    use Role::{Consequence, Contributing, Fact, Independent, Noise, Recovered, Root, Unresolved};
    [Root, Independent, Consequence, Contributing, Noise, Recovered, Unresolved, Fact].map(Role::as_str)
}

fn severities() -> [&'static str; 4] {
    [Severity::Info, Severity::Warning, Severity::Error, Severity::Critical].map(words::severity)
}

fn classes() -> [&'static str; 6] {
    [Class::Cause, Class::Effect, Class::Impact, Class::Complaint, Class::Benign, Class::Fact].map(words::class)
}

fn object(description: &str, fields: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|(name, shape)| ((*name).to_owned(), shape.clone())).collect();
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({ "description": description, "type": "object", "properties": properties, "required": required })
}

fn list(description: &str, items: Value) -> Value {
    json!({ "description": description, "type": "array", "items": items })
}

fn text(description: &str) -> Value {
    json!({ "description": description, "type": "string" })
}

fn time(description: &str) -> Value {
    json!({ "description": description, "type": "string", "format": "date-time" })
}

fn number(description: &str) -> Value {
    json!({ "description": description, "type": "number" })
}

fn whole(description: &str) -> Value {
    json!({ "description": description, "type": "integer", "minimum": 0 })
}

fn flag(description: &str) -> Value {
    json!({ "description": description, "type": "boolean" })
}

fn map(description: &str) -> Value {
    json!({ "description": description, "type": "object", "additionalProperties": { "type": "string" } })
}

fn words_of(description: &str, words: &[&str]) -> Value {
    json!({ "description": description, "enum": words })
}

fn entities() -> Value {
    list("For whom: the keys of each entity.", map("One entity."))
}

fn onset() -> Value {
    object(
        "When it began.",
        &[
            ("earliest", nullable(time("No earlier than this; null where it was so before the window."))),
            ("latest", nullable(time("No later than this; null where that is not known."))),
        ],
    )
}

/// The same shape or `null`.
fn nullable(shape: Value) -> Value {
    let mut shape = shape;
    if let Value::Object(map) = &mut shape
        && let Some(kind) = map.get("type").cloned()
    {
        map.insert("type".to_owned(), json!([kind, "null"]));
    }
    shape
}
