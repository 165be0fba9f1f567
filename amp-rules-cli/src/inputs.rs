//! The files and folders of one run, and the scope that follows from them.
//!
//! Paths and options in; an open source, a [`Scope`] and remarks out. `incident.yaml` and options take precedence; what neither
//! defines follows from the rows, and a remark says so.

use std::collections::BTreeMap;
use std::path::PathBuf;

use amp_rules_core::escape::{Printable, inline};
use amp_rules_core::{RuleSet, Scope};
use amp_rules_fixtures::folder::{FolderSummary, OpenError, OpenErrorKind, RowScopeError};
use amp_rules_fixtures::form::{DateOrder, FileOptions, GivenKey};
use amp_rules_fixtures::{FixtureSource, IncidentError};
use clap::{Args, ValueEnum};

use crate::exit::{Exit, Failure};
use crate::scope::{self, DefaultEnd};
use crate::terminal::{Terminal, look};

/// How many values of a subject's key a message lists.
const LISTED: usize = 20;

/// What files lack.
#[derive(Clone, Debug, Default, Args)]
#[group(id = "input-options")]
pub struct Options {
    /// An entity key for rows that lack it: `podname=p1`, or `PATH@podname=p1` for one file or folder. Can be repeated.
    #[arg(long, value_name = "[PATH@]KEY=VALUE")]
    pub entity: Vec<String>,
    /// The time zone of times without one: `UTC`, or an offset such as `+02:00`.
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// The order of day and month in dates such as `5/8/2025`.
    #[arg(long, value_enum, value_name = "ORDER")]
    pub date_order: Option<Order>,
}

/// The orders of day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// `24/8/2025`
    DayMonth,
    /// `8/24/2025`
    MonthDay,
}

impl Options {
    /// The same for the reader of files; `now` is the value of `--now`.
    ///
    /// # Errors
    ///
    /// A value is invalid.
    pub fn file_options(&self, now: Option<&str>) -> Result<FileOptions, Failure> {
        let mut options = FileOptions::default();
        for text in &self.entity {
            let wrong = || {
                Failure::usage(&format!(
                    "cannot use `--entity {text}`: expected KEY=VALUE, or PATH@KEY=VALUE for one file"
                ))
            };
            let (left, value) = text.split_once('=').ok_or_else(wrong)?;
            let (path, key) = left.rsplit_once('@').map_or((None, left), |(path, key)| (Some(path.to_owned()), key));
            if key.is_empty() || value.is_empty() || path.as_deref() == Some("") {
                return Err(wrong());
            }
            options.keys.push(GivenKey { path, key: key.to_owned(), value: value.to_owned() });
        }
        if let Some(text) = &self.timezone {
            let zone = text.parse().map_err(|what| Failure::usage(&format!("cannot use `--timezone`: {what}")))?;
            options.timezone = Some(zone);
        }
        options.date_order = self.date_order.map(|order| match order {
            Order::DayMonth => DateOrder::DayMonth,
            Order::MonthDay => DateOrder::MonthDay,
        });
        options.now = scope::instant("--now", now)?;
        Ok(options)
    }
}

/// Opens files and folders.
///
/// # Errors
///
/// [`Exit::Usage`] for paths that are missing or cannot be read, for an invalid `incident.yaml`, and for an unknown key;
/// [`Exit::Undecided`] if no row can be read.
pub fn open(
    paths: &[PathBuf],
    options: &FileOptions,
    rules: &RuleSet,
    terminal: &Terminal,
) -> Result<FixtureSource, Failure> {
    for given in &options.keys {
        let keys = || rules.schema.entities.iter().flat_map(|kind| &kind.keys).map(String::as_str);
        if !keys().any(|key| key == given.key) {
            let near = amp_rules_core::suggest::nearest(&given.key, keys());
            let guess = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(Failure::usage(&format!(
                "cannot use `--entity`: no entity has the key `{}`{guess}",
                given.key
            )));
        }
    }
    FixtureSource::open_paths(paths, &rules.schema, options, terminal.limits).map_err(|error| {
        if let OpenError::Incident { error: IncidentError::Wrong(problems), folder } = &error {
            let shown = problems.full(look(terminal.remarks), terminal.width);
            let sentence = format!("cannot use the `incident.yaml` of `{}`", folder.display());
            return Failure::usage(&sentence).below(shown);
        }
        let exit = match error.kind() {
            OpenErrorKind::Path | OpenErrorKind::Incident => Exit::Usage,
            OpenErrorKind::Nothing => Exit::Undecided,
        };
        let lines = match &error {
            OpenError::Empty { remarks, .. } => {
                remarks.iter().map(|one| format!("  {}: {}", one.origin, one.what)).collect()
            }
            _ => Vec::new(),
        };
        Failure::caused(exit, &error).with_lines(lines)
    })
}

