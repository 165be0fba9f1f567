//! `amp-rules check`: the problems of rule files, where they are, and how to fix them.
//!
//! Paths in; a [`CheckReport`] out: every problem of every file, sorted, with the texts. Whole packs are compiled, so that
//! references can be checked; problems are reported for the files below the given paths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use amp_rules_core::RuleFile;
use amp_rules_core::escape::Printable;
use amp_rules_core::report::Colour;
use amp_rules_core::report::layout::plural;
use amp_rules_core::rules::codes;
use amp_rules_core::rules::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use clap::{Args, ValueEnum};

use super::json;
use crate::exit::{CommandOutput, Exit, Failure};
use crate::files::{self, Naming, Which, slashes};
use crate::terminal::{Terminal, look};

mod github;
mod sarif;

/// The arguments of `amp-rules check`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Rule files or folders; a pattern is checked together with its pack. [default: `rules`, or the current folder]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The output format, and a file to write it to instead of stdout: full, concise, json, jsonl, github, sarif.
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub output: Vec<Output>,
    /// The lowest severity that makes the check fail.
    #[arg(long, value_enum, default_value = "error", value_name = "SEVERITY")]
    pub fail_on: FailOn,
    /// Report only these: codes (`AMP104`), families (`AMP1`) or names (`dangling-reference`).
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Do not report these, unless they are errors.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Report the warnings of the strict profile as errors.
    #[arg(long)]
    pub strict: bool,
}

/// The lowest severity that makes a check fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
}

/// An output format and its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    format: CheckFormat,
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CheckFormat {
    Full,
    Concise,
    Json,
    JsonLines,
    Github,
    Sarif,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = text.split_once('=').map_or((text, None), |(name, file)| (name, Some(PathBuf::from(file))));
        let format = match name {
            "full" => CheckFormat::Full,
            "concise" => CheckFormat::Concise,
            "json" => CheckFormat::Json,
            "jsonl" => CheckFormat::JsonLines,
            "github" => CheckFormat::Github,
            "sarif" => CheckFormat::Sarif,
            _ => return Err("expected full, concise, json, jsonl, github or sarif".to_owned()),
        };
        Ok(Self { format, file })
    }
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// How many files were checked.
    pub files: usize,
    /// The problems.
    pub diagnostics: Diagnostics,
    /// Whether the files load: none has an error, apart from warnings that `--strict` reports as errors.
    pub loads: bool,
    /// What could not be read, one line each. The other files are checked all the same.
    pub unreadable: BTreeSet<String>,
}

/// Checks rule files.
///
/// # Errors
///
/// [`Exit::Usage`] if a path has no rule file, none of the paths can be read, or a code does not exist.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<CheckReport, Failure> {
    for name in arguments.select.iter().chain(&arguments.ignore) {
        if !codes::ALL.iter().any(|code| is_named(code, name)) {
            return Err(Failure::usage(&format!(
                "unknown diagnostic `{name}`: expected a code such as AMP104, a family such as AMP1, or a name"
            )));
        }
    }
    let paths = if arguments.paths.is_empty() { vec![default_path()] } else { arguments.paths.clone() };
    let mut checked = 0;
    let mut loads = true;
    let mut diagnostics = Diagnostics::default();
    let mut unreadable = BTreeSet::new();
    for path in &paths {
        let (files, below) = match gather(path, terminal, &mut unreadable) {
            Ok(found) => found,
            Err(failure) => {
                unreadable.insert(format!("{}\n", failure.message));
                continue;
            }
        };
        let count = files.iter().filter(|file| is_below(&file.name, below.as_deref())).count();
        if count == 0 && unreadable.is_empty() {
            return Err(Failure::usage(&format!("cannot check `{}`: it has no rule file", path.display())));
        }
        checked += count;
        let found = amp_rules_kql::check::check(&files).diagnostics;
        diagnostics = diagnostics.merge(found.filter_map(|one| {
            let here = one.span().is_none_or(|span| is_below(&span.file, below.as_deref()));
            loads &= !here || one.severity != Severity::Error;
            here.then_some(one)
        }));
    }
    if checked == 0 {
        let message: String = unreadable.into_iter().collect();
        return Err(Failure { exit: Exit::Usage, message: Printable::lines(message.trim_end()) });
    }
    let diagnostics = diagnostics.filter_map(|one| chosen(one, arguments));
    Ok(CheckReport { files: checked, loads, diagnostics, unreadable })
}

/// The files that a path is checked with, and the path if only files below it are reported.
fn gather(
    path: &Path,
    terminal: &Terminal,
    unreadable: &mut BTreeSet<String>,
) -> Result<(Vec<RuleFile>, Option<String>), Failure> {
    let mut read = |path: &Path| {
        let found = files::read(path, Naming::AsGiven, Which::All, &terminal.limits)?;
        unreadable.extend(found.unreadable.iter().map(|error| files::remarks(std::slice::from_ref(error))));
        Ok(found.files)
    };
    let own = read(path)?;
    match files::pack_of(path) {
        Some(pack) if pack != path => {
            // Files are selected by name, and a path such as `rules/x/..` is no prefix of the names.
            let all = read(&pack)?;
            let below = slashes(path);
            if all.iter().any(|file| is_below(&file.name, Some(&below))) {
                Ok((all, Some(below)))
            } else {
                Ok((own, None))
            }
        }
        Some(_) | None => Ok((own, None)),
    }
}

