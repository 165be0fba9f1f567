//! What authors classify patterns and causal edges by: class, severity and strength, with the words of the format.

use std::fmt;

/// What kind of fact a pattern describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Can start an incident, and can be confirmed as its root cause.
    Cause,
    /// The result of something else. As a root it gets the grade `open`.
    Effect,
    /// What an incident costs its users.
    Impact,
    /// A problem that people report.
    Complaint,
    /// Expected noise.
    Benign,
    /// A statement that can contradict others. Never part of the causal graph.
    Fact,
}

impl Class {
    /// Every class, in the order of the format.
    pub const ALL: [Self; 6] = [Self::Cause, Self::Effect, Self::Impact, Self::Complaint, Self::Benign, Self::Fact];

    /// Returns the word of the format and of reports: `cause`, `effect`, …
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cause => "cause",
            Self::Effect => "effect",
            Self::Impact => "impact",
            Self::Complaint => "complaint",
            Self::Benign => "benign",
            Self::Fact => "fact",
        }
    }

    /// Returns whether users can report a pattern of this class: what they suffer from, not what causes it.
    #[must_use]
    pub const fn can_be_reported(self) -> bool {
        match self {
            Self::Impact | Self::Complaint => true,
            Self::Cause | Self::Effect | Self::Benign | Self::Fact => false,
        }
    }

    /// Returns the class with this word.
    #[must_use]
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How bad it is if a pattern holds; the order is from harmless to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Worth a look.
    Warning,
    /// Something fails.
    Error,
    /// Much fails.
    Critical,
}

impl Severity {
    /// Every severity, from harmless to bad.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// Returns the word of the format and of reports: `info`, `warning`, `error`, `critical`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// Returns the severity with this word.
    #[must_use]
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How reliably a cause leads to its effect; the order is from weak to strong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strength {
    /// It can.
    Possible,
    /// It usually does.
    Likely,
    /// It always does, so an effect that is known to be absent is evidence against the cause.
    Sure,
}

impl Strength {
    /// Every strength, from weak to strong.
    pub const ALL: [Self; 3] = [Self::Possible, Self::Likely, Self::Sure];

    /// Returns the word of the format and of reports: `possible`, `likely`, `sure`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Sure => "sure",
        }
    }

    /// Returns the strength with this word.
    #[must_use]
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strength| strength.as_str() == word)
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Class, Severity, Strength};

    #[test]
    fn every_word_reads_back() {
        assert!(Class::ALL.into_iter().all(|class| Class::named(class.as_str()) == Some(class)));
        assert!(Severity::ALL.into_iter().all(|severity| Severity::named(severity.as_str()) == Some(severity)));
        assert!(Strength::ALL.into_iter().all(|strength| Strength::named(strength.as_str()) == Some(strength)));
    }
}
