//! `amp-rules sweep`: many clusters at once, one line each, the worst first.
//!
//! Clusters and services in; a [`FleetReport`] out. The clusters share a few queries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use amp_rules_core::Request;
use amp_rules_core::diagnosis::{Grade, Status};
use amp_rules_core::escape::Printable;
use amp_rules_core::fleet::{self, Fleet, FleetError, Member, MemberState, Subject};
use amp_rules_core::report::layout::{plural, width};
use amp_rules_core::report::{Page, TextOptions};
use amp_rules_core::rules::model::Severity;
use amp_rules_core::time::Window;
use clap::Args;
use serde::Serialize;

use super::{OutputFormat, diagnose, json};
use crate::exit::{CommandOutput, Exit, Failure};
use crate::files;
use crate::live;
use crate::rules;
use crate::scope::{self, DefaultEnd};
use crate::terminal::Terminal;

/// The arguments of `amp-rules sweep`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// A file with the clusters, one resource id per line; `#` starts a comment, `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub clusters: PathBuf,
    /// The rules.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The window and parameters; `--subject` applies to every cluster.
    #[command(flatten)]
    pub scope: scope::Options,
    /// The services.
    #[command(flatten)]
    pub services: live::Services,
    /// The output format.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: OutputFormat,
}

/// The clusters of a fleet with their states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetReport {
    /// The window.
    pub window: Window,
    /// The clusters, the worst first.
    pub fleet: Fleet,
    /// The tables that could not be read, for stderr.
    pub remarks: Printable,
}

/// Diagnoses many clusters.
///
/// # Errors
///
/// As [`diagnose::run`], and [`Exit::Usage`] if no cluster or no service is given.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<FleetReport, Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    if !arguments.services.any() {
        return Err(Failure::usage("no service to query: give --app-insights, --log-analytics or --kusto"));
    }
    if arguments.scope.cluster.is_some() {
        return Err(Failure::usage("cannot use `--cluster` here: list the clusters in the file of --clusters"));
    }
    let clusters = clusters(arguments, terminal)?;
    let source = arguments.services.source(&rules, terminal)?;
    let scope = scope::of(&arguments.scope, None, &rules, &DefaultEnd::Clock)?;
    let mut remarks = BTreeSet::new();
    let fetch = async |requests: &[Request], subjects: &[Subject]| source.fetch_fleet(requests, subjects).await;
    let inspect =
        |observations: &_| remarks.extend(live::remarks(observations).lines().map(|line| format!("{line}\n")));
    let fleet = diagnose::wait(fleet::diagnose(&rules, &scope, &clusters, fetch, inspect))?.map_err(failure)?;
    Ok(FleetReport {
        window: scope.window,
        fleet,
        remarks: remarks.iter().map(|line| Printable::lines(line)).collect(),
    })
}

fn failure(error: FleetError) -> Failure {
    match error {
        FleetError::NoEntity => Failure::new(Exit::Rules, "cannot distinguish clusters: the rules have no entity"),
        FleetError::Plan(errors) => diagnose::plan_failure(&errors),
    }
}

/// The clusters of the file, without comments and empty lines.
fn clusters(arguments: &Arguments, terminal: &Terminal) -> Result<Vec<String>, Failure> {
    let path = &arguments.clusters;
    let text = files::text(path, &terminal.limits)?;
    let names = text
        .trim_start_matches('\u{feff}')
        .lines()
        .map(|line| line.split_once(" #").map_or(line, |(name, _)| name).trim());
    let clusters: Vec<String> =
        names.filter(|name| !name.is_empty() && !name.starts_with('#')).map(str::to_owned).collect();
    if clusters.is_empty() {
        return Err(Failure::usage(&format!("cannot sweep: `{}` has no cluster", path.display())));
    }
    Ok(clusters)
}

impl FleetReport {
    /// The exit code: findings if any cluster has or had a problem, undecided if any is silent or lacks telemetry.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let mut exit = Exit::Success;
        for member in &self.fleet.members {
            match member.state {
                MemberState::Diagnosed(Status::Diagnosed | Status::DiagnosedPartial | Status::Recovered) => {
                    return Exit::Findings;
                }
                MemberState::Silent | MemberState::Diagnosed(Status::InsufficientData) => exit = Exit::Undecided,
                MemberState::Diagnosed(Status::Healthy | Status::NoKnownProblem | Status::NoiseOnly) => {}
            }
        }
        exit
    }

    /// The report in the given format.
    #[must_use]
    pub fn render(&self, format: OutputFormat) -> CommandOutput {
        let answer = match format {
            OutputFormat::Json => json(&FleetWire::new(self)),
            OutputFormat::Text => self.text(),
        };
        CommandOutput { answer, remarks: self.remarks.clone(), exit: self.exit() }
    }

    fn text(&self) -> Printable {
        let members = &self.fleet.members;
        let counts: Vec<String> =
            self.fleet.counts().into_iter().map(|(state, number)| format!("{number} {state}")).collect();
        let mut page = Page::new(&TextOptions::default());
        page.line(&format!("{}: {}", plural(members.len(), "cluster"), counts.join(", ")));
        let names = short_names(members);
        let widest = names.iter().map(|name| width(name)).max().unwrap_or(0);
        for (member, name) in members.iter().zip(names) {
            let severity = member.severity.map_or("-", Severity::as_str);
            let roots: Vec<String> =
                member.roots.iter().map(|root| format!("{} ({})", root.pattern, root.grade.as_str())).collect();
            page.line(&format!("{severity:<8}  {:<17}  {name:<widest$}  {}", member.state.as_str(), roots.join(", ")));
        }
        page.finish()
    }
}

/// The last segment of each resource id, if they are all different; else the whole ids.
fn short_names(members: &[Member]) -> Vec<&str> {
    let short = |name: &'_ str| name.rfind('/').map_or(0, |at| at + 1);
    let names: Vec<&str> =
        members.iter().map(|member| member.name.get(short(&member.name)..).unwrap_or(&member.name)).collect();
    let different: BTreeSet<&&str> = names.iter().collect();
    if different.len() == names.len() { names } else { members.iter().map(|member| member.name.as_str()).collect() }
}

#[derive(Serialize)]
struct FleetWire<'a> {
    schema_version: u32,
    window: WindowWire,
    counts: BTreeMap<&'static str, usize>,
    clusters: Vec<ClusterWire<'a>>,
}

#[derive(Serialize)]
struct WindowWire {
    from: String,
    to: String,
}

#[derive(Serialize)]
struct ClusterWire<'a> {
    cluster: &'a str,
    state: &'static str,
    severity: Option<&'static str>,
    roots: Vec<RootWire<'a>>,
    unresolved: usize,
}

#[derive(Serialize)]
struct RootWire<'a> {
    pattern: &'a str,
    title: &'a str,
    grade: &'static str,
    scope: &'a str,
}

impl<'a> FleetWire<'a> {
    fn new(report: &'a FleetReport) -> Self {
        let root = |root: &'a fleet::RootSummary| RootWire {
            pattern: &root.pattern,
            title: &root.title,
            grade: Grade::as_str(root.grade),
            scope: &root.scope,
        };
        let cluster = |member: &'a Member| ClusterWire {
            cluster: &member.name,
            state: member.state.as_str(),
            severity: member.severity.map(Severity::as_str),
            roots: member.roots.iter().map(root).collect(),
            unresolved: member.unresolved,
        };
        Self {
            schema_version: 1,
            window: WindowWire { from: report.window.from.to_string(), to: report.window.to.to_string() },
            counts: report.fleet.counts(),
            clusters: report.fleet.members.iter().map(cluster).collect(),
        }
    }
}
