//! `amp-rules kql fmt`: queries in one style.
//!
//! Paths in; a [`FormatReport`] out. Files are rewritten, except with `--check`. A file is replaced atomically; one that does
//! not parse is left unchanged. A link is followed only if it was named itself, so that formatting a folder changes nothing
//! outside of it.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;
use amp_rules_core::escape::Printable;
use amp_rules_core::report::layout::plural;
use amp_rules_core::report::{Page, TextOptions};
use amp_rules_core::rules::diagnostic::Diagnostics;
use amp_rules_core::rules::syntax::hidden_characters;
use amp_rules_kql::diagnostic::diagnostics;
use clap::Args;
use kql_lang::syntax::format;

use super::STDIN;
use crate::exit::{CommandOutput, Exit, Failure};
use crate::files::slashes;
use crate::terminal::{Terminal, look};

/// The arguments of `amp-rules kql fmt`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Queries: files, folders of .kql files, or - for stdin, which is formatted to stdout.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write nothing; list the files that are not formatted, and fail if there are any.
    #[arg(long)]
    pub check: bool,
}

/// The result of formatting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatReport {
    /// How many queries were read.
    pub files: usize,
    /// The names of those that were not formatted.
    pub changed: Vec<String>,
    /// The syntax errors of those that do not parse.
    pub problems: Diagnostics,
    /// The formatted text of stdin.
    pub text: Option<Printable>,
    /// What could not be read, one line each. The other files are formatted all the same.
    pub unreadable: BTreeSet<String>,
}

/// Formats queries.
///
/// # Errors
///
/// A path cannot be read, has no query, or cannot be written.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<FormatReport, Failure> {
    let mut unreadable = BTreeSet::new();
    let files = super::gather(&arguments.files, terminal, &mut unreadable)?;
    let mut report = FormatReport {
        files: files.len(),
        changed: Vec::new(),
        problems: Diagnostics::default(),
        text: None,
        unreadable,
    };
    for file in &files {
        match format(&file.text) {
            Err(problems) => report.problems = report.problems.merge(diagnostics(file, &problems)),
            Ok(text) => {
                if text != file.text {
                    report.changed.push(file.name.clone());
                }
                if file.name == STDIN {
                    report.text = Some(printable(file, &text, terminal)?);
                } else if text != file.text && !arguments.check {
                    replace(file, &text, arguments)?;
                }
            }
        }
    }
    Ok(report)
}

/// The formatted text of stdin.
///
/// # Errors
///
/// It is not safe to print as it is, and escaped it would be another query.
fn printable(file: &RuleFile, text: &str, terminal: &Terminal) -> Result<Printable, Failure> {
    Printable::unchanged(text).ok_or_else(|| {
        let hidden = Diagnostics::new(hidden_characters(file), std::slice::from_ref(file));
        let why =
            if hidden.is_empty() { "a line of it is a command of a CI system" } else { "it has hidden characters" };
        Failure::new(Exit::Findings, &format!("cannot print the formatted query: {why}; format it in a file"))
            .below(hidden.full(look(terminal.remarks), terminal.width))
    })
}

/// Replaces a file atomically.
fn replace(file: &RuleFile, text: &str, arguments: &Arguments) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::usage(&format!("cannot write `{}`: {error}", file.name));
    let is_link = fs::symlink_metadata(&file.name).map_err(cannot)?.file_type().is_symlink();
    if is_link && !arguments.files.iter().any(|path| slashes(path) == file.name) {
        let why = "it is a link, which may lead out of the folder; name the link itself to format its target";
        return Err(Failure::usage(&format!("cannot write `{}`: {why}", file.name)));
    }
    // Replaces the target of a link, not the link.
    let path = fs::canonicalize(&file.name).map_err(cannot)?;
    let mut next = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new("."))).map_err(cannot)?;
    next.write_all(text.as_bytes()).map_err(cannot)?;
    let permissions = fs::metadata(&path).map_err(cannot)?.permissions();
    next.as_file().set_permissions(permissions).map_err(cannot)?;
    next.persist(&path).map_err(|error| cannot(error.error))?;
    Ok(())
}

impl FormatReport {
    /// The output: the files with `--check`, the formatted text of stdin, and counts on stderr.
    #[must_use]
    pub fn render(&self, arguments: &Arguments, terminal: &Terminal) -> CommandOutput {
        let answer = match (&self.text, arguments.check) {
            (_, true) => {
                let mut names = Page::new(&TextOptions::default());
                self.changed.iter().for_each(|name| names.line(name));
                names.finish()
            }
            (Some(text), false) => text.clone(),
            (None, false) => Printable::default(),
        };
        let unreadable: String = self.unreadable.iter().map(String::as_str).collect();
        let mut remarks = Printable::lines(&unreadable);
        remarks.push(&self.problems.full(look(terminal.remarks), terminal.width));
        let verb = if arguments.check { "to be formatted" } else { "formatted" };
        if self.text.is_none() || arguments.check {
            let counts = format!("{} of {} {verb}\n", self.changed.len(), plural(self.files, "file"));
            remarks.push(&Printable::lines(&counts));
        }
        let fails = !self.problems.is_empty() || (arguments.check && !self.changed.is_empty());
        let exit = match (self.unreadable.is_empty(), fails) {
            (false, _) => Exit::Usage,
            (true, true) => Exit::Findings,
            (true, false) => Exit::Success,
        };
        CommandOutput { answer, remarks, exit }
    }
}
