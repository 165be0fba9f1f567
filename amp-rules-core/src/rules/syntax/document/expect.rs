//! `expect`: the expected diagnosis of a case or an incident.

use super::classification::SEVERITIES;
use super::given::ENTITY;
use crate::rules::syntax::shape::{Object, Shape, object, optional, required};

pub(super) static EXPECT: Object = Object {
    name: "Expect",
    doc: "The expected diagnosis. A key that is left out allows anything, unless `strict` is set.",
    fields: &[
        optional(
            "status",
            Shape::Words(&[
                ("healthy", "There is no problem."),
                ("no_known_problem", "No pattern holds, but there are errors that no pattern matches."),
                ("noise_only", "There is only noise."),
                ("recovered", "There was a problem, and it is over."),
                ("diagnosed", "All roots are known."),
                ("diagnosed_partial", "At least one root is open."),
                ("insufficient_data", "There is not enough telemetry to decide."),
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
        optional("conflicts", Shape::AnyList(&Shape::Id), "Patterns that are part of a conflict."),
        optional("instances", Shape::List(&Shape::Object(&INSTANCE)), "The results for single entities."),
        optional(
            "quiet",
            Shape::Bool,
            "Whether the folder's pattern does not hold. Noise counts as quiet, and so does unknown if `absent_means: nothing` is the only reason.",
        ),
        optional("absent", Shape::AnyList(&Shape::Id), "Patterns that do not hold."),
        optional(
            "remedy_first",
            Shape::OneOrMany(&Shape::Text),
            "The first steps of the remedy, as ids, in this order.",
        ),
        optional("severity", Shape::Words(SEVERITIES), "The severity of the root."),
        optional("strict", Shape::Bool, "Whether nothing else is allowed."),
    ],
    at_least_one: &[],
    exactly_one: &[],
    at_most_one: &[&["root", "roots"]],
};

const GRADE: Shape = Shape::Words(&[
    ("confirmed", "Every modelled cause of it is known to be absent."),
    ("provisional", "Something about it is unknown."),
    ("open", "Its cause is outside of what was seen."),
]);

static INSTANCE: Object = object(
    "Instance",
    "The result for a pattern and an entity.",
    &[
        required("pattern", Shape::Id, "The pattern."),
        required("entity", ENTITY, "The entity; a coarser one than the pattern's scope stands for all within it."),
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
                ("unresolved", "It holds, and whether it is noise is unknown."),
            ]),
            "The result.",
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
