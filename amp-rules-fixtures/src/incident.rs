//! The `incident.yaml` of an incident folder: subject, window, declared completeness, expected diagnosis.
//!
//! Input: an incident folder. Output: an [`Incident`], or every problem of the file. For a folder without the file the
//! caller has to supply a scope. Nothing here reads a row.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use amp_rules_core::plan::{Scope, UserReport};
use amp_rules_core::rules::diagnostic::{Diagnostics, RuleFile};
use amp_rules_core::rules::syntax::{ExpectText, IncidentText, read_incident};
use amp_rules_core::time::{Time, Window};

use crate::declared::{Declarations, reports_from_text};
use crate::input::{InputError, Limits, Reason, read_text};

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
    /// Complaints and impacts that people reported.
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
    #[error(transparent)]
    Unreadable(#[from] InputError),
    /// The file does not match the format. The message has one problem per line.
    #[error("{}", .0.concise())]
    Wrong(Box<Diagnostics>),
}

impl Incident {
    /// Reads the `incident.yaml` of a folder, within the default limits. Returns `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// As [`read_within`](Self::read_within).
    pub fn read(folder: &Path) -> Result<Option<Self>, IncidentError> {
        Self::read_within(folder, &Limits::default())
    }

    /// Reads the `incident.yaml` of a folder. Returns `None` if there is no such file.
    ///
    /// # Errors
    ///
    /// - [`IncidentError::Unreadable`]: the file cannot be read.
    /// - [`IncidentError::Wrong`]: the file does not match the format.
    pub fn read_within(folder: &Path, limits: &Limits) -> Result<Option<Self>, IncidentError> {
        for name in ["incident.yaml", "incident.yml"] {
            let path = folder.join(name);
            match read_text(&path, limits) {
                Ok(text) => return Self::parse(&RuleFile::new(path.display().to_string(), text)).map(Some),
                Err(InputError { reason: Reason::Missing, .. }) => {}
                Err(error) => return Err(error.into()),
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
