//! `amp-rules kql run`: the result of a query on the rows of an incident folder.
//!
//! A query, a folder and parameters in; a [`QueryResult`] out: the result tables, and the gaps of the tables that were read.
//! `now()` is the end of the folder's window or given, never the clock. A table that the folder does not have is a failure,
//! never a table without rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use amp_rules_core::report::{Page, TextOptions};
use amp_rules_core::rules::diagnostic::{Diagnostics, Severity};
use amp_rules_core::rules::model::query::Origin;
use amp_rules_core::suggest::nearest;
use amp_rules_core::telemetry::source::SourceError;
use amp_rules_core::time::Time;
use amp_rules_core::unit::Quantity;
use amp_rules_core::{RuleFile, RuleSet, Scope};
use amp_rules_fixtures::form::FileOptions;
use amp_rules_fixtures::tables::TableGaps;
use amp_rules_fixtures::{FixtureSource, FolderTables};
use amp_rules_kql::convert::{datetime, scalar_type};
use clap::{Args, ValueEnum};
use kql_lang::ast::{ParameterKind, Statement};
use kql_lang::run::{RunError, Settings, Source, Tables};
use kql_lang::value::{Table, Type, Value, convert, json};

use super::{Known, Unknown, answer};
use crate::exit::{CommandOutput, Exit, Failure};
use crate::inputs;
use crate::rules;
use crate::scope::{self, DefaultEnd};
use crate::terminal::{Terminal, look};

/// How many unreadable rows are shown per table.
const SHOWN_PROBLEMS: usize = 5;

/// The arguments of `amp-rules kql run`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The query: a file, or - for stdin.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The incident folder with the rows; not needed for a query without tables.
    #[arg(long, value_name = "DIR")]
    pub fixture: Option<PathBuf>,
    /// The value of a parameter of the query; cluster and window come from the folder by default.
    #[arg(long, value_name = "NAME=VALUE")]
    pub param: Vec<String>,
    /// The value of `now()` (RFC 3339); by default the end of the folder's window.
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// The limit of time, in seconds; 0 for none.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub timeout: u64,
    /// The output format.
    #[arg(long, value_enum, default_value = "table", value_name = "FORMAT")]
    pub format: TableFormat,
    /// The rules that define the tables.
    #[command(flatten)]
    pub rules: rules::Choice,
}

/// The output formats of result tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TableFormat {
    /// Aligned columns, for people.
    Table,
    /// JSON with names, types and rows, as in the responses of query services.
    Json,
    /// Comma-separated values (RFC 4180), hidden characters escaped.
    Csv,
}

/// The result of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryResult {
    /// The results in the order of their statements, each with the name from `as`.
    pub tables: Vec<(Option<String>, Table)>,
    /// What is lacking of the tables that were read, by name.
    pub lacks: BTreeMap<String, TableGaps>,
}

/// Runs a query.
///
/// # Errors
///
/// [`Exit::Findings`] for an invalid query, [`Exit::Usage`] for invalid options, paths and parameters, [`Exit::Rules`] for
/// rules that do not load, [`Exit::Undecided`] if a table is missing, a limit is reached, or only a service can run it.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<QueryResult, Failure> {
    let mut unreadable = BTreeSet::new();
    let found = super::gather(std::slice::from_ref(&arguments.file), terminal, &mut unreadable)?;
    let file = match found.as_slice() {
        [one] => one.clone(),
        several => {
            let path = arguments.file.display();
            return Err(Failure::usage(&format!(
                "cannot run `{path}`: it has {} queries; give one file",
                several.len()
            )));
        }
    };
    let rules = rules::load(&arguments.rules, terminal)?;
    let query = super::read(&file, &rules.schema, Unknown::Report);
    let Some(plan) = query.bound.plan.as_ref().filter(|_| query.diagnostics.is_empty()) else {
        return Err(invalid(&query.diagnostics, &file.name, terminal));
    };
    let folder = arguments
        .fixture
        .as_ref()
        .map(|path| inputs::open(std::slice::from_ref(path), &FileOptions::default(), &rules, terminal))
        .transpose()?;
    let scope = scope_of(arguments, folder.as_ref(), &rules)?;
    let parameters = parameters(arguments, &file, &query, scope.as_ref(), &rules)?;
    let now = match (&scope, query.bound.uses_now) {
        (Some(scope), _) => scope.window.to,
        (None, None) => Time::from_ticks(0),
        (None, Some(_)) => return Err(no_instant(&file, folder.as_ref(), "uses the current time")),
    };
    let settings = Settings { now: datetime(now), parameters, limits: terminal.limits.query() };
    let fail = |error: RunError| failed(&error, &file, arguments.fixture.as_deref(), folder.as_ref(), terminal);
    let (outcome, lacks) = match &folder {
        Some(folder) => {
            let tables = FolderTables::new(folder);
            let outcome = run_on(plan, &tables, &settings, arguments.timeout).map_err(fail)?;
            (outcome, tables.into_gaps())
        }
        None => (run_on(plan, &Tables::new(), &settings, arguments.timeout).map_err(fail)?, BTreeMap::new()),
    };
    Ok(QueryResult { tables: outcome, lacks })
}

