//! `amp-rules test`: the cases of patterns, recorded incidents, and corpora of log lines.
//!
//! Paths in; a [`TestReport`] out. The tests below a path run with the rules of its pack, or with the built-in rules. Tests
//! are independent of each other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_rules_core::report::layout::plural;
use amp_rules_core::report::{Page, TextOptions};
use amp_rules_core::rules::diagnostic::position;
use amp_rules_core::rules::syntax::FileKind;
use amp_rules_core::{RuleFile, RuleSet};
use amp_rules_fixtures::cases::{self, CaseKind, CaseResult, Outcome, Results};
use amp_rules_fixtures::lines::{self, LinesReport};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use regex::Regex;

use super::check::{default_path, is_below};
use crate::exit::{CommandOutput, Exit, Failure};
use crate::files::{self, Naming, Which, slashes};
use crate::rules;
use crate::terminal::Terminal;

/// How many characters of a log line are shown.
const SHOWN: usize = 160;

/// The arguments of `amp-rules test`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Rule folders, incident folders, corpora of log lines (`*lines.jsonl`). [default: `rules`, or the current folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Run only cases and incidents whose `pattern/name` matches this regex.
    #[arg(long, value_name = "REGEX")]
    pub run: Option<Regex>,
    /// The rules, instead of the packs of the paths.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// Fail also if a pattern lacks a positive, a quiet or an undecided case.
    #[arg(long)]
    pub strict: bool,
    /// Shuffle the rows with this seed; the results must not change.
    #[arg(long, value_name = "SEED")]
    pub shuffle: Option<u64>,
    /// Succeed if there is nothing to run.
    #[arg(long)]
    pub allow_empty: bool,
}

/// The results of all tests.
#[derive(Clone, Debug, Default)]
pub struct TestReport {
    /// Cases and incidents, each with its line in its file, from 1.
    pub cases: Vec<(CaseResult, Option<usize>)>,
    /// Corpora of log lines: path and report.
    pub lines: Vec<(String, LinesReport)>,
    /// How many cases `--run` left out.
    pub left_out: usize,
    /// Patterns that lack kinds of cases.
    pub lacking: Vec<(String, Vec<CaseKind>)>,
    strict: bool,
    allow_empty: bool,
}

/// Runs the tests.
///
/// # Errors
///
/// A path cannot be read ([`Exit::Usage`]), or the rules do not load ([`Exit::Rules`]).
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<TestReport, Failure> {
    let paths = if arguments.paths.is_empty() { vec![default_path()] } else { arguments.paths.clone() };
    let mut tested =
        TestReport { strict: arguments.strict, allow_empty: arguments.allow_empty, ..TestReport::default() };
    let spinner = spinner(terminal);
    for path in &paths {
        one_path(path, arguments, terminal, &mut tested)?;
    }
    spinner.finish_and_clear();
    Ok(tested)
}

fn one_path(path: &Path, arguments: &Arguments, terminal: &Terminal, tested: &mut TestReport) -> Result<(), Failure> {
    // Read first, so that a missing path is the first error.
    let own = if path.is_dir() || !is_corpus(path) {
        files::read(path, Naming::AsGiven, Which::OfRules, &terminal.limits)?.all()?
    } else {
        Vec::new()
    };
    let pack = files::pack_of(path);
    let whole = pack.as_deref() == Some(path);
    let (rules, files) = rules_for(pack.as_deref(), arguments, terminal)?;
    let below = slashes(path);
    let files: Vec<RuleFile> = match files {
        // Backgrounds come from the whole pack, cases from the path.
        Some(files) if whole => files,
        Some(files) => files
            .into_iter()
            .filter(|file| FileKind::of(&file.name) != Some(FileKind::Cases) || is_below(&file.name, Some(&below)))
            .collect(),
        None => own,
    };
    let incidents = if path.is_dir() { cases::incidents_below(path) } else { Vec::new() };
    let options = cases::Options {
        only: arguments.run.clone(),
        shuffle: arguments.shuffle,
        threads: None,
        limits: terminal.limits,
    };
    let results: Results = cases::run(&rules, &files, &incidents, &options);
    tested.left_out += results.left_out;
    if whole && arguments.run.is_none() {
        tested.lacking.extend(results.lacking(&rules));
    }
    for case in results.cases {
        let line = case.id.span.as_ref().and_then(|span| {
            let file = files.iter().find(|file| *file.name == *span.file)?;
            Some(position(&file.text, span.start).line)
        });
        tested.cases.push((case, line));
    }
    if arguments.run.is_none() {
        for corpus in files::corpora(path, &terminal.limits)? {
            let text = files::text(&corpus, &terminal.limits)?;
            let report = lines::check(&rules, &text)
                .map_err(|error| Failure::new(Exit::Rules, &format!("cannot match lines: {error}")))?;
            tested.lines.push((slashes(&corpus), report));
        }
    }
    Ok(())
}

