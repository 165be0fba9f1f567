//! `cases.yaml`, `scenario.yaml` and `incident.yaml` as a whole.

use std::collections::BTreeMap;
use std::time::Duration;

use super::expect::ExpectText;
use super::given::{GivenText, ReportText, TableState};
use super::spanned::Spanned;
use crate::time::Time;

/// A `cases.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub struct CasesText {
    /// The cases. A case with variants is already expanded to one case per variant.
    pub cases: Vec<CaseText>,
}

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseText {
    /// The fact that it shows.
    pub name: Spanned<String>,
    /// The telemetry.
    pub given: GivenText,
    /// The expected diagnosis.
    pub expect: ExpectText,
    /// Why it fails today, if it does.
    pub todo: Option<Spanned<String>>,
}

/// A `scenario.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub struct ScenarioText {
    /// What it describes.
    pub title: Option<String>,
    /// The telemetry.
    pub given: GivenText,
}

/// An `incident.yaml`.
#[derive(Debug, Clone, PartialEq)]
pub struct IncidentText {
    /// Its title.
    pub title: Spanned<String>,
    /// The keys of what is diagnosed.
    pub subject: BTreeMap<String, String>,
    /// The time of the diagnosis.
    pub now: Time,
    /// The length of the window before now.
    pub window: Option<Duration>,
    /// The state of each table that is named.
    pub tables: Vec<(Spanned<String>, TableState)>,
    /// What people reported.
    pub reported: Vec<ReportText>,
    /// Parameters with other values, as text.
    pub set: BTreeMap<String, Spanned<String>>,
    /// Whether some entities may not have been seen.
    pub inventory_partial: bool,
    /// Where it comes from.
    pub provenance: Option<String>,
    /// The expected diagnosis.
    pub expect: Option<ExpectText>,
}
