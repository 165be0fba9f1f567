//! `amp-rules check`: what is wrong with rule files, where, and how to mend it.
//!
//! Paths in, a [`Checked`] out: every problem of every file, sorted, with the texts. Rules are compiled as whole packs, so
//! that references can be checked; what is told is what lies below the paths given.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use amp_rules_core::RuleFile;
use amp_rules_core::report::Colour;
use amp_rules_core::rules::codes;
use amp_rules_core::rules::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use clap::{Args, ValueEnum};

use crate::exit::{Done, Exit, Failure};
use crate::files::{self, Naming, Which, slashes};
use crate::screen::{Screen, look};

mod github;
mod sarif;

/// What `amp-rules check` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Rule files or folders; a pattern is checked together with the pack it belongs to. [default: `rules`, or here]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The form of the answer, and a file to write it to instead of stdout: full, concise, json, jsonl, github, sarif.
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub output: Vec<Output>,
    /// The severity from which on the check fails.
    #[arg(long, value_enum, default_value = "error", value_name = "SEVERITY")]
    pub fail_on: FailOn,
    /// Tell only these: codes (`AMP104`), families (`AMP1`) or names (`dangling-reference`).
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Leave these out, errors excepted.
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Make errors of the warnings that the strict profile is about.
    #[arg(long)]
    pub strict: bool,
}

/// The severity from which on a check fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors only.
    Error,
    /// Warnings too.
    Warning,
}

/// A form of the answer and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    form: Form,
    file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
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
        let form = match name {
            "full" => Form::Full,
            "concise" => Form::Concise,
            "json" => Form::Json,
            "jsonl" => Form::JsonLines,
            "github" => Form::Github,
            "sarif" => Form::Sarif,
            _ => return Err("expected full, concise, json, jsonl, github or sarif".to_owned()),
        };
        Ok(Self { form, file })
    }
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// How many files were looked at.
    pub files: usize,
    /// The problems.
    pub diagnostics: Diagnostics,
    /// Whether the files load: none of them has an error by itself, whatever is lifted to one.
    pub loads: bool,
}

/// Checks.
///
/// # Errors
///
/// [`Exit::Usage`] where a path cannot be read, holds no rule file, or a code does not exist.
pub fn run(arguments: &Arguments) -> Result<Checked, Failure> {
    for word in arguments.select.iter().chain(&arguments.ignore) {
        if !codes::ALL.iter().any(|code| is_meant(code, word)) {
            return Err(Failure::usage(&format!(
                "unknown diagnostic `{word}`: expected a code such as AMP104, a family such as AMP1, or a name"
            )));
        }
    }
    let paths = if arguments.paths.is_empty() { vec![default_path()] } else { arguments.paths.clone() };
    let mut looked_at = 0;
    let mut loads = true;
    let mut diagnostics = Diagnostics::default();
    for path in &paths {
        let (files, below) = gather(path)?;
        let told = files.iter().filter(|file| is_below(&file.name, below.as_deref())).count();
        if told == 0 {
            return Err(Failure::usage(&format!("cannot check `{}`: there is no rule file", path.display())));
        }
        looked_at += told;
        let found = amp_rules_kql::check::check(&files).diagnostics;
        diagnostics = diagnostics.merge(found.filter_map(|one| {
            let here = one.span().is_none_or(|span| is_below(&span.file, below.as_deref()));
            loads &= !here || one.severity != Severity::Error;
            here.then_some(one)
        }));
    }
    let diagnostics = diagnostics.filter_map(|one| chosen(one, arguments));
    Ok(Checked { files: looked_at, loads, diagnostics })
}

