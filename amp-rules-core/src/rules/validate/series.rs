//! Series of numbers: a metric of a table and the steps that aggregate it.
//!
//! Input: a map with `metric`, `where`, `value`, `steps`. Output: a [`SeriesSpec`] with the unit of its number. Reports
//! unknown metrics, columns that an earlier step has aggregated away, and aggregates that do not fit the metric.

use std::time::Duration;

use super::filter::read_filter;
use super::reader::Reader;
use super::tables::{find_metric, metrics_of};
use super::units::dimension_name;
use crate::rules::codes;
use crate::rules::model::{SeriesSpec, Step};
use crate::rules::syntax::Node;
use crate::suggest::nearest;
use crate::telemetry::predicate::{Aggregate, ValueColumn};
use crate::telemetry::schema::{Metric, MetricType, Table};
use crate::time::duration_text;
use crate::unit::{Quantity, Unit};

/// The width of bins for a metric whose interval is not declared.
const DEFAULT_BIN: Duration = Duration::from_secs(5 * 60);

/// Reads a series. `per` is the entity kind whose keys every step groups by.
pub(super) fn read_series(reader: &mut Reader<'_>, map: &Node, per: &str) -> Option<SeriesSpec> {
    let (table, metrics) = metrics_of(reader, map, "metric")?;
    let first = metrics.iter().find_map(|name| table.metrics.get(name)).cloned();
    let mut unit = first.as_ref().map_or(Unit::COUNT, |metric| metric.unit);
    for name in &metrics {
        if let Some(other) = table.metrics.get(name)
            && other.unit != unit
            && let Some(node) = map.get("metric")
        {
            reader.report(
                &codes::UNIT_MISMATCH,
                node,
                format!("`{name}` measures {}, the first metric {}", named(&other.unit), named(&unit)),
            );
            break;
        }
    }
    let filter = read_filter(reader, map, &table, Some(unit));
    let value = read_value(reader, map, &table, &mut unit);
    let steps = read_steps(reader, map, &table, per, first.as_ref().filter(|_| value.is_none()));
    if steps.iter().any(|step| matches!(step.aggregate, Aggregate::Count | Aggregate::Dcount | Aggregate::Turns)) {
        unit = Unit::COUNT;
    }
    let zero_if_present = match reader.get(map, "zero_if_present").cloned() {
        Some(node) => node.text().and_then(|name| find_metric(reader, &node, name, Some(&table))).map(|(_, name)| name),
        None => None,
    };
    let living = living_key(reader, map, per);
    Some(SeriesSpec { table: table.name.clone(), metrics, filter, value, steps, living, zero_if_present, unit })
}

/// Reads a series whose last step has bins: of the width `every`, otherwise of the interval of its metric.
pub(super) fn read_series_in_bins(
    reader: &mut Reader<'_>,
    map: &Node,
    per: &str,
    every: Option<Duration>,
) -> Option<SeriesSpec> {
    let mut series = read_series(reader, map, per)?;
    if map.entry("steps").is_none() {
        let pack = reader.pack;
        let table = pack.schema.tables.get(&series.table);
        let metric = series.metrics.iter().find_map(|name| table.and_then(|table| table.metrics.get(name)));
        let aggregate = match metric.map(|metric| metric.kind) {
            Some(MetricType::Delta) => Aggregate::Sum,
            Some(MetricType::Cumulative) => Aggregate::Increase,
            Some(MetricType::Gauge) | None => Aggregate::Max,
        };
        let width = every.or(metric.and_then(|metric| metric.every)).unwrap_or(DEFAULT_BIN);
        series.steps = vec![Step { aggregate, column: None, by: Vec::new(), every: Some(width) }];
    } else if last_bin(&series).is_none() || (every.is_some() && last_bin(&series) != every) {
        let place = map.get("steps").and_then(Node::list).and_then(<[Node]>::last).unwrap_or(map);
        let help = match every {
            Some(every) => format!("set `every: {}` on the last step, as in the symptom", duration_text(every)),
            None => "set `every` on the last step".to_owned(),
        };
        reader
            .report(&codes::WINDOW_TOO_SHORT, place, "the bins of the last step differ from those of the symptom")
            .help = Some(help);
    }
    Some(series)
}

