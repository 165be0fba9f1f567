//! `amp-rules diagnose`: plan, collect, evaluate, report.
//!
//! An incident folder or services, and rules in, a [`Diagnosed`] out: the diagnosis and the exit code that goes with its status.

use std::path::{Path, PathBuf};

use amp_rules_core::diagnosis::Status;
use amp_rules_core::explain::{Effort, Explanation};
use amp_rules_core::report::Colour;
use amp_rules_core::telemetry::source::data::RowProblem;
use amp_rules_core::{Diagnosis, Evaluation, Observations, Plan, RuleSet, Scope, report};
use amp_rules_fixtures::folder::{OpenError, OpenErrorKind};
use amp_rules_fixtures::{FixtureSource, IncidentError};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::{Done, Exit, Failure};
use crate::live;
use crate::rules;
use crate::scope::{self, Otherwise};
use crate::screen::{Screen, look};

/// Folders with more bytes than this take long enough to show how far it has come.
const WORTH_A_BAR: u64 = 64 * 1024 * 1024;

/// How many of the queries that would tell more are named to people who have not asked.
const QUERIES: usize = 3;

/// What `amp-rules diagnose` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The incident folder: exported rows (`traces.ndjson`, `customMetrics.csv`, …) and, if there is one, `incident.yaml`.
    #[arg(
        long,
        value_name = "DIR",
        required_unless_present_any = ["app_insights", "log_analytics", "kusto"],
        conflicts_with_all = ["app_insights", "log_analytics", "kusto"]
    )]
    pub fixture: Option<PathBuf>,
    /// Which rules to use.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// Of whom and when; wins over `incident.yaml`.
    #[command(flatten)]
    pub scope: scope::Options,
    /// Say too which single observation would change the answer, and all queries that would tell more. JSON says it
    /// anyway, and every form names the best queries, unless there is so much to look at that it would take long.
    #[arg(long)]
    pub explain: bool,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: Format,
    /// Services to read in place of a folder.
    #[command(flatten)]
    pub services: live::Services,
}

/// The forms of a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// For tickets and chats.
    Markdown,
    /// For programs: version 1 of the report (`amp-rules schema report`).
    Json,
}

/// A diagnosis that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosed {
    /// The answer.
    pub diagnosis: Diagnosis,
    /// What would change it and where to look next, where it was asked for or takes little.
    pub explanation: Option<Explanation>,
    /// Whether it was asked for.
    pub explain: bool,
    /// What could not be read of services, for stderr.
    pub remarks: String,
}

/// Diagnoses an incident folder.
///
/// # Errors
///
/// [`Exit::Usage`] for options or paths that are wrong, [`Exit::Rules`] for rules that do not load, [`Exit::Undecided`] for
/// a folder that holds nothing to decide from.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Diagnosed, Failure> {
    let rules = rules::load(&arguments.rules, screen)?;
    let seen = match &arguments.fixture {
        Some(folder) => observe(&rules, folder, &arguments.scope, screen)?,
        None => observe_live(&rules, &arguments.services, &arguments.scope, screen)?,
    };
    let remarks = if arguments.fixture.is_none() { live::remarks(&seen.observations) } else { String::new() };
    let evaluation = Evaluation::new(&rules, &seen.observations);
    let mut diagnosis = evaluation.diagnosis();
    add(&mut diagnosis.problems, seen.problems);
    let effort = match (arguments.explain, arguments.format) {
        (true, _) => Effort::Unbounded,
        (false, Format::Json) => Effort::Bounded,
        (false, Format::Text | Format::Markdown) => Effort::NextQueries,
    };
    let explanation = evaluation.explanation(effort);
    Ok(Diagnosed { diagnosis, explanation, explain: arguments.explain, remarks })
}

/// What was read of a folder.
#[derive(Debug)]
pub(super) struct Seen {
    /// The answers.
    pub(super) observations: Observations,
    /// What is wrong with the folder itself.
    problems: Vec<RowProblem>,
}

/// Opens, plans and collects.
pub(super) fn observe(
    rules: &RuleSet,
    folder: &Path,
    options: &scope::Options,
    screen: &Screen,
) -> Result<Seen, Failure> {
    let source = open(folder, rules, screen)?;
    let scope = scope_of(&source, options, rules, folder)?;
    let plan = plan(rules, &scope)?;
    let problems = source.problems().to_vec();
    let source = with_bar(source, screen);
    let observations = wait(amp_rules_core::collect(&plan, &source))?;
    Ok(Seen { observations, problems })
}

/// Plans and collects from services: now, unless an instant is given.
fn observe_live(
    rules: &RuleSet,
    services: &live::Services,
    options: &scope::Options,
    screen: &Screen,
) -> Result<Seen, Failure> {
    if options.cluster.is_none() && options.subject.is_empty() {
        return Err(Failure::usage("cannot choose what to diagnose: give --cluster, as its telemetry names it"));
    }
    let source = services.source(rules, screen)?;
    let scope = scope::of(options, None, rules, &Otherwise::Clock)?;
    let plan = plan(rules, &scope)?;
    let observations = wait(amp_rules_core::collect(&plan, &source))?;
    Ok(Seen { observations, problems: Vec::new() })
}

