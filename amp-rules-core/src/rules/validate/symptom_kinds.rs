//! The kinds of symptoms that are computed from numbers: ratios, properties, absence, drops.

use std::time::Duration;

use super::filter::read_filter;
use super::log_lines::read_lines;
use super::reader::Reader;
use super::series::{read_series, read_series_in_bins};
use super::tables::{metrics_of, named_table, table_of};
use super::threshold::Number;
use super::threshold::{check_because, read_threshold};
use super::units::dimension_name;
use crate::rules::codes;
use crate::rules::model::{Flow, PropertyState, SeriesSpec, Setting, SymptomKind, Threshold};
use crate::rules::syntax::Node;
use crate::telemetry::predicate::{Aggregate, Comparison};
use crate::telemetry::schema::{Path, TableKind};
use crate::unit::{Dimension, Quantity, Unit};

pub(super) fn read_ratio(reader: &mut Reader<'_>, map: &Node, ratio: &Node, per: &str) -> Option<SymptomKind> {
    let (above, below) = (read_series(reader, ratio.get("of")?, per), read_series(reader, ratio.get("to")?, per));
    let (of, to) = (above?, below?);
    let same_dimension = of.unit.dimension == to.unit.dimension && of.unit.per == to.unit.per;
    let unit = Unit {
        dimension: if same_dimension { Dimension::Ratio } else { of.unit.dimension },
        scale: of.unit.scale / to.unit.scale,
        divisor: of.unit.divisor / to.unit.divisor,
        per: (!same_dimension).then_some(to.unit.dimension),
    };
    let min_to = reader.get(ratio, "min_to").cloned().and_then(|node| {
        let setting = reader.setting(&node)?;
        if let Some(quantity) = reader.quantity(&setting)
            && !quantity.unit.fits(&to.unit)
        {
            reader.report(
                &codes::UNIT_MISMATCH,
                &node,
                format!(
                    "the denominator measures {}, not {}",
                    dimension_name(&to.unit),
                    dimension_name(&quantity.unit)
                ),
            );
        }
        Some(setting)
    });
    let is_positive = is_positive(&of) && is_positive(&to);
    let threshold = read_threshold(reader, map, Number { unit, is_quotient: same_dimension, is_positive })?;
    Some(SymptomKind::Ratio { of, to, min_to, threshold })
}

pub(super) fn read_property(reader: &mut Reader<'_>, map: &Node, property: &Node) -> Option<SymptomKind> {
    let (table, metrics) = if property.get("metric").is_some() {
        metrics_of(reader, property, "metric")?
    } else {
        (table_of(reader, property, &[TableKind::Metrics, TableKind::Logs, TableKind::Events])?, Vec::new())
    };
    let filter = read_filter(reader, property, &table, None);
    let mut names: Vec<(String, Path)> = Vec::new();
    for node in property.get("names")?.many().to_vec() {
        let Some(name) = node.text() else { continue };
        let Some(path) = reader.column(&table, name, &node) else { continue };
        if names.iter().any(|(other, _)| other == name) {
            reader.report(&codes::DUPLICATE_EDGE, &node, format!("property `{name}` is listed twice"));
        } else {
            names.push((name.to_owned(), path));
        }
    }
    let at_least = reader.number(map, "at_least").unwrap_or(1);
    if at_least as usize > names.len()
        && let Some(node) = map.get("at_least")
    {
        reader.report(&codes::THRESHOLD_UNSATISFIABLE, node, format!("at least {at_least} of {} names", names.len()));
    }
    let is = match map.get("is")?.text()? {
        "empty" => PropertyState::Empty,
        "set" => PropertyState::Set,
        text => PropertyState::Text(text.to_owned()),
    };
    let absent_is_empty = reader.text(property, "absent_means") == Some("empty");
    Some(SymptomKind::Property { table: table.name.clone(), metrics, names, filter, absent_is_empty, is, at_least })
}

pub(super) fn read_absent(reader: &mut Reader<'_>, map: &Node, absent: &Node, per: &str) -> Option<SymptomKind> {
    let of = if let Some(log) = absent.get("log") {
        let lines = read_lines(reader, log, &[])?;
        SymptomKind::Log { lines, at_least: Setting::Literal(Quantity::count(1.0)), within: None }
    } else {
        let series = read_series_in_bins(reader, absent, per, None)?;
        let unit = series.unit;
        // Any sample counts.
        let threshold = Threshold {
            comparison: Comparison::AtLeast,
            limit: Setting::Literal(Quantity { number: f64::MIN, unit }),
            unit,
            levels: Vec::new(),
        };
        SymptomKind::Metric { series, threshold, consecutive: 1 }
    };
    let lasting = reader.setting_of(map, "for", Dimension::Seconds)?;
    if let Some(node) = map.get("for").cloned() {
        check_because(reader, map, &node, &lasting);
    }
    Some(SymptomKind::Absent { of: Box::new(of), lasting })
}

pub(super) fn read_drop(reader: &mut Reader<'_>, map: &Node, flow: &Node, per: &str) -> Option<SymptomKind> {
    let every = reader.duration(map, "every")?;
    let flow = read_flow(reader, flow, per, Some(every))?;
    let node = reader.get(map, "share")?.clone();
    let share = reader.setting_of(map, "share", Dimension::Ratio)?;
    if let Some(quantity) = reader.quantity(&share)
        && quantity.unit.dimension == Dimension::Ratio
    {
        if quantity.in_base() >= 1.0 {
            reader.report(&codes::THRESHOLD_UNSATISFIABLE, &node, "a flow cannot fall by 100 % or more").help =
                Some("use `ceases` for a flow that stops".to_owned());
        } else if quantity.in_base() <= 0.0 {
            reader.report(&codes::THRESHOLD_TAUTOLOGY, &node, "a fall by 0 % or less always passes");
        }
    }
    check_because(reader, map, &node, &share);
    let baseline_bins = map.get("baseline").and_then(|baseline| reader.number(baseline, "bins"));
    Some(SymptomKind::Drop { flow, share, every, baseline_bins })
}

pub(super) fn read_flow(reader: &mut Reader<'_>, flow: &Node, per: &str, every: Option<Duration>) -> Option<Flow> {
    if let Some(rows) = reader.get(flow, "rows").cloned() {
        let table = named_table(reader, &rows, &[TableKind::Logs, TableKind::Metrics, TableKind::Events])?;
        let filter = read_filter(reader, flow, &table, None);
        return Some(Flow::Rows { table: table.name.clone(), filter });
    }
    read_series_in_bins(reader, flow, per, every).map(Flow::Series)
}

/// Returns whether a series is never negative: counts, increases, bytes and cores.
pub(super) fn is_positive(series: &SeriesSpec) -> bool {
    series.steps.iter().any(|step| {
        matches!(step.aggregate, Aggregate::Count | Aggregate::Dcount | Aggregate::Turns | Aggregate::Increase)
    }) || matches!(series.unit.dimension, Dimension::Bytes | Dimension::Cores)
}
