//! Why a folder cannot be used at all, and what a caller can do about it.

use std::path::PathBuf;

use amp_rules_core::telemetry::source::data::RowProblem;

use crate::incident::IncidentError;

/// Why a folder cannot be used. [`OpenError::kind`] says what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no such folder.
    #[error("cannot open the incident folder `{0}`: it does not exist")]
    Missing(PathBuf),
    /// The path names something else.
    #[error("cannot open the incident folder `{0}`: it is not a folder")]
    NotAFolder(PathBuf),
    /// The folder, or `incident.yaml` in it, cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// `incident.yaml` is wrong.
    #[error("cannot use `incident.yaml` of `{folder}`: {error}")]
    Incident {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        error: IncidentError,
    },
    /// There is no file of rows, and no `incident.yaml` says why.
    #[error("cannot diagnose from `{folder}`: no file of a table that the rules know; {found}")]
    Empty {
        /// The folder.
        folder: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// There are files of rows, and no row in any of them can be read.
    #[error("cannot diagnose from `{folder}`: no row could be read; first problem: {} line {}: {}", first.origin, first.line, first.what)]
    Garbled {
        /// The folder.
        folder: PathBuf,
        /// The first problem.
        first: RowProblem,
        /// All of them, at most 100.
        problems: Vec<RowProblem>,
    },
}

/// What a caller can do about an [`OpenError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenErrorKind {
    /// The path is wrong or may not be read: wrong use.
    Path,
    /// `incident.yaml` needs mending.
    Incident,
    /// The folder holds nothing to decide from.
    Nothing,
}

impl OpenError {
    /// What the caller can do.
    #[must_use]
    pub fn kind(&self) -> OpenErrorKind {
        match self {
            Self::Missing(_) | Self::NotAFolder(_) | Self::Unreadable { .. } => OpenErrorKind::Path,
            Self::Incident { .. } => OpenErrorKind::Incident,
            Self::Empty { .. } | Self::Garbled { .. } => OpenErrorKind::Nothing,
        }
    }
}
