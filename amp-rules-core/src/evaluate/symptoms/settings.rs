//! Values of this run: settings of rules, and the bin widths of requests.

use std::time::Duration;

use crate::evaluate::entities::Visibility;
use crate::plan::{DEFAULT_BIN, Need};
use crate::rules::model::Setting;
use crate::telemetry::request::Request;

/// The value of a setting in its base unit; infinite if the plan has none.
pub(super) fn number(visibility: &Visibility<'_>, setting: &Setting) -> f64 {
    visibility.plan.value(setting).map_or(f64::INFINITY, |quantity| quantity.in_base())
}

/// The value of a setting as a duration; the longest one if the plan has none.
pub(super) fn duration(visibility: &Visibility<'_>, setting: &Setting) -> Duration {
    visibility.plan.value(setting).and_then(|quantity| quantity.duration()).unwrap_or(Duration::MAX)
}

/// The width of the bins in the answer to a need.
pub(super) fn bin_width(visibility: &Visibility<'_>, need: &Need) -> Duration {
    match visibility.plan.request_for(need).and_then(|index| visibility.plan.requests().get(index)) {
        Some(Request::Lines(request)) => request.bin,
        Some(Request::Rows(request)) => request.bin,
        Some(Request::Series(request)) => request.steps.last().and_then(|step| step.every).unwrap_or(DEFAULT_BIN),
        _ => DEFAULT_BIN,
    }
}
