//! `amp-rules schema`: the JSON Schema of a kind of rule file, or of the report.
//!
//! A kind in, a schema out. Nothing is read.

use amp_rules_core::report;
use amp_rules_core::rules::syntax::{FileKind, json_schema};
use clap::{Args, ValueEnum};

use super::json;
use crate::exit::{Done, Failure};

/// What `amp-rules schema` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Of what.
    #[arg(value_enum, value_name = "KIND")]
    pub kind: Kind,
}

/// What has a schema.
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
    /// story.yaml
    Story,
    /// indicators.yaml
    Indicators,
    /// workflow.yaml
    Workflow,
    /// What `diagnose --format json` writes.
    Report,
}

/// Gives the schema.
///
/// # Errors
///
/// None today: every kind has a schema.
pub fn run(arguments: &Arguments) -> Result<Done, Failure> {
    let kind = match arguments.kind {
        Kind::Pattern => FileKind::Pattern,
        Kind::Pack => FileKind::Pack,
        Kind::Cases => FileKind::Cases,
        Kind::Incident => FileKind::Incident,
        Kind::Story => FileKind::Story,
        Kind::Indicators => FileKind::Indicators,
        Kind::Workflow => FileKind::Workflow,
        Kind::Report => return Ok(Done::fine(report::json_schema())),
    };
    json_schema(kind)
        .map(|schema| Done::fine(json(&schema)))
        .ok_or_else(|| Failure::usage(&format!("there is no schema of `{}`", kind.file_name())))
}
