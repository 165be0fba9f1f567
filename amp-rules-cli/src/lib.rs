#![doc = include_str!("../README.md")]
//!
//! One file per command in [`command`]: arguments, one public function that returns a typed report, and its renderer.
//! Only [`main`] writes to stdout and stderr, only [`screen`] asks the terminal, only [`scope`] reads the clock,
//! only [`live`] the variables that name an identity.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub mod command;
pub mod exit;
pub mod files;
pub mod live;
pub mod rules;
pub mod scope;
pub mod screen;

use command::{check, diagnose, doctor, explain, kql, list, plan, record, schema, sweep, test, why, workflow};
use exit::{Done, Exit, Failure};
use screen::{ColourChoice, Screen};

/// Finds the root cause of an incident from telemetry, by rules that people write.
#[derive(Debug, Parser)]
#[command(name = "amp-rules", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// When to write in colour.
    #[arg(long = "color", alias = "colour", value_name = "WHEN", default_value = "auto", global = true, value_enum)]
    pub colour: ColourChoice,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0   healthy or noise only; the check or the test passed
  1   something is wrong, or was; findings; a test failed
  2   wrong use, or a path that is missing or cannot be read
  3   the rules do not load; nothing was judged
  4   could not decide: the telemetry that would is not there
  70  a bug of ours";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what is wrong, since when, why, and what to do.
    Diagnose(diagnose::Arguments),
    /// Say what is wrong with rule files, where, and how to mend it.
    Check(check::Arguments),
    /// Run the cases of the rules, the recorded incidents, and the log lines.
    Test(test::Arguments),
    /// Show why a pattern holds, or not: its proof, with numbers, rows and reasons.
    Why(why::Arguments),
    /// Show the least that keeps a pattern from holding.
    WhyNot(why::Arguments),
    /// Show everything that a diagnosis would read. Reads nothing.
    Plan(plan::Arguments),
    /// Check, run and lay out queries in KQL, offline.
    Kql(kql::Arguments),
    /// Write telemetry as an incident folder without identifiers, with the same diagnosis.
    Record(record::Arguments),
    /// Say it of a whole fleet, one line per cluster, the worst first.
    Sweep(sweep::Arguments),
    /// List the patterns.
    List(list::Arguments),
    /// Show the investigation workflow of the rules.
    Workflow(workflow::Arguments),
    /// Explain a diagnostic (AMP104), a pattern, or a query of the rules.
    Explain(explain::Arguments),
    /// Print the JSON Schema of a rule file or of the report.
    Schema(schema::Arguments),
    /// Say whether the rules load and, with --live, whether the services have what they read.
    Doctor(doctor::Arguments),
}

/// Runs the program with the process's arguments, and says how it ended.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        // Nothing can be done about a stderr that does not take it.
        let _ = writeln!(
            io::stderr(),
            "amp-rules: this is a bug of ours, please report it: {}",
            one_line(&panic.to_string())
        );
    }));
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let asked_for_help = !error.use_stderr();
            // The same: whoever closed the pipe has read enough.
            let _ = error.print();
            return if asked_for_help { Exit::Fine.into() } else { Exit::Usage.into() };
        }
    };
    let screen = Screen::of_process(arguments.colour);
    let outcome = std::panic::catch_unwind(|| run(&arguments.command, &screen));
    match outcome {
        Ok(Ok(done)) => finish(&done),
        Ok(Err(failure)) => {
            let _ = writeln!(io::stderr(), "{}", failure.message.trim_end());
            failure.exit.into()
        }
        // The hook has said it.
        Err(_) => Exit::Bug.into(),
    }
}

/// Runs one command. Nothing is written to stdout; progress may be written to stderr where that is a terminal.
///
/// # Errors
///
/// Whatever keeps the command from giving its report, with the exit code that says what kind of thing it is.
pub fn run(command: &Command, screen: &Screen) -> Result<Done, Failure> {
    match command {
        Command::Diagnose(arguments) => {
            diagnose::run(arguments, screen).map(|report| report.render(arguments.format, screen))
        }
        Command::Check(arguments) => check::run(arguments).and_then(|report| report.render(arguments, screen)),
        Command::Test(arguments) => test::run(arguments, screen).map(|report| report.render(screen)),
        Command::Why(arguments) => why::run(arguments, screen).map(|proofs| proofs.render(arguments.format, screen)),
        Command::WhyNot(arguments) => {
            why::run(arguments, screen).map(|proofs| proofs.render_not(arguments.format, screen))
        }
        Command::Plan(arguments) => plan::run(arguments, screen).map(|report| report.render(arguments.format, screen)),
        Command::Kql(arguments) => kql::run(arguments, screen),
        Command::Record(arguments) => record::run(arguments, screen).map(|report| report.render(arguments.format)),
        Command::Sweep(arguments) => sweep::run(arguments, screen).map(|report| report.render(arguments.format)),
        Command::List(arguments) => list::run(arguments, screen).map(|report| report.render(arguments.format)),
        Command::Workflow(arguments) => {
            workflow::run(arguments, screen).map(|report| report.render(arguments.format, screen))
        }
        Command::Explain(arguments) => explain::run(arguments, screen),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments, screen).map(|report| report.render(arguments.format)),
    }
}

/// Writes what a command has to say. A reader that has gone away is no failure.
fn finish(done: &Done) -> ExitCode {
    // Remarks come first, so that the answer stands last where both go to one terminal.
    let _ = io::stderr().write_all(done.remarks.as_bytes());
    let mut out = io::stdout().lock();
    match out.write_all(done.answer.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => done.exit.into(),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Fine.into(),
        Err(error) => {
            let _ = writeln!(io::stderr(), "amp-rules: cannot write the answer: {error}");
            Exit::Usage.into()
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
