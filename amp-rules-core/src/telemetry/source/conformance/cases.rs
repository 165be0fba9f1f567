//! All cases, in the order in which they run.

mod contract;
mod fields;
mod filters;
mod lines;
mod properties;
mod query;
mod series;
mod unmatched;

use super::case::Case;

/// Every case of the suite.
#[must_use]
pub fn cases() -> Vec<Case> {
    [
        contract::cases(),
        filters::cases(),
        lines::cases(),
        fields::cases(),
        series::cases(),
        properties::cases(),
        unmatched::cases(),
        query::cases(),
    ]
    .concat()
}
