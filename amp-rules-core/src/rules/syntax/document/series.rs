//! Series of numbers: metric, filter, value and aggregation steps.

use super::filter::{TABLE_OF_METRIC, WHERE};
use crate::rules::syntax::shape::{Field, Object, Shape, Variants, object, optional, required};

pub(super) const METRIC_NAMES: Shape = Shape::OneOrMany(&Shape::Telemetry);
pub(super) const STEPS: Field = optional(
    "steps",
    Shape::List(&ONE_STEP),
    "How samples are aggregated to one number per entity. Default: `max: value`.",
);
pub(super) const VALUE: Field =
    optional("value", Shape::Same(&OTHER_VALUE), "A column to read instead of the table's value column.");
pub(super) const ZERO: Field =
    optional("zero_if_present", Shape::Telemetry, "A missing series counts as 0 if this metric has a sample.");

static ONE_STEP: Shape = Shape::Variants(&STEP);
static OTHER_VALUE: Shape = Shape::Either(&[Shape::Column, Shape::Object(&VALUE_COLUMN)]);

static VALUE_COLUMN: Object = object(
    "Value",
    "A column to read instead of the table's value column.",
    &[
        required("column", Shape::Column, "The column."),
        optional("unit", Shape::Unit, "Its unit. Default: `count`."),
        optional("default", Shape::Quantity, "The number for rows without it."),
    ],
);

pub(super) static SERIES: Object = object(
    "Series",
    "A series of numbers.",
    &[
        required("metric", METRIC_NAMES, "The metric; several form a union."),
        TABLE_OF_METRIC,
        WHERE,
        VALUE,
        STEPS,
        ZERO,
    ],
);

const BY: Field = optional(
    "by",
    Shape::OneOrMany(&Shape::Column),
    "What to group by in addition to the entity: keys, `name` for the metric, columns.",
);
const EVERY: Field = optional("every", Shape::Duration, "The width of its bins. Default: the whole window.");

macro_rules! step {
    ($name:literal, $doc:literal) => {
        &object($name, $doc, &[required($name, Shape::Column, "What is aggregated: `value`, or a column."), BY, EVERY])
    };
}

static STEP: Variants = Variants {
    name: "SeriesStep",
    doc: "One aggregation step: what is aggregated, and what it is grouped by.",
    kinds: &[
        step!("max", "The greatest value."),
        step!("min", "The smallest value."),
        step!("avg", "The mean."),
        step!("sum", "The sum."),
        step!("count", "The number of samples."),
        step!("dcount", "The number of distinct texts."),
        &object(
            "living",
            "The number of entities that exist in each bin, by their heartbeats: a lost row is not an entity that left.",
            &[
                required("living", Shape::Name, "The key whose values are counted, such as `podname`."),
                required("every", Shape::Duration, "The width of its bins."),
            ],
        ),
        step!("last", "The latest value."),
        step!("increase", "The increase of a running total; restarts are accounted for."),
        step!("turns", "How often the series changes direction."),
        step!("p50", "The median."),
        step!("p75", "The 75th percentile."),
        step!("p90", "The 90th percentile."),
        step!("p95", "The 95th percentile."),
        step!("p99", "The 99th percentile."),
    ],
    common: &[],
};
