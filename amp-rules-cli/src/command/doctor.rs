//! `amp-rules doctor`: whether the rules load, and whether the services have the tables that the rules read.
//!
//! Rules and optionally services in; a [`DoctorReport`] out. Only schemas of services are read, no rows.

use amp_rules_core::escape::Printable;
use amp_rules_core::report::{Page, TextOptions, layout};
use amp_rules_core::time::Window;
use amp_rules_core::{RuleSet, SourceErrorKind};
use amp_rules_kql::live::{Difference, TableCheck, TableState};
use clap::Args;
use serde::{Serialize, Serializer};

use super::{OutputFormat, json};
use crate::exit::{CommandOutput, Exit, Failure};
use crate::live;
use crate::rules;
use crate::scope;
use crate::terminal::Terminal;

/// The arguments of `amp-rules doctor`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The rules.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// Check also that the services have the tables of the pack, with their columns.
    #[arg(long)]
    pub live: bool,
    /// The services.
    #[command(flatten)]
    pub services: live::Services,
    /// The output format.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: OutputFormat,
}

/// The rules, and the tables of the services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DoctorReport {
    /// The pack's name and version.
    pub pack: String,
    /// How many patterns it has.
    pub patterns: usize,
    /// The tables of the pack, by name; empty if no service was queried.
    pub tables: Vec<Table>,
}

/// A table of the pack, compared with the one of its service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its name in the pack.
    pub table: String,
    /// The service that was queried.
    pub service: Option<String>,
    /// The result of the comparison.
    #[serde(serialize_with = "by_name")]
    pub state: TableStatus,
    /// The problems, one sentence each.
    pub problems: Vec<String>,
}

/// How a table of the pack compares with the one of its service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableStatus {
    /// The service has the table with all declared columns.
    Fits,
    /// The service has the table; columns are missing or have another type.
    Differs,
    /// No configured service has the table.
    NotConfigured,
    /// The table could not be read.
    Failed(SourceErrorKind),
}

impl TableStatus {
    /// The name in the report: `fits`, `missing_table`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fits => "fits",
            Self::Differs => "differs",
            Self::NotConfigured => "not_configured",
            Self::Failed(kind) => kind.as_str(),
        }
    }
}

fn by_name<S: Serializer>(status: &TableStatus, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(status.as_str())
}

/// Loads the rules and, with `--live`, compares the tables of the services with the pack.
///
/// # Errors
///
/// [`Exit::Rules`] for rules that do not load, [`Exit::Usage`] for invalid services.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<DoctorReport, Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    let tables = match (arguments.live, arguments.services.any()) {
        (false, false) => Vec::new(),
        (true, true) => compare(&rules, arguments, terminal)?,
        (false, true) => return Err(Failure::usage("services are queried with --live only")),
        (true, false) => {
            return Err(Failure::usage("no service to query: give --app-insights, --log-analytics or --kusto"));
        }
    };
    Ok(DoctorReport { pack: format!("{} {}", rules.pack, rules.version), patterns: rules.patterns.len(), tables })
}

fn compare(rules: &RuleSet, arguments: &Arguments, terminal: &Terminal) -> Result<Vec<Table>, Failure> {
    let source = arguments.services.source(rules, terminal)?;
    let now = scope::clock();
    // The services require a time range even for schemas.
    let window = Window { from: now.saturating_sub(std::time::Duration::from_secs(3600)), to: now };
    let found = super::diagnose::wait(source.check_schema(&rules.schema, window))?;
    Ok(found.into_iter().map(table).collect())
}

fn table(surveyed: TableCheck) -> Table {
    let (state, problems) = match surveyed.state {
        TableState::Fits => (TableStatus::Fits, Vec::new()),
        TableState::NotConfigured => (TableStatus::NotConfigured, Vec::new()),
        TableState::Failed(error) => (TableStatus::Failed(error.kind), vec![error.to_string()]),
        TableState::Differs(differences) => (TableStatus::Differs, differences.iter().map(difference).collect()),
        other => (TableStatus::Failed(SourceErrorKind::Other), vec![format!("{other:?}")]),
    };
    Table { table: surveyed.table, service: surveyed.service, state, problems }
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::ColumnMissing { column, declared } => {
            format!("column `{column}` ({}) is missing", declared.as_str())
        }
        Difference::ColumnOfOtherType { column, declared, found } => {
            format!("column `{column}` is {found}, not {}", declared.as_str())
        }
        other => format!("{other:?}"),
    }
}

impl DoctorReport {
    /// The exit code: findings if a queried table differs or is missing, undecided if none could be compared.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let states = self.tables.iter().map(|table| table.state).filter(|state| *state != TableStatus::NotConfigured);
        let compared = |state| match state {
            TableStatus::Fits | TableStatus::Differs => true,
            TableStatus::Failed(kind) => kind == SourceErrorKind::TableMissing,
            TableStatus::NotConfigured => false,
        };
        if states.clone().all(|state| state == TableStatus::Fits) {
            Exit::Success
        } else if states.clone().any(compared) {
            Exit::Findings
        } else {
            Exit::Undecided
        }
    }

    /// The report in the given format.
    #[must_use]
    pub fn render(&self, format: OutputFormat) -> CommandOutput {
        let answer = match format {
            OutputFormat::Json => json(self),
            OutputFormat::Text => self.text(),
        };
        CommandOutput { answer, remarks: Printable::default(), exit: self.exit() }
    }

    fn text(&self) -> Printable {
        let mut page = Page::new(&TextOptions::default());
        page.line(&format!("rules: {}, {} patterns, loaded", self.pack, self.patterns));
        let width = self.tables.iter().map(|table| layout::width(&table.table)).max().unwrap_or_default();
        for table in &self.tables {
            let place = table.service.as_deref().map_or(String::new(), |service| format!(" in {service}"));
            page.line(&format!("{:width$}  {}{place}", table.table, table.state.as_str().replace('_', " ")));
            for problem in &table.problems {
                page.line(&format!("{:width$}    {problem}", ""));
            }
        }
        page.finish()
    }
}