fn read_value(reader: &mut Reader<'_>, map: &Node, table: &Table, unit: &mut Unit) -> Option<ValueColumn> {
    let node = reader.get(map, "value")?.clone();
    let (column, own) = match node.text() {
        Some(_) => (&node, None),
        None => (node.get("column")?, reader.text(&node, "unit")),
    };
    let path = reader.column(table, column.text()?, column)?;
    *unit = own.and_then(Unit::named).unwrap_or(Unit::COUNT);
    let default = reader.get(&node, "default").cloned();
    let default = default.and_then(|node| {
        let quantity = Quantity::parse(node.text()?)?;
        let number = quantity.in_unit(unit);
        if number.is_none() {
            reader.report(
                &codes::UNIT_MISMATCH,
                &node,
                format!("the value measures {}, not {}", dimension_name(unit), dimension_name(&quantity.unit)),
            );
        }
        number
    });
    Some(ValueColumn { path, default })
}

fn read_steps(reader: &mut Reader<'_>, map: &Node, table: &Table, per: &str, metric: Option<&Metric>) -> Vec<Step> {
    let Some(list) = reader.get(map, "steps").cloned() else {
        return vec![Step { aggregate: Aggregate::Max, column: None, by: Vec::new(), every: None }];
    };
    let keys: Vec<String> = reader.pack.schema.entity(per).map(|kind| kind.keys.clone()).unwrap_or_default();
    let mut steps: Vec<Step> = Vec::new();
    for item in list.many() {
        let Some(entry) = item.map().and_then(|entries| entries.iter().find(|entry| aggregate(&entry.key).is_some()))
        else {
            continue;
        };
        let (Some(function), Some(column)) = (aggregate(&entry.key), entry.value.text()) else { continue };
        let by = reader.texts(item, "by");
        let every = reader.duration(item, "every");
        if let Some(previous) = steps.last() {
            check_kept_columns(reader, item, column, previous, &keys);
            if let (Some(coarse), Some(fine)) = (previous.every, every)
                && fine < coarse
                && let Some(node) = item.get("every")
            {
                reader.report(&codes::WINDOW_TOO_SHORT, node, "the previous step has wider bins").help =
                    Some("each step needs bins at least as wide as those of the previous step".to_owned());
            }
            if previous.every.is_none()
                && every.is_some()
                && let Some(node) = item.get("every")
            {
                reader.report(&codes::WINDOW_TOO_SHORT, node, "the previous step has no bins").help =
                    Some("set `every` on the previous step as well".to_owned());
            }
        } else {
            if column != "value" {
                reader.column(table, column, &entry.value);
            }
            for (name, node) in by.iter().zip(item.get("by").map(Node::many).unwrap_or_default()) {
                if name != "name" {
                    reader.column(table, name, node);
                }
            }
            if let (Some(width), Some(sampled)) = (every, metric.and_then(|metric| metric.every))
                && width < sampled
                && let Some(node) = item.get("every")
            {
                let help = format!("samples are {} apart; use bins that are at least as wide", duration_text(sampled));
                reader
                    .report(
                        &codes::WINDOW_TOO_SHORT,
                        node,
                        format!("bins of {} are narrower than the interval of the samples", duration_text(width)),
                    )
                    .help = Some(help);
            }
            if let Some(metric) = metric {
                check_metric_type(reader, &entry.value, function, column, metric.kind);
            }
        }
        steps.push(Step { aggregate: function, column: (column != "value").then(|| column.to_owned()), by, every });
    }
    steps
}

