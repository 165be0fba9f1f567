//! `amp-rules capture`: what `kubectl` shows of a cluster, as an incident folder.
//!
//! A context in; a folder and a [`Capture`] out. Only `get` and `logs` are called, so that nothing in the cluster changes. Every
//! call is reported. A call that fails leaves its part out, and `incident.yaml` declares what is missing.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use amp_rules_core::Scope;
use amp_rules_core::escape::{Printable, inline};
use amp_rules_core::telemetry::form::FormContent;
use amp_rules_core::telemetry::schema::Schema;
use amp_rules_core::time::{Window, parse_duration};
use amp_rules_fixtures::capture::{CaptureFolder, Missing, Target, targets};
use clap::Args;

use super::diagnose;
use crate::exit::{CommandOutput, Exit, Failure};
use crate::rules;
use crate::scope;
use crate::terminal::Terminal;

/// The arguments of `amp-rules capture`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Read from a cluster with kubectl.
    #[arg(long, required = true)]
    pub kubectl: bool,
    /// The context of kubectl; by default the current one.
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,
    /// The namespace of the pods.
    #[arg(long, value_name = "NAME", default_value = "kube-system")]
    pub namespace: String,
    /// How far logs go back.
    #[arg(long, value_name = "DURATION", default_value = "6h")]
    pub since: String,
    /// The folder to write; it must be missing or empty.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Replace ids, addresses, secrets and personal data, as `record` does.
    #[arg(long)]
    pub redact: bool,
    /// The rules; they decide which containers are captured.
    #[command(flatten)]
    pub rules: rules::Choice,
}

/// What was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The folder.
    pub folder: PathBuf,
    /// The files written, in order.
    pub files: Vec<String>,
    /// The calls, with what failed.
    pub calls: Vec<(String, Option<String>)>,
}

/// The result of one call.
struct Called {
    output: Vec<u8>,
    failure: Option<Missing>,
}

/// Calls `kubectl`, and collects the calls.
struct Kubectl<'a> {
    arguments: &'a Arguments,
    calls: Vec<(String, Option<String>)>,
}

impl Kubectl<'_> {
    /// Calls `kubectl` with these arguments in the namespace.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    fn call(&mut self, words: &[&str]) -> Result<Called, Failure> {
        let mut all: Vec<&str> = Vec::new();
        if let Some(context) = &self.arguments.context {
            all.extend(["--context", context.as_str()]);
        }
        all.extend(["--namespace", self.arguments.namespace.as_str(), "--request-timeout=60s"]);
        all.extend(words);
        let shown = format!("kubectl {}", all.join(" "));
        let output = Command::new("kubectl").args(&all).stdin(Stdio::null()).output().map_err(|error| {
            let next = match error.kind() {
                std::io::ErrorKind::NotFound => "install it, or add its folder to PATH".to_owned(),
                _ => error.to_string(),
            };
            Failure::usage(&format!("cannot run `kubectl`: {next}"))
        })?;
        let said = String::from_utf8_lossy(&output.stderr);
        let failure = (!output.status.success()).then(|| {
            let line = said.lines().find(|line| !line.trim().is_empty()).unwrap_or("it failed without a message");
            Missing::of_message(line)
        });
        self.calls.push((shown, failure.as_ref().map(|failure| failure.message.clone())));
        Ok(Called { output: output.stdout, failure })
    }
}

