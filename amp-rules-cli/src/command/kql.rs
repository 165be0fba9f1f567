//! `amp-rules kql`: KQL queries offline: check them, run them, format them.
//!
//! One file per command. What they share is here: reading queries, and binding them to the tables of the rules.

pub mod check;
pub mod fmt;
pub mod run;

mod answer;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;
use amp_rules_core::escape::Printable;
use amp_rules_core::rules::diagnostic::Diagnostics;
use amp_rules_core::rules::model::query::QueryParameter;
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_kql::check::catalog;
use amp_rules_kql::diagnostic::diagnostics;
use amp_rules_kql::header::header;
use clap::Subcommand;
use kql_lang::ast::Query;
use kql_lang::bind::{Bound, bind};
use kql_lang::syntax::parse;

use crate::exit::{CommandOutput, Exit, Failure};
use crate::files::{self, Found, Naming, Which};
use crate::terminal::Terminal;

/// The arguments of `amp-rules kql`.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands on queries.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Check queries: report each problem, where it is, and how to fix it.
    Check(check::Arguments),
    /// Run a query on the rows of an incident folder.
    Run(run::Arguments),
    /// Format queries in one style; comments are kept.
    Fmt(fmt::Arguments),
}

/// Runs one of the commands.
///
/// # Errors
///
/// Those of the command.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<CommandOutput, Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments, terminal),
        Command::Run(arguments) => run::run(arguments, terminal).map(|result| result.render(arguments.format)),
        Command::Fmt(arguments) => fmt::run(arguments, terminal).map(|formatted| formatted.render(arguments, terminal)),
    }
}

/// The name of the text from stdin.
const STDIN: &str = "<stdin>";

/// Whether a path means stdin.
fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The queries of the paths, sorted by name: files, every `*.kql` of folders, and stdin for `-`.
///
/// What cannot be read is added to `unreadable`, one line each, and hides no other query.
///
/// # Errors
///
/// A folder has no query, or none of the paths can be read.
fn gather(paths: &[PathBuf], terminal: &Terminal, unreadable: &mut BTreeSet<String>) -> Result<Vec<RuleFile>, Failure> {
    let mut queries: Vec<RuleFile> = Vec::new();
    for path in paths {
        let found = if is_stdin(path) {
            files::text(path, &terminal.limits)
                .map(|text| Found { files: vec![RuleFile::new(STDIN, text)], ..Found::default() })
        } else {
            files::read(path, Naming::AsGiven, Which::All, &terminal.limits)
        };
        let found = match found {
            Ok(found) => found,
            Err(failure) => {
                unreadable.insert(format!("{}\n", failure.message));
                continue;
            }
        };
        let is_query = |name: &str| !path.is_dir() || Path::new(name).extension().is_some_and(|end| end == "kql");
        let broken = found.unreadable.iter().filter(|error| is_query(&error.path.to_string_lossy()));
        unreadable.extend(broken.map(|error| files::remarks(std::slice::from_ref(error))));
        let before = queries.len();
        queries.extend(found.files.into_iter().filter(|file| is_query(&file.name)));
        if queries.len() == before && unreadable.is_empty() {
            return Err(Failure::usage(&format!("cannot read queries from `{}`: it has no .kql file", path.display())));
        }
    }
    if queries.is_empty() {
        let message: String = unreadable.iter().map(String::as_str).collect();
        return Err(Failure { exit: Exit::Usage, message: Printable::lines(message.trim_end()) });
    }
    queries.sort_by(|one, other| one.name.cmp(&other.name));
    queries.dedup_by(|one, other| one.name == other.name);
    Ok(queries)
}

/// A query that was parsed and bound.
struct Known {
    query: Query,
    parameters: Vec<QueryParameter>,
    bound: Bound,
    /// Its problems; of a text that does not parse, the syntax errors only.
    diagnostics: Diagnostics,
}

/// What becomes of tables that the rules do not define.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unknown {
    /// They are errors.
    Report,
    /// They are accepted, with any columns.
    Accept,
}

/// Parses a query and binds it to the tables of the rules.
fn read(file: &RuleFile, schema: &Schema, unknown: Unknown) -> Known {
    let header = header(&file.text);
    let parsed = parse(&file.text);
    let catalog = catalog(schema, &header.parameters);
    let catalog = if unknown == Unknown::Accept { catalog.open() } else { catalog };
    let bound = bind(&parsed.query, &catalog);
    let problems = if parsed.diagnostics.is_empty() { &bound.diagnostics } else { &parsed.diagnostics };
    let diagnostics = diagnostics(file, header.problems.iter().chain(problems));
    Known { query: parsed.query, parameters: header.parameters, bound, diagnostics }
}
