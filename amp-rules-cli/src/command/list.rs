//! `amp-rules list`: the patterns of the rules.
//!
//! Rules in, a [`Listed`] out: one line per pattern, by class and id.

use amp_rules_core::RuleSet;
use amp_rules_core::rules::model::{Class, Severity};
use clap::Args;
use serde::Serialize;

use super::check::many;
use super::{Form, json};
use crate::exit::{Done, Failure};
use crate::rules;
use crate::screen::Screen;

/// What `amp-rules list` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Which rules to use.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: Form,
}

/// The patterns of a rule set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listed {
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
    /// The entity kind that one instance speaks of.
    pub scope: String,
    /// Its title.
    pub title: String,
    /// What it brings about.
    pub causes: Vec<String>,
    /// What its queries use that only a service has: over recorded telemetry those stay unknown.
    pub live_only: Vec<String>,
}

/// Lists.
///
/// # Errors
///
/// The rules cannot be read or do not load.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Listed, Failure> {
    rules::load(&arguments.rules, screen).map(|rules| of(&rules))
}

fn of(rules: &RuleSet) -> Listed {
    let mut live_only = amp_rules_kql::check::live_only_patterns(rules);
    let patterns = rules
        .patterns
        .iter()
        .map(|rule| Line {
            id: rule.pattern.id.clone(),
            class: class(rule.pattern.class),
            severity: severity(rule.pattern.severity),
            scope: rule.pattern.scope.clone(),
            title: rule.pattern.title.clone(),
            causes: rule.pattern.causes.iter().map(|edge| edge.pattern.clone()).collect(),
            live_only: live_only.remove(&rule.pattern.id).unwrap_or_default(),
        })
        .collect();
    Listed {
        pack: rules.pack.clone(),
        version: rules.version.clone(),
        digest: rules.digest.clone(),
        patterns,
        queries: rules.queries.iter().map(|query| query.name.clone()).collect(),
    }
}

impl Listed {
    /// The answer in its form.
    #[must_use]
    pub fn render(&self, form: Form) -> Done {
        if form == Form::Json {
            return Done::fine(json(self));
        }
        let mut out = String::new();
        for kind in
            [Class::Cause, Class::Effect, Class::Impact, Class::Complaint, Class::Benign, Class::Fact].map(class)
        {
            let of_kind: Vec<&Line> = self.patterns.iter().filter(|line| line.class == kind).collect();
            if of_kind.is_empty() {
                continue;
            }
            out.push_str(&format!("{kind}\n"));
            let longest = of_kind.iter().map(|line| line.id.len()).max().unwrap_or(0);
            for line in of_kind {
                let mark = if line.live_only.is_empty() {
                    String::new()
                } else {
                    format!("  (live-only: {})", line.live_only.join(", "))
                };
                out.push_str(&format!(
                    "  {:<longest$}  {:<8}  {:<10}  {}{mark}\n",
                    line.id, line.severity, line.scope, line.title
                ));
            }
        }
        let (patterns, queries) = (many(self.patterns.len(), "pattern"), self.queries.len());
        out.push_str(&format!("\n{patterns}, named queries: {queries}, in {} {}\n", self.pack, self.version));
        Done::fine(out)
    }
}

/// The word of rule files.
pub(super) fn class(class: Class) -> &'static str {
    match class {
        Class::Cause => "cause",
        Class::Effect => "effect",
        Class::Impact => "impact",
        Class::Complaint => "complaint",
        Class::Benign => "benign",
        Class::Fact => "fact",
    }
}

/// The word of rule files.
pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Critical => "critical",
    }
}
