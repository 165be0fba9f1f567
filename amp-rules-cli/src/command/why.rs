//! `amp-rules why` and `amp-rules why-not`: why a pattern matched or did not match.
//!
//! A pattern and an incident folder in; [`Proofs`] out. The verdicts are those of `diagnose`. `why-not` shows the nearest
//! lines of the folder for symptoms without a matching line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use amp_rules_core::escape::Printable;
use amp_rules_core::explain::Why;
use amp_rules_core::report;
use amp_rules_core::report::{Colour, TextOptions};
use amp_rules_core::suggest;
use amp_rules_core::{Evaluation, RuleSet};
use amp_rules_fixtures::form::FileOptions;
use amp_rules_fixtures::nearest;
use clap::Args;

use super::diagnose::{self, ReportFormat};
use crate::exit::{CommandOutput, Failure};
use crate::inputs;
use crate::rules;
use crate::scope;
use crate::terminal::Terminal;

/// How many entities the message lists if none matches `--entity`.
const NAMED: usize = 5;

/// The arguments of `amp-rules why` and `amp-rules why-not`.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The pattern.
    #[arg(value_name = "PATTERN")]
    pub pattern: String,
    /// The incident folder.
    #[arg(long, value_name = "DIR")]
    pub fixture: PathBuf,
    /// Only entities with this key: `--entity podname=p1`; can be repeated.
    #[arg(long, value_name = "KEY=VALUE")]
    pub entity: Vec<String>,
    /// The rules.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// The scope; takes precedence over `incident.yaml`.
    #[command(flatten)]
    pub scope: scope::Options,
    /// The output format.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: ReportFormat,
}

/// The proofs of one pattern, one per group of equivalent entities.
#[derive(Clone, Debug, PartialEq)]
pub struct Proofs {
    /// The pattern.
    pub pattern: String,
    /// The proofs.
    pub proofs: Vec<Why>,
}

/// Returns the proofs of a pattern.
///
/// # Errors
///
/// As [`diagnose::run`], and [`Exit::Usage`](crate::exit::Exit::Usage) for an unknown pattern or entity.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<Proofs, Failure> {
    let rules = rules::load(&arguments.rules, terminal)?;
    let pattern = &arguments.pattern;
    if rules.pattern_index(pattern).is_none() {
        let guess = suggest::nearest(pattern, rules.patterns.iter().map(|rule| rule.pattern.id.as_str()));
        let guess = guess.map_or(String::new(), |guess| format!("; did you mean `{guess}`?"));
        return Err(Failure::usage(&format!("there is no pattern `{pattern}`{guess}")));
    }
    let keys = keys(&arguments.entity, &rules)?;
    let collected = diagnose::observe(
        &rules,
        std::slice::from_ref(&arguments.fixture),
        &inputs::Options::default(),
        &arguments.scope,
        terminal,
    )?;
    let evaluation = Evaluation::new(&rules, &collected.observations);
    let mut proofs = evaluation.why_at(pattern, &keys);
    if proofs.is_empty() && !keys.is_empty() {
        let all = evaluation.why(pattern);
        let known: Vec<String> =
            all.iter().flat_map(|one| &one.entities).take(NAMED).map(|entity| format!("  {entity}")).collect();
        let below = if known.is_empty() { "" } else { "; its entities are" };
        let keys = arguments.entity.join(" ");
        return Err(Failure::usage(&format!("`{pattern}` has no entity with {keys}{below}")).with_lines(known));
    }
    let source = inputs::open(std::slice::from_ref(&arguments.fixture), &FileOptions::default(), &rules, terminal)?;
    nearest::add(&rules, collected.observations.plan().scope(), &source, &mut proofs);
    Ok(Proofs { pattern: pattern.clone(), proofs })
}

/// The keys of `--entity`.
fn keys(pairs: &[String], rules: &RuleSet) -> Result<BTreeMap<String, String>, Failure> {
    let known: BTreeSet<&str> =
        rules.schema.entities.iter().flat_map(|kind| kind.keys.iter().map(String::as_str)).collect();
    let mut keys = BTreeMap::new();
    for pair in pairs {
        let usage = |what: String| Failure::usage(&format!("cannot use `--entity {pair}`: {what}"));
        let (key, value) = pair.split_once('=').ok_or_else(|| usage("expected KEY=VALUE".to_owned()))?;
        if !known.contains(key) {
            let names: Vec<&str> = known.iter().copied().collect();
            return Err(usage(format!("`{key}` is not an entity key of the rules; they have {}", names.join(", "))));
        }
        keys.insert(key.to_owned(), value.to_owned());
    }
    Ok(keys)
}

impl Proofs {
    /// The whole proof.
    #[must_use]
    pub fn render(&self, format: ReportFormat, terminal: &Terminal) -> CommandOutput {
        self.output(format, terminal, report::why, report::why_json)
    }

    /// The conditions that fail.
    #[must_use]
    pub fn render_not(&self, format: ReportFormat, terminal: &Terminal) -> CommandOutput {
        self.output(format, terminal, report::why_not, report::why_not_json)
    }

    fn output(
        &self,
        format: ReportFormat,
        terminal: &Terminal,
        text: fn(&[Why], &TextOptions) -> Printable,
        json: fn(&[Why]) -> Printable,
    ) -> CommandOutput {
        let rendered = |options: &TextOptions| {
            let none = || Printable::lines(&format!("{}: no entity it applies to was observed\n", self.pattern));
            if self.proofs.is_empty() { none() } else { text(&self.proofs, options) }
        };
        let plain = TextOptions { colour: Colour::Never, ..terminal.text_options() };
        CommandOutput::success(match format {
            ReportFormat::Text => rendered(&terminal.text_options()),
            ReportFormat::Markdown => report::fenced(&rendered(&plain)),
            ReportFormat::Json => json(&self.proofs),
        })
    }
}
