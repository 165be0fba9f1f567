//! `pattern.yaml`: one pattern with its symptoms, condition, edges and remedy.
//!
//! Input: nothing. Output: the shape of the file.

use super::symptom::SYMPTOM;
use crate::rules::syntax::shape::{Object, Shape, Variants, object, optional, required};

pub(super) static PATTERN: Object = object(
    "Pattern",
    "One pattern: what it looks like, what it brings about, what to do. The folder has the pattern's id as its name.",
    &[
        required("format", Shape::Tag("amp-rules/v1"), "The version of the format."),
        required("id", Shape::Id, "Its id, unique in the pack and the name of its folder."),
        required("title", Shape::Text, "Its title, one line."),
        required(
            "class",
            Shape::Words(&[
                ("cause", "It can be where an incident begins, and be confirmed as its root."),
                ("effect", "Something else brings it about; as a root it stays open."),
                ("impact", "What an incident costs."),
                ("complaint", "What people report; it needs no symptom."),
                ("benign", "Expected noise."),
                ("fact", "A statement that can contradict; never part of the causal graph."),
            ]),
            "What it is by nature.",
        ),
        required("severity", Shape::Words(SEVERITIES), "How bad it is."),
        required("scope", Shape::Name, "The entity kind that one instance speaks of."),
        optional(
            "applies_to",
            Shape::Map(&Shape::Name, &Shape::OneOrMany(&Shape::Scalar)),
            "Only entities whose keys have these values have an instance.",
        ),
        optional("entry", Shape::Bool, "Where a loop starts when times cannot tell."),
        optional("owner", Shape::Id, "Who has to act."),
        optional("summary", Shape::Text, "What it means, in a sentence or two."),
        optional(
            "symptoms",
            Shape::Map(&Shape::Id, &Shape::Variants(&SYMPTOM)),
            "What is visible of it. A pattern without symptoms is unobservable, and says so in reports.",
        ),
        optional("when", Shape::Same(&CONDITION), "When it holds. With one symptom it may be left out."),
        optional("noise_unless", Shape::Same(&CONDITION), "What makes it more than noise."),
        optional(
            "magnitude",
            Shape::Either(&[Shape::Capture, Shape::Object(&MAGNITUDE)]),
            "The number that says how bad an impact is.",
        ),
        optional("causes", Shape::List(&Shape::Object(&CAUSES)), "What it brings about."),
        optional("amplifies", Shape::List(&Shape::Object(&AMPLIFIES)), "What it worsens."),
        optional(
            "contradicts",
            Shape::List(&Shape::Id),
            "Patterns that cannot hold of the same entity at the same time.",
        ),
        optional("remedy", Shape::List(&Shape::Object(&REMEDY)), "What to do, in order."),
        optional("queries", Shape::List(&Shape::Id), "Named queries that help to look further."),
        optional("references", Shape::List(&Shape::Text), "Where the knowledge comes from."),
        optional("provenance", Shape::Text, "How it was obtained, where that matters."),
    ],
);

pub(super) const SEVERITIES: &[(&str, &str)] = &[
    ("info", "Worth knowing."),
    ("warning", "Worth a look."),
    ("error", "Something fails."),
    ("critical", "Much fails."),
];

static MAGNITUDE: Object = object(
    "Magnitude",
    "The number that says how bad an impact is.",
    &[
        required("of", Shape::Capture, "A symptom and a capture that its `extract` adds up."),
        optional("unit", Shape::Text, "What is counted, for reports."),
    ],
);

static CAUSES: Object = object(
    "Causes",
    "A causal edge: this pattern suffices for the other.",
    &[
        required("pattern", Shape::Id, "The effect."),
        required(
            "strength",
            Shape::Words(&[
                ("sure", "It always does, so an effect seen absent speaks against it."),
                ("likely", "It mostly does."),
                ("possible", "It can."),
            ]),
            "How surely.",
        ),
        optional("lag", Shape::Lag, "The least and the greatest delay (from 0s, without end)."),
        optional("tolerance", Shape::DurationOrZero, "Clock differences that are forgiven; the pack's if left out."),
        optional(
            "entities",
            Shape::Words(&[
                ("contains", "One key set is a projection of the other, with equal values."),
                ("same", "The very same entity."),
                ("cluster", "Anything within the same subject."),
            ]),
            "Which entities it joins (contains).",
        ),
        optional("feedback", Shape::Bool, "Whether it closes a loop on purpose."),
        optional("because", Shape::Text, "Why the edge is there."),
    ],
);

