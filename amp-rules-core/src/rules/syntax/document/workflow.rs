//! `workflow.yaml`: the investigation workflow.

use crate::rules::syntax::shape::{Object, Shape, object, optional, required};

pub(super) static WORKFLOW: Object = object(
    "Workflow",
    "The investigation workflow: what to check, step by step.",
    &[
        required("format", Shape::Tag("amp-rules-workflow/v1"), "The version of the format."),
        required("steps", Shape::List(&Shape::Object(&STEP)), "The steps."),
        optional("notes", Shape::List(&Shape::Text), "Notes for the investigation."),
    ],
);

static STEP: Object = object(
    "Step",
    "One step of the workflow.",
    &[
        required("step", Shape::Integer(1), "Its number; numbers may have gaps."),
        required("title", Shape::Text, "Its title."),
        required("items", Shape::List(&Shape::Object(&ITEM)), "What to check."),
    ],
);

static ITEM: Object = object(
    "Item",
    "One thing to check.",
    &[
        required("text", Shape::Text, "What to do."),
        optional("patterns", Shape::List(&Shape::Id), "The patterns that answer it."),
        optional("queries", Shape::List(&Shape::Id), "Named queries that help."),
        optional("tables", Shape::List(&Shape::Table), "The tables that it reads."),
    ],
);
