//! `amp-rules schema`: the JSON Schema of a kind of rule file, or of the report.
//!
//! A kind of document in; its schema out.

use amp_rules_core::report;
use amp_rules_core::rules::syntax::{FileKind, json_schema};
use clap::{Args, ValueEnum};

use super::json;
use crate::exit::{CommandOutput, Failure};

/// The arguments of `amp-rules schema`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The kind of document.
    #[arg(value_enum, value_name = "KIND")]
    pub kind: Kind,
}

/// The documents that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// pattern.yaml
    Pattern,
    /// pack.yaml
    Pack,
    /// cases.yaml
    Cases,
    /// incident.yaml
    Incident,
    /// scenario.yaml
    Scenario,
    /// indicators.yaml
    Indicators,
    /// workflow.yaml
    Workflow,
    /// The output of `diagnose --format json`.
    Report,
}

/// Returns the schema of a kind of document.
///
/// # Errors
///
/// [`Exit::Usage`](crate::exit::Exit::Usage) for a kind without a schema; every kind has one today.
pub fn run(arguments: &Arguments) -> Result<CommandOutput, Failure> {
    let kind = match arguments.kind {
        Kind::Pattern => FileKind::Pattern,
        Kind::Pack => FileKind::Pack,
        Kind::Cases => FileKind::Cases,
        Kind::Incident => FileKind::Incident,
        Kind::Scenario => FileKind::Scenario,
        Kind::Indicators => FileKind::Indicators,
        Kind::Workflow => FileKind::Workflow,
        Kind::Report => return Ok(CommandOutput::success(report::json_schema())),
    };
    json_schema(kind)
        .map(|schema| CommandOutput::success(json(&schema)))
        .ok_or_else(|| Failure::usage(&format!("`{}` has no schema", kind.file_name())))
}