pub(super) fn is_below(name: &str, folder: Option<&str>) -> bool {
    folder.is_none_or(|folder| {
        let folder = folder.trim_end_matches('/');
        folder == "." || name == folder || name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    })
}

pub(super) fn default_path() -> PathBuf {
    let rules = PathBuf::from("rules");
    if files::is_pack(&rules) { rules } else { PathBuf::from(".") }
}

fn chosen(mut one: Diagnostic, arguments: &Arguments) -> Option<Diagnostic> {
    if arguments.strict && one.code.strict {
        one.severity = Severity::Error;
    }
    let is_listed = |names: &[String]| names.iter().any(|name| is_named(one.code, name));
    let left_out = one.severity != Severity::Error && is_listed(&arguments.ignore);
    let selected = arguments.select.is_empty() || is_listed(&arguments.select);
    (selected && !left_out).then_some(one)
}

fn is_named(code: &Code, name: &str) -> bool {
    let upper = name.to_uppercase();
    code.slug == name || (upper.len() > 3 && upper.starts_with("AMP") && code.name().starts_with(&upper))
}

impl CheckReport {
    /// The exit code.
    #[must_use]
    pub fn exit(&self, fail_on: FailOn) -> Exit {
        let failing = match fail_on {
            FailOn::Error => self.diagnostics.count(Severity::Error),
            FailOn::Warning => self.diagnostics.count(Severity::Error) + self.diagnostics.count(Severity::Warning),
        };
        if !self.unreadable.is_empty() {
            return Exit::Usage;
        }
        match (self.loads, failing) {
            (false, _) => Exit::Rules,
            (true, 0) => Exit::Success,
            (true, _) => Exit::Findings,
        }
    }

    /// The report in the requested formats; those with a file are written to it.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn render(&self, arguments: &Arguments, terminal: &Terminal) -> Result<CommandOutput, Failure> {
        let mut answer = Printable::default();
        let requested = !arguments.output.is_empty();
        let default = Output { format: CheckFormat::Full, file: None };
        let outputs = if requested { arguments.output.as_slice() } else { std::slice::from_ref(&default) };
        for output in outputs {
            match &output.file {
                None => answer.push(&self.formatted(output.format, terminal.answer, terminal.width)),
                Some(file) => {
                    let text = self.formatted(output.format, Colour::Never, terminal.width);
                    std::fs::write(file, text)
                        .map_err(|error| Failure::usage(&format!("cannot write `{}`: {error}", file.display())))?;
                }
            }
        }
        if !requested && std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
            answer.push(&github::render(&self.diagnostics));
        }
        let counts = |severity: Severity| plural(self.diagnostics.count(severity), severity.as_str());
        let unreadable: String = self.unreadable.iter().map(String::as_str).collect();
        let remarks = Printable::lines(&format!(
            "{unreadable}{} checked: {}, {}\n",
            plural(self.files, "file"),
            counts(Severity::Error),
            counts(Severity::Warning)
        ));
        Ok(CommandOutput { answer, remarks, exit: self.exit(arguments.fail_on) })
    }

    fn formatted(&self, format: CheckFormat, colour: Colour, width: usize) -> Printable {
        match format {
            CheckFormat::Full => self.diagnostics.full(look(colour), width),
            CheckFormat::Concise => Printable::lines(&self.diagnostics.concise()),
            CheckFormat::Json => json(&self.diagnostics.to_wire()),
            CheckFormat::JsonLines => {
                let wires = self.diagnostics.to_wire();
                // The structs consist of strings and integers, whose serialisation cannot fail.
                let line = |wire| Printable::json(&format!("{}\n", serde_json::to_string(wire).unwrap_or_default()));
                wires.iter().map(line).collect()
            }
            CheckFormat::Github => github::render(&self.diagnostics),
            CheckFormat::Sarif => sarif::render(&self.diagnostics),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_named_by_number_family_and_name() {
        for word in ["AMP104", "amp104", "AMP1", "dangling-reference"] {
            assert!(is_named(&codes::DANGLING_REFERENCE, word), "{word}");
        }
        for word in ["AMP", "AMP2", "104", "dangling", ""] {
            assert!(!is_named(&codes::DANGLING_REFERENCE, word), "{word}");
        }
    }

    #[test]
    fn only_files_below_a_path_are_reported() {
        assert!(is_below("rules/a/pattern.yaml", Some("rules/a")));
        assert!(!is_below("rules/ab/pattern.yaml", Some("rules/a")));
        assert!(is_below("rules/a/pattern.yaml", Some("rules/a/pattern.yaml")));
        assert!(is_below("anything", None));
    }
}
