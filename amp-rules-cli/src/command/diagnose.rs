//! `amp-rules diagnose`: plan, collect, evaluate, report.
//!
//! Rules and an incident folder or services in; a [`DiagnosisReport`] out.

use std::path::PathBuf;

use amp_rules_core::diagnosis::Status;
use amp_rules_core::escape::Printable;
use amp_rules_core::explain::{Effort, Explanation};
use amp_rules_core::report::Colour;
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::{Diagnosis, Evaluation, Observations, Plan, PlanErrors, RuleSet, Scope, report};
use amp_rules_fixtures::FixtureSource;
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::{CommandOutput, Exit, Failure};
use crate::inputs::{self, ChosenScope};
use crate::live;
use crate::rules;
use crate::scope::{self, DefaultEnd};
use crate::terminal::Terminal;

/// Progress is shown for folders with more bytes than this, which take seconds to read.
const PROGRESS_BYTES: u64 = 64 * 1024 * 1024;

/// How many suggested queries text reports show without `--explain`.
const SUGGESTED_QUERIES: usize = 3;

/// The arguments of `amp-rules diagnose`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Files and folders with exported rows, such as `query_data.csv`, or a folder with an `incident.yaml`.
    #[arg(
        value_name = "PATH",
        required_unless_present_any = ["fixture", "app_insights", "log_analytics", "kusto"],
        conflicts_with_all = ["app_insights", "log_analytics", "kusto"]
    )]
    pub paths: Vec<PathBuf>,
    /// Another way to give a path.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["app_insights", "log_analytics", "kusto"])]
    pub fixture: Option<PathBuf>,
    /// What the files lack.
    #[command(flatten)]
    pub inputs: inputs::Options,
    /// The rules.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The scope; takes precedence over `incident.yaml`.
    #[command(flatten)]
    pub scope: scope::Options,
    /// Include counterfactuals, and all suggested queries. By default JSON includes both and text the best queries,
    /// unless they would take long to compute.
    #[arg(long)]
    pub explain: bool,
    /// The output format.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: ReportFormat,
    /// The services to read instead of a folder.
    #[command(flatten)]
    pub services: live::Services,
}

/// The output formats of reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Text for a terminal.
    Text,
    /// Markdown for tickets and chats.
    Markdown,
    /// JSON for programs: version 1 of the report (`amp-rules schema report`).
    Json,
}

/// A diagnosis with its explanation.
#[derive(Clone, Debug, PartialEq)]
pub struct DiagnosisReport {
    /// The diagnosis.
    pub diagnosis: Diagnosis,
    /// Counterfactuals and suggested queries, if they are wanted or quick to compute.
    pub explanation: Option<Explanation>,
    /// Whether the user wants the whole explanation.
    pub explain: bool,
    /// The tables that services could not return, for stderr.
    pub remarks: Printable,
}

/// Diagnoses an incident folder or what services have.
///
/// # Errors
///
/// [`Exit::Usage`] for invalid options or paths, [`Exit::Rules`] for rules that do not load, [`Exit::Undecided`] for a
/// folder without telemetry.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<DiagnosisReport, Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    let paths: Vec<PathBuf> = arguments.paths.iter().chain(&arguments.fixture).cloned().collect();
    let collected = if paths.is_empty() {
        observe_live(&rules, &arguments.services, &arguments.scope, terminal)?
    } else {
        observe(&rules, &paths, &arguments.inputs, &arguments.scope, terminal)?
    };
    let remarks = if paths.is_empty() { live::remarks(&collected.observations) } else { collected.remarks };
    let evaluation = Evaluation::new(&rules, &collected.observations);
    let mut diagnosis = evaluation.diagnosis();
    add(&mut diagnosis.problems, collected.problems);
    let effort = match (arguments.explain, arguments.format) {
        (true, _) => Effort::Unbounded,
        (false, ReportFormat::Json) => Effort::Bounded,
        (false, ReportFormat::Text | ReportFormat::Markdown) => Effort::NextQueries,
    };
    let explanation = evaluation.explanation(effort);
    Ok(DiagnosisReport { diagnosis, explanation, explain: arguments.explain, remarks })
}

/// The observations of one run.
#[derive(Debug)]
pub(super) struct Collected {
    /// The plan and its answers.
    pub(super) observations: Observations,
    /// Problems of the folder itself.
    problems: Vec<RowProblem>,
    /// What of the scope follows from the rows.
    remarks: Printable,
}

