//! The exit codes of the program, and the output that goes with them.
//!
//! [`CommandOutput`] is the output of a command that did its work, [`Failure`] the error message of one that did not.

use std::process::ExitCode;

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
    pub answer: String,
    /// The text for stderr; can be empty.
    pub remarks: String,
    /// The exit code.
    pub exit: Exit,
}

impl CommandOutput {
    /// An answer without remarks and with [`Exit::Success`].
    #[must_use]
    pub fn success(answer: String) -> Self {
        Self { answer, remarks: String::new(), exit: Exit::Success }
    }
}

/// The error of a command that could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The exit code.
    pub exit: Exit,
    /// The whole text for stderr.
    pub message: String,
}

impl Failure {
    /// A failure whose message is the sentence after `amp-rules: `.
    #[must_use]
    pub fn new(exit: Exit, sentence: &str) -> Self {
        Self { exit, message: format!("amp-rules: {sentence}") }
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
