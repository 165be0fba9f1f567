//! The `incident.yaml` of an incident folder: subject, window, declared completeness, expected diagnosis.
//!
//! Input: an incident folder. Output: an [`Incident`], or every problem of the file. For a folder without the file the
//! caller has to supply a scope. Nothing here reads a row.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_rules_core::plan::{Scope, UserReport};
use amp_rules_core::rules::diagnostic::{Diagnostics, RuleFile};
use amp_rules_core::rules::syntax::{ExpectText, IncidentText, read_incident};
use amp_rules_core::time::{Time, Window};

use crate::declared::{Declarations, reports_from_text};

/// The default length of the window.
pub(crate) const DEFAULT_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// A recorded or reconstructed incident, without its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// The title.
    pub title: String,
    /// The keys of the subject, with their values.
    pub subject: BTreeMap<String, String>,
    /// The window. Its end is the instant of the diagnosis; its length is 24 h by default.
    pub window: Window,
    /// Missing and partial tables.
    pub tables: Declarations,
    /// Complaints that people reported.
    pub reported: Vec<UserReport>,
    /// Overridden parameters of the pack: name → value.
    pub set: BTreeMap<String, String>,
    /// The origin of the incident.
    pub provenance: Option<String>,
    /// The expected diagnosis; `None` for an incident without expectations.
    pub expect: Option<ExpectText>,
}

/// Why an `incident.yaml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// The file exists and cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The file does not match the format. The message has one problem per line.
    #[error("{}", .0.concise())]
    Wrong(Box<Diagnostics>),
}

impl Incident {
    /// Reads the `incident.yaml` of a folder. Returns `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// - [`IncidentError::Unreadable`]: the file cannot be read.
    /// - [`IncidentError::Wrong`]: the file does not match the format.
    pub fn read(folder: &Path) -> Result<Option<Self>, IncidentError> {
        for name in ["incident.yaml", "incident.yml"] {
            let path = folder.join(name);
            match fs::read(&path) {
                Ok(bytes) => {
                    let file = RuleFile::new(path.display().to_string(), String::from_utf8_lossy(&bytes));
                    return Self::parse(&file).map(Some);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(IncidentError::Unreadable { path, source }),
            }
        }
        Ok(None)
    }

    /// Parses the text of an `incident.yaml`.
    ///
    /// # Errors
    ///
    /// [`IncidentError::Wrong`]: the text does not match the format.
    fn parse(file: &RuleFile) -> Result<Self, IncidentError> {
        let (text, problems) = read_incident(file);
        match text.and_then(Self::from_text) {
            Some(incident) => Ok(incident),
            None => Err(IncidentError::Wrong(Box::new(problems))),
        }
    }

    fn from_text(text: IncidentText) -> Option<Self> {
        let now = text.now;
        Some(Self {
            window: Window { from: now.saturating_sub(text.window.unwrap_or(DEFAULT_WINDOW)), to: now },
            tables: Declarations::from_text(&text.tables, text.inventory_partial, now).ok()?,
            reported: reports_from_text(&text.reported, now),
            title: text.title.value,
            subject: text.subject,
            set: text.set.into_iter().map(|(name, value)| (name, value.value)).collect(),
            provenance: text.provenance,
            expect: text.expect,
        })
    }

    /// The instant of the diagnosis: the end of the window.
    #[must_use]
    pub fn now(&self) -> Time {
        self.window.to
    }

    /// The scope of the diagnosis.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::new(self.window);
        scope.subject.clone_from(&self.subject);
        scope.parameters.clone_from(&self.set);
        scope.reports.clone_from(&self.reported);
        scope
    }
}
