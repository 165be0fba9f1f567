//! Random packs and telemetry from lists of numbers, and losses of telemetry.
//!
//! Reading order: [`dice`], [`telemetry`], [`pack`], [`scenario`], [`line_scenario`], [`line_changes`], [`loss`].

pub(crate) mod dice;
pub(crate) mod healthy;
pub(crate) mod line_changes;
pub(crate) mod line_scenario;
pub(crate) mod loss;
pub(crate) mod pack;
pub(crate) mod scenario;
pub(crate) mod telemetry;