impl Diagnosed {
    /// How the program ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.diagnosis.status {
            Status::Healthy | Status::NoiseOnly => Exit::Fine,
            Status::Recovered | Status::Diagnosed | Status::DiagnosedPartial => Exit::Found,
            Status::InsufficientData => Exit::Undecided,
        }
    }

    /// As much of the explanation as people want.
    fn told(&self) -> Explanation {
        let mut told = self.explanation.clone().unwrap_or_default();
        if !self.explain {
            told.counterfactuals.clear();
            told.next_queries.retain(|query| !query.kql.is_empty());
            told.next_queries.truncate(QUERIES);
        }
        told
    }

    /// The answer in its form.
    #[must_use]
    pub fn render(&self, format: Format, screen: &Screen) -> Done {
        let explanation = self.explanation.as_ref();
        let answer = match format {
            Format::Json => report::json(&self.diagnosis, explanation),
            Format::Text => report::text(&self.diagnosis, Some(&self.told()), &screen.text_options()),
            Format::Markdown => report::markdown(&self.diagnosis, Some(&self.told())),
        };
        Done { answer, remarks: self.remarks.clone(), exit: self.exit() }
    }
}

/// Opens an incident folder, and says clearly why it cannot be used.
pub(super) fn open(folder: &Path, rules: &RuleSet, screen: &Screen) -> Result<FixtureSource, Failure> {
    FixtureSource::open(folder, &rules.schema).map_err(|error| {
        if let OpenError::Incident { error: IncidentError::Wrong(problems), .. } = &error {
            let shown = problems.full(look(screen.remarks), screen.width);
            let message = format!("{shown}\namp-rules: cannot use the `incident.yaml` of `{}`", folder.display());
            return Failure { exit: Exit::Usage, message };
        }
        let exit = match error.kind() {
            OpenErrorKind::Path | OpenErrorKind::Incident => Exit::Usage,
            OpenErrorKind::Nothing => Exit::Undecided,
        };
        Failure::caused(exit, &error)
    })
}

/// The scope of a folder: what it says of itself, and the options on top.
pub(super) fn scope_of(
    source: &FixtureSource,
    options: &scope::Options,
    rules: &RuleSet,
    folder: &Path,
) -> Result<Scope, Failure> {
    let known = source.incident().map(amp_rules_fixtures::Incident::scope);
    let told = known.as_ref().is_some_and(|scope| !scope.subject.is_empty());
    let enough = told || options.cluster.is_some() || !options.subject.is_empty();
    let instant = known.is_some() || options.now.is_some() || options.to.is_some();
    if enough && instant {
        return scope::of(options, known, rules, &Otherwise::Nothing(String::new()));
    }
    // Only now is it worth reading everything: to say what can be chosen from.
    let keys: Vec<String> =
        rules.schema.entities.iter().filter(|kind| kind.within.is_none()).flat_map(|kind| kind.keys.clone()).collect();
    let survey = source.survey(&keys);
    let mut missing = Vec::new();
    if !enough {
        let option = |key: &str| if key == "cluster" { "--cluster ".to_owned() } else { format!("--subject {key}=") };
        let name =
            keys.first().map_or("--subject".to_owned(), |key| option(key).trim_end_matches([' ', '=']).to_owned());
        let found = survey.subjects.iter().flat_map(|(key, values)| values.iter().map(move |found| (key, found)));
        let found: Vec<String> =
            found.take(5).map(|(key, (value, rows))| format!("\n  {}{value}   ({rows} rows)", option(key))).collect();
        missing.push(format!("{name}{}", found.concat()));
    }
    if !instant {
        let minute = std::time::Duration::from_secs(60);
        let found = survey
            .last
            .map(|last| format!("\n  --now {}   (just after the last row)", last.saturating_add(minute).floor(minute)))
            .unwrap_or_default();
        missing.push(format!("--now{found}"));
    }
    let folder = folder.display();
    Err(Failure::usage(&format!(
        "cannot choose what to diagnose: `{folder}` has no incident.yaml that says it; give {}",
        missing.join("\nand ")
    )))
}

/// Plans, and tells everything that is wrong with the scope at once.
pub(super) fn plan(rules: &RuleSet, scope: &Scope) -> Result<Plan, Failure> {
    amp_rules_core::plan(rules, scope).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|error| format!("amp-rules: {error}")).collect();
        Failure { exit: Exit::Usage, message: lines.join("\n") }
    })
}

/// Waits for the only thing that is waited for.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Undecided, &format!("cannot read telemetry: {error}")))?;
    Ok(runtime.block_on(future))
}

/// Shows how far a long scan has come, where somebody watches.
fn with_bar(source: FixtureSource, screen: &Screen) -> FixtureSource {
    if !screen.watched || source.bytes() < WORTH_A_BAR {
        return source;
    }
    let template = match screen.remarks {
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
