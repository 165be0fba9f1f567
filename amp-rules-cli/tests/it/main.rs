//! The integration tests of the command line, one module per subject.

mod commands;
mod evaluations;
mod generated;
mod live;
mod program;
mod queries;
mod readme;
mod record;