/// The files that a path is checked with, and the path where only what lies below it is told.
fn gather(path: &Path) -> Result<(Vec<RuleFile>, Option<String>), Failure> {
    let own = files::read(path, Naming::AsGiven, Which::All)?;
    match files::pack_of(path) {
        Some(pack) if pack != path => {
            // `rules/x/..` and the like: what is told is compared by name, so the names must be of one kind.
            let all = files::read(&pack, Naming::AsGiven, Which::All)?;
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
    let named = |words: &[String]| words.iter().any(|word| is_meant(one.code, word));
    let left_out = one.severity != Severity::Error && named(&arguments.ignore);
    let selected = arguments.select.is_empty() || named(&arguments.select);
    (selected && !left_out).then_some(one)
}

fn is_meant(code: &Code, word: &str) -> bool {
    let upper = word.to_uppercase();
    code.slug == word || (upper.len() > 3 && upper.starts_with("AMP") && code.name().starts_with(&upper))
}

impl Checked {
    /// How the program ends.
    #[must_use]
    pub fn exit(&self, fail_on: FailOn) -> Exit {
        let failing = match fail_on {
            FailOn::Error => self.diagnostics.count(Severity::Error),
            FailOn::Warning => self.diagnostics.count(Severity::Error) + self.diagnostics.count(Severity::Warning),
        };
        match (self.loads, failing) {
            (false, _) => Exit::Rules,
            (true, 0) => Exit::Fine,
            (true, _) => Exit::Found,
        }
    }

    /// The answer in its forms; those with a file are written there.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn render(&self, arguments: &Arguments, screen: &Screen) -> Result<Done, Failure> {
        let mut answer = String::new();
        let asked = !arguments.output.is_empty();
        let default = Output { form: Form::Full, file: None };
        let outputs = if asked { arguments.output.as_slice() } else { std::slice::from_ref(&default) };
        for output in outputs {
            match &output.file {
                None => answer.push_str(&self.form(output.form, screen.answer, screen.width)),
                Some(file) => {
                    let text = self.form(output.form, Colour::Never, screen.width);
                    std::fs::write(file, text)
                        .map_err(|error| Failure::usage(&format!("cannot write `{}`: {error}", file.display())))?;
                }
            }
        }
        if !asked && std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
            answer.push_str(&github::render(&self.diagnostics));
        }
        let counts = |severity: Severity| many(self.diagnostics.count(severity), severity.as_str());
        let remarks = format!(
            "{} checked: {}, {}\n",
            many(self.files, "file"),
            counts(Severity::Error),
            counts(Severity::Warning)
        );
        Ok(Done { answer, remarks, exit: self.exit(arguments.fail_on) })
    }

    fn form(&self, form: Form, colour: Colour, width: usize) -> String {
        match form {
            Form::Full => self.diagnostics.full(look(colour), width),
            Form::Concise => self.diagnostics.concise(),
            Form::Json => format!("{}\n", self.diagnostics.to_json()),
            Form::JsonLines => {
                let wires = self.diagnostics.to_wire();
                // The wire structs hold texts and whole numbers only, which always serialise.
                wires.iter().map(|wire| format!("{}\n", serde_json::to_string(wire).unwrap_or_default())).collect()
            }
            Form::Github => github::render(&self.diagnostics),
            Form::Sarif => sarif::render(&self.diagnostics),
        }
    }
}

pub(super) fn many(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_meant_by_number_family_and_name() {
        for word in ["AMP104", "amp104", "AMP1", "dangling-reference"] {
            assert!(is_meant(&codes::DANGLING_REFERENCE, word), "{word}");
        }
        for word in ["AMP", "AMP2", "104", "dangling", ""] {
            assert!(!is_meant(&codes::DANGLING_REFERENCE, word), "{word}");
        }
    }

    #[test]
    fn only_what_lies_below_a_path_is_told() {
        assert!(is_below("rules/a/pattern.yaml", Some("rules/a")));
        assert!(!is_below("rules/ab/pattern.yaml", Some("rules/a")));
        assert!(is_below("rules/a/pattern.yaml", Some("rules/a/pattern.yaml")));
        assert!(is_below("anything", None));
    }
}