static AMPLIFIES: Object = object(
    "Amplifies",
    "An amplifying edge: this pattern worsens the other and does not explain it.",
    &[
        required("pattern", Shape::Id, "What it worsens."),
        optional("may_be_sole", Shape::Bool, "Whether it explains what nothing else explains."),
        optional("feedback", Shape::Bool, "Whether it closes a loop on purpose."),
        optional("because", Shape::Text, "Why the edge is there."),
    ],
);

static REMEDY: Object = Object {
    name: "RemedyStep",
    doc: "One step of a remedy.",
    fields: &[
        required("id", Shape::Id, "Its id, unique in the pattern; the same id in two patterns is the same step."),
        optional("do", Shape::Text, "What to do."),
        optional("verify", Shape::Text, "What to see when the other steps have worked."),
        optional("caution", Shape::Text, "What the step may do besides."),
    ],
    exactly_one: &[&["do", "verify"]],
    at_most_one: &[],
};

/// A condition over symptoms and patterns.
pub(super) static CONDITION: Shape = Shape::Either(&[Shape::SymptomRef, Shape::Variants(&CONDITIONS)]);

static CONDITIONS: Variants = Variants {
    name: "Condition",
    doc: "When something holds: a symptom, or a tree.",
    kinds: &[
        &object("All", "All hold.", &[required("all", Shape::List(&CONDITION), "The conditions.")]),
        &object("Any", "One holds.", &[required("any", Shape::List(&CONDITION), "The conditions.")]),
        &object("Not", "It does not hold.", &[required("not", Shape::Same(&CONDITION), "The condition.")]),
        &object("AtLeast", "So many hold.", &[required("at_least", Shape::Object(&AT_LEAST), "How many of which.")]),
        &object(
            "Requires",
            "It holds where another does; elsewhere it does not apply.",
            &[required("requires", Shape::Object(&REQUIRES), "What, and where.")],
        ),
        &object("OtherPattern", "Another pattern holds.", &[required("pattern", Shape::Id, "Its id.")]),
    ],
    common: &[],
};

static AT_LEAST: Object = object(
    "AtLeastOf",
    "So many of these.",
    &[required("count", Shape::Integer(1), "How many."), required("of", Shape::List(&CONDITION), "The conditions.")],
);

static REQUIRES: Object = object(
    "RequiresThen",
    "A condition behind a guard.",
    &[
        required("that", Shape::Same(&CONDITION), "The guard."),
        required("then", Shape::Same(&CONDITION), "What must hold where the guard does."),
    ],
);

/// A condition over patterns.
pub(super) static PATTERN_CONDITION: Shape = Shape::Either(&[Shape::Id, Shape::Variants(&PATTERN_CONDITIONS)]);

static PATTERN_CONDITIONS: Variants = Variants {
    name: "PatternCondition",
    doc: "When an indicator holds: a pattern, or a tree.",
    kinds: &[
        &object("AllPatterns", "All hold.", &[required("all", Shape::List(&PATTERN_CONDITION), "The conditions.")]),
        &object("AnyPattern", "One holds.", &[required("any", Shape::List(&PATTERN_CONDITION), "The conditions.")]),
        &object(
            "NotPattern",
            "It does not hold.",
            &[required("not", Shape::Same(&PATTERN_CONDITION), "The condition.")],
        ),
        &object(
            "AtLeastPatterns",
            "So many hold.",
            &[required("at_least", Shape::Object(&AT_LEAST_PATTERNS), "How many of which.")],
        ),
        &object("OnePattern", "The pattern holds.", &[required("pattern", Shape::Id, "Its id.")]),
    ],
    common: &[],
};

static AT_LEAST_PATTERNS: Object = object(
    "AtLeastOfPatterns",
    "So many of these.",
    &[
        required("count", Shape::Integer(1), "How many."),
        required("of", Shape::List(&PATTERN_CONDITION), "The conditions."),
    ],
);
