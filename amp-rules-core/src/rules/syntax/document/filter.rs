//! `where` and `keys`: which rows count, and where entity keys of a row are.

use crate::rules::syntax::shape::{Field, Object, Shape, optional};

pub(super) const WHERE: Field = optional("where", FILTER, "Only rows whose columns have these values.");

const FILTER: Shape = Shape::Map(&Shape::Column, &FILTER_VALUE);
static FILTER_VALUE: Shape = Shape::Either(&[Shape::Scalar, Shape::List(&Shape::Scalar), Shape::Object(&TEST)]);

static TEST: Object = Object {
    name: "Test",
    doc: "The test of a column.",
    fields: &[
        optional("prefix", Shape::Text, "It starts with this."),
        optional("contains", Shape::Text, "It contains this; case does not matter."),
        optional("regex", Shape::Regex, "It matches this."),
        optional("not", Shape::Same(&FILTER_VALUE), "It does not pass this test."),
        optional("above", Shape::Quantity, "It is a greater number."),
        optional("below", Shape::Quantity, "It is a smaller number."),
        optional("version", Shape::VersionRange, "It is a dotted version within these bounds."),
    ],
    at_least_one: &[],
    exactly_one: &[&["prefix", "contains", "regex", "not", "above", "below", "version"]],
    at_most_one: &[],
};

pub(super) const KEYS: Field = optional(
    "keys",
    Shape::Map(&Shape::Name, &KEY_SOURCE),
    "Entity keys that are in the line, or in another column than the table declares.",
);

static KEY_SOURCE: Shape = Shape::Either(&[Shape::Column, Shape::Object(&KEY)]);

static KEY: Object = Object {
    name: "KeySource",
    doc: "The place of an entity key.",
    fields: &[
        optional("json", Shape::Text, "This field of the JSON line."),
        optional("capture", Shape::Name, "This named capture of the regex."),
        optional("column", Shape::Column, "This column of the row."),
    ],
    at_least_one: &[],
    exactly_one: &[&["json", "capture", "column"]],
    at_most_one: &[],
};

pub(super) const TABLE_OF_METRIC: Field =
    optional("table", Shape::Table, "The table. Default: the table whose catalogue lists the metric.");
