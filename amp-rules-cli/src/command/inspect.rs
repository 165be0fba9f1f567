//! `amp-rules inspect`: what each file was taken for, and what is missing for a diagnosis.
//!
//! Files and folders in; an [`Inspection`] out. Every row is read once; nothing is evaluated.

use std::collections::BTreeSet;
use std::path::PathBuf;

use amp_rules_core::Scope;
use amp_rules_core::report::layout::plural;
use amp_rules_core::report::{Page, TextOptions};
use amp_rules_core::time::{Time, Window};
use clap::Args;
use serde::Serialize;

use super::{OutputFormat, diagnose, json};
use crate::exit::{CommandOutput, Failure};
use crate::inputs;
use crate::rules;
use crate::terminal::Terminal;

const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

/// How many values of a subject's key the text lists.
const LISTED: usize = 20;

/// The arguments of `amp-rules inspect`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Files and folders.
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
    /// What the files lack.
    #[command(flatten)]
    pub inputs: inputs::Options,
    /// The instant of the diagnosis (RFC 3339), for times without a year.
    #[arg(long, value_name = "TIME")]
    pub now: Option<String>,
    /// The rules.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The output format.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: OutputFormat,
}

/// What files have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inspection {
    /// The files of rows, by table and name.
    pub files: Vec<File>,
    /// The files that are not read.
    pub not_read: Vec<NotRead>,
    /// The values of the subject's keys.
    pub subjects: Vec<Subject>,
    /// The window that follows from the rows: from, to. Absent without rows.
    pub window: Option<(String, String)>,
    /// What is missing for a diagnosis, in words.
    pub missing: Vec<String>,
}

/// A file of rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct File {
    /// Its name.
    pub name: String,
    /// The table whose rows it has.
    pub table: String,
    /// What it was taken for.
    pub form: String,
    /// The number of rows.
    pub rows: u64,
    /// The times of the first and the last row.
    pub span: Option<(String, String)>,
    /// The number of unreadable rows and other problems.
    pub problems: u64,
    /// The first of these problems.
    pub first_problem: Option<String>,
}

/// A file that is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotRead {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// A value of a subject's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
    /// The number of rows.
    pub rows: u64,
}

/// Inspects files and folders.
///
/// # Errors
///
/// As [`inputs::open`], and rules that do not load.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Inspection, Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    let options = arguments.inputs.file_options(arguments.now.as_deref())?;
    let source = inputs::open(&arguments.paths, &options, &rules, terminal)?;
    let keys = source.subject_keys().to_vec();
    let summary = source.summary(&keys);
    let files: Vec<File> = summary
        .files
        .iter()
        .map(|file| File {
            name: file.name.clone(),
            table: file.table.clone(),
            form: file.form.clone(),
            rows: file.rows,
            span: file.span.map(|(from, to)| (from.to_string(), to.to_string())),
            problems: file.problems,
            first_problem: file.first_problem.clone(),
        })
        .collect();
    let mut missing = Vec::new();
    for file in &summary.files {
        missing.extend(file.lacks.iter().filter(|_| file.rows > 0).map(|key| {
            format!("{}: no row names a `{key}`; give `--entity {key}=…`, unless it is the only one", file.name)
        }));
    }
    for key in &keys {
        let values = summary.values(key).len();
        if values > 1 {
            missing.push(format!("the rows name {values} values of `{key}`; `diagnose` needs one of them"));
        }
    }
    let epoch = Time::from_ticks(0);
    let scope = Scope::new(summary.window().unwrap_or(Window { from: epoch.saturating_sub(DAY), to: epoch }));
    let plan = diagnose::plan(&rules, &scope)?;
    let read: BTreeSet<String> =
        plan.requests().iter().flat_map(|request| request.tables().map(|table| table.name.clone())).collect();
    for table in read.iter().filter(|table| !source.tables().contains(&table.as_str())) {
        missing.push(format!("no file of `{table}`; its symptoms will be unknown"));
    }
    let subjects = keys.iter().flat_map(|key| {
        let value = |(value, rows)| Subject { key: key.clone(), value, rows };
        summary.values(key).into_iter().map(value).collect::<Vec<_>>()
    });
    Ok(Inspection {
        files,
        not_read: source
            .problems()
            .iter()
            .map(|problem| NotRead { name: problem.origin.clone(), reason: problem.what.clone() })
            .collect(),
        subjects: subjects.collect(),
        window: summary.window().map(|window| (window.from.to_string(), window.to.to_string())),
        missing,
    })
}

impl Inspection {
    /// The report in the given format.
    #[must_use]
    pub fn render(&self, format: OutputFormat) -> CommandOutput {
        if format == OutputFormat::Json {
            return CommandOutput::success(json(self));
        }
        let mut page = Page::new(&TextOptions::default());
        page.line("Files");
        for file in &self.files {
            page.line(&format!("  {}", file.name));
            let span = file.span.as_ref().map_or(String::new(), |(from, to)| format!(", {from} to {to}"));
            page.line(&format!("    {} of `{}`{span}", plural_rows(file.rows), file.table));
            page.line(&format!("    form: {}", file.form));
            if let Some(first) = &file.first_problem {
                page.line(&format!("    {} unreadable, the first: {first}", plural_rows(file.problems)));
            }
        }
        if !self.not_read.is_empty() {
            page.line("");
            page.line("Not read");
            for file in &self.not_read {
                page.line(&format!("  {}: {}", file.name, file.reason));
            }
        }
        if !self.subjects.is_empty() {
            page.line("");
            page.line("Subjects");
            for subject in self.subjects.iter().take(LISTED) {
                page.line(&format!("  {}={}   ({})", subject.key, subject.value, plural_rows(subject.rows)));
            }
            if self.subjects.len() > LISTED {
                page.line(&format!("  and {} more", self.subjects.len() - LISTED));
            }
        }
        if let Some((from, to)) = &self.window {
            page.line("");
            page.line("Window");
            page.line(&format!("  {from} to {to}"));
        }
        if !self.missing.is_empty() {
            page.line("");
            page.line("Missing for a diagnosis");
            self.missing.iter().for_each(|line| page.line(&format!("  {line}")));
        }
        CommandOutput::success(page.finish())
    }
}

fn plural_rows(rows: u64) -> String {
    plural(usize::try_from(rows).unwrap_or(usize::MAX), "row")
}
