//! Symptoms over time, per entity.

pub(crate) mod absence;
pub(crate) mod counts;
pub(crate) mod flow;
pub(crate) mod metric;
pub(crate) mod numbers;
pub(crate) mod property;
pub(crate) mod query;
pub(crate) mod rollup;
pub(crate) mod streak;
pub(crate) mod symptom;
