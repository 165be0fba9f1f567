//! `amp-rules list`: the patterns of the rules.
//!
//! Rules in; a [`PatternList`] out. The text has one line per pattern, by class and id.

use amp_rules_core::RuleSet;
use amp_rules_core::report::layout::{plural, width};
use amp_rules_core::report::{Page, TextOptions};
use amp_rules_core::rules::model::Class;
use clap::Args;
use serde::Serialize;

use super::{OutputFormat, json};
use crate::exit::{CommandOutput, Failure};
use crate::rules;
use crate::terminal::Terminal;

/// The arguments of `amp-rules list`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The rules.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The output format.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: OutputFormat,
}

/// The patterns of a rule set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PatternList {
    /// The pack's name.
    pub pack: String,
    /// The pack's version.
    pub version: String,
    /// `sha256:…` of its files.
    pub digest: String,
    /// The patterns, by id.
    pub patterns: Vec<Line>,
    /// The names of its investigation queries.
    pub queries: Vec<String>,
}

/// One pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Its id.
    pub id: String,
    /// Its class.
    pub class: &'static str,
    /// Its severity.
    pub severity: &'static str,
    /// The entity kind it applies to.
    pub scope: String,
    /// Its title.
    pub title: String,
    /// The patterns it causes.
    pub causes: Vec<String>,
    /// KQL that its queries use and only a service has; without a service their symptoms are unknown.
    pub live_only: Vec<String>,
}

/// Lists the patterns.
///
/// # Errors
///
/// The rules cannot be read or do not load.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<PatternList, Failure> {
    rules::load(&arguments.rules, terminal).map(|rules| of(&rules))
}

fn of(rules: &RuleSet) -> PatternList {
    let mut live_only = amp_rules_kql::check::live_only_patterns(rules);
    let patterns = rules
        .patterns
        .iter()
        .map(|rule| Line {
            id: rule.pattern.id.clone(),
            class: rule.pattern.class.as_str(),
            severity: rule.pattern.severity.as_str(),
            scope: rule.pattern.scope.clone(),
            title: rule.pattern.title.clone(),
            causes: rule.pattern.causes.iter().map(|edge| edge.pattern.clone()).collect(),
            live_only: live_only.remove(&rule.pattern.id).unwrap_or_default(),
        })
        .collect();
    PatternList {
        pack: rules.pack.clone(),
        version: rules.version.clone(),
        digest: rules.digest.clone(),
        patterns,
        queries: rules.queries.iter().map(|query| query.name.clone()).collect(),
    }
}

impl PatternList {
    /// The report in the given format.
    #[must_use]
    pub fn render(&self, format: OutputFormat) -> CommandOutput {
        if format == OutputFormat::Json {
            return CommandOutput::success(json(self));
        }
        let mut page = Page::new(&TextOptions::default());
        for kind in [Class::Cause, Class::Effect, Class::Impact, Class::Complaint, Class::Benign, Class::Fact]
            .map(Class::as_str)
        {
            let of_kind: Vec<&Line> = self.patterns.iter().filter(|line| line.class == kind).collect();
            if of_kind.is_empty() {
                continue;
            }
            page.line(kind);
            let longest = of_kind.iter().map(|line| width(&line.id)).max().unwrap_or(0);
            for line in of_kind {
                let mark = if line.live_only.is_empty() {
                    String::new()
                } else {
                    format!("  (live-only: {})", line.live_only.join(", "))
                };
                page.line(&format!(
                    "  {:<longest$}  {:<8}  {:<10}  {}{mark}",
                    line.id, line.severity, line.scope, line.title
                ));
            }
        }
        let (patterns, queries) = (plural(self.patterns.len(), "pattern"), self.queries.len());
        page.line("");
        page.line(&format!("{patterns}, named queries: {queries}, in {} {}", self.pack, self.version));
        CommandOutput::success(page.finish())
    }
}
