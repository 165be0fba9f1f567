//! The rules of one run: the built-in pack, or a folder.
//!
//! A choice in, a compiled [`RuleSet`] out. Rules that do not load are a failure with every error of every file; a rule set
//! is never used in part.

use std::path::{Path, PathBuf};

use amp_rules_core::rules::diagnostic::{Diagnostics, Severity};
use amp_rules_core::{RuleFile, RuleSet};
use clap::Args;

use crate::exit::{Exit, Failure};
use crate::files::{self, Naming, Which};
use crate::terminal::{Terminal, look};

/// Which rules to use.
#[derive(Clone, Debug, Default, Args)]
pub struct Choice {
    /// Use the rules in this folder instead of the built-in pack.
    #[arg(long = "rules", value_name = "DIR")]
    pub folder: Option<PathBuf>,
}

/// Loads and compiles the chosen rules.
///
/// # Errors
///
/// The folder cannot be read or has no rule file ([`Exit::Usage`]), or the rules do not load ([`Exit::Rules`]).
pub fn load(choice: &Choice, terminal: &Terminal) -> Result<RuleSet, Failure> {
    let files = match &choice.folder {
        None => embedded(),
        Some(folder) => below(folder, Naming::Inside, terminal)?,
    };
    amp_rules_kql::check::compile(&files).map_err(|problems| {
        // File names of a rule set are relative to it; for the message they need the path that was given.
        let named = choice.folder.as_ref().and_then(|folder| below(folder, Naming::AsGiven, terminal).ok());
        let shown = named.and_then(|files| amp_rules_kql::check::compile(&files).err()).unwrap_or(problems);
        let place =
            choice.folder.as_ref().map_or("the built-in pack".to_owned(), |folder| format!("`{}`", folder.display()));
        broken(&shown, &place, terminal)
    })
}

/// The failure of rules that do not load.
pub(crate) fn broken(problems: &Diagnostics, place: &str, terminal: &Terminal) -> Failure {
    // Errors keep the rules from loading; `check` also shows warnings.
    let errors = problems.clone().filter_map(|one| (one.severity == Severity::Error).then_some(one));
    let shown = errors.full(look(terminal.remarks), terminal.width);
    Failure::new(Exit::Rules, &format!("cannot load the rules of {place}")).below(shown)
}

fn below(folder: &Path, naming: Naming, terminal: &Terminal) -> Result<Vec<RuleFile>, Failure> {
    let files = files::read(folder, naming, Which::OfRules, &terminal.limits)?.all()?;
    if files.is_empty() {
        return Err(Failure::usage(&format!("cannot load rules from `{}`: it has no rule file", folder.display())));
    }
    Ok(files)
}

/// The files of the built-in pack.
#[must_use]
pub fn embedded() -> Vec<RuleFile> {
    amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect()
}
