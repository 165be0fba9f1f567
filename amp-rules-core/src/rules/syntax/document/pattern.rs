//! `pattern.yaml`: one pattern with its symptoms, condition, edges and remedy.

use super::classification::{CLASSES, SEVERITIES, STRENGTHS};
use super::condition::CONDITION;
use super::symptom::SYMPTOM;
use crate::rules::syntax::shape::{Object, Shape, object, optional, required};

pub(super) static PATTERN: Object = object(
    "Pattern",
    "One pattern: how it shows in telemetry, what it causes, how to fix it. The folder has the pattern's id as its name.",
    &[
        required("format", Shape::Tag("amp-rules/v1"), "The version of the format."),
        required("id", Shape::Id, "Its id, unique in the pack and the name of its folder."),
        required("title", Shape::Text, "Its title, one line."),
        required("class", Shape::Words(CLASSES), "What kind of fact it is."),
        required("severity", Shape::Words(SEVERITIES), "How bad it is."),
        required("scope", Shape::Name, "The entity kind of its instances."),
        optional(
            "applies_to",
            Shape::Map(&Shape::Name, &Shape::OneOrMany(&Shape::Scalar)),
            "Only entities whose keys have these values get an instance.",
        ),
        optional("entry", Shape::Bool, "Whether a causal loop starts here if times do not decide."),
        optional("owner", Shape::Id, "The team that fixes it."),
        optional("summary", Shape::Text, "What it means, in one or two sentences."),
        optional(
            "symptoms",
            Shape::Map(&Shape::Id, &Shape::Variants(&SYMPTOM)),
            "Its observable facts. A pattern without symptoms is unobservable, and reports mark it so.",
        ),
        optional("when", Shape::Same(&CONDITION), "The condition for it to hold. Optional with a single symptom."),
        optional("noise_unless", Shape::Same(&CONDITION), "The condition for it to be more than noise."),
        optional(
            "magnitude",
            Shape::Either(&[Shape::Capture, Shape::Object(&MAGNITUDE)]),
            "The number that measures an impact.",
        ),
        optional("causes", Shape::List(&Shape::Object(&CAUSES)), "The patterns that it causes."),
        optional("amplifies", Shape::List(&Shape::Object(&AMPLIFIES)), "The patterns that it makes worse."),
        optional(
            "contradicts",
            Shape::List(&Shape::Id),
            "Patterns that cannot hold for the same entity at the same time.",
        ),
        optional("remedy", Shape::List(&Shape::Object(&REMEDY)), "How to fix it, in order."),
        optional("queries", Shape::List(&Shape::Id), "Named queries for further investigation."),
        optional("references", Shape::List(&Shape::Text), "The sources of this knowledge."),
        optional("provenance", Shape::Text, "How it was obtained, if that matters."),
    ],
);

static MAGNITUDE: Object = object(
    "Magnitude",
    "The number that measures an impact.",
    &[
        required("of", Shape::Capture, "A symptom and a capture that its `extract` sums."),
        optional("unit", Shape::Text, "What is counted, for reports."),
    ],
);

static CAUSES: Object = object(
    "Causes",
    "A causal edge: this pattern is sufficient to cause the other.",
    &[
        required("pattern", Shape::Id, "The effect."),
        required("strength", Shape::Words(STRENGTHS), "How reliably the cause leads to the effect."),
        optional("lag", Shape::Lag, "The shortest and the longest delay. Default: from 0s, without an upper bound."),
        optional(
            "tolerance",
            Shape::DurationOrZero,
            "Differences between clocks that are tolerated. Default: `tolerance` of the pack.",
        ),
        optional(
            "entities",
            Shape::Words(&[
                ("contains", "The keys of one are a subset of the other's, with equal values."),
                ("same", "The same entity."),
                ("cluster", "Any two entities of the same subject."),
            ]),
            "Which entities it connects. Default: `contains`.",
        ),
        optional("feedback", Shape::Bool, "Whether it closes a loop on purpose."),
        optional("because", Shape::Text, "Why the edge exists."),
    ],
);

static AMPLIFIES: Object = object(
    "Amplifies",
    "An amplifying edge: this pattern makes the other worse and does not explain it.",
    &[
        required("pattern", Shape::Id, "The pattern that gets worse."),
        optional("may_be_sole", Shape::Bool, "Whether it explains the other if nothing else does."),
        optional("feedback", Shape::Bool, "Whether it closes a loop on purpose."),
        optional("because", Shape::Text, "Why the edge exists."),
    ],
);

static REMEDY: Object = Object {
    name: "RemedyStep",
    doc: "One step of a remedy.",
    fields: &[
        required("id", Shape::Id, "Its id, unique in the pattern; the same id in two patterns is the same step."),
        optional("do", Shape::Text, "What to do."),
        optional("verify", Shape::Text, "What to see once the other steps have worked."),
        optional("caution", Shape::Text, "Side effects of the step."),
        optional(
            "changes_state",
            Shape::Bool,
            "Whether the step changes the system, rather than only reading from it.",
        ),
        optional(
            "run",
            Shape::List(&Shape::Text),
            "A command as a list of program and arguments. It is shown and never executed.",
        ),
    ],
    at_least_one: &[],
    exactly_one: &[&["do", "verify"]],
    at_most_one: &[],
};

#[cfg(test)]
mod tests {
    use super::{CLASSES, SEVERITIES, STRENGTHS};
    use crate::rules::classification::{Class, Severity, Strength};

    #[test]
    fn every_class_severity_and_strength_has_a_meaning() {
        assert!(Class::ALL.iter().all(|class| CLASSES.iter().any(|(word, _)| *word == class.as_str())));
        assert!(Severity::ALL.iter().all(|severity| SEVERITIES.iter().any(|(word, _)| *word == severity.as_str())));
        assert!(Strength::ALL.iter().all(|strength| STRENGTHS.iter().any(|(word, _)| *word == strength.as_str())));
    }
}