/// The key that a `living` step counts. Reports one that is not the first step, or that counts no entity key.
fn living_key(reader: &mut Reader<'_>, map: &Node, per: &str) -> Option<String> {
    let list = reader.get(map, "steps").cloned()?;
    let mut key = None;
    for (at, item) in list.many().iter().enumerate() {
        let Some(node) = reader.get(item, "living").cloned() else { continue };
        if at > 0 {
            reader.report(&codes::UNKNOWN_FIELD, &node, "`living` counts entities, not the result of a step").help =
                Some("make it the first step".to_owned());
            continue;
        }
        let name = node.text()?.to_owned();
        let schema = &reader.pack.schema;
        let own: Vec<String> = schema.entity(per).map(|kind| kind.keys.clone()).unwrap_or_default();
        let finer: Vec<String> = schema
            .entities
            .iter()
            .filter(|kind| schema.contains(per, &kind.name))
            .flat_map(|kind| kind.keys.iter().filter(|key| !own.contains(key)).cloned())
            .collect();
        if reader.pack.is_whole && !finer.contains(&name) {
            let near = nearest(&name, finer.iter().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
            reader
                .report(&codes::DANGLING_REFERENCE, &node, format!("no entity within a `{per}` has the key `{name}`"))
                .help = near;
        }
        key = Some(name);
    }
    key
}

/// Reports columns that a later step uses and the previous step did not group by.
fn check_kept_columns(reader: &mut Reader<'_>, item: &Node, column: &str, previous: &Step, keys: &[String]) {
    let is_kept = |name: &str| previous.by.iter().any(|kept| kept == name) || keys.iter().any(|key| key == name);
    for node in item.get("by").map(Node::many).unwrap_or_default() {
        if let Some(name) = node.text()
            && !is_kept(name)
        {
            reader.report(&codes::UNKNOWN_LABEL, node, format!("the previous step does not group by `{name}`")).help =
                Some(format!("add `{name}` to `by` of the previous step"));
        }
    }
    if column != "value" && !is_kept(column) {
        reader
            .report(&codes::UNKNOWN_LABEL, item, format!("there is no column `{column}` after the first step"))
            .help = Some("aggregate `value`, or keep the column with `by`".to_owned());
    }
}

fn check_metric_type(reader: &mut Reader<'_>, node: &Node, function: Aggregate, column: &str, kind: MetricType) {
    if column != "value" {
        return;
    }
    match (function, kind) {
        (
            Aggregate::Max | Aggregate::Min | Aggregate::Avg | Aggregate::Sum | Aggregate::Percentile(_),
            MetricType::Cumulative,
        ) => {
            reader.report(&codes::METRIC_TYPE_MISUSE, node, "an aggregate of a running total").help =
                Some("use its `increase`".to_owned());
        }
        (Aggregate::Increase, MetricType::Gauge | MetricType::Delta) => {
            reader
                .report(&codes::METRIC_TYPE_MISUSE, node, "`increase` of a metric that is not a running total")
                .help = Some("`increase` is for metrics of type `cumulative`; use `sum` for deltas".to_owned());
        }
        _ => {}
    }
}

/// Returns the aggregate with this name in the format.
pub(super) fn aggregate(word: &str) -> Option<Aggregate> {
    Some(match word {
        "max" => Aggregate::Max,
        "min" => Aggregate::Min,
        "avg" => Aggregate::Avg,
        "sum" => Aggregate::Sum,
        "count" => Aggregate::Count,
        "dcount" | "living" => Aggregate::Dcount,
        "last" => Aggregate::Last,
        "increase" => Aggregate::Increase,
        "turns" => Aggregate::Turns,
        _ => {
            let percent: u8 = word.strip_prefix('p')?.parse().ok()?;
            (percent <= 100).then_some(Aggregate::Percentile(percent))?
        }
    })
}

/// Returns what a unit measures and its size, for messages.
fn named(unit: &Unit) -> String {
    if unit.scale == 1.0 && unit.divisor == 1.0 {
        dimension_name(unit)
    } else {
        format!("{} in units of {}", dimension_name(unit), unit.scale / unit.divisor)
    }
}

/// Returns the width of the bins of the last step.
pub(super) fn last_bin(series: &SeriesSpec) -> Option<Duration> {
    series.steps.last().and_then(|step| step.every)
}
