//! `amp-rules sweep`: a fleet at once, one line per cluster, the worst first.
//!
//! Subjects and services in, a [`Swept`] out. Many clusters share a few queries. A cluster from which no heartbeat came is
//! silent, never healthy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use amp_rules_core::diagnosis::Status;
use amp_rules_core::plan::Scope;
use amp_rules_core::rules::model::Severity;
use amp_rules_core::telemetry::request::Request;
use amp_rules_core::telemetry::source::{Answer, AnswerData, SourceError};
use amp_rules_core::{Diagnosis, Observations, Plan, RuleSet, evaluate};
use clap::Args;
use serde::Serialize;

use super::{Form, diagnose, json, list};
use crate::exit::{Done, Exit, Failure};
use crate::live;
use crate::rules;
use crate::scope::{self, Otherwise};
use crate::screen::Screen;

/// So many clusters are held in memory at once.
const AT_ONCE: usize = 100;

/// What `amp-rules sweep` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// A file with the clusters, one per line as their telemetry names them; `#` begins a remark, `-` is stdin.
    #[arg(long, value_name = "FILE")]
    pub clusters: PathBuf,
    /// Which rules to use.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// When; `--subject` holds for every cluster.
    #[command(flatten)]
    pub scope: scope::Options,
    /// Which services.
    #[command(flatten)]
    pub services: live::Services,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: Form,
}

/// What was found of a fleet.
#[derive(Clone, Debug, Serialize)]
pub struct Swept {
    /// The version of this form.
    pub schema_version: u32,
    /// The window.
    pub window: Span,
    /// How many clusters are in which state.
    pub counts: BTreeMap<String, usize>,
    /// The clusters, the worst first.
    pub clusters: Vec<Line>,
    /// What could not be read, for stderr.
    #[serde(skip)]
    pub remarks: String,
}

/// A stretch of time.
#[derive(Clone, Debug, Serialize)]
pub struct Span {
    /// Its start.
    pub from: String,
    /// Its end.
    pub to: String,
}

/// One cluster.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// As the file names it.
    pub cluster: String,
    /// `silent`, or the status of its diagnosis.
    pub state: String,
    /// The worst of its roots.
    pub severity: Option<String>,
    /// Its roots, by rank.
    pub roots: Vec<RootLine>,
    /// How many patterns are not decided.
    pub unresolved: usize,
}

/// One root of a cluster.
#[derive(Clone, Debug, Serialize)]
pub struct RootLine {
    /// The pattern.
    pub pattern: String,
    /// Its title.
    pub title: String,
    /// How far it can be trusted.
    pub grade: String,
    /// For whom.
    pub scope: String,
}

/// Sweeps.
///
/// # Errors
///
/// As [`diagnose::run`]; and [`Exit::Usage`] where no cluster or no service is named.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Swept, Failure> {
    let rules = rules::load(&arguments.rules, screen)?;
    if !arguments.services.any() {
        return Err(Failure::usage("cannot ask any service: give --app-insights, --log-analytics or --kusto"));
    }
    if arguments.scope.cluster.is_some() {
        return Err(Failure::usage("cannot use `--cluster` here: name the clusters in the file of --clusters"));
    }
    let clusters = clusters(arguments)?;
    let key = subject_key(&rules)?;
    let source = arguments.services.source(&rules, screen)?;
    let scope = scope::of(&arguments.scope, None, &rules, &Otherwise::Clock)?;
    let mut lines = Vec::with_capacity(clusters.len());
    let mut remarks = BTreeSet::new();
    for some in clusters.chunks(AT_ONCE) {
        let scopes: Vec<Scope> = some.iter().map(|cluster| of_cluster(&scope, &key, cluster)).collect();
        let plans = scopes.iter().map(|scope| diagnose::plan(&rules, scope)).collect::<Result<Vec<Plan>, _>>()?;
        let Some(first) = plans.first() else { continue };
        let subjects: Vec<BTreeMap<String, String>> = scopes.iter().map(|scope| scope.subject.clone()).collect();
        let answers = diagnose::wait(source.fetch_fleet(first.requests(), &subjects))?;
        for ((cluster, plan), answers) in some.iter().zip(plans).zip(answers) {
            let seen = Observations::new(plan, answers);
            remarks.extend(live::remarks(&seen).lines().map(|line| format!("{line}\n")));
            lines.push(line(cluster, &seen, &evaluate(&rules, &seen)));
        }
    }
    lines.sort_by(|(one, left), (other, right)| other.cmp(one).then_with(|| left.cluster.cmp(&right.cluster)));
    let clusters: Vec<Line> = lines.into_iter().map(|(_, line)| line).collect();
    let mut counts = BTreeMap::new();
    for line in &clusters {
        *counts.entry(line.state.clone()).or_insert(0) += 1;
    }
    let window = Span { from: scope.window.from.to_string(), to: scope.window.to.to_string() };
    Ok(Swept { schema_version: 1, window, counts, clusters, remarks: remarks.into_iter().collect() })
}

fn of_cluster(scope: &Scope, key: &str, cluster: &str) -> Scope {
    let mut scope = scope.clone();
    scope.subject.insert(key.to_owned(), cluster.to_owned());
    scope
}

