//! `amp-rules workflow`: the investigation workflow of the rules, for whoever looks by hand.
//!
//! Rules in, a [`Shown`] out: steps with what to look at, and which patterns and queries answer it.

use amp_rules_core::RuleSet;
use clap::Args;
use serde::Serialize;

use super::{Form, json, wrap};
use crate::exit::{Done, Failure};
use crate::rules;
use crate::screen::Screen;

/// What `amp-rules workflow` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Which rules to use.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: Form,
}

/// A workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The steps, by number.
    pub steps: Vec<Step>,
    /// Remarks for whoever investigates.
    pub notes: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Its number; numbers may have gaps.
    pub step: u32,
    /// Its title.
    pub title: String,
    /// What to look at.
    pub items: Vec<Item>,
}

/// One item of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its words.
    pub text: String,
    /// The patterns that answer it.
    pub patterns: Vec<String>,
    /// The queries that help.
    pub queries: Vec<String>,
    /// The tables that it reads.
    pub tables: Vec<String>,
}

/// Shows the workflow.
///
/// # Errors
///
/// The rules cannot be read or do not load.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Shown, Failure> {
    rules::load(&arguments.rules, screen).map(|rules| of(&rules))
}

fn of(rules: &RuleSet) -> Shown {
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
    Shown { steps, notes: rules.workflow.notes.clone() }
}

impl Shown {
    /// The answer in its form.
    #[must_use]
    pub fn render(&self, form: Form, screen: &Screen) -> Done {
        if form == Form::Json {
            return Done::fine(json(self));
        }
        let mut out = String::new();
        for step in &self.steps {
            out.push_str(&format!("{}. {}\n", step.step, step.title));
            for item in &step.items {
                out.push_str(&wrap(&item.text, screen.width, "   - ", "     "));
                for (name, list) in [("patterns", &item.patterns), ("queries", &item.queries), ("tables", &item.tables)]
                {
                    if !list.is_empty() {
                        out.push_str(&wrap(&format!("{name}: {}", list.join(", ")), screen.width, "     ", "       "));
                    }
                }
            }
            out.push('\n');
        }
        if !self.notes.is_empty() {
            out.push_str("Notes\n");
            for note in &self.notes {
                out.push_str(&wrap(note, screen.width, "   - ", "     "));
            }
        }
        if out.is_empty() {
            out.push_str("the rules have no workflow\n");
        }
        Done::fine(out)
    }
}
