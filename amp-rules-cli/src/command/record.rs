//! `amp-rules record`: telemetry as an incident folder without identifiers.
//!
//! A source and a scope in; a folder and a [`Recording`] out: what was written, what was replaced, and what may be a secret.
//! The diagnosis of the folder is compared with that of the source, and each difference is reported.

mod fetched;
mod map_file;
mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;

use amp_rules_core::{Diagnosis, Plan, RuleSet, TelemetrySource};
use amp_rules_fixtures::declared::Declarations;
use amp_rules_fixtures::form::FileOptions;
use amp_rules_fixtures::record::{self, RawRows, RecordError};
use clap::Args;

use self::map_file::MapFile;
pub use self::report::{DoubtfulText, Recording, Replaced};
use super::{OutputFormat, diagnose};
use crate::exit::{Exit, Failure};
use crate::inputs;
use crate::live;
use crate::rules;
use crate::scope::{self, DefaultEnd};
use crate::terminal::Terminal;

/// The arguments of `amp-rules record`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The incident folder to record.
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present_any = ["app_insights", "log_analytics", "kusto"],
        conflicts_with_all = ["app_insights", "log_analytics", "kusto"]
    )]
    pub fixture: Option<PathBuf>,
    /// The folder to write; it must be missing or empty.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace names too: hosts, nodes, and the names in the subject's resource id.
    #[arg(long)]
    pub names: bool,
    /// Another word to replace wherever it occurs as a whole word, in any case; can be repeated.
    #[arg(long, value_name = "WORD")]
    pub replace: Vec<String>,
    /// A file for the originals and their replacements, as JSON, that only its owner can read. If it exists, its
    /// replacements are used again and others are added. Without it the replacements cannot be undone.
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
    /// The title of the incident; by default that of the source.
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// The rules; they decide which rows are recorded.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The scope; takes precedence over `incident.yaml`.
    #[command(flatten)]
    pub scope: scope::Options,
    /// The output format.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: OutputFormat,
    /// The services to read instead of a folder.
    #[command(flatten)]
    pub services: live::Services,
}

/// Records telemetry.
///
/// # Errors
///
/// As [`diagnose::run`], [`Exit::Usage`] for a folder or a map that cannot be written, and [`Exit::Undecided`] if no table
/// can be read.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Recording, Failure> {
    if arguments.replace.iter().any(|word| word.trim().is_empty()) {
        return Err(Failure::usage("`--replace` needs a word that is not empty"));
    }
    let rules = rules::load(&arguments.rules, terminal)?;
    match &arguments.fixture {
        Some(folder) => {
            let paths = std::slice::from_ref(folder);
            let mut source = inputs::open(paths, &FileOptions::default(), &rules, terminal)?;
            let scope = inputs::scope_of(&mut source, &arguments.scope, &rules)?.scope;
            let known = source.incident().map(|incident| (incident.title.clone(), incident.tables.clone()));
            let (title, declared) = known.unwrap_or_else(|| ("recorded".to_owned(), Declarations::default()));
            let plan = diagnose::plan(&rules, &scope)?;
            let before = diagnosed(&rules, &plan, &source)?;
            write(arguments, terminal, &rules, &Origin { title, plan, declared, rows: &source, before })
        }
        None => {
            if arguments.scope.cluster.is_none() && arguments.scope.subject.is_empty() {
                return Err(Failure::usage(
                    "cannot choose what to record: give --cluster, the resource id in its telemetry",
                ));
            }
            let source = arguments.services.source(&rules, terminal)?;
            let scope = scope::of(&arguments.scope, None, &rules, &DefaultEnd::Clock)?;
            let plan = diagnose::plan(&rules, &scope)?;
            let (rows, declared) = diagnose::wait(fetched::fetch(&plan, &source))?;
            rows.check().map_err(|error| failure(&error))?;
            let before = diagnosed(&rules, &plan, &source)?;
            let title = "recorded".to_owned();
            write(arguments, terminal, &rules, &Origin { title, plan, declared, rows: &rows, before })
        }
    }
}

/// The telemetry to record, from a folder or from services.
struct Origin<'r> {
    title: String,
    plan: Plan,
    declared: Declarations,
    rows: &'r dyn RawRows,
    before: Diagnosis,
}

fn diagnosed(rules: &RuleSet, plan: &Plan, source: &dyn TelemetrySource) -> Result<Diagnosis, Failure> {
    let observations = diagnose::wait(amp_rules_core::collect(plan, source))?;
    Ok(amp_rules_core::evaluate(rules, &observations))
}

fn write(
    arguments: &Arguments,
    terminal: &Terminal,
    rules: &RuleSet,
    origin: &Origin<'_>,
) -> Result<Recording, Failure> {
    let map = arguments.map.as_ref().map(|path| MapFile::open(path, &arguments.out)).transpose()?;
    let none = BTreeMap::new();
    let recording = record::Recording {
        title: arguments.title.as_ref().unwrap_or(&origin.title),
        schema: &rules.schema,
        plan: &origin.plan,
        declared: &origin.declared,
        names: arguments.names,
        words: &arguments.replace,
        known: map.as_ref().map_or(&none, |map| &map.known),
    };
    let recorded = record::record(&recording, origin.rows, &arguments.out).map_err(|error| failure(&error))?;
    let originals: Vec<record::Replacement> = recorded.pseudonyms.replaced().collect();
    if let Some(map) = map {
        map.write(originals.iter().map(|one| (one.original.clone(), one.replacement.clone())))?;
    }
    let paths = std::slice::from_ref(&arguments.out);
    let mut written = inputs::open(paths, &FileOptions::default(), rules, terminal)?;
    let scope = inputs::scope_of(&mut written, &scope::Options::default(), rules)?.scope;
    let after = diagnosed(rules, &diagnose::plan(rules, &scope)?, &written)?;
    let differences = record::differences(&origin.before, &after, &recorded.pseudonyms);
    Ok(Recording::new(arguments.out.display().to_string(), recorded, originals, &differences))
}

/// The failure of a record that was not written.
fn failure(error: &RecordError) -> Failure {
    match error {
        RecordError::Exists(_) => Failure::usage(&format!("cannot record: {error}")),
        RecordError::Unreadable(_) => Failure::new(Exit::Undecided, &format!("cannot record: {error}")),
        RecordError::Write { .. } => Failure::caused(Exit::Usage, error),
    }
}
