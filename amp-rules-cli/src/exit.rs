//! The exit codes of the program, and the output that goes with them.
//!
//! [`CommandOutput`] is the output of a command that did its work, [`Failure`] the error message of one that did not.

use std::process::ExitCode;

use amp_rules_core::escape::{Printable, inline};

/// The exit codes. Their numbers are stable: scripts depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: healthy, no known problem or noise only, or the check or test passed.
    Success,
    /// 1: there is or was a problem, or there are findings.
    Findings,
    /// 2: usage error, including a path that is missing or cannot be read.
    Usage,
    /// 3: the rules do not load; nothing was evaluated.
    Rules,
    /// 4: undecided, because telemetry is missing.
    Undecided,
    /// 70: internal error. The number is `EX_SOFTWARE` of `sysexits.h`.
    Internal,
}

impl Exit {
    /// The number that the process returns.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Rules => 3,
            Self::Undecided => 4,
            Self::Internal => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The output of a command that did its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOutput {
    /// The text for stdout.
    pub answer: Printable,
    /// The text for stderr; can be empty.
    pub remarks: Printable,
    /// The exit code.
    pub exit: Exit,
}

impl CommandOutput {
    /// An answer without remarks and with [`Exit::Success`].
    #[must_use]
    pub fn success(answer: Printable) -> Self {
        Self { answer, remarks: Printable::default(), exit: Exit::Success }
    }
}

/// The error of a command that could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The whole text for stderr.
    pub message: Printable,
}

impl Failure {
    /// A failure whose message is the sentence after `amp-rules: `. A line break in it is shown escaped.
    #[must_use]
    pub fn new(exit: Exit, sentence: &str) -> Self {
        Self { exit, message: Printable::lines(&format!("amp-rules: {}", inline(sentence))) }
    }

    /// A failure with several sentences, each on a line of its own.
    #[must_use]
    pub fn several(exit: Exit, sentences: impl IntoIterator<Item = String>) -> Self {
        let lines: Vec<Printable> = sentences.into_iter().map(|one| Self::new(exit, &one).message).collect();
        Self { exit, message: Printable::joined(&lines) }
    }

    /// Adds lines below the message.
    #[must_use]
    pub fn with_lines(self, lines: impl IntoIterator<Item = String>) -> Self {
        let lines = lines.into_iter().map(|line| Printable::lines(&inline(&line)));
        let all: Vec<Printable> = std::iter::once(self.message).chain(lines).collect();
        Self { exit: self.exit, message: Printable::joined(&all) }
    }

    /// Adds a text above the message, such as rendered diagnostics, with an empty line between them.
    #[must_use]
    pub fn below(self, shown: Printable) -> Self {
        if shown.is_empty() {
            return self;
        }
        Self { exit: self.exit, message: Printable::joined(&[shown, Printable::default(), self.message]) }
    }

    /// A failure with [`Exit::Usage`].
    #[must_use]
    pub fn usage(sentence: &str) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    /// A failure from an error and its sources.
    #[must_use]
    pub fn caused(exit: Exit, error: &dyn std::error::Error) -> Self {
        let mut sentence = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            let message = cause.to_string();
            if !sentence.ends_with(&message) {
                sentence.push_str(": ");
                sentence.push_str(&message);
            }
            next = cause.source();
        }
        Self::new(exit, &sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::{Exit, Failure};

    #[test]
    fn a_message_has_only_the_lines_of_this_program() {
        let failure = Failure::usage("cannot read `a\n::error::b\u{1b}[2J`").with_lines(["  --now\r\n::c".to_owned()]);
        assert_eq!(failure.message, "amp-rules: cannot read `a\\n::error::b\\u{1b}[2J`\n  --now\\r\\n::c");
        let several = Failure::several(Exit::Usage, ["a\nb".to_owned(), "##[c]".to_owned()]);
        assert_eq!(several.message, "amp-rules: a\\nb\namp-rules: #\\u{23}[c]");
    }
}