/// Plans and collects from files and folders.
pub(super) fn observe(
    rules: &RuleSet,
    paths: &[PathBuf],
    files: &inputs::Options,
    options: &scope::Options,
    terminal: &Terminal,
) -> Result<Collected, Failure> {
    let now = options.now.as_deref().or(options.to.as_deref());
    let mut source = inputs::open(paths, &files.file_options(now)?, rules, terminal)?;
    let ChosenScope { scope, remarks } = inputs::scope_of(&mut source, options, rules)?;
    let plan = plan(rules, &scope)?;
    let problems = source.problems().to_vec();
    let source = with_progress(source, terminal);
    let observations = wait(amp_rules_core::collect(&plan, &source))?;
    Ok(Collected { observations, problems, remarks })
}

/// Plans and collects from services; the window ends now by default.
fn observe_live(
    rules: &RuleSet,
    services: &live::Services,
    options: &scope::Options,
    terminal: &Terminal,
) -> Result<Collected, Failure> {
    if options.cluster.is_none() && options.subject.is_empty() {
        return Err(Failure::usage("cannot choose what to diagnose: give --cluster, the resource id in its telemetry"));
    }
    let source = services.source(rules, terminal)?;
    let scope = scope::of(options, None, rules, &DefaultEnd::Clock)?;
    let plan = plan(rules, &scope)?;
    let observations = wait(amp_rules_core::collect(&plan, &source))?;
    Ok(Collected { observations, problems: Vec::new(), remarks: Printable::default() })
}

impl DiagnosisReport {
    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.diagnosis.status {
            Status::Healthy | Status::NoKnownProblem | Status::NoiseOnly => Exit::Success,
            Status::Recovered | Status::Diagnosed | Status::DiagnosedPartial => Exit::Findings,
            Status::InsufficientData => Exit::Undecided,
        }
    }

    /// The part of the explanation that text and markdown show.
    fn shown_explanation(&self) -> Explanation {
        let mut shown = self.explanation.clone().unwrap_or_default();
        if !self.explain {
            shown.counterfactuals.clear();
            shown.next_queries.retain(|query| !query.kql.is_empty());
            shown.next_queries.truncate(SUGGESTED_QUERIES);
        }
        shown
    }

    /// The report in the given format.
    #[must_use]
    pub fn render(&self, format: ReportFormat, terminal: &Terminal) -> CommandOutput {
        let explanation = self.explanation.as_ref();
        let answer = match format {
            ReportFormat::Json => report::json(&self.diagnosis, explanation),
            ReportFormat::Text => {
                report::text(&self.diagnosis, Some(&self.shown_explanation()), &terminal.text_options())
            }
            ReportFormat::Markdown => report::markdown(&self.diagnosis, Some(&self.shown_explanation())),
        };
        CommandOutput { answer, remarks: self.remarks.clone(), exit: self.exit() }
    }
}

/// Plans; the failure lists every problem of the scope.
pub(super) fn plan(rules: &RuleSet, scope: &Scope) -> Result<Plan, Failure> {
    amp_rules_core::plan(rules, scope).map_err(|errors| plan_failure(&errors))
}

/// The failure of a scope that cannot be planned.
pub(super) fn plan_failure(errors: &PlanErrors) -> Failure {
    Failure::several(Exit::Usage, errors.iter().map(ToString::to_string))
}

/// Blocks on a future.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Undecided, &format!("cannot read telemetry: {error}")))?;
    Ok(runtime.block_on(future))
}

/// Adds a progress bar to a source with much to read, if the terminal shows progress.
fn with_progress(source: FixtureSource, terminal: &Terminal) -> FixtureSource {
    if !terminal.shows_progress || source.bytes() < PROGRESS_BYTES {
        return source;
    }
    let template = match terminal.remarks {
        Colour::Always => "reading {bar:30.cyan} {bytes}/{total_bytes} {eta}",
        Colour::Never => "reading {bar:30} {bytes}/{total_bytes} {eta}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new(source.bytes()).with_style(style);
    source.with_progress(Box::new(move |read, all| {
        bar.set_position(read);
        if read >= all {
            bar.finish_and_clear();
        }
    }))
}

fn add(problems: &mut Vec<RowProblem>, more: Vec<RowProblem>) {
    problems.extend(more);
    problems.sort();
    problems.dedup();
}
