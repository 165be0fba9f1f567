//! What `incident.yaml` says: whose incident, when, what is missing, and what the diagnosis must be.
//!
//! Input: an incident folder. Output: an [`Incident`], or every problem of the file. A folder without the file is none:
//! its scope has to come from the caller. Nothing here reads a row.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use amp_rules_core::plan::{Scope, UserReport};
use amp_rules_core::rules::diagnostic::{Diagnostics, RuleFile};
use amp_rules_core::rules::syntax::{ExpectText, IncidentText, read_incident};
use amp_rules_core::time::{Time, Window};

use crate::declared::Declarations;
use crate::story::{declarations_of, reports_of};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A recorded or reconstructed incident, without its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    /// Its title.
    pub title: String,
    /// The keys of what is diagnosed.
    pub subject: BTreeMap<String, String>,
    /// The window; it ends at the instant of the diagnosis.
    pub window: Window,
    /// What is missing or cut.
    pub tables: Declarations,
    /// What people reported.
    pub reported: Vec<UserReport>,
    /// Parameters that have other values here.
    pub set: BTreeMap<String, String>,
    /// Where it comes from.
    pub provenance: Option<String>,
    /// What the diagnosis must say; `None` where the incident expects nothing.
    pub expect: Option<ExpectText>,
}

/// Why an `incident.yaml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// It is there and cannot be read.
    #[error("cannot read `{path}`")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It does not fit the format.
    #[error("{}", .0.concise())]
    Wrong(Box<Diagnostics>),
}

impl Incident {
    /// Reads the `incident.yaml` of a folder; `None` where there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or does not fit the format.
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

    /// Reads the text of an `incident.yaml`.
    ///
    /// # Errors
    ///
    /// The text does not fit the format.
    pub fn parse(file: &RuleFile) -> Result<Self, IncidentError> {
        let (text, problems) = read_incident(file);
        match text.and_then(Self::of) {
            Some(incident) => Ok(incident),
            None => Err(IncidentError::Wrong(Box::new(problems))),
        }
    }

    fn of(text: IncidentText) -> Option<Self> {
        let now = text.now;
        Some(Self {
            window: Window { from: now.saturating_sub(text.window.unwrap_or(DAY)), to: now },
            tables: declarations_of(&text.tables, text.inventory_partial, now).ok()?,
            reported: reports_of(&text.reported, now),
            title: text.title.value,
            subject: text.subject,
            set: text.set.into_iter().map(|(name, value)| (name, value.value)).collect(),
            provenance: text.provenance,
            expect: text.expect,
        })
    }

    /// The instant of the diagnosis.
    #[must_use]
    pub fn now(&self) -> Time {
        self.window.to
    }

    /// The scope of its diagnosis.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::new(self.window);
        scope.subject.clone_from(&self.subject);
        scope.parameters.clone_from(&self.set);
        scope.reports.clone_from(&self.reported);
        scope
    }
}
