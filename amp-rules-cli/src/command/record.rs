//! `amp-rules record`: telemetry as an incident folder without identifiers.
//!
//! A source and a scope in; a folder and a [`Recording`] out: what was written and what was replaced. The diagnosis of the
//! folder is compared with that of the source, and a difference is reported.

mod fetched;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use amp_rules_core::escape::Printable;
use amp_rules_core::{Diagnosis, Plan, RuleSet, TelemetrySource};
use amp_rules_fixtures::declared::Declarations;
use amp_rules_fixtures::record::{self, RawRows, RecordError};
use clap::Args;
use serde::Serialize;

use super::{OutputFormat, diagnose, json};
use crate::exit::{CommandOutput, Exit, Failure};
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
    /// Another word to replace wherever it occurs as a whole word; can be repeated.
    #[arg(long, value_name = "WORD")]
    pub replace: Vec<String>,
    /// A file for the originals and their replacements, as JSON. Without it the replacements cannot be undone.
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

/// The result of recording.
#[derive(Clone, Debug, Serialize)]
pub struct Recording {
    /// The folder.
    pub folder: String,
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    /// Whether its diagnosis is that of the source.
    pub same_diagnosis: bool,
    /// The replacements, without the originals.
    pub replaced: Vec<Replaced>,
}

/// One identifier that was replaced.
#[derive(Clone, Debug, Serialize)]
pub struct Replaced {
    /// The kind of identifier: `ids`, `hosts`.
    pub kind: &'static str,
    /// The replacement.
    pub replacement: String,
    /// How many times it was replaced.
    pub times: u64,
}

/// Records telemetry.
///
/// # Errors
///
/// As [`diagnose::run`], and [`Exit::Usage`] for a folder that cannot be written.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Recording, Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    match &arguments.fixture {
        Some(folder) => {
            let source = diagnose::open(folder, &rules, terminal)?;
            let scope = diagnose::scope_of(&source, &arguments.scope, &rules, folder)?;
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
    let recording = record::Recording {
        title: arguments.title.as_ref().unwrap_or(&origin.title),
        schema: &rules.schema,
        plan: &origin.plan,
        declared: &origin.declared,
        names: arguments.names,
        words: &arguments.replace,
    };
    let mut recorded = record::record(&recording, origin.rows, &arguments.out).map_err(|error| match &error {
        RecordError::Exists(_) => Failure::usage(&format!("cannot record: {error}")),
        RecordError::Write { .. } => Failure::caused(Exit::Usage, &error),
    })?;
    let originals: Vec<record::Replacement> = recorded.pseudonyms.replaced().collect();
    if let Some(path) = &arguments.map {
        let map: BTreeMap<&str, &str> =
            originals.iter().map(|one| (one.original.as_str(), one.replacement.as_str())).collect();
        fs::write(path, json(&map))
            .map_err(|error| Failure::usage(&format!("cannot write `{}`: {error}", path.display())))?;
    }
    let written = diagnose::open(&arguments.out, rules, terminal)?;
    let scope = diagnose::scope_of(&written, &scope::Options::default(), rules, &arguments.out)?;
    let after = diagnosed(rules, &diagnose::plan(rules, &scope)?, &written)?;
    let replaced = originals
        .into_iter()
        .map(|one| Replaced { kind: one.kind.as_str(), replacement: one.replacement, times: one.times })
        .collect();
    Ok(Recording {
        folder: arguments.out.display().to_string(),
        rows: recorded.rows,
        same_diagnosis: record::same(&origin.before, &after, &mut recorded.pseudonyms),
        replaced,
    })
}

impl Recording {
    /// The report in the given format.
    #[must_use]
    pub fn render(&self, format: OutputFormat) -> CommandOutput {
        let answer = match format {
            OutputFormat::Json => json(self),
            OutputFormat::Text => Printable::lines(&self.text()),
        };
        let (exit, remarks) = if self.same_diagnosis {
            (Exit::Success, Printable::default())
        } else {
            let remark = "amp-rules: the diagnosis of the record differs from that of its source: a rule depends on a replaced text\n";
            (Exit::Findings, Printable::lines(remark))
        };
        CommandOutput { answer, remarks, exit }
    }

    fn text(&self) -> String {
        let mut out = format!("{}\n", self.folder);
        for (table, rows) in &self.rows {
            out.push_str(&format!("  {table}: {rows} rows\n"));
        }
        let mut kinds: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
        for one in &self.replaced {
            let (different, times) = kinds.entry(one.kind).or_default();
            *different += 1;
            *times += one.times;
        }
        out.push_str(if kinds.is_empty() { "nothing to replace\n" } else { "replaced\n" });
        for (kind, (different, times)) in kinds {
            out.push_str(&format!("  {different} {kind}, {times} times\n"));
        }
        out.push_str(if self.same_diagnosis { "the diagnosis is the same\n" } else { "the diagnosis differs\n" });
        out
    }
}
