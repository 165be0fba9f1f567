//! Patterns over time, per entity.

pub(crate) mod instances;
pub(crate) mod pattern;
pub(crate) mod time_resolution;
