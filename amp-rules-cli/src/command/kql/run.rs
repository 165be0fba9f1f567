//! `amp-rules kql run`: what a query gives on the rows of an incident folder.
//!
//! A query, a folder and parameters in, a [`Ran`] out: the result tables, and what is lacking of the rows that were read.
//! The instant of evaluation is the end of the folder's window, or given; it is never the clock. A table that the folder
//! lacks is a failure, never a table without rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amp_rules_core::diagnostic::{Diagnostics, Severity, nearest};
use amp_rules_core::model::query::Origin;
use amp_rules_core::source::SourceError;
use amp_rules_core::time::Time;
use amp_rules_core::unit::Quantity;
use amp_rules_core::{RuleFile, RuleSet, Scope};
use amp_rules_fixtures::tables::Lack;
use amp_rules_fixtures::{FixtureSource, FolderTables};
use amp_rules_kql::convert::{datetime, scalar_type};
use clap::{Args, ValueEnum};
use kql_lang::ast::{ParameterKind, Statement};
use kql_lang::run::{RunError, Settings, Source, Tables};
use kql_lang::value::{Table, Type, Value, convert, json};

use super::{Known, answer};
use crate::command::diagnose;
use crate::exit::{Done, Exit, Failure};
use crate::rules;
use crate::scope::{self, Otherwise};
use crate::screen::{Screen, look};

/// So many rows that could not be read are told of a table.
const TOLD: usize = 5;

/// What `amp-rules kql run` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The query: a file, or - for stdin.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The incident folder whose rows are read; a query without tables needs none.
    #[arg(long, value_name = "DIR")]
    pub fixture: Option<PathBuf>,
    /// The value of a parameter that the query declares; the folder gives cluster and window by itself.
    #[arg(long, value_name = "NAME=VALUE")]
    pub param: Vec<String>,
    /// The instant of evaluation, RFC 3339; without it the end of the folder's window.
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub format: Format,
    /// Which rules know the tables.
    #[command(flatten)]
    pub rules: rules::Choice,
}

/// The forms of result tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns, for people.
    Table,
    /// Names, types and rows, as query services answer.
    Json,
    /// Comma-separated, by RFC 4180.
    Csv,
}

/// What a query gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Ran {
    /// The results in the order of their statements, each with the name that `as` gave it.
    pub tables: Vec<(Option<String>, Table)>,
    /// What is lacking of the tables that were read, by name.
    pub lacks: BTreeMap<String, Lack>,
}

/// Runs a query.
///
/// # Errors
///
/// [`Exit::Found`] where the query is wrong, [`Exit::Usage`] for wrong options, paths and parameters, [`Exit::Rules`] for
/// rules that do not load, [`Exit::Undecided`] where the rows or a limit keep it from a result.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Ran, Failure> {
    let file = match super::gather(std::slice::from_ref(&arguments.file))?.as_slice() {
        [one] => one.clone(),
        several => {
            let path = arguments.file.display();
            return Err(Failure::usage(&format!(
                "cannot run `{path}`: it holds {} queries; give one file",
                several.len()
            )));
        }
    };
    let rules = rules::load(&arguments.rules, screen)?;
    let query = super::read(&file, &rules.schema);
    let Some(plan) = query.bound.plan.as_ref().filter(|_| query.diagnostics.is_empty()) else {
        return Err(wrong(&query.diagnostics, &file.name, screen));
    };
    let folder = arguments.fixture.as_deref().map(|path| diagnose::open(path, &rules, screen)).transpose()?;
    let scope = scope_of(arguments, folder.as_ref(), &rules)?;
    let parameters = parameters(arguments, &file, &query, scope.as_ref(), &rules)?;
    let now = match (&scope, query.bound.asks_now) {
        (Some(scope), _) => scope.window.to,
        (None, None) => Time::from_ticks(0),
        (None, Some(_)) => return Err(no_instant(&file, folder.as_ref(), "asks for the instant of evaluation")),
    };
    let settings = Settings { now: datetime(now), parameters, ..Settings::default() };
    let fail = |error: RunError| failed(&error, &file, arguments.fixture.as_deref(), folder.as_ref(), screen);
    let (outcome, lacks) = match &folder {
        Some(folder) => {
            let tables = FolderTables::new(folder);
            let outcome = run_on(plan, &tables, &settings).map_err(fail)?;
            (outcome, tables.lacks())
        }
        None => (run_on(plan, &Tables::new(), &settings).map_err(fail)?, BTreeMap::new()),
    };
    Ok(Ran { tables: outcome, lacks })
}

type Results = Vec<(Option<String>, Table)>;

fn run_on(plan: &kql_lang::plan::Plan, source: &dyn Source, settings: &Settings) -> Result<Results, RunError> {
    kql_lang::run::run(plan, source, settings).map(|outcome| outcome.tables)
}