/// Captures a cluster.
///
/// # Errors
///
/// [`Exit::Usage`] if `kubectl` cannot be run or the folder cannot be written, [`Exit::Undecided`] if the pods cannot be read.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Capture, Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    if parse_duration(&arguments.since).is_none_or(|since| since.is_zero()) {
        return Err(Failure::usage(&format!(
            "cannot use `--since {}`: expected a duration such as 6h or 30m",
            arguments.since
        )));
    }
    let mut kubectl = Kubectl { arguments, calls: Vec::new() };
    let pods = kubectl.call(&["get", "pods", "--output", "json"])?;
    if let Some(failure) = pods.failure {
        let failed = Failure::new(Exit::Undecided, &format!("cannot read the pods: {}", failure.message));
        return Err(failed.with_lines(["  check the context and its rights: kubectl get pods".to_owned()]));
    }
    let targets: Vec<Target> = targets(&pods.output, &rules.schema)
        .map_err(|what| Failure::new(Exit::Undecided, &format!("cannot read the pods: {what}")))?;
    let fail = |error: std::io::Error| Failure::usage(&format!("cannot write `{}`: {error}", arguments.out.display()));
    let mut folder = CaptureFolder::create(&arguments.out, arguments.redact).map_err(fail)?;
    folder.add("pods.json", pods.output).map_err(fail)?;
    for (kind, name) in [("events", "events.json"), ("hpa", "hpa.json"), ("configmaps", "configmaps.json")] {
        let called = kubectl.call(&["get", kind, "--output", "json"])?;
        match (called.failure, kind) {
            (None, "configmaps") => folder.add_configmaps(name, &called.output, &targets).map_err(fail)?,
            (None, _) => folder.add(name, called.output).map_err(fail)?,
            (Some(failure), "events") => {
                event_tables(&rules.schema).for_each(|table| folder.missing_table(table, &failure))
            }
            (Some(_), _) => {}
        }
    }
    for target in &targets {
        let since = format!("--since={}", arguments.since);
        let mut words =
            vec!["logs", &target.pod, "--container", &target.container, "--timestamps", "--tail=-1", &since];
        let called = kubectl.call(&words)?;
        match called.failure {
            None => folder.add(&target.file(false), called.output).map_err(fail)?,
            Some(failure) => line_tables(&rules.schema).for_each(|table| folder.missing_lines(table, &failure)),
        }
        if target.restarted {
            words.retain(|word| !word.starts_with("--since"));
            words.push("--previous");
            let called = kubectl.call(&words)?;
            if called.failure.is_none() {
                folder.add(&target.file(true), called.output).map_err(fail)?;
            }
        }
    }
    let now = scope::clock().floor(std::time::Duration::from_secs(1));
    let window = Window { from: now.saturating_sub(std::time::Duration::from_secs(86_400)), to: now };
    let mut scope = Scope::new(window);
    let coarsest = rules.schema.entities.iter().filter(|kind| kind.within.is_none());
    scope.subject = coarsest.flat_map(|kind| &kind.keys).map(|key| (key.clone(), format!("this-{key}"))).collect();
    let plan = diagnose::plan(&rules, &scope)?;
    let files = folder.finish(&scope.subject, &plan, now).map_err(fail)?;
    Ok(Capture { folder: arguments.out.clone(), files, calls: kubectl.calls })
}

/// The tables that have events.
fn event_tables(schema: &Schema) -> impl Iterator<Item = &str> {
    let objects =
        schema.forms.iter().filter(|form| matches!(&form.content, FormContent::Objects(kind) if kind == "Event"));
    objects.map(|form| form.table.as_str())
}

/// The tables that have lines of containers; one may be named twice.
fn line_tables(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.forms.iter().filter(|form| form.content == FormContent::Lines).map(|form| form.table.as_str())
}

impl Capture {
    /// The report as text.
    #[must_use]
    pub fn render(&self) -> CommandOutput {
        let mut remarks = String::new();
        for (call, failure) in &self.calls {
            remarks.push_str(&format!("amp-rules: {}\n", inline(call)));
            if let Some(failure) = failure {
                remarks.push_str(&format!("amp-rules:   failed: {}\n", inline(failure)));
            }
        }
        let folder = self.folder.display().to_string();
        let mut answer = format!("captured {} files in {}\n", self.files.len(), inline(&folder));
        answer.push_str(&format!("next: amp-rules diagnose {}\n", inline(&folder)));
        CommandOutput { answer: Printable::lines(&answer), remarks: Printable::lines(&remarks), exit: Exit::Success }
    }
}
