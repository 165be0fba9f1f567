//! How the program ends, and what it says about it.
//!
//! An [`Exit`] is a promise to scripts; a [`Failure`] is a sentence for people with the exit that goes with it.

use std::process::ExitCode;

/// The exit codes. Their numbers are a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: healthy or noise only, or the check or test passed.
    Fine,
    /// 1: something is or was wrong, or there are findings.
    Found,
    /// 2: wrong use, a missing or unreadable path.
    Usage,
    /// 3: the rules do not load, nothing was judged.
    Rules,
    /// 4: could not decide.
    Undecided,
    /// 70: a bug of ours.
    Bug,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Found => 1,
            Self::Usage => 2,
            Self::Rules => 3,
            Self::Undecided => 4,
            Self::Bug => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// What a command has to say once it has done its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// For stdout.
    pub answer: String,
    /// For stderr; empty where there is nothing to remark.
    pub remarks: String,
    /// How the program ends.
    pub exit: Exit,
}

impl Done {
    /// An answer without remarks, and all is fine.
    #[must_use]
    pub fn fine(answer: String) -> Self {
        Self { answer, remarks: String::new(), exit: Exit::Fine }
    }
}

/// Why a command could not do its work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What to say on stderr, complete.
    pub message: String,
}

impl Failure {
    /// A failure from a sentence that completes "amp-rules: ".
    #[must_use]
    pub fn new(exit: Exit, sentence: &str) -> Self {
        Self { exit, message: format!("amp-rules: {sentence}") }
    }

    /// Wrong use.
    #[must_use]
    pub fn usage(sentence: &str) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    /// A failure from an error and all that lies underneath it.
    #[must_use]
    pub fn caused(exit: Exit, error: &dyn std::error::Error) -> Self {
        let mut sentence = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            let said = cause.to_string();
            if !sentence.ends_with(&said) {
                sentence.push_str(": ");
                sentence.push_str(&said);
            }
            next = cause.source();
        }
        Self::new(exit, &sentence)
    }
}
