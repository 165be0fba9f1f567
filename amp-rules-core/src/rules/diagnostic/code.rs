//! Codes and severities of diagnostics.

use std::fmt;

/// The severity of a diagnostic. Errors prevent a rule set from loading; the order is from bad to harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The rule set does not load, or is provably wrong.
    Error,
    /// It loads, and is probably not what the author intended.
    Warning,
    /// It loads and works; something could be improved.
    Info,
}

impl Severity {
    /// Returns the word that messages use: `error`, `warning`, `info`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One kind of problem. All codes are listed in [`crate::rules::codes`]; the number of a code is never reused.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Code {
    /// The three digits after `AMP`.
    pub number: u16,
    /// A short name in kebab-case that can be used instead of the number.
    pub slug: &'static str,
    /// The default severity.
    pub severity: Severity,
    /// Whether the strict profile makes it an error.
    pub strict: bool,
    /// One line that states the problem.
    pub summary: &'static str,
    /// The page in markdown: what it means, why it matters, a wrong and a right example.
    pub page: &'static str,
}

impl Code {
    /// Returns the code as it is written: `AMP` and three digits.
    #[must_use]
    pub fn name(&self) -> String {
        format!("AMP{:03}", self.number)
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Code {}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AMP{:03}", self.number)
    }
}
