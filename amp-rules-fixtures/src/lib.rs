#![doc = include_str!("../README.md")]

pub mod capture;
pub mod cases;
pub mod declared;
pub mod folder;
pub mod form;
pub mod incident;
pub mod input;
pub mod lines;
pub mod nearest;
mod output_folder;
pub mod pack;
pub mod query;
pub mod record;
pub mod scenario;
pub mod tables;

pub use folder::{FixtureSource, FolderSummary, OpenError, OpenErrorKind};
pub use incident::{Incident, IncidentError};
pub use tables::FolderTables;