/// The scope of a run, and what was not defined for it.
#[derive(Debug)]
pub struct ChosenScope {
    /// The scope.
    pub scope: Scope,
    /// Where it follows from the rows, for stderr.
    pub remarks: Printable,
}

/// The scope of files: that of their `incident.yaml` with the options applied, and the rest from the rows.
///
/// # Errors
///
/// An option is invalid, or the rows do not decide what is missing.
pub fn scope_of(source: &mut FixtureSource, options: &scope::Options, rules: &RuleSet) -> Result<ChosenScope, Failure> {
    let known = source.incident().map(amp_rules_fixtures::Incident::scope);
    let of_incident = known.as_ref().map(|scope| scope.subject.clone()).unwrap_or_default();
    let of_options = scope::subject(options)?;
    let keys = source.subject_keys().to_vec();
    let has_subject = keys.iter().all(|key| of_incident.contains_key(key)) && !of_incident.is_empty();
    let has_end = known.is_some() || options.now.is_some() || options.to.is_some();
    let required = || DefaultEnd::Required(String::new());
    if has_subject && of_options.is_empty() && has_end && !source.has_other_forms() {
        return Ok(ChosenScope {
            scope: scope::of(options, known, rules, &required())?,
            remarks: Printable::default(),
        });
    }
    let summary = source.summary(&keys);
    let mut given: BTreeMap<String, String> = of_incident.clone();
    given.extend(of_options.clone());
    let of_rows = match source.scope_of_rows(&summary, &given) {
        Ok(of_rows) => Some(of_rows),
        // An incident may be recorded without a row of its subject.
        Err(RowScopeError::Unknown { key, .. }) if !of_options.contains_key(&key) => None,
        Err(RowScopeError::NoRows) if has_end => None,
        Err(error) => return Err(undecided(&error)),
    };
    let Some(of_rows) = of_rows else {
        return Ok(ChosenScope {
            scope: scope::of(options, known, rules, &required())?,
            remarks: Printable::default(),
        });
    };
    let mut lines = of_rows.subject.clone();
    let is_dated = has_end || options.from.is_some();
    if !is_dated {
        lines.push(of_rows.window.clone());
    }
    lines.extend(far(&summary));
    let base = match known {
        Some(mut known) => {
            known.subject = of_rows.scope.subject;
            known
        }
        None => of_rows.scope,
    };
    let scope = scope::of(options, Some(base), rules, &required())?;
    let remarks: String = lines.iter().map(|line| format!("amp-rules: {}\n", inline(line))).collect();
    Ok(ChosenScope { scope, remarks: Printable::lines(&remarks) })
}

/// Rows that are far from the others, in words.
fn far(summary: &FolderSummary) -> impl Iterator<Item = String> + '_ {
    summary.far.iter().map(|(from, to, rows)| {
        let span = if from == to { format!("at {from}") } else { format!("from {from} to {to}") };
        format!("{rows} rows {span} are more than 24 h from the others and do not decide the window")
    })
}

/// The failure of rows that do not decide a scope, with the choices.
fn undecided(error: &RowScopeError) -> Failure {
    let option = |key: &str| if key == "cluster" { "--cluster ".to_owned() } else { format!("--subject {key}=") };
    let choices = |key: &str, values: &[(String, u64)]| {
        let mut lines: Vec<String> = values
            .iter()
            .take(LISTED)
            .map(|(value, rows)| format!("  {}{value}   ({rows} rows)", option(key)))
            .collect();
        if let Some(more) = values.len().checked_sub(LISTED).filter(|more| *more > 0) {
            lines.push(format!("  and {more} more"));
        }
        lines
    };
    match error {
        RowScopeError::Several { key, values } => {
            Failure::usage(&format!("cannot choose what to diagnose: {error}; give one of them"))
                .with_lines(choices(key, values))
        }
        RowScopeError::Unknown { key, values, .. } => {
            Failure::usage(&format!("cannot diagnose: {error}; the rows name")).with_lines(choices(key, values))
        }
        _ => Failure::usage(&format!("cannot choose what to diagnose: {error}; give --now")),
    }
}
