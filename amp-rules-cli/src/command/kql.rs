//! `amp-rules kql`: KQL queries offline: check them, run them, format them.
//!
//! One file per command. What they share is here: reading queries, and binding them to the tables of the rules.

pub mod check;
pub mod fmt;
pub mod run;

mod answer;

use std::io::Read;
use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;
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
use crate::files::{self, Naming, Which};
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
fn gather(paths: &[PathBuf]) -> Result<Vec<RuleFile>, Failure> {
    let mut found: Vec<RuleFile> = Vec::new();
    for path in paths {
        if is_stdin(path) {
            found.push(from_stdin()?);
            continue;
        }
        let below = files::read(path, Naming::AsGiven, Which::All)?;
        let before = found.len();
        let is_query = |name: &str| path.is_file() || Path::new(name).extension().is_some_and(|end| end == "kql");
        found.extend(below.into_iter().filter(|file| is_query(&file.name)));
        if found.len() == before {
            return Err(Failure::usage(&format!("cannot read queries from `{}`: it has no .kql file", path.display())));
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found.dedup_by(|one, other| one.name == other.name);
    Ok(found)
}

fn from_stdin() -> Result<RuleFile, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(&format!("cannot read the query from stdin: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(Exit::Usage, &format!("cannot read the query from stdin: it is not UTF-8 text (byte {at})"))
    })?;
    Ok(RuleFile::new(STDIN, text))
}

/// A query that was parsed and bound.
struct Known {
    query: Query,
    parameters: Vec<QueryParameter>,
    bound: Bound,
    /// Its problems; of a text that does not parse, the syntax errors only.
    diagnostics: Diagnostics,
}

/// Parses a query and binds it to the tables of the rules.
fn read(file: &RuleFile, schema: &Schema) -> Known {
    let header = header(&file.text);
    let parsed = parse(&file.text);
    let catalog = catalog(schema, &header.parameters);
    let bound = bind(&parsed.query, &catalog);
    let problems = if parsed.diagnostics.is_empty() { &bound.diagnostics } else { &parsed.diagnostics };
    let diagnostics = diagnostics(file, header.problems.iter().chain(problems));
    Known { query: parsed.query, parameters: header.parameters, bound, diagnostics }
}
