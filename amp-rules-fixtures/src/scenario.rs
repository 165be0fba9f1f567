//! Telemetry generated from a compact description: scenarios in, rows in the service's export format out.
//!
//! Input: the `given:` of a case, or a `scenario.yaml`, read into a [`Scenario`]. Output: [`Rows`], one JSON object per
//! row and table. Equal scenarios give equal rows. Cases evaluate the rows in memory; [`write_folder`] writes them as an
//! incident folder. Nothing here reads a clock or uses randomness: scattered values are a function of their index.

mod cells;
mod component;
mod expand;
mod expansion;
mod groups;
mod heartbeats;
mod model;
mod notation;
mod read;
mod write;

pub(crate) use expand::memory_source;
pub use expand::{rows, source};
pub(crate) use expansion::MAX_ROWS;
pub use model::{Rows, Scenario, ScenarioError};
pub use read::{ScenarioContext, backgrounds};
pub(crate) use write::add_export_columns;
pub use write::{WrittenFile, write_folder};
