//! `amp-rules doctor`: whether a diagnosis can be made here at all.
//!
//! Rules and, where asked for, services in; an [`Examined`] out: whether the rules load, and per table of the pack whether its
//! service has it as the pack says. Only schemas are read, no rows.

use amp_rules_core::RuleSet;
use amp_rules_core::time::Window;
use amp_rules_kql::live::{Difference, TableCheck, TableState};
use clap::Args;
use serde::Serialize;

use super::{Form, json};
use crate::exit::{Done, Exit, Failure};
use crate::live;
use crate::rules;
use crate::scope;
use crate::screen::Screen;

/// What `amp-rules doctor` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Which rules to use.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// Ask the services too: which tables of the pack they have, and with which columns.
    #[arg(long)]
    pub live: bool,
    /// Which services.
    #[command(flatten)]
    pub services: live::Services,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: Form,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Examined {
    /// The pack's name and version.
    pub pack: String,
    /// How many patterns it has.
    pub patterns: usize,
    /// The tables that were looked at, by name; empty where no service was asked.
    pub tables: Vec<Table>,
}

/// A table of the pack and what its service says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Table {
    /// Its name in the pack.
    pub table: String,
    /// The service that was asked.
    pub service: Option<String>,
    /// `fits`, `differs`, `not_configured`, or what kept it from being looked at.
    pub state: &'static str,
    /// What is wrong, in words; one sentence each.
    pub problems: Vec<String>,
}

/// Examines.
///
/// # Errors
///
/// [`Exit::Rules`] for rules that do not load, [`Exit::Usage`] for services that cannot be used as they are named.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Examined, Failure> {
    let rules = rules::load(&arguments.rules, screen)?;
    let tables = match (arguments.live, arguments.services.any()) {
        (false, false) => Vec::new(),
        (true, true) => survey(&rules, arguments, screen)?,
        (false, true) => return Err(Failure::usage("services are asked with --live only")),
        (true, false) => {
            return Err(Failure::usage("cannot ask any service: give --app-insights, --log-analytics or --kusto"));
        }
    };
    Ok(Examined { pack: format!("{} {}", rules.pack, rules.version), patterns: rules.patterns.len(), tables })
}

fn survey(rules: &RuleSet, arguments: &Arguments, screen: &Screen) -> Result<Vec<Table>, Failure> {
    let source = arguments.services.source(rules, screen)?;
    let now = scope::clock();
    // Schemas have no time; the services want one all the same.
    let window = Window { from: now.minus(std::time::Duration::from_secs(3600)), to: now };
    let found = super::diagnose::wait(source.check_schema(&rules.schema, window))?;
    Ok(found.into_iter().map(told).collect())
}

fn told(surveyed: TableCheck) -> Table {
    let (state, problems) = match surveyed.state {
        TableState::Fits => ("fits", Vec::new()),
        TableState::NotConfigured => ("not_configured", Vec::new()),
        TableState::Failed(error) => (error.kind.word(), vec![error.to_string()]),
        TableState::Differs(differences) => ("differs", differences.iter().map(difference).collect()),
    };
    Table { table: surveyed.table, service: surveyed.service, state, problems }
}

fn difference(difference: &Difference) -> String {
    match difference {
        Difference::ColumnMissing { column, declared } => {
            format!("column `{column}` ({}) is not there", declared.word())
        }
        Difference::ColumnOfOtherType { column, declared, found } => {
            format!("column `{column}` should be {} and is {found}", declared.word())
        }
    }
}

impl Examined {
    /// How the program ends: something is found where a table that was asked for is not as it should be.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let asked = self.tables.iter().filter(|table| table.state != "not_configured");
        if asked.clone().all(|table| table.state == "fits") {
            Exit::Fine
        } else if asked.clone().any(|table| matches!(table.state, "fits" | "differs" | "missing_table")) {
            Exit::Found
        } else {
            Exit::Undecided
        }
    }

    /// The answer in its form.
    #[must_use]
    pub fn render(&self, form: Form) -> Done {
        let answer = match form {
            Form::Json => json(self),
            Form::Text => self.text(),
        };
        Done { answer, remarks: String::new(), exit: self.exit() }
    }

    fn text(&self) -> String {
        let mut out = format!("rules: {}, {} patterns: they load\n", self.pack, self.patterns);
        let width = self.tables.iter().map(|table| table.table.len()).max().unwrap_or_default();
        for table in &self.tables {
            let place = table.service.as_deref().map_or(String::new(), |service| format!(" in {service}"));
            out.push_str(&format!("{:width$}  {}{place}\n", table.table, table.state.replace('_', " ")));
            for problem in &table.problems {
                out.push_str(&format!("{:width$}    {problem}\n", ""));
            }
        }
        out
    }
}
