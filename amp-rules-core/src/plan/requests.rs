//! The plan: distinct requests, and what each is needed for.

use std::collections::BTreeMap;

use super::need::Need;
use super::scope::Scope;
use crate::rules::model::Setting;
use crate::telemetry::request::Request;
use crate::time::Time;
use crate::unit::Quantity;

/// Everything that one run reads, and why.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) digest: String,
    pub(super) scope: Scope,
    pub(super) settings: BTreeMap<String, Quantity>,
    pub(super) watermark: Time,
    pub(super) requests: Vec<Request>,
    pub(super) needs: BTreeMap<Need, usize>,
}

impl Plan {
    /// The distinct requests, in a stable order.
    #[must_use]
    pub fn requests(&self) -> &[Request] {
        &self.requests
    }

    /// The scope that was planned.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The digest of the rule set that was planned.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The instant up to which telemetry is expected to have arrived: the window's end less the pack's ingestion delay, at
    /// least the window's start. Later rows that are absent do not count as missing.
    #[must_use]
    pub fn watermark(&self) -> Time {
        self.watermark
    }

    /// The value of every parameter of the pack in this run.
    #[must_use]
    pub fn settings(&self) -> &BTreeMap<String, Quantity> {
        &self.settings
    }

    /// The index in [`requests`](Self::requests) of the request that serves a need.
    #[must_use]
    pub fn request_for(&self, need: &Need) -> Option<usize> {
        self.needs.get(need).copied()
    }

    /// Every need with the index of its request, symptoms first, in the order of the rule set.
    pub fn needs(&self) -> impl Iterator<Item = (&Need, usize)> {
        self.needs.iter().map(|(need, at)| (need, *at))
    }

    /// The value of a setting in this run; `None` for a parameter that the pack does not have.
    #[must_use]
    pub fn value(&self, setting: &Setting) -> Option<Quantity> {
        resolve(&self.settings, setting)
    }
}

/// The value of a setting, given the values of the parameters.
pub(super) fn resolve(settings: &BTreeMap<String, Quantity>, setting: &Setting) -> Option<Quantity> {
    match setting {
        Setting::Literal(quantity) => Some(*quantity),
        Setting::Parameter(name) => settings.get(name).copied(),
    }
}
