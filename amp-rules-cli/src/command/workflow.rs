//! `amp-rules workflow`: the workflow of a manual investigation.
//!
//! Rules in; a [`WorkflowReport`] out: steps with their items, and the patterns and queries for each item.

use amp_rules_core::RuleSet;
use amp_rules_core::report::{Colour, Page, TextOptions};
use clap::Args;
use serde::Serialize;

use super::{OutputFormat, json};
use crate::exit::{CommandOutput, Failure};
use crate::rules;
use crate::terminal::Terminal;

/// The arguments of `amp-rules workflow`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The rules.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The output format.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: OutputFormat,
}

/// A workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkflowReport {
    /// The steps, by number.
    pub steps: Vec<Step>,
    /// Notes on the whole workflow.
    pub notes: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its number; numbers may have gaps.
    pub step: u32,
    /// Its title.
    pub title: String,
    /// What to check.
    pub items: Vec<Item>,
}

/// One item of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its text.
    pub text: String,
    /// The patterns that check it.
    pub patterns: Vec<String>,
    /// The queries for it.
    pub queries: Vec<String>,
    /// The tables it needs.
    pub tables: Vec<String>,
}

/// Shows the workflow.
///
/// # Errors
///
/// The rules cannot be read or do not load.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<WorkflowReport, Failure> {
    rules::load(&arguments.rules, terminal).map(|rules| of(&rules))
}

fn of(rules: &RuleSet) -> WorkflowReport {
    let steps = rules
        .workflow
        .steps
        .iter()
        .map(|step| Step {
            step: step.step,
            title: step.title.clone(),
            items: step
                .items
                .iter()
                .map(|item| Item {
                    text: item.text.clone(),
                    patterns: item.patterns.iter().map(|&index| rules.pattern_id(index).to_owned()).collect(),
                    queries: item.queries.clone(),
                    tables: item.tables.clone(),
                })
                .collect(),
        })
        .collect();
    WorkflowReport { steps, notes: rules.workflow.notes.clone() }
}

impl WorkflowReport {
    /// The report in the given format.
    #[must_use]
    pub fn render(&self, format: OutputFormat, terminal: &Terminal) -> CommandOutput {
        if format == OutputFormat::Json {
            return CommandOutput::success(json(self));
        }
        let mut page = Page::new(&TextOptions { colour: Colour::Never, ..terminal.text_options() });
        for step in &self.steps {
            page.line(&format!("{}. {}", step.step, step.title));
            for item in &step.items {
                page.paragraph(&item.text, "   - ", "     ");
                for (name, list) in [("patterns", &item.patterns), ("queries", &item.queries), ("tables", &item.tables)]
                {
                    if !list.is_empty() {
                        page.paragraph(&format!("{name}: {}", list.join(", ")), "     ", "       ");
                    }
                }
            }
            page.line("");
        }
        if !self.notes.is_empty() {
            page.line("Notes");
            for note in &self.notes {
                page.paragraph(note, "   - ", "     ");
            }
        }
        if page.is_empty() {
            page.line("the rules have no workflow");
        }
        CommandOutput::success(page.finish())
    }
}
