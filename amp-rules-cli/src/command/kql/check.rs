//! `amp-rules kql check`: the problems of queries, where they are, and how to fix them.
//!
//! Paths in; the report of `amp-rules check` out. Tables and columns are those of the rules.

use std::collections::BTreeSet;
use std::path::PathBuf;

use amp_rules_core::rules::diagnostic::Diagnostics;
use amp_rules_core::rules::syntax::hidden_characters;
use clap::Args;

use crate::command::check::{self, CheckReport, FailOn, Output};
use crate::exit::{CommandOutput, Failure};
use crate::rules;
use crate::terminal::Terminal;

/// The arguments of `amp-rules kql check`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Queries: files, folders of .kql files, or - for stdin.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// The rules that define the tables.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The output format, and a file to write it to instead of stdout: full, concise, json, jsonl, github, sarif.
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub output: Vec<Output>,
    /// The lowest severity that makes the check fail; a query that only a service can run is a warning.
    #[arg(long, value_enum, default_value = "error", value_name = "SEVERITY")]
    pub fail_on: FailOn,
}

/// Checks queries.
///
/// # Errors
///
/// A path cannot be read or has no query, the rules do not load, or the output cannot be written.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<CommandOutput, Failure> {
    let rendering = check::Arguments {
        paths: Vec::new(),
        output: arguments.output.clone(),
        fail_on: arguments.fail_on,
        select: Vec::new(),
        ignore: Vec::new(),
        strict: false,
    };
    checked(arguments, terminal)?.render(&rendering, terminal)
}

/// Returns the problems of queries.
///
/// # Errors
///
/// A path cannot be read or has no query, or the rules do not load.
pub fn checked(arguments: &Arguments, terminal: &Terminal) -> Result<CheckReport, Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    let mut unreadable = BTreeSet::new();
    let files = super::gather(&arguments.files, terminal, &mut unreadable)?;
    let mut diagnostics = Diagnostics::default();
    for file in &files {
        let hidden = Diagnostics::new(hidden_characters(file), std::slice::from_ref(file));
        diagnostics = diagnostics.merge(super::read(file, &rules.schema).diagnostics).merge(hidden);
    }
    Ok(CheckReport { files: files.len(), diagnostics, loads: true, unreadable })
}
