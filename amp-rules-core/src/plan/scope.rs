//! The scope of one run: subject, window, parameters and what users reported.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::{Time, Window};

/// The subject, the window, the parameters and the user reports of one run.
///
/// Any value can be built here; [`plan`](super::plan()) checks it against a rule set.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scope {
    /// The subject: key → value, such as `cluster` → a resource id. Rows with another value of such a key are ignored.
    /// Empty for everything that the source contains.
    pub subject: BTreeMap<String, String>,
    /// The window; its end is `now`.
    pub window: Window,
    /// Parameter values that replace those of the pack, as text: `hpa_max_replicas` → `10`.
    pub parameters: BTreeMap<String, String>,
    /// Complaints and impacts that users reported.
    pub reports: Vec<UserReport>,
    /// How long rows may still arrive after their time; `None` for the delay of the pack. It is zero where the source has all
    /// rows that there will be, such as exported files.
    pub ingestion_delay: Option<Duration>,
}

impl Scope {
    /// A scope without a subject, parameters or reports.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self {
            subject: BTreeMap::new(),
            window,
            parameters: BTreeMap::new(),
            reports: Vec::new(),
            ingestion_delay: None,
        }
    }

    /// Adds a key of the subject, or replaces its value.
    #[must_use]
    pub fn with_subject(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.subject.insert(key.into(), value.into());
        self
    }

    /// Sets a parameter; the value is text such as `10`, `2h` or `80 %`.
    #[must_use]
    pub fn with_parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// Adds a report.
    #[must_use]
    pub fn with_report(mut self, report: UserReport) -> Self {
        self.reports.push(report);
        self
    }
}

/// A complaint or an impact that a user reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct UserReport {
    /// The id of a pattern of class complaint or impact.
    pub pattern: String,
    /// The entity: key → value; empty for the subject as a whole.
    pub entity: BTreeMap<String, String>,
    /// Since when, as the user reported it. It is shown and used for ranking; it never rules a cause out.
    pub since: Option<Time>,
    /// Until when; `None` if it is ongoing.
    pub until: Option<Time>,
}

impl UserReport {
    /// A report about the subject as a whole, ongoing, without a start.
    #[must_use]
    pub fn new(pattern: impl Into<String>) -> Self {
        Self { pattern: pattern.into(), entity: BTreeMap::new(), since: None, until: None }
    }

    /// Adds a key of the entity, or replaces its value.
    #[must_use]
    pub fn with_entity(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.entity.insert(key.into(), value.into());
        self
    }

    /// Sets the start.
    #[must_use]
    pub fn with_since(mut self, since: Time) -> Self {
        self.since = Some(since);
        self
    }

    /// Sets the end.
    #[must_use]
    pub fn with_until(mut self, until: Time) -> Self {
        self.until = Some(until);
        self
    }
}
