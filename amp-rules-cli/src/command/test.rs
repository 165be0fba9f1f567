//! `amp-rules test`: the cases of patterns, recorded incidents, and corpora of log lines.
//!
//! Paths in, a [`Tested`] out. What lies below a path is run with the rules of the pack it belongs to, or else with the
//! built-in ones. Nothing of what is run can influence another.

use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_rules_core::rules::diagnostic::position;
use amp_rules_core::rules::syntax::FileKind;
use amp_rules_core::{RuleFile, RuleSet};
use amp_rules_fixtures::cases::{self, CaseKind, CaseResult, Outcome, Results};
use amp_rules_fixtures::lines::{self, LinesReport};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use regex::Regex;

use super::check::{default_path, is_below, many};
use crate::exit::{Done, Exit, Failure};
use crate::files::{self, Naming, Which, slashes};
use crate::rules;
use crate::screen::Screen;

/// How much of a log line is shown.
const SHOWN: usize = 160;

/// What `amp-rules test` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Rule folders, incident folders, corpora of log lines (`*lines.jsonl`). [default: `rules`, or here]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Run only cases and incidents whose `pattern/name` matches this regex.
    #[arg(long, value_name = "REGEX")]
    pub run: Option<Regex>,
    /// Which rules to use, whatever pack the paths belong to.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// Fail too where a pattern has no positive, no quiet or no undecided case.
    #[arg(long)]
    pub strict: bool,
    /// Give rows to the engine in another order; nothing may change.
    #[arg(long, value_name = "SEED")]
    pub shuffle: Option<u64>,
    /// Nothing to run is fine.
    #[arg(long)]
    pub allow_empty: bool,
}

/// What became of everything that was run.
#[derive(Clone, Debug, Default)]
pub struct Tested {
    /// Cases and incidents, with the text of the file each stands in.
    pub cases: Vec<(CaseResult, Option<usize>)>,
    /// Corpora of log lines: path and report.
    pub lines: Vec<(String, LinesReport)>,
    /// How many cases were left out by `--run`.
    pub left_out: usize,
    /// Patterns that lack a kind of case.
    pub lacking: Vec<(String, Vec<CaseKind>)>,
    strict: bool,
    allow_empty: bool,
}

/// Runs.
///
/// # Errors
///
/// A path cannot be read ([`Exit::Usage`]), or the rules do not load ([`Exit::Rules`]).
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Tested, Failure> {
    let paths = if arguments.paths.is_empty() { vec![default_path()] } else { arguments.paths.clone() };
    let mut tested = Tested { strict: arguments.strict, allow_empty: arguments.allow_empty, ..Tested::default() };
    let spinner = spinner(screen);
    for path in &paths {
        one_path(path, arguments, screen, &mut tested)?;
    }
    spinner.finish_and_clear();
    Ok(tested)
}

fn one_path(path: &Path, arguments: &Arguments, screen: &Screen, tested: &mut Tested) -> Result<(), Failure> {
    // Reading first makes a path that is not there the first thing that is told.
    let own = if path.is_dir() || !is_corpus(path) {
        files::read(path, Naming::AsGiven, Which::OfRules)?
    } else {
        Vec::new()
    };
    let pack = files::pack_of(path);
    let whole = pack.as_deref() == Some(path);
    let (rules, files) = rules_for(pack.as_deref(), arguments, screen)?;
    let below = slashes(path);
    let files: Vec<RuleFile> = match files {
        // Backgrounds are the pack's; cases are those below the path.
        Some(files) if whole => files,
        Some(files) => files
            .into_iter()
            .filter(|file| FileKind::of(&file.name) != Some(FileKind::Cases) || is_below(&file.name, Some(&below)))
            .collect(),
        None => own,
    };
    let incidents = if path.is_dir() { cases::incidents_below(path) } else { Vec::new() };
    let options = cases::Options { only: arguments.run.clone(), shuffle: arguments.shuffle, threads: None };
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
        for corpus in files::corpora(path)? {
            let text = std::fs::read_to_string(&corpus)
                .map_err(|error| Failure::usage(&format!("cannot read `{}`: {error}", corpus.display())))?;
            let report = lines::check(&rules, &text)
                .map_err(|error| Failure::new(Exit::Rules, &format!("cannot match lines: {error}")))?;
            tested.lines.push((slashes(&corpus), report));
        }
    }
    Ok(())
}

/// The rules for a path, and the files of their pack where they come from a folder.
fn rules_for(
    pack: Option<&Path>,
    arguments: &Arguments,
    screen: &Screen,
) -> Result<(RuleSet, Option<Vec<RuleFile>>), Failure> {
    if arguments.rules.folder.is_some() {
        return rules::load(&arguments.rules, screen).map(|rules| (rules, None));
    }
    let Some(pack) = pack else {
        return rules::load(&rules::Choice::default(), screen).map(|rules| (rules, None));
    };
    let files = files::read(pack, Naming::AsGiven, Which::OfRules)?;
    let rules = amp_rules_core::compile(&files)
        .map_err(|problems| rules::broken(&problems, &format!("`{}`", pack.display()), screen))?;
    Ok((rules, Some(files)))
}

