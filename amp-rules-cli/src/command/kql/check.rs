//! `amp-rules kql check`: what is wrong with queries, where, and what may have been meant.
//!
//! Paths in, the same report as that of `amp-rules check` out. Tables and columns are those of the rules.

use std::path::PathBuf;

use amp_rules_core::rules::diagnostic::Diagnostics;
use clap::Args;

use crate::command::check::{self, Checked, FailOn, Output};
use crate::exit::{Done, Failure};
use crate::rules;
use crate::screen::Screen;

/// What `amp-rules kql check` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Queries: files, folders of .kql files, or - for stdin.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Which rules know the tables.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The form of the answer, and a file to write it to instead of stdout: full, concise, json, jsonl, github, sarif.
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub output: Vec<Output>,
    /// The severity from which on the check fails; what only a service can run is a warning.
    #[arg(long, value_enum, default_value = "error", value_name = "SEVERITY")]
    pub fail_on: FailOn,
}

/// Checks queries.
///
/// # Errors
///
/// A path cannot be read or holds no query; the rules do not load; an answer cannot be written.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Done, Failure> {
    let rendering = check::Arguments {
        paths: Vec::new(),
        output: arguments.output.clone(),
        fail_on: arguments.fail_on,
        select: Vec::new(),
        ignore: Vec::new(),
        strict: false,
    };
    checked(arguments, screen)?.render(&rendering, screen)
}

/// What is wrong with the queries.
///
/// # Errors
///
/// A path cannot be read or holds no query; the rules do not load.
pub fn checked(arguments: &Arguments, screen: &Screen) -> Result<Checked, Failure> {
    let rules = rules::load(&arguments.rules, screen)?;
    let files = super::gather(&arguments.files)?;
    let diagnostics =
        files.iter().fold(Diagnostics::default(), |all, file| all.merge(super::read(file, &rules.schema).diagnostics));
    Ok(Checked { files: files.len(), diagnostics, loads: true })
}
