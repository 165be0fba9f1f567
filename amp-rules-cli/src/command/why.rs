//! `amp-rules why` and `amp-rules why-not`: the proof of a verdict, or the least that keeps a pattern from holding.
//!
//! A pattern and an incident folder in, [`Proofs`] out. The verdicts are those of `diagnose`. What keeps a pattern from
//! holding is told with the lines of the folder that came nearest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use amp_rules_core::explain::Why;
use amp_rules_core::report;
use amp_rules_core::report::{Colour, TextOptions};
use amp_rules_core::suggest::nearest as guess;
use amp_rules_core::{Evaluation, RuleSet};
use amp_rules_fixtures::nearest;
use clap::Args;

use super::diagnose::{self, Format};
use crate::exit::{Done, Failure};
use crate::rules;
use crate::scope;
use crate::screen::Screen;

/// How many entities are named where none fits.
const NAMED: usize = 5;

/// What `amp-rules why` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The pattern.
    #[arg(value_name = "PATTERN")]
    pub pattern: String,
    /// The incident folder.
    #[arg(long, value_name = "DIR")]
    pub fixture: PathBuf,
    /// Of whom alone: `--entity podname=p1`; several keys narrow it further.
    #[arg(long, value_name = "KEY=VALUE")]
    pub entity: Vec<String>,
    /// Which rules to use.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// Of whom and when; wins over `incident.yaml`.
    #[command(flatten)]
    pub scope: scope::Options,
    /// The form of the answer.
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    pub format: Format,
}

/// The proofs of one pattern, one per group of entities that are alike.
#[derive(Clone, Debug, PartialEq)]
pub struct Proofs {
    /// The pattern.
    pub pattern: String,
    /// The proofs.
    pub proofs: Vec<Why>,
}

/// Proves.
///
/// # Errors
///
/// As [`diagnose::run`], and for a pattern that the rules do not have.
pub fn run(arguments: &Arguments, screen: &Screen) -> Result<Proofs, Failure> {
    let rules = rules::load(&arguments.rules, screen)?;
    let pattern = &arguments.pattern;
    if rules.pattern_index(pattern).is_none() {
        let guess = guess(pattern, rules.patterns.iter().map(|rule| rule.pattern.id.as_str()));
        let guess = guess.map_or(String::new(), |guess| format!("; did you mean `{guess}`?"));
        return Err(Failure::usage(&format!("there is no pattern `{pattern}`{guess}")));
    }
    let keys = keys(&arguments.entity, &rules)?;
    let seen = diagnose::observe(&rules, &arguments.fixture, &arguments.scope, screen)?;
    let evaluation = Evaluation::new(&rules, &seen.observations);
    let mut proofs = evaluation.why_at(pattern, &keys);
    if proofs.is_empty() && !keys.is_empty() {
        let all = evaluation.why(pattern);
        let known: Vec<String> =
            all.iter().flat_map(|one| &one.entities).take(NAMED).map(|entity| format!("\n  {entity}")).collect();
        let known = if known.is_empty() { String::new() } else { format!("; it speaks of{}", known.concat()) };
        let asked = arguments.entity.join(" ");
        return Err(Failure::usage(&format!("`{pattern}` speaks of nobody with {asked}{known}")));
    }
    let source = diagnose::open(&arguments.fixture, &rules, screen)?;
    nearest::add(&rules, seen.observations.plan.scope(), &source, &mut proofs);
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
            return Err(usage(format!("`{key}` is no entity key of the rules; they know {}", names.join(", "))));
        }
        keys.insert(key.to_owned(), value.to_owned());
    }
    Ok(keys)
}

impl Proofs {
    /// The whole proof.
    #[must_use]
    pub fn render(&self, format: Format, screen: &Screen) -> Done {
        self.said(format, screen, report::why, report::why_json)
    }

    /// What keeps the pattern from holding.
    #[must_use]
    pub fn render_not(&self, format: Format, screen: &Screen) -> Done {
        self.said(format, screen, report::why_not, report::why_not_json)
    }

    fn said(
        &self,
        format: Format,
        screen: &Screen,
        text: fn(&[Why], &TextOptions) -> String,
        json: fn(&[Why]) -> String,
    ) -> Done {
        let said = |options: &TextOptions| {
            let nobody = || format!("{}: nobody of whom it could speak was seen\n", self.pattern);
            if self.proofs.is_empty() { nobody() } else { text(&self.proofs, options) }
        };
        let plain = TextOptions { colour: Colour::Never, ..screen.text_options() };
        Done::fine(match format {
            Format::Text => said(&screen.text_options()),
            Format::Markdown => report::fenced(&said(&plain)),
            Format::Json => json(&self.proofs),
        })
    }
}