fn is_corpus(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "jsonl")
}

/// Something that moves while cases run, where somebody watches.
fn spinner(screen: &Screen) -> ProgressBar {
    if !screen.watched {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} running cases {elapsed}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

impl Tested {
    /// How many cases, incidents and lines came out as expected.
    #[must_use]
    pub fn passed(&self) -> usize {
        let cases = self.cases.iter().filter(|(case, _)| matches!(case.outcome, Outcome::Passed)).count();
        let lines: usize =
            self.lines.iter().map(|(_, report)| report.checked.saturating_sub(report.mistakes.len())).sum();
        cases + lines
    }

    /// How many did not, or could not be run.
    #[must_use]
    pub fn failed(&self) -> usize {
        let cases = self.cases.iter().filter(|(case, _)| case.is_failure()).count();
        let lines: usize = self.lines.iter().map(|(_, report)| report.mistakes.len() + report.unreadable.len()).sum();
        cases + lines
    }

    /// How many say of themselves that they fail today, or were left out.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.left_out + self.cases.iter().filter(|(case, _)| matches!(case.outcome, Outcome::Todo(..))).count()
    }

    /// How the program ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let nothing = self.passed() + self.failed() + self.skipped() == self.left_out && !self.allow_empty;
        if self.failed() > 0 || nothing || (self.strict && !self.lacking.is_empty()) { Exit::Found } else { Exit::Fine }
    }

    /// The answer.
    #[must_use]
    pub fn render(&self, _screen: &Screen) -> Done {
        let mut answer = String::new();
        for (case, line) in &self.cases {
            let place = line.map_or(case.id.file.clone(), |line| format!("{}:{line}", case.id.file));
            match &case.outcome {
                Outcome::Passed => {}
                Outcome::Todo(todo, _) => answer.push_str(&format!("todo    {place}: {}\n  {todo}\n", case.id.name)),
                Outcome::Failed(failures) => {
                    answer.push_str(&format!("FAILED  {place}: {}\n", case.id.name));
                    for failure in failures {
                        answer.push_str(&indented(&failure.to_string()));
                    }
                }
                Outcome::Broken(what) => {
                    answer.push_str(&format!("BROKEN  {place}: {}\n{}", case.id.name, indented(what)))
                }
            }
        }
        for (path, report) in &self.lines {
            for (number, what) in &report.unreadable {
                answer.push_str(&format!("BROKEN  {path}:{number}: {what}\n"));
            }
            for mistake in &report.mistakes {
                let shown: String = mistake.line.chars().take(SHOWN).filter(|c| !c.is_control()).collect();
                answer.push_str(&format!("FAILED  {path}:{}: {shown}\n", mistake.number));
                for id in &mistake.missing {
                    answer.push_str(&format!("  missing: {id} does not recognise it\n"));
                }
                for (id, symptoms) in &mistake.noisy {
                    answer.push_str(&format!("  noisy: {id} recognises it ({})\n", symptoms.join(", ")));
                }
            }
        }
        answer.push_str(&self.summary());
        let mut remarks = String::new();
        for (pattern, kinds) in &self.lacking {
            let kinds: Vec<&str> = kinds.iter().map(|kind| kind_word(*kind)).collect();
            remarks.push_str(&format!("{pattern} has no {} case\n", kinds.join(", no ")));
        }
        for (path, report) in &self.lines {
            if !report.unexercised.is_empty() {
                remarks.push_str(&format!("{path} has no line for {}\n", report.unexercised.join(", ")));
            }
        }
        if self.passed() + self.failed() + self.skipped() == 0 {
            remarks.push_str("amp-rules: there is nothing to test\n");
        }
        Done { answer, remarks, exit: self.exit() }
    }

    fn summary(&self) -> String {
        let incidents = self.cases.iter().filter(|(case, _)| case.id.pattern.is_none()).count();
        let lines: usize = self.lines.iter().map(|(_, report)| report.checked + report.unreadable.len()).sum();
        format!(
            "{} passed, {} failed, {} skipped ({}, {}, {})\n",
            self.passed(),
            self.failed(),
            self.skipped(),
            many(self.cases.len() - incidents, "case"),
            many(incidents, "incident"),
            many(lines, "log line"),
        )
    }
}

fn kind_word(kind: CaseKind) -> &'static str {
    match kind {
        CaseKind::Positive => "positive",
        CaseKind::Quiet => "quiet",
        CaseKind::Undecided => "undecided",
        CaseKind::Other => "other",
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}\n")).collect()
}