/// The query is wrong, or nothing offline can run it.
fn wrong(diagnostics: &Diagnostics, name: &str, screen: &Screen) -> Failure {
    let shown = diagnostics.full(look(screen.remarks), screen.width);
    let errors = diagnostics.count(Severity::Error) > 0;
    let (exit, why) =
        if errors { (Exit::Found, "it is wrong") } else { (Exit::Undecided, "it uses what only a service has") };
    Failure { exit, message: format!("{shown}\namp-rules: cannot run `{name}`: {why}") }
}

/// What the folder says of itself, with the instant on top; nothing where neither says anything.
fn scope_of(arguments: &Arguments, folder: Option<&FixtureSource>, rules: &RuleSet) -> Result<Option<Scope>, Failure> {
    let known = folder.and_then(FixtureSource::incident).map(amp_rules_fixtures::Incident::scope);
    if known.is_none() && arguments.now.is_none() {
        return Ok(None);
    }
    let options = scope::Options { now: arguments.now.clone(), ..scope::Options::default() };
    scope::of(&options, known, rules, &Otherwise::Nothing(String::new())).map(Some)
}

fn no_instant(file: &RuleFile, folder: Option<&FixtureSource>, why: &str) -> Failure {
    let last = folder.and_then(|folder| folder.survey(&[]).last).map(|last| {
        let minute = std::time::Duration::from_secs(60);
        format!(", such as --now {} (just after the last row)", last.plus(minute).floor(minute))
    });
    Failure::usage(&format!(
        "cannot run `{}`: it {why}, and nothing says when that is; give --now{}",
        file.name,
        last.unwrap_or_else(|| " TIME".to_owned())
    ))
}

/// A parameter that the text declares.
struct Wanted<'q> {
    name: &'q str,
    kind: Type,
    /// Where its value comes from by itself, where the header says so.
    origin: Option<&'q Origin>,
    /// Whether the text has a value for it.
    has_default: bool,
}

fn wanted(query: &Known) -> Vec<Wanted<'_>> {
    let header = query.parameters.iter().map(|one| Wanted {
        name: &one.name,
        kind: scalar_type(one.kind),
        origin: Some(&one.origin),
        has_default: false,
    });
    let statements = query.query.statements.iter().filter_map(|statement| match statement {
        Statement::Parameters(list) => Some(list),
        Statement::Let { .. } | Statement::Set { .. } | Statement::Expression(_) => None,
    });
    let stated = statements.flatten().filter_map(|one| match &one.kind {
        ParameterKind::Scalar(kind) => {
            Some(Wanted { name: &one.name.item, kind: *kind, origin: None, has_default: one.default.is_some() })
        }
        ParameterKind::Table(_) => None,
    });
    header.chain(stated).collect()
}

/// The values of all parameters: those given, then those that the folder and the rules have.
fn parameters(
    arguments: &Arguments,
    file: &RuleFile,
    query: &Known,
    scope: Option<&Scope>,
    rules: &RuleSet,
) -> Result<BTreeMap<String, Value>, Failure> {
    let wanted = wanted(query);
    let mut values = BTreeMap::new();
    for text in &arguments.param {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::usage(&format!("cannot use `--param {text}`: expected NAME=VALUE")));
        };
        let name = name.trim();
        let Some(one) = wanted.iter().find(|one| one.name == name) else {
            return Err(unknown(text, name, &wanted));
        };
        values.insert(name.to_owned(), typed(text, value, one.kind)?);
    }
    for one in &wanted {
        if values.contains_key(one.name) {
            continue;
        }
        let instant = |time: fn(&Scope) -> Time| scope.map(|scope| Value::DateTime(datetime(time(scope)).ticks()));
        let known = match one.origin {
            None => None,
            Some(Origin::Subject(key)) => {
                scope.and_then(|scope| scope.subject.get(key)).map(|id| Value::text(id.as_str()))
            }
            Some(Origin::From) => instant(|scope| scope.window.from),
            Some(Origin::To) => instant(|scope| scope.window.to),
            Some(Origin::Setting(name)) => setting(name, one.kind, scope, rules),
        };
        match known {
            Some(value) => {
                values.insert(one.name.to_owned(), convert::to(one.kind, &value));
            }
            None if one.has_default => {}
            None => return Err(missing(file, one)),
        }
    }
    Ok(values)
}

fn setting(name: &str, kind: Type, scope: Option<&Scope>, rules: &RuleSet) -> Option<Value> {
    let set = scope.and_then(|scope| scope.set.get(name)).and_then(|text| Quantity::parse(text));
    let quantity = set.or_else(|| rules.parameters.get(name).map(|parameter| parameter.value))?;
    match (kind, quantity.duration()) {
        (Type::TimeSpan, Some(duration)) => Some(Value::TimeSpan(amp_rules_core::time::ticks_of(duration))),
        _ => Some(Value::Real(quantity.in_base())),
    }
}

