//! Why a file or a folder cannot be read.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::limits::Limit;

/// The page that explains limits.
const PAGE: &str = "docs/limits.md";

/// A file or a folder that cannot be read, and why.
#[derive(Debug)]
pub struct InputError {
    /// The path as given; `-` for stdin.
    pub path: PathBuf,
    /// Why it cannot be read.
    pub reason: Reason,
}

/// Why something cannot be read. The message is a sentence about "it".
#[derive(Debug)]
#[non_exhaustive]
pub enum Reason {
    /// There is nothing at this path. Correct the path.
    Missing,
    /// A link whose target does not exist.
    DanglingLink(PathBuf),
    /// A link that leads to itself.
    LinkLoop,
    /// A folder where a file is expected.
    Folder,
    /// A file where a folder is expected.
    NotAFolder,
    /// A pipe, a device or a socket: reading it may never end. The text names it with its article.
    Special(&'static str),
    /// The process may not read it.
    Denied,
    /// The bytes are not UTF-8 text.
    Encoding {
        /// The line of the first wrong byte, from 1.
        line: usize,
        /// The column of the first wrong byte in characters, from 1.
        column: usize,
        /// What the bytes are, with the next step.
        what: String,
    },
    /// A limit was exceeded.
    TooLarge {
        /// The limit.
        limit: Limit,
        /// Its value.
        most: u64,
        /// What was found, if that is known.
        found: Option<u64>,
    },
    /// Any other failure.
    Io(io::Error),
}

impl InputError {
    /// An error about a path.
    pub(crate) fn new(path: &Path, reason: Reason) -> Self {
        Self { path: path.to_owned(), reason }
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.path.as_os_str() == "-" { "stdin".into() } else { format!("`{}`", self.path.display()) };
        write!(out, "cannot read {name}: {}", self.reason)
    }
}

impl Error for InputError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            // The message of the cause is part of this one.
            Reason::Io(error) => error.source(),
            _ => None,
        }
    }
}

impl Error for Reason {}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("no such file or folder"),
            Self::DanglingLink(target) => {
                write!(out, "it is a link to `{}`, which does not exist; correct or remove the link", target.display())
            }
            Self::LinkLoop => out.write_str("it is a loop of links; correct or remove the link"),
            Self::Folder => out.write_str("it is a folder; a file is expected here"),
            Self::NotAFolder => out.write_str("it is not a folder; a folder is expected here"),
            Self::Special(what) => {
                write!(out, "it is {what}, not a regular file; copy its content to a file, and read that")
            }
            Self::Denied => out.write_str("permission denied"),
            Self::Encoding { line, column, what } => write!(out, "line {line}, column {column}: {what}"),
            Self::TooLarge { limit, most, found } => {
                let size = match found {
                    Some(found) => format!("{}, which is more than", limit.show(*found)),
                    None => "more than".to_owned(),
                };
                let more = raised(*limit, *most, *found);
                let most = limit.show(*most);
                write!(out, "{size} the limit `{limit}` of {most} ({PAGE}); raise it with `--limit {limit}={more}`")
            }
            Self::Io(error) if error.kind() == io::ErrorKind::WouldBlock => out.write_str(
                "it has no data yet, and would have to be waited for; copy its content to a file, and read that",
            ),
            Self::Io(error) => error.fmt(out),
        }
    }
}

/// A value of a limit that would have been enough, as an option takes it: twice the limit, or the next power of two of what
/// was found.
fn raised(limit: Limit, most: u64, found: Option<u64>) -> String {
    let enough = found.and_then(u64::checked_next_power_of_two).unwrap_or(0).max(most.saturating_mul(2));
    limit.show(enough).replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_names_its_value_its_page_and_a_value_that_is_enough() {
        let text = |found| Reason::TooLarge { limit: Limit::TextBytes, most: 1 << 20, found }.to_string();
        assert_eq!(
            text(Some(5 << 20)),
            "5 MiB, which is more than the limit `text-bytes` of 1 MiB (docs/limits.md); raise it with `--limit text-bytes=8MiB`"
        );
        assert!(text(None).starts_with("more than the limit `text-bytes`") && text(None).ends_with("text-bytes=2MiB`"));
    }
}