type Results = Vec<(Option<String>, Table)>;

/// Runs a plan until the limit of time, in seconds; 0 is none.
fn run_on(
    plan: &kql_lang::plan::Plan,
    source: &dyn Source,
    settings: &Settings,
    timeout: u64,
) -> Result<Results, RunError> {
    let outcome = if timeout == 0 {
        kql_lang::run::run(plan, source, settings)
    } else {
        let (start, most) = (Instant::now(), Duration::from_secs(timeout));
        kql_lang::run::run_until(plan, source, settings, Rc::new(move || start.elapsed() > most))
    };
    outcome.map(|outcome| outcome.tables)
}

/// The failure of a query that is invalid or that only a service can run.
fn invalid(diagnostics: &Diagnostics, name: &str, terminal: &Terminal) -> Failure {
    let shown = diagnostics.full(look(terminal.remarks), terminal.width);
    let errors = diagnostics.count(Severity::Error) > 0;
    let (exit, why) =
        if errors { (Exit::Findings, "it is invalid") } else { (Exit::Undecided, "only a service can run it") };
    Failure::new(exit, &format!("cannot run `{name}`: {why}")).below(shown)
}

/// The scope of the folder with `--now` applied; `None` if there is neither.
fn scope_of(arguments: &Arguments, folder: Option<&FixtureSource>, rules: &RuleSet) -> Result<Option<Scope>, Failure> {
    let known = folder.and_then(FixtureSource::incident).map(amp_rules_fixtures::Incident::scope);
    if known.is_none() && arguments.now.is_none() {
        return Ok(None);
    }
    let options = scope::Options { now: arguments.now.clone(), ..scope::Options::default() };
    scope::of(&options, known, rules, &DefaultEnd::Required(String::new())).map(Some)
}

fn no_instant(file: &RuleFile, folder: Option<&FixtureSource>, why: &str) -> Failure {
    let last = folder.and_then(|folder| folder.summary(&[]).last).map(|last| {
        let minute = std::time::Duration::from_secs(60);
        format!(", such as --now {} (just after the last row)", last.saturating_add(minute).floor(minute))
    });
    Failure::usage(&format!(
        "cannot run `{}`: it {why}, which is not defined here; give --now{}",
        file.name,
        last.unwrap_or_else(|| " TIME".to_owned())
    ))
}

/// A parameter that the query declares.
struct Declared<'q> {
    name: &'q str,
    kind: Type,
    /// The default source of its value, from the query's header.
    origin: Option<&'q Origin>,
    /// Whether the query has a default value for it.
    has_default: bool,
}

fn declared(query: &Known) -> Vec<Declared<'_>> {
    let header = query.parameters.iter().map(|one| Declared {
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
            Some(Declared { name: &one.name.item, kind: *kind, origin: None, has_default: one.default.is_some() })
        }
        ParameterKind::Table(_) => None,
    });
    header.chain(stated).collect()
}

