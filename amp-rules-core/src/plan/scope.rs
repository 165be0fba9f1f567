//! The scope of one run: subject, window, parameters and what users reported.

use std::collections::BTreeMap;

use crate::time::{Time, Window};

/// What one run looks at.
#[derive(Clone, Debug, PartialEq)]
pub struct Scope {
    /// The subject: key → value, such as `cluster` → a resource id. Rows of other subjects do not count.
    pub subject: BTreeMap<String, String>,
    /// The window; its end is `now`.
    pub window: Window,
    /// Parameters that differ from the pack's values, as text: `hpa_max_replicas` → `10`.
    pub set: BTreeMap<String, String>,
    /// What people report.
    pub reported: Vec<UserReport>,
}

/// A complaint as somebody reported it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserReport {
    /// The complaint pattern.
    pub pattern: String,
    /// The entity: key → value; empty for the subject as a whole.
    pub entity: BTreeMap<String, String>,
    /// Since when, as told; it is shown and ranks, but rejects nothing.
    pub since: Option<Time>,
    /// Until when; it stands on where nothing is said.
    pub until: Option<Time>,
}
