//! `amp-rules kql check`: the problems of queries, where they are, and how to fix them.
//!
//! Paths in; the report of `amp-rules check` out. Tables and columns are those of the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use amp_rules_core::escape::Printable;
use amp_rules_core::report::{Page, TextOptions};
use amp_rules_core::rules::diagnostic::Diagnostics;
use amp_rules_core::rules::syntax::hidden_characters;
use clap::Args;

use super::Unknown;
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
    /// Accept tables that the rules do not define, with any columns; the tables and columns that the queries use are listed
    /// on stderr.
    #[arg(long)]
    pub open: bool,
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
    let (report, inferred) = check_queries(arguments, terminal)?;
    let mut output = report.render(&rendering, terminal)?;
    output.remarks.push(&listed(&inferred));
    Ok(output)
}

/// The unknown tables of the queries, one line each, with the columns that the queries use.
fn listed(inferred: &Inferred) -> Printable {
    let mut page = Page::new(&TextOptions::default());
    for (table, columns) in inferred {
        let columns: Vec<String> = columns.iter().map(|column| format!("`{column}`")).collect();
        let used = if columns.is_empty() { "no columns by name".to_owned() } else { columns.join(", ") };
        page.line(&format!("amp-rules: `{table}` is not defined by the rules; used: {used}"));
    }
    page.finish()
}

/// Returns the problems of queries.
///
/// # Errors
///
/// A path cannot be read or has no query, or the rules do not load.
pub fn checked(arguments: &Arguments, terminal: &Terminal) -> Result<CheckReport, Failure> {
    check_queries(arguments, terminal).map(|(report, _)| report)
}

/// Tables and their columns, by name.
type Inferred = BTreeMap<String, BTreeSet<String>>;

fn check_queries(arguments: &Arguments, terminal: &Terminal) -> Result<(CheckReport, Inferred), Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    let mut unreadable = BTreeSet::new();
    let files = super::gather(&arguments.files, terminal, &mut unreadable)?;
    let mut diagnostics = Diagnostics::default();
    let mut inferred = Inferred::new();
    for file in &files {
        let hidden = Diagnostics::new(hidden_characters(file), std::slice::from_ref(file));
        let query = super::read(file, &rules.schema, if arguments.open { Unknown::Accept } else { Unknown::Report });
        for (table, columns) in query.bound.inferred {
            inferred.entry(table).or_default().extend(columns);
        }
        diagnostics = diagnostics.merge(query.diagnostics).merge(hidden);
    }
    Ok((CheckReport { files: files.len(), diagnostics, loads: true, unreadable }, inferred))
}
