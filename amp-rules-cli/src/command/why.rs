//! `amp-rules why` and `amp-rules why-not`: the proof of a verdict, or the least that keeps a pattern from holding.
//!
//! A pattern and an incident folder in, [`Proofs`] out. The verdicts are those of `diagnose`.

use std::path::PathBuf;

use amp_rules_core::diagnostic::nearest;
use amp_rules_core::explain::{self, Why};
use amp_rules_core::report;
use clap::Args;

use super::diagnose;
use crate::exit::{Done, Failure};
use crate::rules;
use crate::scope;
use crate::screen::Screen;

/// What `amp-rules why` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// The pattern.
    #[arg(value_name = "PATTERN")]
    pub pattern: String,
    /// The incident folder.
    #[arg(long, value_name = "DIR")]
    pub fixture: PathBuf,
    /// Which rules to use.
    #[command(flatten)]
    pub rules: rules::Choice,
    /// Of whom and when; wins over `incident.yaml`.
    #[command(flatten)]
    pub scope: scope::Options,
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
        let guess = nearest(pattern, rules.patterns.iter().map(|rule| rule.pattern.id.as_str()));
        let guess = guess.map_or(String::new(), |guess| format!("; did you mean `{guess}`?"));
        return Err(Failure::usage(&format!("there is no pattern `{pattern}`{guess}")));
    }
    let seen = diagnose::observe(&rules, &arguments.fixture, &arguments.scope, screen)?;
    Ok(Proofs { pattern: pattern.clone(), proofs: explain::why(&rules, &seen.observations, pattern) })
}

impl Proofs {
    /// The whole proof.
    #[must_use]
    pub fn render(&self, screen: &Screen) -> Done {
        self.said(report::why(&self.proofs, &screen.text_options()))
    }

    /// What keeps the pattern from holding.
    #[must_use]
    pub fn render_not(&self, screen: &Screen) -> Done {
        self.said(report::why_not(&self.proofs, &screen.text_options()))
    }

    fn said(&self, text: String) -> Done {
        let nobody = || format!("{}: nobody of whom it could speak was seen\n", self.pattern);
        Done::fine(if self.proofs.is_empty() { nobody() } else { text })
    }
}
