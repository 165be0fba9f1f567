//! The commands. Each file has the arguments, a function `run` that returns a typed report, and the renderer of the report.

pub mod capture;
pub mod check;
pub mod diagnose;
pub mod doctor;
pub mod explain;
pub mod inspect;
pub mod kql;
pub mod list;
pub mod plan;
pub mod record;
pub mod schema;
pub mod sweep;
pub mod test;
pub mod why;
pub mod workflow;

use amp_rules_core::escape::Printable;

/// The output formats of most commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    /// Text for people.
    Text,
    /// JSON for programs.
    Json,
}

/// A value as indented JSON, with a line end.
fn json(value: &impl serde::Serialize) -> Printable {
    // The structs consist of strings, booleans and integers, whose serialisation cannot fail.
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    Printable::json(&text)
}
