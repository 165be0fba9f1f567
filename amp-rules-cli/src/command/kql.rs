//! `amp-rules kql`: queries in KQL, offline: what is wrong with them, what they give, how they are laid out.
//!
//! One file per command below. What they share is here: the texts, and the binding of a text to the tables of the rules.

pub mod check;
pub mod fmt;
pub mod run;

mod answer;

use std::io::Read;
use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;
use amp_rules_core::diagnostic::Diagnostics;
use amp_rules_core::model::query::QueryParameter;
use amp_rules_core::schema::Schema;
use amp_rules_kql::check::catalog;
use amp_rules_kql::diagnostic::diagnostics;
use amp_rules_kql::header::header;
use clap::Subcommand;
use kql_lang::ast::Query;
use kql_lang::bind::{Bound, bind};
use kql_lang::syntax::parse;

use crate::exit::{Done, Exit, Failure};
use crate::files::{self, Naming, Which};
use crate::screen::Screen;

/// What `amp-rules kql` takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands on queries.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Say what is wrong with queries, where, and what may have been meant.
    Check(check::Arguments),
    /// Run a query on the rows of an incident folder.
    Run(run::Arguments),
    /// Lay queries out in one style; comments stay.
    Fmt(fmt::Arguments),
}

/// Runs one of the commands.
///
/// # Errors
///
/// Whatever keeps it from its answer.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Done, Failure> {
    match &arguments.command {
        Command::Check(arguments) => check::run(arguments, screen),
        Command::Run(arguments) => run::run(arguments, screen).map(|ran| ran.render(arguments.format)),
        Command::Fmt(arguments) => fmt::run(arguments).map(|formatted| formatted.render(arguments, screen)),
    }
}

/// The name of what comes in by stdin.
const STDIN: &str = "<stdin>";

/// Whether a path stands for stdin.
fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The queries that paths name, sorted by name: files as they are, of folders every `*.kql`, and `-` for stdin.
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
            return Err(Failure::usage(&format!(
                "cannot read queries from `{}`: there is no .kql file",
                path.display()
            )));
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

/// A query, read and bound.
struct Known {
    query: Query,
    parameters: Vec<QueryParameter>,
    bound: Bound,
    /// Everything that is wrong with it; what follows from a text that is no query is not told.
    diagnostics: Diagnostics,
}

/// Reads a query and binds it to the tables of the rules.
fn read(file: &RuleFile, schema: &Schema) -> Known {
    let header = header(&file.text);
    let parsed = parse(&file.text);
    let catalog = catalog(schema, &header.parameters);
    let bound = bind(&parsed.query, &catalog);
    let told = if parsed.diagnostics.is_empty() { &bound.diagnostics } else { &parsed.diagnostics };
    let diagnostics = diagnostics(file, header.problems.iter().chain(told));
    Known { query: parsed.query, parameters: header.parameters, bound, diagnostics }
}
