//! `amp-rules kql fmt`: queries laid out in one style.
//!
//! Paths in, a [`Formatted`] out; files are rewritten unless only a check is asked for. A file is replaced as a whole or
//! not at all, and one that cannot be read as a query is left as it is.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use amp_rules_core::RuleFile;
use amp_rules_core::rules::diagnostic::Diagnostics;
use amp_rules_kql::diagnostic::diagnostics;
use clap::Args;
use kql_lang::syntax::format;

use super::STDIN;
use crate::command::check::many;
use crate::exit::{Done, Exit, Failure};
use crate::screen::{Screen, look};

/// What `amp-rules kql fmt` takes.
#[derive(Clone, Debug, Args)]
pub struct Arguments {
    /// Queries: files, folders of .kql files, or - for stdin, which is laid out to stdout.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Write nothing; name the files that are laid out otherwise, and fail if there is one.
    #[arg(long)]
    pub check: bool,
}

/// What came of laying out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formatted {
    /// How many texts were looked at.
    pub files: usize,
    /// The names of those that are laid out otherwise than they were.
    pub changed: Vec<String>,
    /// What is wrong with those that are no queries.
    pub problems: Diagnostics,
    /// The text that came by stdin, laid out.
    pub text: Option<String>,
}

/// Lays queries out.
///
/// # Errors
///
/// A path cannot be read, holds no query, or cannot be written.
pub fn run(arguments: &Arguments) -> Result<Formatted, Failure> {
    let files = super::gather(&arguments.files)?;
    let mut done = Formatted { files: files.len(), changed: Vec::new(), problems: Diagnostics::default(), text: None };
    for file in &files {
        match format(&file.text) {
            Err(problems) => done.problems = done.problems.merge(diagnostics(file, &problems)),
            Ok(text) => {
                if text != file.text {
                    done.changed.push(file.name.clone());
                }
                if file.name == STDIN {
                    done.text = Some(text);
                } else if text != file.text && !arguments.check {
                    replace(file, &text)?;
                }
            }
        }
    }
    Ok(done)
}

/// Puts a text in the place of a file, all of it or nothing.
fn replace(file: &RuleFile, text: &str) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::usage(&format!("cannot write `{}`: {error}", file.name));
    // What a link points to is replaced, not the link.
    let path = fs::canonicalize(&file.name).map_err(cannot)?;
    let mut next = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new("."))).map_err(cannot)?;
    next.write_all(text.as_bytes()).map_err(cannot)?;
    let permissions = fs::metadata(&path).map_err(cannot)?.permissions();
    next.as_file().set_permissions(permissions).map_err(cannot)?;
    next.persist(&path).map_err(|error| cannot(error.error))?;
    Ok(())
}

impl Formatted {
    /// The answer.
    #[must_use]
    pub fn render(&self, arguments: &Arguments, screen: &Screen) -> Done {
        let mut answer = String::new();
        if arguments.check {
            answer.extend(self.changed.iter().map(|name| format!("{name}\n")));
        } else if let Some(text) = &self.text {
            answer.push_str(text);
        }
        let mut remarks = self.problems.full(look(screen.remarks), screen.width);
        let verb = if arguments.check { "to be laid out anew" } else { "laid out anew" };
        if self.text.is_none() || arguments.check {
            remarks.push_str(&format!("{} {verb} of {}\n", many(self.changed.len(), "file"), self.files));
        }
        let fails = !self.problems.is_empty() || (arguments.check && !self.changed.is_empty());
        Done { answer, remarks, exit: if fails { Exit::Found } else { Exit::Fine } }
    }
}
