//! Thresholds: `above: 10 GB`, with levels.
//!
//! Input: the map of a symptom and the unit of its number. Output: a [`Threshold`]. Reports units that do not fit, limits
//! that are never or always passed, levels in the wrong order and limits without `because`.

use super::reader::Reader;
use super::units::{dimension_name, example};
use crate::rules::codes;
use crate::rules::model::{Setting, Severity, Threshold};
use crate::rules::syntax::Node;
use crate::telemetry::predicate::Comparison;
use crate::unit::{Dimension, Quantity, Unit};

/// The keys of a threshold, lower bounds first.
pub(super) const COMPARISONS: [(&str, Comparison); 5] = [
    ("above", Comparison::Above),
    ("at_least", Comparison::AtLeast),
    ("below", Comparison::Below),
    ("at_most", Comparison::AtMost),
    ("equals", Comparison::Equals),
];

/// What is known about a number before it is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    /// Its unit.
    pub(super) unit: Unit,
    /// Whether it is a quotient of two numbers of the same dimension, which can be written as a share or as a plain number.
    pub(super) is_quotient: bool,
    /// Whether it is never negative.
    pub(super) is_positive: bool,
}

/// Reads the threshold in the map of a symptom.
pub(super) fn read_threshold(reader: &mut Reader<'_>, map: &Node, number: Number) -> Option<Threshold> {
    let (key, comparison) = COMPARISONS.into_iter().find(|(key, _)| map.entry(key).is_some())?;
    let node = reader.get(map, key)?.clone();
    let limit = reader.setting(&node)?;
    let quantity = reader.quantity(&limit);
    let unit = if number.is_quotient
        && quantity.is_some_and(|quantity| quantity.unit.dimension == Dimension::Count && quantity.unit.per.is_none())
    {
        Unit { dimension: Dimension::Count, ..number.unit }
    } else {
        number.unit
    };
    if let Some(quantity) = quantity {
        if !quantity.unit.fits(&unit) {
            let problem = reader.report(
                &codes::UNIT_MISMATCH,
                &node,
                format!(
                    "the number measures {}, the threshold {}",
                    dimension_name(&unit),
                    dimension_name(&quantity.unit)
                ),
            );
            let expected =
                if unit.per.is_none() { example(unit.dimension) } else { "a quotient such as `1.5 GB per 1M`" };
            problem.labels.iter_mut().take(1).for_each(|label| label.text = format!("expected {expected}"));
            return None;
        }
        check_reachable(reader, &node, comparison, quantity, number);
    }
    let levels = read_levels(reader, map, comparison, quantity, unit);
    check_because(reader, map, &node, &limit);
    Some(Threshold { comparison, limit, unit, levels })
}

fn check_reachable(reader: &mut Reader<'_>, node: &Node, comparison: Comparison, limit: Quantity, number: Number) {
    if !number.is_positive {
        return;
    }
    let limit = limit.in_base();
    let never = match comparison {
        Comparison::Below => limit <= 0.0,
        Comparison::AtMost | Comparison::Equals => limit < 0.0,
        Comparison::Above | Comparison::AtLeast => false,
    };
    let always = match comparison {
        Comparison::Above => limit < 0.0,
        Comparison::AtLeast => limit <= 0.0,
        Comparison::Below | Comparison::AtMost | Comparison::Equals => false,
    };
    if never {
        reader.report(&codes::THRESHOLD_UNSATISFIABLE, node, "the number is never negative, so it never passes");
    } else if always {
        reader.report(&codes::THRESHOLD_TAUTOLOGY, node, "the number is never negative, so it always passes");
    }
}

fn read_levels(
    reader: &mut Reader<'_>,
    map: &Node,
    comparison: Comparison,
    main: Option<Quantity>,
    unit: Unit,
) -> Vec<(Severity, Setting)> {
    let Some(levels) = reader.get(map, "levels").cloned() else { return Vec::new() };
    let mut out: Vec<(Severity, Setting)> = Vec::new();
    let mut limits: Vec<(Severity, f64, Node)> = Vec::new();
    for entry in levels.map().unwrap_or_default() {
        let (Some(severity), Some(setting)) = (Severity::named(&entry.key), reader.setting(&entry.value)) else {
            continue;
        };
        if let Some(quantity) = reader.quantity(&setting) {
            if quantity.unit.fits(&unit) {
                limits.push((severity, quantity.in_base(), entry.value.clone()));
            } else {
                reader.report(
                    &codes::UNIT_MISMATCH,
                    &entry.value,
                    format!(
                        "the number measures {}, this level {}",
                        dimension_name(&unit),
                        dimension_name(&quantity.unit)
                    ),
                );
            }
        }
        out.push((severity, setting));
    }
    out.sort_by_key(|(severity, _)| *severity);
    limits.sort_by_key(|(severity, _, _)| *severity);
    let is_upper = matches!(comparison, Comparison::Below | Comparison::AtMost);
    let mut before: Option<(Severity, f64)> = None;
    for (severity, limit, node) in limits {
        if let Some((lower, weaker)) = before
            && if is_upper { limit >= weaker } else { limit <= weaker }
        {
            let message = format!("`{}` is reached no later than `{}`", severity, lower);
            reader.report(&codes::SEVERITY_INVERTED, &node, message).help =
                Some("a higher severity requires a stricter limit".to_owned());
        }
        if let Some(main) = main
            && main.in_base() == limit
        {
            reader.report(
                &codes::SEVERITY_INVERTED,
                &node,
                format!("`{severity}` has the same limit as the threshold"),
            );
        }
        before = Some((severity, limit));
    }
    out
}

/// Reports a number in the rule without `because`.
pub(super) fn check_because(reader: &mut Reader<'_>, map: &Node, node: &Node, setting: &Setting) {
    if matches!(setting, Setting::Literal(_)) && map.get("because").is_none() {
        reader.report(&codes::MISSING_BECAUSE, node, "the origin of this number is not documented").help =
            Some("add `because:` with its origin to the symptom".to_owned());
    }
}
