#![doc = include_str!("../README.md")]
//!
//! One file per command in [`command`]: arguments, one public function that returns a typed report, and its renderer.
//! Only [`main`] writes to stdout and stderr, and only [`Printable`] text; only [`terminal`] queries the terminal, only [`scope`] reads the clock, and
//! only [`live`] reads the environment variables of an identity.

use std::io::{self, Write};
use std::process::ExitCode;

use amp_rules_core::escape::Printable;
use amp_rules_fixtures::input::Limits;
use clap::{Parser, Subcommand};

pub mod command;
pub mod exit;
pub mod files;
pub mod inputs;
pub mod live;
pub mod rules;
pub mod scope;
pub mod terminal;

use command::{
    capture, check, diagnose, doctor, explain, inspect, kql, list, plan, record, schema, sweep, test, why, workflow,
};
use exit::{CommandOutput, Exit, Failure};
use terminal::{ColourChoice, Terminal};

/// Find the root cause of an incident in telemetry with declarative rules.
#[derive(Debug, Parser)]
#[command(name = "amp-rules", version, propagate_version = true, after_help = EXIT_CODES)]
pub struct Arguments {
    /// When to use colours.
    #[arg(long = "color", alias = "colour", value_name = "WHEN", default_value = "auto", global = true, value_enum)]
    pub colour: ColourChoice,
    /// Change a limit on what is read, such as `table-bytes=32GiB`; docs/limits.md lists them. Can be repeated.
    #[arg(long, value_name = "NAME=VALUE", global = true)]
    pub limit: Vec<String>,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0   healthy, no known problem or noise only; the check or the test passed
  1   there is or was a problem; findings; a test failed
  2   usage error, or a path that is missing or cannot be read
  3   the rules do not load; nothing was evaluated
  4   undecided: the telemetry that would decide is missing
  70  internal error";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Diagnose an incident: root causes, causal chain, impact and remedy.
    Diagnose(diagnose::Arguments),
    /// Show what each file was taken for, and what is missing for a diagnosis.
    Inspect(inspect::Arguments),
    /// Save logs, events and pods of a cluster with kubectl as an incident folder; changes nothing in the cluster.
    Capture(capture::Arguments),
    /// Check rule files: report each problem, where it is, and how to fix it.
    Check(check::Arguments),
    /// Run the test cases of the rules, recorded incidents, and log lines.
    Test(test::Arguments),
    /// Explain why a pattern matched: its proof with numbers, rows and reasons.
    Why(why::Arguments),
    /// Explain why a pattern did not match.
    WhyNot(why::Arguments),
    /// Show what a diagnosis would read, without reading it.
    Plan(plan::Arguments),
    /// Check, run and format KQL queries offline.
    Kql(kql::Arguments),
    /// Record telemetry as an incident folder without identifiers and with the same diagnosis.
    Record(record::Arguments),
    /// Diagnose many clusters, one line each, the worst first.
    Sweep(sweep::Arguments),
    /// List the patterns.
    List(list::Arguments),
    /// Show the investigation workflow of the rules.
    Workflow(workflow::Arguments),
    /// Explain a diagnostic (AMP104), a pattern, or a query of the rules.
    Explain(explain::Arguments),
    /// Print the JSON Schema of a rule file or of the report.
    Schema(schema::Arguments),
    /// Check that the rules load and, with --live, that the services have the tables they read.
    Doctor(doctor::Arguments),
}

/// Runs the program with the arguments of the process and returns its exit code.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        print_error(
            &Failure::new(
                Exit::Internal,
                &format!("internal error, please report it: {}", one_line(&panic.to_string())),
            )
            .message,
        );
    }));
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let asked_for_help = !error.use_stderr();
            if asked_for_help {
                // A closed pipe is not an error: its reader needs no more.
                let _ = error.print();
                return Exit::Success.into();
            }
            // An error quotes the arguments, which may come from anywhere.
            print_error(&Printable::lines(&error.render().to_string()));
            return Exit::Usage.into();
        }
    };
    let terminal = Terminal::of_process(arguments.colour);
    let outcome = std::panic::catch_unwind(|| {
        let limits = limits(&arguments.limit)?;
        run(&arguments.command, &Terminal { limits, ..terminal })
    });
    match outcome {
        Ok(Ok(output)) => finish(&output),
        Ok(Err(failure)) => {
            print_error(&failure.message);
            failure.exit.into()
        }
        // The panic hook has written the message.
        Err(_) => Exit::Internal.into(),
    }
}

/// The default limits with those of the options.
fn limits(options: &[String]) -> Result<Limits, Failure> {
    options.iter().try_fold(Limits::DEFAULT, |limits, text| {
        limits.with_text(text).map_err(|error| Failure::usage(&format!("cannot use `--limit {text}`: {error}")))
    })
}

/// Runs one command. Writes nothing to stdout; may write progress to stderr if that is a terminal.
///
/// # Errors
///
/// Why the command has no report, with the exit code for that kind of failure.
pub fn run(command: &Command, terminal: &Terminal) -> Result<CommandOutput, Failure> {
    match command {
        Command::Diagnose(arguments) => {
            diagnose::run(arguments, terminal).map(|report| report.render(arguments.format, terminal))
        }
        Command::Inspect(arguments) => inspect::run(arguments, terminal).map(|report| report.render(arguments.format)),
        Command::Capture(arguments) => capture::run(arguments, terminal).map(|report| report.render()),
        Command::Check(arguments) => {
            check::run(arguments, terminal).and_then(|report| report.render(arguments, terminal))
        }
        Command::Test(arguments) => test::run(arguments, terminal).map(|report| report.render(terminal)),
        Command::Why(arguments) => {
            why::run(arguments, terminal).map(|proofs| proofs.render(arguments.format, terminal))
        }
        Command::WhyNot(arguments) => {
            why::run(arguments, terminal).map(|proofs| proofs.render_not(arguments.format, terminal))
        }
        Command::Plan(arguments) => {
            plan::run(arguments, terminal).map(|report| report.render(arguments.format, terminal))
        }
        Command::Kql(arguments) => kql::run(arguments, terminal),
        Command::Record(arguments) => record::run(arguments, terminal).map(|report| report.render(arguments.format)),
        Command::Sweep(arguments) => sweep::run(arguments, terminal).map(|report| report.render(arguments.format)),
        Command::List(arguments) => list::run(arguments, terminal).map(|report| report.render(arguments.format)),
        Command::Workflow(arguments) => {
            workflow::run(arguments, terminal).map(|report| report.render(arguments.format, terminal))
        }
        Command::Explain(arguments) => explain::run(arguments, terminal),
        Command::Schema(arguments) => schema::run(arguments),
        Command::Doctor(arguments) => doctor::run(arguments, terminal).map(|report| report.render(arguments.format)),
    }
}

/// Writes the output of a command. A closed stdout is not a failure.
fn finish(output: &CommandOutput) -> ExitCode {
    // Remarks come first, so that the answer is last if both go to one terminal.
    let _ = io::stderr().write_all(output.remarks.as_bytes());
    let mut out = io::stdout().lock();
    match out.write_all(output.answer.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => output.exit.into(),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success.into(),
        Err(error) => {
            print_error(&Failure::usage(&format!("cannot write the answer: {error}")).message);
            Exit::Usage.into()
        }
    }
}

/// Writes a message to stderr.
fn print_error(message: &Printable) {
    // A failed write to stderr cannot be reported anywhere.
    let _ = writeln!(io::stderr(), "{}", message.trim_end());
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