/// The rules for a path, and the files of their pack if they come from a folder.
fn rules_for(
    pack: Option<&Path>,
    arguments: &Arguments,
    terminal: &Terminal,
) -> Result<(RuleSet, Option<Vec<RuleFile>>), Failure> {
    if arguments.rules.folder.is_some() {
        return rules::load(&arguments.rules, terminal).map(|rules| (rules, None));
    }
    let Some(pack) = pack else {
        return rules::load(&rules::Choice::default(), terminal).map(|rules| (rules, None));
    };
    let files = files::read(pack, Naming::AsGiven, Which::OfRules, &terminal.limits)?.all()?;
    let rules = amp_rules_core::compile(&files)
        .map_err(|problems| rules::broken(&problems, &format!("`{}`", pack.display()), terminal))?;
    Ok((rules, Some(files)))
}

fn is_corpus(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "jsonl")
}

/// A spinner that moves while cases run, if the terminal shows progress.
fn spinner(terminal: &Terminal) -> ProgressBar {
    if !terminal.shows_progress {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} running cases {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

impl TestReport {
    /// How many cases, incidents and lines passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        let cases = self.cases.iter().filter(|(case, _)| matches!(case.outcome, Outcome::Passed)).count();
        let lines: usize =
            self.lines.iter().map(|(_, report)| report.checked.saturating_sub(report.mistakes.len())).sum();
        cases + lines
    }

    /// How many failed or could not be run.
    #[must_use]
    pub fn failed(&self) -> usize {
        let cases = self.cases.iter().filter(|(case, _)| case.is_failure()).count();
        let lines: usize = self.lines.iter().map(|(_, report)| report.mistakes.len() + report.unreadable.len()).sum();
        cases + lines
    }

    /// How many are marked as `todo` or were left out.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.left_out + self.cases.iter().filter(|(case, _)| matches!(case.outcome, Outcome::Todo(..))).count()
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let nothing = self.passed() + self.failed() + self.skipped() == self.left_out && !self.allow_empty;
        if self.failed() > 0 || nothing || (self.strict && !self.lacking.is_empty()) {
            Exit::Findings
        } else {
            Exit::Success
        }
    }

    /// The report as text.
    #[must_use]
    pub fn render(&self, _screen: &Terminal) -> CommandOutput {
        let mut answer = Page::new(&TextOptions::default());
        for (case, line) in &self.cases {
            let place = line.map_or(case.id.file.clone(), |line| format!("{}:{line}", case.id.file));
            match &case.outcome {
                Outcome::Passed => {}
                Outcome::Todo(todo, _) => {
                    answer.line(&format!("todo    {place}: {}", case.id.name));
                    answer.line(&format!("  {todo}"));
                }
                Outcome::Failed(failures) => {
                    answer.line(&format!("FAILED  {place}: {}", case.id.name));
                    for failure in failures {
                        indented(&mut answer, &failure.to_string());
                    }
                }
                Outcome::Broken(what) => {
                    answer.line(&format!("BROKEN  {place}: {}", case.id.name));
                    indented(&mut answer, what);
                }
            }
        }
        for (path, report) in &self.lines {
            for (number, what) in &report.unreadable {
                answer.line(&format!("BROKEN  {path}:{number}: {what}"));
            }
            for mistake in &report.mistakes {
                let shown: String = mistake.line.chars().take(SHOWN).collect();
                answer.line(&format!("FAILED  {path}:{}: {shown}", mistake.number));
                for id in &mistake.missing {
                    answer.line(&format!("  missing: {id} does not match it"));
                }
                for (id, symptoms) in &mistake.noisy {
                    answer.line(&format!("  noisy: {id} matches it ({})", symptoms.join(", ")));
                }
            }
        }
        answer.line(&self.summary());
        let mut remarks = Page::new(&TextOptions::default());
        for (pattern, kinds) in &self.lacking {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind_name(*kind)).collect();
            remarks.line(&format!("{pattern} has no {} case", kinds.join(", no ")));
        }
        for (path, report) in &self.lines {
            if !report.unexercised.is_empty() {
                remarks.line(&format!("{path} has no line for {}", report.unexercised.join(", ")));
            }
        }
        if self.passed() + self.failed() + self.skipped() == 0 {
            remarks.line("amp-rules: nothing to test");
        }
        CommandOutput { answer: answer.finish(), remarks: remarks.finish(), exit: self.exit() }
    }

    fn summary(&self) -> String {
        let incidents = self.cases.iter().filter(|(case, _)| case.id.pattern.is_none()).count();
        let lines: usize = self.lines.iter().map(|(_, report)| report.checked + report.unreadable.len()).sum();
        format!(
            "{} passed, {} failed, {} skipped ({}, {}, {})",
            self.passed(),
            self.failed(),
            self.skipped(),
            plural(self.cases.len() - incidents, "case"),
            plural(incidents, "incident"),
            plural(lines, "log line"),
        )
    }
}

fn kind_name(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Positive => "positive",
        CaseKind::Quiet => "quiet",
        CaseKind::Undecided => "undecided",
        CaseKind::Other => "other",
    }
}

fn indented(page: &mut Page, text: &str) {
    text.lines().for_each(|line| page.line(&format!("  {line}")));
}