/// The values of all parameters: the given ones, then those of the folder and the rules.
fn parameters(
    arguments: &Arguments,
    file: &RuleFile,
    query: &Known,
    scope: Option<&Scope>,
    rules: &RuleSet,
) -> Result<BTreeMap<String, Value>, Failure> {
    let declared = declared(query);
    let mut values = BTreeMap::new();
    for text in &arguments.param {
        let Some((name, value)) = text.split_once('=') else {
            return Err(Failure::usage(&format!("cannot use `--param {text}`: expected NAME=VALUE")));
        };
        let name = name.trim();
        let Some(one) = declared.iter().find(|one| one.name == name) else {
            return Err(unknown(text, name, &declared));
        };
        values.insert(name.to_owned(), typed(text, value, one.kind)?);
    }
    for one in &declared {
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
    let set = scope.and_then(|scope| scope.parameters.get(name)).and_then(|text| Quantity::parse(text));
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

fn unknown(option: &str, name: &str, declared: &[Declared<'_>]) -> Failure {
    let names: Vec<&str> = declared.iter().map(|one| one.name).collect();
    let rest = match nearest(name, names.iter().copied()) {
        Some(guess) => format!("; did you mean `{guess}`?"),
        None if names.is_empty() => "; it declares none".to_owned(),
        None => format!("; it declares `{}`", names.join("`, `")),
    };
    Failure::usage(&format!("cannot use `--param {option}`: the query declares no parameter `{name}`{rest}"))
}

fn missing(file: &RuleFile, one: &Declared<'_>) -> Failure {
    let from = one.origin.map(|origin| format!(" (`{origin}` of the incident folder)")).unwrap_or_default();
    Failure::usage(&format!(
        "cannot run `{}`: its parameter `{name}`{from} has no value; give --param {name}=VALUE, a {}",
        file.name,
        one.kind.as_str(),
        name = one.name,
    ))
}

/// The failure of a query that has no result, with its position if there is one.
fn failed(
    error: &RunError,
    file: &RuleFile,
    path: Option<&Path>,
    folder: Option<&FixtureSource>,
    terminal: &Terminal,
) -> Failure {
    let name = &file.name;
    let at = |span: kql_lang::span::Span| {
        let place = amp_rules_core::rules::diagnostic::position(&file.text, span.start);
        format!("{name}:{}:{}", place.line, place.column)
    };
    match error {
        RunError::Source { table, source } => {
            let Some((folder, path)) = folder.zip(path) else {
                return Failure::usage(&format!("cannot run `{name}`: it reads `{table}`; give --fixture DIR"));
            };
            let why = source.downcast_ref::<SourceError>().map_or(source.to_string(), |error| error.to_string());
            let tables: Vec<String> = folder.tables().iter().map(|table| format!("`{table}`")).collect();
            let has = if tables.is_empty() { "no table".to_owned() } else { tables.join(", ") };
            let sentence = format!("cannot run `{name}`: {why}; `{}` has {has}", path.display());
            Failure::new(Exit::Undecided, &sentence)
        }
        RunError::LimitReached { span, .. } => Failure::new(Exit::Undecided, &format!("{error} ({})", at(*span))),
        RunError::Value { message, span } => {
            let problem = kql_lang::diagnostic::Diagnostic::new(
                kql_lang::diagnostic::DiagnosticCode::Type,
                *span,
                message.clone(),
            );
            invalid(&amp_rules_kql::diagnostic::diagnostics(file, [&problem]), name, terminal)
        }
        RunError::Parameter(_) => Failure::new(Exit::Usage, &error.to_string()),
    }
}

impl QueryResult {
    /// The result in the given format, with the gaps of the tables on stderr.
    #[must_use]
    pub fn render(&self, format: TableFormat) -> CommandOutput {
        let answer = match format {
            TableFormat::Table => answer::table(&self.tables),
            TableFormat::Json => answer::as_json(&self.tables),
            TableFormat::Csv => answer::csv(&self.tables),
        };
        let mut remarks = Page::new(&TextOptions::default());
        for (table, lack) in &self.lacks {
            remark(&mut remarks, table, lack);
        }
        CommandOutput { answer, remarks: remarks.finish(), exit: Exit::Success }
    }
}

fn remark(page: &mut Page, table: &str, lack: &TableGaps) {
    let gaps: Vec<String> = lack
        .gaps
        .iter()
        .map(|gap| match gap.range {
            Some(range) => format!("{} from {} to {}", gap.reason.as_str(), range.from, range.to),
            None => gap.reason.as_str().to_owned(),
        })
        .collect();
    let what = if gaps.is_empty() {
        "has cells that cannot be read".to_owned()
    } else {
        format!("is incomplete: {}", gaps.join(", "))
    };
    page.line(&format!("amp-rules: `{table}` {what}"));
    for problem in lack.problems.iter().take(SHOWN_PROBLEMS) {
        let line = if problem.line == 0 { String::new() } else { format!(" line {}", problem.line) };
        page.line(&format!("  {}{line}: {}", problem.origin, problem.what));
    }
    if lack.problems.len() > SHOWN_PROBLEMS {
        page.line(&format!("  and {} more", lack.problems.len() - SHOWN_PROBLEMS));
    }
}
