//! The rules of one run: the embedded pack, or a folder.
//!
//! A choice in, a compiled [`RuleSet`] out. Rules that do not load are a failure that holds every problem of every file;
//! nothing is judged by half a rule set.

use std::path::PathBuf;

use amp_rules_core::{RuleFile, RuleSet};
use clap::Args;

use crate::exit::{Exit, Failure};
use crate::files::{self, Naming};
use crate::screen::{Screen, look};

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
/// The folder cannot be read ([`Exit::Usage`]), holds no rule file, or the rules do not load ([`Exit::Rules`]).
pub fn load(choice: &Choice, screen: &Screen) -> Result<RuleSet, Failure> {
    let files = match &choice.folder {
        None => embedded(),
        Some(folder) => {
            let files: Vec<RuleFile> = files::read(folder, Naming::Inside)?.into_iter().filter(files::is_rule).collect();
            if files.is_empty() {
                return Err(Failure::usage(&format!("cannot load rules from `{}`: there is no rule file in it", folder.display())));
            }
            files
        }
    };
    amp_rules_core::compile(&files).map_err(|problems| {
        // The names of a rule set's files do not depend on where it lies; a reader's do.
        let shown = match &choice.folder {
            None => problems,
            Some(folder) => match files::read(folder, Naming::AsGiven) {
                Ok(named) => {
                    let named: Vec<RuleFile> = named.into_iter().filter(files::is_rule).collect();
                    amp_rules_core::compile(&named).err().unwrap_or(problems)
                }
                Err(_) => problems,
            },
        };
        let place = choice.folder.as_ref().map_or("the built-in pack".to_owned(), |folder| format!("`{}`", folder.display()));
        Failure {
            exit: Exit::Rules,
            message: format!("{}\namp-rules: cannot load the rules of {place}", shown.full(look(screen.remarks), screen.width)),
        }
    })
}

/// The files of the built-in pack.
#[must_use]
pub fn embedded() -> Vec<RuleFile> {
    amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect()
}
