//! Units in messages.

use crate::unit::{Dimension, Unit};

/// Returns what a unit measures, for messages.
pub(super) fn dimension_name(unit: &Unit) -> String {
    let word = |dimension| match dimension {
        Dimension::Count => "a count",
        Dimension::Bytes => "bytes",
        Dimension::Seconds => "a duration",
        Dimension::Ratio => "a share",
        Dimension::Cores => "processor cores",
    };
    match unit.per {
        Some(per) => format!("{} per {}", word(unit.dimension), word(per)),
        None => word(unit.dimension).to_owned(),
    }
}

/// Returns an example of a quantity of this dimension, for messages.
pub(super) fn example(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Count => "a plain number such as `3`",
        Dimension::Bytes => "bytes such as `10 GB`",
        Dimension::Seconds => "a duration such as `15m`",
        Dimension::Ratio => "a share such as `80 %`",
        Dimension::Cores => "cores such as `2 cores`",
    }
}
