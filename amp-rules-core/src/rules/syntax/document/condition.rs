//! Conditions over symptoms (`when`, `noise_unless`) and over patterns (an indicator's `when`).

use crate::rules::syntax::shape::{Object, Shape, Variants, object, required};

/// A condition over symptoms and patterns.
pub(super) static CONDITION: Shape = Shape::Either(&[Shape::SymptomRef, Shape::Variants(&CONDITIONS)]);

/// A symptom, or a pattern as a whole.
pub(super) static SYMPTOM_OR_PATTERN: Shape = Shape::Either(&[Shape::SymptomRef, Shape::Object(&OTHER_PATTERN)]);

static OTHER_PATTERN: Object =
    object("OtherPattern", "Another pattern holds.", &[required("pattern", Shape::Id, "Its id.")]);

static CONDITIONS: Variants = Variants {
    name: "Condition",
    doc: "A symptom, or a tree of conditions.",
    kinds: &[
        &object("All", "All of them hold.", &[required("all", Shape::List(&CONDITION), "The conditions.")]),
        &object("Any", "At least one of them holds.", &[required("any", Shape::List(&CONDITION), "The conditions.")]),
        &object("Not", "It does not hold.", &[required("not", Shape::Same(&CONDITION), "The condition.")]),
        &object(
            "AtLeast",
            "At least `count` of them hold.",
            &[required("at_least", Shape::Object(&AT_LEAST), "The number and the conditions.")],
        ),
        &object(
            "Requires",
            "A condition that applies only if another one holds; it is false otherwise.",
            &[required("requires", Shape::Object(&REQUIRES), "The two conditions.")],
        ),
        &OTHER_PATTERN,
    ],
    common: &[],
};

static AT_LEAST: Object = object(
    "AtLeastOf",
    "At least `count` of these.",
    &[
        required("count", Shape::Integer(1), "How many of them must hold."),
        required("of", Shape::List(&CONDITION), "The conditions."),
    ],
);

static REQUIRES: Object = object(
    "RequiresThen",
    "A guarded condition.",
    &[
        required("that", Shape::Same(&CONDITION), "The guard."),
        required("then", Shape::Same(&CONDITION), "What must hold if the guard does."),
    ],
);

/// A condition over patterns.
pub(super) static PATTERN_CONDITION: Shape = Shape::Either(&[Shape::Id, Shape::Variants(&PATTERN_CONDITIONS)]);

static PATTERN_CONDITIONS: Variants = Variants {
    name: "PatternCondition",
    doc: "A pattern, or a tree of conditions over patterns.",
    kinds: &[
        &object(
            "AllPatterns",
            "All of them hold.",
            &[required("all", Shape::List(&PATTERN_CONDITION), "The conditions.")],
        ),
        &object(
            "AnyPattern",
            "At least one of them holds.",
            &[required("any", Shape::List(&PATTERN_CONDITION), "The conditions.")],
        ),
        &object(
            "NotPattern",
            "It does not hold.",
            &[required("not", Shape::Same(&PATTERN_CONDITION), "The condition.")],
        ),
        &object(
            "AtLeastPatterns",
            "At least `count` of them hold.",
            &[required("at_least", Shape::Object(&AT_LEAST_PATTERNS), "The number and the conditions.")],
        ),
        &object("OnePattern", "The pattern holds.", &[required("pattern", Shape::Id, "Its id.")]),
    ],
    common: &[],
};

static AT_LEAST_PATTERNS: Object = object(
    "AtLeastOfPatterns",
    "At least `count` of these.",
    &[
        required("count", Shape::Integer(1), "How many of them must hold."),
        required("of", Shape::List(&PATTERN_CONDITION), "The conditions."),
    ],
);
