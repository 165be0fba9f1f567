//! Errors for folders that cannot be used at all, by what a caller can do about them.

use std::path::PathBuf;

use amp_rules_core::telemetry::source::data::RowProblem;

use crate::incident::IncidentError;
use crate::input::{InputError, Reason};

/// Why a folder cannot be used. [`OpenError::kind`] is what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder does not exist.
    #[error("cannot open the incident folder `{0}`: it does not exist")]
    Missing(PathBuf),
    /// The path is not a folder.
    #[error("cannot open the incident folder `{0}`: it is not a folder")]
    NotAFolder(PathBuf),
    /// The folder, or `incident.yaml` in it, cannot be read.
    #[error(transparent)]
    Unreadable(#[from] InputError),
    /// The files of rows are together larger on disk than the limit.
    #[error("cannot use the incident folder `{folder}`: its files have {reason}")]
    TooLarge {
        /// The folder.
        folder: PathBuf,
        /// The limit.
        reason: Reason,
    },
    /// The `incident.yaml` does not match the format.
    #[error("cannot use `incident.yaml` of `{folder}`: {error}")]
    Incident {
        /// The folder.
        folder: PathBuf,
        /// The problems.
        error: IncidentError,
    },
    /// Two of the given folders have an `incident.yaml`.
    #[error(
        "cannot diagnose two incidents at once: `{first}` and `{second}` both have an `incident.yaml`; give one of them"
    )]
    SeveralIncidents {
        /// The first folder.
        first: PathBuf,
        /// The second folder.
        second: PathBuf,
    },
    /// The folder has no file of rows, and no `incident.yaml` declares its tables missing.
    #[error("cannot diagnose from `{folder}`: no file of a table that the rules know; {found}")]
    Empty {
        /// The folder.
        folder: PathBuf,
        /// What the folder holds instead, in words.
        found: String,
        /// The files that are not read, with the reasons.
        remarks: Vec<RowProblem>,
    },
    /// The folder has files of rows, and none of their rows can be read.
    #[error("cannot diagnose from `{folder}`: no row could be read; first problem: {} line {}: {}", first.origin, first.line, first.what)]
    Garbled {
        /// The folder.
        folder: PathBuf,
        /// The first problem.
        first: RowProblem,
        /// All problems, at most 100.
        problems: Vec<RowProblem>,
    },
}

/// What a caller can do about an [`OpenError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenErrorKind {
    /// Give another path, or make it readable.
    Path,
    /// Correct the `incident.yaml`.
    Incident,
    /// Export telemetry into the folder: it holds none to diagnose.
    Nothing,
}

impl OpenError {
    /// Returns what the caller can do.
    #[must_use]
    pub fn kind(&self) -> OpenErrorKind {
        match self {
            Self::Missing(_)
            | Self::NotAFolder(_)
            | Self::Unreadable(_)
            | Self::TooLarge { .. }
            | Self::SeveralIncidents { .. } => OpenErrorKind::Path,
            Self::Incident { .. } => OpenErrorKind::Incident,
            Self::Empty { .. } | Self::Garbled { .. } => OpenErrorKind::Nothing,
        }
    }
}
