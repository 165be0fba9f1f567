//! The values of the parameters of a query.

use std::collections::BTreeMap;

use super::scope::Scope;
use crate::rules::model::query::{Origin, QueryParameter};
use crate::telemetry::request::ParameterValue;
use crate::telemetry::schema::ColumnType;
use crate::unit::Quantity;

/// The values of a query's parameters in a run; `None` if one has no value, such as a key that the subject lacks.
///
/// `settings` are the values of the pack's parameters, as [`Plan::settings`](super::Plan::settings) returns them.
pub(super) fn bind(
    parameters: &[QueryParameter],
    scope: &Scope,
    settings: &BTreeMap<String, Quantity>,
) -> Option<Vec<(String, ParameterValue)>> {
    let value = |parameter: &QueryParameter| {
        Some(match &parameter.origin {
            Origin::Subject(key) => ParameterValue::Text(scope.subject.get(key)?.clone()),
            Origin::From => ParameterValue::Time(scope.window.from),
            Origin::To => ParameterValue::Time(scope.window.to),
            Origin::Setting(name) => {
                let quantity = settings.get(name)?;
                match (parameter.kind, quantity.duration()) {
                    (ColumnType::TimeSpan, Some(duration)) => ParameterValue::Duration(duration),
                    _ => ParameterValue::Number(quantity.in_base()),
                }
            }
        })
    };
    parameters.iter().map(|parameter| Some((parameter.name.clone(), value(parameter)?))).collect()
}
