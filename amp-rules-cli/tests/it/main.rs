//! The integration tests of the command line, one module per subject.

#[cfg(unix)]
mod capture;
mod commands;
mod evaluations;
mod generated;
mod hostile;
mod inputs;
mod live;
mod program;
mod queries;
mod readme;
mod record;
