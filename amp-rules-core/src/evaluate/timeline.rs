//! Three-valued truth over time, and intervals of numbers.

pub(crate) mod interval;
pub(crate) mod truth;