/// The key of the coarsest kind: what tells one cluster from another.
fn subject_key(rules: &RuleSet) -> Result<String, Failure> {
    let coarsest = rules.schema.entities.iter().find(|kind| kind.within.is_none());
    let key = coarsest.and_then(|kind| kind.keys.first()).cloned();
    key.ok_or_else(|| Failure::new(Exit::Rules, "cannot tell clusters apart: the rules name no entity"))
}

fn clusters(arguments: &Arguments) -> Result<Vec<String>, Failure> {
    let path = &arguments.clusters;
    let text =
        if path.as_os_str() == "-" { std::io::read_to_string(std::io::stdin()) } else { fs::read_to_string(path) };
    let text = text.map_err(|error| Failure::usage(&format!("cannot read `{}`: {error}", path.display())))?;
    let mut known = BTreeSet::new();
    let named = text.lines().map(|line| line.split_once(" #").map_or(line, |(name, _)| name).trim());
    // Ids of resources have no case of their own.
    let clusters: Vec<String> = named
        .filter(|name| !name.is_empty() && !name.starts_with('#') && known.insert(name.to_lowercase()))
        .map(str::to_owned)
        .collect();
    if clusters.is_empty() {
        return Err(Failure::usage(&format!("cannot sweep: `{}` names no cluster", path.display())));
    }
    Ok(clusters)
}

/// How bad a cluster is; the greatest comes first.
type Badness = (u8, Option<Severity>, usize);

fn line(cluster: &str, seen: &Observations, diagnosis: &Diagnosis) -> (Badness, Line) {
    let silent = is_silent(seen);
    let worst = diagnosis.roots.iter().map(|root| root.severity).max();
    let class = match diagnosis.status {
        _ if silent => 3,
        Status::Diagnosed | Status::DiagnosedPartial => 4,
        Status::InsufficientData => 2,
        Status::Recovered => 1,
        Status::NoiseOnly | Status::Healthy => 0,
    };
    let roots: Vec<RootLine> = diagnosis
        .roots
        .iter()
        .map(|root| RootLine {
            pattern: root.pattern.clone(),
            title: root.title.clone(),
            grade: root.grade.as_str().to_owned(),
            scope: root.scope.clone(),
        })
        .collect();
    let line = Line {
        cluster: cluster.to_owned(),
        state: if silent { "silent".to_owned() } else { diagnosis.status.as_str().to_owned() },
        severity: worst.map(|worst| list::severity(worst).to_owned()),
        unresolved: diagnosis.unresolved.len(),
        roots,
    };
    ((class, worst, line.roots.len()), line)
}

/// Whether every question for heartbeats was answered, and none was heard.
fn is_silent(seen: &Observations) -> bool {
    let asked = seen.plan().requests().iter().zip(seen.answers());
    let mut heard =
        asked.filter(|(request, _)| matches!(request, Request::Inventory(_))).map(|(_, answer)| answer).peekable();
    let none = |answer: &Result<Answer, SourceError>| {
        let data = answer.as_ref().map(|answer| &answer.data);
        matches!(data, Ok(AnswerData::Inventory(lives)) if lives.is_empty())
    };
    heard.peek().is_some() && heard.all(none)
}

impl Swept {
    /// How the program ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let any = |states: &[&str]| self.clusters.iter().any(|line| states.contains(&line.state.as_str()));
        if any(&["diagnosed", "diagnosed_partial", "recovered"]) {
            Exit::Found
        } else if any(&["silent", "insufficient_data"]) {
            Exit::Undecided
        } else {
            Exit::Fine
        }
    }

    /// The answer in its form.
    #[must_use]
    pub fn render(&self, form: Form) -> Done {
        let answer = match form {
            Form::Json => json(self),
            Form::Text => self.text(),
        };
        Done { answer, remarks: self.remarks.clone(), exit: self.exit() }
    }

    fn text(&self) -> String {
        let counts: Vec<String> = self.counts.iter().map(|(state, many)| format!("{many} {state}")).collect();
        let mut out = format!("{} clusters: {}\n", self.clusters.len(), counts.join(", "));
        let names = short_names(&self.clusters);
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        for (line, name) in self.clusters.iter().zip(names) {
            let severity = line.severity.as_deref().unwrap_or("-");
            let roots: Vec<String> =
                line.roots.iter().map(|root| format!("{} ({})", root.pattern, root.grade)).collect();
            let told = format!("{severity:<8}  {:<17}  {name:<width$}  {}", line.state, roots.join(", "));
            out.push_str(told.trim_end());
            out.push('\n');
        }
        out
    }
}

/// The last part of each resource id where that is enough to tell them apart.
fn short_names(lines: &[Line]) -> Vec<&str> {
    let short = |line: &'_ Line| line.cluster.rfind('/').map_or(0, |at| at + 1);
    let names: Vec<&str> = lines.iter().map(|line| line.cluster.get(short(line)..).unwrap_or(&line.cluster)).collect();
    let different: BTreeSet<&&str> = names.iter().collect();
    if different.len() == names.len() { names } else { lines.iter().map(|line| line.cluster.as_str()).collect() }
}