fn typed(option: &str, text: &str, kind: Type) -> Result<Value, Failure> {
    let value = match kind {
        Type::String => Value::text(text),
        Type::Dynamic => json::parse(&text.into()),
        other => convert::to(other, &Value::text(text.trim())),
    };
    if !value.is_null() {
        return Ok(value);
    }
    let example = match kind {
        Type::DateTime => ", such as 2025-08-05T12:00:00Z",
        Type::TimeSpan => ", such as 1h or 1.02:03:04",
        Type::Bool => ": true or false",
        _ => "",
    };
    Err(Failure::usage(&format!("cannot use `--param {option}`: expected a {}{example}", kind.as_str())))
}

fn unknown(option: &str, name: &str, wanted: &[Wanted<'_>]) -> Failure {
    let names: Vec<&str> = wanted.iter().map(|one| one.name).collect();
    let rest = match nearest(name, names.iter().copied()) {
        Some(guess) => format!("; did you mean `{guess}`?"),
        None if names.is_empty() => "; it declares none".to_owned(),
        None => format!("; it declares `{}`", names.join("`, `")),
    };
    Failure::usage(&format!("cannot use `--param {option}`: the query declares no parameter `{name}`{rest}"))
}

fn missing(file: &RuleFile, one: &Wanted<'_>) -> Failure {
    let from = one.origin.map(|origin| format!(" (`{origin}` of the incident folder)")).unwrap_or_default();
    Failure::usage(&format!(
        "cannot run `{}`: its parameter `{name}`{from} has no value; give --param {name}=VALUE, a {}",
        file.name,
        one.kind.as_str(),
        name = one.name,
    ))
}

/// Why there is no result, with the place where the query has one.
fn failed(
    error: &RunError,
    file: &RuleFile,
    path: Option<&Path>,
    folder: Option<&FixtureSource>,
    screen: &Screen,
) -> Failure {
    let name = &file.name;
    let at = |span: kql_lang::span::Span| {
        let place = amp_rules_core::diagnostic::position(&file.text, span.start);
        format!("{name}:{}:{}", place.line, place.column)
    };
    match error {
        RunError::Source { table, source } => {
            let Some((folder, path)) = folder.zip(path) else {
                return Failure::usage(&format!("cannot run `{name}`: it reads `{table}`; give --fixture DIR"));
            };
            let why = source.downcast_ref::<SourceError>().map_or(source.to_string(), |error| error.to_string());
            let tables: Vec<String> = folder.tables().iter().map(|table| format!("`{table}`")).collect();
            let holds = if tables.is_empty() { "no table".to_owned() } else { tables.join(", ") };
            let sentence = format!("cannot run `{name}`: {why}; `{}` holds {holds}", path.display());
            Failure::new(Exit::Undecided, &sentence)
        }
        RunError::LimitReached { span, .. } => Failure::new(Exit::Undecided, &format!("{error} ({})", at(*span))),
        RunError::Value { message, span } => {
            let problem = kql_lang::diagnostic::Diagnostic::new(
                kql_lang::diagnostic::DiagnosticCode::Type,
                *span,
                message.clone(),
            );
            wrong(&amp_rules_kql::diagnostic::diagnostics(file, [&problem]), name, screen)
        }
        RunError::Parameter(_) => Failure::new(Exit::Usage, &error.to_string()),
    }
}

impl Ran {
    /// The answer in its form; what is lacking is remarked.
    #[must_use]
    pub fn render(&self, format: Format) -> Done {
        let answer = match format {
            Format::Table => answer::table(&self.tables),
            Format::Json => answer::as_json(&self.tables),
            Format::Csv => answer::csv(&self.tables),
        };
        let mut remarks = String::new();
        for (table, lack) in &self.lacks {
            remarks.push_str(&told(table, lack));
        }
        Done { answer, remarks, exit: Exit::Fine }
    }
}

fn told(table: &str, lack: &Lack) -> String {
    let gaps: Vec<String> = lack
        .gaps
        .iter()
        .map(|gap| match gap.range {
            Some(range) => format!("{} from {} to {}", gap.reason.word(), range.from, range.to),
            None => gap.reason.word().to_owned(),
        })
        .collect();
    let what = if gaps.is_empty() {
        "has cells that are none".to_owned()
    } else {
        format!("is not complete: {}", gaps.join(", "))
    };
    let mut out = format!("amp-rules: `{table}` {what}\n");
    for problem in lack.problems.iter().take(TOLD) {
        let line = if problem.line == 0 { String::new() } else { format!(" line {}", problem.line) };
        out.push_str(&format!("  {}{line}: {}\n", problem.origin, problem.what));
    }
    if lack.problems.len() > TOLD {
        out.push_str(&format!("  and {} more\n", lack.problems.len() - TOLD));
    }
    out
}
